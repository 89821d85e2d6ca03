# shellcheck shell=bash disable=SC2034 # of run.sh, l1.sh and l2.sh
# SPDX-License-Identifier: MIT
#
# libvirt-two: two domains of libvirt's at once, recorded by one vmsync record

LAB_LIBVIRT=yes
LAB_PORT=yes
LAB_GUESTS=2
LAB_L1_MB=5120

# Longer than the second one's clock is moved, so that the two cannot be taken for
# each other.
guest_record() {
	# shellcheck disable=SC2153 # not LAB_GUESTS
	[ "$LAB_GUEST" != 2 ] || slew 300 3 -200 3 10 &
	guest_record_agent
}

host_record() {
	ready_all
	truth before
	recording_start recorded
	load_all
	recording_end recorded
	truth after
	recording_over
	recording_copy recorded record
	host_trace recorded
}

guest_trace() { trace_take recorded; }
