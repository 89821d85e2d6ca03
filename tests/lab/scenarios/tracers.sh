# shellcheck shell=dash disable=SC2034 # of run.sh, l1.sh and l2.sh
# SPDX-License-Identifier: MIT
#
# tracers: LTTng's consumer is killed, its daemon restarted, disks get full; three tracers at once

LAB_GUESTS=2
# Its disk gets full, too: its trace ends in the middle of a packet.
LAB_CUT=guest2
LAB_L1_MB=4096
LAB_L1_APPEND=slub_debug=U
LAB_L1_CPUS=1

# disk_small FOLDER MB
disk_small() {
	mkdir -p "$1"
	mount -t tmpfs -o "size=$2m" tmpfs "$1" || fail "no small disk"
}

# disk_full FOLDER
disk_full() {
	[ "$(df -k "$1" | awk 'END { print $4 }')" -lt 64 ]
}

guest_prepare() {
	# shellcheck disable=SC2153 # not LAB_GUESTS
	[ "$LAB_GUEST" != 2 ] || disk_small /tmp/trace 3
}

guest_record() {
	if [ "$LAB_GUEST" != 2 ]; then
		guest_record_told
		return
	fi
	say "recording"
	read -r go < /dev/ttyS0
	[ "$go" = load ] || fail "heard '$go'"
	lttng -q -n start lab || fail "lttng start"
	load 1000 /dev/vda &
	until_true "the disk does not get full" disk_full /tmp/trace
	say "its disk is full"
	read -r go < /dev/ttyS0
	[ "$go" = stop ] || fail "heard '$go'"
	killall load
	lttng -q -n stop lab
	lttng -q -n destroy lab
	trace_out
	say "recorded"
}

# keep NAME: the trace of a session that came to no good end
keep() {
	timeout 100 lttng -q -n stop lab
	timeout 100 lttng -q -n destroy lab
	cp -r /run/trace/kernel "/share/$1" || fail "trace $1 not copied"
}

consumer_killed() {
	sleep 5
	pkill -KILL -f 'lttng-consumerd.*-k' || pkill -KILL lttng-consumer ||
		fail "no consumer to kill"
	sleep 2
	keep host-killed
	rm -rf /run/trace
	say "consumer was killed"
}

# A daemon may have ended with its consumer.
daemon_restarted() {
	[ ! -e /run/lttng/lttng-sessiond.pid ] || daemon_end
	disk_small /run/trace 6
	record_ready
	lttng -q -n start lab || fail "lttng start on a small disk"
	# What was recorded with the consumer that is killed may be lost: guest2 begins now.
	at=guest2 tell load
	until_true "the disk does not get full" disk_full /run/trace
	sleep 2
	keep host-full
	umount -l /run/trace
	say "disk was full"
}

# LTTng, ftrace and BPF, all with the same events.
three_tracers() {
	daemon_end
	record_ready
	mkdir -p /sys/kernel/tracing/instances/lab
	lttng -q -n start lab || fail "lttng start"
	echo 1 > /sys/kernel/tracing/instances/lab/events/vmsync/enable
	"$LAB_WORK/bpf" 6 vmsync_gh_host kvm_entry > /run/bpf ||
		fail "no BPF program: $(cat /run/bpf)"
	say "BPF $(cat /run/bpf)"
	ftraced=$(grep -c vmsync_gh_host: /sys/kernel/tracing/instances/lab/trace)
	[ "$ftraced" -gt 20 ] || fail "only $ftraced beacons by ftrace"
	grep -q ' vmsync_gh_host=[0-9][0-9]' /run/bpf || fail "too few beacons by BPF"
	echo 0 > /sys/kernel/tracing/instances/lab/events/vmsync/enable
	rmdir /sys/kernel/tracing/instances/lab
	sleep 3
}

host_record() {
	record_begin
	consumer_killed
	daemon_restarted
	three_tracers
	each tell stop
	record_end
}

host_after() {
	. "$LAB_TOP/tests/lab/clean.sh"
	host_clean
}
