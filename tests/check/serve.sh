# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Sourced by the checks of vmsync live --analyze: relay daemons that replay recordings. Who
# sources it has $relayd, the program, and ends the processes in ${pids[@]}.

# serve FOLDER NAME OPTION... TRACE...: a relay daemon of host NAME, whose session is at $url
serve() {
	local port=$1/$2 name=$2
	shift 2
	# shellcheck disable=SC2154 # of who sources this
	timeout 300 "$relayd" "$port" "host=$name" "$@" > "$port.err" 2>&1 &
	pids+=($!)
	soon test -s "$port" || fail "$name: $(cat "$port.err")"
	# shellcheck disable=SC2034 # of who sources this
	url=tcp://127.0.0.1:$(cat "$port")/session
}
