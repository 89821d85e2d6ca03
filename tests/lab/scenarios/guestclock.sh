# shellcheck shell=dash disable=SC2034 # of run.sh, l1.sh and l2.sh
# SPDX-License-Identifier: MIT
#
# guestclock: LTTng in the guest stamps with the host's clock, by vmsync-clock.ko
#
# Its kernel and a process of it both do. What the module says of itself is in
# guest.log; guestclock.pl judges the stamps. LAB_ANSWER=1: vmsync-host.ko tells the clock,
# not KVM.

LAB_CLOCK=yes

host_modules() {
	modprobe vmsync && modprobe vmsync-host answer_clock="${LAB_ANSWER:-0}"
}

# Before LTTng's tracer, which keeps the clock that it finds.
guest_prepare() {
	modprobe lttng-clock-vmsync || fail "lttng-clock-vmsync.ko"
	export LTTNG_UST_CLOCK_PLUGIN=/bin/libvmsync-ust-clock.so
	export LTTNG_UST_REGISTER_TIMEOUT=-1
	say "clock $(cat /sys/kernel/debug/vmsync/guest_clock)"
}

guest_record() {
	lttng -q -n enable-event -u -s lab 'lttng_ust_tracef:*' ||
		fail "lttng's events of user space"
	lttng -q -n start lab || fail "lttng start"
	say "recording"
	ustclock 2000 &
	ust=$!
	load "$LAB_SECONDS" /dev/vda || fail "load"
	wait "$ust" || fail "ustclock"
	lttng -q -n stop lab || fail "lttng stop"
	say "recorded"
	say "clock $(cat /sys/kernel/debug/vmsync/guest_clock)"
	lttng -q -n destroy lab
	mv /tmp/trace/ust /tmp/trace/kernel/ || fail "no trace of user space"
	trace_out
}
