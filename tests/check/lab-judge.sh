# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Sourced by the checks that have the same judgement of every recording, with
# lab-checks.sh: what is claimed holds, as far as others can tell.

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
# all of the scenario; the exit status, by default 0, "told": 1 if events are said to be
# known less well, as where a trace is cut behind its last beacon. Who is left out is told.
judge() {
	local guests=$1 status=${2-0} n traces ret
	shift; [ $# = 0 ] || shift
	if [ $# = 0 ]; then
		mapfile -t traces < <(find "$lab/$s" -maxdepth 1 -name 'guest*' -type d | sort)
		set -- "$lab/$s/host" "${traces[@]}"
	fi
	$vmsync sync --json -o "$t/map" "$@" > "$t/$s.json" 2> "$t/err"
	ret=$?
	[ "$status" != told ] || status=$(number 'if .covered then 0 else 1 end')
	expect_eq "$s: sync's exit status" "$ret" "$status"
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
