#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Guests that go on in another VM of the host while all record: moved as they run, or
# saved to a file and restored. Scenarios of the simulator, recorded as traces; each
# event carries what the host's clock read when it happened, and the guest's.
. tests/check/lib.sh

expect "the tool builds" make -s -j2 VARIANT=asan tool build/asan/tests/recorded \
	build/asan/tests/carve
vmsync=${VMSYNC:-build/asan/vmsync}
t=$check_tmp/t
mkdir "$t"

# record NAME SEED KEY...: a scenario with these keys
recorded() {
	local name=$1 seed=$2
	shift 2
	printf '%s\n' 'seconds = 5' 'guest.clock = kvmclock' 'beacon.hz = 50' \
		'exits.hz = 300' 'host.steer = chrony' 'guest.steer = chrony' \
		"$@" > "$t/$name.sim"
	build/asan/tests/recorded "$t/$name" "$t/$name.sim" "$seed" ||
		fail "recorded $*"
}
# Stamp, truth and own of each event of the folders.
events() {
	babeltrace2 --clock-cycles --no-delta "$@" 2> "$t/warnings" |
		sed -n 's/^\[\([0-9]*\)\].* truth = \([0-9]*\), own = \([0-9]*\).*/\1 \2 \3/p'
}

# right NAME BOUND: one guest on one clock, each event to BOUND ns; no move accuses
# anybody, and each is told as it was
right() {
	local name=$1 bound=$2
	$vmsync sync --json "$t/$name" > "$t/json" 2> "$t/err"
	expect_eq "$name: sync agrees" $? 0
	jq_is "$name: one guest" '.guests | length' 1
	jq_is "$name: nobody lies" '.guests[0] | .suspect, (.disagreements | length)' \
		"false
0"
	jq_is "$name: all is exact" '.guests[0].methods | keys | join(",")' exact
	jq_is "$name: all events are known to $bound ns" \
		"(.guests[0].bound_worst_events_ns // 1e18) <= $bound" true
	jq_is "$name: all events are inside" '.guests[0].containment |
		.events > 1000 and .inside == .events' true
	rm -rf "$t/$name.out"
	expect "$name: fuse" "$vmsync" fuse -o "$t/$name.out" "$t/$name"
	events "$t/$name.out"/guest-* > "$t/events"
	expect_eq "$name: no event is off by more" "$(awk -v most="$bound" '
		{ d = $1 - $2; if (d < 0) d = -d; n += d > most }
		END { print (NR > 1000), n + 0 }' "$t/events")" "1 0"
	moves_are "$name"
}

# moves_are NAME: each move lies where the guest had no event, and says by how much
# its clock fell back behind the host's
moves_are() {
	jq -r '.guests[0].moves[] | "\(.left_ns) \(.arrived_ns) \(.downtime_ns)
\(.guest_ns) \(.at_most)"' "$t/json" | paste -d' ' - - > "$t/moves"
	sort -n "$t/events" > "$t/sorted"
	expect_eq "$1: what is told of its moves" "$(awk '
		NR == FNR {
			n++
			left[n] = $1; arrived[n] = $2
			still[n] = $3; own[n] = $4; most[n] = $5
			next
		}
		{
			for (i = 1; i <= n; i++) {
				if ($2 <= left[i]) { t0[i] = $2; o0[i] = $3 }
				else if ($2 >= arrived[i]) {
					if (!(i in t1)) { t1[i] = $2; o1[i] = $3 }
				} else print "an event during move", i
			}
		}
		END {
			for (i = 1; i <= n; i++) {
				d = (t1[i] - t0[i]) - (o1[i] - o0[i])
				d -= still[i] - own[i]
				if (d > 30000 || d < -30000)
					print "clock of move", i, d
				if (still[i] != arrived[i] - left[i] ||
				    most[i] != "false")
					print "move", i
			}
			print n, "moves"
		}' "$t/moves" "$t/sorted")" "$(wc -l < "$t/moves") moves"
}

for clock in kvmclock tsc; do
	recorded live-$clock 1 "guest.clock = $clock" 'move = 2:0.1'
	right live-$clock 2
	jq_is "live-$clock: it is one move" '.guests[0].moves | length' 1
	jq_is "live-$clock: from one process to another" '.guests[0].moves[0] |
		"\(.from_pid) \(.to_pid)"' "1000 6000"
	jq_is "live-$clock: 100 ms and the ways in and out" \
		'.guests[0].moves[0].downtime_ns | . > 1e8 and . < 1.4e8' true
done
expect "the text says it" sh -c "$vmsync sync $t/live-tsc |
	grep -A1 'moved .*from process 1000 to 6000' |
	grep -q 'did not run for 1[0-9]*\.[0-9]* ms, of which'"
