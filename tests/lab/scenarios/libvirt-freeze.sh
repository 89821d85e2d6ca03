# shellcheck shell=bash disable=SC2034 # of run.sh, l1.sh and l2.sh
# SPDX-License-Identifier: MIT
#
# libvirt-freeze: two domains of libvirt's at once, whose flight recorders, and the host's,
# are frozen together 50 times under load

LAB_LIBVIRT=yes
LAB_PORT=yes
LAB_GUESTS=2
LAB_L1_MB=5120

FREEZES=50

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

host_record() {
	local recorder

	ready_all
	truth before
	# shellcheck disable=SC2153 # the lab sets it
	"$LAB_WORK/vmsync/bin/vmsync" record -o /run/freezes --snapshot --on-freeze \
		--per-hour=1000 --dead-time=0 > /share/recorder 2>&1 &
	recorder=$!
	until_true "the flight recorder does not record both" recorder_records
	each tell load
	each await loading
	freeze_all
	each await loaded
	truth after
	installed bin/vmsync freeze --status --json > /share/status
	kill -INT "$recorder"
	wait "$recorder" || fail "the flight recorder"
	recording_over
	mkdir -p /run/recorded
	mv /run/freezes/"freeze-$FREEZES"/guests /run/recorded/guests
	mv /run/freezes/"freeze-$FREEZES"/host/* /run/recorded/host
	host_trace recorded
}

guest_trace() { trace_take recorded; }
