# shellcheck shell=bash disable=SC2034 # of run.sh, l1.sh and l2.sh
# SPDX-License-Identifier: MIT
#
# libvirt-reboot: a domain reboots, libvirtd and vmsyncd are restarted, vmsync record goes on
#
# The second guest has no agent, and records both its boots by itself.

LAB_LIBVIRT=yes
LAB_PORT=yes
LAB_GUESTS=2
LAB_L1_MB=5120

guest_record() {
	# shellcheck disable=SC2153 # not LAB_GUESTS
	if [ "$LAB_GUEST" != 2 ]; then
		guest_record_agent
		return
	fi
	LAB_PORT=
	guest_record_told
	read -r next < /dev/ttyS0
	[ "$next" = reboot ] || return 0
	taint
	sync
	say "reboots"
	reboot -f
	sleep 1000
}

domain_reboot() {
	if [ "$at" = guest ]; then echo destroy; else echo restart; fi
}

domain_has_port() { [ "$at" = guest ]; }

domains_run() {
	local at

	# shellcheck disable=SC2154 # of l1.sh
	for at in $guests; do
		[ "$(virsh -q domstate "$at" 2> /dev/null)" = running ] || return
	done
}

# QEMU's processes stay what they were, and vmsync record hears of its guest again.
daemons_restart() {
	local before after

	before=$(cat /run/libvirt/qemu/guest*.pid)
	# shellcheck disable=SC2154 # of domain.sh
	kill "$libvirtd_pid" || fail "libvirtd died"
	wait "$libvirtd_pid"
	# shellcheck disable=SC2154 # of domain.sh
	kill "$vmsyncd_pid" || fail "vmsyncd died"
	wait "$vmsyncd_pid" || fail "vmsyncd ended with status $?"
	vmsyncd_start
	libvirtd_start
	until_true "libvirtd does not know its domains" domains_run
	until_true "no agent at the port" agent_there
	after=$(cat /run/libvirt/qemu/guest*.pid)
	[ "$before" = "$after" ] || fail "other processes than before: $before, $after"
	say "daemons restarted"
}

# of the second guest, up to its end
boot_record() {
	tell go
	await recording
	truth boot
	"$@"
	tell stop
	await recorded
}

host_record() {
	at=guest
	tell go
	await recording
	until_true "no agent at the port" agent_there
	truth before
	recording_start recorded
	tell load
	at=guest2
	boot_record sleep 5
	mkdir /share/guest2-first
	tar -x -f /run/guest2.img -C /share/guest2-first || fail "trace of the first boot"
	tell reboot
	await reboots
	at=guest
	daemons_restart
	at=guest2
	await ready
	boot_record sleep 5
	at=guest
	await loaded
	recording_end recorded
	at=guest2
	tell end
	at=guest
	tell stop
	await recorded
	clocksource_check tsc || lost "the host machine left the TSC"
	recording_copy recorded record
	host_trace recorded
}

guest_trace() {
	if [ "$at" = guest ]; then trace_take recorded; else guest_trace_tar; fi
}