# Saved to a file; and two ways, with virtual CPUs that sleep on behind the move.
recorded file 2 'seconds = 16' 'move = 2:11'
right file 2
recorded often 3 'seconds = 7' 'guest.vcpus = 4' 'guests = 1' \
	'move = 1:0.02, 3:0.5, 5:0.1'
right often 4
jq_is "often: three moves" '.guests[0].moves | length' 3
# Others stay where they are.
recorded others 4 'guests = 3' 'move = 2:0.1'
$vmsync sync --json "$t/others" > "$t/json" 2> "$t/err"
expect_eq "three guests are moved, each to its own VM: sync agrees" $? 0
jq_is "... all are known" '[.guests[] | .moves | length] | join(",")' 1,1,1
jq_is "... and exact" '[.guests[].bound_worst_events_ns // 1e18] | max' 2

# Without entries and exits it is at most what lies between two beacons.
cp -r "$t/live-kvmclock" "$t/bare"
sed -i 's/kvm_x86_/xvm_x86_/g' "$t/bare/host/metadata"
$vmsync sync --json "$t/bare" > "$t/json" 2> "$t/err"
jq_is "no entries: it is said to be at most so long" '.guests[0].moves[0] |
	.at_most and .downtime_ns > 1e8' true
jq_is "... and exact on both sides all the same" '.guests[0] |
	(.bound_worst_events_ns // 1e18) <= 2' true

# To a host of which there is no recording, and back from it: nothing is said of the
# guest's clock there, and that is said.
recorded gone 6 'move = 2:0.1:1'
recorded back 6 'move = 1:0.1:1, 3:0.2'
for name in gone back; do
	$vmsync sync --json "$t/$name" > "$t/json" 2> "$t/err"
	expect_eq "$name: exit status" $? 1
	jq_is "$name: nobody lies" '.agrees, .guests[0].suspect' "true
false"
	jq_is "$name: it is said" '[.guests[0].notes[] |
		select(test("answered none of its beacons"))] | length' 1
	jq_is "$name: exact where it was here" \
		'.guests[0].methods.exact.guest_ns > 1e9' true
	jq_is "$name: else no bound" '.guests[0].bound_worst_events_ns' null
	rm -rf "$t/$name.out"
	$vmsync fuse --force -o "$t/$name.out" "$t/$name" > "$t/log" 2>&1
	events "$t/$name.out"/guest-* > "$t/events"
	# What the map has evidence for, by the guest's clock.
	jq -r '.guests[0].maps[0].segments[] |
		"\(.guest_start_ns) \(.guest_end_ns) \(.bound_ns // 1e18)"' "$t/json" \
		> "$t/segments"
	expect_eq "$name: no event there is off by more than is said" "$(sort -k3,3n \
		"$t/events" | awk '
		NR == FNR { n++; from[n] = $1; to[n] = $2; most[n] = $3; next }
		{
			while (i < n && to[i] < $3) i++
			if ($3 < from[i] || $3 > to[i]) { out++; next }
			d = $1 - $2; if (d < 0) d = -d
			bad += d > most[i]; m++
		}
		END { print (m > 500), (out > 500), bad + 0 }' "$t/segments" -)" \
		"1 1 0"
done
jq_is "back: nothing is claimed of how long it did not run" \
	'.guests[0].moves[0].at_most' true

# Records of the host are missing before, around and behind a move: less is known,
# what is said holds, and nobody is accused.
recorded holes 5 'move = 2:0.1' 'beacon.hz = 200'
for hole in 30%..39% 36%..41% 39%..43% 41%..46% 44%..60%; do
	rm -rf "$t/gone"
	mkdir "$t/gone"
	build/asan/tests/carve "$t/holes/host" "$t/gone" "miss=$hole" \
		whole=host > "$t/carved" || fail "carve"
	cp -r "$t/holes/g0" "$t/gone/g0"
	$vmsync sync --json "$t/gone" > "$t/json" 2> "$t/err"
	jq_is "without $hole: nobody lies" '.guests[0] |
		.suspect, (.disagreements | length), .containment.outside' \
		"false
0
0"
	$vmsync fuse --force -o "$t/gone.out" "$t/gone" > "$t/log" 2>&1
	events "$t/gone.out"/guest-* > "$t/events"
	expect_eq "without $hole: no event is off by more than is said" \
		"$(awk -v most="$(jq '.guests[0].bound_worst_events_ns // 1e18' "$t/json")" '
		{ d = $1 - $2; if (d < 0) d = -d; n += d > most }
		END { print (NR > 1000), n + 0 }' "$t/events")" "1 0"
	rm -rf "$t/gone.out"
done
finish
