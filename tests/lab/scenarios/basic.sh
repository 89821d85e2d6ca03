# shellcheck shell=dash disable=SC2034 # of run.sh, l1.sh and l2.sh
# SPDX-License-Identifier: MIT
#
# basic: guest on kvm-clock, a mixed load, some competition on the host

LAB_L1_CPUS=1

host_during() {
	sleep 4
	"$LAB_WORK/load" spin 2
}
