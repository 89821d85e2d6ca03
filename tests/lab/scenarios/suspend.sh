# shellcheck shell=dash disable=SC2034 # of run.sh, l1.sh and l2.sh
# SPDX-License-Identifier: MIT
#
# suspend: the guest, on kvm-clock, is suspended to memory (S3); then saved, and taken back twice

LAB_L1_APPEND=slub_debug=U
LAB_L1_CPUS=1
LAB_L1_MB=4096
# What it writes goes to files beside its disks, which can hold its memory as well;
# they end with QEMU, which so does not end with the guest.
LAB_L2_QEMU="-snapshot -no-shutdown"

# monitor_line COMMAND: as people type it; what it says is an error
monitor_line() {
	{
		monitor human-monitor-command "{\"command-line\": \"$1\"}" &&
		tail -n 1 /share/monitor | grep -q '"return": ""'
	} || fail "monitor: $1: $(tail -n 1 /share/monitor)"
}

# /share/snapshots: the host's clocks just before and after each command.
snapshot_step() {
	before=$("$LAB_WORK/now" | sed 's/\([a-z_]*\)=/before_\1=/g')
	monitor_line "$1 lab"
	echo "what=$1 $before" \
		"$("$LAB_WORK/now" | sed 's/\([a-z_]*\)=/after_\1=/g')" \
		>> /share/snapshots
	truth "$1"
	say "$1 done"
}

guest_record() {
	guest_record_told
}

guest_during() {
	for _ in 1 2; do
		sleep 3
		say "suspends"
		echo mem > /sys/power/state || fail "no suspend to memory"
		say "is back"
	done
}

# status_is WORD
status_is() {
	monitor query-status
	tail -n 1 /share/monitor | grep -q "\"status\": \"$1\""
}

is_back() {
	[ "$(grep -c "@lab guest is back" /run/guest.said)" = "$1" ]
}

host_record() {
	record_begin
	for i in 1 2; do
		until_true "guest does not suspend" status_is suspended
		sleep 3
		monitor system_wakeup || fail "no wake-up"
		until_true "guest does not come back" is_back $i
	done
	truth resumed
	sleep 2
	snapshot_step savevm
	sleep 4
	snapshot_step loadvm
	sleep 3
	snapshot_step loadvm
	sleep 3
	tell stop
	record_end
}

guest_off() {
	until_true "guest does not power off" status_is shutdown
	monitor_line "commit all"
	monitor quit
}

host_after() {
	. "$LAB_TOP/tests/lab/clean.sh"
	host_clean
}
