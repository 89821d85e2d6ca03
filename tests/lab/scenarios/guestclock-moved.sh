# shellcheck shell=bash disable=SC2034 # of run.sh, l1.sh and l2.sh
# SPDX-License-Identifier: MIT
#
# guestclock-moved: that guest is stopped for 2 s and continued, then moved to another QEMU
#
# It goes on with the same clock: where that is not the host's any more, an event says so,
# and what was recorded is mapped as exactly as before.

LAB_CLOCK=yes
LAB_SECONDS=4
LAB_L1_MB=4096
LAB_L2_MB=512	# all of it is copied

# As NTP steers a host: at each tick its clock takes one of two rates.
host_modules() {
	"$LAB_WORK/slew" 12.3 || fail "slew"
	modprobe vmsync && modprobe vmsync-host answer_clock="${LAB_ANSWER:-0}"
}

host_during() {
	. "$LAB_TOP/tests/lab/move.sh"
	sleep 4
	step stop monitor stop
	sleep 2
	step cont monitor cont
	sleep 4
	move
}

guest_prepare() { guest_prepare_clock; }

guest_record() {
	record_begin_clock
	# It goes on until the guest ends.
	ustclock 1000000 &
	load_until_told
	record_end_clock
}
