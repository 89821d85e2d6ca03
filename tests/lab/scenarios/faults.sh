# shellcheck shell=sh disable=SC2034
# SPDX-License-Identifier: MIT
#
# faults: clocks moved, CPUs offline and back; a second guest reset twice, and killed
#
# No clock is set by more than the shell's own timeouts bear, which go by it.
# What is done to clocks and CPUs is done to the host and to the first guest. The
# second one records at its third boot.

LAB_GUESTS=2
LAB_L1_MB=4096
LAB_L1_APPEND=slub_debug=U

# clocks_move CLOCK SLEW: the programs. None of it moves CLOCK_MONOTONIC at once.
clocks_move() {
	"$1" step 0.3 &&
	sleep 1 &&
	"$1" set 100 &&
	"$2" 500 1 -500 1 0 &&
	"$1" set -100.5 &&
	"$1" tick 10004 &&
	sleep 1 &&
	"$1" tick 9996 &&
	sleep 1 &&
	"$1" tick 10000 &&
	"$1" step -0.3 &&
	"$1" offset 200000 &&
	sleep 2 &&
	"$1" offset -200000 &&
	sleep 1 || fail "a clock that cannot be moved"
}

# cpu_away: CPU 1 goes and comes back
cpu_away() {
	for online in 0 1; do
		sleep 1
		echo $online > /sys/devices/system/cpu/cpu1/online ||
			fail "CPU 1 does not become $online"
	done
}

guest_during() {
	[ "$LAB_GUEST" != 2 ] || return 0
	sleep 2
	cpu_away
	clocks_move clock slew
}

host_during() {
	clocks_move "$LAB_WORK/clock" "$LAB_WORK/slew"
	cpu_away
	say "clocks were moved"
}

# What the second one recorded it hands over, and then goes on with beacons.
guest_record() {
	guest_record_told
	[ "$LAB_GUEST" = 2 ] || return 0
	lttng -q -n create more --output=/tmp/more &&
	lttng -q -n enable-event -k -s more 'vmsync_*' &&
	lttng -q -n start more || fail "no more beacons"
	taint
	say "beacons go on"
	sleep 1000
}

reboot() {
	sleep 4
	monitor system_reset || fail "no reset"
	await ready
	tell go
	await recording
	truth boot
}

host_record() {
	record_begin
	(host_during) &
	during=$!
	at=guest2
	monitor set-action '{"reboot": "reset"}' || fail "a reset would be the end"
	reboot
	reboot
	sleep 6
	tell stop
	await recorded
	guest_trace
	await beacons
	sleep 1
	pkill -KILL -P "$(cat /run/guest2.pid)" || fail "no QEMU to kill"
	say "guest2 is killed"
	wait "$during" || fail "what the host did meanwhile"
	at=guest guests=guest
	tell stop
	record_end
}

host_after() {
	. "$LAB_TOP/tests/lab/clean.sh"
	host_clean
}
