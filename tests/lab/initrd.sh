#!/bin/bash
# SPDX-License-Identifier: MIT
#
# initrd.sh WORK: writes the initial file systems of the lab's two machines,
# WORK/l1.cpio and WORK/l2.cpio, and WORK/modroot, their kernel's modules with
# LTTng's and vmsync's among them. WORK/lab.conf goes into both.
#
# The host, L1, only finds its root there: this machine's own, over 9p, read
# only under a tmpfs. The guest, L2, lives in its initial file system, so that
# no disk and no second 9p takes part in what is recorded.

set -eu
export PATH=$PATH:/usr/sbin:/sbin

work=$1
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=/dev/null
. "$work/lab.conf"

modroot=$work/modroot
# shellcheck source=tests/lab/cpio.sh
. "$here/cpio.sh"

# modules_gather RELEASE MODULES LTTNG_SRC KO: a kernel's modules as they are, ours
# and LTTng's without debug information.
modules_gather() {
	local f ko moddir=$modroot/lib/modules/$1

	mkdir -p "$moddir/extra"
	ln -s "$(readlink -f "$2/kernel")" "$moddir/kernel"
	for f in modules.builtin modules.builtin.modinfo modules.order; do
		cp "$2/$f" "$moddir/"
	done
	{
		find "$3/src" -name '*.ko'
		[ "$LAB_VMSYNC" = yes ] && printf '%s\n' "$4"/*.ko
	} | while read -r ko; do
		objcopy --strip-debug "$ko" "$moddir/extra/${ko##*/}"
	done
	depmod -b "$modroot" "$1"
}

l1_make() {
	local dir=$work/l1 ko

	rm -rf "$dir"
	mkdir -p "$dir"/{bin,dev,proc,sys,newroot,ro,rw,modules}
	: > "$dir/modules/order"
	cp /bin/busybox "$dir/bin/"
	modules_needed "$LAB_RELEASE" virtio_pci 9pnet_virtio 9p overlay | while read -r ko; do
		module_copy "$ko" "$dir/modules" >> "$dir/modules/order"
	done
	cp "$work/lab.conf" "$dir/"
	cp "$here/l1-init.sh" "$dir/init"
	archive "$dir" "$work/l1.cpio"
}

# The folder that it lies in may be one that the guest hides.
ours_copy() {
	local program=$LAB_TOP/build/release/$2

	programs_copy "$1" "$program"
	cp "$program" "$1/bin/"
}

clock_copy() {
	programs_copy "$1" "$work/ustclock"
	cp "$work/ustclock" "$LAB_TOP/build/release/libvmsync-ust-clock.so" "$1/bin/"
}

l2_make() {
	local dir=$work/l2 ko sub consumer extra release=$LAB_L2_RELEASE
	local vsock=$LAB_TRACECMD$LAB_LIVE
	local moddir=$modroot/lib/modules/$release

	rm -rf "$dir"
	mkdir -p "$dir"/{bin,sbin,dev,proc,sys,tmp,run,etc,root,usr/bin,var} \
		"$dir/lib/modules/$release"
	cp /bin/busybox "$dir/bin/"
	cp "$work"/{load,slew,now,flood,clock,known,blocks} "$dir/bin/"
	ln -s /run "$dir/var/run"
	echo 'root:x:0:0:root:/root:/bin/sh' > "$dir/etc/passwd"
	echo 'root:x:0:' > "$dir/etc/group"
	consumer=$(find /usr/lib -name lttng-consumerd | head -1)
	programs_copy "$dir" /usr/bin/lttng /usr/bin/lttng-sessiond "$consumer"
	[ -z "$LAB_PORT" ] || ours_copy "$dir" vmsync-agent
	[ -z "$LAB_MEMORY" ] || ours_copy "$dir" tests/touch-memory
	[ -z "$LAB_CLOCK" ] || clock_copy "$dir"
	[ -z "$LAB_TRACECMD" ] || programs_copy "$dir" /usr/bin/trace-cmd
	[ -z "$LAB_LIVE" ] || programs_copy "$dir" /usr/bin/lttng-relayd /usr/bin/socat
	# The daemon does not start without the schema of its own files.
	mkdir -p "$dir/usr/share/xml"
	cp -r /usr/share/xml/lttng "$dir/usr/share/xml/"

	extra=$(cd "$moddir/extra" && printf '%s\n' *.ko | sed 's/\.ko$//' |
		grep -Ev '^(lttng-test|lttng-clock-plugin-test|vmsync-host|lttng-probe-vmsync-kvm)$')
	# shellcheck disable=SC2086 # names
	modules_needed "$release" virtio_pci virtio_blk virtio_console $extra \
		${vsock:+vmw_vsock_virtio_transport} ${LAB_MEMORY:+virtio_balloon} |
		while read -r ko; do
			sub=${ko#"$moddir/"}
			module_copy "$ko" "$dir/lib/modules/$release/${sub%/*}"
		done > /dev/null
	cp "$moddir"/modules.{builtin,builtin.modinfo,order} "$dir/lib/modules/$release/"
	depmod -b "$dir" "$release"
	[ -z "$LAB_ADVERSARY" ] || cp "$work/adversary/adversary.ko" "$dir/"
	# Each machine is told its own kernel's.
	sed "s/^LAB_RELEASE=.*/LAB_RELEASE='$release'/" "$work/lab.conf" > "$dir/lab.conf"
	cp "$here"/{common,leaks,l2}.sh "$dir/"
	cp "$here/scenarios/$LAB_NAME.sh" "$dir/scenario.sh"
	ln -s /l2.sh "$dir/init"
	archive "$dir" "$work/l2.cpio"
}

rm -rf "$modroot"
modules_gather "$LAB_RELEASE" "$LAB_MODULES" "$LAB_LTTNG_SRC" "$LAB_KO"
[ "$LAB_L2_RELEASE" = "$LAB_RELEASE" ] ||
	modules_gather "$LAB_L2_RELEASE" "$LAB_L2_MODULES" "$LAB_L2_LTTNG_SRC" "$LAB_L2_KO"
l1_make
[ "$LAB_GUESTS" = 0 ] || l2_make
