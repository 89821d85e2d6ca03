#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Real kernels under what goes wrong in a machine room: the scenarios of the lab
# that are not in lab.sh, each judged in the same way. A map is exact, or it says
# where it is not; bounds hold; nobody is accused who only told the truth.
#
# "make check" leaves them out, "make lab-nightly" runs them. LAB_ONLY=NAME takes
# one. Needs the modules (tests/check/modules.sh). LAB_REUSE=1 takes recordings that
# are there.
. tests/check/lib.sh
. tests/check/record.sh

all="two clocks resets tracers suspend clocksource cpus reload failslab cycles adversary"

expect "the tool builds" make -s -j2 tool
vmsync=build/vmsync
t=$check_tmp
[ -e build/packages.env ] || { fail "no modules: run modules first"; finish; }

# number EXPRESSION of the JSON report
number() { jq -r "$1" "$t/json"; }

# of_guest N EXPRESSION
of_guest() { number ".guests[$1] | $2"; }

# honest N NAME: what is claimed of guest N holds, as far as others can tell.
honest() {
	local n=$1 name=$2
	expect_eq "$s: $name: suspect" "$(of_guest "$n" .suspect)" false
	expect_eq "$s: $name: disagreements" \
		"$(of_guest "$n" '.disagreements | length')" 0
	expect_eq "$s: $name: events outside" \
		"$(of_guest "$n" .containment.outside)" 0
	expect_eq "$s: $name: beacons that violate causality" \
		"$(of_guest "$n" .beacons.causality_violations)" 0
	expect "$s: $name: beacons were checked" test \
		"$(of_guest "$n" .beacons.causality_checked)" -gt 10
}

# judge GUESTS [STATUS] [TRACE...]: the host's and the guests' traces, by default
# all of the scenario; the exit status, by default 0. Who is left out is told.
judge() {
	local guests=$1 status=${2-0} n host=build/lab/$s/host
	shift; [ $# = 0 ] || shift
	if [ $# = 0 ]; then
		set -- "$host" $(find "build/lab/$s" -maxdepth 1 -name 'guest*' -type d | sort)
	fi
	$vmsync sync --json -o "$t/map" "$@" > "$t/json" 2> "$t/err"
	expect_eq "$s: sync's exit status" $? "$status"
	cat "$t/err"
	$vmsync sync "$@" 2> /dev/null |
		grep -E '^ *(methods|bound|events|containment|note) ' | head -n 30
	expect_eq "$s: witnesses agree" "$(number .agrees)" true
	expect_eq "$s: guests" "$(number '.guests | length')" "$guests"
	for ((n = 0; n < guests; n++)); do
		honest "$n" "guest $((n + 1))"
	done
	rm -f "$t/map.check"
	$vmsync check -m "$t/map" "$@" > "$t/verdict" 2>&1
	expect_eq "$s: all methods agree with the map" $? "$status"
}

# exact N [PERCENT]: its map is exact for so much of the time, by default all.
exact() {
	expect "$s: guest $(($1 + 1)): exact for ${2-100} % of the time" test \
		"$(of_guest "$1" '.methods | (.exact.guest_ns // 0) * 100 /
			([.[].guest_ns] | add) | floor')" -ge "${2-100}"
	# Where a machine is held up, it is seen late that a clock's speed changed.
	[ "${2-100}" != 100 ] ||
		expect "$s: guest $(($1 + 1)): 99 % of the time 1 us or better" test \
			"$(of_guest "$1" .bound_p99_ns)" -le 1000
}

# cut_off TRACE: a copy of it in $t, without the packet that a full disk cut. What is
# to be left out, sync says.
cut_off() {
	local name=${1##*/} said file size

	rm -rf "${t:?}/$name"
	cp -r "$1" "$t/"
	said=$($vmsync sync "$t/$name" 2>&1)
	expect_eq "$s: $name: sync's exit status, where a packet is cut" $? 2
	file=$(sed -n 's/^vmsync sync: \(.*\): packet at byte .*/\1/p' <<< "$said")
	size=$(sed -n 's/.*: truncate -s \([0-9]*\) FILE$/\1/p' <<< "$said")
	expect "$s: $name: sync says what to leave out: $said" \
		truncate -c -s "$size" "$file"
}

# All that the host recorded, in three sessions, and both guests.
faults_tracers() {
	local dir=build/lab/$s

	cut_off "$dir/host-full"
	cut_off "$dir/guest2"
	judge 2 0 "$dir/host-killed" "$t/host-full" "$dir/host" \
		"$dir/guest" "$t/guest2"
	exact 0
	exact 1
}

faults_two() { judge 2; exact 0; exact 1; }
faults_clocksource() { judge 1; exact 0 40; }
faults_cpus() { judge 1; exact 0; }
faults_reload() { judge 2; exact 0; exact 1; }
faults_suspend() { judge 1; exact 0; }
faults_clocks() { judge 1; exact 0; }
faults_resets() { judge 2; exact 0; exact 1; }
# The lab itself is the judge.
faults_failslab() { :; }
faults_cycles() { :; }
faults_adversary() {
	expect "$s: the neighbour keeps its map" tests/lab/adversary.sh
	cat "$check_out"
}

# shellcheck disable=SC2086
for s in ${LAB_ONLY-$all}; do
	if record "$s"; then
		pass "$s recorded"
		"faults_$s"
	else
		fail "$s: the lab failed, see build/lab/$s"
	fi
done

finish
