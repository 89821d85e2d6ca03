#!/bin/bash
# SPDX-License-Identifier: MIT
#
# port.sh: what a guest that floods its port costs three others. vmsyncd answers their
# beacons, ten a second each, alone and beside a guest that writes rubbish and frames
# as fast as they are taken; one after the other, PORT_ROUNDS (3) times, PORT_SECONDS
# (20) each. Round trips are from a guest's write to its read of the answer, without the
# first second, medians of the rounds; ratios, because times say more of the machine
# than of the program.
set -u
cd "$(dirname "$0")/../.." || exit 2

rounds=${PORT_ROUNDS:-3}
seconds=${PORT_SECONDS:-20}
t=$(mktemp -d) || exit 2
jobs=
trap 'kill $jobs 2> /dev/null; wait; rm -rf "$t"' EXIT
trap 'exit 130' INT TERM

# until_there FILE PROCESS: which makes it
until_there() {
	until [ -s "$1" ] || [ -S "$1" ]; do
		kill -0 "$2" || exit 2
		sleep 0.1
	done
}

# once alone|flooded: adds "MEDIAN 99TH WORST CPU" to a file of that name; ns, ms/s
once() {
	local name=$1 i daemon many sockets=()

	if [ "$name" = flooded ]; then
		rm -f "$t/flood.sock"
		build/release/tests/port-chardev "$t/flood.sock" --flood 1000000 \
			> "$t/flood" &
		jobs=$!
		until_there "$t/flood.sock" $jobs
		sockets=("--socket=$t/flood.sock")
	fi
	rm -rf "$t/guests"
	mkdir "$t/guests"
	build/release/tests/port-many "$t/guests" 3 $((seconds * 10)) > "$t/many" &
	many=$!
	jobs="$jobs $many"
	until_there "$t/many" $many
	for i in 0 1 2; do
		sockets+=("--socket=$t/guests/$i.sock")
	done
	build/release/vmsyncd "${sockets[@]}" 2> "$t/said" &
	daemon=$!
	jobs="$jobs $daemon"
	wait $many || { tail -n 1 "$t/many" "$t/said" >&2; exit 2; }
	echo "$(sed -n 's/^round trip ns: //p' "$t/many")" \
		"$(awk -v s="$seconds" '{ print ($14 + $15) * 10 / s }' "/proc/$daemon/stat")" \
		>> "$t/$name"
	# shellcheck disable=SC2086 # process numbers
	kill $jobs 2> /dev/null
	wait
	jobs=
}

median() { # NAME COLUMN
	awk -v c="$2" '{ print $c }' "$t/$1" | sort -n |
		awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

for i in $(seq "$rounds"); do
	once alone
	once flooded
done
printf '%-24s %12s %12s %8s\n' "3 guests, $rounds x $seconds s" alone flooded ratio
row() { # WHAT COLUMN
	awk -v w="$1" -v a="$(median alone "$2")" -v b="$(median flooded "$2")" 'BEGIN {
		printf "%-24s %12s %12s %8s\n", w, a, b, a + 0 ? sprintf("%.2f", b / a) : "-" }'
}
row "round trip, median, ns" 1
row "... 99 of 100, ns" 2
row "... worst, ns" 3
row "CPU of vmsyncd, ms/s" 4
