# shellcheck shell=dash disable=SC2034 # of run.sh, l1.sh and l2.sh
# SPDX-License-Identifier: MIT
#
# known: two guests that share a CPU of the host, and do one known thing after the other
#
# What the analysis has to find is written to /share/phases: what began and ended
# when, by the host's clock. The guests are stopped while the host's recording
# begins and ends, and while the kernel's counters are taken, before and after.

LAB_GUESTS=2
LAB_L1_MB=4096
LAB_L2_SMP=1
# What little an idle guest records.
LAB_MIN_EVENTS=1000
# So long that KVM's polling ends in both ways: by a wake-up, and without.
LAB_L1_APPEND=kvm.halt_poll_ns=8000000

quota_us=20000
period_us=100000
group=/sys/fs/cgroup/known

# --- in a guest

steal() {
	say "steal $(sed -n 's/^cpu0 //p' /proc/stat | cut -d' ' -f8)"
}

# As it is told: "steal", or what known.c is to do, and under which name; "stop" is the
# last word but one.
guest_record() {
	# The heartbeat: each costs an idle guest more than all else it does.
	for job in $(jobs -p); do
		kill "$job"
	done
	lttng -q -n start lab || fail "lttng start"
	say "recording"
	while read -r name what amount file < /dev/ttyS0 && [ "$name" != stop ]; do
		case $name in
		steal) steal ;;
		*) known "$name" "$what" "$amount" ${file:+"$file"} || fail "$name" ;;
		esac
		say "did $name"
	done
	lttng -q -n stop lab || fail "lttng stop"
	say "recorded"
	read -r name < /dev/ttyS0
	lttng -q -n destroy lab
	trace_out
}

# --- in the host

vcpu_task() {
	# shellcheck disable=SC2154 # $at is of l1.sh
	grep -l '^CPU 0/KVM$' "/proc/$(pgrep -P "$(cat "/run/$at.pid")")"/task/*/comm |
		cut -d/ -f5
}

# Whatever may be moved goes to CPU 0, but for the guests; the first one has a group
# of its own.
groups_make() {
	local pid

	{
		cd /sys/fs/cgroup &&
		mount -t cgroup2 none . && cd . &&
		echo "+cpu +cpuset" > cgroup.subtree_control &&
		mkdir known rest &&
		echo 0 > rest/cpuset.cpus
	} || fail "no groups"
	for pid in /proc/[0-9]*; do
		echo "${pid#/proc/}" > rest/cgroup.procs
	done 2> /dev/null
	# The CPU of the guests serves no device, as far as it can be chosen.
	for pid in /proc/irq/*/smp_affinity; do
		echo 1 > "$pid"
	done 2> /dev/null
	{
		pgrep -P "$(cat /run/guest2.pid)" > cgroup.procs &&
		pgrep -P "$(cat /run/guest.pid)" > known/cgroup.procs
	} || fail "no group of its own"
	cd /
}

# Of the guests only the virtual CPUs are on CPU 1.
vcpu_bind() {
	local tid

	tid=$(vcpu_task)
	{
		taskset -ap 1 "$(pgrep -P "$(cat "/run/$at.pid")")" > /dev/null &&
		taskset -p 2 "$tid" > /dev/null
	} || fail "no virtual CPU of $at"
	echo "vcpu=$at tid=$tid" >> /share/phases
}

mark() { # PHASE begin|end
	local key value throttled=

	while read -r key value; do
		[ "$key" != throttled_usec ] || throttled=$value
	done < $group/cpu.stat
	echo "phase=$1 what=$2 throttled_us=$throttled $("$LAB_WORK/now")" >> /share/phases
}

# phase NAME COMMAND...
phase() {
	local name="$1"

	shift
	sleep 0.2
	mark "$name" begin
	"$@"
	mark "$name" end
	say "phase $name done"
}

# guest_does NAME WHAT AMOUNT [FILE]: and awaits it
guest_does() {
	tell "$*"
	await "did $1"
}

# both NAME NAME2: both guests compute at the same time
both() {
	tell "$1 spin 2500"
	at=guest2 tell "$2 spin 2500"
	await "did $1"
	at=guest2 await "did $2"
}

# The hog comes while the guest computes, and goes before.
with_hog() {
	tell "$1 spin 4000"
	sleep 1
	(
		# shellcheck disable=SC3028 # in the host it is bash
		echo $BASHPID > /sys/fs/cgroup/cgroup.procs
		exec taskset 2 "$LAB_WORK/known" hog spin 1000
	) >> /share/phases || fail "no hog"
	await "did $1"
}

slow_disk() {
	monitor block_set_io_throttle '{"device": "virtio0", "bps": 0, "bps_rd": 0,
		"bps_wr": 0, "iops": 20, "iops_rd": 0, "iops_wr": 0}' ||
		fail "no throttle"
	guest_does writer write 20 /dev/vda
}

throttle() {
	echo "$quota_us $period_us" > $group/cpu.max || fail "no quota"
	guest_does bounded spin 2000
	echo max > $group/cpu.max
}

counters() {
	"$LAB_TOP/tools/vmsync-counters" >> /share/counters
}

host_prepare() {
	events_host="$events_host,sched_migrate_task,kvm_userspace_exit,\
kvm_vcpu_wakeup,kvm_halt_poll_ns,kvm_x86_apic_accept_irq,kvm_x86_inj_virq,\
kvm_x86_msr,kvm_x86_pio"
	for f in local_timer reschedule call_function call_function_single irq_work; do
		events_host="$events_host,x86_irq_vectors_${f}_entry,x86_irq_vectors_${f}_exit"
	done
	probes_more=,kvm,x86-irq-vectors
	echo 1000 > /sys/module/vmsync_host/parameters/slow_us || fail "no slow_us"
	record_ready
	lttng -q -n enable-event -k -s lab -c lab --syscall ioctl || fail "no ioctl"
}

# A thread that was told to stop is still on its way to sleep for a moment.
stop_all() {
	each monitor stop
	sleep 1
}

host_record() {
	groups_make
	each vcpu_bind
	stop_all
	truth before
	counters
	lttng -q -n start lab || fail "lttng start"
	say "recording"
	each monitor cont
	each tell go
	each await recording
	phase steal-begin each guest_does steal
	phase alone guest_does worker spin 500
	phase neighbour both worker neighbour
	phase hog with_hog worker
	phase idle sleep 1
	phase disk slow_disk
	phase nap guest_does napper nap 100
	phase cpuid guest_does asker cpuid 2000
	phase port guest_does porter port 1000
	phase quota throttle
	phase steal-end each guest_does steal
	each tell stop
	each await recorded
	stop_all
	lttng -q -n stop lab || fail "lttng stop"
	counters
	truth after
	lttng -q -n destroy lab || fail "lttng destroy"
	cp -r /run/trace/kernel /share/host || fail "host trace not copied"
	each monitor cont
	each tell end
}
