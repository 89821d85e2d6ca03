# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# For scenarios in which the guest is stopped, or goes on in another QEMU of the same host.
# Sourced by their host_during.

# step WHAT COMMAND...: /share/moves has the host's clocks before and after it
step() {
	local what=$1 before

	shift
	before=$("$LAB_WORK/now" | sed 's/\([a-z_]*\)=/before_\1=/g')
	"$@" || fail "$what"
	echo "what=$what $before" \
		"$("$LAB_WORK/now" | sed 's/\([a-z_]*\)=/after_\1=/g')" \
		>> /share/moves
	say "$what"
}

# wait_for COMMAND WORD: until its answer has "status": "WORD"
wait_for() {
	local i

	for ((i = 0; i < LAB_SILENCE; i++)); do
		monitor "$1" || fail "monitor: $1"
		case $(tail -n 1 /share/monitor) in
		*"\"status\": \"$2\""*) return 0 ;;
		*'"status": "failed"'*) return 1 ;;
		esac
		read -r -t 1 <> /run/nothing
	done
	return 1
}

# send URI: the guest's state goes there, and it stands still when it has gone.
# More of it than usual may be left to the end: it changes fast, all else is slow.
send() {
	monitor migrate-set-parameters '{"downtime-limit": 3000}' &&
	monitor migrate "{\"uri\": \"$1\"}" &&
	wait_for query-migrate completed
}

# begin NAME URI: a QEMU that takes the state from there; its number is $!, its
# monitor /run/NAME
begin() {
	guest_qemu "$1" -incoming "$2"
}

# move: the guest goes on in a second QEMU, while it runs, and is told so
move() {
	begin new unix:/run/move
	new=$!
	until [ -S /run/move ]; do sleep 1; done
	step send send unix:/run/move
	guest_is "$new"
	monitor quit
	monitor_open new
	monitor qmp_capabilities
	step running wait_for query-status running
	truth moved
	tell moved
}
