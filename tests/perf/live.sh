#!/bin/bash
# SPDX-License-Identifier: MIT
#
# live.sh: what vmsync live --analyze costs, and how long after an event it is counted. A
# host and two guests with 100 000 events a second each, whose clocks change ten times a
# second, are replayed by three relay daemons of the tests: for LIVE_SECONDS (20) at the
# pace at which they were recorded, and then 10, 100 ... up to LIVE_MOST (100) s of them as
# fast as they are taken. A packet ends with the live timer, each LIVE_TIMER (100) ms, or
# before that when it is full, 256 KiB.
set -u
cd "$(dirname "$0")/../.." || exit 2

most=${LIVE_MOST:-100}
t=$(mktemp -d) || exit 2
jobs=
# shellcheck disable=SC2086 # process numbers
trap 'kill $jobs 2> /dev/null; wait; rm -rf "$t"' EXIT
trap 'exit 130' INT TERM

# record SECONDS: the number of $events, of all machines
record() {
	build/release/tests/pair "$t/$1" guests=2 busy=4 events=$(($1 * 100000)) gap=4380 \
		knots=10 beacons=10 packet=262144 timer=$((${LIVE_TIMER:-100} * 1000000)) \
		> "$t/log" || exit 2
	events=$(($1 * 100000 + $(sed 's/guest_events=\([0-9]*\).*/\1/' "$t/log")))
}

# begin SECONDS OPTION...: vmsync live, its process in $client
begin() {
	local seconds=$1 name urls=()

	shift
	rm -rf "$t/out" "$t/prom"
	for name in host guest guest2; do
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
# analysed_ms: up to when, by the host's clock
analysed_ms() {
	awk '$1 == "vmsync_live_analysed_seconds" { printf "%d", $2 * 1000 }' "$t/prom"
}
# memory PROCESS: KiB of its own
memory() { sed -n 's/^RssAnon:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$1/status"; }

# What it costs to wait for the first event is not counted.
paced() { # SECONDS
	local start cpu=0 before=0 got ms

	record "$1"
	start=$(($(sed 's/[. ].*//' /proc/uptime) * 1000000000 + 3000000000))
	begin "$1" "start=$start"
	build/release/tests/lag "$t/prom" "$start" "$(cat "$t/host.begin")" "$client" \
		> "$t/lag" &
	jobs="$jobs $!"
	while got=$(cpu_ms "$client" 2> /dev/null) && [ -n "$got" ]; do
		cpu=$got
		[ "$(sed 's/[. ].*//' /proc/uptime)000000000" -ge "$start" ] || before=$got
		sleep 0.2
	done
	wait "$client" || exit 2
	wait $! || exit 2
	read -r median late worst < "$t/lag"
	ms=$(($(analysed_ms) - $(cat "$t/host.begin") / 1000000))
	printf '%d ms at their pace, %d events a second, live timer %d ms: ' "$ms" \
		$((events * 1000 / ms)) "${LIVE_TIMER:-100}"
	printf 'event to metric %d ms, 99 %% within %d ms, worst %d ms; ' "$median" "$late" \
		"$worst"
	awk -v cpu=$((cpu - before)) -v ms="$ms" 'BEGIN { printf "%.1f %% of a CPU\n",
		cpu / ms * 100 }'
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
	awk -v s="$1" -v events="$events" -v cpu="$cpu" -v peak="$peak" 'BEGIN {
		printf "%d s replayed, %d events: %.2f s of a CPU, %.0f ns an event; " \
			"%.1f MiB\n", s, events, cpu / 1000, cpu * 1e6 / events,
			peak / 1024 }'
	rm -rf "${t:?}/$1"
}

paced "${LIVE_SECONDS:-20}"
for ((seconds = 10; seconds <= most; seconds *= 10)); do
	replayed "$seconds"
done
