#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Live migrations from one QEMU to another, for real: one that converges, and the same
# machine moved on once more; one that does not, and is cancelled; one whose
# destination is killed. Events are switched on while QEMU runs, and what vmsync says of
# them has to be what QEMU, and the guest, say.
. tests/check/lib.sh

if ! command -v qemu-system-x86_64 > /dev/null; then
	skip "migrations: no qemu-system-x86 here"
	finish
fi
expect "the tool builds" make -s -j2 tool
vmsync=build/vmsync
declared=/usr/share/qemu/trace-events-all
t=$check_tmp/t
mkdir "$t"
read -ra cc <<< "${CC:-cc}"

# The trap of lib.sh, and QEMUs of ours that are still there.
pids=()
# shellcheck disable=SC2317 # the trap calls it
leave() {
	[ ${#pids[@]} -eq 0 ] || kill -9 "${pids[@]}" 2> /dev/null
	rm -rf --one-file-system "$check_tmp"
}
trap leave EXIT

# guest NAME PAGES SPIN EVERY
guest() {
	expect "guest $1 builds" "${cc[@]}" -m32 -nostdlib -static -no-pie \
		-Wl,--build-id=none,-N,-Ttext=0x100000,--no-warn-rwx-segments \
		-DPAGES="$2" -DSPIN="$3" -DEVERY="$4" -o "$t/$1.elf" tests/migration/dirty.S
}

# qmp WHO COMMAND [ARGUMENTS]: a command, and all that comes up to its answer
declare -A to from pid
qmp() {
	local line
	printf '{"execute":"%s"%s}\n' "$2" "${3:+,\"arguments\":$3}" >&"${to[$1]}"
	while IFS= read -r -t 30 line <&"${from[$1]}"; do
		printf '%s\n' "$line" >> "$t/$1.jsonl"
		case $line in
		'{"return"'*) printf '%s\n' "$line" > "$t/answer"; return ;;
		'{"error"'*) fail "QMP, $1, $2: $line"; return 1 ;;
		esac
	done
	fail "QMP, $1, $2: no answer"
	return 1
}
monitor() { qmp "$1" human-monitor-command "{\"command-line\":\"$2\"}"; }

# start WHO GUEST [OPTION]...: a QEMU, with the events of migrations switched on later
start() {
	local who=$1 guest=$2 in out pattern
	shift 2
	mkfifo "$t/$who.in" "$t/$who.out"
	nice -n 5 qemu-system-x86_64 -M pc -m 64 -accel tcg -nodefaults \
		-display none -serial null -kernel "$t/$guest.elf" \
		-msg timestamp=on -qmp stdio "$@" < "$t/$who.in" \
		> "$t/$who.out" 2> "$t/$who.stderr" &
	pid[$who]=$!
	pids+=("${pid[$who]}")
	exec {in}> "$t/$who.in" {out}< "$t/$who.out"
	to[$who]=$in from[$who]=$out
	qmp "$who" qmp_capabilities &&
		qmp "$who" migrate-set-capabilities \
			'{"capabilities":[{"capability":"events","state":true}]}' ||
		return
	for pattern in 'migrat*' 'savevm_state_*' 'loadvm_state_*' runstate_set \
		vm_state_notify serial_write; do
		qmp "$who" trace-event-set-state \
			"{\"name\":\"$pattern\",\"enable\":true}"
	done
	monitor "$who" "logfile $t/$who.log"
	monitor "$who" "log trace"
}

# state WHO: of its migration, by query-migrate
state() {
	qmp "$1" query-migrate && jq -r '.return.status // "none"' "$t/answer"
}

# until_state WHO PATTERN [ROUNDS]: it is one of these, or has so many rounds
until_state() {
	local is _
	for _ in $(seq 150); do
		is=$(state "$1")
		[[ ! $is =~ ^($2)$ ]] || return 0
		if [ -n "${3:-}" ] && jq -e ".return.ram.\"dirty-sync-count\" >= $3" \
			"$t/answer" > "$check_out"; then
			return 0
		fi
		sleep 0.2
	done
	fail "migration of $1: '$is', never $2"
	return 1
}

# limits WHO BANDWIDTH DOWNTIME-MS
limits() {
	qmp "$1" migrate-set-parameters \
		"{\"max-bandwidth\":$2,\"downtime-limit\":$3}"
}

# go FROM TO: begin
go() {
	now_ns > "$t/$1.told"
	qmp "$1" migrate "{\"uri\":\"unix:$t/$2.sock\"}"
}

now_ns() { echo "$(tr -d . <<< "$EPOCHREALTIME")000"; }

stop() {
	local who in out
	for who in "$@"; do
		# What came after the last answer.
		qmp "$who" query-status
		qmp "$who" quit
		wait "${pid[$who]}"
		in=${to[$who]} out=${from[$who]}
		exec {in}>&- {out}<&-
	done
}

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

# stamp WHO PATTERN [WHICH]: time of day of a line of the log, ns: the first or last one
stamp() {
	sed -nE "s/^[0-9]+@([0-9]+)\.([0-9]+):$2.*/\1\2000/p" "$t/$1.log" |
		if [ "${3:-first}" = last ]; then tail -n 1; else head -n 1; fi
}

