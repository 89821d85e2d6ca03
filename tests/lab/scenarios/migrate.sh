# shellcheck shell=bash disable=SC2034 # of run.sh, l1.sh and l2.sh
# SPDX-License-Identifier: MIT
#
# migrate: the guest, on kvm-clock, is moved to another QEMU while it runs

LAB_SECONDS=4
LAB_L1_MB=4096
LAB_L2_MB=512	# all of it is copied

host_during() {
	. "$LAB_TOP/tests/lab/move.sh"
	sleep 4
	move
}

guest_record() { guest_record_moved; }
