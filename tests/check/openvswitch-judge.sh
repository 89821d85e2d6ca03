# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Sourced by the checks of a recording that tests/lab/scenarios/openvswitch.sh made: what the
# tool makes of $dir, with its files in $t. What a datagram's sender stamped before send(),
# and its receiver behind recv(), is held against what the trace has from the begin of the one
# call to the end of the other; the upcalls, against what the datapath counted.

flows=$(sed -n 's/^flows=//p' tests/lab/scenarios/openvswitch.sh)
all=$((flows + $(sed -n 's/^packets=//p' tests/lab/scenarios/openvswitch.sh)))

# Exit status 1: events were lost as it was recorded.
$vmsync layers --json --all --layer=openvswitch "$dir/host" > "$t/json" 2> "$t/err"
expect_eq "layers: exit status" $? 0
cat "$t/err"
$vmsync layers --layer=openvswitch "$dir/host" | head -n 24

# --- each datagram: number, from and until by the clock of the trace, which is that of the
# stamps, what of it is in no part, its way
expect "its states, one by one" "$vmsync" layers --export=jsonl -o "$t/rows" \
	--layer=openvswitch "$dir/host"
jq -n -r '[foreach (inputs | select(.track == "packet")) as $row ({open: {}};
		if $row.table == "layers" then .open[$row.key] += [$row] | .object = null
		else .object = $row + {states: (.open[$row.key] // [])} | del(.open[$row.key]) end;
		.object // empty) | select(.states[0].state == "sent by datagram")] |
	sort_by(.from_ns) | to_entries[] | .key as $n | .value | [$n, .from_ns, .until_ns,
		(.until_ns - .from_ns) - ([.states[] | .until_ns - .from_ns] | add),
		([.states[].state | select(contains(" -> ") | not)] | join(" -> "))] | @tsv' \
	"$t/rows" > "$t/ways"
expect_eq "datagrams that came, in their order" "$(cut -d' ' -f1 "$dir/datagrams")" \
	"$(seq 0 $((all - 1)))"
expect_eq "datagrams in the trace" "$(wc -l < "$t/ways")" "$all"
expect_eq "whose parts are not their time" "$(cut -f4 "$t/ways" | sort -u)" 0

switched="output to port [0-9]+ -> queued pb -> transmitted pb"
ends="received vb -> consumed by datagram"
begins="sent by datagram -> queued va -> transmitted va -> received pa"
ways() { cut -f5 "$t/ways" | sed -n "$1" | grep -cxE "$begins -> $2$switched -> $ends"; }
expect_eq "the first one of each flow goes up to ovs-vswitchd" \
	"$(ways "1,${flows}p" "upcall pa -> ")" "$flows"
expect_eq "no other one does" "$(ways "$((flows + 1)),\$p" "")" $((all - flows))

jq_is "what its reader's call takes is in each one's time" '[.tracks[] |
	select(.name == "packet") | .listed[] | select(.states[0].state == "sent by datagram") |
	.states[-1] | .until_ns > .from_ns] | all' true

# --- how long: "of the trace, of the stamps, apart" of each kind
awk -v flows="$flows" 'NR == FNR { sent[$1] = $2; received[$1] = $3; next }
	{
		kind = $1 < flows ? "upcalled" : "switched"
		trace = $3 - $2; stamps = received[$1] - sent[$1]
		outside += $2 < sent[$1] || $3 > received[$1]
		close_to += stamps - trace <= stamps / 20
		traces[kind] += trace; all[kind] += stamps
		print kind, stamps, trace
	}
	END {
		print "outside", outside + 0, 0
		print "within", close_to + 0, FNR
		for (kind in all) print kind "-sum", all[kind], traces[kind]
	}' "$dir/datagrams" "$t/ways" > "$t/times"
figure() { sed -n "s/^$1 //p" "$t/times"; }
expect_eq "no way begins before its stamp, or ends behind it" "$(figure outside)" "0 0"
for kind in upcalled switched; do
	read -r stamps trace <<< "$(figure $kind-sum)"
	n=$(figure $kind | wc -l)
	middle=$(figure $kind | cut -d' ' -f1 | sort -n | sed -n "$(((n + 1) / 2))p")
	middle_trace=$(figure $kind | cut -d' ' -f2 | sort -n | sed -n "$(((n + 1) / 2))p")
	echo "$kind: $n datagrams, by their stamps $((stamps / n)) ns each, by the trace" \
		"$((trace / n)); median $middle, $middle_trace"
	within "$kind: the median" $((middle * 95 / 100)) "$middle_trace" "$middle"
done
# The machine below may take the CPU between a stamp and the call that it is of: that is in
# the stamps alone, and hardly ever happens.
echo "datagrams within 5 % by themselves, of all: $(figure within)"
read -r close_to n <<< "$(figure within)"
within "datagrams that are within 5 % of their stamps by themselves" $((n * 9 / 10)) \
	"$close_to" "$n"

# --- what the datapath counted
counted() { # WHAT: between both times
	echo $(($(sed -n "s/.* $1:\([0-9]*\).*/\1/p" "$dir/datapath-after" | head -n 1) -
		$(sed -n "s/.* $1:\([0-9]*\).*/\1/p" "$dir/datapath-before" | head -n 1)))
}
events() { $vmsync cat --event="$1" "$dir/host" | grep -c "$2"; }
expect_eq "upcalls, as the datapath counted" "$(events ovs_dp_upcall "")" "$(counted missed)"
expect_eq "upcalls, of each flow's first one" "$(counted missed)" "$flows"
expect_eq "packets that a flow was for" "$(counted hit)" $((all - flows))
expect_eq "packets that were lost on their way up" "$(counted lost)" 0
expect_eq "outputs" "$(events ovs_do_execute_action " action = 1,")" "$all"
jq_is "upcalls that ended" '[.tracks[] | select(.name == "upcall") | .sums[] |
	.count, .unfinished] | join(" ")' "$flows 0"
jq_is "... by handlers that were awake, and told the datapath as often or more" \
	"[.tracks[] | select(.name == \"handler\") | .sums[]] | group_by(.state) |
		map(select((map(.count) | add) >= $flows and (map(.self_ns) | add) > 0) |
			.[0].state) | join(\", \")" \
	"awake, tells the datapath"
