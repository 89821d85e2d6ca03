#!/bin/bash
# SPDX-License-Identifier: MIT
#
# bench.sh: this tool and babeltrace2 on the same files in the same run. Made
# traces (tests/gen/pair.c), in memory; medians of BENCH_RUNS (5) runs; ratios,
# because times say more of the machine than of the program.
#
#	BENCH_EVENTS=N	events of the host's trace (6000000)
set -u
cd "$(dirname "$0")/../.." || exit 2

events=${BENCH_EVENTS:-6000000}
runs=${BENCH_RUNS:-5}
base=/dev/shm
[ -w $base ] || base=build
t=$(mktemp -d "$base/vmsync-bench-XXXXXX") || exit 2
trap 'rm -rf "$t"' EXIT
trap 'exit 130' INT TERM

vmsync=build/vmsync
walk=build/release/tests/walk

# run COMMAND...: seconds and peak KiB of one run
run() {
	rm -rf "$t/out"
	/usr/bin/time -o "$t/time" -f '%e %M' "$@" > /dev/null 2> "$t/err" || {
		echo "bench: $* failed: $(tail -n 1 "$t/err")" >&2
		exit 2
	}
	cat "$t/time"
}

# median COMMAND...: seconds (median) and KiB (most)
median() {
	local i
	for i in $(seq "$runs"); do
		run "$@"
	done | sort -n | awk '
		{ s[NR] = $1; if ($2 > k) k = $2 }
		END { print s[int((NR + 1) / 2)], k }'
}

size() { du -sb "$@" | awk '{s += $1} END {print s}'; }

# row NAME EVENTS BYTES OURS-ONE OURS-ALL PEER
row() {
	awk -v n="$1" -v ev="$2" -v by="$3" -v a="$4" -v b="$5" -v p="$6" '
	BEGIN {
		split(a, x); split(b, y); split(p, z)
		printf "%-22s %7.1f %7.1f %7.2f  %5.1fx %5.1fx  %6.0f %6.0f %6d\n",
			n, ev / x[1] / 1e6, y[1] ? ev / y[1] / 1e6 : 0,
			ev / z[1] / 1e6, z[1] / x[1],
			y[1] ? z[1] / y[1] : 0,
			by / x[1] / 1e6, y[1] ? by / y[1] / 1e6 : 0,
			(x[2] > y[2] ? x[2] : y[2]) / 1024
	}'
}

build/release/tests/pair "$t/pair" events="$events" > "$t/truth" || exit 2
guest_events=$(sed -n 's/.*guest_events=\([0-9]*\).*/\1/p' "$t/truth")
both=$((events + guest_events))
h=$t/pair/host
g=$t/pair/guest
cpus=$(nproc)

echo "host $events events, guest $guest_events; $(size "$t/pair") bytes;" \
	"$cpus processors, median of $runs; babeltrace2 $(babeltrace2 --version |
	sed -n 's/^Babeltrace \([0-9.]*\).*/\1/p' | head -n 1)"
copy=$(median cp -r "$t/pair" "$t/out")
echo "cp of the same bytes: $(echo "$copy $(size "$t/pair")" |
	awk '{printf "%.0f MB/s", $3 / $1 / 1e6}')"
echo
echo "                        M events/s              ratio to      MB/s           MiB"
echo "                       1 thr.   all   babelt.2   1 thr. all    1 thr.   all   peak"

one="taskset -c 0"
row "fuse (copy to CTF)" $both "$(size "$t/pair")" \
	"$(median $one $vmsync fuse -j 1 -o "$t/out" "$h" "$g")" \
	"$(median $vmsync fuse -o "$t/out" "$h" "$g")" \
	"$(median babeltrace2 "$h" "$g" -o ctf -w "$t/out")"
row "decode every field" "$events" "$(size "$h")" \
	"$(median $one $walk fields "$h")" "0 0" \
	"$(median babeltrace2 "$h" -o dummy)"
row "merge two traces" $both "$(size "$t/pair")" \
	"$(median $one $walk merge "$h" "$g")" "0 0" \
	"$(median babeltrace2 "$h" "$g" -o dummy)"
row "cat (text)" "$events" "$(size "$h")" \
	"$(median $one $vmsync cat "$h")" "$(median $vmsync cat "$h")" \
	"$(median babeltrace2 "$h")"

echo
echo "sync beyond reading: $(build/release/tests/sync 1000000)"
echo "a tenth of that:     $(build/release/tests/sync 100000)"
echo "the same, few knots: $(build/release/tests/sync 1000000 1000000000)"
echo "knots every 3 ticks:  $(build/release/tests/sync 250000 12000)"
