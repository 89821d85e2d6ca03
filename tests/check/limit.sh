#!/bin/bash
# SPDX-License-Identifier: MIT
#
# vmsync export --max-size: the file is not larger, what is left out is what is
# worth least, and it is said.
. tests/check/lib.sh

expect "the tool builds" make -s -j2 tool build/release/tests/contend
vmsync=build/vmsync
t=$check_tmp

build/release/tests/contend "$t/c" 600

# limited FORMAT MIB OPTION...: into $t/kept, what is said into $t/said
limited() {
	local format=$1 mib=$2
	shift 2
	rm -f "$t/kept"
	expect "$format, $mib MiB: written" $vmsync export "$format" --max-size="$mib" \
		-o "$t/kept" "$@" "$t/c"
	cp "$check_out" "$t/said"
	expect "$format, $mib MiB: $(stat -c %s "$t/kept") bytes are not more" \
		test "$(stat -c %s "$t/kept")" -le "$(awk -v m="$mib" 'BEGIN { printf "%.0f", m * 1048576 }')"
}
said() { sed -n 's/.*left out: \([0-9]*\) rows shorter than \([0-9]*\) ns, of \([0-9]*\) ns.*/\1 \2 \3/p' "$t/said"; }

# --- rows: the shortest ones, and no other
timed='(.table | IN("states", "charges", "exits", "wakes"))'
$vmsync export jsonl -o "$t/all" "$t/c"
for mib in 0.4 1 2.5; do
	limited jsonl "$mib"
	read -r rows shorter ns <<< "$(said)"
	expect "jsonl, $mib MiB: some were left out, and are told of" test "${rows:-0}" -gt 100
	expect "jsonl, $mib MiB: all others are there" cmp "$t/kept" <(jq -c \
		"select(($timed | not) or .until_ns - .from_ns >= ${shorter:-0})" "$t/all")
	expect_eq "jsonl, $mib MiB: how many, and how long" "${rows:-} ${ns:-}" "$(jq -s "
		map(select($timed and .until_ns - .from_ns < ${shorter:-0}) |
		.until_ns - .from_ns) | \"\(length) \(add)\"" -r "$t/all")"
	expect "jsonl, $mib MiB: not much more than has to be" \
		test "$(stat -c %s "$t/kept")" -ge "$(awk -v m="$mib" 'BEGIN { printf "%.0f", m * 600000 }')"
done
limited csv 0.2
read -r rows shorter ns <<< "$(said)"
expect "csv: all others are there" cmp "$t/kept" <($vmsync export csv -o - "$t/c" |
	awk -F, -v least="${shorter:-0}" 'NR == 1 || $3 - $2 >= least')
limited parquet 0.03
read -r rows shorter ns <<< "$(said)"
expect "parquet: says what was left out" test "${rows:-0}" -gt 100
limited sqlite 1
read -r rows shorter ns <<< "$(said)"
expect_eq "sqlite: whole" "$(sqlite3 "$t/kept" "pragma integrity_check")" ok
expect_eq "sqlite: all others are there" "$(for table in states charges exits wakes; do
	sqlite3 "$t/kept" "select count(*), sum(until_ns - from_ns) from $table"; done)" \
	"$(for table in states charges exits wakes; do jq -rs "map(select(.table == \"$table\" and
	.until_ns - .from_ns >= ${shorter:-0}) | .until_ns - .from_ns) | \"\(length)|\(add)\"" \
	"$t/all"; done)"
limited perfetto 1
expect "perfetto: says what was left out" test -n "$(said)"

# --- events: those at the end, before any row
rm -f "$t/raw"
$vmsync export jsonl --raw -o "$t/raw" "$t/c" 2> /dev/null
limited jsonl 4 --raw
expect_eq "raw: no row is left out" "$(said)" ""
left=$(sed -n 's/.*left out: the last \([0-9]*\) of [0-9]* events$/\1/p' "$t/said")
events=$(grep -c '^{"table":"events"' "$t/raw")
expect "raw: events are" test "${left:-0}" -gt 1000 -a "${left:-0}" -lt "$events"
expect "raw: the last ones" cmp "$t/kept" <(awk -v most=$((events - ${left:-0})) \
	'!/^{"table":"events"/ || ++n <= most' "$t/raw")
limited jsonl 1 --raw
expect_eq "raw: where rows have to be, all events are" "$(grep -c '^{"table":"events"' \
	"$t/kept")" 0
expect "raw: both are told of" grep -qE "left out: [0-9]+ rows .*, and the last $events of $events" \
	"$t/said"

# --- there is room, or none
limited jsonl 4
expect_eq "enough room: nothing is said" "$(cat "$t/said")" ""
expect "enough room: all is there" cmp "$t/kept" "$t/all"
for format in jsonl csv parquet perfetto sqlite; do
	expect_error "$format: no room" "larger than --max-size" \
		$vmsync export $format --max-size=0.00001 -o "$t/x" "$t/c"
done
expect_eq "no room: nothing is left behind" "$(ls -d "$t/x"* 2> /dev/null)" ""
expect_error "no such size" "number of MiB" $vmsync export csv --max-size=-1 -o "$t/x" "$t/c"
expect_error "less than a byte" "less than one byte" \
	$vmsync export csv --max-size=0.0000009 -o "$t/x" "$t/c"
expect_error "no size" "number of MiB" $vmsync export csv --max-size=nan -o "$t/x" "$t/c"
expect_error "stdout" "needs a file" $vmsync export csv --max-size=1 -o - "$t/c"
finish
