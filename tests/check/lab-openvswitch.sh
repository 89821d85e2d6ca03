#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Real kernels: Open vSwitch joins two network namespaces, and each datagram's way is in the
# trace (tests/lab/scenarios/openvswitch.sh), as long as it was by the stamps at both ends;
# upcalls are as many as the datapath counted. Run by its name, a minute; LAB_REUSE=1 takes the
# recording that is there.
#
# VMSYNC: another tool than build/vmsync, to see these checks fail.
. tests/check/lib.sh
. tests/check/record.sh

recorded openvswitch
vmsync=${VMSYNC:-build/vmsync}
t=$check_tmp

scenario() { sed -n "s/^$1=//p" tests/lab/scenarios/openvswitch.sh; }
flows=$(scenario flows)
turns=$(scenario turns)
all=$((flows + $(scenario packets)))

# Exit status 1: events were lost as it was recorded.
$vmsync layers --json --all --layer=openvswitch "$dir/host" > "$t/json" 2> "$t/err"
expect_eq "layers: exit status" $? 0
cat "$t/err"
$vmsync layers --layer=openvswitch "$dir/host" | head -n 24

# --- each datagram: number; from and until by the clock of the trace, which is that of the
# stamps; what of it is in no part; when its sender's device had it, and when its receiver's had
# it from the switch and handed it on; its way
expect "its states, one by one" "$vmsync" layers --export=jsonl -o "$t/rows" \
	--layer=openvswitch "$dir/host"
