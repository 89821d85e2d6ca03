#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Live migrations from one QEMU to another, for real: one that converges, and the same
# machine moved on once more; one that does not, and is cancelled; one whose
# destination is killed. Events are switched on while QEMU runs, and what vmsync says of
# them has to be what QEMU, and the guest, say.
#
#   QEMU		another one than qemu-system-x86_64
#   QEMU_EVENTS	its list of events
. tests/check/lib.sh
. tests/check/machines.sh

qemu=${QEMU:-qemu-system-x86_64}
if ! command -v "$qemu" > /dev/null; then
	skip "migrations: no qemu-system-x86 here"
	finish
fi
expect "the tool builds" make -s -j2 tool
expect "and with the sanitizers" make -s -j2 VARIANT=asan tool
vmsync=build/vmsync
declared=${QEMU_EVENTS:-/usr/share/qemu/trace-events-all}
t=$check_tmp/t
mkdir "$t"
read -ra cc <<< "${CC:-cc}"

# The trap of lib.sh, and QEMUs of ours that are still there.
pids=()
# shellcheck disable=SC2317 # the trap calls it
leave() {
	[ ${#pids[@]} -eq 0 ] || kill -9 "${pids[@]}" 2> /dev/null
	machines_end
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
	nice -n 5 "$qemu" -M pc -m 64 -accel tcg -nodefaults \
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

# against FILE [CHANGE]: what of it contradicts the schema that is published
against() {
	jq "${2:-.}" "$1" | jq -c --slurpfile schema Documentation/migration.schema.json \
		-f tests/check/schema.jq
}

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
	local n=$1 who=$2 answer=".migrations[$1].source.query_migrate" ms own
	expect_eq "$who: rounds are QEMU's" \
		"$(json ".migrations[$n].source.rounds | length")" \
		"$(json "$answer.dirty_sync_count")"
	expect_eq "$who: and those that QMP told" \
		"$(json ".migrations[$n].source.qmp_passes")" \
		"$(json "$answer.dirty_sync_count")"
	ms=1000000
	# It reads its clock for the first time after it said that it begins.
	within "$who: the time in all" $(($(told "$n" source end_ns) - \
		$(stamp "$who" savevm_state_setup) - ms)) \
		"$(($(json "$answer.total_time_ms") * ms))" \
		$(($(stamp "$who" 'runstate_set .*postmigrate') - $(cat "$t/$who.told") + ms))
	own=$(($(told "$n" source end_ns) - $(told "$n" source stop_ns)))
	within "$who: QEMU's own figure of downtime" $((own - ms)) \
		"$(($(json "$answer.downtime_ms") * ms))" \
		$(($(stamp "$who" 'runstate_set .*postmigrate') - \
			$(stamp "$who" migration_thread_low_pending) + ms))
	# Every page was sent once, and once more whenever it was found dirty.
	# A round that ended within a ms of QEMU's second does not tell how many it found,
	# and the sum is null then: it is one of two for each such round.
	expect_eq "$who: dirty pages are null where a round's are" \
		"$(json ".migrations[$n].source | .dirty_pages == null")" \
		"$(json ".migrations[$n].source | any(.rounds[]; .dirty_pages == null)")"
	expect "$who: dirty pages are those sent again" test true = "$(json "
		($answer | .normal_pages + .duplicate_pages - $pages) as \$again |
		.migrations[$n].source.rounds | . as \$all |
		[foreach range(length) as \$i (null; \$all[\$i]; [.dirty_pages //
			(.printed_pages, .printed_pages -
			(if \$i > 0 then \$all[\$i - 1].printed_pages else 0 end))])] |
		[combinations | add] | any(. == \$again)")"
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

# --- two machines, each with a clock and a session daemon, that exchange messages

# machine_does NAME COMMAND: run it there, to its end
machine_does() {
	run_in "$1" "sh -c '$2'"
	[ "$(result_of "$1")" = 0 ] || fail "$1: $2: $(tail -n 1 "$t/$1/err")"
}

machines_begin() {
	local name
	if ! command -v lttng-sessiond > "$check_out" || ! machines_can ||
		! "${cc[@]}" -O1 -Itests/gen -o "$t/ust-peer" tests/gen/ust-peer.c \
			-llttng-ust -ldl 2> "$check_out"; then
		skip "two machines: no time namespaces, lttng-tools or liblttng-ust-dev"
		return 1
	fi
	mkfifo "$t/there" "$t/back"
	machine first 1000 sleep 100000
	machine second 50000 sleep 100000
	for name in first second; do
		machine_does $name "lttng create s --output=$t/$name/trace &&
			lttng enable-channel -u ch --subbuf-size=64k --num-subbuf=16 &&
			lttng enable-event -u -c ch \"peer:*\" && lttng start"
	done
	run_in first "$t/ust-peer first $t/back $t/there 500 $t/first.log"
	run_in second "$t/ust-peer second $t/there $t/back 500 $t/second.log"
}

# marks NAME: how many lines are between the two tracepoints around them, by the clock
# of the trace: not before the first one, but for the microsecond, nor after the second
marks() {
	{
		babeltrace2 --clock-cycles --no-delta "$t/$1/trace" |
			sed -nE 's/^\[0*([0-9]+)\].* peer:mark: .*count = ([0-9]+).*/\2 \1/p'
		babeltrace2 --clock-cycles --no-delta "$t/$1.lines" |
			sed -nE 's/^\[0*([0-9]+)\].*new_state = "s([0-9]+)".*/line \2 \1/p'
	} | awk '$1 == "line" { at[$2] = $3; next }
		{ mark[$1] = $2 }
		END {
			for (i in at)
				n += mark[2 * i] <= at[i] + 1000 && at[i] <= mark[2 * i + 1]
			print n + 0
		}'
}

# machines_end_well: the migration from a to b, as if each had been on one of them
machines_end_well() {
	local name said down
	for name in first second; do
		[ "$(result_of $name)" = 0 ] || fail "$name: $(cat "$t/$name/err")"
	done
	for name in first second; do
		machine_does $name "lttng destroy"
		expect "$name: lines of a program" "$vmsync" import qemu-log \
			-o "$t/$name.lines" --clock="$t/$name/trace" "$t/$name.log"
		expect_eq "$name: each is between its tracepoints, to the us" \
			"$(marks $name)" 500
	done
	mkdir "$t/one" "$t/two"
	mv "$t/first/trace" "$t/one/ust"
	mv "$t/second/trace" "$t/two/ust"
	expect "source on the first" "$vmsync" import qemu-log -o "$t/one/qemu" \
		--clock="$t/one/ust" "$t/a.log"
	expect "destination on the second" "$vmsync" import qemu-log -o "$t/two/qemu" \
		--clock="$t/two/ust" "$t/b.log"
	"$vmsync" migration --json "$t/one" "$t/two" > "$t/apart.json"
	expect_eq "two clocks: downtime is not known" "$(jq -r \
		'.migrations[0] | .clocks, .downtime_ns' "$t/apart.json" | xargs)" "two null"
	said=cause=peer:sent,effect=peer:got,key=from,count
	"$vmsync" sync --json --match=$said "$t/one" "$t/two" > "$t/sync.json"
	# Events before the first message are known less well, which is told.
	"$vmsync" fuse --match=$said -o "$t/fused" "$t/one" "$t/two" > "$check_out" 2>&1
	"$vmsync" migration --json "$t/fused" > "$t/fused.json"
	down=$(jq -r '.migrations[0].downtime_ns' "$t/fused.json")
	said=$(jq -r '.guests[0].bound_worst_ns // empty | floor' "$t/sync.json")
	expect "one clock by messages: less than 10 ms" test "${said:-10000000}" -lt 10000000
	said=${said:-0}
	within "one clock by messages, known to $said ns: downtime" \
		$(($(json '.migrations[0].downtime_ns') - said - 4000)) "$down" \
		$(($(json '.migrations[0].downtime_ns') + said + 4000))
}

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
expect_eq "the schema" "$(against "$t/json")" "[]"
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

# capability NAME WHO...: it is switched on, if QEMU can
capability() {
	local name=$1 who
	shift
	for who in "$@"; do
		qmp "$who" migrate-set-capabilities \
			"{\"capabilities\":[{\"capability\":\"$name\",\"state\":true}]}" ||
			return
	done
}

start i slow
start j slow -incoming "unix:$t/j.sock"
capability pause-before-switchover i
limits i 67108864 2000
go i j && until_state i pre-switchover
sleep 0.2
qmp i migrate_cancel && until_state i cancelled
expect_eq "rollback: the guest runs where it was" \
	"$(qmp i query-status && jq -r .return.status "$t/answer")" running
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
	"$(json '.migrations[0].source.paused_ns')" 600000000000
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

# ------------------------------------------------------------------- recorded ones

# The same figures, whatever else is named: name, result, down ns, rounds, dirty pages,
# slowed down, pages waited for, states, verdict.
mkdir "$t/recorded"
tar -xJf tests/data/migration.tar.xz -C "$t/recorded"
for log in "$t"/recorded/*.log; do
	name=${log%.log}
	qmp=()
	[ ! -e "$name.jsonl" ] || qmp=(--qmp="$name.jsonl")
	"$vmsync" import qemu-log -o "$name" "${qmp[@]}" "$log" > "$check_out" ||
		fail "import of ${log##*/}"
done
"$vmsync" migration --json "$t/recorded" > "$t/json"
expect_eq "recorded: exit status" $? 0
while IFS='|' read -r name wanted; do
	# shellcheck disable=SC2016 # of jq
	figures='(.source.process as $p | $from.processes[$p].trace | sub(".*/"; "") |
		sub("-src"; "")) as $name | select($name == $wanted) |
		[.result, .downtime_ns, (.source.rounds | length), .source.dirty_pages,
		.source.throttles, .destination.postcopy_faults,
		([.source.stages[].state] | join(",")), .source.why.verdict] |
		map(tostring) | join(" ")'
	# shellcheck disable=SC2016 # of jq
	expect_eq "recorded: $name" "$(jq -r --arg wanted "$name" \
		'. as $from | .migrations[] | '"$figures" "$t/json")" "$wanted"
done << 'END'
converge|completed 555961000 4 2811 0 0 setup,active,completed converged
cancel|cancelled null 2 16385 0 0 setup,active,cancelling,cancelled ended too soon
fail|failed null 2 16385 0 0 setup,active,failed ended too soon
autoconverge|completed 70656000 95 null 31 0 setup,active,completed converged
postcopy|completed 134500000 2 16385 0 77 setup,active,postcopy-active,completed postcopy
libvirt|completed 118843000 4 72 0 0 setup,active,pre-switchover,device,completed converged
qemu10|completed 3402000 3 104 0 0 setup,active,device,completed converged
busy10|cancelled null 4 24576 0 0 setup,active,cancelling,cancelled too much was left
busy|cancelled null 106 1717766 0 0 setup,active,cancelling,cancelled too much was left
END
expect_eq "recorded: the schema" "$(against "$t/json")" "[]"
for change in '.schema = 2' 'del(.first_event_ns)' '.new = 1' \
	'.migrations[0].source.rounds[0].dirty_pages = "1"' '.migrations[0].source.role = "x"'; do
	expect "schema: not after $change" test "$(against "$t/json" "$change")" != "[]"
done
expect_eq "recorded: rounds are QEMU's" "$(json '[.migrations[].source |
	select(.query_migrate) | .query_migrate.dirty_sync_count == (.rounds | length)] |
	all')" true

