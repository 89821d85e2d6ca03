# shellcheck shell=bash disable=SC2034 # of run.sh, l1.sh and l2.sh
# SPDX-License-Identifier: MIT
#
# libvirt-freeze: two domains of libvirt's at once, whose flight recorders, and the host's,
# are frozen together 50 times (or LAB_CYCLES), at first under load, once while more is
# recorded, and once because a virtual CPU had to wait

LAB_LIBVIRT=yes
LAB_PORT=yes
LAB_GUESTS=2
LAB_L1_MB=5120
# With two, QEMU's processor takes an interrupt behind VMRUN at times (verdict.sh).
LAB_L1_CPUS=1
# On one CPU a freeze takes 30 s and more under load, and 4 without: the first few are under it.
LAB_SECONDS=100

# The traces are one freeze's, of a few seconds.
LAB_MIN_EVENTS=3000

FREEZES=${LAB_CYCLES:-50}

guest_record() {
	# shellcheck disable=SC2153 # not LAB_GUESTS
	[ "$LAB_GUEST" != 2 ] || slew 300 3 -200 3 10 &
	guest_record_agent
}

recorder_records() {
	guest_check
	[ "$(installed bin/vmsync freeze --status --json 2> /dev/null |
		jq '[.guests[] | select(.is == "records")] | length')" = 2 ]
}

# Each proof is a line of freezes, for the check that follows.
freeze_all() {
	local _

	for _ in $(seq "$FREEZES"); do
		installed bin/vmsync freeze --json >> /share/freezes
		[ $? -le 1 ] || fail "a freeze"
		guest_check
	done
}

is_frozen() { # NUMBER
	guest_check
	[ -e "/run/freezes/freeze-$1/proof.json" ]
}

detail() {
	installed bin/vmsync freeze --detail=all:20 > /share/detail 2>&1 ||
		fail "more events"
	sleep 3
	installed bin/vmsync freeze --json > /share/detailed
}

recorder_as_before() {
	guest_check
	[ "$(installed bin/vmsync freeze --status --json | jq -r .events)" = sync ]
}

# As Documentation/freeze.rst has it, with a limit that is soon met here.
slow_freezes() {
	local trigger

	echo 2000 > /sys/module/vmsync_host/parameters/slow_us || fail "no slow_us"
	lttng -n add-trigger --name=slow --action=notify \
		--condition=event-rule-matches --type=kernel:tracepoint --name=vmsync_slow \
		--filter='ns > 5000000' --capture=vm_pid --capture=vcpu_id --capture=ns \
		--capture=by > /share/trigger 2>&1 || fail "add-trigger"
	installed bin/vmsync freeze --on-trigger=slow >> /share/trigger 2>&1 &
	trigger=$!
	sleep 1
	# shellcheck disable=SC2153 # not LAB_PORT
	"$LAB_WORK/load" spin 2 &
	"$LAB_WORK/load" spin 2
	until_true "no virtual CPU that waits freezes" is_frozen $((FREEZES + 2))
	kill "$trigger"
	lttng -n remove-trigger slow >> /share/trigger 2>&1
	cat /sys/kernel/debug/vmsync/host > /share/slow
	echo 0 > /sys/module/vmsync_host/parameters/slow_us
	cp -r "/run/freezes/freeze-$((FREEZES + 2))" /share/slow-freeze
}

host_record() {
	local recorder

	ready_all
	truth before
	# shellcheck disable=SC2153 # the lab sets it
	# Few events, as such rings have that reach far back: what they hold comes over an
	# emulated port.
	"$LAB_WORK/vmsync/bin/vmsync" record -o /run/freezes --snapshot --on-freeze \
		--events=sync --per-hour=1000 --dead-time=0 > /share/recorder 2>&1 &
	recorder=$!
	until_true "the flight recorder does not record both" recorder_records
	each tell load
	each await loading
	freeze_all
	detail
	each await loaded
	truth after
	until_true "more events without an end" recorder_as_before
	slow_freezes
	cp /run/freezes/audit.log /share/audit
	installed bin/vmsync freeze --status --json > /share/status
	kill -INT "$recorder"
	wait "$recorder" || fail "the flight recorder"
	recording_over
	mkdir -p /run/recorded
	mv /run/freezes/"freeze-$((FREEZES + 1))"/guests /run/recorded/guests
	mv /run/freezes/"freeze-$((FREEZES + 1))"/host/* /run/recorded/host
	host_trace recorded
}

guest_trace() { trace_take recorded; }
