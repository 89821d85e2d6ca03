#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What vmsync export parquet writes is read by others, who find what vmsync export csv
# and vmsync analyze say, and of vmsync layers what that says itself; look only where the time is that they are asked for, and take
# no file that was cut.
. tests/check/lib.sh

expect "the tool builds" make -s -j2 tool build/release/tests/contend build/release/tests/pair \
	build/release/tests/parquet build/release/tests/timed
vmsync=build/vmsync
t=$check_tmp
tables="states charges exits wakes events machines vcpus threads"

build/release/tests/contend "$t/c" 600
build/release/tests/contend "$t/many" 12000
mkdir "$t/files"
for table in $tables; do
	expect "$table: written" $vmsync export parquet --table="$table" \
		-o "$t/files/$table.parquet" "$t/c"
	$vmsync export csv --table="$table" -o "$t/$table.csv" "$t/c"
	expect "$table: there is something" test "$(wc -l < "$t/$table.csv")" -gt 2
done
# So have changes, of which a file has less than half of what states take.
$vmsync export csv --table=changes -o "$t/changes.csv" "$t/c"
expect "changes: written" $vmsync export parquet --table=changes -o "$t/files/changes.parquet" \
	"$t/c"
expect_error "changes: no row can be left out" "each row ends the one before it" \
	$vmsync export parquet --table=changes --max-size=1 -o "$t/x" "$t/c"
expect_error "changes: a server has states" "each row ends the one before it" \
	$vmsync export clickhouse --table=changes -o http://127.0.0.1/vmsync "$t/c"
$vmsync export parquet --table=changes -o "$t/many.parquet" "$t/many"
rows=$($vmsync export csv -o - "$t/many" | tail -n +2 | wc -l)
bytes=$(stat -c %s "$t/many.parquet")
expect "changes: $bytes bytes for $rows states, at most 4 a state" \
	test "$rows" -gt 131072 -a "$bytes" -le $((4 * rows))
# Requests have files, and states of layers a trace, of their own.
build/release/tests/pair "$t/disks" events=60000 blocks=6 > "$check_out"
expect "requests: written" $vmsync export parquet --table=requests \
	-o "$t/files/requests.parquet" "$t/disks"
$vmsync export csv --table=requests -o "$t/requests.csv" "$t/disks"
mkdir "$t/cloud"
tar -C "$t/cloud" -xf tests/data/cloud.tar.xz nova-libvirt-migrate
expect "layers: written" $vmsync layers --export=parquet -o "$t/files/layers.parquet" "$t/cloud"
$vmsync layers --export=jsonl -o "$t/layers.jsonl" "$t/cloud"
jq -r 'def text: if test("[\",]|^ |^$") then "\"\(gsub("\""; "\"\""))\"" else . end;
	select(.table == "layers") | del(.table) | if .place == "" then .place = null else . end |
	(keys_unsorted | join(",")), (map(if type == "string" then text
		elif type == "boolean" then if . then 1 else 0 end else . // "" end |
		tostring) | join(","))' "$t/layers.jsonl" |
	awk 'NR == 1 || NR % 2 == 0' > "$t/layers.csv"
expect "layers: there is something" test "$(wc -l < "$t/layers.csv")" -gt 500
expect "without --table it is states" cmp "$t/files/states.parquet" \
	<($vmsync export parquet -o - "$t/c")
expect "one thread or several: the same" cmp \
	<($vmsync export parquet -j 1 --table=exits -o - "$t/c") \
	<($vmsync export parquet -j 2 --table=exits -o - "$t/c")

