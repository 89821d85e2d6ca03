# shellcheck shell=dash disable=SC2034 # of run.sh, l1.sh and l2.sh
# SPDX-License-Identifier: MIT
#
# flood: as basic, beside a process in the guest that makes beacons of its own

LAB_L1_CPUS=1

guest_during() {
	flood "$LAB_SECONDS" || fail "KVM takes a process for a kernel"
}

# What the host has taken is in /share/beacons.
host_during() {
	tries=0
	until [ "$(sed -n 's/.* user=\([0-9]*\).*/\1/p' /sys/kernel/debug/vmsync/host)" -ge 1000 ]; do
		tries=$((tries + 1))
		if [ "$tries" -ge 600 ] || ! guest_lives; then
			fail "less than 1000 of the flood are seen"
		fi
		sleep 0.5
	done
	sed -n '/^vm_pid=/p' /sys/kernel/debug/vmsync/host > /share/beacons
}