# --------------------------------------------------------------- which one is whose

mkdir "$t/sides" "$t/logs"
# side NAME ROLE BEGIN [VM]: the log of a side that begins so many ms after a second
side() {
	local name=$1 role=$2 at=$3
	shift 3
	if [ "$role" = source ]; then
		cat <<- END
			7@1750000000.${at}001:migrate_set_state new state setup
			7@1750000000.${at}002:savevm_state_setup 
			7@1750000000.${at}003:migrate_set_state new state active
			7@1750000001.500000:runstate_set current_run_state 9 (running) new_state 7 (finish-migrate)
			7@1750000001.600000:migrate_set_state new state completed
		END
	else
		cat <<- END
			8@1750000000.${at}004:migration_socket_incoming_accepted 
			8@1750000000.${at}005:migrate_set_state new state active
			8@1750000001.6${at}00:runstate_set current_run_state 1 (inmigrate) new_state 9 (running)
			8@1750000001.700000:migrate_set_state new state completed
		END
	fi > "$t/logs/$name.log"
	rm -rf "${t:?}/sides/$name"
	expect "$name: import" "$vmsync" import qemu-log -o "$t/sides/$name" \
		"${@/#/--vm=}" "$t/logs/$name.log"
}
# paired TEXT WANTED: for each migration its candidates, and the name of its destination
paired() {
	"$vmsync" migration --json "$t/sides" > "$t/json"
	# shellcheck disable=SC2016 # of jq
	expect_eq "$1" "$(json '. as $all | .migrations[] | [(.candidates | tostring),
		(.destination | if . then $all.processes[.process].name else "none" end)] |
		join(" ")' | paste -sd,)" "$2"
}
side a source 500
side b destination 100
side c destination 510
paired "the destination that began when the source did" "1 c.log,0 b.log"
side b destination 512
paired "two that did: neither is taken" "2 none,0 c.log,0 b.log"
side a source 500 web
side b destination 512 web
side c destination 510 db
paired "two of which one has the name" "1 web,0 db"
side d source 505 db
paired "two at once, by their names" "1 web,1 db"

