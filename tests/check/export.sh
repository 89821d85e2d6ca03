#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What vmsync export writes says the same as vmsync analyze, figure by figure, in
# each format; and a file is there whole or not at all.
. tests/check/lib.sh

expect "the tool builds" make -s -j2 tool build/release/tests/contend \
	build/release/tests/pair
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
expect_eq "nothing is left behind" "$(left "$t/x")" ""
echo mine > "$t/mine"
expect_error "a file that is there" "exists already" $vmsync export csv -o "$t/mine" "$t/c"
expect_eq "it is left alone" "$(cat "$t/mine")" mine

mkdir "$t/small"
private=
unshare -m true 2> /dev/null || private="--propagation unchanged"
full() { # FORMAT: on a file system without room
	cat > "$t/full.sh" <<-END
		mount -t tmpfs -o size=64k none $t/small || exit 9
		$vmsync export $1 -o $t/small/out $t/c
		status=\$?
		ls -A $t/small
		exit \$status
	END
	expect_error "$1: disk full" "No space left|disk is full" unshare -m $private bash "$t/full.sh"
}
stopped() { # FORMAT: by Ctrl-C
	local pid status
	$vmsync export $1 -o "$t/stop.$1" "$t/big" > /dev/null 2>&1 &
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
build/release/tests/contend "$t/big" 60000
full jsonl
full csv
stopped jsonl
stopped csv
finish
