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
. tests/perf/live-replay.sh

# recorded SECONDS: in a folder of that name
recorded() {
	record "$1" $(($1 * 100000)) beacons=10 timer=$((${LIVE_TIMER:-100} * 1000000))
}

# cpu_ms PROCESS: what it has used
cpu_ms() { awk '{ print ($14 + $15) * 10 }' "/proc/$1/stat"; }
# memory PROCESS: KiB of its own
memory() { sed -n 's/^RssAnon:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$1/status"; }

# What it costs to wait for the first event is not counted.
paced() { # SECONDS
	local start cpu=0 before=0 got ms

	recorded "$1"
	start=$(($(sed 's/[. ].*//' /proc/uptime) * 1000000000 + 3000000000))
	begin "$1" 0.1 "start=$start"
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

	recorded "$1"
	begin "$1" 0.1
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
