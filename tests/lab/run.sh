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
	echo "make lab SCENARIO=NAME [KERNEL=rt|6.12|debug|kcsan [GUEST_KERNEL=stock]]," \
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
LAB_L1_CPUS=2			# 1: no two CPUs are emulated at once, see README.rst
LAB_PORT=			# yes: vmsync-agent in the guest, and its trace with the other
LAB_CLOCK=			# yes: the guest has UST's clock plugin, and ustclock
LAB_TRACECMD=			# yes: the guests have trace-cmd, and what a vsock takes
LAB_LIVE=			# yes: the same with a relay daemon
LAB_OPENVSWITCH=		# yes: the host has Open vSwitch to start
LAB_SERVICE=			# yes: the host has what service.py takes
LAB_LIBVIRT=			# yes: what l1.sh needs to start the guest by libvirt
LAB_SYSTEM=			# yes: both are whole Debian systems (system/), with their libvirt
LAB_L1_MB=3072			# memory
LAB_L2_MB=768
LAB_L2_SMP=2			# as QEMU's -smp
LAB_L2_QEMU=			# more arguments
LAB_CUT=			# the trace that a full disk cuts: its reader judges it, we do not
LAB_FAIL_NTH=			# yes: the host has fail_nth.ko
LAB_ADVERSARY=			# yes: the guests have /adversary.ko
LAB_MEMORY=			# yes: the guests have touch-memory, and a balloon's driver
LAB_HOSTS=1			# 2: a second host machine, see hosts.sh
LAB_GUESTS=1			# 0: none; 2: a second one beside it, with LAB_GUEST=2 in l2.sh
LAB_GUEST2_CPUS=1
LAB_GUEST2_MB=512
# On a busy machine a CPU of the lab stands still for long. That is no lock-up:
# one has no heartbeat.
LAB_SLOW_APPEND="watchdog_thresh=60 rcupdate.rcu_cpu_stall_timeout=120"
LAB_SYSTEM_APPEND="systemd.getty_auto=no systemd.show_status=no"	# a whole system's
kernel=${2-} guest_kernel=${3-${2-}}
# shellcheck source=/dev/null
. "$here/scenarios/$name.sh"
flavour=${kernel:+-$kernel}
[ "$guest_kernel" = "$kernel" ] || flavour=-${kernel:-stock}-$guest_kernel
[ "$guest_kernel" != stock ] || guest_kernel=
LAB_MACHINE=pc
# What a timer that fires warns of it prints with a lock that may not be taken there, and
# lockdep, which sees it, looks no more: warnings go to dmesg alone.
[ "$kernel" != debug ] || LAB_L1_APPEND="loglevel=4 $LAB_L1_APPEND"
# What finds faults takes its share, and its time.
if [[ $kernel == @(debug|kcsan) ]]; then
	# The other one's firmware takes it 30 s for each PCI device.
	LAB_MACHINE=q35
	# A host that has little to do waits for random numbers for 20 minutes and more.
	LAB_L1_APPEND="random.trust_cpu=on $LAB_L1_APPEND"
	LAB_L1_MB=$((LAB_L1_MB + 2048))
	LAB_LIMIT=$((LAB_LIMIT * 2)) LAB_L2_SILENCE=$((LAB_L2_SILENCE * 2))
	LAB_SILENCE=$((LAB_SILENCE * 4))
	# What is done to a guest meanwhile takes several times as long, too.
	LAB_SECONDS=$((LAB_SECONDS * 3))
fi
# Two at once are what a race needs.
[ "$kernel" != kcsan ] || LAB_L1_CPUS=2
# Emulated, a host of 6.12 or PREEMPT_RT dies now and then if it has memory above 4 GiB,
# where QEMU's machine puts some from 3584 MiB on: Documentation/testing.rst.
if [[ $kernel == @(6.12|rt) && $LAB_L1_MB -gt 3500 ]]; then
	LAB_L1_MB=3500
fi
if [ "$guest_kernel" = debug ]; then
	LAB_L2_MB=$((LAB_L2_MB + 512)) LAB_L2_APPEND="loglevel=4 $LAB_L2_APPEND"
fi

out=$top/build/lab$flavour/$name
work=$top/build/lab$flavour/.work
mkdir -p "$out" "$work"

# shellcheck source=tests/lab/prepare.sh
. "$here/prepare.sh"
# shellcheck source=tests/lab/machine.sh
. "$here/machine.sh"
# shellcheck source=tests/lab/hosts.sh
. "$here/hosts.sh"

exec 9> build/lab.lock
if ! flock -n 9; then
	echo "waiting for another lab to end"
	flock 9
fi

started=$SECONDS

die() {
	echo "lab $name: $*" >&2
	exit 1
}

trap 'second_end; qemu_end' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

stage() {
	printf '%5d s  %s\n' $((SECONDS - started)) "$*"
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
	# What was lost with the emulation tells nothing of us: README.rst says how often that is.
	{ [ $verdict = 3 ] && [ $attempts -lt 4 ]; } || break
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
