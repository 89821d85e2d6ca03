#!/bin/bash
# SPDX-License-Identifier: MIT
#
# run.sh SCENARIO [KERNEL [GUEST_KERNEL]]: boots a host (L1) and a guest (L2) in
# QEMU, records LTTng traces in both, and leaves under build/lab/SCENARIO, or with a
# KERNEL of packages.sh under build/lab-KERNEL/SCENARIO,
#
#	host/ guest/	the two CTF traces; guest2/ where there is a second guest
#	truth		TSC offset and ratio of each virtual CPU, from KVM's
#			debugfs, with the host's clocks at that moment
#	status		key=value: result, attempts, events, seconds
#	host.serial host.dmesg guest.log guest.qemu	logs
#
# Nothing of this touches the machine's own kernel: L1 is emulated (TCG with
# SVM), or runs under nested KVM where the machine offers that.
#
# The guest has the host's kernel, or GUEST_KERNEL, which "stock" makes Debian's
# usual one; then it is build/lab-KERNEL-GUEST_KERNEL.
#
# LAB_PLAIN=1 leaves vmsync's modules out. A run that is lost to a lock-up of
# the emulation is repeated once. Exit status: 0 passed, 1 failed, 2 usage.

set -eu
export LC_ALL=C PATH=$PATH:/usr/sbin:/sbin

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
cd "$top"

