#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What a guest that is a whole Debian system does in the lab: vmsync is installed, set
# up and recorded by its agent, and purged. Talks to l1.sh over the serial line; what
# is to be judged goes as a tar file to /dev/vdb.

export PATH=/run/lab/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C
ME=guest
kept=/run/lab/kept
lab_readme=/run/lab
# shellcheck source=/dev/null
. /run/lab/lab.conf
# shellcheck source=tests/lab/common.sh
. /run/lab/common.sh
# shellcheck source=tests/lab/system/system.sh
. /run/lab/system.sh

# What was kept becomes the host's.
kept_out() {
	journal_take -u vmsync-agent -u lttng-sessiond
	tar -c -f /dev/vdb -C "$kept" .
	sync
}

# The host looks at it, and ends us, as soon as it hears.
fail() {
	dmesg | tail -n 30
	kept_out
	say "fail $*"
	finish
}

finish() {
	watch_end
	taint
	say "end"
	sync
	systemctl poweroff -ff
	sleep 60
}

# The agent, and by it the module, were started by what was installed.
agent_runs() { systemctl -q is-active vmsync-agent.service; }

# told WORD: waits until the host says it
told() {
	read -r heard < /dev/ttyS0
	[ "$heard" = "$1" ] || fail "heard '$heard', not '$1'"
}

say "up $(uname -r)"
heartbeat &
system_settled
clocksource_check "$LAB_CLOCKSOURCE" || fail "wanted $LAB_CLOCKSOURCE"
state_take before
packages_install
tracer_setup
state_take installed
say "ready"
told go
until_true "no agent runs" agent_runs
doctor
say "recording"
told load
setsid load 100000 /dev/vda &
load=$!
say "loading"
told stop
kill -- -$load		# all of its processes
packages_purge vmsync vmsync-dkms vmsync-guest
state_take after
kept_out || fail "what was kept is not written"
say "recorded"
finish
