#!/bin/bash
# SPDX-License-Identifier: MIT
#
# live.sh: what vmsync live --analyze costs, and how long after an event it is counted. A
# host with four CPUs and 100 000 events a second and its guest with half as many, whose
# clocks change ten times a second, are replayed by two relay daemons of the tests: for
# LIVE_SECONDS (20) at the pace at which they were recorded, and then 10, 100 ... up to
# LIVE_MOST (100) s of them as fast as they are taken. A packet ends with the live timer,
# each LIVE_TIMER (100) ms, or before that when it is full, 256 KiB.
set -u
cd "$(dirname "$0")/../.." || exit 2

most=${LIVE_MOST:-100}
t=$(mktemp -d) || exit 2
jobs=
# shellcheck disable=SC2086 # process numbers
trap 'kill $jobs 2> /dev/null; wait; rm -rf "$t"' EXIT
trap 'exit 130' INT TERM

record() { # SECONDS
	build/release/tests/pair "$t/$1" events=$(($1 * 100000)) gap=40000 knots=10 \
		beacons=10 packet=262144 timer=$((${LIVE_TIMER:-100} * 1000000)) > "$t/log" ||
		exit 2
}

# begin SECONDS OPTION...: vmsync live, its process in $client
begin() {
	local seconds=$1 name urls=()

	shift
	rm -rf "$t/out" "$t/prom"
	for name in host guest; do
		rm -f "$t/$name"
		build/release/tests/relayd "$t/$name" host=$name "$@" \
			"$t/$seconds/$name" &
		jobs="$jobs $!"
		until [ -s "$t/$name" ]; do
			kill -0 $! || exit 2
			sleep 0.1
		done
		urls+=("tcp://127.0.0.1:$(cat "$t/$name")/session")
	done
	build/release/vmsync live --once --record="$t/out" --analyze --interval=0.1 \
		--patience=1000 --metrics="$t/prom" "${urls[@]}" > "$t/log" 2> "$t/said" &
	client=$!
	jobs="$jobs $client"
}

# cpu_ms PROCESS: what it has used
cpu_ms() { awk '{ print ($14 + $15) * 10 }' "/proc/$1/stat"; }
# memory PROCESS: KiB of its own
memory() { sed -n 's/^RssAnon:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$1/status"; }

paced() { # SECONDS
	local start cpu=0 got

	record "$1"
	start=$(($(sed 's/[. ].*//' /proc/uptime) * 1000000000 + 3000000000))
	begin "$1" "start=$start"
	build/release/tests/lag "$t/prom" "$start" "$(cat "$t/host.begin")" "$client" \
		> "$t/lag" &
	jobs="$jobs $!"
	while got=$(cpu_ms "$client" 2> /dev/null) && [ -n "$got" ]; do
		cpu=$got
		sleep 0.2
	done
	wait "$client" || exit 2
	wait $! || exit 2
	read -r median late worst < "$t/lag"
	printf '%s s at its pace, live timer %s ms: event to metric %d ms, 99 %% within %d ms, worst %d ms; ' \
		"$1" "${LIVE_TIMER:-100}" "$median" "$late" "$worst"
	awk -v cpu="$cpu" -v s="$1" 'BEGIN { printf "%.1f %% of a CPU\n", cpu / s / 10 }'
	rm -rf "${t:?}/$1"
}

replayed() { # SECONDS
	local cpu=0 got peak=0

	record "$1"
	begin "$1"
	while got=$(cpu_ms "$client" 2> /dev/null) && [ -n "$got" ]; do
		cpu=$got
		got=$(memory "$client" 2> /dev/null)
		[ "${got:-0}" -le "$peak" ] || peak=$got
		sleep 0.1
	done
	wait "$client" || exit 2
	awk -v s="$1" -v cpu="$cpu" -v peak="$peak" 'BEGIN {
		printf "%d s replayed, %d events: %.2f s of a CPU, %.0f ns an event; " \
			"%.1f MiB\n", s, s * 150000, cpu / 1000, cpu * 1e6 / s / 150000,
			peak / 1024 }'
	rm -rf "${t:?}/$1"
}

paced "${LIVE_SECONDS:-20}"
for ((seconds = 10; seconds <= most; seconds *= 10)); do
	replayed "$seconds"
done