# ------------------------------------------------------------- and when it really ran

# What the host's trace knows of a move, to the ns; the logs know it to what QEMU does.
expect "a simulator" make -s build/release/tests/recorded
printf '%s\n' 'seconds = 5' 'guest.clock = kvmclock' 'beacon.hz = 50' 'exits.hz = 300' \
	'move = 2:0.1' > "$t/move.sim"
build/release/tests/recorded "$t/moved" "$t/move.sim" 1
"$vmsync" sync --json "$t/moved" > "$t/sync.json"
read -r left arrived <<< "$(jq -r '.guests[0].moves[0] | "\(.left_ns) \(.arrived_ns)"' \
	"$t/sync.json")"
offset=$(sed -nE 's/^\s*offset = ([0-9]+);/\1/p' "$t/moved/host/metadata")
# line TID NS TEXT
line() { printf '%s@%s.%06d:%s\n' "$1" $(($2 / 1000000000)) $(($2 % 1000000000 / 1000)) "$3"; }
left=$((left + offset)) arrived=$((arrived + offset))
{
	line 1000 $((left - 600000000)) 'migrate_set_state new state setup'
	line 1001 $((left - 590000000)) 'savevm_state_setup '
	line 1001 $((left - 50000)) 'runstate_set current_run_state 9 (running) new_state 7 (finish-migrate)'
	line 1001 $((left + 90000000)) 'migrate_set_state new state completed'
} > "$t/move-src.log"
{
	line 6000 $((left - 590000000)) 'loadvm_state_setup '
	line 6000 $((arrived - 40000)) 'runstate_set current_run_state 1 (inmigrate) new_state 9 (running)'
	line 6000 $((arrived - 30000)) 'migrate_set_state new state completed'
} > "$t/move-dst.log"
for name in src dst; do
	expect "moved: $name" "$vmsync" import qemu-log -o "$t/moved/$name" \
		--clock="$t/moved/host" "$t/move-$name.log"
