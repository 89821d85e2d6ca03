# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# A host that is a whole Debian system, and whose guest is one, under libvirt as systemd
# starts it. Sourced by l1.sh after domain.sh, some of whose functions these replace.

kept=/share/host-state
lab_readme=$LAB_TOP
. "$LAB_TOP/tests/lab/system/system.sh"

# The folder that packages bring their programs to
installed() {
	local program=$1

	shift
	"/usr/$program" "$@"
}

host_up() {
	mkfifo /run/nothing
	system_settled
}

host_modules() {
	# Once it has started it writes its filters anew, each with a number of its own.
	until_true "libvirtd does not answer" libvirt_answers
	state_take before
	packages_install
}

# The guest does the same at this time.
host_prepare() {
	tracer_setup
	state_take installed
}

# Of the machine below: the guest's root, and what it writes.
domain_devices() {
	local disk

	for disk in vdc vdd; do
		echo "<disk type='block' device='disk'><driver name='qemu' type='raw'/>
			<source dev='/dev/$disk'/><target dev='$disk' bus='virtio'/>
			$([ $disk = vdd ] || echo "<readonly/>")</disk>"
	done
}

# aesni_intel takes for granted that who has AVX has XSAVE, which this guest has not.
guest_cmdline() {
	echo "console=ttyS0 loglevel=5 panic=-1 mitigations=off $LAB_SLOW_APPEND" \
		"modprobe.blacklist=aesni_intel" \
		"$LAB_SYSTEM_APPEND LAB_SIDE=guest LAB_ROOT=vdc LAB_WRITTEN=vdd"
}

guest_boot() {
	eval "$(readme "$LAB_TOP" "vmsync setup host")" > "$kept/setup" 2>&1 ||
		fail "setup host: $(tail -n 1 "$kept/setup")"
	until_true "libvirtd does not answer" libvirt_answers
	domain_start
}

guest_kept() {
	mkdir -p /share/guest-state
	tar -x -f "/run/$at.img" -C /share/guest-state
}

guest_trace() {
	guest_kept || fail "nothing of $at was kept"
	trace_take recorded
}

# However it ends, there is something to look at: of a guest that is gone, what its QEMU
# and libvirt said.
host_over() {
	cp "/var/log/libvirt/qemu/$at.log" "/share/$at.qemu" 2> /dev/null
	journal_take -u vmsyncd -u libvirtd -u lttng-sessiond
	[ ! -e "/run/$at.img" ] || guest_kept
}

# What it was, and nothing of ours, is gone.
host_purge() {
	virsh_says undefine guest
	packages_purge vmsync vmsync-dkms vmsync-host
	state_take after
}
