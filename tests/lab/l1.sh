#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The host machine's first program: loads KVM, vmsync and LTTng, boots the
# guest under KVM, records while the guest records, and leaves both traces, the
# truth about the guest's clocks and the logs in /share. Its last word is the
# file /share/result: "done", "lost WHY" (a lock-up, may be repeated) or
# "fail WHY".

export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C
ME=L1
. /run/lab.conf
. "$LAB_TOP/tests/lab/common.sh"
bb=/bin/busybox

# What a scenario may replace.
host_during() { :; }
host_after() { :; }
host_prepare() { record_ready; }
host_record() { record; }
. "$LAB_TOP/tests/lab/scenarios/$LAB_NAME.sh"

doing=starting

# The process that is the guest may be another one by now: its number is in a file.
guest_is() { echo "$1" > /run/l2.pid.new && mv /run/l2.pid.new /run/l2.pid; }
guest_lives() { kill -0 "$(cat /run/l2.pid)" 2>/dev/null; }

quit() {
	trap - EXIT
	[ ! -e /run/l2.pid ] || kill -KILL "$(cat /run/l2.pid)" 2>/dev/null
	watch_end
	dmesg > /share/host.dmesg
	taint
	echo "$*" > /share/result
	say "result $*"
	sync
	echo o > /proc/sysrq-trigger
	# No program can be started any more, and this one must not end.
	while :; do
		read -r -t 100 <> /run/nothing
	done
}

lost() { quit "lost $*"; }
fail() { quit "fail $*"; }

system_up() {
	mkfifo /run/nothing
	mount -t debugfs d /sys/kernel/debug
	mount -t tracefs t /sys/kernel/tracing
	mkdir -p /dev/shm
	mount -t tmpfs tmpfs /dev/shm
	$bb ip link set lo up
	$bb hostname host
	mkdir -p "/lib/modules"
	mount -t tmpfs tmpfs /lib/modules
	mkdir -p "/lib/modules/$LAB_RELEASE"
	mount --bind "$LAB_WORK/modroot/lib/modules/$LAB_RELEASE" \
		"/lib/modules/$LAB_RELEASE" || fail "no modules"
	# An RT kernel has none.
	thp=/sys/kernel/mm/transparent_hugepage/enabled
	[ ! -e $thp ] || echo always > $thp
}

# Only RT needs and has it.
constant_tsc_up() {
	local ko=$LAB_WORK/constant-tsc/constant_tsc.ko

	[ ! -e "$ko" ] || insmod "$ko" || fail "constant_tsc.ko"
}

modules_up() {
	constant_tsc_up
	if grep -qw vmx /proc/cpuinfo; then
		modprobe kvm_intel
	else
		modprobe kvm_amd
	fi || fail "no KVM"
	[ -c /dev/kvm ] || fail "no /dev/kvm"
	have_vmsync || return 0
	modprobe vmsync || fail "vmsync.ko"
	modprobe vmsync-host || fail "vmsync-host.ko"
}

events_host=$common_events
have_vmsync && events_host="$events_host,kvm_x86_entry,kvm_x86_exit,vmsync_*"

record_ready() {
	session_daemon vmsync,vmsync-kvm || fail "lttng-sessiond"
	session_create /run/trace 4M 8 "$events_host" || fail "lttng session"
}

record_stop() {
	lttng -q -n stop lab || fail "lttng stop"
	lttng -q -n destroy lab || fail "lttng destroy"
	cp -r /run/trace/kernel /share/host || fail "host trace not copied"
}

record() {
	local during

	truth before
	lttng -q -n start lab || fail "lttng start"
	say "recording"
	echo go >&4
	await recording
	(host_during) &
	during=$!
	truth during
	await recorded
	wait "$during" || fail "what the host did meanwhile"
	truth after
	clocksource_check tsc || lost "the host machine left the TSC"
	record_stop
}

# The TSC offset and ratio of every virtual CPU, as KVM shows them in debugfs.
# A machine without TSC scaling has no ratio; that is 1.
truth() {
	local dir vm vcpu when

	for dir in /sys/kernel/debug/kvm/*-*/vcpu*; do
		[ -d "$dir" ] || continue
		vm=${dir%/*} vcpu=${dir##*/vcpu}
		when=$("$LAB_WORK/now")
		echo "$when what=$1 vm_pid=$(basename "$vm" | cut -d- -f1)" \
			"vcpu_id=$vcpu tsc_offset=$(cat "$dir/tsc-offset")" \
			"tsc_ratio=$(cat "$dir/tsc-scaling-ratio" 2>/dev/null || echo 1)" \
			"ratio_frac_bits=$(cat "$dir/tsc-scaling-ratio-frac-bits" 2>/dev/null || echo 0)"
	done >> /share/truth
}

