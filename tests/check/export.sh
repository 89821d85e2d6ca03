#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What vmsync export writes says the same as vmsync analyze, figure by figure, in
# each format; and a file is there whole or not at all.
. tests/check/lib.sh

expect "the tool builds" make -s -j2 tool build/release/tests/contend \
	build/release/tests/carve
vmsync=build/vmsync
t=$check_tmp

build/release/tests/contend "$t/c" 600
$vmsync analyze --json "$t/c" > "$t/json"
expect_eq "analyze: exit status" $? 0
expect "there is something to tell" jq -e '
	([.vcpus[].states_ns | .preempted, .waking, .halted, .host_irq] | min > 0) and
	([.threads[].wakes.count] | max > 10)' "$t/json"

# Both as [[table, vCPU or thread, key, figures], ...]: sums and counts.
of_json() { # FILE
	jq -c '[
		(.vcpus[] | .number as $v |
			(.states_ns | to_entries[] | select(.value > 0) |
				["states", $v, .key, .value]),
			(.charges[] | ["charges", $v,
				"\(.by) \(.vcpu // "") \(.thread // {} | "\(.machine) \(.tid)")",
				.turns.count, .turns.total_ns]),
			(.exits[] | ["exits", $v, "\(.isa) \(.reason) \(.name)", .count,
				([.states_ns[]] | add)])),
		(.threads[] | select(.wakes.count > 0) | ["wakes", .thread.machine,
			.thread.tid, .wakes.count, .wakes.total_ns, .wake_ns.preempted])
	] | sort' "$1"
}
of_lines() { # FILE
	jq -cs '
		(map(select(.table == "threads") | {key: "\(.thread)",
			value: {machine, tid}}) | from_entries) as $threads |
		def thread: if . == null then {} else $threads["\(.)"] end;
		def sums(f): group_by(f) | map([.[0], length,
			(map(.until_ns - .from_ns) | add)]);
		def of(name): map(select(.table == name));
		[
			(of("states") | sums([.vcpu, .state])[] |
				["states", .[0].vcpu, .[0].state, .[2]]),
			(of("charges") | sums([.vcpu, .who, .who_thread, .who_vcpu])[] |
				["charges", .[0].vcpu,
				"\(.[0].who) \(.[0].who_vcpu // "") \(.[0].who_thread | thread |
					"\(.machine) \(.tid)")", .[1], .[2]]),
			(of("exits") | group_by([.vcpu, .isa, .reason])[] | ["exits", .[0].vcpu,
				"\(.[0].isa) \(.[0].reason) \(.[0].name)", length,
				(map([.guest_ns, .guest_idle_ns, .host_irq_ns, .hypervisor_ns,
				.polling_ns, .user_space_ns, .preempted_ns, .waking_ns,
				.halted_ns, .blocked_ns, .stopped_ns, .unknown_ns] | add) |
				add)]),
			(of("wakes") | group_by(.thread)[] | (.[0].thread | thread) as $w |
				["wakes", $w.machine, $w.tid, length,
				(map(.until_ns - .from_ns) | add), (map(.preempted_ns) | add)])
		] | sort' "$1"
}
same() { # TEXT OPTION...: lines say what --json says
	local text=$1
	shift
	rm -f "$t/lines"
	$vmsync analyze --json "$@" "$t/c" > "$t/part"
	expect "$text: written" $vmsync export jsonl -o "$t/lines" "$@" "$t/c"
	of_lines "$t/lines" > "$t/a"
	of_json "$t/part" > "$t/b"
	expect "$text: figures are those of --json" cmp "$t/a" "$t/b"
	expect "$text: there are some" test "$(jq length "$t/a")" -gt 10
}
same "jsonl"
same "jsonl, part of the time" --since=0.01 --until=0.0300001
cp "$t/lines" "$t/part.lines"
rm -f "$t/one"
expect "jsonl, one VM" $vmsync export jsonl -o "$t/one" --vm=vm1 "$t/c"
expect_eq "jsonl, one VM: its virtual CPU only" \
	"$(jq -c 'select(.table == "states").vcpu' "$t/one" | sort -u | wc -l)" 1
$vmsync analyze --json --vm=vm1 "$t/c" > "$t/part"
expect_eq "jsonl, one VM: its figures" \
	"$(of_lines "$t/one" | jq -c 'map(select(.[0] != "wakes"))')" \
	"$(of_json "$t/part" | jq -c 'map(select(.[0] != "wakes"))')"
expect_eq "jsonl, one thread or several: the same" \
	"$($vmsync export jsonl -j 1 -o - "$t/c" | cksum)" \
	"$($vmsync export jsonl -j 2 -o - "$t/c" | cksum)"
expect_eq "no row is outside the time that is asked for" "$(jq -cs '
	(map(select(.table == "machines"))[0]) as $m | map(select(.table == "states") |
	.from_ns < $m.from_ns or .until_ns > $m.until_ns or .from_ns >= .until_ns) | any' \
	"$t/part.lines")" false
expect_eq "states of a virtual CPU have no gaps" "$(jq -cs '
	map(select(.table == "states")) | group_by(.vcpu) | map([.[:-1], .[1:]] | transpose |
	map(.[0].until_ns == .[1].from_ns) | all) | all' "$t/part.lines")" true

# --- what fuse has put on the host's clock stays there
expect "fused" $vmsync fuse -o "$t/fused" "$t/c"
$vmsync export jsonl --table=events -o "$t/raw.lines" "$t/c"
$vmsync export jsonl --table=events -o "$t/fused.lines" "$t/fused"
expect "events: guests' are among them" grep -q '"machine":1,' "$t/raw.lines"
expect "events: the same of what is fused" cmp "$t/raw.lines" "$t/fused.lines"

# --- names are any bytes; each is one cell
rm -f "$t/lines"
$vmsync export jsonl -o "$t/lines" "$t/c"
expect_eq "names, jsonl" "$(jq -c 'select(.table == "threads" and .machine > 0).name' \
	"$t/lines" | LC_ALL=C sort | paste -sd' ')" \
	'"<script>alert(" "=1+1" "\"><img onerror" "\\xff\\x1b[2Jdb" "a,\"b\"" "swapper/0" "swapper/0" "worker"'
$vmsync export csv --table=threads -o "$t/threads.csv" "$t/c"
expect_eq "names, csv" "$(grep -c '^[0-9]*,2,1001,,"a,""b"""$' "$t/threads.csv")" 1

# --- csv has what the lines have
for table in states charges exits wakes machines vcpus threads; do
	$vmsync export csv --table=$table -o - "$t/c" | grep -v '"' > "$t/csv"
	jq -r "select(.table == \"$table\") | del(.table) | [.[]] | @csv" "$t/lines" |
		sed 's/"\([^",]\+\)"/\1/g' | grep -v '"' > "$t/rows"
	expect "csv: $table" cmp <(tail -n +2 "$t/csv") "$t/rows"
	expect_eq "csv: columns of $table" "$(head -n 1 "$t/csv")" \
		"$(jq -rs "map(select(.table == \"$table\"))[0] | del(.table) |
			keys_unsorted | join(\",\")" "$t/lines")"
done
expect "csv: without --table it is states" cmp \
	<($vmsync export csv -o - "$t/c") <($vmsync export csv --table=states -o - "$t/c")
expect "a host alone" $vmsync export jsonl -o "$t/alone" "$t/c/host"
expect_eq "a host alone: no wake-up" "$(grep -c '"table":"wakes"' "$t/alone")" 0

# --- SQLite: the lines are its rows, and its views say what --json says
rm -f "$t/db"
expect "sqlite: written" $vmsync export sqlite -o "$t/db" "$t/c"
expect_eq "sqlite: whole" "$(sqlite3 "$t/db" "pragma integrity_check")" ok
for table in states charges exits wakes machines vcpus threads; do
	expect "sqlite: $table" cmp <(sqlite3 -csv -header "$t/db" "select * from $table" |
		tr -d '\r' | sed 's/"CPU 0\/KVM"/CPU 0\/KVM/; s/"=1+1"/=1+1/') \
		<($vmsync export csv --table=$table -o - "$t/c" | tr -d '\r')
done
$vmsync analyze --json "$t/c" > "$t/part"
db() { sqlite3 -separator ' ' "$t/db" "$1" | sort; }
expect_eq "sqlite: states" "$(db "select vm, vcpu_id, state, ns from vcpu_states")" "$(jq -r '
	.vcpus[] | "\(.vm) \(.vcpu_id)" as $v | .states_ns | to_entries[] | select(.value > 0) |
	"\($v) \(.key) \(.value)"' "$t/part" | sort)"
expect_eq "sqlite: figures" "$(db "select vm, wanted_ns, got_ns, denied_ns, steal_ns,
	overhead_ns, not_wanted_ns from vcpu_figures")" "$(jq -r '.vcpus[] | "\(.vm) \(.figures |
	"\(.wanted_ns) \(.got_ns) \(.denied_ns) \(.steal_ns) \(.overhead_ns) \(.not_wanted_ns)"
	)"' "$t/part" | sort)"
expect_eq "sqlite: culprits" "$(db "select vm, who, who_machine, who_tid, turns, ns, longest_ns
	from culprits" | tr -s ' ')" "$(jq -r '.vcpus[] | .vm as $v | .charges[] |
	"\($v) \(.by) \(.thread // {} | "\(.machine // "") \(.tid // "")") \(.turns |
	"\(.count) \(.total_ns) \(.max_ns)")"' "$t/part" | tr -s ' ' | sort)"
expect_eq "sqlite: exits" "$(db "select vm, name, exits, ns, handling_ns from exit_reasons")" \
	"$(jq -r '.vcpus[] | .vm as $v | .exits[] | "\($v) \(.name) \(.count) \(
	[.states_ns[]] | add) \(.states_ns.hypervisor)"' "$t/part" | sort)"
expect_eq "sqlite: threads" "$(db "select vm, tid, state, ns from thread_states")" "$(jq -r '
	.threads[] | "vm\(.thread.machine - 1) \(.thread.tid)" as $t | .states_ns | to_entries[] |
	select(.value > 0) | "\($t) \(.key) \(.value)"' "$t/part" | sort)"
expect_eq "sqlite: wake-ups" "$(db "select vm, tid, count(*), sum(ns) from wake_ups
	group by 1, 2")" "$(jq -r '.threads[] | select(.wakes.count > 0) | "vm\(
	.thread.machine - 1) \(.thread.tid) \(.wakes.count) \(.wakes.total_ns)"' "$t/part" | sort)"
# Each query of the documentation is one.
awk '/^SQLite$/ { on = 1 } /^Parquet$/ { on = 0 } on && /^    / { print substr($0, 5) }' \
	Documentation/export.rst > "$t/queries"
expect "sqlite: the documented queries" test "$(grep -c ';$' "$t/queries")" -ge 10
$vmsync export sqlite --raw -o "$t/raw" "$t/c" 2> /dev/null
sqlite3 "$t/raw" < "$t/queries" > "$t/rows" 2> "$t/err"
expect_eq "sqlite: the documented queries work" "$? $(cat "$t/err")" "0 "

# --- Perfetto, read by its own trace processor
section() { # NUMBER: rows of a query, with blanks between columns
	awk -v n="$1" 'n == 1 && $0 != "" { print } $0 == "" { n-- }' "$t/rows" |
		tr '\t' ' ' | sort
}
whole="iif(s.dur < 0, trace_end() - s.ts, s.dur)"
perfetto_rows() { # TRACE
	node tests/perfetto/query.mjs build/perfetto "$1" \
		"select name, idx, value from stats
			where severity in ('error', 'data_loss') and value > 0" \
		"select t.tid, sum($whole) from sched s join thread t using (utid)
			where t.machine_id = 0 and t.name = 'CPU 0/KVM' group by 1" \
		"select t.tid, replace(s.name, ' ', '_'), sum(s.dur) from slice s
			join thread_track k on s.track_id = k.id join thread t using (utid)
			where k.type = 'thread_execution' and s.dur > 0 group by 1, 2" \
		"include perfetto module sched.latency;
			select t.tid, sum(latency_dur) from sched_latency_for_running_interval
			join thread t using (utid)
			where t.machine_id = 0 and t.name = 'CPU 0/KVM' group by 1" \
		"select k.name, replace(s.name, ' ', '_'), sum(s.dur) from slice s
			join track k on s.track_id = k.id join track g on k.parent_id = g.id
			where s.dur > 0 and g.name like '%: threads in real time' group by 1, 2" \
		"select t.machine_id, t.tid, sum($whole) from sched s
			join thread t using (utid) where t.machine_id > 0 group by 1, 2" \
		"select k.name, s.name, count(*), sum(s.dur) from slice s
			join track k on s.track_id = k.id where k.name like '%: exits' group by 1, 2" \
		"select k.name, sum(s.dur) from slice s join track k on s.track_id = k.id
			where k.name like '%: waits for' group by 1" \
		"select k.name, max(c.value) from counter c join track k on c.track_id = k.id
			where k.name like '%: steal' group by 1" \
		"select count(*), count(distinct trace_id) from flow" \
		"select p.pid, p.name, t.tid from thread t join process p using (upid)
			where t.name = 'CPU 0/KVM'" \
		"select a.name || '/' || b.name from flow f join slice a on f.slice_out = a.id
			join slice b on f.slice_in = b.id limit 1000" \
		> "$t/rows"
}
# The names that states have in the tool's tables.
keys='gsub(/host_interrupt/, "host_irq") + gsub(/halt_polling/, "polling") + 1'
perfetto_agrees() { # TEXT OPTION...: of $t/even
	local text=$1
	shift
	rm -f "$t/p"
	expect "$text: written" $vmsync export perfetto -o "$t/p" "$@" "$t/even"
	expect "$text: read" perfetto_rows "$t/p"
	$vmsync analyze --json "$@" "$t/even" > "$t/part"
	$vmsync export jsonl -o - "$@" "$t/even" > "$t/lines"
	expect_eq "$text: no error" "$(section 1)" ""
	expect_eq "$text: scheduling is ours to the ns" "$(section 2)" "$(jq -rs '
		(map(select(.table == "vcpus")) | map({key: "\(.vcpu)", value: .tid}) |
		from_entries) as $tid | map(select(.table == "states" and ((.state |
		IN("guest", "guest_idle", "host_irq", "hypervisor", "polling", "user_space")) or
		(.state == "unknown" and .cpu != null)))) | group_by(.vcpu)[] |
		"\($tid["\(.[0].vcpu)"]) \(map(.until_ns - .from_ns) | add)"' "$t/lines" | sort)"
	expect_eq "$text: states are ours to the ns" "$(section 3 | awk "$keys" | sort)" "$(jq -r '
		.vcpus[] | .tid as $tid | .states_ns | to_entries[] | select(.value > 0) |
		"\($tid) \(.key) \(.value)"' "$t/part" | sort)"
	expect_eq "$text: what threads of guests really got" "$(section 5 | awk "$keys" | sort)" \
		"$(jq -r '.threads[] | select(.thread.tid > 0) | .thread as $t | .states_ns |
		to_entries[] | select(.value > 0) | "\($t.name | gsub("\u001b"; "\\x1b")) \($t.tid
		) \(.key) \(.value)"' "$t/part" | sort)"
	expect_eq "$text: waits" "$(section 8)" "$(jq -r '.vcpus[] |
		"vCPU 0 of \(.vm): waits for \(.figures.steal_ns)"' "$t/part" | sort)"
	expect_eq "$text: the counter of steal" "$(section 9)" "$(jq -r '.vcpus[] |
		"vCPU 0 of \(.vm): steal \(.figures.steal_ns)"' "$t/part" | sort)"
}
build/release/tests/contend "$t/even" 600 1 0
if tests/perfetto/fetch.sh build/perfetto > "$check_out" 2>&1; then
	perfetto_agrees "perfetto, part of the time" --since=0.01 --until=0.0300001
	perfetto_agrees "perfetto"
	expect_eq "perfetto: its own latency of scheduling is ours" "$(section 4)" \
		"$(jq -r '.vcpus[] | "\(.tid) \(.waits.total_ns)"' "$t/part" | sort)"
	expect_eq "perfetto: exits" "$(section 7)" "$(jq -r '.vcpus[] | .vm as $vm | .exits[] |
		"vCPU 0 of \($vm): exits \(.name) \(.count) \([.states_ns[]] | add)"' \
		"$t/part" | sort)"
	expect_eq "perfetto: an arrow for each wake-up" "$(section 10 | cut -d' ' -f2)" \
		"$(jq '[.threads[] | select(.thread.tid > 0).wakes.count] | add' "$t/part")"
	expect_eq "perfetto: arrows lead to the thread that runs" "$(section 12 |
		grep -vcE '^(wakes|runs again, for) .*/(runs again, for|runs:) ')" 0
	expect_eq "perfetto: processes" "$(section 11)" \
		"$(printf '500 qemu-system-x86 501\n600 qemu-system-x86 601')"
	# But of the thread that ran at the end of its guest's recording.
	jq -r '.threads[] | "\(.thread.machine) \(.thread.tid) \([.states_ns[]] | add)"' \
		"$t/part" | sort > "$t/b"
	section 6 > "$t/a"
	expect "perfetto: scheduling of guests is ours" \
		test "$(comm -12 "$t/a" "$t/b" | wc -l)" -ge 6
	build/release/tests/carve "$t/even/host" "$t/holes" miss=5..9 whole=host > "$t/truth"
	rm -f "$t/p"
	expect "perfetto, events lost: written" $vmsync export perfetto -o "$t/p" "$t/holes" \
		"$t/even/g0" "$t/even/g1"
	perfetto_rows "$t/p"
	expect_eq "perfetto, events lost: no error" "$(section 1)" ""
	$vmsync analyze --json "$t/holes" "$t/even/g0" "$t/even/g1" > "$t/part"
	expect_eq "perfetto, events lost: states" "$(section 3 | grep unknown)" "$(jq -r '.vcpus[] |
		"\(.tid) unknown \(.states_ns.unknown)"' "$t/part" | sort)"
	rm -f "$t/p"
	expect "perfetto, one VM: written" $vmsync export perfetto --vm=vm0 -o "$t/p" "$t/even"
	perfetto_rows "$t/p"
	expect_eq "perfetto, one VM: its exits" "$(section 7 | cut -d: -f1 | uniq)" "vCPU 0 of vm0"
	expect_eq "perfetto, one VM: and the host's scheduling" "$(section 2 | wc -l)" 2
else
	skip "perfetto: its trace processor cannot be had: $(head -n 1 "$check_out")"
fi

# --- the same under the sanitizers
expect "the tool builds with sanitizers" make -s -j2 VARIANT=asan tool
for format in jsonl csv parquet perfetto sqlite; do
	rm -f "$t/p"
	expect "$format: sanitizers have nothing to say" build/asan/vmsync export $format \
		-o "$t/p" --since=0.001 "$t/c"
done

expect "stdout: sanitizers have nothing to say" build/asan/vmsync export csv -o - "$t/c"

# --- a file that is there whole or not at all
left() { ls -d "$1"* 2> /dev/null; }
expect_error "no format" "no format named" $vmsync export
expect_error "no such format" "no format xml" $vmsync export xml -o "$t/x" "$t/c"
expect_error "no file" "-o FILE" $vmsync export csv "$t/c"
expect_error "no trace" "no trace" $vmsync export csv -o "$t/x"
expect_error "no such table" "no table beds" $vmsync export csv --table=beds -o "$t/x" "$t/c"
expect_error "no such time" "recording is" $vmsync export csv --since=99 -o "$t/x" "$t/c"
expect_error "no folder" "nowhere" $vmsync export csv -o "$t/nowhere/x" "$t/c"
expect_error "a trace that is none" "nothing" $vmsync export csv -o "$t/x" "$t/nothing"
for format in jsonl csv perfetto sqlite; do
	expect_error "$format: no such VM" "nosuch: no VM of that name; there are vCPU 0 of vm[01]" \
		$vmsync export $format --vm=nosuch -o "$t/x" "$t/c"
done
expect_error "a time that ends before it begins" "--until is not after --since" \
	$vmsync export csv --since=0.02 --until=0.01 -o "$t/x" "$t/c"
expect_error "an end at 0" "nothing was before that" \
	$vmsync export csv --until=0 -o "$t/x" "$t/c"
expect_error "a folder that is not there" "x/: the name of a folder" \
	$vmsync export csv -o "$t/x/" "$t/c"
expect_eq "nothing is left behind" "$(left "$t/x")" ""
echo mine > "$t/mine"
expect_error "a file that is there" "exists already" $vmsync export csv -o "$t/mine" "$t/c"
expect_eq "it is left alone" "$(cat "$t/mine")" mine

mkdir "$t/small"
private=()
unshare -m true 2> /dev/null || private=(--propagation unchanged)
full() { # FORMAT TRACES: on a file system without room
	cat > "$t/full.sh" <<-END
		mount -t tmpfs -o size=64k none $t/small || exit 9
		$vmsync export $1 -o $t/small/out $t/$2
		status=\$?
		ls -A $t/small
		exit \$status
	END
	expect_error "$1: disk full" "No space left|disk is full" unshare -m "${private[@]}" bash "$t/full.sh"
}
stopped() { # FORMAT: by Ctrl-C
	local pid status
	$vmsync export "$1" -o "$t/stop.$1" "$t/big" > /dev/null 2>&1 &
	pid=$!
	for _ in $(seq 1000); do
		[ -z "$(left "$t/stop.$1")" ] || break
		sleep 0.01
	done
	kill -INT $pid 2> /dev/null
	wait $pid
	status=$?
	expect_eq "$1: stopped ($status): no half of a file" "$(left "$t/stop.$1.part")" ""
	# The signal may come when all is done.
	[ -e "$t/stop.$1" ] || expect_eq "$1: stopped: says so" $status 130
	rm -f "$t/stop.$1"
}
# A shell has its background jobs ignore SIGINT, but those of job control.
set -m
build/release/tests/contend "$t/big" 20000
$vmsync export sqlite -j 1 -o "$t/alone.db" "$t/big"
$vmsync export sqlite -j 2 -o "$t/apart.db" "$t/big"
expect "sqlite: the same file, whoever puts its rows in" cmp "$t/alone.db" "$t/apart.db"
full jsonl c
full csv c
full parquet big
full perfetto c
full sqlite c
stopped jsonl
stopped csv
stopped parquet
stopped perfetto
stopped sqlite
finish
