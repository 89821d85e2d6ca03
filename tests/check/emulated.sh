#!/bin/bash
# SPDX-License-Identifier: MIT
#
# emulated.sh WORK: makes WORK/guest.cpio, the initial file system of a guest for the
# kernel of build/packages.env: LTTng and vmsync-agent at its port, nothing else.
# Prints the path of the kernel. Used by tests/check/libvirt.sh.

set -eu
work=$1
modroot=$work/modroot
# shellcheck source=/dev/null
. build/packages.env
. tests/lab/cpio.sh

dir=$work/guest
guest_modules "$work" virtio_pci virtio_console
mkdir -p "$dir"/{root,var,usr/share/xml}
cp /bin/busybox build/release/vmsync-agent "$dir/bin/"
programs_copy "$dir" /usr/bin/lttng /usr/bin/lttng-sessiond \
	"$(find /usr/lib -name lttng-consumerd | head -n 1)" \
	"$PWD/build/release/vmsync-agent"
cp -r /usr/share/xml/lttng "$dir/usr/share/xml/"
ln -s /run "$dir/var/run"
echo 'root:x:0:0:root:/root:/bin/sh' > "$dir/etc/passwd"
echo 'root:x:0:' > "$dir/etc/group"
cat > "$dir/init" <<'END'
#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin:/usr/bin HOME=/root
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmpfs /tmp
mount -t tmpfs tmpfs /run
mkdir -p /dev/shm
mount -t tmpfs tmpfs /dev/shm
ifconfig lo 127.0.0.1 up
hostname emulated
while read -r ko; do
	insmod "/modules/$ko"
done < /modules/order
lttng-sessiond -d
until lttng list > /dev/null 2>&1; do
	sleep 1
done
# Without udev the port has no name of its own, and QEMU tells of it some time after
# the module is there.
device=
until [ -n "$device" ]; do
	for f in /sys/class/virtio-ports/*/name; do
		[ -e "$f" ] && read -r name < "$f" || continue
		[ "$name" != org.vmsync.agent.0 ] || device="/dev/$(basename "${f%/name}")"
	done
	[ -n "$device" ] || sleep 1
done
vmsync-agent --device="$device" --rate=50 --spool=/tmp/spool
poweroff -f
END
chmod +x "$dir/init"
archive "$dir" "$work/guest.cpio"
rm -rf "$dir"
readlink -f "$LAB_VMLINUZ"