jq -n -r 'def at($state): [.states[] | select(.state == $state) | .from_ns][0] // 0;
	[foreach (inputs | select(.track == "packet")) as $row ({open: {}};
		if $row.table == "layers" then .open[$row.key] += [$row] | .object = null
		else .object = $row + {states: (.open[$row.key] // [])} | del(.open[$row.key]) end;
		.object // empty) | select(.states[0].state == "sent by datagram")] |
	sort_by(.from_ns) | to_entries[] | .key as $n | .value | [$n, .from_ns, .until_ns,
		(.until_ns - .from_ns) - ([.states[] | .until_ns - .from_ns] | add),
		at("queued va"), at("queued pb"), at("received vb"),
		([.states[].state | select(contains(" -> ") | not)] | join(" -> "))] | @tsv' \
	"$t/rows" > "$t/ways"
for end in sent received; do
	expect_eq "datagrams that were $end, in their order" \
		"$(sed -n 's/^\([0-9]*\) .*/\1/p' "$dir/$end")" "$(seq 0 $((all - 1)))"
done
expect_eq "datagrams in the trace" "$(wc -l < "$t/ways")" "$all"
expect_eq "whose parts are not their time" "$(cut -f4 "$t/ways" | sort -u)" 0

# way UPCALL: what is behind "received" goes up first where UPCALL is set
way() {
	local at=pa i
	echo -n "sent by datagram -> queued va -> transmitted va -> received pa"
	for ((i = 1; i <= turns; i++)); do
		echo -n "${1:+ -> upcall $at} -> output to port [0-9]+ -> queued x$i" \
			"-> transmitted x$i -> received y$i"
		at=y$i
	done
	echo "${1:+ -> upcall $at} -> output to port [0-9]+ -> queued pb -> transmitted pb" \
		"-> received vb -> consumed by datagram"
}
ways() { cut -f8 "$t/ways" | sed -n "$1" | grep -cxE "$(way "$2")"; }
expect_eq "the first one of each flow goes up to ovs-vswitchd" "$(ways "1,${flows}p" up)" "$flows"
expect_eq "no other one does" "$(ways "$((flows + 1)),\$p" "")" $((all - flows))

jq_is "what its reader's call takes is in each one's time" '[.tracks[] |
	select(.name == "packet") | .listed[] | select(.states[0].state == "sent by datagram") |
	.states[-1] | .until_ns > .from_ns] | all' true

# --- how long: "KIND-BY, of the stamps, of the trace", by the programs' stamps from call to
# call, and by the kernel's between both devices. The kernel's, by its other clock, are in order
# with the events, as far as that can be known.
awk -v flows="$flows" '
	FNR == 1 { file++ }
	$1 == "#" { wrong[file] = $2; next }
	file < 3 { call[file, $1] = $2; kernel[file, $1] = $3; next }
	{
		kind = $1 < flows ? "upcalled" : "switched"
		outside += $2 < call[1, $1] || $3 > call[2, $1]
		sent = kernel[1, $1]; received = kernel[2, $1]
		apart += sent < $2 - wrong[1] || sent > $5 + wrong[1] ||
			received < $6 - wrong[2] || received > $7 + wrong[2]
		print kind "-programs", call[2, $1] - call[1, $1], $3 - $2
		print kind "-kernel", received - sent, $7 - $5
	}
	END { print "outside", outside + 0, apart + 0 }' \
	"$dir/sent" "$dir/received" "$t/ways" > "$t/times"
figure() { sed -n "s/^$1 //p" "$t/times"; }
median() { sort -n | sed -n "$((($1 + 1) / 2))p"; }
expect_eq "ways that begin before their stamp or end behind it; kernel stamps out of order" \
	"$(figure outside)" "0 0"
echo "kernel stamps are known to $(sed -n 's/^# //p' "$dir/sent" "$dir/received" | paste -sd' ') ns"
for by in programs kernel; do
	for kind in upcalled switched; do
		n=$(figure $kind-$by | wc -l)
		stamps=$(figure $kind-$by | cut -d' ' -f1 | median "$n")
		trace=$(figure $kind-$by | cut -d' ' -f2 | median "$n")
		echo "$kind: $n datagrams, median by stamps of the $by $stamps ns, by the trace $trace"
		within "$kind: the median, by stamps of the $by" $((stamps * 95 / 100)) "$trace" \
			$((stamps * 105 / 100))
	done
	# The machine below may take the CPU between a stamp and the event that is next to it:
	# that is in the one alone, and hardly ever happens.
	close_to=$(figure ".*-$by" |
		awk '{ d = $1 - $2; n += d * d * 400 <= $1 * $1 } END { print n + 0 }')
	echo "within 5 % by themselves, by stamps of the $by: $close_to of $all"
	within "datagrams within 5 % of the stamps of the $by by themselves" $((all * 9 / 10)) \
		"$close_to" "$all"
done

# --- what the datapath counted, each time that a datagram passed it
counted() { # WHAT: between both times
	echo $(($(sed -n "s/.* $1:\([0-9]*\).*/\1/p" "$dir/datapath-after" | head -n 1) -
		$(sed -n "s/.* $1:\([0-9]*\).*/\1/p" "$dir/datapath-before" | head -n 1)))
}
events() { $vmsync cat --event="$1" "$dir/host" | grep -c "$2"; }
upcalls=$((flows * (turns + 1)))
expect_eq "upcalls, as the datapath counted" "$(events ovs_dp_upcall "")" "$(counted missed)"
expect_eq "upcalls, of each flow's first one" "$(counted missed)" "$upcalls"
expect_eq "packets that a flow was for" "$(counted hit)" $((all * (turns + 1) - upcalls))
expect_eq "packets that were lost on their way up" "$(counted lost)" 0
expect_eq "outputs" "$(events ovs_do_execute_action " action = 1,")" $((all * (turns + 1)))
jq_is "upcalls that ended" '[.tracks[] | select(.name == "upcall") | .sums] | add |
	"\(map(.count) | add) \(map(.unfinished) | add)"' "$upcalls 0"
jq_is "... by handlers that were awake, and told the datapath as often or more" \
	"[.tracks[] | select(.name == \"handler\") | .sums[]] | group_by(.state) |
		map(select((map(.count) | add) >= $upcalls and (map(.self_ns) | add) > 0) |
			.[0].state) | join(\", \")" \
	"awake, tells the datapath"
finish
