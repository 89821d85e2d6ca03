#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Debian's packages in the lab (tests/lab/scenarios/packages.sh): a host and its guest,
# both whole Debian systems with systemd, udev and libvirt, get them by apt from a
# folder, DKMS builds for the kernels that run, vmsync doctor finds nothing to say, a
# recording by README's commands is exact, and what is purged leaves nothing. KERNEL and
# GUEST_KERNEL are those of "make lab", 6.12 or none. Run by its name, half an hour or
# more; LAB_REUSE=1 takes the recording that is there.
. tests/check/lib.sh
. tests/check/record.sh
. tests/check/lab-checks.sh
. tests/check/lab-judge.sh
. tests/check/lab-domains.sh

expect "the tool builds" make -s -j2 tool
vmsync=build/vmsync
t=$check_tmp
s=packages
version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)

if record $s; then
	pass "$s recorded"
else
	fail "$s: the lab failed, see $lab/$s"
	finish
fi

# status KEY: of the lab's run
status() { sed -n "s/^$1=//p" "$lab/$s/status"; }

# What a running system, apt and DKMS write anyway: databases, logs, caches, what
# systemd and libvirt remember; the backup of a group file, and its lock; the key that
# DKMS signs with.
noise='^(var/lib/(dpkg|apt|systemd|libvirt)|var/log|var/cache|run|tmp|var/tmp)(/| )'
noise="$noise|^etc/(group|gshadow|passwd|shadow|subuid|subgid)-\$?"
noise="$noise|^etc/\\.pwd\\.lock |^etc/ld\\.so\\.cache |^var/lib/dkms/mok\\."

# state NAME WHEN: what there was
state() {
	if [ "$1" = files ]; then
		grep -vE "$noise" "$dir/$2/$1"
	else
		cat "$dir/$2/$1"
	fi
}

# gone NAME: it is after as it was before
gone() {
	expect_eq "$s: $side: purged: $1 as before" \
		"$(diff <(state "$1" before) <(state "$1" after))" ""
}

# side_check SIDE RELEASE MODULE...: what became of the packages in one machine. Here
# what LTTng's modules are is not looked at, which doctor did, but whether vmsync's are.
side_check() {
	local side=$1 release=$2 dir=$lab/$s/$1-state name
	local modules=usr/lib/modules/${2//+/\\+}/updates/dkms

	shift 2
	for name; do
		expect "$s: $side: DKMS built $name" grep -qE \
			"^$modules/$name\.ko(\.xz)? f " "$dir/installed/files"
	done
	for name in vmsync vmsync-tracer; do
		expect "$s: $side: $name is DKMS's" grep -qF \
			"$name/$version, $release, x86_64: installed" \
			"$dir/installed/dkms"
	done
	expect_eq "$s: $side: nothing that failed is told of" \
		"$(grep -hE '^(Failed|E:|W:) ' "$dir"/{install,tracer,purge})" ""
	expect_eq "$s: $side: doctor: exit status" "$(cat "$dir/doctor.status")" 0
	expect_eq "$s: $side: doctor: what is not ok" \
		"$(tail -n +2 "$dir/doctor" | grep -v '^ok ')" ""
	for name in files modules groups users unit-files units dkms; do
		expect "$s: $side: $name were listed" test -e "$dir/before/$name"
		gone "$name"
	done
	# A listing that sees nothing would find nothing.
	expect "$s: $side: files are seen" grep -q '^usr/bin/vmsync f 755 0:0 ' \
		"$dir/installed/files"
	sed -n "s/.*@lab $([ "$side" = host ] && echo L1 || echo guest) took /$s: $side: took /p" \
		"$lab/$s/host.serial"
}

modules="vmsync vmsync-host vmsync-guest lttng-tracer lttng-probe-vmsync"
# shellcheck disable=SC2086 # several
side_check host "$(status release)" $modules lttng-probe-vmsync-kvm lttng-probe-vmsync-ovs
# shellcheck disable=SC2086 # several
side_check guest "$(status guest_release)" $modules

# What it recorded.
expect_eq "$s: by its agent" "$(recorded '.guests[] | .name + ":" + .how')" guest:agent
all_there
judge 1 0 "$lab/$s"/{host,guest}
exact 0
domains guest
fused_by "$lab/$s"/{host,guest}
truth_check
fuse_check
finish
