#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What vmsync export parquet writes is read by chdb, which is a ClickHouse of today: sums
# are those of vmsync analyze, to the ns, and no file is taken that was cut.
#
# Half a GB is fetched for it: make nightly-chdb.
. tests/check/lib.sh

expect "the tool builds" make -s -j2 tool build/release/tests/contend
if ! tests/parquet/fetch.sh chdb build/chdb > "$check_out" 2>&1; then
	skip "chdb cannot be had: $(head -n 1 "$check_out")"
	finish
fi
vmsync=build/vmsync
t=$check_tmp
tables="states changes charges exits wakes events machines vcpus threads"
build/release/tests/contend "$t/c" 12000
for table in $tables; do
	expect "$table: written" $vmsync export parquet --table="$table" -o "$t/$table.parquet" \
		"$t/c"
done
$vmsync analyze --json "$t/c" > "$t/json"
ask() { node tests/parquet/chdb.mjs build/chdb "$t" "$@" 2>&1; } # QUERY...
sorted() { grep . | LC_ALL=C sort; }

for table in $tables; do
	expect_eq "$table: as many rows as in csv" \
		"$(ask "select count(*) from file('$table.parquet')" | sorted)" \
		"$($vmsync export csv --table="$table" -o - "$t/c" | tail -n +2 | wc -l)"
done
expect_eq "states of each virtual CPU, to the ns" "$(ask "
	select vm, vcpu_id, state, sum(until_ns - from_ns) from file('states.parquet') s
	join file('vcpus.parquet') v using (vcpu) group by vm, vcpu_id, state" | sorted)" "$(jq -r '
	.vcpus[] | "\(.vm) \(.vcpu_id)" as $v | .states_ns | to_entries[] |
	select(.value > 0) | "\($v) \(.key) \(.value)"' "$t/json" | LC_ALL=C sort)"
expect_eq "the same of changes, which have no ends" "$(ask "
	select vm, vcpu_id, state, sum(ns) from (select vcpu, state, leadInFrame(at_ns) over (
		partition by vcpu order by at_ns rows between unbounded preceding and
		unbounded following) - at_ns as ns from file('changes.parquet')) s
	join file('vcpus.parquet') v using (vcpu) where state is not null
	group by vm, vcpu_id, state" | sorted)" "$(jq -r '
	.vcpus[] | "\(.vm) \(.vcpu_id)" as $v | .states_ns | to_entries[] |
	select(.value > 0) | "\($v) \(.key) \(.value)"' "$t/json" | LC_ALL=C sort)"
expect_eq "who had its CPU, and for how long" "$(ask "
	select vm, who, sum(until_ns - from_ns) from file('charges.parquet') c
	join file('vcpus.parquet') v using (vcpu) group by vm, who" | sorted)" "$(jq -r '
	[.vcpus[] | .vm as $v | .charges[] | {vm: $v, by, ns: .turns.total_ns}] |
	group_by([.vm, .by])[] | "\(.[0].vm) \(.[0].by) \([.[].ns] | add)"' "$t/json" |
	LC_ALL=C sort)"
expect_eq "exits" "$(ask "
	select vm, name, count(*), sum(until_ns - from_ns), sum(hypervisor_ns)
	from file('exits.parquet') e join file('vcpus.parquet') v using (vcpu)
	group by vm, isa, reason, name" | sorted)" "$(jq -r '.vcpus[] | .vm as $v |
	.exits[] | "\($v) \(.name) \(.count) \([.states_ns[]] | add) \(.states_ns.hypervisor)"' \
	"$t/json" | LC_ALL=C sort)"
head -c -1 "$t/states.parquet" > "$t/cut.parquet"
expect_eq "a file that was cut is none" \
	"$(ask "select count(*) from file('cut.parquet')" | grep -c '^error: ')" 1
finish
