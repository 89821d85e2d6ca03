#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The host machine's first program: loads KVM, vmsync and LTTng, boots the
# guest under KVM, records while the guest records, and leaves both traces, the
# truth about the guest's clocks and the logs in /share. Its last word is the
# file /share/result: "done", "lost WHY" (a lock-up, may be repeated) or
# "fail WHY".
#
# With LAB_GUESTS=0 there is no guest, with 2 a second one. Functions are about the one that $at
# names: "at=guest2 monitor stop".

export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C
ME=L1
# shellcheck source=/dev/null
. /run/lab.conf
. "$LAB_TOP/tests/lab/common.sh"
bb=/bin/busybox

# What a scenario may replace.
host_up() { system_up; }
host_during() { :; }
host_after() { :; }
host_over() { :; }
host_prepare() { record_ready; }
host_record() { record; }
guest_off() { :; }
guest_boot() { guest_boot_qemu; }
guest_monitor() { monitor qmp_capabilities; }
guest_trace() { guest_trace_tar; }
host_modules() { modprobe vmsync && modprobe vmsync-host; }
guest_cmdline() {
	echo "console=ttyS0 loglevel=5 panic=-1 mitigations=off $LAB_SLOW_APPEND $LAB_L2_APPEND"
}

[ -z "$LAB_LIBVIRT" ] || . "$LAB_TOP/tests/lab/domain.sh"
[ -z "$LAB_SYSTEM" ] || . "$LAB_TOP/tests/lab/system/host.sh"
# shellcheck source=/dev/null
. "$LAB_TOP/tests/lab/scenarios/$LAB_NAME.sh"
# run.sh has made other numbers of the scenario's where the kernel is slow.
# shellcheck source=/dev/null
. /run/lab.conf

doing=starting
at=guest
guests=guest
case $LAB_GUESTS in
0) guests='' ;;
2) guests="guest guest2" ;;
esac

# Open files, by guest: what it says, what it hears, all of its words that are for
# us, what its monitor hears and says.
declare -A says hears words monitor_in monitor_out

# The process that is the guest may be another one by now: its number is in a file.
guest_is() { echo "$1" > "/run/$at.pid.new" && mv "/run/$at.pid.new" "/run/$at.pid"; }
guest_lives() { kill -0 "$(cat "/run/$at.pid")" 2>/dev/null; }

# What QEMU has said since it was last asked: why a guest is gone.
monitor_rest() {
	local line

	[ -n "${monitor_out[$at]-}" ] || return 0
	while IFS= read -r -t 1 line <&"${monitor_out[$at]}"; do
		echo "$at: $line"
	done >> /share/monitor
}

quit() {
	trap - EXIT
	for at in $guests; do
		monitor_rest
		[ ! -e "/run/$at.pid" ] || kill -KILL "$(cat "/run/$at.pid")" 2>/dev/null
	done
	host_over
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
	$bb hostname "host${LAB_HOST-}"
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
	! have_vmsync || host_modules || fail "vmsync's modules"
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
	[ -z "$LAB_PORT" ] || cp -r /run/trace/ust /share/host/ ||
		fail "trace of the port not copied"
}

record_begin() {
	truth before
	lttng -q -n start lab || fail "lttng start"
	say "recording"
	each tell go
	each await recording
}

record_end() {
	each await recorded
	truth after
	clocksource_check tsc || lost "the host machine left the TSC"
	record_stop
}

record() {
	local during

	record_begin
	(host_during) &
	during=$!
	truth during
	wait "$during" || fail "what the host did meanwhile"
	record_end
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
	echo "@lab $at gone" > "/run/$at.out"
}

# each COMMAND...: for every guest in turn
each() {
	local at

	for at in $guests; do
		"$@"
	done
}

# What the second guest has less than the first, and what tells it that it is that.
guest_size() {
	if [ "$at" = guest ]; then
		size=(-smp "$LAB_L2_SMP" -m "$LAB_L2_MB")
	else
		size=(-smp "$LAB_GUEST2_CPUS" -m "$LAB_GUEST2_MB")
		append+=" LAB_GUEST=2"
	fi
}