done
"$vmsync" migration --json "$t/moved" > "$t/json"
expect_eq "moved: by KVM, what sync says" "$(json '.migrations[0].guest_down_ns')" \
	"$(jq '.guests[0].moves[0].downtime_ns' "$t/sync.json")"
within "moved: by QEMU, to the us" $((arrived - left + 10000 - 1000)) \
	"$(json '.migrations[0].downtime_ns')" $((arrived - left + 10000 + 1000))

# -------------------------------------------- which threads of the guest ran meanwhile

# A host and two guests, made up, the second of which is migrated, so its process says.
expect "a host and guests" make -s build/release/tests/contend
build/release/tests/contend "$t/shared" > "$check_out"
cp -r "$t/shared" "$t/alone"
cat > "$t/vm1.log" << 'END'
600@1750000077.020000:migrate_set_state new state setup
600@1750000077.020100:migration_set_outgoing_channel ioc=0x1 ioctype=x hostname=x err=(nil)
650@1750000077.030000:migrate_set_state new state active
650@1750000077.100000:runstate_set current_run_state 9 (running) new_state 7 (finish-migrate)
650@1750000077.110000:migrate_set_state new state completed
END
expect "its log, on the host's clock" "$vmsync" import qemu-log -o "$t/shared/qemu" \
	--clock="$t/shared/host" "$t/vm1.log"
"$vmsync" migration --json "$t/shared" | jq -c '.migrations[].guest_threads[]' > "$t/threads"
"$vmsync" analyze --json --since=0.02 --until=0.1 "$t/alone" |
	jq -c '[.threads[] | select(.thread.machine == 2 and .states_ns.guest > 0) |
		{name: .thread.name, tid: .thread.tid, ran_ns: .states_ns.guest}] |
		sort_by(-.ran_ns)[]' > "$t/wanted"
