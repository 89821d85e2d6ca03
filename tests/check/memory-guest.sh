#!/bin/bash
# SPDX-License-Identifier: MIT
#
# memory-guest.sh WORK: makes WORK/guest.cpio, the initial file system of a guest for
# the kernel of build/packages.env, whose memory tests/check/memory.sh looks at: with
# vmsync-agent at its port, a balloon's driver, and a shell that does what it is told on
# its serial line. Prints the path of the kernel.

set -eu
work=$1
modroot=$work/modroot
# shellcheck source=/dev/null
. build/packages.env
. tests/lab/cpio.sh

dir=$work/guest
guest_modules "$work" virtio_pci virtio_console virtio_balloon
cp /bin/busybox build/release/vmsync-agent \
	build/release/tests/{touch-memory,memory-hostile} "$dir/bin/"
tools=("$PWD"/build/release/{vmsync-agent,tests/touch-memory,tests/memory-hostile})
! command -v trace-cmd > /dev/null || tools+=("$(command -v trace-cmd)")
programs_copy "$dir" "${tools[@]}"
cat > "$dir/init" <<'END'
#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin:/usr/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmpfs /tmp
mount -t tmpfs tmpfs /run
while read -r ko; do
	[ "$ko" = virtio_balloon.ko ] || insmod "/modules/$ko"
done < /modules/order
# Without udev ports have no names of their own, and QEMU tells of them some time after
# the module is there.
port() {
	while :; do
		for f in /sys/class/virtio-ports/*/name; do
			[ -e "$f" ] && read -r name < "$f" || continue
			[ "$name" != "$1" ] || { echo "/dev/$(basename "${f%/name}")"; return; }
		done
		sleep 1
	done
}
# record COMMAND: pages that are given out and taken back, by the kernel's own tracer
record() {
	mount -t tracefs trace /sys/kernel/tracing 2> /dev/null
	trace-cmd record -q -C mono -b 8192 -o /tmp/trace.dat -e kmem:mm_page_alloc \
		-e kmem:mm_page_free -e sched:sched_switch -e sched:sched_process_fork \
		sh -c "$1" > /tmp/recorded 2>&1 || { cat /tmp/recorded; return 1; }
}
agent() { vmsync-agent --device="$(port org.vmsync.agent.0)" --spool=/tmp/spool "$@" & agent=$!; }
hostile() { memory-hostile "$(port org.vmsync.agent.0)" "$@" & agent=$!; }
gone() { kill $agent; wait $agent 2> /dev/null; :; }
dump() { cat "$1" > "$(port dump)"; }
balloon() { insmod /modules/virtio_balloon.ko; }
stty -F /dev/ttyS0 raw -echo
exec < /dev/ttyS0 > /dev/ttyS0 2>&1
echo ready
while read -r line; do
	eval "$line"
	echo "done $?"
done
poweroff -f
END
chmod +x "$dir/init"
archive "$dir" "$work/guest.cpio"
rm -rf "$dir"
readlink -f "$LAB_VMLINUZ"
