#!/bin/bash
# SPDX-License-Identifier: MIT
#
# A guest that is moved from one host to another while all three record: scenarios of the
# simulator, recorded as traces. Each event carries what the first host's clock read when
# it happened, and its own machine's.
. tests/check/lib.sh

expect "the tool builds" make -s -j2 VARIANT=asan tool build/asan/tests/recorded
vmsync=${VMSYNC:-build/asan/vmsync}
t=$check_tmp/t
mkdir "$t"
match=cause=packet_sent,effect=packet_received,key=cnt

# record NAME SEED KEY...: a scenario with these keys, with both hosts
recorded() {
	local name=$1 seed=$2
	shift 2
	printf '%s\n' 'seconds = 5' 'beacon.hz = 50' 'exits.hz = 300' "$@" > "$t/$name.sim"
	build/asan/tests/recorded --both "$t/$name" "$t/$name.sim" "$seed" ||
		fail "recorded $*"
}

# Stamp, truth and own of each event of a trace; with a name, of such events.
events() {
	babeltrace2 --clock-cycles --no-delta "$1" 2> "$t/warnings" | grep -F "${2-}" |
		sed -n 's/^\[0*\([0-9]*\)\].* truth = \([0-9]*\), own = \([0-9]*\).*/\1 \2 \3/p'
}

# by_itself NAME: what is said of each host with the guest, as if there were no other
by_itself() {
	local host
	for host in host host2; do
		$vmsync sync --json "$t/$1"/{$host,g0} > "$t/json" 2> "$t/err"
		expect_eq "$1, $host: some is not covered" $? 1
		jq_is "$1, $host: nobody lies, none is outside" '.guests[0] | .suspect,
			(.disagreements | length), .containment.outside' "false
0
0"
		jq_is "$1, $host: that it was elsewhere is said" '[.guests[0].notes[] |
			select(test("answered none of its beacons"))] | length > 0' true
		jq_is "$1, $host: exact where it was here, no bound else" '.guests[0] |
			.methods.exact.guest_ns > 5e8 and
			.bound_worst_events_ns == null' true
	done
}

# known MACHINE EVENTS NS: how many have evidence, by the map, how many have not, how many of
# the former are off by more than is said, and whether all of these are said to be known to NS
known() {
	jq -r --arg name "$1" '.guests[] | select(.hostname == $name) | .cpus[0].segments[] |
		"\(.guest_start) \(.guest_end) \(.bound_ns)"' "$t/out/vmsync-map.json" > "$t/segments"
	sort -k3,3n "$2" | awk -v limit="$3" '
		NR == FNR { n++; from[n] = $1; to[n] = $2; most[n] = $3; next }
		{
			while (i < n && to[i] < $3) i++
			if ($3 < from[i] || $3 > to[i]) { out++; next }
			d = $1 - $2; if (d < 0) d = -d
			bad += d > most[i]; m++
			if (most[i] > worst) worst = most[i]
		}
		END { print m + 0, out + 0, bad + 0, (worst < limit) }' "$t/segments" -
}

