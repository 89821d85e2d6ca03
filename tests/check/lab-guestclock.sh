#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Real kernels: a guest whose kernel and process stamp with their host's clock, as KVM
# tells it, and as the host's module does
# (tests/lab/scenarios/guestclock.sh). The map of what stamped is exact, as any other is;
# how far the stamps are from the host's clock before they are mapped is printed. Run by
# its name, some minutes.
. tests/check/lib.sh
. tests/check/record.sh
. tests/check/lab-checks.sh
. tests/check/lab-judge.sh

expect "the tool builds" make -s -j2 tool
vmsync=build/vmsync
t=$check_tmp
s=guestclock
lab_ready || finish
# key NAME: of $line
key() {
	local value=" $line"
	value=${value##* "$1"=}
	echo "${value%% *}"
}

# clock_judge BY: of a recording where the guest asked "kvm", or the "host"'s module
clock_judge() {
	local trace line

	expect "$1: the guest asks it" grep -aq "@lab guest clock by=$1 " "$lab/$s/guest.log"
	grep -a '@lab guest clock' "$lab/$s/guest.log"
	for trace in "$lab/$s"/guest "$lab/$s"/guest/ust/uid/0/64-bit; do
		expect "$1: ${trace#"$lab/$s/"}: its clock" grep -aq \
			'name = "*vmsync_host_monotonic' "$trace/metadata"
	done
	# Witnesses that know nothing of the clock: beacons and the vCPUs' runs.
	judge 1
	exact 0
	babeltrace2 --clock-cycles --no-delta "$lab/$s/guest" > "$t/events" 2> "$t/err"
	expect_eq "$1: no stamp goes back in its stream" "$?$(cat "$t/err")" 0
	tests/lab/guestclock.pl "$t/map" < "$t/events" > "$t/line"
	expect_eq "$1: stamps against the exact map" $? 0
	read -r line < "$t/line"
	echo "$s by $1: $line"
	expect "$1: 10 000 events at least" test "$(key events)" -ge 10000
	# Emulated CPUs stand still for ms, and so do readings of the host's clock.
	expect "$1: 99 % of stamps: 1 us from the host's clock at most" \
		awk -v ns="$(key p99_ns)" 'BEGIN { exit !(ns <= 1000) }'
	expect "$1: a process: 1 000 stamps at least are what the line says" \
		test "$(key ust_good)" -ge 1000
	expect_eq "$1: a process: stamps that are not" "$(key ust_bad)" 0
}

for by in kvm host; do
	[ $by = kvm ] || export LAB_ANSWER=1
	if record $s; then
		clock_judge $by
	else
		fail "$s: the lab failed, see $lab/$s"
	fi
done
finish
