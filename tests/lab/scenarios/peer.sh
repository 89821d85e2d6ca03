# shellcheck shell=bash disable=SC2034 # of run.sh, l1.sh and l2.sh
# SPDX-License-Identifier: MIT
#
# peer: a domain recorded by vmsync record, and then by trace-cmd record -A; tests/lab/peer.sh
#
# The same guest with the same load twice, the same events, and for each the times of
# what a user waits for.

LAB_LIBVIRT=yes
LAB_PORT=yes
LAB_TRACECMD=yes
LAB_L1_MB=4096

guest_record() {
	modprobe vmw_vsock_virtio_transport || fail "no vsock"
	trace-cmd agent > /tmp/peer 2>&1 &
	guest_record_agent
}

host_modules() {
	modprobe vmsync && modprobe vmsync-host && modprobe vhost_vsock
}

domain_devices() {
	echo "<vsock model='virtio'><cid auto='no' address='3'/></vsock>"
}

# As vmsync record --events analysis has them.
events_both="sched_switch sched_waking sched_wakeup sched_wakeup_new
	sched_migrate_task sched_process_fork sched_process_exit irq_handler_entry
	irq_handler_exit softirq_entry softirq_exit softirq_raise"
events_kvm="kvm_entry kvm_exit kvm_userspace_exit"

stamp() { # WHO WHAT [WHEN]
	echo "who=$1 what=$2 ${3-$("$LAB_WORK/now")}" >> /share/times
}

# timed NAME COMMAND...: the command begins a recording
timed() {
	local name=$1

	shift
	stamp "$name" typed
	"$@"
	stamp "$name" recording "$(cat /run/recording)"
	load_all
	stamp "$name" stop
	recording_end "$name"
	stamp "$name" "done"
}

# So a user types it.
peer_record() {
	mkdir /run/peer
	cd /run/peer || fail "no folder"
	# shellcheck disable=SC2046,SC2086 # options, of words
	timed peer recording_by peer trace-cmd record \
		-o /run/peer/trace.dat $(printf -- '-e %s ' $events_both $events_kvm) \
		-A guest@3 $(printf -- '-e %s ' $events_both)
	cd /
	mkdir /share/peer
	cp /run/peer/*.dat /share/peer/ || fail "trace-cmd left nothing"
}

host_record() {
	ready_all
	truth before
	timed recorded recording_start recorded
	truth after
	peer_record
	recording_over
	recording_copy recorded record
	host_trace recorded
}

guest_trace() { trace_take recorded; }
