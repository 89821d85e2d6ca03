# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What a scenario takes before it begins: kernels, modules, programs, whole systems, and
# lab.conf, which tells both machines what it is. Sourced by run.sh.

# A module of the lab's own, in its folder here.
module_build() {
	rm -rf "${work:?}/$1"
	cp -r "$here/$1" "$work/"
	make -s -C "$top/$LAB_KDIR" M="$work/$1" VMSYNC="$top" modules \
		> "$work/$1.log" 2>&1 || die "$1 does not build: $work/$1.log"
}

# libvirt, and vmsync as a user installs it.
libvirt_prepare() {
	# shellcheck source=tests/lab/libvirt.sh
	. "$here/libvirt.sh"
	libvirt_fetch "$top" "$work/libvirt.log" ||
		die "libvirt: $(tail -n 1 "$work/libvirt.log")"
	make -s -C "$top" install PREFIX="$work/vmsync" > "$work/install.log" 2>&1 ||
		die "make install: $(tail -n 1 "$work/install.log")"
}

openvswitch_prepare() {
	# shellcheck source=tests/lab/openvswitch.sh
	. "$here/openvswitch.sh"
	openvswitch_fetch "$top" "$work/openvswitch.log" ||
		die "Open vSwitch: $(tail -n 1 "$work/openvswitch.log")"
}

# LTTng-UST's clock plugin, and a program with events to stamp.
clock_prepare() {
	{
		make -s -C "$top" build/release/libvmsync-ust-clock.so &&
		${CC:-gcc} -O2 -Wall -Wextra -Werror -o "$work/ustclock" \
			"$here/ustclock.c" -llttng-ust -ldl
	} > "$work/clock.log" 2>&1 || die "ustclock: $(tail -n 1 "$work/clock.log")"
}

# The logging handler of services, in Python.
service_prepare() {
	{
		make -s -C "$top" install-openstack DESTDIR="$work/openstack" PREFIX=/usr &&
		rm -rf "$work/service" &&
		mv "$work/openstack/usr/lib/python3/dist-packages" "$work/service"
	} > "$work/openstack.log" 2>&1 || die "the service: $(tail -n 1 "$work/openstack.log")"
}

# kernel_ready KERNEL: all that it takes is there, and LAB_RELEASE and so on are it.
kernel_ready() {
	"$here/packages.sh" "$1"
	# shellcheck source=/dev/null
	. "build/packages${1:+-$1}.env"
	"$here/lttng.sh" "$LAB_KDIR" "$LAB_LTTNG_SRC"
	[ "$with_vmsync" = no ] || [ -e "build/modules/$LAB_RELEASE/vmsync-host.ko" ] ||
		die "no modules for $LAB_RELEASE: make lab-modules KERNEL=$1, or LAB_PLAIN=1"
	[ "$1" != kcsan ] || [ "$with_vmsync" = no ] || instrumented
}

# KCSAN sees the accesses that the compiler tells it of, and is silent about others.
instrumented() {
	local ko

	for ko in "build/modules/$LAB_RELEASE"/vmsync*.ko; do
		nm "$ko" | grep -q ' __tsan_' || die "$ko: not built for KCSAN"
	done
}

# kernel_conf PREFIX: that kernel, for lab.conf
kernel_conf() {
	cat <<-CONF
		${1}RELEASE='$LAB_RELEASE'
		${1}VMLINUZ='$top/$LAB_VMLINUZ'
		${1}MODULES='$top/$LAB_MODULES'
		${1}LTTNG_SRC='$top/$LAB_LTTNG_SRC'
		${1}KO='$top/build/modules/$LAB_RELEASE'
	CONF
}

# This machine's programs, and modules that were built on it.
prepare_modules() {
	kernel_ready "$guest_kernel"
	kernel_conf LAB_L2_ > "$work/lab.conf"
	[ -z "$LAB_ADVERSARY" ] || module_build adversary
	kernel_ready "$kernel"
	kernel_conf LAB_ >> "$work/lab.conf"
	[ -z "$LAB_FAIL_NTH" ] || module_build fail-nth
	[ "$kernel" != rt ] || module_build constant-tsc
	[ -z "$LAB_PORT" ] || make -s -C "$top" port || die "no vmsync-agent"
	[ -z "$LAB_CLOCK" ] || clock_prepare
	[ -z "$LAB_LIVE" ] || make -s -C "$top" tool || die "no vmsync"
	[ -z "$LAB_SERVICE" ] || service_prepare
	[ -z "$LAB_MEMORY" ] || make -s -C "$top" tool build/release/tests/touch-memory ||
		die "no touch-memory"
	[ -z "$LAB_LIBVIRT" ] || libvirt_prepare
	[ -z "$LAB_OPENVSWITCH" ] || openvswitch_prepare
}

