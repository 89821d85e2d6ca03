#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Real kernels: Open vSwitch joins two network namespaces, and each datagram's way is in the
# trace (tests/lab/scenarios/openvswitch.sh), as long as it was by what its sender and its
# receiver stamped. Run by its name, a minute; LAB_REUSE=1 takes the recording that is there.
#
# VMSYNC: another tool than build/vmsync, to see these checks fail.
. tests/check/lib.sh
. tests/check/record.sh

expect "the tool builds" make -s -j2 tool
vmsync=${VMSYNC:-build/vmsync}
t=$check_tmp
s=openvswitch
dir=$lab/$s

lab_ready || finish
if record $s; then
	pass "$s recorded"
else
	fail "$s: the lab failed, see $dir"
	finish
fi
. tests/check/openvswitch-judge.sh
finish
