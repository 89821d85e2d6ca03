# shellcheck shell=dash disable=SC2034 # of run.sh, l1.sh and l2.sh
# SPDX-License-Identifier: MIT
#
# clocks: clocks of host and guest are moved, their CPUs go offline and come back
#
# No clock is set by more than the shell's own timeouts bear, which go by it.

LAB_L1_APPEND=slub_debug=U

# clocks_move CLOCK SLEW: the programs. None of it moves CLOCK_MONOTONIC at once.
clocks_move() {
	{
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
		sleep 1
	} || fail "a clock that cannot be moved"
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
	sleep 2
	cpu_away
	clocks_move clock slew
}

host_during() {
	clocks_move "$LAB_WORK/clock" "$LAB_WORK/slew"
	cpu_away
	say "clocks were moved"
}

guest_record() { guest_record_told; }

host_record() {
	record_begin
	host_during
	tell stop
	record_end
}

host_after() {
	. "$LAB_TOP/tests/lab/clean.sh"
	host_clean
}
