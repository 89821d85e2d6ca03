#!/bin/busybox sh
# shellcheck shell=dash
# SPDX-License-Identifier: MIT
#
# First program of a machine that is a whole Debian system, L1 or L2: its root is the
# image on $LAB_ROOT, read only, below what it writes on $LAB_WRITTEN (both from the
# kernel's command line). All that the lab itself has there is in /run/lab, so that the
# root has nothing of it; systemd goes on with it, and starts lab.service.

/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
while read -r module; do
	insmod "/modules/$module"
done < /modules/order

mount -t ext4 -o ro "/dev/$LAB_ROOT" /ro
mount -t ext4 "/dev/$LAB_WRITTEN" /rw
mkdir -p /rw/upper /rw/work
mount -t overlay -o lowerdir=/ro,upperdir=/rw/upper,workdir=/rw/work over /newroot
for d in proc sys dev; do
	mount --move "/$d" "/newroot/$d"
done
mount -t tmpfs -o mode=755 tmpfs /newroot/run
mkdir /newroot/run/lab
cp -r /lab/. /newroot/run/lab/
cp /lab/lab.conf /newroot/run/
mkdir /newroot/run/lab/ro /newroot/run/lab/rw
mount --move /ro /newroot/run/lab/ro
mount --move /rw /newroot/run/lab/rw

p9() {
	mkdir -p "/newroot/$2"
	mount -t 9p -o "trans=virtio,version=9p2000.L,msize=512000,$3" "$1" \
		"/newroot/$2"
}

# The host alone sees the project, and where results go.
if [ "$LAB_SIDE" = host ]; then
	p9 top run/lab/top ro,cache=loose
	p9 share share rw
fi

units=/newroot/run/systemd/system
mkdir -p $units/multi-user.target.wants
cp /lab/lab.service $units/
ln -s ../lab.service $units/multi-user.target.wants/
exec switch_root /newroot /sbin/init
