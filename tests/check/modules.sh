#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The kernel modules build without a warning, for every kernel that we promise.
. tests/check/lib.sh

expect "Debian's kernel, headers and LTTng are there" make -s lab-packages
expect "LTTng's modules build" make -s lab-lttng
# shellcheck source=/dev/null
. build/packages.env
expect "the modules build, with LTTng's probes" \
	make -s modules KDIR="$PWD/$LAB_KDIR" LTTNG_SRC="$PWD/$LAB_LTTNG_SRC"
expect "no warning at W=1 and from sparse, 6.1 and 6.12, all flavours" make -s modules-check

# DKMS builds for the kernels that these are, and for no others.
exclusive=$(sed -n 's/^BUILD_EXCLUSIVE_KERNEL="\(.*\)"/\1/p' dkms.conf)
for kdir in "$LAB_KDIR" "$LAB_KDIR_NEWER" $LAB_KDIRS_MORE; do
	release=${kdir##*/linux-headers-}
	expect "DKMS builds for $release" grep -qE "$exclusive" <<< "$release"
	common=$(sed -n 's|^include .*/\(linux-headers-.*\)/Makefile$|\1|p' "$kdir/Makefile")
	kvm=${kdir%/*}/$common/arch/x86/include/asm/kvm_host.h
	expect "KVM of $release governs every guest's TSC" test -s "$kvm" -a \
		-z "$(grep guest_tsc_protected "$kvm")"
done
for release in 5.10.0-28-amd64 6.0.0-1-amd64 6.13.0-amd64 6.18.1-amd64 7.1.0; do
	expect "DKMS does not build for $release" test "$exclusive" -a \
		-z "$(grep -E "$exclusive" <<< "$release")"
done

# Where nobody has looked at KVM, a guest can be recorded all the same.
expect "core and guest build apart from the host" env OUT="$check_tmp/apart" \
	KBUILD_ARGS=VMSYNC_HOST_KERNELS= kmod/build.sh "$LAB_KDIR"
expect_eq "core and guest, nothing else" \
	"$(cd "$check_tmp/apart/$LAB_RELEASE" && echo *.ko)" \
	"vmsync-clock.ko vmsync-guest.ko vmsync.ko"

# What the probe of Open vSwitch reads is in no header: it is as the kernel's own types are.
members() { # FILE: of its struct dp_upcall_info, one a line
	sed -n '/^struct dp_upcall_info {/,/^};/ { s,/\*.*,,; s/[[:space:]]\+/ /g; s/ \* / */
		s/^ \(.*;\) *$/\1/p }' "$1"
}
members kmod/compat-ovs.h > "$check_tmp/ours"
at=$(LC_ALL=C grep -abo -m 1 $'\xfd7zXZ' "$LAB_VMLINUZ" | head -n 1)
tail -c "+$((${at%%:*} + 1))" "$LAB_VMLINUZ" | xz -dc > "$check_tmp/vmlinux" 2> "$check_out"
pahole --btf_base "$check_tmp/vmlinux" -C dp_upcall_info \
	"$(find "$LAB_MODULES/" -name openvswitch.ko)" > "$check_tmp/pahole" 2> "$check_out"
expect_eq "Open vSwitch's upcalls are as kmod/compat-ovs.h has them" \
	"$(members "$check_tmp/pahole" | head -n 6)" "$(cat "$check_tmp/ours")"
expect_eq "... in six members" "$(wc -l < "$check_tmp/ours")" 6

ko=build/modules/$LAB_RELEASE
version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)
for m in vmsync vmsync-host vmsync-guest vmsync-clock lttng-probe-vmsync \
	lttng-probe-vmsync-kvm lttng-probe-vmsync-ovs lttng-clock-vmsync; do
	expect "$m.ko" test -s "$ko/$m.ko"
done
# What modinfo says of each, for every kernel that it was built for.
for file in "$ko"/*.ko build/modules-check/*/*/*.ko; do
	m=${file#build/} release=$(basename "${file%/*}")
	expect_eq "$m: what modinfo complains of" "$(modinfo "$file" 2>&1 > "$check_out")" ""
	expect_eq "$m: licence" "$(modinfo -F license "$file")" GPL
	expect_eq "$m: version" "$(modinfo -F version "$file")" "$version"
	expect_eq "$m: kernel" "$(modinfo -F vermagic "$file" | cut -d' ' -f1)" "$release"
	expect_eq "$m: parameters without a description and a type" \
		"$(modinfo -F parm "$file" | grep -vE '^[a-z_]+:.+ \((uint|ulong|bool|cpulist)\)$')" ""
	for field in description author; do
		expect "$m: $field" test -n "$(modinfo -F $field "$file")"
	done
done

# Kernels from 6.18 on export to KVM's own modules only, but for a few.
expect_eq "what the host's module uses of kvm.ko" \
	"$(nm -u "$ko/vmsync-host.ko" | sed -n 's/^ *U \(kvm_.*\)/\1/p' | paste -sd' ')" \
	"kvm_get_kvm_safe"
finish
