#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The events themselves, as vmsync export writes them: all of them, on the host's
# clock, with their fields, and the same in each format.
. tests/check/lib.sh

expect "the tool builds" make -s -j2 tool build/release/tests/contend
vmsync=build/vmsync
t=$check_tmp
export TZ=UTC LC_ALL=C

build/release/tests/contend "$t/c" 600
expect "events, jsonl: written" $vmsync export jsonl --table=events -o "$t/lines" "$t/c"

# --- what a fused trace holds, of which no guest's is empty
expect "fused" $vmsync fuse -o "$t/fused" "$t/c"
# TIME CPU NAME of each; times of fused traces are since the epoch.
$vmsync cat "$t/fused" | sed -n 's/^\[\(..\):\(..\):\(..\)\.\(.........\)\] ([^)]*) [^ ]* \([^ ]*\): { cpu_id = \([0-9]*\) }.*/\1 \2 \3 \4 \6 \5/p' |
	awk '{ ns = (($1 * 60 + $2) * 60 + $3) * 1000000000 + $4 }
		NR == 1 { first = ns }
		{ printf "%.0f %s %s\n", ns - first, $5, $6 }' | sort > "$t/cat"
jq -r '"\(.at_ns) \(.cpu) \(.name)"' "$t/lines" |
	awk 'NR == 1 { first = $1 } { printf "%.0f %s %s\n", $1 - first, $2, $3 }' |
	sort > "$t/ours"
expect "events: when, where and what are those of the fused trace" cmp "$t/cat" "$t/ours"
expect "events: there are some of each machine" test "$(jq -r .machine "$t/lines" |
	sort | uniq -c | awk '$1 > 1000' | wc -l)" -eq 3
expect_eq "events: in the order of time" "$(jq -s '[.[].at_ns] | . == sort' "$t/lines")" true
expect_eq "events: their fields" \
	"$(jq -r 'select(.name == "sched_switch").fields |
		"\(.prev_tid) \(.next_prio) \(.next_tid)"' "$t/lines" | sort | cksum)" \
	"$($vmsync cat --event=sched_switch "$t/fused" |
		sed 's/.*prev_tid = \([0-9]*\),.*next_tid = \([0-9]*\), next_prio = \([0-9]*\) .*/\1 \3 \2/' |
		sort | cksum)"
expect_eq "events: texts that guests chose" "$(jq -r 'select(.machine > 0).fields.next_comm //
	empty' "$t/lines" | sort -u | paste -sd'|')" \
	"$(printf '"><img onerror|<script>alert(|=1+1|\\xff\e[2Jdb|a,"b"|swapper/0|worker')"

# --- the same in each format
jq -r '[.at_ns, .machine, .cpu, .name, (.context | tojson), (.fields | tojson)] | @tsv' \
	"$t/lines" > "$t/rows"
expect "events, sqlite: written" $vmsync export sqlite --raw -o "$t/db" "$t/c"
expect_eq "events, sqlite: whole" "$(sqlite3 "$t/db" "pragma integrity_check")" ok
expect_eq "events, sqlite: fields are JSON" \
	"$(sqlite3 "$t/db" "select count(*) from events where not json_valid(fields) or
	not json_valid(context)")" 0
sqlite3 -json "$t/db" "select * from events" |
	jq -r '.[] | [.at_ns, .machine, .cpu, .name, (.context | fromjson | tojson),
		(.fields | fromjson | tojson)] | @tsv' > "$t/part"
expect "events, sqlite: those of jsonl" cmp "$t/rows" "$t/part"
expect "events, csv: written" $vmsync export csv --table=events -o "$t/csv" "$t/c"
sqlite3 :memory: ".import --csv $t/csv e" ".mode json" "select * from e" |
	jq -r '.[] | [.at_ns, .machine, .cpu, .name, (.context | fromjson | tojson),
		(.fields | fromjson | tojson)] | @tsv' > "$t/part"
expect "events, csv: those of jsonl" cmp "$t/rows" "$t/part"

# --- --raw: beside all other tables, which stay as they are
expect "raw, jsonl: written" $vmsync export jsonl --raw -o "$t/raw" "$t/c"
expect "raw, jsonl: the events" cmp "$t/lines" <(grep '^{"table":"events"' "$t/raw")
expect "raw, jsonl: and the tables" cmp <($vmsync export jsonl -o - "$t/c") \
	<(grep -v '^{"table":"events"' "$t/raw")
expect_eq "no events where none were asked for" "$($vmsync export sqlite -o "$t/few" "$t/c" &&
	sqlite3 "$t/few" "select count(*) from sqlite_master where name = 'events'")" 0
build/release/tests/contend "$t/big" 6000
for format in jsonl sqlite; do
	said=$($vmsync export $format --raw -o "$t/big.raw" "$t/big" 2>&1 |
		sed -n 's/.*the events will take about \([0-9]*\) MiB$/\1/p')
	$vmsync export $format -o "$t/big.not" "$t/big"
	is=$((($(stat -c %s "$t/big.raw") - $(stat -c %s "$t/big.not")) >> 20))
	expect "raw, $format: said how large: ${said:-nothing}, is $is MiB" \
		test "${said:-0}" -ge $((is * 3 / 4 - 1)) -a "${said:-0}" -le $((is * 5 / 4 + 1))
	rm -f "$t/big.raw" "$t/big.not"
done

# --- part of them
first=$(jq -s '.[0].at_ns' "$t/lines")
$vmsync export jsonl --table=events --since=0.01 --until=0.0300001 -o "$t/window" "$t/c"
expect "part of the time: those in it" cmp "$t/window" <(jq -c "select(.at_ns >= $first + 10000000 and
	.at_ns < $first + 30000100)" "$t/lines")
expect "part of the time: there are some" test "$(wc -l < "$t/window")" -gt 100
$vmsync export jsonl --table=events --vm=vm0 -o "$t/one" "$t/c"
expect "one VM: its events and the host's" cmp "$t/one" \
	<(jq -c "select(.machine != 2)" "$t/lines")

expect_error "raw of csv" "raw is for jsonl, sqlite and clickhouse" $vmsync export csv --raw -o "$t/x" "$t/c"
expect_error "raw of perfetto" "raw is for" $vmsync export perfetto --raw -o "$t/x" "$t/c"
expect_error "raw of one table" "table=events" \
	$vmsync export jsonl --raw --table=states -o "$t/x" "$t/c"

expect "the tool builds with sanitizers" make -s -j2 VARIANT=asan tool
for format in jsonl sqlite; do
	expect "$format: sanitizers have nothing to say" build/asan/vmsync export $format --raw \
		-o "$t/asan.$format" --since=0.001 "$t/c"
done
finish
