#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What a Java virtual machine logs, as a trace: each line is there, layers make states of
# it, and the figures are those that the machine itself printed. A recorded log, and, where
# there is a Java, one of now, beside a trace of LTTng's on the same clock.
. tests/check/lib.sh

expect "the tool builds" make -s -j2 VARIANT=asan tool build/asan/tests/pair
vmsync=build/asan/vmsync
t=$check_tmp

xz -dc tests/data/java.log.xz > "$t/java.log"
expect "imported" $vmsync import jvm-log -o "$t/jvm" "$t/java.log"
$vmsync cat "$t/jvm" > "$t/text"
expect_eq "each line is an event" "$(wc -l < "$t/text")" "$(wc -l < "$t/java.log")"
expect_eq "a reader of traces reads it" "$(babeltrace2 "$t/jvm" 2> "$t/err" | cksum)" \
	"$(cksum < "$t/text")"
# Stamp, thread, process, tags; texts have escapes in the one.
expect_eq "what a line says" "$(sed -nE \
	's/^\[([0-9:.]+)\].*\{ tid = ([0-9]+) \}, \{ pid = ([0-9]+), tags = "([^"]*)", .*/\1 \2 \3 \4/p' \
	"$t/text" | awk '{ split($1, c, /[:.]/); print (c[1] * 3600 + c[2] * 60 + c[3]) * 1e9 + c[4], $2, $3, $4 }' |
	cksum)" "$(sed -nE 's/^\[([0-9]+)ns\]\[([0-9]+)\]\[([0-9]+)\]\[([^] ]*) *\].*/\1 \3 \2 \4/p' \
	"$t/java.log" | sort -sn -k1,1 | awk '{ print $1 % 86400000000000, $2, $3, $4 }' | cksum)"

$vmsync layers --json --all "$t/jvm" > "$t/json"
sums='.tracks[] | select(.name == "pause") | .sums[]'
jq_is "safepoints: how many, and how long by the machine's own figures" \
	"[$sums | select(.state | startswith(\"safepoint\") or startswith(\"Pause\") | not)] |
		\"\\(map(.count) | add) \\(map(.total_ns) | add)\"" \
	"$(sed -nE 's/.*Safepoint ".*Total: ([0-9]+) ns$/\1/p' "$t/java.log" |
		awk '{ n++; s += $1 } END { print n, s }')"
jq_is "pauses of the collector: how many" "[$sums | select(.state | startswith(\"Pause\")).count] | add" \
	"$(grep -cE '\[gc +\] GC\([0-9]+\) Pause' "$t/java.log")"
# The machine prints ms to the third digit, of two readings just within the two lines.
jq_is "and each as long as it says, to 0.1 ms" "([$sums | select(.state | startswith(\"Pause\")).total_ns] |
	add / 1e6) - $(sed -nE 's/.*\[gc +\] GC.*Pause.* ([0-9.]+)ms$/\1/p' "$t/java.log" |
	awk '{ s += $1 } END { print s }') |
	. >= 0 and . < 0.1 * $(grep -cE '\[gc +\] GC.*Pause' "$t/java.log")" true
jq_is "the machine's states are all of its time" '.tracks[] | select(.name == "jvm") | .listed[0] |
	(.states | [.[:-1], .[1:]] | transpose | map(.[0].until_ns == .[1].from_ns) | all)' true

# --- what is wrong
expect_error "no log" "no log named" $vmsync import jvm-log -o "$t/x"
expect_error "not there" "No such file" $vmsync import jvm-log -o "$t/x" "$t/none"
echo '[0.003s][info][gc] Using G1' > "$t/other"
expect_error "not decorated so" "timenanos,pid,tid,tags" $vmsync import jvm-log -o "$t/x" "$t/other"
expect_error "options of the other kind" "are of qemu-log" \
	$vmsync import jvm-log --vm=x -o "$t/x" "$t/java.log"
printf '[1ns][2][3][gc] a\0\x1b"b\n[9223372036854775808ns][2][3][gc] x\n[5ns][2][3][gc]\n%s\n[4ns][2][3][gc] cut' \
	"[3ns][2][3][g] $(head -c 9000 /dev/zero | tr '\0' y)" > "$t/odd"
expect "odd lines" $vmsync import jvm-log -o "$t/odd.ctf" "$t/odd"
$vmsync cat "$t/odd.ctf" > "$t/text"
expect_eq "in the order of time, without a last line that has no end" \
	"$(sed -nE 's/^\[[0-9:.]+([0-9]{3})\].*/\1/p' "$t/text" | xargs)" \
	"001 003 005"
