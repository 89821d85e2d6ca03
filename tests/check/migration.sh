#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Live migrations from one QEMU to another, for real: one that converges, and the same
# machine moved on once more; one that does not, and is cancelled; one whose
# destination is killed. Events are switched on while QEMU runs, and what vmsync says of
# them has to be what QEMU, and the guest, say. What was recorded elsewhere is in
# migrated.sh.
#
#   QEMU		another one than qemu-system-x86_64
#   QEMU_EVENTS	its list of events
. tests/check/lib.sh
. tests/check/machines.sh
. tests/check/qemus.sh
. tests/check/query-migrate.sh
. tests/check/migration-clocks.sh

qemu=${QEMU:-qemu-system-x86_64}
if ! command -v "$qemu" > /dev/null; then
	skip "migrations: no qemu-system-x86 here"
	finish
fi
expect "the tool builds" make -s -j2 tool
vmsync=build/vmsync
declared=${QEMU_EVENTS:-/usr/share/qemu/trace-events-all}
t=$check_tmp/t
mkdir "$t"
read -ra cc <<< "${CC:-cc}"
# shellcheck disable=SC2317 # the trap calls it
leave() {
	qemus_end
	machines_end
	rm -rf --one-file-system "$check_tmp"
}
trap leave EXIT

# import WHO [OPTION]...
import() {
	local who=$1
	shift
	"$vmsync" import qemu-log -o "$t/$who" --qmp="$t/$who.jsonl" "$@" \
		"$t/$who.log" > "$t/said" 2> "$t/err"
	expect_eq "$who: import has nothing to remark" "$? $(cat "$t/err")" "0 "
	expect "$who: all its events are typed" \
		grep -q ' 0 of them as text; [0-9]* other lines$' "$t/said"
	expect_eq "$who: as many as there are lines" \
		"$("$vmsync" cat "$t/$who" | grep -c ' qemu:')" \
		"$(grep -cE '^[0-9]+@[0-9.]+:' "$t/$who.log")"
	babeltrace2 "$t/$who" > "$t/text" 2> "$check_out"
	expect "$who: babeltrace2 reads the same" \
		cmp "$t/text" <("$vmsync" cat "$t/$who")
}

guest slow 2048 250000 16
guest large 8192 200 8192

# ------------------------------------------------------ it converges, and once more
machines_there=
machines_begin && machines_there=yes
start a slow
start b slow -incoming "unix:$t/b.sock"
start c slow -incoming "unix:$t/c.sock"
limits a 16777216 50
limits b 67108864 300
sleep 1
# What it writes to fits, whatever the machine's speed is, into the second limit.
go a b && until_state a completed 8 && limits a 16777216 2000 &&
	until_state a completed
# The second one has the first one's guest, which runs there.
sleep 0.3
go b c && until_state b completed
sleep 0.3
stop a b c
for who in a b c; do
	import "$who" --events="$declared"
done
"$vmsync" migration --json "$t/a" "$t/b" "$t/c" > "$t/json" 2> "$t/err"
expect_eq "all is well with them" "$? $(cat "$t/err")" "0 "
expect_eq "the schema" "$(against migration "$t/json")" "[]"
first=$(sed -nE 's/.*"first_event_ns":([0-9]+).*/\1/p' "$t/json")
pages=$(jq -r '.return.ram?.total // empty | . / 4096' "$t/a.jsonl" | tail -n 1)
expect_eq "two migrations" \
	"$(json '[.migrations[] | .result, .clocks, .candidates] | join(" ")')" \
	"completed time of day 1 completed time of day 1"
expect_eq "of a to b, and of b to c" \
	"$(json '[.migrations[] | .source.process, .destination.process] | join(" ")')" \
	"0 1 1 2"
expect_eq "their stages" "$(json '.migrations[] | [.source.stages[].state] | join(" ")' |
	sed 's/ device / /' | paste -sd,)" "setup active completed,setup active completed"
expect_eq "they converged" "$(json '[.migrations[].source.why.verdict] | unique[]')" \
	converged
as_qemu_says 0 a
down_as_the_guest_says 0 a b
"$vmsync" migration "$t/a" "$t/b" "$t/c" > "$t/said"
expect "it fits 80 columns" awk 'length > 80 { print; exit 1 }' "$t/said"
expect_eq "it says so of both" "$(grep -c ': completed after' "$t/said")" 2