# --- hyparquet
read_by() { # COMMAND FILE [TIME...]
	node tests/parquet/read.mjs build/hyparquet "$@"
}
hyparquet_reads() {
	expect_eq "hyparquet, layers: whose clock it is on" \
		"$(read_by about "$t/files/layers.parquet" | grep '^vmsync\.' | sort)" \
		"$(find "$t/cloud" -name metadata -exec sed -n '/^clock {/,/^}/{
			s/.*uuid = "\(.*\)";/vmsync.boot_id \1/p
			s/^\toffset = \(.*\);/vmsync.realtime_offset_ns \1/p}' {} \; | sort -u
			echo vmsync.table layers)"
	for table in $tables requests layers; do
		expect "hyparquet, $table: rows are those of csv" cmp \
			<(read_by rows "$t/files/$table.parquet") "$t/$table.csv"
	done
	for options in "--since=0.01 --until=0.0300001" "--vm=vm1"; do
		# shellcheck disable=SC2086 # options
		expect "hyparquet, $options: rows are those of csv" cmp \
			<($vmsync export parquet $options -o - "$t/c" > "$t/x"; read_by rows "$t/x") \
			<($vmsync export csv $options -o - "$t/c")
	done
	rm -f "$t/x"
	shortest=$($vmsync export parquet --max-size=0.03 -o "$t/x" "$t/c" 2>&1 |
		sed -n 's/.*left out: [0-9]* rows shorter than \([0-9]*\) ns.*/\1/p')
	expect "hyparquet, --max-size: rows that are not shorter than ${shortest:-} ns" cmp \
		<(read_by rows "$t/x") <(awk -F, -v least="${shortest:-0}" \
		'NR == 1 || $3 - $2 >= least' "$t/states.csv")
	expect "hyparquet, a host alone: no rows" cmp \
		<($vmsync export parquet --table=wakes -o - "$t/c/host" > "$t/x"; read_by rows "$t/x") \
		<($vmsync export csv --table=wakes -o - "$t/c/host")
	expect "hyparquet, more than a group: rows are those of csv" cmp \
		<($vmsync export parquet -o - "$t/many" > "$t/x"; read_by rows "$t/x") \
		<($vmsync export csv -o - "$t/many")
	# Those of a group are in another order.
	expect "hyparquet, changes: rows are those of csv" cmp \
		<(read_by rows "$t/many.parquet" | sort) \
		<($vmsync export csv --table=changes -o - "$t/many" | sort)
	expect_eq "hyparquet: what columns are" "$(read_by about "$t/files/charges.parquet" |
		head -n 10)" "vcpu INT64 REQUIRED -
from_ns INT64 REQUIRED -
until_ns INT64 REQUIRED -
state BYTE_ARRAY REQUIRED UTF8
thread INT64 OPTIONAL -
who BYTE_ARRAY REQUIRED UTF8
who_thread INT64 OPTIONAL -
who_vcpu INT64 OPTIONAL -
boot_id BYTE_ARRAY OPTIONAL UTF8
realtime_offset_ns INT64 OPTIONAL -"
	# What others say of the same clock.
	uuid=$(sed -n '/^clock {/,/^}/s/.*uuid = "\(.*\)";/\1/p' "$t/c/host/metadata" | head -n 1)
	expect_eq "hyparquet: the table, and whose clock it is on" \
		"$(read_by about "$t/files/states.parquet" | grep '^vmsync.[tb]')" \
		"$(printf 'vmsync.table states\nvmsync.boot_id %s' "$uuid")"
	at=$(awk -F, '$2 == 0 { print $1; exit }' "$t/events.csv")
	expect_eq "hyparquet: real time is what babeltrace2 takes it for" \
		"$(($(read_by about "$t/files/states.parquet" |
			sed -n 's/^vmsync.realtime_offset_ns //p') + at))" \
		"$(babeltrace2 --clock-seconds "$t/c/host" | sed -n '1s/^\[\([0-9.]*\)\].*/\1/p' |
			tr -d .)"
	read -r refused all <<< "$(read_by cut "$t/files/states.parquet")"
	expect "hyparquet: states are some bytes" test "${all:-0}" -gt 10000
	expect_eq "hyparquet: a file that was cut anywhere is none" "$refused" "$all"
}
# reader NAME: it is in build/NAME, or is said to be missing
reader() {
	tests/parquet/fetch.sh "$1" "build/$1" > "$check_out" 2>&1 && return
	skip "$1 cannot be had: $(head -n 1 "$check_out")"
	return 1
}
hyparquet=
if reader hyparquet; then
	hyparquet=yes
	hyparquet_reads
fi

