#!/bin/bash
# SPDX-License-Identifier: MIT
#
# adversary.sh [FOLDER]: what scenario "adversary" measured, as a table. FOLDER is
# build/lab/adversary unless said.
#
# One line a phase of 5 s and what it took to begin, with
#	tried/s		beacons of the adversary that were seen, for beacons only
#	recorded/s	events about it in the host's trace
#	lost		events that LTTng's channel, which all share, discarded
#	heard		beacons of the neighbour in the host's trace, of those it sent
#	p50 p99 worst	round trip of the neighbour's beacons, us
#	CPU wait	how long the neighbour's virtual CPUs had and waited for a CPU,
#			% of the time of one
#	bound		of the neighbour's map, worst for an event, ns; of all witnesses
#			none may object
# Exit status 1 where with limits more is recorded than they let through, or the
# neighbour loses a beacon or its map is not exact; with limits or without, where it
# is accused.
set -eu
cd "$(dirname "$0")/../.."
dir=${1:-build/lab/adversary}
# shellcheck source=tests/lab/scenarios/adversary.sh
. <(grep '^limit_' tests/lab/scenarios/adversary.sh)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
bad=0

# value PHASE BEGIN|END KEY [PID]
value() {
	grep "^phase=$1 what=$2 ${4:+vm_pid=$4 }" "$dir/phases" |
		grep -o " $3=[0-9]*" | head -n 1 | cut -d= -f2
}

# grown PHASE KEY [PID]
grown() {
	echo $(($(value "$1" end "$2" "${3-}") - $(value "$1" begin "$2" "${3-}")))
}

# Of each beacon of the neighbour: its number, its round trip in ns.
babeltrace2 --clock-cycles --no-delta "$dir/guest" |
	awk '/vmsync_[gh]*_guest: / {
		match($0, / cnt = [0-9]+/)
		cnt = substr($0, RSTART + 7, RLENGTH - 7)
		time = substr($1, 2) + 0
		if (/gh_guest/)
			begun[cnt] = time
		else if (cnt - 1 in begun)
			printf "%.0f %.0f\n", cnt - 1, time - begun[cnt - 1]
	}' > "$tmp/trips"

# The neighbour's numbers that the host's trace of this phase has.
heard() {
	sed -n "s/.*vmsync_gh_host: .* cnt = \([0-9]*\),.* vm_pid = $good,.*/\1/p" \
		"$tmp/host" | sort -n -u
}

# Sent, and p50, p99 and worst of the round trips, from the first to the last heard.
trips() {
	awk -v from="$(head -n 1 "$tmp/heard")" -v to="$(tail -n 1 "$tmp/heard")" \
		'$1 >= from && $1 <= to { print $2 }' "$tmp/trips" | sort -n |
		awk '{ t[NR] = $1 } END {
			printf "%d %d %d %d", NR, t[int((NR + 1) / 2)] / 1000,
				t[int(NR * 0.99 + 0.999)] / 1000, t[NR] / 1000 }'
}

bound() {
	local status=0 wrong=0

	mkdir "$tmp/$phase"
	cp -r "$dir/host-$phase" "$tmp/$phase/host"
	cp -r "$dir/guest" "$tmp/$phase/guest"
	build/vmsync sync --json "$tmp/$phase" > "$tmp/json" 2> "$tmp/err" || status=$?
	# The neighbour's own events go on before and after the phase.
	[ $status -le 1 ] && jq -e --arg phase "$phase" '.agrees and
		(.guests | length == 1) and (.guests[0] | (.suspect | not) and
		 ((.methods | has("exact")) or ($phase | endswith("-free"))) and
		 .beacons.causality_violations == 0 and (.disagreements | length == 0))' \
		"$tmp/json" > /dev/null || wrong=1
	jq -r '.guests[0].bound_worst_ns // "none"' "$tmp/json" || cat "$tmp/err"
	rm -rf "${tmp:?}/$phase"
	return $wrong
}

# evil NAMES: events of these about the adversary, in the host's trace
evil() { grep -cE " vmsync_($1): .* vm_pid = ${evil}[, ]" "$tmp/host" || true; }

# What the limits are for: beacons, and changes of a clock, each so many; a description
# of two virtual CPUs every 2 s, and what is told of what was held back, are few.
limited() {
	local s=$((wall / 1000000000 + 1)) n
	local most=$((limit_burst + limit_rate * s))

	n=$(evil gh_host)
	[ "$n" -le $most ] ||
		complain "$n beacons of the adversary, at most $most are allowed"
	n=$(evil "tsc|pvclock")
	most=$((most + 10 * s))
	[ "$n" -le $most ] ||
		complain "$n changes of the adversary's clocks, at most $most are allowed"
	[ "$got" = "$sent" ] || complain "the neighbour lost $((sent - got)) beacons"
}

complain() {
	echo "$phase: $*"
	bad=1
}

printf '%-13s %9s %10s %7s %9s %7s %7s %8s %5s %5s %6s\n' phase tried/s recorded/s \
	lost heard p50 p99 worst CPU wait bound
# shellcheck disable=SC2013 # words without a blank
for phase in $(sed -n 's/^phase=\([a-z-]*\) what=discarded.*/\1/p' "$dir/phases"); do
	babeltrace2 --clock-cycles --no-delta "$dir/host-$phase" > "$tmp/host" 2> "$tmp/err"
	wall=$(grown "$phase" mono_ns)
	good=$(value "$phase" begin guest_pid)
	evil=$(value "$phase" begin guest2_pid)
	heard > "$tmp/heard"
	read -r sent p50 p99 worst <<< "$(trips)"
	got=$(wc -l < "$tmp/heard")
	tried=$(($(grown "$phase" taken "$evil") + $(grown "$phase" dropped "$evil")))
	recorded=$(grep -c " vm_pid = ${evil}[, ]" "$tmp/host" || true)
	lost=$(sed -n "s/^phase=$phase what=discarded events=//p" "$dir/phases")
	map=$(bound) || complain "the neighbour's map is not what it should be"
	printf '%-13s %9d %10d %7s %9s %7d %7d %8d %5d %5d %6s\n' "$phase" \
		$((tried * 1000 / (wall / 1000000))) \
		$((recorded * 1000 / (wall / 1000000))) "${lost:-0}" "$got/$sent" \
		"$p50" "$p99" "$worst" \
		$(($(grown "$phase" guest_ran_ns) * 100 / wall)) \
		$(($(grown "$phase" guest_waited_ns) * 100 / wall)) "$map"
	[ "${phase%-free}" != "$phase" ] || limited
done
exit $bad
