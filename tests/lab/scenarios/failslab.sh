# shellcheck shell=dash disable=SC2034 # of run.sh, l1.sh and l2.sh
# SPDX-License-Identifier: MIT
#
# failslab: the host runs out of memory in the steps of load, session and unload
#
# What is done is done again and again, each time with another allocation that
# fails, LAB_TRIES of those that there are. The guest sends beacons all the time.

LAB_FAIL_NTH=yes
LAB_L1_APPEND=slub_debug=U
LAB_L1_CPUS=1
LAB_L2_SMP=1
LAB_MIN_EVENTS=0
LAB_LIMIT=3600

tracing=/sys/kernel/tracing
most=${LAB_TRIES:-40}

guest_record() {
	echo 1 > $tracing/events/vmsync/enable || fail "no events"
	load light 1000 /dev/vda &
	say "recording"
	read -r go < /dev/ttyS0
	[ "$go" = stop ] || fail "heard '$go'"
	killall load
	say "recorded"
}

# all_fail WHAT FILE WORD: prints how often it was not done
all_fail() {
	said=$("$LAB_WORK/failnth" "$@" "$most") || fail "$1 of $2: $said"
	say "$1 of ${2##*/}: $said"
	failed=${said##*failed=}
}

ko() {
	echo "/lib/modules/$LAB_RELEASE/extra/$1.ko"
}

# After all that it works as it always did.
session_works() {
	echo > $tracing/trace
	echo 1 > $tracing/events/vmsync/enable || fail "no session any more"
	until_true "no beacons any more" grep -q vmsync_gh_host: $tracing/trace
	echo 0 > $tracing/events/vmsync/enable
}

host_prepare() {
	insmod "$LAB_WORK/fail-nth/fail_nth.ko" || fail "fail_nth.ko"
}

host_record() {
	tell go
	await recording
	rmmod vmsync_host || fail "vmsync_host does not go"
	rmmod vmsync || fail "vmsync does not go"
	all_fail load "$(ko vmsync)" vmsync
	insmod "$(ko vmsync)" || fail "vmsync does not load"
	all_fail load "$(ko vmsync-host)" vmsync_host
	# A check that makes nothing fail would find nothing.
	[ "$failed" != 0 ] || fail "vmsync-host always loads"
	insmod "$(ko vmsync-host)" || fail "vmsync-host does not load"
	all_fail write $tracing/events/vmsync/enable 1
	dmesg | grep -q "cannot attach to KVM's tracepoints" ||
		fail "sessions always begin"
	session_works
	rmmod vmsync_host || fail "vmsync_host does not go"
	all_fail unload "$(ko vmsync-host)" vmsync_host
	rmmod vmsync || fail "vmsync does not go"
	all_fail unload "$(ko vmsync)" vmsync
	insmod "$(ko vmsync)" || fail "vmsync does not load"
	insmod "$(ko vmsync-host)" || fail "vmsync-host does not load"
	session_works
	tell stop
	await recorded
}

host_after() {
	. "$LAB_TOP/tests/lab/leaks.sh"
	for m in vmsync_host vmsync fail_nth; do
		rmmod $m || fail "$m does not go"
	done
	held=$(leaks_held)
	[ -z "$held" ] || fail "held by modules that are gone: $held"
	leaks_traced || fail "no allocation traces"
	say "clean"
}
