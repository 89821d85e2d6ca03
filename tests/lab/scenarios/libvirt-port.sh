# shellcheck shell=bash disable=SC2034 # of run.sh, l1.sh and l2.sh
# SPDX-License-Identifier: MIT
#
# libvirt-port: vmsync record on a host without any kernel module, by the port alone
#
# Twice: with no module on the host at all; and then with the modules beside it, which
# the test alone records by, for the exact map of the same time. vmsync record and
# vmsyncd do not see them: they have another view of the machine, where LTTng's daemon
# knows no kernel.

LAB_LIBVIRT=yes
LAB_PORT=yes
LAB_L1_MB=4096

guest_record() { guest_record_agent; }

host_modules() { :; }

host_daemon() {
	mkdir -p /run/lttng
	# shellcheck disable=SC2016 # of the inner shell
	unshare -m sh -c 'for d in /run/lttng /dev/shm /sys/module; do
			mount -t tmpfs tmpfs "$d" || exit
		done
		> /run/bare.there
		exec sleep 100000' &
	vmsync_in="nsenter -m -t $! --"
	until_true "no other view of the machine" test -e /run/bare.there
	$vmsync_in lttng-sessiond -d --no-kernel || fail "lttng-sessiond"
}

# For the test alone.
exact_start() {
	{ modprobe vmsync && modprobe vmsync-host; } || fail "vmsync's modules"
	record_ready
	lttng -q -n start lab || fail "lttng start"
}

host_record() {
	ready_all
	! grep -E '^(vmsync|lttng)' /proc/modules || fail "modules are loaded"
	recording_as_readme bare
	! grep -E '^(vmsync|lttng)' /proc/modules || fail "modules were loaded"
	exact_start
	truth before
	recording_start recorded
	load_all
	recording_end recorded
	truth after
	{ lttng -q -n stop lab && lttng -q -n destroy lab; } || fail "lttng stop"
	recording_over
	recording_copy bare bare
	recording_copy recorded record
	{
		cp -r /run/trace/kernel /share/host &&
			cp -r /run/recorded/host/ust /share/host/
	} || fail "no trace of the host"
	mkdir /share/bare/host
	{
		cp -r /run/bare/host/ust /share/bare/host/ &&
			cp -r /run/bare/guests /share/bare/
	} || fail "no trace of the bare host"
}

guest_trace() { trace_take recorded; }