[ -z "$machines_there" ] || machines_end_well

# QMP alone tells when it stopped and ran, and how many rounds there were.
for who in a b; do
	expect "QMP alone: $who" "$vmsync" import qemu-log -o "$t/$who.qmp" \
		--qmp="$t/$who.jsonl"
done
"$vmsync" migration --json "$t/a.qmp" "$t/b.qmp" > "$t/qmp.json"
expect_eq "... says the same" \
	"$(jq -r '.migrations[0] | "\(.result) \(.source.qmp_passes)"' "$t/qmp.json")" \
	"completed $(json '.migrations[0].source.qmp_passes')"
expect_eq "... and when it was down" "$(jq -r '.migrations[0].downtime_ns' "$t/qmp.json")" \
	"$(($(qmp_stamp b RESUME) - $(qmp_stamp a STOP)))"

# Whoever asks before QEMU has made its figures of time is answered 0: it tells none.
jq -c 'if .return | type == "object" and .status == "completed" then
	.return |= (.["total-time"] = 0 | .downtime = 0) else . end' "$t/a.jsonl" > "$t/early.jsonl"
expect "asked early: import" "$vmsync" import qemu-log -o "$t/early" --qmp="$t/early.jsonl" "$t/a.log"
"$vmsync" migration --json "$t/early" "$t/b" > "$t/early.json"
expect_eq "... no times are told" "$(jq -c '.migrations[0].source.query_migrate |
	[.status, .total_time_ms, .downtime_ms]' "$t/early.json")" '["completed",null,null]'
expect_eq "... as its schema says" "$(against migration "$t/early.json")" "[]"
"$vmsync" migration "$t/early" "$t/b" "$t/c" > "$t/early.said"
expect_eq "... QEMU has its own figure once it has made it" \
	"$(grep -c "QEMU's own figure" "$t/said" "$t/early.said" | cut -d : -f 2 | xargs)" "2 1"

# ----------------------------------------------------- it does not, and is cancelled
start d large
start e large -incoming "unix:$t/e.sock"
limits d 33554432 10
sleep 0.3
go d e && until_state d 'completed|failed' 4
qmp d migrate_cancel && until_state d 'cancelled|completed|failed'
stop d
# It ends by itself, where it has not yet.
wait "${pid[e]}"
for who in d e; do
	import "$who" --events="$declared"
done
"$vmsync" migration --json "$t/d" "$t/e" > "$t/json"
expect_eq "cancelled: it says so, and why" \
	"$(json '.migrations[0] | .result, .downtime_ns, .source.stop_ns')" \
	"$(printf 'cancelled\nnull\nnull')"
expect_eq "cancelled: it did not converge" \
	"$(json '.migrations[0].source.why | .verdict == "too much was left" or
		.verdict == "dirtied faster than sent"')" true
# The guest's 32 MiB, and what little the firmware left there.
expect_eq "cancelled: each round left what the guest dirties" "$(json \
	'[.migrations[0].source.rounds[1:][].left_bytes | . >= 33554432 and . < 36000000] |
		all')" true
# Once it is cancelled query-migrate tells of no rounds, and before it may be asked before
# the last one. QMP's events are of all.
expect_eq "cancelled: rounds are QEMU's" \
	"$(json '.migrations[0].source.rounds | length')" \
	"$(json '.migrations[0].source.qmp_passes')"
expect "cancelled: query-migrate had no more" test \
	"$(json '.migrations[0].source.query_migrate.dirty_sync_count')" -le \
	"$(json '.migrations[0].source.rounds | length')"
"$vmsync" migration "$t/d" "$t/e" > "$t/said"
expect "cancelled: it says what to do" grep -q 'downtime-limit of [0-9]* ms' "$t/said"
expect "cancelled: and that the source ran on" grep -q 'the source ran on' "$t/said"

# ------------------------------------------------------------ its destination is gone
start f large
start g large -incoming "unix:$t/g.sock"
limits f 33554432 10
go f g && until_state f active
sleep 0.5
kill -9 "${pid[g]}"
wait "${pid[g]}" 2> "$check_out"
until_state f failed
expect_eq "failed: the guest runs on" \
	"$(qmp f query-status && jq -r .return.status "$t/answer")" running