# joined NAME CROSSINGS [UNDECIDED [NS]]: so many events at most are of no run for sure; all
# that have evidence are known to NS
joined() {
	local name=$1 all
	$vmsync sync --json --match=$match "$t/$name"/{host,host2,g0} > "$t/json" 2> "$t/err"
	expect_eq "$name: exit status: some events are between beacons" $? 1
	jq_is "$name: the witnesses agree" .agrees true
	jq_is "$name: crossings" '.guests[0].crossings | length, (map(.at_most) | any)' "$2
false"
	jq_is "$name: all events are inside, on the one host or the other" \
		'.guests[0].containment | .events - (.inside | add) <= '"${3-0}"' and
		(.inside | min) > 400 and .outside == 0' true
	# A crossing is from a host's last exit to the other one's first entry.
	for host in host host2; do
		events "$t/$name/$host" kvm_x86_
	done > "$t/ends"
	expect_eq "$name: crossings are known as well as is said" "$(jq -r '
		.guests[0].crossings[] | "\(.left_host_ns) \(.left_ns) \(.bound_ns)
\(.arrived_host_ns) \(.arrived_ns) \(.bound_ns)"' "$t/json" | awk '
		NR == FNR { truth[$3] = $2; next }
		{
			d = truth[$1] - $2; if (d < 0) d = -d
			good += $1 in truth && d <= $3 && $3 < 1e6
		}
		END { print good + 0 }' "$t/ends" -)" $((2 * $2))
	# Nothing of the guest lies in one, as the first host's clock has it in truth.
	events "$t/$name/g0" > "$t/guest"
	expect_eq "$name: the guest did nothing meanwhile" "$(jq -r '.guests[0].crossings[] |
		"\(.left_ns) \(.arrived_ns) \(.bound_ns)"' "$t/json" | awk '
		NR == FNR { n++; from[n] = $1; to[n] = $2; most[n] = $3; next }
		{ for (i = 1; i <= n; i++) bad += $2 > from[i] + most[i] && $2 < to[i] - most[i] }
		END { print bad + 0 }' - "$t/guest")" 0
	rm -rf "$t/out"
	$vmsync fuse --json -o "$t/out" --match=$match "$t/$name"/{host,host2,g0} \
		> "$t/fused.json" 2> "$t/err"
	expect_eq "$name: fuse: exit status" $? 1
	all=$(wc -l < "$t/guest")
	events "$t/out"/guest-vm0* > "$t/guest"
	expect_eq "$name: all of the guest is written" "$(wc -l < "$t/guest")" "$all"
	known vm0 "$t/guest" "${4-1000000}" > "$t/known"
	expect_eq "$name: each is known as well as is said" \
		"$(awk -v all="$all" '{ print ($1 > all * 0.9), $3, $4 }' "$t/known")" "1 0 1"
	events "$t/out"/guest-host2* > "$t/second"
	expect_eq "$name: so is the second host" \
		"$(known host2 "$t/second" 1000000 | awk '{ print ($1 > 1000), $3, $4 }')" "1 0 1"
	# What has no evidence lies at the seams, and on the right side of them.
	expect_eq "$name: nothing is far off" "$(awk '{ d = $1 - $2; if (d < 0) d = -d }
		d > 1000000 { print }' "$t/guest" "$t/second" | wc -l)" 0
}

for clock in kvmclock tsc; do
	recorded $clock 6 "guest.clock = $clock" 'host.steer = chrony' 'guest.steer = chrony' \
		'move = 2:0.1:1'
	by_itself $clock
	joined $clock 1
done
expect "the text says it" sh -c "$vmsync sync --match=$match $t/tsc/host $t/tsc/host2 $t/tsc/g0 |
	grep -A1 'arrived  *on the second host, host2' |
	grep -qE 'did not run for 1[0-9]*\.[0-9]* ms, known to [0-9.]+ us'"
jq_is "the clock is the first host's" '.guests[0].crossings[0] | .from, .to,
	.left_host_ns == .left_ns, .arrived_host_ns == .arrived_ns' "0
1
true
false"

# A host that has nothing to tell of its own clock: its first record is the guest's.
recorded still 6 'guest.clock = kvmclock' 'host.steer = none' 'guest.steer = none' \
	'move = 2:0.1:1'
by_itself still
joined still 1
recorded back 7 'guest.clock = kvmclock' 'host.steer = chrony' 'guest.steer = chrony' \
	'guest.vcpus = 4' 'move = 1:0.1:1, 3:0.2'
# It ran before the first beacon of its second stay on a host; and what that host by itself
# knows of the time between two of its stays, by readings of the TSC, is known badly.
joined back 2 20 1000000000

# The other one's clock.
$vmsync sync --json --match=$match "$t/tsc"/{host2,host,g0} > "$t/json" 2> "$t/err"
jq_is "named first, the other one keeps its clock" '.guests[0].crossings[0] | .from, .to,
	.left_host_ns == .left_ns, .arrived_host_ns == .arrived_ns, .downtime_ns > 1e8' "1
0
false
true
true"

expect_error "without messages" "both are of a host; .*--match" \
	"$vmsync" sync "$t/tsc"/{host,host2,g0}
expect_error "messages that there are none of" "too few messages" \
	"$vmsync" sync --match=cause=a,effect=b,key=c "$t/tsc"/{host,host2,g0}
expect_error "plot" "draws the guests of one host" \
	"$vmsync" sync --plot="$t/plot" --match=$match "$t/tsc"/{host,host2,g0}
expect_error "a guest of another one" "a guest of another host" \
	"$vmsync" sync --match=$match "$t/tsc"/{host,host2} "$t/back/g0"
finish
