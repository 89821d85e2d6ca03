# shellcheck shell=dash disable=SC2034 # of run.sh, l1.sh and l2.sh
# SPDX-License-Identifier: MIT
#
# reload: KVM's module for this processor goes and comes back between two guests

LAB_L1_MB=4096
LAB_L1_APPEND=slub_debug=U
LAB_L1_CPUS=1

kvm_reload() {
	m=$(sed -n 's/^\(kvm_[a-z]*\) .*/\1/p' /proc/modules)
	until_true "$m does not go" rmmod "$m"
	sleep 1
	modprobe "$m" || fail "$m does not come back"
	say "$m reloaded"
}

# The host's session goes on all the time.
host_record() {
	record_begin
	await recorded
	guest_end
	kvm_reload
	at=guest2
	guest_start
	await ready
	monitor qmp_capabilities
	tell go
	await recording
	truth reloaded
	guests=guest2
	record_end
}

host_after() {
	. "$LAB_TOP/tests/lab/clean.sh"
	host_clean
}