# A guest that ends by itself before its time says nothing more.
guest_watch() {
	while guest_lives; do
		sleep 1
	done
	echo "@lab L2 gone" > /run/l2.out
}

# guest_qemu MONITOR [ARGUMENT...]: starts a QEMU for the guest, with pipes
# /run/MONITOR.in and .out to its monitor. $! is its number.
guest_qemu() {
	local mon=$1

	shift
	mkfifo "/run/$mon.in" "/run/$mon.out"
	timeout -k 5 "$LAB_LIMIT" \
	qemu-system-x86_64 -name guest=lab,debug-threads=on \
		-accel kvm -cpu "$LAB_L2_CPU" -smp 2 -m "$LAB_L2_MB" \
		-display none -no-reboot -nodefaults -no-user-config \
		-chardev pipe,id=ser,path=/run/l2 -serial chardev:ser \
		-chardev "pipe,id=mon,path=/run/$mon" -mon chardev=mon,mode=control \
		-drive file=/run/scratch.img,if=virtio,format=raw \
		-drive file=/run/out.img,if=virtio,format=raw \
		-kernel "$LAB_VMLINUZ" -initrd "$LAB_WORK/l2.cpio" \
		-append "console=ttyS0 loglevel=5 panic=-1 mitigations=off $LAB_SLOW_APPEND $LAB_L2_APPEND" \
		"$@" 3<&- 4<&- 5<&- 6<&- 8<&- >> /share/guest.qemu 2>&1 &
}

guest_start() {
	mkfifo /run/l2.in /run/l2.out
	exec 3<> /run/l2.out 4<> /run/l2.in
	: > /run/l2.said
	exec 8< /run/l2.said
	guest_listen &
	truncate -s 32M /run/scratch.img
	truncate -s 256M /run/out.img
	guest_qemu mon
	guest_is $!
	exec 5<> /run/mon.in 6<> /run/mon.out
	guest_watch &
}

# monitor COMMAND [ARGUMENTS]: one to QEMU's monitor (QMP); returns after its
# answer. Answers and events, which have QEMU's own time stamps, are kept.
monitor() {
	local line

	echo "{\"execute\": \"$1\"${2:+, \"arguments\": $2}}" >&5
	while IFS= read -r -t "$LAB_SILENCE" line <&6; do
		echo "$line" >> /share/monitor
		case $line in
		*'"return"'*) return 0 ;;
		*'"error"'*) return 1 ;;
		esac
	done
	lost "no answer from the guest's monitor to $1"
}

# Reads the guest's serial line: everything goes to guest.log, what it says to us
# also to our own line and to /run/l2.said. It has a heartbeat; if it is silent
# for longer than any boot takes, it is lost.
guest_listen() {
	local line

	while :; do
		if IFS= read -r -t "$LAB_L2_SILENCE" line <&3; then
			line=${line%$'\r'}
		else
			line="@lab L2 silent"
		fi
		echo "$line" >> /share/guest.log
		case $line in
		*"@lab L2 beat"*) ;;
		*"@lab L2"*)
			echo "$line"
			echo "$line" >> /run/l2.said ;;
		esac
	done
}

# Ends the run if LINE, or whatever the guest said so far, means its end.
guest_check() {
	local line=${1-$(grep -E '@lab L2 (gone|silent|fail)' /run/l2.said)}

	case $line in
	*"@lab L2 gone"*) lost "guest died while $doing" ;;
	*"@lab L2 silent"*) lost "guest silent while $doing" ;;
	*"@lab L2 fail"*) fail "guest: ${line#*@lab L2 fail}" ;;
	esac
}

# Waits until the guest says "@lab L2 WORD ...", from where we last read on.
await() {
	local line

	doing="waiting for '$1'"
	while :; do
		if ! IFS= read -r line <&8; then
			read -r -t 0.3 <> /run/nothing
			continue
		fi
		guest_check "$line"
		case $line in
		*"@lab L2 $1"*) return ;;
		esac
	done
}

guest_trace() {
	mkdir -p /share/guest
	tar -x -f /run/out.img -C /share/guest || fail "guest trace not copied"
}

system_up
say "up $(uname -r)"
heartbeat &
modules_up
say "modules loaded"
guest_start
say "guest starts"
host_prepare
await ready
monitor qmp_capabilities
host_record
await end
for ((i = 0; i < LAB_SILENCE; i++)); do
	guest_lives || break
	sleep 1
done
guest_lives && lost "guest does not end"
[ "$LAB_MIN_EVENTS" = 0 ] || guest_trace
host_after
quit "done"
