# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What is left on the host when all is over: nothing. Sourced by scenarios, in
# the host, which boots with slub_debug=U.

host_state() {
	head -n 1 /sys/kernel/debug/vmsync/host
}

host_state_is() {
	host_state | grep -q "^$1"
}

# No VM is known any more, every module goes, and none of them holds memory.
host_clean() {
	local m held

	. "$LAB_TOP/tests/lab/leaks.sh"
	# A check that sees nothing would find nothing.
	leaks_traced || fail "no allocation traces"
	until_true "something of the dead guests lives: $(host_state)" \
		host_state_is 'vms=0 vcpus=0'
	daemon_end
	for m in lttng_probe_vmsync_kvm lttng_probe_vmsync vmsync_host vmsync; do
		[ ! -d "/sys/module/$m" ] || rmmod "$m" || fail "$m does not go"
	done
	held=$(leaks_held)
	[ -z "$held" ] || fail "held by modules that are gone: $held"
	say "clean"
}
