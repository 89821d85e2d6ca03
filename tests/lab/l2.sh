#!/bin/busybox sh
# shellcheck shell=dash
# SPDX-License-Identifier: MIT
#
# A guest's first and only program. Lives in its initial file system; talks
# to l1.sh over the serial line; writes its trace as a tar file to /dev/vdb.

/bin/busybox --install -s /bin
export PATH=/bin:/sbin:/usr/bin HOME=/root
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmpfs /tmp
mount -t tmpfs tmpfs /run
mkdir -p /dev/shm
mount -t tmpfs tmpfs /dev/shm
mount -t debugfs d /sys/kernel/debug
mount -t tracefs t /sys/kernel/tracing

# The kernel's command line puts LAB_GUEST into the environment of its first program.
ME=guest${LAB_GUEST-}
# shellcheck source=/dev/null
. /lab.conf
# shellcheck source=tests/lab/common.sh
. /common.sh

# What a scenario may replace.
guest_prepare() { :; }
guest_during() { :; }
guest_record() { guest_record_plain; }
# shellcheck source=/dev/null
. /scenario.sh
# run.sh has made other numbers of the scenario's where the kernel is slow.
# shellcheck source=/dev/null
. /lab.conf

fail() {
	say "fail $*"
	dmesg | tail -30
	finish
}

finish() {
	watch_end
	taint
	say "end"
	sync
	poweroff -f
	sleep 60
}

trace_out() {
	[ -z "$LAB_PORT" ] || mv /tmp/trace/ust /tmp/trace/kernel/ ||
		fail "no trace of the port"
	tar -c -f /dev/vdb -C /tmp/trace/kernel . || fail "trace not written"
	sync
}

port_is_there() {
	for f in /sys/class/virtio-ports/*/name; do
		{ [ -e "$f" ] && read -r name < "$f"; } || continue
		[ "$name" != org.vmsync.agent.0 ] || device="/dev/$(basename "${f%/name}")"
	done
	[ -n "$device" ]
}

# $device becomes vmsync-agent's port: without udev it has no name of its own. QEMU
# tells of its ports some time after the module is there.
port_find() {
	device=
	modprobe virtio_console
	until_true "no port" port_is_there
}

events_guest=$common_events
have_vmsync && events_guest="$events_guest,vmsync_*"

guest_record_plain() {
	lttng -q -n start lab || fail "lttng start"
	say "recording"
	guest_during &
	during=$!
	load "$LAB_SECONDS" /dev/vda || fail "load"
	wait "$during" || fail "what the guest did meanwhile"
	lttng -q -n stop lab || fail "lttng stop"
	say "recorded"
	lttng -q -n destroy lab
	trace_out
}

# The load goes on until the host says that the guest was moved, and once more.
load_until_told() {
	{ read -r word < /dev/ttyS0 && echo "$word" > /run/word; } &
	until [ -s /run/word ]; do
		load "$LAB_SECONDS" /dev/vda || fail "load"
	done
	load "$LAB_SECONDS" /dev/vda || fail "load"
}

guest_record_moved() {
	lttng -q -n start lab || fail "lttng start"
	say "recording"
	load_until_told
	lttng -q -n stop lab || fail "lttng stop"
	say "recorded"
	lttng -q -n destroy lab
	trace_out
}

# The same until the host says "stop".
guest_record_told() {
	lttng -q -n start lab || fail "lttng start"
	say "recording"
	load 1000 /dev/vda &
	guest_during &
	during=$!
	read -r go < /dev/ttyS0
	[ "$go" = stop ] || fail "heard '$go'"
	wait "$during" || fail "what the guest did meanwhile"
	lttng -q -n stop lab || fail "lttng stop"
	killall load
	lttng -q -n destroy lab
	trace_out
	say "recorded"
}

# The host's clock, before LTTng's tracer, which keeps the clock that it finds.
guest_prepare_clock() {
	modprobe lttng-clock-vmsync || fail "lttng-clock-vmsync.ko"
	export LTTNG_UST_CLOCK_PLUGIN=/bin/libvmsync-ust-clock.so
	export LTTNG_UST_REGISTER_TIMEOUT=-1
	say "clock $(cat /sys/kernel/debug/vmsync/guest_clock)"
}

# Kernel and processes are recorded, all of it stamped with that.
record_begin_clock() {
	lttng -q -n enable-event -u -s lab 'lttng_ust_tracef:*' ||
		fail "lttng's events of user space"
	lttng -q -n start lab || fail "lttng start"
	say "recording"
}

record_end_clock() {
	lttng -q -n stop lab || fail "lttng stop"
	say "recorded"
	say "clock $(cat /sys/kernel/debug/vmsync/guest_clock)"
	lttng -q -n destroy lab
	mv /tmp/trace/ust /tmp/trace/kernel/ || fail "no trace of user space"
	trace_out
}

# vmsync-agent records, whenever the host tells it; there is load as often as our
# host here says so.
guest_record_agent() {
	port_find
	vmsync-agent --device="$device" --rate=20 --spool=/tmp/spool 2> /tmp/agent &
	agent=$!
	say "recording"
	while read -r word < /dev/ttyS0 && [ "$word" = load ]; do
		say "loading"
		load "$LAB_SECONDS" /dev/vda || fail "load"
		say "loaded"
	done
	[ "$word" = stop ] || fail "heard '$word'"
	kill "$agent" || fail "vmsync-agent died: $(cat /tmp/agent)"
	wait "$agent" || fail "vmsync-agent: $(cat /tmp/agent)"
	say "recorded"
}

say "up $(uname -r)"
heartbeat &
ifconfig lo 127.0.0.1 up
hostname "$ME"
modprobe virtio_pci
modprobe virtio_blk
if have_vmsync; then
	modprobe vmsync || fail "vmsync.ko"
	modprobe vmsync-guest || fail "vmsync-guest.ko"
fi
say "modules loaded"
guest_prepare
session_daemon vmsync || fail "lttng-sessiond"
session_create /tmp/trace 1M 8 "$events_guest" || fail "lttng session"
lttng -q -n enable-event -k -s lab -c lab --syscall \
	nanosleep,clock_nanosleep,read,write,pwrite64,sendto,recvfrom ||
	fail "lttng syscalls"
clocksource_check "$LAB_CLOCKSOURCE" || fail "wanted $LAB_CLOCKSOURCE"
say "ready"
read -r go < /dev/ttyS0
[ "$go" = go ] || fail "heard '$go'"
guest_record
finish
