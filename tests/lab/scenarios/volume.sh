# shellcheck shell=dash disable=SC2034 # of run.sh, l1.sh and l2.sh
# SPDX-License-Identifier: MIT
#
# volume: a guest reads from and writes to volumes on block devices of its host
#
# The host's disks are null_blk's, whose requests end by a timer after disk_ns and do
# nothing: so long the disk takes, and not less. One volume is a partition, by aio=native,
# the other one a whole disk, by aio=threads, which QEMU slows down in one phase; a third
# one is a file in memory, of which no disk hears. Each request is stamped by the guest's
# program; what guest and host counted before and after is in guest.log and /share/stat.

LAB_SECONDS=4
LAB_MIN_EVENTS=3000
LAB_L2_QEMU='-drive file=/dev/nullb0p1,if=virtio,format=raw,cache=none,aio=native
	-drive file=/dev/nullb1,if=virtio,format=raw,cache=none,aio=threads'

disk_ns=3000000
probes_more=,block,kvm
events_block=block_bio_queue,block_rq_insert,block_rq_issue,block_rq_complete,block_rq_requeue

# --- in the guest

guest_prepare() { events_guest="$events_guest,$events_block"; }

stat_say() { # WHEN
	for disk in vda vdc vdd; do
		say "stat $1 $disk $(cat /sys/block/$disk/stat)"
	done
}

# As it is told: what blocks.c takes, or "stop".
guest_record() {
	stat_say before
	lttng -q -n start lab || fail "lttng start"
	say "recording"
	load "$LAB_SECONDS" /dev/vda &
	load=$!
	while read -r name rest < /dev/ttyS0 && [ "$name" != stop ]; do
		# shellcheck disable=SC2086 # arguments
		blocks "$name" $rest >> /run/requests || fail "$name"
		say "did $name"
	done
	wait "$load" || fail "load"
	lttng -q -n stop lab || fail "lttng stop"
	stat_say after
	cat /run/requests
	say "recorded"
	lttng -q -n destroy lab
	trace_out
}

# --- in the host

# A partition without a table: what is read from this disk means nothing.
host_modules() {
	modprobe null_blk nr_devices=2 gb=1 queue_mode=2 irqmode=2 submit_queues=1 \
		completion_nsec=$disk_ns &&
		addpart /dev/nullb0 1 2048 1800000 &&
		modprobe vmsync && modprobe vmsync-host
}

host_prepare() {
	events_host="$events_host,$events_block,kvm_x86_apic_accept_irq,kvm_x86_apicv_accept_irq"
	record_ready
	lttng -q -n enable-event -k -s lab -c lab --syscall \
		pread64,pwrite64,preadv,pwritev,io_submit,io_uring_enter,fdatasync,fsync ||
		fail "no system calls"
}

stat_take() { # WHEN
	for disk in nullb0 nullb1; do
		echo "$1 $disk $(cat /sys/block/$disk/stat)"
	done >> /share/stat
}

# guest_does NAME FILE WHAT N BYTES AT AT_MIB
guest_does() {
	tell "$*"
	await "did $1"
}

host_record() {
	stat_take before
	record_begin
	for disk in native:vdc threads:vdd; do
		guest_does "${disk%:*}-write" "/dev/${disk#*:}" write 60 4096 1 0
		guest_does "${disk%:*}-read" "/dev/${disk#*:}" read 60 16384 1 64
		guest_does "${disk%:*}-deep" "/dev/${disk#*:}" write 80 8192 4 128
		guest_does "${disk%:*}-sync" "/dev/${disk#*:}" sync 20 4096 1 192
		guest_does "${disk%:*}-large" "/dev/${disk#*:}" write 4 2097152 1 256
	done
	guest_does cached /dev/vda write 20 4096 1 20
	monitor block_set_io_throttle '{"device": "virtio3", "bps": 0, "bps_rd": 0,
		"bps_wr": 0, "iops": 20, "iops_rd": 0, "iops_wr": 0}' || fail "no throttle"
	guest_does slow /dev/vdd write 20 4096 1 320
	tell stop
	record_end
	stat_take after
}