# --- DuckDB
ask() { # QUERY...: of files in $t/files
	node tests/parquet/query.mjs build/duckdb "$t/files" "$@"
}
sorted() { grep . | sort; }
duckdb_reads() {
	queries=()
	for table in $tables requests layers; do
		queries+=("copy (select * exclude (boot_id, realtime_offset_ns)
			from '$table.parquet') to '$table.csv'")
	done
	ask "${queries[@]}" > "$check_out"
	for table in $tables requests layers; do
		expect "duckdb, $table: rows are those of csv" cmp "$t/files/$table.csv" \
			"$t/$table.csv"
	done
	ask "copy (select * exclude (boot_id, realtime_offset_ns) from 'changes.parquet'
		order by all) to 'changes.csv'" > "$check_out"
	expect "duckdb, changes: rows are those of csv" cmp <(sort "$t/files/changes.csv") \
		<(sort "$t/changes.csv")
	ask "copy (select vcpu, at_ns as from_ns, lead(at_ns) over (partition by vcpu order by at_ns)
		as until_ns, * exclude (vcpu, at_ns, boot_id, realtime_offset_ns)
		from 'changes.parquet' qualify state is not null) to 'ended.csv'" > "$check_out"
	expect "duckdb, changes: they are the states" cmp <(sort "$t/files/ended.csv") \
		<(sort "$t/states.csv")
	$vmsync export parquet --table=wakes -o "$t/files/none.parquet" "$t/c/host"
	expect_eq "duckdb, a host alone: no rows" \
		"$(ask "select count(*) from 'none.parquet'" | sorted)" 0
	$vmsync analyze --json "$t/c" > "$t/json"
	expect_eq "duckdb: states of each virtual CPU, to the ns" "$(ask "
		select vm, vcpu_id, state, sum(until_ns - from_ns) from 'states.parquet' s
		join 'vcpus.parquet' v using (vcpu) group by all" | sorted)" "$(jq -r '
		.vcpus[] | "\(.vm) \(.vcpu_id)" as $v | .states_ns | to_entries[] |
		select(.value > 0) | "\($v) \(.key) \(.value)"' "$t/json" | sort)"
	expect_eq "duckdb: who had its CPU" "$(ask "
		select v.vm, who, t.machine, t.tid, count(*), sum(until_ns - from_ns),
		max(until_ns - from_ns) from 'charges.parquet' c join 'vcpus.parquet' v using (vcpu)
		left join 'threads.parquet' t on t.thread = c.who_thread
		group by v.vm, who, who_vcpu, t.machine, t.tid" | tr -s ' ' | sorted)" "$(jq -r '
		.vcpus[] | .vm as $v | .charges[] | "\($v) \(.by) \(.thread // {} |
		"\(.machine // "") \(.tid // "")") \(.turns | "\(.count) \(.total_ns) \(.max_ns)")"' \
		"$t/json" | tr -s ' ' | sort)"
	expect_eq "duckdb: exits" "$(ask "select vm, name, count(*), sum(until_ns - from_ns),
		sum(hypervisor_ns) from 'exits.parquet' join 'vcpus.parquet' using (vcpu)
		group by vm, isa, reason, name" | sorted)" "$(jq -r '.vcpus[] | .vm as $v |
		.exits[] | "\($v) \(.name) \(.count) \([.states_ns[]] | add
		) \(.states_ns.hypervisor)"' "$t/json" | sort)"
	expect_eq "duckdb: wake-ups" "$(ask "select t.machine, tid, count(*),
		sum(until_ns - from_ns), sum(preempted_ns) from 'wakes.parquet'
		join 'threads.parquet' t using (thread) group by all" | sorted)" "$(jq -r '
		.threads[] | select(.wakes.count > 0) | "\(.thread.machine) \(.thread.tid
		) \(.wakes.count) \(.wakes.total_ns) \(.wake_ns.preempted)"' "$t/json" | sort)"
	$vmsync analyze --volumes --json "$t/disks" > "$t/volumes.json"
	expect_eq "duckdb: requests, and parts of them" "$(ask "select name, op, followed, count(*),
		sum(until_ns - from_ns), max(until_ns - from_ns), sum(before_ns), sum(sectors) * 512,
		sum(guest_ns), sum(to_qemu_ns), sum(qemu_ns), sum(call_ns), sum(queue_ns),
		sum(disk_ns), sum(from_disk_ns), sum(qemu_after_ns), sum(back_ns)
		from 'requests.parquet' group by all" | sorted)" "$(jq -r '.guests[].volumes[] |
		.name as $v | .requests[] | "\($v) \(.op) \(.followed) \(.whole | "\(.count
		) \(.total_ns) \(.max_ns)") \(.before.total_ns) \(.bytes) \([.parts[].total_ns |
		tostring] | join(" "))"' "$t/volumes.json" | sort)"
	$vmsync layers --json "$t/cloud" > "$t/layers.json"
	expect_eq "duckdb: layers, each state" "$(ask "select track, nested, state, place, count(*),
		sum(unfinished), sum(failed), sum(until_ns - from_ns), sum(self_ns),
		max(if(unfinished = 0, until_ns - from_ns, 0)) from 'layers.parquet' group by all" | tr -s ' ' | sorted)" \
		"$(jq -r '.tracks[] | .name as $t | .sums[] | "\($t) \(if .nested then 1 else 0 end
		) \(.state) \(.place // "") \(.count + .unfinished) \(.unfinished) \(.failed
		) \(.total_ns) \(.self_ns) \(.max_ns)"' "$t/layers.json" | tr -s ' ' | sort)"
	expect_eq "duckdb: bounds" "$(ask "select name, bound_ns from 'machines.parquet'
		where kind = 'guest'" | sorted)" "$($vmsync sync --json "$t/c" | jq -r '.guests[] |
		"\(.hostname) \(.bound_worst_ns)"' | sort)"
	# Each query of the documentation is one; some are about more than one host.
	for host in a b; do
		mkdir "$t/files/host=$host"
		cp "$t/files/charges.parquet" "$t/files/vcpus.parquet" "$t/files/host=$host/"
	done
	awk '/ for DuckDB::$/ { on = 1 } /^ClickHouse$/ { on = 0 }
		on && /^    [^-]/ { printf "%s ", substr($0, 5) } on && /;$/ { print "" }' \
		Documentation/export.rst > "$t/queries"
	expect "duckdb: the documented queries" test "$(wc -l < "$t/queries")" -ge 5
	readarray -t queries < "$t/queries"
	ask "${queries[@]}" > "$t/x"
	expect_eq "duckdb: the documented queries work" "$(grep '^error:' "$t/x")" ""
	expect_eq "duckdb: the documented queries find something" \
		"$(awk 'NF { some = 1 } !NF { n += some; some = 0 } END { print n }' "$t/x")" \
		"${#queries[@]}"
	# A file of some 1000 bytes, cut at each of them.
	bytes=$(stat -c %s "$t/files/machines.parquet")
	mkdir "$t/files/cut"
	queries=()
	for n in $(seq 0 $((bytes - 1))); do
		head -c "$n" "$t/files/machines.parquet" > "$t/files/cut/$n.parquet"
		queries+=("select count(*) from 'cut/$n.parquet'")
	done
	ask "${queries[@]}" "select count(*) from 'machines.parquet'" | sorted > "$t/x"
	expect_eq "duckdb: a file that was cut anywhere is none" \
		"$(grep -c '^error: ' "$t/x") $(grep -v '^error: ' "$t/x")" "$bytes 3"
}
duckdb=
if reader duckdb; then
	duckdb=yes
	duckdb_reads
