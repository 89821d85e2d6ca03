#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What is printed must be true of every event written: recordings in which the
# host's evidence covers a part of the guest's events only, with the truth in
# each event (tests/gen/pair.c). Of each event that fuse writes the error is held
# against the worst bound that is printed, and where it has evidence against the
# bound of that.
. tests/check/lib.sh

expect "the tool builds" make -s -j2 tool build/release/tests/pair \
	build/release/tests/carve
vmsync=build/vmsync
t=$check_tmp/t
mkdir "$t"

# stamps TRACE: clock and truth of each event that has one, in order
stamps() {
	babeltrace2 --clock-cycles --no-delta "$1" |
		sed -n 's/^\[0*\([0-9]*\)\].*, truth = \([0-9]*\) }$/\1 \2/p' |
		sort -n -k 2
}


# errors OUT: the worst errors of fused events, and how many lie where
errors() {
	local segments
	segments=$(json '.guests[0].maps[0].segments[] |
		"\(.guest_start_ns) \(.guest_end_ns)"')
	join -j 2 "$t/stamps" <(stamps "$1") | awk -v segments="$segments" '
	BEGIN { n = split(segments, s); i = 1 }
	{
		error = $3 - $1; if (error < 0) error = -error
		while (i + 2 < n && $2 >= s[i + 2]) i += 2
		place = $2 < s[i] ? "before" : $2 <= s[i + 1] ? "inside" : \
			i + 2 < n ? "within" : "after"
		count[place]++
		if (error > worst[place]) worst[place] = error
		if (error > all) all = error
	}
	END {
		printf "events=%d all=%d inside=%d", NR, all, worst["inside"]
		printf " before=%d within=%d after=%d outside=%d\n", \
			count["before"], count["within"], count["after"], \
			NR - count["inside"]
	}'
}

# plots TEXT: the picture states what $t/json does, and shades where it has to
plots() {
	local stated
	stated=$(sed -n 's/.*>\([0-9]* events, each known to [^;<]*\)[;<].*/\1/p' \
		"$t/plot.svg" | sort -u)
	expect_eq "$1: the plot states the worst bound of all events" "$stated" \
		"$(sed -n 's/^  events *\([0-9]*\),/\1 events,/p' "$t/text")"
	expect_eq "$1: ... those outside, and how well they are known" \
		"$(sed -n 's/.*>\([0-9]*\) of them OUTSIDE THE EVIDENCE/\1/p' \
			"$t/plot.svg" | sort -u | grep -oE '[0-9]+[^0-9]*\([0-9.]+ .?s\)' |
			sed 's/^\([0-9]*\).*(\(.*\))/\1 \2/')" \
		"$(sed -n '/^  OUTSIDE/ { s/^  OUTSIDE *\([0-9]*\) .*/\1/; N
			s/\n *known to \(.*\) only$/ \1/p; }' "$t/text")"
	# A stretch at an edge of the panels, or between; three panels a chart.
	sed -n 's/^<rect x="\([0-9.]*\)" .* width="\([0-9.]*\)" .*"#ffebe9".*/\1 \2/p' \
		"$t/plot.svg" | awk '{
			at = $1 < 90.1 ? "before" : "within"
			if ($1 + $2 > 979.9) at = "after"
			print at
		}' > "$t/shaded"
	for place in before within after; do
		[ "$(json ".guests[0].events_outside_evidence.$place")" -gt 0 ] ||
			continue
		expect "$1: ... events $place are shaded in each panel" \
			test "$(grep -c $place "$t/shaded")" -ge 3
		expect "$1: ... with the bound that grows" \
			grep -q '^<line .*#cf222e" stroke-width' "$t/plot.svg"
	done
}

# covers NAME STATUS OPTION...: fuses $t/NAME/{host,guest} and checks all of it
covers() {
	local name=$1 wanted=$2 status said text
	shift 2
	text="$name${*:+ $*}"
	$vmsync fuse -o "$t/out" "$@" "$t/$name"/{host,guest} > "$t/log" \
		2> "$t/err"
	expect_eq "$text: fuse's exit status" $? "$wanted"
	$vmsync sync --json "$@" "$t/$name"/{host,guest} > "$t/json"
	expect_eq "$text: sync's exit status" $? "$wanted"
	$vmsync sync --plot="$t/plot.svg" "$@" "$t/$name"/{host,guest} > "$t/text"
	plots "$text"
	errors "$t/out/guest-guest" > "$t/errors"
	got() { sed -n "s/.*\<$1=\([0-9]*\).*/\1/p" "$t/errors"; }
	said=$(sed -n 's/.*: error at most \([0-9]*\) ns;.* not decidable$/\1/p' \
		"$t/log")
	expect_eq "$text: fuse says what sync says" "$said" \
		"$(json '.guests[0].bound_worst_events_ns')"
	expect_eq "$text: no beacon of the plot contradicts the map" \
		"$(grep -c '^<circle .*#cf222e' "$t/plot.svg")" 0
	expect "$text: no event of $(got events) is farther off, $(got all) ns, than it says, $said ns" \
		test "$(got events)" -gt 1000 -a "$(got all)" -le "$said"
	expect "$text: nor those with evidence, $(got inside) ns" \
		test "$(got inside)" -le "$(json '.guests[0].bound_worst_ns // 1e18')"
	expect_eq "$text: events inside and outside are all" \
		"$(json '.guests[0] | .containment.events')" \
		"$events"
	for place in before within after; do
		# Events without a truth are a few.
		expect "$text: events $place, $(got $place)" \
			test "$(json ".guests[0].events_outside_evidence.$place")" \
			-ge "$(got $place)"
		expect "$text: ... are those that there are" test \
			"$(json ".guests[0].events_outside_evidence.$place")" \
			-le "$(($(got $place) * 5 / 4 + 20))"
	done
	expect_eq "$text: the report says OUTSIDE" \
		"$(grep -c '^  OUTSIDE' "$t/text")" \
		"$(json '.guests[0].events_outside_evidence |
			[.before, .within, .after | select(. > 0)] | length')"
	if [ "$wanted" = 1 ]; then
		expect "$text: so does fuse" grep -q "OUTSIDE THE EVIDENCE" \
			"$t/err"
		expect "$text: some are" test "$(got outside)" -gt 0
	else
		expect_eq "$text: fuse has nothing to warn of" \
			"$(cat "$t/err")" ""
	fi
	rm -rf "$t/out"
}