scenarios() {
	sed -n 's/^# \([a-z0-9-]*: .*\)/  \1/p' "$here"/scenarios/*.sh
}

name=${1-}
if [ -z "$name" ] || [ ! -e "$here/scenarios/$name.sh" ]; then
	[ -z "$name" ] || echo "no scenario '$name'" >&2
	echo "make lab SCENARIO=NAME [KERNEL=rt|6.12|debug [GUEST_KERNEL=stock]]," \
		"with NAME one of" >&2
	scenarios >&2
	exit 2
fi

case $top in
*[\ ,]*)
	echo "QEMU takes no folder with a comma or a blank in its name: $top" >&2
	exit 2 ;;
esac

# What a scenario may set, beside the functions for l1.sh and l2.sh.
LAB_SECONDS=12			# how long the guest's load runs, recorded
LAB_CLOCKSOURCE=kvm-clock	# the guest's
LAB_L1_APPEND=			# on the kernels' command lines
LAB_L2_APPEND=
LAB_MIN_EVENTS=10000		# in the guest's trace; 0: no traces
LAB_LIMIT=1800			# seconds that the guest may live, however slow all is
LAB_SILENCE=120			# CPU seconds without a heartbeat: the host machine hangs
LAB_SAY=300			# seconds until it is said that it goes on
LAB_L2_SILENCE=600		# the same of the guest, which boots without one
LAB_L1_CPUS=2			# 1: no two CPUs are emulated at once, see unload.sh
LAB_PORT=			# yes: vmsync-agent in the guest, and its trace with the other
LAB_CLOCK=			# yes: the guest has UST's clock plugin, and ustclock
LAB_TRACECMD=			# yes: the guests have trace-cmd
LAB_OPENVSWITCH=		# yes: the host has Open vSwitch to start
LAB_LIBVIRT=			# yes: what l1.sh needs to start the guest by libvirt
LAB_SYSTEM=			# yes: both are whole Debian systems (system/), with their libvirt
LAB_L1_MB=3072			# memory
LAB_L2_MB=768
LAB_L2_SMP=2			# as QEMU's -smp
LAB_L2_QEMU=			# more arguments
LAB_CUT=			# the trace that a full disk cuts: its reader judges it, we do not
LAB_FAIL_NTH=			# yes: the host has fail_nth.ko
LAB_ADVERSARY=			# yes: the guests have /adversary.ko
LAB_HOSTS=1			# 2: a second host machine, see hosts.sh
LAB_GUESTS=1			# 0: none; 2: a second one beside it, with LAB_GUEST=2 in l2.sh
LAB_GUEST2_CPUS=1
LAB_GUEST2_MB=512
# On a busy machine a CPU of the lab stands still for long. That is no lock-up:
# one has no heartbeat.
LAB_SLOW_APPEND="watchdog_thresh=60 rcupdate.rcu_cpu_stall_timeout=120"
LAB_SYSTEM_APPEND="systemd.getty_auto=no systemd.show_status=no"	# a whole system's
# shellcheck source=/dev/null
. "$here/scenarios/$name.sh"
kernel=${2-} guest_kernel=${3-${2-}}
flavour=${kernel:+-$kernel}
[ "$guest_kernel" = "$kernel" ] || flavour=-${kernel:-stock}-$guest_kernel
[ "$guest_kernel" != stock ] || guest_kernel=
LAB_MACHINE=pc
# KASAN and its kind take their share, and their time. What a timer that fires warns
# of they print with a lock that may not be taken there, and lockdep, which sees it,
# looks no more: warnings go to dmesg alone.
if [ "$kernel" = debug ]; then
	# The other one's firmware takes it 30 s for each PCI device.
	LAB_MACHINE=q35
	LAB_L1_MB=$((LAB_L1_MB + 2048)) LAB_L1_APPEND="loglevel=4 $LAB_L1_APPEND"
	LAB_LIMIT=$((LAB_LIMIT * 2)) LAB_L2_SILENCE=$((LAB_L2_SILENCE * 2))
	LAB_SILENCE=$((LAB_SILENCE * 4))
fi
if [ "$guest_kernel" = debug ]; then
	LAB_L2_MB=$((LAB_L2_MB + 512)) LAB_L2_APPEND="loglevel=4 $LAB_L2_APPEND"
fi

out=$top/build/lab$flavour/$name
work=$top/build/lab$flavour/.work
mkdir -p "$out" "$work"

# shellcheck source=tests/lab/hosts.sh
. "$here/hosts.sh"

exec 9> build/lab.lock
if ! flock -n 9; then
	echo "waiting for another lab to end"
	flock 9
fi

qemu_pid=
started=$SECONDS

die() {
	echo "lab $name: $*" >&2
	exit 1
}

# Ends QEMU with us, however we end: it is a child of timeout, which hands on
# TERM, and which the kernel tells when we are killed outright.
qemu_end() {
	[ -n "$qemu_pid" ] || return 0
	kill -TERM "$qemu_pid" 2>/dev/null || true
	wait "$qemu_pid" 2>/dev/null || echo "QEMU's exit status: $?" >> "$out/host.qemu"
	qemu_pid=
}
trap 'second_end; qemu_end' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

stage() {
	printf '%5d s  %s\n' $((SECONDS - started)) "$*"
}

# Nested KVM, tried for real: a machine may show /dev/kvm and still refuse.
kvm_usable() {
	grep -qwE 'svm|vmx' /proc/cpuinfo && [ -w /dev/kvm ] &&
	[ "$(echo quit | timeout -k 2 10 qemu-system-x86_64 -accel kvm \
		-cpu host -nodefaults -display none -S -monitor stdio \
		> "$work/kvm.log" 2>&1; echo $?)" = 0 ]
}

accel_choose() {
	if [ "${LAB_ACCEL-}" != tcg ] && kvm_usable; then
		accel=(-accel kvm -cpu host)
		l2_cpu=host
		accel_name=kvm
	else
		accel=(-accel "tcg,thread=multi" -cpu max)
		# TCG lets a nested XSETBV pass unseen by KVM.
		l2_cpu=host,-xsave
		accel_name=tcg
	fi
}

# The command that runs L1. Where no newer QEMU is to be had, this machine's own.
qemu_choose() {
	qemu=(qemu-system-x86_64)
	[ "$accel_name" = tcg ] || return 0
	if "$here/qemu.sh" > "$work/qemu"; then
		mapfile -t qemu < "$work/qemu"
	else
		stage "no newer QEMU: now and then this machine's own spoils a run"
	fi
}

# A module of the lab's own, in its folder here.
module_build() {
	rm -rf "${work:?}/$1"
	cp -r "$here/$1" "$work/"
	make -s -C "$top/$LAB_KDIR" M="$work/$1" VMSYNC="$top" modules \
		> "$work/$1.log" 2>&1 || die "$1 does not build: $work/$1.log"
}

# libvirt, and vmsync as a user installs it.
libvirt_prepare() {
	# shellcheck source=tests/lab/libvirt.sh
	. "$here/libvirt.sh"
	libvirt_fetch "$top" "$work/libvirt.log" ||
		die "libvirt: $(tail -n 1 "$work/libvirt.log")"
	make -s -C "$top" install PREFIX="$work/vmsync" > "$work/install.log" 2>&1 ||
		die "make install: $(tail -n 1 "$work/install.log")"
}

openvswitch_prepare() {
	# shellcheck source=tests/lab/openvswitch.sh
	. "$here/openvswitch.sh"
	openvswitch_fetch "$top" "$work/openvswitch.log" ||
		die "Open vSwitch: $(tail -n 1 "$work/openvswitch.log")"
}

# LTTng-UST's clock plugin, and a program with events to stamp.
clock_prepare() {
	{
		make -s -C "$top" build/release/libvmsync-ust-clock.so &&
		${CC:-gcc} -O2 -Wall -Wextra -Werror -o "$work/ustclock" \
			"$here/ustclock.c" -llttng-ust -ldl
	} > "$work/clock.log" 2>&1 || die "ustclock: $(tail -n 1 "$work/clock.log")"
}

# kernel_ready KERNEL: all that it takes is there, and LAB_RELEASE and so on are it.
kernel_ready() {
	"$here/packages.sh" "$1"
	# shellcheck source=/dev/null
	. "build/packages${1:+-$1}.env"
	"$here/lttng.sh" "$LAB_KDIR" "$LAB_LTTNG_SRC"
	[ "$with_vmsync" = no ] || [ -e "build/modules/$LAB_RELEASE/vmsync-host.ko" ] ||
		die "no modules for $LAB_RELEASE: make lab-modules KERNEL=$1, or LAB_PLAIN=1"
}

# kernel_conf PREFIX: that kernel, for lab.conf
kernel_conf() {
	cat <<-CONF
		${1}RELEASE='$LAB_RELEASE'
		${1}VMLINUZ='$top/$LAB_VMLINUZ'
		${1}MODULES='$top/$LAB_MODULES'
		${1}LTTNG_SRC='$top/$LAB_LTTNG_SRC'
		${1}KO='$top/build/modules/$LAB_RELEASE'
	CONF
}

# This machine's programs, and modules that were built on it.
prepare_modules() {
	kernel_ready "$guest_kernel"
	kernel_conf LAB_L2_ > "$work/lab.conf"
	[ -z "$LAB_ADVERSARY" ] || module_build adversary
	kernel_ready "$kernel"
	kernel_conf LAB_ >> "$work/lab.conf"
	[ -z "$LAB_FAIL_NTH" ] || module_build fail-nth
	[ "$kernel" != rt ] || module_build constant-tsc
	[ -z "$LAB_PORT" ] || make -s -C "$top" port || die "no vmsync-agent"
	[ -z "$LAB_CLOCK" ] || clock_prepare
	[ -z "$LAB_LIBVIRT" ] || libvirt_prepare
	[ -z "$LAB_OPENVSWITCH" ] || openvswitch_prepare
}

# system_of KERNEL: the folder of its systems
system_of() { echo "build/system${1:+-$1}"; }

# Systems that are not this machine's, without anything of vmsync, and its packages.
prepare_system() {
	local k

	make -s -C "$top" deb > "$work/deb.log" ||
		die "make deb: $(tail -n 1 "$work/deb.log")"
	for k in "$guest_kernel" "$kernel"; do
		"$here/system/image.sh" build/pkg "$k"
	done
	cat > "$work/lab.conf" <<-CONF
		LAB_RELEASE='$(cat "$(system_of "$kernel")/release")'
		LAB_L2_RELEASE='$(cat "$(system_of "$guest_kernel")/release")'
		LAB_L2_VMLINUZ='/run/lab/top/$(system_of "$guest_kernel")/vmlinuz'
		LAB_SYSTEM_APPEND='$LAB_SYSTEM_APPEND'
	CONF
	LAB_VMLINUZ=$(system_of "$kernel")/vmlinuz
	LAB_L1_APPEND="$LAB_SYSTEM_APPEND LAB_SIDE=host LAB_ROOT=vda LAB_WRITTEN=vdb $LAB_L1_APPEND"
}

prepare() {
	local f seen=$top

	with_vmsync=yes
	if [ -n "${LAB_PLAIN-}" ]; then
		[ "$LAB_MIN_EVENTS" != 0 ] || die "nothing to do without vmsync's modules"
		with_vmsync=no
	fi
	if [ -n "$LAB_SYSTEM" ]; then
		prepare_system
		seen=/run/lab/top
	else
		prepare_modules
	fi
	for f in load slew now flood clock known bpf failnth cycle datagram; do
		[ "$work/$f" -nt "$here/$f.c" ] ||
			${CC:-gcc} -O2 -Wall -Wextra -Werror -static \
				-o "$work/$f" "$here/$f.c"
	done
	cat >> "$work/lab.conf" <<-CONF
		LAB_TOP='$seen'
		LAB_WORK='$seen${work#"$top"}'
		LAB_NAME='$name'
		LAB_L2_CPU='$l2_cpu'
		LAB_L2_MB=$LAB_L2_MB
		LAB_L2_SMP=$LAB_L2_SMP
		LAB_L2_QEMU='$LAB_L2_QEMU'
		LAB_ADVERSARY=$LAB_ADVERSARY
		LAB_CYCLES=${LAB_CYCLES-}
		LAB_ANSWER=${LAB_ANSWER-}
		LAB_TRIES=${LAB_TRIES-}
		LAB_GUESTS=$LAB_GUESTS
		LAB_GUEST2_CPUS=$LAB_GUEST2_CPUS
		LAB_GUEST2_MB=$LAB_GUEST2_MB
		LAB_SECONDS=$LAB_SECONDS
		LAB_CLOCKSOURCE=$LAB_CLOCKSOURCE
		LAB_MIN_EVENTS=$LAB_MIN_EVENTS
		LAB_L2_APPEND='$LAB_L2_APPEND'
		LAB_PORT='$LAB_PORT'
		LAB_CLOCK='$LAB_CLOCK'
		LAB_TRACECMD='$LAB_TRACECMD'
		LAB_LIBVIRT='$LAB_LIBVIRT'
		LAB_SYSTEM='$LAB_SYSTEM'
		LAB_VMSYNC='$with_vmsync'
		LAB_LIMIT=$LAB_LIMIT
		LAB_SILENCE=$LAB_SILENCE
		LAB_L2_SILENCE=$LAB_L2_SILENCE
		LAB_SLOW_APPEND='$LAB_SLOW_APPEND'
	CONF
	if [ -n "$LAB_SYSTEM" ]; then
		"$here/system/initrd.sh" "$work" build/pkg "$(system_of "$kernel")" \
			"$(system_of "$guest_kernel")"
	else
		"$here/initrd.sh" "$work"
	fi
}

# The disks of a whole system: its root, and what it writes, empty; the guest's two.
disks=()
disks_make() {
	local d

	[ -n "$LAB_SYSTEM" ] || return 0
	disks=()
	for d in host guest; do
		rm -f "$work/$d.ext4"
		truncate -s 6G "$work/$d.ext4"
		mke2fs -q -t ext4 -O ^has_journal "$work/$d.ext4"
	done
	for d in "$(system_of "$kernel")/host" "$work/host" \
			"$(system_of "$guest_kernel")/guest" "$work/guest"; do
		disks+=(-drive "file=$d.ext4,if=virtio,format=raw,cache=unsafe$(
			[ "${d%/*}" = "$work" ] || echo ,readonly=on)")
	done
}

qemu_run() {
	# shellcheck disable=SC2086 # options
	exec setpriv --pdeathsig TERM \
	timeout -k 5 "$((LAB_LIMIT + 3 * LAB_SILENCE))" \
	"${qemu[@]}" -machine "$LAB_MACHINE" "${accel[@]}" \
		-smp "$LAB_L1_CPUS" -m "$LAB_L1_MB" \
		-display none -no-reboot -nodefaults -no-user-config \
		-serial stdio -d cpu_reset -D "$out/host.reset" \
		-kernel "$top/$LAB_VMLINUZ" -initrd "$work/l1.cpio" \
		-append "console=ttyS0 loglevel=5 panic=-1 tsc=reliable no_timer_check mitigations=off $LAB_SLOW_APPEND $LAB_L1_APPEND" \
		-fsdev local,id=r,path=/,security_model=none,readonly=on,multidevs=remap \
		-device virtio-9p-pci,fsdev=r,mount_tag=root \
		-fsdev local,id=t,path="$top",security_model=none,readonly=on,multidevs=remap \
		-device virtio-9p-pci,fsdev=t,mount_tag=top \
		-fsdev local,id=s,path="$out",security_model=none \
		-device virtio-9p-pci,fsdev=s,mount_tag=share \
		"${disks[@]}" "${link[@]}" \
		${LAB_QEMU_EXTRA-} \
		< /dev/null 2> "$out/host.qemu" 9>&-
}

# CPU seconds that the emulation has used. timeout is its parent.
cpu_seconds() {
	local child

	read -r child < "/proc/$qemu_pid/task/$qemu_pid/children" &&
	awk '{ print int(($14 + $15) / 100) }' "/proc/$child/stat"
}

# silent: no heartbeat came for LAB_SILENCE seconds of the emulation's, or three times as
# many of the clock's. Beside other work it has few of its own; in a deadlock, none.
silent() {
	local now

	[ $((SECONDS - beat)) -ge "$LAB_SILENCE" ] || return 1
	now=$(cpu_seconds) || return 0
	[ $((now - beat_cpu)) -ge "$LAB_SILENCE" ] ||
		[ $((SECONDS - beat)) -ge $((3 * LAB_SILENCE)) ]
}

# Shows what stage both machines are at. Their heartbeats come every 4 s, or as
# slowly as the machines are; one that does not come is a hang, whatever the kernel
# still has to say.
watch() {
	local line status beat=$SECONDS beat_cpu=0 said=$SECONDS

	while :; do
		line='' status=0
		IFS= read -r -t 10 line <&7 || status=$?
		if silent; then
			stage "no heartbeat for $((SECONDS - beat)) s"
			echo "@lab silent" >> "$out/host.serial"
			return 0
		fi
		[ $status -le 128 ] || continue
		[ $status = 0 ] || return 0
		line=${line%$'\r'}
		printf '%s\n' "$line" >> "$out/host.serial"
		case $line in
		*"@lab L1 beat"*)
			beat=$SECONDS beat_cpu=$(cpu_seconds || echo 0)
			[ $((SECONDS - said)) -lt "$LAB_SAY" ] ||
				{ said=$SECONDS; stage "$host: goes on"; }
			;;
		*"@lab guest"*" beat "* | *"@lab "*" tainted "*) ;;
		*"@lab L1 "*) stage "$host: ${line#*@lab L1 }" ;;
		*"@lab guest "*) stage "guest: ${line#*@lab guest }" ;;
		*"@lab guest2 "*) stage "guest2: ${line#*@lab guest2 }" ;;
		esac
	done
}

# One host machine, from its begin to its end.
host=host
link=()
machine() {
	exec 7< <(qemu_run)
	qemu_pid=$!
	watch
	qemu_end
	exec 7<&-
}

attempt() {
	find "$out" -mindepth 1 -maxdepth 1 ! -name 'lost-*' -exec rm -rf {} +
	disks_make
	[ "$LAB_HOSTS" = 1 ] || second_begin
	machine
	second_end
}

# Events and discarded events of the trace in $1, by an independent reader.
count() {
	babeltrace2 "$out/$1" --component sink.utils.counter \
		> "$work/count" 2> "$work/count.err" ||
		die "babeltrace2 cannot read $out/$1: $(tail -3 "$work/count.err")"
	sed -n -e "s/^ *\([0-9]*\) Event messages.*/$1_events=\1/p" \
		-e "s/^ *\([0-9]*\) Discarded event messages.*/$1_discarded=\1/p" \
		"$work/count" | tail -2
}

