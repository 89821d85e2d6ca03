# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Sourced by what measures vmsync live --analyze: a host and two guests, each with as many
# events as the host, replayed by three relay daemons of the tests. All is in $t, which goes
# with the script. LIVE_STATES=yes writes tables of states, too.

t=$(mktemp -d) || exit 2
jobs=
# shellcheck disable=SC2086 # process numbers
trap 'kill $jobs 2> /dev/null; wait; rm -rf "$t"' EXIT
trap 'exit 130' INT TERM

# record FOLDER N OPTION...: N events of the host, 100 000 a second; in $events those of all
record() {
	build/release/tests/pair "$t/$1" guests=2 busy=4 events="$2" gap=4380 knots=10 \
		packet=262144 "${@:3}" > "$t/log" || exit 2
	# shellcheck disable=SC2034 # of who sources this
	events=$(($2 + $(sed 's/guest_events=\([0-9]*\).*/\1/' "$t/log")))
}

# begin FOLDER INTERVAL_S OPTION...: vmsync live, its process in $client, of relay daemons
# with these options
begin() {
	local folder=$1 interval_s=$2 name urls=()

	shift 2
	rm -rf "$t/out" "$t/prom" "$t/states"
	for name in host guest guest2; do
		rm -f "$t/$name"
		build/release/tests/relayd "$t/$name" host=$name "$@" "$t/$folder/$name" &
		jobs="$jobs $!"
		until [ -s "$t/$name" ]; do
			kill -0 $! || exit 2
			sleep 0.1
		done
		urls+=("tcp://127.0.0.1:$(cat "$t/$name")/session")
	done
	build/release/vmsync live --once --record="$t/out" --analyze --interval="$interval_s" \
		${LIVE_STATES:+--states="$t/states" --chunk=10} --patience=1000 \
		--metrics="$t/prom" "${urls[@]}" > "$t/log" 2> "$t/said" &
	client=$!
	jobs="$jobs $client"
}

# analysed_ms: up to when, by the host's clock; nothing before the first metrics
analysed_ms() {
	awk '$1 == "vmsync_live_analysed_seconds" { printf "%d", $2 * 1000 }' "$t/prom" \
		2> /dev/null
}
