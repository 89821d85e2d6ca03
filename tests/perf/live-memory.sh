#!/bin/bash
# SPDX-License-Identifier: MIT
#
# live-memory.sh: what memory vmsync live --analyze takes while LIVE_EVENTS (100 000 000)
# events of a host and two guests are replayed by relay daemons of the tests, as fast as
# they are taken: a line of what is resident for each tenth of the recording. Fails where
# that is ever more than 32 MiB, or grows by more than 256 KiB from the fifth tenth on.
# Beacons come 200 times a second: so many of each guest are kept, and so all that is
# kept is in use before half of the recording is over. Takes 60 bytes an event of TMPDIR.
set -u
cd "$(dirname "$0")/../.." || exit 2

events=${LIVE_EVENTS:-100000000}
t=$(mktemp -d) || exit 2
jobs=
# shellcheck disable=SC2086 # process numbers
trap 'kill $jobs 2> /dev/null; wait; rm -rf "$t"' EXIT
trap 'exit 130' INT TERM

# memory NAME: KiB, of vmsync live; nothing once it has ended
memory() { sed -n "s/^$1:[^0-9]*\([0-9]*\) kB/\1/p" "/proc/$client/status" 2> /dev/null; }
# ms of the host's clock up to which all is analysed
analysed_ms() {
	awk '$1 == "vmsync_live_analysed_seconds" { printf "%d", $2 * 1000 }' "$t/prom" \
		2> /dev/null
}

build/release/tests/pair "$t/in" guests=2 busy=4 events=$((events / 3)) gap=4380 knots=10 \
	beacons=200 packet=262144 timer=100000000 > "$t/log" || exit 2
all=$((events / 3 + $(sed 's/guest_events=\([0-9]*\).*/\1/' "$t/log")))
urls=()
for name in host guest guest2; do
	build/release/tests/relayd "$t/$name" host=$name "$t/in/$name" &
	jobs="$jobs $!"
	until [ -s "$t/$name" ]; do
		kill -0 $! || exit 2
		sleep 0.1
	done
	urls+=("tcp://127.0.0.1:$(cat "$t/$name")/session")
done
build/release/vmsync live --once --record="$t/out" --analyze --patience=1000 \
	--metrics="$t/prom" "${urls[@]}" > "$t/log" 2> "$t/said" &
client=$!
jobs="$jobs $client"

# The recording begins 222 s after the host's boot, and has 100 000 events a second.
tenth=1 fifth=0 last=0 most=0
while got=$(memory VmRSS) && [ -n "$got" ]; do
	last=$got
	got=$(memory VmHWM)
	most=${got:-$most}
	ms=$(analysed_ms)
	if [ "${ms:-0}" -ge $((222123 + events * tenth / 3000)) ]; then
		printf "%3d %%: %d KiB resident\n" $((10 * tenth)) "$last"
		[ $tenth != 5 ] || fifth=$last
		tenth=$((tenth + 1))
	fi
	sleep 0.2
done
wait "$client" || {
	cat "$t/said"
	exit 2
}
if [ $tenth -lt 7 ]; then
	echo "too few events to tell" >&2
	exit 2
fi
awk -v n="$all" -v most="$most" -v more=$((last - fifth)) 'BEGIN {
	printf "%d events replayed: %.1f MiB resident at most, %d KiB more than half-way\n",
		n, most / 1024, more
	exit most > 32768 || more > 256
}'
