#!/bin/bash
# SPDX-License-Identifier: MIT
#
# bench.sh: this tool and babeltrace2 on the same files in the same run. Made
# traces (tests/gen/pair.c), in the page cache; medians of BENCH_RUNS (5) rounds,
# in each of which all that a row compares runs once; ratios, because times say
# more of the machine than of the program.
#
#	BENCH_EVENTS=N	events of the host's trace (6000000)
#	BENCH_DIR=DIR	where the traces lie (build); /dev/shm is another file system
set -u
cd "$(dirname "$0")/../.." || exit 2

events=${BENCH_EVENTS:-6000000}
runs=${BENCH_RUNS:-5}
base=${BENCH_DIR:-build}
t=$(mktemp -d "$base/vmsync-bench-XXXXXX") || exit 2
trap 'rm -rf "$t"' EXIT
trap 'exit 130' INT TERM

vmsync=build/vmsync
walk=build/release/tests/walk
timed=build/release/tests/timed

# run NAME CPU COMMAND...: adds microseconds and peak KiB of one run to $t/NAME
run() {
	local name=$1
	shift
	rm -rf "$t/out"
	$timed "$t/$name" "$@" > /dev/null 2> "$t/err" || {
		echo "bench: $* failed: $(tail -n 1 "$t/err")" >&2
		exit 2
	}
}

# median NAME: seconds (median) and KiB (most) of what ran; "0 0" for nothing
median() {
	[ -e "$t/$1" ] || { echo "0 0"; return; }
	sort -n "$t/$1" | awk '
		{ s[NR] = $1 / 1e6; if ($2 > k) k = $2 }
		END { print s[int((NR + 1) / 2)], k }'
}

size() { du -sb "$@" | awk '{s += $1} END {print s}'; }

# rows_of DATABASE "SECONDS KIB": its rows, and how many a second that is
rows_of() {
	sqlite3 "$1" "SELECT name FROM sqlite_master WHERE type = 'table'" |
		sed 's/.*/SELECT count(*) FROM "&";/' | sqlite3 "$1" |
		awk -v s="${2% *}" '{ n += $1 } END {
			printf "%d rows, %.2f M rows/s with one thread\n", n,
				n / s / 1e6 }'
}

# row NAME EVENTS BYTES; then the commands, a line each in $first (pinned to a
# processor), $all (may be empty) and $peer (pinned)
row() {
	rm -f "$t/first" "$t/all" "$t/peer"
	# shellcheck disable=SC2086 # a command and its arguments
	for _ in $(seq "$runs"); do
		run first 0 $first
		[ -z "$all" ] || run all all $all
		run peer 0 $peer
	done
	awk -v n="$1" -v ev="$2" -v by="$3" -v a="$(median first)" \
		-v b="$(median all)" -v p="$(median peer)" '
	function ratio(y, x) { return x ? sprintf("%.1fx", y / x) : "-" }
	function rate(y, x, f) { return x ? sprintf(f, y / x / 1e6) : "-" }
	BEGIN {
		split(a, x); split(b, y); split(p, z)
		printf "%-22s %7s %7s %7s  %6s %6s  %6s %6s %6d\n", n,
			rate(ev, x[1], "%.1f"), rate(ev, y[1], "%.1f"),
			rate(ev, z[1], "%.2f"), ratio(z[1], x[1]),
			ratio(z[1], y[1]), rate(by, x[1], "%.0f"),
			rate(by, y[1], "%.0f"),
			(x[2] > y[2] ? x[2] : y[2]) / 1024
	}'
}

build/release/tests/pair "$t/pair" events="$events" > "$t/truth" || exit 2
# What is not on disk yet would be written while something is measured.
sync "$t"/pair/*/*
guest_events=$(sed -n 's/.*guest_events=\([0-9]*\).*/\1/p' "$t/truth")
both=$((events + guest_events))
h=$t/pair/host
g=$t/pair/guest

echo "host $events events, guest $guest_events; $(size "$t/pair") bytes on" \
	"$(stat -f -c %T "$t");" \
	"$(nproc) processors, median of $runs; babeltrace2 $(babeltrace2 --version |
	sed -n 's/^Babeltrace \([0-9.]*\).*/\1/p' | head -n 1)"
for _ in $(seq "$runs"); do
	run copy 0 cp -r "$t/pair" "$t/out"
done
echo "cp of the same bytes: $(echo "$(median copy) $(size "$t/pair")" |
	awk '{printf "%.0f MB/s", $3 / $1 / 1e6}')"