# guest_qemu MONITOR [ARGUMENT...]: starts a QEMU for the guest, with pipes
# /run/MONITOR.in and .out to its monitor. $! is its number.
guest_qemu() {
	local mon=$1 size fd
	local append

	append=$(guest_cmdline)
	guest_size
	shift
	mkfifo "/run/$mon.in" "/run/$mon.out"
	# shellcheck disable=SC2086 # options
	set -- $LAB_L2_QEMU "$@"
	(
		for fd in "${says[@]}" "${hears[@]}" "${words[@]}" \
				"${monitor_in[@]}" "${monitor_out[@]}"; do
			exec {fd}>&-
		done
		exec timeout -k 5 "$LAB_LIMIT" \
		qemu-system-x86_64 -name "guest=$at,debug-threads=on" \
			-accel kvm -cpu "$LAB_L2_CPU" "${size[@]}" \
			-display none -no-reboot -nodefaults -no-user-config \
			-chardev "pipe,id=ser,path=/run/$at" -serial chardev:ser \
			-chardev "pipe,id=mon,path=/run/$mon" \
			-mon chardev=mon,mode=control \
			-drive "file=/run/$at.scratch,if=virtio,format=raw" \
			-drive "file=/run/$at.img,if=virtio,format=raw" \
			-kernel "$LAB_L2_VMLINUZ" -initrd "$LAB_WORK/l2.cpio" \
			-append "$append" "$@" >> "/share/$at.qemu" 2>&1
	) &
}

# monitor_open NAME: monitor speaks to /run/NAME from now on
monitor_open() {
	local in out

	exec {in}<> "/run/$1.in" {out}<> "/run/$1.out"
	monitor_in[$at]=$in monitor_out[$at]=$out
}

guest_start() {
	local out in said

	mkfifo "/run/$at.in" "/run/$at.out"
	: > "/run/$at.said"
	exec {out}<> "/run/$at.out" {in}<> "/run/$at.in" {said}< "/run/$at.said"
	says[$at]=$out hears[$at]=$in words[$at]=$said
	guest_listen &
	truncate -s 32M "/run/$at.scratch"
	truncate -s 256M "/run/$at.img"
	guest_boot
	guest_watch &
}

guest_boot_qemu() {
	guest_qemu "$at.mon"
	guest_is $!
	monitor_open "$at.mon"
}

# tell WORD: what the guest reads from its serial line
tell() {
	echo "$1" >&"${hears[$at]}"
}

# monitor COMMAND [ARGUMENTS]: one to QEMU's monitor (QMP); returns after its
# answer. Answers and events, which have QEMU's own time stamps, are kept.
monitor() {
	local line

	echo "{\"execute\": \"$1\"${2:+, \"arguments\": $2}}" >&"${monitor_in[$at]}"
	while IFS= read -r -t "$LAB_SILENCE" line <&"${monitor_out[$at]}"; do
		echo "$line" >> /share/monitor
		case $line in
		*'"return"'*) return 0 ;;
		*'"error"'*) return 1 ;;
		esac
	done
	lost "no answer from the monitor of $at to $1"
}

# Reads the guest's serial line: everything goes to guest.log, what it says to us
# also to our own line and to /run/$at.said. It is lost if it is silent for longer than
# any boot takes, or, once it has a heartbeat, for so long that it hangs.
guest_listen() {
	local line silence=$LAB_L2_SILENCE

	while :; do
		if IFS= read -r -t "$silence" line <&"${says[$at]}"; then
			line=${line%$'\r'}
		else
			line="@lab $at silent"
		fi
		echo "$line" >> "/share/$at.log"
		case $line in
		*"@lab $at beat"*) silence=$((2 * LAB_SILENCE)) ;;
		*"@lab $at"*)
			echo "$line"
			echo "$line" >> "/run/$at.said" ;;
		esac
	done
}

# Ends the run if LINE, or whatever guests said so far, means its end.
guest_check() {
	local line=${1-$(cat /run/*.said | grep -E '@lab guest2? (gone|silent|fail)')}

	case $line in
	*"@lab guest gone"* | *"@lab guest2 gone"*) lost "a guest died while $doing" ;;
	*"@lab guest silent"* | *"@lab guest2 silent"*) lost "a guest is silent while $doing" ;;
	*"@lab guest fail"* | *"@lab guest2 fail"*) fail "${line#*@lab }" ;;
	esac
}

# Waits until the guest says "@lab $at WORD ...", from where we last read on.
await() {
	local line

	doing="waiting for '$1' of $at"
	while :; do
		if ! IFS= read -r line <&"${words[$at]}"; then
			read -r -t 0.3 <> /run/nothing
			continue
		fi
		guest_check "$line"
		case $line in
		*"@lab $at $1"*) return ;;
		esac
	done
}

guest_trace_tar() {
	mkdir -p "/share/$at"
	tar -x -f "/run/$at.img" -C "/share/$at" || fail "trace of $at not copied"
}

guest_end() {
	local i

	await end
	guest_off
	for ((i = 0; i < LAB_SILENCE; i++)); do
		guest_lives || break
		sleep 1
	done
	guest_lives && lost "$at does not end"
	[ "$LAB_MIN_EVENTS" = 0 ] || guest_trace
}

say "up $(uname -r)"
[ -n "$guests" ] || say "no guest"
heartbeat &
host_up
modules_up
say "modules loaded"
each guest_start
[ -z "$guests" ] || say "guest starts"
host_prepare
each await ready
each guest_monitor
host_record
each guest_end
host_after
quit "done"
