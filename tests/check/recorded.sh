# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Sourced, after machines.sh, by the checks of vmsync record: a host with vmsyncd and
# two guests with agents, one and two, all of them machines of machines.sh; libvirt's
# domains are files in $t/domains. $o is where programs are built.

record=$PWD/build/release/vmsync
rec="$record record --control=$t/control"

domain() { # NAME SOCKET
	cat > "$t/domains/$1.xml.new" <<-END
		<domstatus state='running' pid='$$'><domain><name>$1</name>
		<uuid>00000000-0000-0000-0000-$(printf %012d "${#1}")</uuid>
		<devices>${2:+<channel type=\"unix\"><source mode=\"bind\" path=\"$2\"/>
		<target type=\"virtio\" name=\"org.vmsync.agent.0\"/></channel>}</devices>
		</domain></domstatus>
	END
	mv "$t/domains/$1.xml.new" "$t/domains/$1.xml"
}

on_host() { run_in host "$@"; }
result() { result_of host; }

# status_is EXPRESSION: of what vmsyncd knows
status_is() {
	"$record" status --json --control="$t/control" > "$t/status" &&
		jq -e "$1" "$t/status"
}

# Its agent may do no more than its unit lets it.
guest_machine() { # NAME AHEAD [MACHINE]
	machine "${3:-$1}" "$2" "$PWD/tests/check/confined.sh" \
		"$PWD/tools/systemd/vmsync-agent.service" "$o/vmsync-agent" \
		--device="$t/$1.dev" --rate=50 --spool="$t/$1.spool"
}

# port NAME: QEMU's side of a guest's port, and libvirt's domain that says where it is
port() {
	chardev "$1"
	domain "$1" "$t/$1.sock"
	until_there "$t/$1.dev"
}

# Ends the check where there can be none of it.
recorded_begin() {
	mkdir "$t" "$t/domains" "$t/bin"
	jobs=""
	trap 'machines_end; kill $jobs 2> /dev/null; wait; rm -rf "$check_tmp"' EXIT
	expect "the tool builds" make -s -j2 tool build/release/tests/port-chardev
	if ! make -s port > "$check_out" 2>&1 ||
		! command -v lttng-sessiond > /dev/null
	then
		skip "recording: no lttng-tools or liblttng-ust-dev here"
		finish
	fi
	if ! machines_can; then
		skip "recording: no time namespaces here ($(tail -n 1 "$check_out"))"
		finish
	fi
}

recorded_machines() {
	port one
	guest_machine one 1000
	port two
	guest_machine two 2000
	machine host 0 "$o/vmsyncd" --domains="$t/domains" --control="$t/control"
	until_true "vmsyncd knows both guests" \
		status_is '[.guests[].connected] == [true, true]'
	commands_make
}

# Commands to be recorded.
#
#	answers N M	until guest one had N more answers, guest two M
#	until		says that it runs, $t/runs, and runs until it is over, which
#			$t/over says, with the status to end with
commands_make() {
	cat > "$t/bin/answers" <<-END
		#!/bin/bash
		one=\$((\$(wc -l < $t/one.answers) + \$1))
		two=\$((\$(wc -l < $t/two.answers) + \$2))
		for _ in \$(seq 3000); do
			[ \$(wc -l < $t/one.answers) -ge \$one ] &&
				[ \$(wc -l < $t/two.answers) -ge \$two ] && exit 0
			sleep 0.1
		done
		exit 1
	END
	cat > "$t/bin/until" <<-END
		#!/bin/bash
		: > "$t/runs"
		until [ -e "$t/over" ]; do sleep 0.1; done
		exit "\$(cat "$t/over")"
	END
	chmod +x "$t/bin/answers" "$t/bin/until"
}

# beats ONE [TWO]: until the guests had so many more answers
beats() {
	"$t/bin/answers" "$1" "${2-$1}" || fail "no beacons"
}

# left NAME: sessions and traces that are in a guest
left() {
	find "$t/$1.spool" -mindepth 1 -maxdepth 1 -name '*trace*' | wc -l
}
is_left() { # NAME N
	[ "$(left "$1")" = "$2" ]
}
# until_nothing NAME: the agent deletes it once it hears of it
until_nothing() {
	until_true "$1: nothing is left of a recording" is_left "$1" 0
	expect_eq "$1: nothing is left of a recording" "$(left "$1")" 0
}
# until_recorded NAME: its agent has begun
until_recorded() {
	until_true "$1 is recorded" is_left "$1" 1
}