expect "three threads ran" test "$(wc -l < "$t/wanted")" = 3
"$vmsync" migration --json "$t/shared" > "$t/json"
expect_eq "with threads: the schema" "$(against "$t/json")" "[]"
expect "they are those that analyze finds, to the ns" cmp "$t/threads" "$t/wanted"
expect_eq "to analyze the log changes nothing" \
	"$("$vmsync" analyze "$t/shared" | cksum)" "$("$vmsync" analyze "$t/alone" | cksum)"
expect "fused, with the log" "$vmsync" fuse -o "$t/shared.fused" "$t/shared"
"$vmsync" migration --json "$t/shared.fused" | jq -c '.migrations[].guest_threads[]' \
	> "$t/threads"
expect "the same, fused" cmp "$t/threads" "$t/wanted"
"$vmsync" migration "$t/shared" > "$t/said"
expect "no name does harm" sh -c "! LC_ALL=C grep -q '[^ -~]' '$t/said'"

# ---------------------------------------------------------------------- bad input
vmsync=$PWD/build/asan/vmsync
bad=$t/bad
mkdir "$bad"
# A trace of a machine whose clock began after all of this.
expect "another trace" make -s build/release/tests/pair
build/release/tests/pair "$t/pair" events=100 > "$check_out"
cp -r "$t/pair/host" "$t/late"
sed -i -E 's/^(\s*offset = )[0-9-]+;/\13000000000000000000;/' "$t/late/metadata"
log=$t/recorded/converge-src.log

# bad_log NAME EXIT PATTERN: what import says of $bad/NAME, and that migration can read
# what it wrote
bad_log() {
	local status
	"$vmsync" import qemu-log -o "$bad/$1.out" "$bad/$1" > "$t/said" 2> "$t/err"
	status=$?
	expect_eq "$1: import's exit status" "$status" "$2"
	expect "$1: it says so" grep -qE "$3" "$t/said" "$t/err"
	if [ "$status" = 2 ]; then
		expect "$1: nothing is left" test ! -e "$bad/$1.out"
		return
	fi
	"$vmsync" migration "$bad/$1.out" > "$t/said" 2> "$t/err"
	status=$?
	expect "$1: and migration" test "$status" -le 1 -a ! -s "$t/err"
	expect "$1: no control character is printed" \
		sh -c "! LC_ALL=C grep -q '[^ -~]' '$t/said'"
	"$vmsync" migration --json "$bad/$1.out" > "$bad/$1.json"
	expect_eq "$1: as JSON, too" "$(against "$bad/$1.json")" "[]"
}

: > "$bad/empty"
bad_log empty 2 'no event of QEMU'
sed 's/^[0-9]*@[0-9.]*://' "$log" > "$bad/timeless"
bad_log timeless 2 'msg timestamp=on'
head -c 9000 "$log" > "$bad/cut"
bad_log cut 0 'the last line has no end'
{
	cat "$log"
	printf '1@1795837540.000001:migrate_set_state new state \033[31m\xff\xe2\x80\xae"\\\n'
	printf '1@1795837540.000002:na\007me x\n1@1795837540.000003:a\000b c\n'
} > "$bad/control"
bad_log control 0 ' [0-9]+ other lines'
cat > "$bad/numbers" << 'END'
1@1795973838.000001:migration_bitmap_sync_end dirty_pages 99999999999999999999999
1@1795973838.000002:migration_bitmap_sync_start 
1@1795973838.000003:migration_bitmap_sync_end dirty_pages 18446744073709551615
1@1795973838.000004:migrate_transferred transferred 18446744073709551615 time_spent 18446744073709551615 bandwidth 1 max_size -1
1@1795973838.000005:migrate_pending pending size 18446744073709551615 max 0 (pre = 0 compat=0 post=0)
1@1795973838.100003:migration_bitmap_sync_end dirty_pages 18446744073709551615
1@1795973838.200003:migration_bitmap_sync_end dirty_pages 0
4294967296@1.000001:a b
2147483647@4000000000.999999:migrate_set_state new state failed
99999999999@1.000001:x
1@99999999999.000001:x
1@1.0000001:x
END
bad_log numbers 0 '1 of them as text; 4 other lines'
sed -E '201,$s/^([0-9]+@1795)8/\14/' "$log" > "$bad/back"
bad_log back 1 'TIME WENT BACK by 39[0-9]{4}\.[0-9]* s before line 201:'
expect_eq "back: no figure of downtime" "$("$vmsync" migration --json "$bad/back.out" |
	jq -r '.migrations[].downtime_bound_ns' | sort -u)" null
