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

wanted=${LIVE_EVENTS:-100000000}
. tests/perf/live-replay.sh

# memory NAME: KiB, of vmsync live; nothing once it has ended
memory() { sed -n "s/^$1:[^0-9]*\([0-9]*\) kB/\1/p" "/proc/$client/status" 2> /dev/null; }

record in $((wanted / 3)) beacons=200 timer=100000000
begin in 1

# The recording begins 222 s after the host's boot, and has 100 000 events a second.
tenth=1 fifth=0 last=0 most=0
while got=$(memory VmRSS) && [ -n "$got" ]; do
	last=$got
	got=$(memory VmHWM)
	most=${got:-$most}
	ms=$(analysed_ms)
	if [ "${ms:-0}" -ge $((222123 + wanted * tenth / 3000)) ]; then
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
awk -v n="$events" -v most="$most" -v more=$((last - fifth)) 'BEGIN {
	printf "%d events replayed: %.1f MiB resident at most, %d KiB more than half-way\n",
		n, most / 1024, more
	exit most > 32768 || more > 256
}'