json() { jq -r "$1" "$t/json"; }

# told N SIDE KEY: a time of migration N, as time of day
told() {
	echo $(($(json ".migrations[$1].$2.$3") + first))
}

# within TEXT LEAST VALUE MOST
within() {
	if [ "$2" -le "$3" ] && [ "$3" -le "$4" ]; then
		pass "$1: $2 <= $3 <= $4"
	else
		fail "$1: not $2 <= $3 <= $4"
	fi
}

# as_qemu_says N SOURCE: figures of migration N are those of query-migrate. QEMU reads
# its clock before and after what it logs: its figures are between two spans, in whole ms.
as_qemu_says() {
	local n=$1 who=$2 answer=".migrations[$1].source.query_migrate" ms total own
	expect_eq "$who: rounds are QEMU's" \
		"$(json ".migrations[$n].source.rounds | length")" \
		"$(json "$answer.dirty_sync_count")"
	expect_eq "$who: and those that QMP told" \
		"$(json ".migrations[$n].source.qmp_passes")" \
		"$(json "$answer.dirty_sync_count")"
	ms=1000000
	total=$(($(told "$n" source end_ns) - $(told "$n" source begin_ns)))
	within "$who: the time in all" $((total - ms)) \
		"$(($(json "$answer.total_time_ms") * ms))" \
		$(($(stamp "$who" 'runstate_set .*postmigrate') - $(cat "$t/$who.told") + ms))
	own=$(($(told "$n" source end_ns) - $(told "$n" source stop_ns)))
	within "$who: QEMU's own figure of downtime" $((own - ms)) \
		"$(($(json "$answer.downtime_ms") * ms))" \
		$(($(stamp "$who" 'runstate_set .*postmigrate') - \
			$(stamp "$who" migration_thread_low_pending) + ms))
	# Every page was sent once, and once more whenever it was found dirty.
	if [ "$(json ".migrations[$n].source.dirty_pages")" = null ]; then
		skip "$who: a round ended within a ms of QEMU's second"
		return
	fi
	expect_eq "$who: dirty pages are those sent again" \
		"$(json ".migrations[$n].source.dirty_pages")" \
		"$(json "$answer | .normal_pages + .duplicate_pages - $pages")"
}

# down_as_the_guest_says N SOURCE DESTINATION: it wrote to its serial port while it ran
down_as_the_guest_says() {
	local n=$1 src=$2 dst=$3 down stopped last first_ns
	down=$(json ".migrations[$n].downtime_ns")
	stopped=$(told "$n" source stopped_ns)
	last=$(stamp "$src" serial_write last)
	first_ns=$(stamp "$dst" serial_write)
	expect_eq "$src: the time from stop to run" "$down" \
		"$(($(stamp "$dst" 'runstate_set .*\(running\)$') - \
			$(stamp "$src" 'runstate_set .*\(finish-migrate\)$')))"
	within "$src: the guest's last sign of life" 0 "$last" "$stopped"
	within "$dst: and its first" "$(stamp "$dst" 'runstate_set .*\(running\)$')" \
		"$first_ns" "$(now_ns)"
	within "$src: it was down" 0 $((down - $(json \
		".migrations[$n].stopping_ns"))) $((first_ns - last))
	within "$src: by QMP" $(($(qmp_stamp "$dst" RESUME) - \
		$(qmp_stamp "$src" STOP))) "$down" $((first_ns - last + \
		$(json ".migrations[$n].stopping_ns")))
}

qmp_stamp() {
	jq -r "select(.event == \"$2\").timestamp | .seconds * 1000000 + .microseconds" \
		"$t/$1.jsonl" | sed 's/$/000/' | head -n 1
}

guest slow 2048 250000 16
guest large 8192 200 8192

# ------------------------------------------------------ it converges, and once more
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
first=$(sed -nE 's/.*"first_event_ns":([0-9]+).*/\1/p' "$t/json")
pages=$(jq -r '.return.ram?.total // empty | . / 4096' "$t/a.jsonl" | tail -n 1)
expect_eq "two migrations" \
	"$(json '[.migrations[] | .result, .clocks, .candidates] | join(" ")')" \
	"completed time of day 1 completed time of day 1"
expect_eq "of a to b, and of b to c" \
	"$(json '[.migrations[] | .source.process, .destination.process] | join(" ")')" \
	"0 1 1 2"
expect_eq "their stages" "$(json '.migrations[] | [.source.stages[].state] | join(" ")' |
	paste -sd,)" "setup active completed,setup active completed"
expect_eq "they converged" "$(json '[.migrations[].source.why.verdict] | unique[]')" \
	converged
as_qemu_says 0 a
down_as_the_guest_says 0 a b
"$vmsync" migration "$t/a" "$t/b" "$t/c" > "$t/said"
expect "it fits 80 columns" awk 'length > 80 { print; exit 1 }' "$t/said"
expect_eq "it says so of both" "$(grep -c ': completed after' "$t/said")" 2

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
expect_eq "cancelled: rounds are QEMU's" \
	"$(json '.migrations[0].source.rounds | length')" \
	"$(json '.migrations[0].source.query_migrate.dirty_sync_count')"
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

finish
