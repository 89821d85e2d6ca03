#!/bin/busybox sh
# shellcheck shell=dash
# SPDX-License-Identifier: MIT
#
# First program of the host machine: makes its root out of the 9p share "root"
# (read only, under a tmpfs), puts the project and the share for results on
# top, and goes on with tests/lab/l1.sh from there.

/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
while read -r module; do
	insmod "/modules/$module"
done < /modules/order

# shellcheck source=/dev/null
. /lab.conf

p9() {
	mount -t 9p -o "trans=virtio,version=9p2000.L,msize=512000,$3" "$1" "$2"
}

p9 root /ro ro,cache=loose
mount -t tmpfs tmpfs /rw
mkdir -p /rw/upper /rw/work
mount -t overlay -o lowerdir=/ro,upperdir=/rw/upper,workdir=/rw/work over /newroot
for d in proc sys dev; do
	mkdir -p "/newroot/$d"
	mount --move "/$d" "/newroot/$d"
done
mount -t tmpfs tmpfs /newroot/tmp
mount -t tmpfs tmpfs /newroot/run
# The project may lie where the two above now hide it.
mkdir -p "/newroot$LAB_TOP" /newroot/share
p9 top "/newroot$LAB_TOP" ro,cache=loose
p9 share /newroot/share rw
cp /lab.conf /newroot/run/
exec switch_root /newroot /bin/bash "$LAB_TOP/tests/lab/l1.sh"