echo
echo "                        M events/s               ratio to       MB/s           MiB"
echo "                       1 thr.   all   babelt.2   1 thr.  all    1 thr.   all   peak"

first="$vmsync fuse -j 1 -o $t/out $h $g"
all="$vmsync fuse -o $t/out $h $g"
peer="babeltrace2 $h $g -o ctf -w $t/out"
row "fuse (copy to CTF)" $both "$(size "$t/pair")"
first="$vmsync fuse -l -j 1 -o $t/out $h $g"
all="$vmsync fuse -l -o $t/out $h $g"
row "... the host linked" $both "$(size "$t/pair")"

peer="babeltrace2 $h -o dummy"
first="$walk decode $h" all=
row "decode every field" "$events" "$(size "$h")"
first="$walk fields $h"
row "... and sum them up" "$events" "$(size "$h")"

first="$walk merge $h $g" all="$walk merge-all $h $g"
peer="babeltrace2 $h $g -o dummy"
row "merge two traces" $both "$(size "$t/pair")"
first="$vmsync analyze -j 1 $h $g" all="$vmsync analyze $h $g"
row "analyze (all tables)" $both "$(size "$t/pair")"
$vmsync fuse -l -o "$t/fused" "$h" "$g" > /dev/null || exit 2
first="$vmsync analyze -j 1 $t/fused" all="$vmsync analyze $t/fused"
row "... what fuse wrote" $both "$(size "$t/pair")"
rm -rf "$t/fused"
for format in perfetto jsonl parquet sqlite; do
	first="$vmsync export $format -j 1 -o $t/out $h $g"
	all="$vmsync export $format -o $t/out $h $g"
	row "export $format" $both "$(size "$t/pair")"
done
# The last of them was sqlite; its peer has removed what it wrote.
rm -rf "$t/out"
$first > /dev/null || exit 2
rows=$(rows_of "$t/out" "$(median first)")
first="$vmsync report -j 1 -o $t/out $h $g" all="$vmsync report -o $t/out $h $g"
row "report" $both "$(size "$t/pair")"

for open in 1000 100000; do
	rm -rf "$t/services"
	build/release/tests/services "$t/services" 4000000 $open || exit 2
	peer="babeltrace2 $t/services -o dummy"
	first="$vmsync layers -j 1 -l tests/perf/requests.layer $t/services"
	all="$vmsync layers -l tests/perf/requests.layer $t/services"
	row "layers, $open open" 4000000 "$(size "$t/services")"
done
rm -rf "$t/services"

first="$vmsync cat -j 1 $h" all="$vmsync cat $h" peer="babeltrace2 $h"
row "cat (text)" "$events" "$(size "$h")"
build/release/tests/tracedat "$h" "$t/host.dat" || exit 2
sync "$t/host.dat"
d=$t/host.dat
first="$vmsync cat -j 1 $d" all="$vmsync cat $d" peer="trace-cmd report $d"
row "... of trace.dat (1)" "$events" "$(size "$d")"

echo "(1) the peer is trace-cmd report"
echo "export sqlite: $rows"

# beside NAME; then the commands in $one and $all: how the default compares with
# one thread where another program takes a processor
beside() {
	local loop
	rm -f "$t/one" "$t/all"
	timeout 600 sh -c 'while :; do :; done' &
	loop=$!
	# shellcheck disable=SC2086 # a command and its arguments
	for _ in $(seq "$runs"); do
		run one all $one
		run all all $all
	done
	kill "$loop"
	wait "$loop" 2> /dev/null
	awk -v n="$1" -v a="$(median one)" -v b="$(median all)" 'BEGIN {
		split(a, x); split(b, y)
		printf "%-22s %7.2fx\n", n, x[1] / y[1]
	}'
}

echo
echo "beside a busy loop, all threads against one:"
one="$walk merge $h $g" all="$walk merge-all $h $g"
beside "merge two traces"
one="$vmsync fuse -l -j 1 -o $t/out $h $g" all="$vmsync fuse -l -o $t/out $h $g"
beside "fuse, the host linked"
one="$vmsync cat -j 1 $h" all="$vmsync cat $h"
beside "cat (text)"
one="$vmsync analyze -j 1 $h $g" all="$vmsync analyze $h $g"
beside "analyze (all tables)"

echo
echo "sync beyond reading: $(build/release/tests/sync 1000000)"
echo "a tenth of that:     $(build/release/tests/sync 100000)"
echo
echo "rows to Parquet alone: $(build/release/tests/parquet 5000000 "$t/rows")"
echo "without their ends: $(build/release/tests/parquet 5000000 "$t/changes" 8 changes)"
