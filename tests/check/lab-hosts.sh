#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Real kernels: a guest that is moved from one host machine to another while all three
# record. Run by its name, some minutes; LAB_REUSE=1 takes the recording that is there.
#
# VMSYNC: another tool than build/vmsync, to see these checks fail.
. tests/check/lib.sh
. tests/check/record.sh

recorded hosts
expect "the peers' line builds" make -s build/release/tests/one-line
vmsync=${VMSYNC:-build/vmsync}
t=$check_tmp
first=$dir/host second=$dir/second/host guest=$dir/guest

# offsets TRACE TRUTH: of the VM's TSC, as beacons tell, and as debugfs has them
offsets() {
	expect_eq "$1: TSC offsets" "$(babeltrace2 --no-delta "$1" |
		sed -n 's/.*vmsync_gh_host:.* vm_pid = \([0-9]*\),.* vcpu_id = \([0-9]*\),.* tsc_offset = \(-\?[0-9]*\),.*/\1 \2 \3/p' |
		sort -u)" \
		"$(sed -n 's/.*vm_pid=\([0-9]*\) vcpu_id=\([0-9]*\) tsc_offset=\(-\?[0-9]*\).*/\1 \2 \3/p' \
		"$2" | sort -u)"
}

# --- each host by itself: exact while the guest was there, and no word of the rest
for host in first second; do
	$vmsync sync --json "${!host}" "$guest" > "$t/$host.json" 2> "$t/err"
	expect_eq "$host: exit status: some is not covered" $? 1
	cp "$t/$host.json" "$t/json"
	jq_is "$host: the guest is found, and nobody accuses it" '.guests | length, .[0].suspect,
		(.[0].disagreements | length)' "1
false
0"
	jq_is "$host: no event is outside, no beacon violates causality" '.guests[0] |
		.containment.outside, .beacons.causality_violations' "0
0"
	jq_is "$host: exact" '.guests[0].methods.exact.guest_ns > 3e9 and
		(.guests[0].maps[0].segments | map(select(.method == "exact") | .bound_ns) |
			max) <= 2' true
	jq_is "$host: some was elsewhere, and that is said" '[.guests[0].notes[] |
		select(test("answered none of its beacons"))] | length' 1
	jq_is "$host: there is no bound for that" '.guests[0] | .events_outside_evidence |
		.before + .after > 1000 and .bound_worst_ns == null' true
done
offsets "$first" "$dir/truth"
offsets "$second" "$dir/second/truth"
expect_eq "each event is inside its virtual CPU's time, on the one or on the other" \
	"$(jq -s 'map(.guests[0].containment) | (map(.inside) | add) == .[0].events' \
		"$t"/{first,second}.json)" true
expect_eq "the first ends before the second begins" "$(jq -s 'map(.guests[0].maps[0].segments) |
	.[0][-1].guest_end_ns < .[1][0].guest_start_ns' "$t"/{first,second}.json)" true
jq -c '.guests[0] | [.name, .containment, .events_outside_evidence]' "$t"/{first,second}.json

# --- joined. A packet is known by its TCP connection and where in that it is.
tcp=network_header.ipv4.transport_header.tcp
match=cause=net_dev_queue,effect=net_if_receive_skb,key=$tcp.seq,$tcp.ack_seq,$tcp.source_port
$vmsync sync --match="$match" "$first" "$second" "$guest" | sed -n '/^=== All/,$p'
$vmsync sync --json --match="$match" "$first" "$second" "$guest" > "$t/json" 2> "$t/err"
expect_eq "joined: exit status: some events are between two beacons" $? 1
jq_is "joined: the witnesses agree" .agrees true
jq_is "joined: no message contradicts the map between the hosts" '.between.guests[0].beacons |
	.causality_checked > 100, .causality_violations' "true
0"
jq_is "joined: all events are inside, on the one host or on the other" '.guests[0].containment |
	(.inside | add) == .events and (.inside | min) > 1000 and .outside == 0' true
jq_is "joined: less than 2 % lie between the last beacon here and the first there, or behind the
	last message" '.guests[0] | (.events_outside_evidence | .before + .within + .after) * 50 <
	.containment.events' true
jq_is "joined: one crossing, by exits and entries" '.guests[0].crossings |
	length, .[0].from, .[0].to, .[0].at_most' "1
0
1
false"
# Both QEMUs were told to, by the clocks of their hosts.
said() { # FOLDER WHAT before|after
	sed -n "s/^what=$2 .*\<$3_mono_ns=\([0-9]*\).*/\1/p" "$1/moves"
}
jq_is "joined: while the QEMUs were told to" ".guests[0].crossings[0] |
	.left_host_ns > $(said "$dir" send before) and .left_host_ns < $(said "$dir" send after) and
	.arrived_host_ns < $(said "$dir/second" running after)" true
jq_is "joined: it stood still, within what is known" '.guests[0].crossings[0] |
	.downtime_ns + .bound_ns > 0 and .downtime_ns < 1e10 and .bound_ns < 1e8' true

# The clock of the machine below, in ticks of at most 10 ms, has stamped what both wrote: so
# the first host's clock is known at each stamp of the second one, by those of the first one,
# and both are steered apart by less than 1000 ppm.
jq -r '.between.guests[0].maps[0].segments[] | "\(.guest_start_ns) \(.host_start_ns) \(.slope /
	pow(2; .shift)) \(.bound_ns)"' "$t/json" > "$t/between"
for below in "$dir/below" "$dir/second/below"; do
	sed 's/.*before_ns=\([0-9]*\) .*after_ns=\([0-9]*\) .*below_s=\([0-9]*\)\.\([0-9]*\)/\1 \2 \3 \4/' \
		"$below" > "$t/$(basename "$(dirname "$below")")"
