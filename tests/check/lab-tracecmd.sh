#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Real kernels, recorded by trace-cmd on both sides (tests/lab/scenarios/tracecmd.sh):
# exact by vmsync's events, within its bound by entries and exits alone, and in it what
# trace-cmd report prints. What trace-cmd's agent recorded by its TSC is mapped by the
# offsets that were stored, or by window, or refused, and never wrong. Run by its name,
# some minutes; LAB_REUSE=1 takes the recording that is there, KERNEL=6.12 another kernel.
. tests/check/lib.sh
. tests/check/record.sh
. tests/check/report-text.sh

recorded tracecmd
vmsync=build/vmsync
t=$check_tmp
host=$dir/host.dat
guest=$dir/guest/guest.dat

# number FILTER: of the report
number() {
	jq -r "$1" "$t/json"
}

$vmsync sync --json -o "$t/exact" "$host" "$guest" > "$t/json" 2> "$t/err"
expect_eq "sync: exit status" $? 0
cat "$t/err"
expect_eq "methods" "$(number '[.guests[0].maps[].segments[].method] | unique | join(",")')" exact
expect "bound: 10 ns at most" test "$(number .guests[0].bound_worst_ns)" -le 10
expect "beacons: 50 at least" test "$(number .guests[0].beacons.matched)" -ge 50
expect_eq "beacons that are not causal" "$(number .guests[0].beacons.causality_violations)" 0
expect_eq "events outside" "$(number .guests[0].containment.outside)" 0
expect "events inside: 10 000 at least" test \
	"$(number .guests[0].containment.inside)" -ge 10000

# The truth: what KVM's debugfs said of the offset.
expect_eq "TSC offset as debugfs has it" \
	"$($vmsync cat --event=vmsync_tsc "$host" |
		sed 's/.* next_tsc_offset = \(-*[0-9]*\),.*/\1/' | sort -u)" \
	"$(sed 's/.* tsc_offset=\(-*[0-9]*\) .*/\1/' "$dir/truth" | sort -u)"

# What vmsync's modules tell is not looked at.
$vmsync sync --method=window -o "$t/window" "$host" "$guest" > "$t/n" 2>&1
expect_eq "window: exit status" $? 0
expect "window holds what is exact" $vmsync check --map="$t/window" "$host" "$guest"
expect "exact holds what window allows" $vmsync check --map="$t/exact" "$host" "$guest"

for file in "$host" "$guest"; do
	TZ=UTC $vmsync cat "$file" | as_report > "$t/got"
	trace-cmd report -R -t "$file" 2> "$t/n" | as_lines > "$t/want"
	expect_eq "${file##*/}: as many events as trace-cmd report has" \
		"$(wc -l < "$t/got")" "$(wc -l < "$t/want")"
	# It prints these in other bases, by their print format.
	expect "${file##*/}: as trace-cmd report prints them" cmp \
		<(grep -Ev ' (kvm_exit|sys_[a-z_]*) ' "$t/got") \
		<(grep -Ev ' (kvm_exit|sys_[a-z_]*) ' "$t/want")
done

# The agent's: with one TSC, and one factor, the truth is debugfs's offset. A segment
# that is farther from it than its bound is wrong. None of it is told by vmsync.
expect_eq "the TSC's offset was one all the while" \
	"$(sed -n 's/.* what=tsc .* tsc_offset=\(-*[0-9]*\) .*/\1/p' "$dir/truth" |
		sort -u | wc -l)" 1
cycles=$(sed -n 's/.* what=tsc .* tsc_offset=\(-*[0-9]*\) .*/\1/p' "$dir/truth" | head -n 1)
by=
for folder in "$dir"/tsc/*; do
	n=${folder##*/}
	$vmsync sync --json "$folder" > "$t/json" 2> "$t/err"
	if [ $? = 2 ]; then
		# Without a map nothing is wrong; the error is one line.
		expect_eq "agent $n: refused, in one line: $(cat "$t/err")" \
			"$(wc -l < "$t/err")" 1
		by="$by refused"
		continue
	fi
	read -r mult shift_by _ < <(trace-cmd dump --options -i "$folder/trace.dat" |
		grep 'multiplier, shift')
	methods=$(number '.guests[0].methods | keys_unsorted | join("+")')
	by="$by $methods"
	expect "agent $n: by $methods" test -z "$(echo "$methods" |
		sed 's/tsync//; s/window//; s/+//')"
	expect_eq "agent $n: beyond its bound of the truth" "$(jq --argjson cycles "$cycles" \
		--argjson mult "${mult:-0}" --argjson shift "${shift_by:-0}" \
		'(-$cycles * $mult / pow(2; $shift)) as $truth |
		[.guests[0].maps[].segments[] | select(.guest_end_ns > .guest_start_ns) |
			(.host_start_ns - .guest_start_ns - $truth) as $off |
			select((if $off < 0 then -$off else $off end) > .bound_ns + 2)] |
		length' "$t/json")" 0
	expect_eq "agent $n: events outside" "$(number .guests[0].containment.outside)" 0
	expect "agent $n: inside, 1 000 at least" test \
		"$(number .guests[0].containment.inside)" -ge 1000
done
echo "by the agent:$by"
expect "by the agent: five recordings" test "$(echo "$by" | wc -w)" = 5
expect "of which one at least has its samples borne out" grep -q tsync <<< "$by"

expect "fused" $vmsync fuse -o "$t/fused" "$host" "$guest"
expect_eq "babeltrace2 reads as many events" \
	"$(babeltrace2 "$t/fused" | wc -l)" \
	"$(cat <($vmsync cat "$host") <($vmsync cat "$guest") | wc -l)"
expect_eq "analyze: the sums agree" "$($vmsync analyze --json "$t/fused" |
	jq -cf tests/check/sums.jq)" "[0]"
finish
