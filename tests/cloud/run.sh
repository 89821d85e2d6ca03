#!/bin/bash
# SPDX-License-Identifier: MIT
#
# run.sh DIR: a cloud on what root.sh made in DIR, from empty databases, and operations in it
# that are recorded; then it is gone. What was recorded, and what services say of it, is in
# DIR/out then. DIR/root stays as it was: what is written is laid over it, in DIR/run. Progress
# is told on standard output, what goes wrong on standard error.
#
#	HOLD=yes	the cloud stays until DIR/out/hold is removed, to be looked at with nsenter
set -eu
here=$(realpath "$(dirname "$0")")
dir=$(realpath "$1")

# guest NAME PAGES SPIN EVERY: one that writes so many pages, over and over, so slowly, and tells
# its serial port of every so many
guest() {
	cc -m32 -nostdlib -static -no-pie -Wl,--build-id=none,-N,-Ttext=0x100000 \
		-Wl,--no-warn-rwx-segments -DPAGES="$2" -DSPIN="$3" -DEVERY="$4" \
		-o "$dir/run/upper/cloud/$1.elf" "$here/../migration/dirty.S"
}

if [ -z "${RUN_INSIDE-}" ]; then
	rm -rf --one-file-system "$dir/run" "$dir/out"
	mkdir -p "$dir"/run/{upper,work,system} "$dir/out/log"
	cp -r "$here" "$dir/run/upper/cloud"
	guest slow 2048 250000 16
	guest large 8192 200 8192
	make -s -C "$here/../.." install-openstack DESTDIR="$dir/run/upper" PREFIX=/usr
	RUN_INSIDE=yes exec "$here/box.sh" "$dir" --no-network "$0" "$dir"
fi
unset RUN_INSIDE

root=$dir/run/system
mount -t overlay -o "lowerdir=$dir/root,upperdir=$dir/run/upper,workdir=$dir/run/work" none "$root"
mount -t proc proc "$root/proc"
mount --bind /proc/sys "$root/proc/sys"
mount -t sysfs -o ro sysfs "$root/sys"
for place in dev dev/shm dev/pts run tmp; do
	mkdir -p "$root/$place"
	case $place in
	dev/pts) mount -t devpts -o newinstance,ptmxmode=666 none "$root/$place" ;;
	*) mount -t tmpfs -o mode=1777 none "$root/$place" ;;
	esac
done
while read -r name numbers; do
	# shellcheck disable=SC2086 # two numbers
	mknod -m 666 "$root/dev/$name" c $numbers
done <<-END
	null 1 3
	zero 1 5
	full 1 7
	random 1 8
	urandom 1 9
	tty 5 0
END
ln -s pts/ptmx "$root/dev/ptmx"
for n in 0 1 2; do
	ln -s /proc/self/fd/$n "$root/dev/$(echo stdin stdout stderr | cut -d ' ' -f $((n + 1)))"
done
ln -s /proc/self/fd "$root/dev/fd"
mkdir -p "$root/out"
mount --bind "$dir/out" "$root/out"
hostname cloud
echo 127.0.0.1 localhost cloud > "$root/etc/hosts"
ip link set lo up
exec chroot "$root" /cloud/process1.sh
