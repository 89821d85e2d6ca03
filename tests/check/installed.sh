#!/bin/bash
# SPDX-License-Identifier: MIT
#
# installed.sh DIR KDIR...: the packages of DIR are installed, upgraded, removed and
# purged by dpkg, in a root that is this machine's own below an overlay: what it comes
# to differ by is in the overlay's upper folder, file by file. That root has the
# kernels of the KDIRs, for which DKMS builds. Prints counts as the scripts of
# tests/check do; packages.sh runs it, where all mounts are its own.
. tests/check/lib.sh

debs=$1
shift
kdir=$(readlink -f "$1")
releases=${*##*/linux-headers-}
version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)
t=$check_tmp/t
mkdir "$t"
# Nothing of the machine's can be written through what is mounted here, whatever
# becomes of this: its root is below the overlay, the headers are read-only, and
# devices are a few nodes of its own.
trap 'umount -R "$t"; rm -rf --one-file-system "$check_tmp"' EXIT
root_make() {
	mount -t tmpfs none "$t" &&
		mkdir "$t"/{upper,work,system} &&
		mount -t overlay -o "lowerdir=/,upperdir=$t/upper,workdir=$t/work" none \
			"$t/system" &&
		mount -t proc proc "$t/system/proc" || return
	for dir in dev run tmp; do
		mount -t tmpfs none "$t/system/$dir" || return
	done
	mknod -m 666 "$t/system/dev/null" c 1 3 &&
		mknod -m 666 "$t/system/dev/zero" c 1 5 &&
		mknod -m 666 "$t/system/dev/urandom" c 1 9 &&
		: > "$t/system/dev/null" || return
	ln -s /proc/self/fd "$t/system/dev/fd"
	mkdir "$t"/system/tmp/{debs,kernel}
	mount --bind "${kdir%/usr/src/*}" "$t/system/tmp/kernel" &&
		mount -o remount,bind,ro "$t/system/tmp/kernel"
}
if ! root_make 2> "$check_out"; then
	skip "installed packages: no root of their own here ($(tail -n 1 "$check_out"))"
	finish
fi
cp "$debs"/*.deb "$t/system/tmp/debs/"

inside() {
	chroot "$t/system" env DEBIAN_FRONTEND=noninteractive LC_ALL=C HOME=/root \
		PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

# all FILE: every file and folder of the upper folder into FILE, with what is in it.
# Left out is what dpkg and its kind write of everything that they do: databases, logs,
# caches; the backup of a group file, and its lock; DKMS the key that it signs with.
noise='^(var/lib/dpkg|var/log|var/cache|run|tmp)(/|$)|^etc/(group|gshadow|subuid|subgid)-$'
noise="$noise|^etc/\\.pwd\\.lock$|^etc/ld\\.so\\.cache$|^var/lib/dkms/mok\."
all() {
	(cd "$t/upper" && find . -mindepth 1 -printf '%P\n' | grep -vE "$noise" |
		while read -r name; do
			if [ -d "$name" ] && [ ! -L "$name" ]; then
				# One that is there below is not ours.
				[ -d "/$name" ] || echo "$name/"
			elif [ -L "$name" ]; then
				echo "$name -> $(readlink "$name")"
			elif ! cmp -s "$name" "/$name"; then
				echo "$name $(md5sum < "$name")"
			fi
		done | sort) > "$1"
}

# What is there of a machine that they are installed on: a kernel's headers, libvirt.
mkdir -p "$t/system/etc/libvirt/hooks"
for release in $releases; do
	mkdir -p "$t/system/lib/modules/$release"
	ln -s "/tmp/kernel/usr/src/linux-headers-$release" \
		"$t/system/lib/modules/$release/build"
	inside depmod "$release" 2> "$check_out"
done
all "$t/before"

expect "they are installed" inside sh -c 'dpkg -i /tmp/debs/*.deb'
all "$t/installed"
for deb in "$debs"/*.deb; do
	dpkg-deb --fsys-tarfile "$deb" | tar -t |
		sed -n 's|^\./||; s|^lib/|usr/lib/|; /./p'
done > "$t/ours"
expect_eq "... with their files, the modules, and a group" \
	"$(comm -13 "$t/before" "$t/installed" | cut -d' ' -f1 | grep -vxFf "$t/ours" |
	grep -vE "^var/lib/(dkms|systemd)/|^usr/lib/modules/|^etc/g(roup|shadow)$")" ""
expect "the group is there" grep -q ^vmsync: "$t/system/etc/group"
for release in $releases; do
	expect_eq "DKMS built the modules for $release" \
		"$(cd "$t/system/lib/modules/$release/updates/dkms" && echo *.ko*)" \
		"vmsync-clock.ko vmsync-guest.ko vmsync-host.ko vmsync.ko"
done
units="vmsyncd.service vmsyncd.socket vmsync-agent.service"
# shellcheck disable=SC2086 # several
expect_eq "nothing is enabled" "$(inside systemctl is-enabled $units | paste -sd' ')" \
	"disabled disabled static"
expect_eq "vmsync runs" "$(inside vmsync --version)" "vmsync $version"

# What an administrator does with them.
expect "setup host" inside vmsync setup host
expect "... makes libvirt's hook" test -L "$t/system/etc/libvirt/hooks/qemu.d/vmsync"
expect "... that is there" inside test -x /etc/libvirt/hooks/qemu.d/vmsync
expect "... and with systemd would enable" inside systemctl enable vmsyncd.socket \
	vmsyncd.service
mkdir -p "$t"/system/var/lib/vmsync/recording "$t/system/run/vmsync"

expect "an upgrade" inside sh -c 'cd /tmp/debs && dpkg -i vmsync_* vmsync-host_* vmsync-guest_*'
# shellcheck disable=SC2086 # several
expect_eq "... keeps what is enabled" \
	"$(inside systemctl is-enabled $units | paste -sd' ')" "enabled enabled static"
expect "... and the hook" inside test -x /etc/libvirt/hooks/qemu.d/vmsync

. tests/check/tracer.sh

packages="vmsync vmsync-dkms vmsync-host vmsync-guest"
# shellcheck disable=SC2086 # several
expect "they are removed" inside dpkg --remove $packages
expect "... with the hook" test ! -L "$t/system/etc/libvirt/hooks/qemu.d/vmsync"
# shellcheck disable=SC2086 # several
expect "... and purged" inside dpkg --purge $packages
all "$t/after"
expect_eq "... which leaves nothing" "$(diff "$t/before" "$t/after")" ""
expect "... and no group" sh -c "! grep ^vmsync: '$t/system/etc/group'"
expect_eq "... nor anything in /run" "$(find "$t/system/run" -iname '*vmsync*')" ""
finish
