# shellcheck shell=dash disable=SC2034 # of run.sh, l1.sh and l2.sh
# SPDX-License-Identifier: MIT
#
# guestclock: LTTng in the guest stamps with the host's clock, by vmsync-clock.ko
#
# Its kernel and a process of it both do. What the module says of itself is in
# guest.log; guestclock.pl judges the stamps. LAB_ANSWER=1: vmsync-host.ko tells the clock,
# not KVM.

LAB_CLOCK=yes

# As NTP steers a host: at each tick its clock takes one of two rates.
host_modules() {
	"$LAB_WORK/slew" 12.3 || fail "slew"
	modprobe vmsync && modprobe vmsync-host answer_clock="${LAB_ANSWER:-0}"
}

guest_prepare() { guest_prepare_clock; }

guest_record() {
	record_begin_clock
	ustclock 2000 &
	ust=$!
	load "$LAB_SECONDS" /dev/vda || fail "load"
	wait "$ust" || fail "ustclock"
	record_end_clock
}