stop f
for who in f g; do
	# The last line of the one that was killed may be cut.
	"$vmsync" import qemu-log -o "$t/$who" "$t/$who.log" > "$check_out" 2>&1
done
"$vmsync" migration --json "$t/f" "$t/g" > "$t/json"
expect_eq "failed: it says so" "$(json '.migrations[0] | .result, .downtime_ns,
	.source.stop_ns, .destination.result')" "$(printf 'failed\nnull\nnull\nopen')"
expect_eq "failed: after the last state that was" \
	"$(json '.migrations[0].source.stages | map(.state) | join(" ")')" \
	"setup active failed"

# ------------------------------------------ nobody is there: it fails before it begins
start h slow
go h nobody && until_state h failed
stop h
"$vmsync" import qemu-log -o "$t/h" --qmp="$t/h.jsonl" "$t/h.log" > "$check_out"
"$vmsync" migration --json "$t/h" > "$t/json"
expect_eq "nobody there: it says so" "$(json '.migrations[0] | .result,
	.source.stages[-1].state, .source.why.verdict, (.source.rounds | length)' |
	paste -sd,)" "failed,failed,unknown,0"

# --------------------------------------- cancelled when it was stopped: it goes on there

start i slow
start j slow -incoming "unix:$t/j.sock"
capability pause-before-switchover i
limits i 67108864 2000
go i j && until_state i pre-switchover
sleep 0.2
qmp i migrate_cancel && until_state i cancelled
expect_eq "rollback: the guest runs where it was" \
	"$(qmp i query-status && jq -r .return.status "$t/answer")" running
ran=$(now_ns)
stop i
wait "${pid[j]}"
for who in i j; do
	import "$who" --events="$declared"
done
"$vmsync" migration --json "$t/i" "$t/j" > "$t/json"
expect_eq "rollback: it is cancelled, and nobody is down" "$(json '.migrations[0] |
	.result, .downtime_ns, (.source.stages | map(.state) | join(" "))' | paste -sd, |
	sed 's/ device / /')" "cancelled,null,setup active pre-switchover cancelling cancelled"
expect_eq "rollback: for so long it was stopped" "$(json '.migrations[0].source.paused_ns')" \
	"$(($(stamp i 'runstate_set .*\(running\)$' last) - \
		$(stamp i 'runstate_set .*\(finish-migrate\)$')))"
within "rollback: by QMP" $(($(qmp_stamp i RESUME) - $(qmp_stamp i STOP))) \
	"$(json '.migrations[0].source.paused_ns')" $((ran - $(cat "$t/i.told")))
"$vmsync" migration "$t/i" "$t/j" > "$t/said"
expect "rollback: it is said" grep -q 'the guest went on where it was, after' "$t/said"

# ------------------------------------------------------- the guest before its memory
start k large
start l large -incoming "unix:$t/l.sock"
if grep -q __x64_sys_userfaultfd /proc/kallsyms && capability postcopy-ram k l; then
	limits k 33554432 10
	sleep 0.3
	go k l && until_state k 'completed|failed' 2
	qmp k migrate-start-postcopy && until_state k completed
	sleep 0.3
	stop k l
	for who in k l; do
		import "$who" --events="$declared"
	done
	"$vmsync" migration --json "$t/k" "$t/l" > "$t/json"
	first=$(sed -nE 's/.*"first_event_ns":([0-9]+).*/\1/p' "$t/json")
	expect_eq "post-copy: it says so" "$(json '.migrations[0] | .result,
		.source.why.verdict, .source.postcopy' | paste -sd,)" "completed,postcopy,true"
	expect_eq "post-copy: rounds are QEMU's" \
		"$(json '.migrations[0].source.rounds | length')" \
		"$(json '.migrations[0].source.query_migrate.dirty_sync_count')"
	down_as_the_guest_says 0 k l
	expect "post-copy: it is over before all memory is there" test \
		"$(told 0 destination run_ns)" -lt "$(told 0 source end_ns)"
else
	skip "post-copy: no userfaultfd here"
	stop k l
fi

finish
