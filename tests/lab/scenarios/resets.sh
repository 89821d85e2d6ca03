# shellcheck shell=dash disable=SC2034 # of run.sh, l1.sh and l2.sh
# SPDX-License-Identifier: MIT
#
# resets: beside a guest that is recorded, a second one is reset twice, and killed
#
# The second one records at its third boot.

LAB_GUESTS=2
LAB_L1_MB=4096
LAB_L1_APPEND=slub_debug=U

# What the second one recorded it hands over, and then goes on with beacons.
guest_record() {
	guest_record_told
	# shellcheck disable=SC2153 # not LAB_GUESTS
	[ "$LAB_GUEST" = 2 ] || return 0
	{
		lttng -q -n create more --output=/tmp/more &&
		lttng -q -n enable-event -k -s more 'vmsync_*' &&
		lttng -q -n start more
	} || fail "no more beacons"
	taint
	say "beacons go on"
	sleep 1000
}

reboot() {
	sleep 4
	monitor system_reset || fail "no reset"
	await ready
	tell go
	await recording
	truth boot
}

host_record() {
	record_begin
	at=guest2
	monitor set-action '{"reboot": "reset"}' || fail "a reset would be the end"
	reboot
	reboot
	sleep 6
	tell stop
	await recorded
	guest_trace
	await beacons
	sleep 1
	pkill -KILL -P "$(cat /run/guest2.pid)" || fail "no QEMU to kill"
	say "guest2 is killed"
	at=guest guests=guest
	tell stop
	record_end
}

host_after() {
	. "$LAB_TOP/tests/lab/clean.sh"
	host_clean
}