expect_eq "a long text is cut" "$(grep -o 'yyy*' "$t/text" | awk '{ print length }')" 4096
cut -b 1-200 "$t/java.log" | head -n 300 > "$t/base"
wrong=0
for seed in $(seq "${VMSYNC_CASES:-30}"); do
	awk -v seed="$seed" 'BEGIN { srand(seed) } { n = int(rand() * length($0)) + 1
		if (rand() < 0.2) $0 = substr($0, 1, n - 1) substr("[]ns 9\1\"", int(rand() * 8) + 1, 1) substr($0, n + 1)
		print }' "$t/base" > "$t/any"
	rm -rf "$t/any.ctf"
	$vmsync import jvm-log -o "$t/any.ctf" "$t/any" > "$check_out" 2>&1 &&
		$vmsync layers "$t/any.ctf" > "$check_out" 2>&1 || wrong=$((wrong + 1))
done
expect_eq "lines with a wrong byte" $wrong 0

# --- in a guest: on the host's clock, beside what its virtual CPUs did
expect "a guest's traces are made" build/asan/tests/pair "$t/vm" events=60000
# Pauses that begin and end as some events of the guest's kernel do, by its own stamps.
offset=$(sed -nE 's/.*offset = ([0-9]+);.*/\1/p' "$t/vm/guest/metadata")
TZ=UTC $vmsync cat "$t/vm/guest" |
	sed -nE 's/^\[([0-9]+):([0-9]+):([0-9]+)\.([0-9]+)\].*/\1 \2 \3 \4/p' |
	awk 'NR % 4000 == 2000 && NR < 26000 { print ($1 * 60 + $2) * 60 + $3, $4, NR }' > "$t/at"
while read -r seconds ns number; do
	stamp=$((offset / 86400000000000 * 86400000000000 + seconds * 1000000000 + 10#$ns - offset))
	if [ $((number / 4000 % 2)) -eq 0 ]; then
		id=$number
		echo "[${stamp}ns][7][8][gc,start   ] GC($id) Pause Young (Normal)"
	else
		echo "[${stamp}ns][7][8][gc         ] GC($id) Pause Young (Normal) 6M->1M(64M) 3.000ms"
	fi
done < "$t/at" > "$t/guest.log"
expect "its log is imported" $vmsync import jvm-log -o "$t/vm/java" --clock="$t/vm/guest" \
	"$t/guest.log"
expect "all is fused" $vmsync fuse -o "$t/fused" "$t/vm/host" "$t/vm/guest" "$t/vm/java"
$vmsync cat "$t/fused/guest-guest" | awk '$0 ~ /jvm:log/ { java[$1] = 1; n++ }
	$0 !~ /jvm:log/ { kernel[$1] = 1 }
	END { for (at in java) both += at in kernel; print n, both }' > "$t/both"
expect_eq "each line is where the guest's event of its time is" "$(cat "$t/both")" "6 6"
$vmsync layers -l jvm --json "$t/fused" > "$t/json"
jq_is "pauses in the guest, on the host's clock" "[$sums | select(.state == \"Pause Young (Normal)\").count] |
	add" 3
expect "for Perfetto: virtual CPUs" $vmsync export perfetto -o "$t/vcpus" "$t/fused"
expect "and pauses" $vmsync layers -l jvm --export=perfetto -o "$t/pauses" "$t/fused"
if tests/perfetto/fetch.sh build/perfetto > "$check_out" 2>&1; then
	cat "$t/vcpus" "$t/pauses" > "$t/page"
	node tests/perfetto/query.mjs build/perfetto "$t/page" \
		"select count(*) from slice where name = 'GC'" \
		"select count(*) > 100 from slice s join slice g where g.name = 'GC'
			and s.name = 'guest' and s.ts >= g.ts and s.ts + s.dur <= g.ts + g.dur" \
		> "$t/sql" 2>&1
	expect_eq "one trace: what the virtual CPU did during pauses" "$(grep . "$t/sql" | xargs)" "3 1"
else
	skip "perfetto: no trace processor (npm, node): $(tail -n 1 "$check_out")"
fi

# --- now
if command -v java > "$check_out" && command -v javac > "$check_out"; then
	cp tests/gen/Alloc.java "$t" && javac -d "$t" "$t/Alloc.java" > "$check_out" 2>&1
	log="gc*,safepoint*=debug,jit+compilation=debug:file=$t/now.log:timenanos,pid,tid,tags"
	monotonic() {
		/usr/bin/python3 -c 'import time; print(time.clock_gettime_ns(time.CLOCK_MONOTONIC))'
	}
	before=$(monotonic)
	expect "a Java program runs" java -Xmx64m "-Xlog:$log" -cp "$t" Alloc 300
	expect "its log is imported" $vmsync import jvm-log -o "$t/now" "$t/now.log"
	$vmsync layers --json "$t/now" > "$t/json"
	jq_is "it collected garbage, and ran" '[.tracks[] | select(.name == "jvm") | .sums[] |
		select(.count > 0) | .state] | (index("GC") != null) and (index("running") != null)' true
	jq_is "its stamps are this machine's CLOCK_MONOTONIC" \
		".begin_ns >= $before and .begin_ns + .length_ns <= $(monotonic)" true
else
	skip "a Java virtual machine of now: no java and javac here"
fi
finish