# events_named TRACE NAME: how many there are.
events_named() {
	babeltrace2 "$out/$1" 2> "$work/count.err" | grep -c " $2: "
}

# Without these there is nothing to synchronise by, whatever else was recorded.
vmsync_check() {
	local key n second=

	[ ! -d "$out/guest2" ] || [ "$LAB_CUT" = guest2 ] ||
		second=guest2:vmsync_gh_guest
	for key in host:vmsync_gh_host host:vmsync_hg_host host:kvm_x86_entry \
			host:kvm_x86_exit guest:vmsync_gh_guest \
			guest:vmsync_hg_guest $second; do
		n=$(events_named "${key%:*}" "${key#*:}") || true
		echo "${key#*:}=$n" >> "$out/counts"
		if [ "$n" -lt 50 ]; then
			status fail
			die "only $n ${key#*:} in the ${key%:*}'s trace"
		fi
	done
}

status() {
	{
		echo "scenario=$name"
		echo "result=$1"
		echo "attempts=$attempts"
		echo "seconds=$((SECONDS - started))"
		echo "accel=$accel_name"
		"${qemu[@]}" --version | sed -n 's/^QEMU.* version \([0-9.]*\).*/qemu=\1/p'
		sed -n -e "s/^LAB_RELEASE='\(.*\)'/release=\1/p" \
			-e "s/^LAB_L2_RELEASE='\(.*\)'/guest_release=\1/p" \
			"$work/lab.conf"
		echo "vmsync=$with_vmsync"
		[ ! -e "$out/counts" ] || cat "$out/counts"
	} > "$out/status"
}