# A second, beacons and knots often enough for each method.
build/release/tests/pair "$t/whole" truth=1 events=20000 gap=80000 knots=20 \
	beacons=100 packet=4096 > "$t/log"
events=$(sed -n 's/guest_events=\([0-9]*\) .*/\1/p' "$t/log")
stamps "$t/whole/guest" > "$t/stamps"
# recorded NAME STEP...: the host's recording cut, the guest's whole
recorded() {
	local name=$1
	shift
	mkdir -p "$t/$name"
	build/release/tests/carve "$t/whole/host" "$t/$name" "$@" whole=host \
		> "$check_out" || fail "carve $name $*"
	cp -r "$t/whole/guest" "$t/$name/guest"
}
recorded later keep=40%..
recorded earlier keep=..60%
recorded middle keep=30%..70%
recorded hole miss=35%..65%

covers whole 0
covers whole 0 --method=exact
expect_eq "whole --method=exact: nothing of the plot is shaded" \
	"$(cat "$t/shaded")" ""
covers whole 0 --method=beacon
covers whole 0 --method=window
covers later 1
covers earlier 1
covers middle 1
# In the hole the beacons on both its sides say how far the clock can have gone.
covers hole 0
covers hole 1 --method=exact
for method in exact pair beacon; do
	covers later 1 --method=$method
	covers middle 1 --method=$method
done
covers earlier 1 --method=window

# Each virtual CPU's chart has its own beacons, not those of one with another TSC.
build/release/tests/pair "$t/two" events=4000 beacons=5000 apart=2500000 \
	> "$check_out"
$vmsync sync --plot="$t/plot.svg" "$t/two"/{host,guest} > "$t/text"
expect_eq "TSCs apart: two charts" "$(grep -c ', CPU [01]: ' "$t/plot.svg")" 2
expect_eq "... each beacon in one of them" "$(grep -c '^<circle' "$t/plot.svg")" \
	"$(babeltrace2 "$t/two/guest" 2> /dev/null | grep -cE \
		' vmsync_(gh|hg)_guest: ')"
expect_eq "... none contradicts the map" \
	"$(grep -c '^<circle .*#cf222e' "$t/plot.svg")" 0

# A trace on another clock that says it is the guest's, as that of a process in a
# time namespace does: hours off.
build/release/tests/pair "$t/other" truth=1 events=4000 seed=9 > "$check_out"
read -ra cc <<< "${CC:-cc}"
expect "the rewriting program builds" "${cc[@]}" -std=gnu11 -D_GNU_SOURCE= \
	-Ihost -pthread -o "$t/restamp" tests/gen/restamp.c \
	build/release/libvmsync.a
"$t/restamp" "$t/other/guest" "$t/strange" 150 1 > "$check_out"
clock=$(sed -n '/^clock/,/^}/s/.*uuid = "\(.*\)";/\1/p' "$t/whole/guest/metadata")
sed -i "/^clock/,/^}/s/uuid = .*/uuid = \"$clock\";/; s/vmsync_/other_/" \
	"$t/strange/metadata"
$vmsync sync --json "$t/whole"/{host,guest} "$t/strange" > "$t/json"
expect_eq "a strange clock: sync's exit status" $? 1
expect_eq "... which trace it is" \
	"$(json '.guests[0] | .traces[.strange_traces[]]')" "$t/strange"
$vmsync sync --plot="$t/plot.svg" "$t/whole"/{host,guest} "$t/strange" \
	> "$check_out"
expect "... the plot says that its events are not drawn" \
	grep -q "; those of 1 STRANGE trace are not drawn;" "$t/plot.svg"
expect_eq "... and reaches as far as the others" \
	"$(grep -c "ffebe9" "$t/plot.svg")" 0
expect "... the bound is what hours make of it" \
	test "$(json '.guests[0].bound_worst_events_ns // 1e18')" -gt 5000000000
expect_eq "... where there is evidence it is as it was" \
	"$(json '.guests[0].bound_worst_ns')" 1
$vmsync fuse -o "$t/out" "$t/whole"/{host,guest} "$t/strange" > "$t/log" \
	2> "$t/err"
expect_eq "... fuse's exit status" $? 1
expect "... fuse names it" grep -q "$t/strange: no event of it is near" "$t/err"
expect "... and has written" test -d "$t/out/guest-guest/1"

# A saved map is held against the same events.
$vmsync sync -o "$t/map.json" "$t/later"/{host,guest} > "$check_out"
$vmsync check -m "$t/map.json" "$t/later"/{host,guest} > "$t/log"
expect_eq "check: exit status" $? 1
expect "check says OUTSIDE" grep -q "^  OUTSIDE .* before the evidence" "$t/log"
$vmsync sync -o "$t/map.json" "$t/whole"/{host,guest} > "$check_out"
expect "check: nothing is outside" \
	$vmsync check -m "$t/map.json" "$t/whole"/{host,guest}
finish
