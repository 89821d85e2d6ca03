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

recorded openvswitch
vmsync=${VMSYNC:-build/vmsync}
t=$check_tmp
. tests/check/openvswitch-judge.sh
finish
