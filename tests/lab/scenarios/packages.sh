# shellcheck shell=bash disable=SC2034 # of run.sh, l1.sh and l2.sh
# SPDX-License-Identifier: MIT
#
# packages: Debian's packages are installed in whole systems, recorded with, and purged

LAB_SYSTEM=yes
LAB_LIBVIRT=yes
LAB_L1_MB=6144
LAB_L2_MB=1536
# Such a host has 3500 MiB. $2 is run.sh's KERNEL.
[ "${2-}" != 6.12 ] || LAB_L2_MB=1024
LAB_L2_SMP=1
LAB_LIMIT=10800		# DKMS compiles, in a guest of an emulated host

host_record() {
	ready_all
	doctor_host
	truth before
	tell load
	await loading
	recording_as_readme recorded
	truth after
	recording_over
	recording_copy recorded record
	host_trace recorded
}

# After what README has one do before it records.
doctor_host() {
	eval "$(readme "$LAB_TOP" "modprobe")" || fail "modprobe vmsync-host"
	doctor
}

host_after() { host_purge; }
