# shellcheck shell=bash disable=SC2034 # of run.sh, l1.sh and l2.sh
# SPDX-License-Identifier: MIT
#
# restore: the guest, on kvm-clock, is saved to a file and restored 5 s later

LAB_SECONDS=4
LAB_L1_MB=4096
LAB_L2_MB=512	# all of it is saved

host_during() {
	. "$LAB_TOP/tests/lab/move.sh"
	sleep 4
	step send send "exec:cat > /run/state"
	guest_is "$BASHPID"
	monitor quit
	sleep 5
	begin new "exec:cat /run/state"
	guest_is "$!"
	monitor_open new
	monitor qmp_capabilities
	step running wait_for query-status running
	truth moved
	tell moved
}

guest_record() { guest_record_moved; }