fi

# --- memory does not grow with the rows: they are kept until there is a group of them
made() { # FILE ROWS: peak KiB
	rm -f "$1"
	build/release/tests/timed "$t/x.$2" all build/release/tests/parquet "$2" "$1" > "$check_out"
	cut -d' ' -f2 "$t/x.$2"
}
few=$(made "$t/files/large.parquet" 400000)
many=$(made "$t/files/large.parquet" 6000000)
expect "memory: $few KiB for 400 000 rows, $many for six million" test \
	"${few:-0}" -gt 0 -a "${many:-0}" -gt 0 -a $((many - few)) -lt 1024

# --- a hundredth of the time is in few of the groups, and no other is looked at
read -r from until <<< "990000000 1030000000"
[ -z "$hyparquet" ] || {
	expect_eq "hyparquet: all rows are told of" "$(read_by about "$t/files/large.parquet" |
		sed -n 's/^rows //p')" 6000000
	read -r rows ns groups all <<< "$(read_by part "$t/files/large.parquet" "$from" "$until")"
	expect "hyparquet: of ${all:-0} groups ${groups:-0} are read" \
		test "$((${groups:-1} * 20))" -lt "${all:-0}"
	read_by damage "$t/files/large.parquet" "$from" "$until" > "$check_out"
	expect_eq "hyparquet: what it finds does not depend on others" \
		"$(read_by part "$t/files/large.parquet" "$from" "$until")" "$rows $ns $groups $all"
	[ -z "$duckdb" ] || {
		expect_eq "duckdb: nor does what it finds" "$(ask "
			select count(*), sum(until_ns - from_ns) from 'large.parquet'
			where from_ns < $until and until_ns > $from" | sorted)" "$rows $ns"
		expect_eq "duckdb: others are damaged indeed" "$(ask "
			select sum(until_ns) from 'large.parquet'" | sorted | cut -c 1-6)" error:
	}
}
finish