# system_of KERNEL: the folder of its systems
system_of() { echo "build/system${1:+-$1}"; }

# Systems that are not this machine's, without anything of vmsync, and its packages.
prepare_system() {
	local k

	make -s -C "$top" deb > "$work/deb.log" ||
		die "make deb: $(tail -n 1 "$work/deb.log")"
	for k in "$guest_kernel" "$kernel"; do
		"$here/system/image.sh" build/pkg "$k"
	done
	cat > "$work/lab.conf" <<-CONF
		LAB_RELEASE='$(cat "$(system_of "$kernel")/release")'
		LAB_L2_RELEASE='$(cat "$(system_of "$guest_kernel")/release")'
		LAB_L2_VMLINUZ='/run/lab/top/$(system_of "$guest_kernel")/vmlinuz'
		LAB_SYSTEM_APPEND='$LAB_SYSTEM_APPEND'
	CONF
	LAB_VMLINUZ=$(system_of "$kernel")/vmlinuz
	LAB_L1_APPEND="$LAB_SYSTEM_APPEND LAB_SIDE=host LAB_ROOT=vda LAB_WRITTEN=vdb $LAB_L1_APPEND"
}

prepare() {
	local f seen=$top

	with_vmsync=yes
	if [ -n "${LAB_PLAIN-}" ]; then
		[ "$LAB_MIN_EVENTS" != 0 ] || die "nothing to do without vmsync's modules"
		with_vmsync=no
	fi
	if [ -n "$LAB_SYSTEM" ]; then
		prepare_system
		seen=/run/lab/top
	else
		prepare_modules
	fi
	for f in load slew now flood clock known blocks bpf failnth cycle datagram; do
		[ "$work/$f" -nt "$here/$f.c" ] ||
			${CC:-gcc} -O2 -Wall -Wextra -Werror -static \
				-o "$work/$f" "$here/$f.c"
	done
	cat >> "$work/lab.conf" <<-CONF
		LAB_TOP='$seen'
		LAB_WORK='$seen${work#"$top"}'
		LAB_NAME='$name'
		LAB_L2_CPU='$l2_cpu'
		LAB_L2_MB=$LAB_L2_MB
		LAB_L2_SMP=$LAB_L2_SMP
		LAB_L2_QEMU='$LAB_L2_QEMU'
		LAB_ADVERSARY=$LAB_ADVERSARY
		LAB_CYCLES=${LAB_CYCLES-}
		LAB_ANSWER=${LAB_ANSWER-}
		LAB_TRIES=${LAB_TRIES-}
		LAB_GUESTS=$LAB_GUESTS
		LAB_GUEST2_CPUS=$LAB_GUEST2_CPUS
		LAB_GUEST2_MB=$LAB_GUEST2_MB
		LAB_SECONDS=$LAB_SECONDS
		LAB_CLOCKSOURCE=$LAB_CLOCKSOURCE
		LAB_MIN_EVENTS=$LAB_MIN_EVENTS
		LAB_L2_APPEND='$LAB_L2_APPEND'
		LAB_PORT='$LAB_PORT'
		LAB_CLOCK='$LAB_CLOCK'
		LAB_MEMORY='$LAB_MEMORY'
		LAB_TRACECMD='$LAB_TRACECMD'
		LAB_LIVE='$LAB_LIVE'
		LAB_LIBVIRT='$LAB_LIBVIRT'
		LAB_SYSTEM='$LAB_SYSTEM'
		LAB_VMSYNC='$with_vmsync'
		LAB_LIMIT=$LAB_LIMIT
		LAB_SILENCE=$LAB_SILENCE
		LAB_L2_SILENCE=$LAB_L2_SILENCE
		LAB_SLOW_APPEND='$LAB_SLOW_APPEND'
	CONF
	if [ -n "$LAB_SYSTEM" ]; then
		"$here/system/initrd.sh" "$work" build/pkg "$(system_of "$kernel")" \
			"$(system_of "$guest_kernel")"
	else
		"$here/initrd.sh" "$work"
	fi
}

# The disks of a whole system: its root, and what it writes, empty; the guest's two.
disks=()
disks_make() {
	local d

	[ -n "$LAB_SYSTEM" ] || return 0
	disks=()
	for d in host guest; do
		rm -f "$work/$d.ext4"
		truncate -s 6G "$work/$d.ext4"
		mke2fs -q -t ext4 -O ^has_journal "$work/$d.ext4"
	done
	for d in "$(system_of "$kernel")/host" "$work/host" \
			"$(system_of "$guest_kernel")/guest" "$work/guest"; do
		disks+=(-drive "file=$d.ext4,if=virtio,format=raw,cache=unsafe$(
			[ "${d%/*}" = "$work" ] || echo ,readonly=on)")
	done
}