# An hour ahead: nothing goes back, but QEMU measured less.
sed '200,$s/@17958375/@17958411/' "$log" > "$bad/ahead"
bad_log ahead 0 'events of'
expect "ahead: it is said" grep -q 'THE TIME OF DAY WAS SET by 3600\.0.. s' "$t/said"
"$vmsync" migration "$bad/ahead.out" > "$check_out"
expect_eq "ahead: exit status" $? 1
"$vmsync" migration --json "$bad/ahead.out" "$t/recorded/converge-dst" > "$check_out"
expect_eq "ahead: no bound" "$(jq -r '[.migrations[].downtime_bound_ns] | unique[]' \
	"$check_out")" null
sort -s -t@ -k2,2 "$log" "$t/recorded/converge-dst.log" > "$bad/mixed"
bad_log mixed 0 'events of'
expect "mixed: two QEMUs are said" grep -q 'BOTH SOURCE AND DESTINATION' "$t/said"
"$vmsync" migration "$bad/mixed.out" > "$check_out"
expect_eq "mixed: exit status" $? 1
awk 'BEGIN { for (i = 0; i < 61000; i++) printf "1@1795973838.%06d:k%d x\n", i, i }' \
	> "$bad/kinds"
bad_log kinds 2 'more than 60000 kinds'
awk 'BEGIN { printf "1@1795973838.000001:migrate_set_state new state "
	for (i = 0; i < 70000; i++) printf "x"; print "" }' > "$bad/long"
bad_log long 2 'no event of QEMU'
{ printf '{"return": '; printf '{"ram": %.0s' {1..8000}; printf 1; printf '}%.0s' {0..8000}; } > "$t/deep"
expect_error "an answer within itself, 8000 times" "no event of QEMU" \
	"$vmsync" import qemu-log -o "$t/deep.out" --qmp="$t/deep"

# Bytes that chance has changed.
awk -v seed=1 'BEGIN { srand(seed); RS = "\001" }
	{ all = substr($0, 1, 16000) }
	END {
		for (i = 0; i < 40; i++) {
			s = all
			for (k = 0; k < 40; k++) {
				at = int(rand() * 15000) + 1
				c = substr("9@.: -\n)(\"%x", int(rand() * 12) + 1, 1)
				s = substr(s, 1, at - 1) c substr(s, at + 1)
			}
			file = sprintf("%s.%d", FILENAME, i)
			printf "%s\n", s > file
			close(file)
		}
	}' "$log"
strange=0
for changed in "$log".*; do
	"$vmsync" import qemu-log -o "$changed.out" "$changed" > "$t/said" 2> "$t/err"
	[ $? -le 1 ] || strange=$((strange + 1))
	"$vmsync" migration --json "$changed.out" > "$t/said" 2>> "$t/err"
	[ $? -le 1 ] || strange=$((strange + 1))
	jq -e . "$t/said" > "$check_out" || strange=$((strange + 1))
done
expect_eq "40 logs with bytes changed: all are read" $strange 0

expect_error "no log" "no log named" "$vmsync" import qemu-log -o "$t/x"
expect_error "not a source" "name what to read: qemu-log" "$vmsync" import -o "$t/x" y
expect_error "no output" "no output" "$vmsync" import qemu-log "$log"
expect_error "two logs" "one log at a time" "$vmsync" import qemu-log -o "$t/x" "$log" b
expect_error "no such log" "No such file" "$vmsync" import qemu-log -o "$t/x" "$t/none"
expect_error "there is one already" "exists already" \
	"$vmsync" import qemu-log -o "$t/recorded" "$log"
expect_error "no such clock" "No such file" \
	"$vmsync" import qemu-log -o "$t/x" --clock="$t/none" "$log"
expect_error "another machine's clock" "not of the time|no offset" \
	"$vmsync" import qemu-log -o "$t/x" --clock="$t/late" "$log"
expect_error "a trace of something else" "nothing that QEMU told" \
	"$vmsync" migration "$t/late"
cp -r "$t/recorded/cancel-src" "$t/beyond"
sed -i 's/offset_s = 0;/offset_s = 7000000000;/' "$t/beyond/metadata"
expect_error "a clock that begins beyond measure" "beyond measure" \
	"$vmsync" migration "$t/beyond"
expect_error "no trace" "no trace named" "$vmsync" migration
expect "nothing is left of them" test ! -e "$t/x"

finish
