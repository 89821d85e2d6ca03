# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Sourced by migration.sh: a migration as if its two QEMUs had been on two machines, each
# with a clock and a session daemon of its own, that exchange messages. $vmsync is the
# tool, ${cc[@]} the compiler; machines.sh has the machines.

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
	# How long messages take is the machine's affair: it was 18 ms on one that was busy.
	# Without them it is the 49 000 s that the clocks are apart.
	expect "one clock by messages: less than a second" test "${said:-1000000000}" \
		-lt 1000000000
	said=${said:-0}
	within "one clock by messages, known to $said ns: downtime" \
		$(($(json '.migrations[0].downtime_ns') - said - 4000)) "$down" \
		$(($(json '.migrations[0].downtime_ns') + said + 4000))
	# The destination's log goes on as a source's.
	expect "a page of both" "$vmsync" report -o "$t/both.html" "$t/fused"
	expect_eq "it has the same downtime, and both sides" "$(grep -oE \
		'class=down [^>]*><title>down, [0-9.]+ m?s|>(source|destination): [ab].log' \
		"$t/both.html" | sed 's/.*title>//; s/^>//' | sort -u | paste -sd,)" \
		"destination: b.log,down, $(awk -v ns="$down" 'BEGIN { if (ns < 1e9)
			printf "%.3f ms", ns / 1e6; else printf "%.3f s", ns / 1e9 }'),source: a.log,source: b.log"
	"$vmsync" report -o "$t/apart.html" "$t/one" "$t/two"
	expect_eq "on two clocks: neither" "$(grep -cE 'class=down|>destination: ' \
		"$t/apart.html")" 0
}