done
expect_eq "joined: the clock below bears the map between the hosts out" "$(awk '
	FILENAME ~ /between$/ { n++; g[n] = $1; h[n] = $2; slope[n] = $3; most[n] = $4; next }
	!base { base = $3 }
	{ below = ($3 - base) * 1e9 + $4 }
	FILENAME !~ /second$/ { m++; b1[m] = $1; a1[m] = $2; s1[m] = below; next }
	$1 < g[1] { next }
	{
		i = n
		while (i > 1 && g[i] > $1) i--
		from = h[i] + ($1 - g[i]) * slope[i] - most[i]
		until = h[i] + ($2 - g[i]) * slope[i] + most[i]
		for (k = 1; k <= m; k++) {
			apart = below - s1[k]
			far = apart < 0 ? -apart : apart
			bad += b1[k] + apart - 1e7 - far / 1000 > until ||
				a1[k] + apart + 1e7 + far / 1000 < from
			checked++
		}
	}
	END { print (checked > 100), bad + 0 }' "$t/between" "$t/hosts" "$t/second")" "1 0"

rm -rf "$t/experiment"
$vmsync fuse --json -o "$t/experiment" --match="$match" "$first" "$second" "$guest" > "$t/fused" \
	2> "$t/err"
expect_eq "fused: exit status" $? 1
expect "fused: babeltrace2 reads all three as one" sh -c "babeltrace2 $t/experiment > $t/all 2> $t/err"
expect_eq "fused: all events are there" "$(wc -l < "$t/all")" "$(for trace in "$first" "$second" \
	"$guest"; do babeltrace2 "$trace" 2> "$t/err"; done | wc -l)"

# --- the move as one page: a service, both QEMUs and the kernels of both hosts, on one clock
mkdir "$t/one" "$t/two"
cp -r "$first" "$dir/service" "$t/one/"
cp -r "$second" "$t/two/"
for side in "one $dir" "two $dir/second"; do
	expect "page: QEMU's log: ${side% *}" "$vmsync" import qemu-log -o "$t/${side% *}/qemu" \
		--vm=web --clock="${side#* }/host" "${side#* }/qemu.log"
done
rm -rf "$t/experiment"
$vmsync fuse -o "$t/experiment" --match="$match" "$t/one" "$t/two" "$guest" > "$t/fused" 2> "$t/err"
expect_eq "page: fused" $? 1
crossing=$(jq -c '.guests[0].crossings[0]' "$t/json")
$vmsync report --json "$t/experiment" > "$t/join"
expect_eq "page: schema" "$(against join "$t/join")" "[]"
join_is() { expect_eq "page: $1" "$(jq -c "$2" "$t/join")" "$3"; }
join_is "one migration, nothing amiss" "[.notes, (.migrations | length)]" "[[],1]"
join_is "the service's operation is around QEMU's part" '.migrations[0].operation |
	.is.state, .before_ns > 0, .after_ns > 0,
	.before_ns + .qemu_ns + .after_ns == .is.until_ns - .is.from_ns' '"active/migrating"
true
true
true'
join_is "virtual CPUs of both hosts" '[.migrations[0].vcpus[] | [.side, .machine]] | sort' \
	'[["destination","host2"],["source","host"]]'
# By another way: the engine's own crossing, of the traces as they were recorded. It counts
# from where the first host told of the last exit, which is behind the interrupt that made it;
# on PREEMPT_RT that thread may wait for a CPU in between.
late_ns=$(babeltrace2 --clock-cycles --no-delta "$first" | awk '
	function cpu() { match($0, /cpu_id = [0-9]+/); return substr($0, RSTART + 9, RLENGTH - 9) }
	{ now = substr($1, 2) + 0 }
	/ kvm_x86_entry: / { on = cpu(); inside = 1 }
	inside && cpu() == on && / (x86_irq_vectors_[a-z_]*_entry|irq_handler_entry|sched_switch|kvm_x86_exit): / {
		left = now
		inside = 0
	}
	/ kvm_x86_exit: / { told = now }
	END { printf "%.0f", told - left }')
join_is "no virtual CPU ran for as long as vmsync sync has it, from the last exit: told $late_ns ns late" \
	".migrations[0].kernel_down_ns - $late_ns - $(jq .downtime_ns <<< "$crossing") | fabs <= 2" true
join_is "QEMU's downtime is known as well as the crossing is, and a log's us on both sides" \
	".migrations[0].qemu.downtime_bound_ns - $(jq .bound_ns <<< "$crossing") |
		fabs < 20000" true
# QEMU stops it a little before it leaves, and says that it runs a little before it does.
join_is "QEMU's downtime is that, to what it takes to stop and to run" \
	'.migrations[0] | .kernel_down_ns - .qemu.downtime_ns | fabs < 2e8' true
jq -c '.migrations[0] | [.operation.before_ns, .operation.qemu_ns, .operation.after_ns,
	.qemu.downtime_ns, .qemu.downtime_bound_ns, .kernel_down_ns]' "$t/join"
expect "page: written" "$vmsync" report -o "$t/page.html" "$t/experiment"
for part in Application Virtualization Kernel 'vCPU 0 of process [0-9]* on host<' \
	'vCPU 0 of process [0-9]* on host2<' 'one of which wrote to it'; do
	expect "page: $part" grep -q "$part" "$t/page.html"
done

# --- what others make of it: a line for the guest to the one host or to the other
for hosts in "$first $second" "$second $first"; do
	read -ra both <<< "$hosts"
	if tests/lab/peer-move.sh --match="$match" "${both[@]}" "$guest"; then
		pass "compared on the clock of ${both[0]}"
	else
		fail "peer-move.sh on the clock of ${both[0]} (exit $?)"
	fi
done
finish