traces_check() {
	local host_discarded=0 guest_discarded=0 guest2_discarded=0
	local host_events=0 guest_events=0 guest2_events=
	local trace

	[ "$LAB_MIN_EVENTS" -gt 0 ] || return 0
	for trace in host guest guest2; do
		[ ! -d "$out/$trace" ] || [ "$LAB_CUT" = "$trace" ] ||
			count "$trace"
	done > "$out/counts"
	# shellcheck source=/dev/null
	. "$out/counts"
	stage "host $host_events events, guest $guest_events${guest2_events:+, guest2 $guest2_events}"
	[ "$with_vmsync" = no ] || vmsync_check
	if [ $((host_discarded + guest_discarded + guest2_discarded)) -gt 0 ]; then
		status fail
		die "events were discarded: host $host_discarded, guest $guest_discarded, guest2 $guest2_discarded"
	fi
	if [ "$guest_events" -lt "$LAB_MIN_EVENTS" ]; then
		status fail
		die "only $guest_events guest events, $LAB_MIN_EVENTS wanted"
	fi
}

echo "lab $name (logs and traces in ${out#"$top/"})"
accel_choose
qemu_choose
prepare
stage "booting the host machine ($accel_name)"
rm -rf "$out"/lost-*
attempts=1
while :; do
	attempt
	verdict=0
	judge || verdict=$?
	{ [ $verdict = 3 ] && [ $attempts = 1 ]; } || break
	mkdir "$out/lost-$attempts"
	find "$out" -mindepth 1 -maxdepth 1 \( -type f -o -name '*-state' -o -name second \) \
		-exec cp -r {} "$out/lost-$attempts/" \;
	attempts=$((attempts + 1))
	stage "the emulation locked up: once more"
done
if [ "$verdict" != 0 ]; then
	status fail
	die "failed; logs in ${out#"$top/"}"
fi
traces_check
status pass
stage "passed$([ $attempts = 1 ] || echo ", at attempt $attempts")"
