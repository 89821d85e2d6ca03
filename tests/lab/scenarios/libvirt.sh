# shellcheck shell=bash disable=SC2034 # of run.sh, l1.sh and l2.sh
# SPDX-License-Identifier: MIT
#
# libvirt: a domain of libvirt's with KVM, prepared by vmsync setup, recorded by vmsync record

LAB_LIBVIRT=yes
LAB_PORT=yes
LAB_L1_MB=4096

guest_record() { guest_record_agent; }

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
