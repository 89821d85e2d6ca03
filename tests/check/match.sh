#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Two machines that exchange messages (--match): few of them or many, whichever is
# named first, and events for long before and after. The truth is in each event of
# the second one (tests/gen/pair.c).
. tests/check/lib.sh

expect "the tool builds" make -s -j2 tool build/release/tests/pair
vmsync=build/vmsync
match="cause=packet_sent,effect=packet_received,key=cnt,vm_uid"
t=$check_tmp/t
mkdir "$t"

# stamps TRACE: clock and truth of each event that has one, in order of truth
stamps() {
	babeltrace2 --clock-cycles --no-delta "$1" |
		sed -n 's/^\[0*\([0-9]*\)\].*, truth = \([0-9]*\) }$/\1 \2/p' |
		sort -n -k 2
}
count() { babeltrace2 "$1" | grep -c " $2: "; }

# inverse FILE FILE: the maps in two reports, of one clock to another and back. Where
# each has a segment the other one has it too, with the same bound, to 4 ns and 1 %.
# shellcheck disable=SC2317 # expect calls it
inverse() {
	join -j 1 \
		<(jq -r '.guests[0].maps[0].segments | to_entries[] | "\(.key)
			\(.value.guest_start_ns) \(.value.host_start_ns)
			\(.value.bound_ns)" | gsub("\\s+"; " ")' "$1" | sort) \
		<(jq -r '.guests[0].maps[0].segments | to_entries[] | "\(.key)
			\(.value.guest_start_ns) \(.value.host_start_ns)
			\(.value.bound_ns)" | gsub("\\s+"; " ")' "$2" | sort) |
		awk 'function off(a, b) { return a > b ? a - b : b - a }
		off($2, $6) > 4 || off($3, $5) > 4 || off($4, $7) > 4 + $4 / 100 {
			print; bad = 1
		}
		END { exit bad || !NR }'
}

# exchange NAME OPTION...: a recording, and all that is promised of it
exchange() {
	local name=$1 said worst
	shift
	build/release/tests/pair "$t/$name" net=1 truth=1 "$@" > "$t/log"
	$vmsync sync --json --match="$match" "$t/$name/guest" \
		"$t/$name/host" > "$t/back.json"
	$vmsync fuse -o "$t/out" --match="$match" "$t/$name"/{host,guest} \
		> "$t/log" 2> "$t/err"
	expect "$name: fuse writes" test -d "$t/out"
	$vmsync sync --json --match="$match" -o "$t/map" \
		"$t/$name"/{host,guest} > "$t/json"
	said=$(json '.guests[0].bound_worst_events_ns // 1e18')
	worst=$(join -j 2 <(stamps "$t/$name/guest") \
		<(stamps "$t/out/guest-guest") | awk '
		{ e = $3 - $1; if (e < 0) e = -e; if (e > worst) worst = e }
		END { printf "%d", worst }')
	expect "$name: events are off by $worst ns, $said ns are said" \
		test "$worst" -le "$said"
	expect_eq "$name: messages to the first machine" \
		"$(json '.guests[0].messages.to_host')" \
		"$(count "$t/$name/host" packet_received)"
	expect_eq "$name: messages from it" \
		"$(json '.guests[0].messages.from_host')" \
		"$(count "$t/$name/guest" packet_received)"
	expect_eq "$name: no message contradicts the map" \
		"$(json '.guests[0].beacons | [.causality_checked > 0,
			.causality_violations] | join(" ")')" "true 0"
	# shellcheck disable=SC2016 # of jq
	expect_eq "$name: slopes that no two clocks have" \
		"$(json '[.guests[0].maps[0].segments[] | .slope as $s |
			.shift as $n | ($s / pow(2; $n) - 1) * 1e6 |
			select(. > 1302 or . < -1302)] | length')" 0
	expect "$name: named the other way round the map is the inverse" \
		inverse "$t/json" "$t/back.json"
	$vmsync check --map="$t/map" --match="$match" "$t/$name"/{host,guest} \
		> "$t/verdict"
	expect "$name: check has nothing against it" \
		grep -q "port .*differs by at most 0 ns" "$t/verdict"
	rm -rf "$t/out"
}

exchange one events=1500 gap=20000 beacons=1
exchange two events=6000 gap=30000 beacons=10
exchange five events=6000 gap=100000 beacons=10 knots=20
exchange ten events=6000 gap=100000 beacons=25 knots=50
exchange thirty events=6000 gap=100000 beacons=80 knots=50
exchange many events=20000 gap=20000 beacons=1000

# Nobody answers: the offset is limited from one side only.
cp -r "$t/ten" "$t/silent"
sed -i 's/packet_sent/packet_held/' "$t/silent/guest/metadata"
expect_error "one way only" "too few messages: 0 to the first one and [0-9]+ from" \
	$vmsync sync --match="$match" "$t/silent"/{host,guest}
expect_error "... whichever is named first" \
	"too few messages: [0-9]+ to the first one and 0 from" \
	$vmsync sync --match="$match" "$t/silent"/{guest,host}

# A map that is wrong, and one of the other direction.
$vmsync sync -o "$t/map" --match="$match" "$t/ten"/{host,guest} > "$t/log"
sed 's/"host_start": \([0-9]*\)[0-9]\{6\},/"host_start": \1000000,/' "$t/map" \
	> "$t/wrong"
$vmsync check --map="$t/wrong" --match="$match" "$t/ten"/{host,guest} > "$t/log"
expect_eq "check: a map that is wrong by up to 1 ms: exit status" $? 1
expect "... the messages contradict it" grep -q "CONTRADICTS\|[1-9][0-9]* violations" \
	"$t/log"
expect_error "check: a map of the other direction" "has no map of host" \
	$vmsync check --map="$t/map" --match="$match" "$t/ten"/{guest,host}

# Causes that are effects: no clock does what the messages then say.
swapped="cause=packet_received,effect=packet_sent,key=cnt,vm_uid"
for name in five ten many; do
	for order in "host guest" "guest host"; do
		# shellcheck disable=SC2086 # two
		set -- $order
		expect_error "$name, swapped, $1 first" \
			"contradict each other, .*are cause and effect swapped" \
			$vmsync sync --match="$swapped" "$t/$name/$1" "$t/$name/$2"
	done
done

# --match as it must not be written.
for bad in cause=a,effect=b,key= cause=,effect=b,key=c cause=a,effect=,key=c \
	cause=a,cause=b,effect=c,key=d cause=a,effect=b,effect=c,key=d \
	cause=a,effect=b,key=c,foo=1 "cause=a,effect=b,key=c," ,cause=a,effect=b,key=c \
	cause=a,effect=b,c; do
	expect_error "--match=$bad" "not a match; write it as" \
		$vmsync sync --match="$bad" "$t/ten"/{host,guest}
done
finish
