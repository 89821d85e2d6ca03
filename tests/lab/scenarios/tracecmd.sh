# shellcheck shell=dash disable=SC2034 # of run.sh, l1.sh and l2.sh
# SPDX-License-Identifier: MIT
#
# tracecmd: trace-cmd records on both sides; LTTng does not
#
# host.dat, and guest/guest.dat. Then the guest has trace-cmd's agent, and the host
# records both, five times, by the clock that trace-cmd chooses, with the offsets that
# it finds: tsc/N/trace.dat and tsc/N/trace-guest.dat.

LAB_MIN_EVENTS=0
LAB_L1_CPUS=1
LAB_TRACECMD=yes
LAB_L2_QEMU="-device vhost-vsock-pci,guest-cid=3"

# ftrace_begin FILE SYSTEM:EVENT...
ftrace_begin() {
	file=$1
	shift
	events=
	for event in vmsync sched:sched_switch sched:sched_wakeup sched:sched_waking \
			irq:irq_handler_entry irq:irq_handler_exit "$@"; do
		events="$events -e $event"
	done
	# shellcheck disable=SC2086 # options
	trace-cmd record -C mono -b 16384 $events -o "$file" > "$file.log" 2>&1 &
	ftrace=$!
	# It switches the buffer off, sets all up, begins to read it, and switches it on.
	until_true "trace-cmd does not record" test -e "$file.cpu0"
	until_true "trace-cmd does not switch on" \
		grep -qx 1 /sys/kernel/tracing/tracing_on
}

ftrace_end() {
	kill -INT "$ftrace"
	wait "$ftrace"
	[ -s "$file" ] || fail "no recording: $(tail -3 "$file.log")"
}

guest_record() {
	mkdir -p /tmp/trace/kernel
	ftrace_begin /tmp/trace/kernel/guest.dat \
		syscalls:sys_enter_read syscalls:sys_exit_read
	say "recording"
	load "$LAB_SECONDS" /dev/vda || fail "load"
	ftrace_end
	say "recorded"
	trace_out
	agent_serve
}

# There is load as often as the host says so.
agent_serve() {
	modprobe vmw_vsock_virtio_transport || fail "no vsock"
	trace-cmd agent > /tmp/agent 2>&1 &
	agent=$!
	say "agent"
	while read -r word < /dev/ttyS0 && [ "$word" = load ]; do
		say "loading"
		load 6 /dev/vda || fail "load"
		say "loaded"
	done
	[ "$word" = stop ] || fail "heard '$word'"
	kill "$agent" || fail "trace-cmd agent died: $(tail -3 /tmp/agent)"
	say "served"
}

host_modules() {
	modprobe vmsync && modprobe vmsync-host && modprobe vhost_vsock
}

host_prepare() { :; }

host_record() {
	truth before
	ftrace_begin /run/host.dat kvm:kvm_entry kvm:kvm_exit
	each tell go
	each await recording
	sleep 4
	"$LAB_WORK/load" spin 2
	each await recorded
	ftrace_end
	truth after
	cp /run/host.dat /run/host.dat.log /share/ || fail "recording not copied"
	each await agent
	truth tsc
	for n in 1 2 3 4 5; do
		agent_record "/run/tsc/$n"
	done
	truth tsc
	each tell stop
	each await served
	cp -r /run/tsc /share/ || fail "recordings by the agent not copied"
}

# agent_record FOLDER: as a user types it. The agent is there some time after it says so.
agent_record() {
	folder=$1
	mkdir -p "$folder"
	for try in 1 2 3; do
		trace-cmd record -e kvm:kvm_entry -e kvm:kvm_exit -e sched:sched_switch \
			-o "$folder/trace.dat" -A guest@3 -e sched:sched_switch \
			-e sched:sched_waking -e irq > "$folder/log" 2>&1 &
		ftrace=$!
		until_true "trace-cmd neither records nor ends" agent_records_or_ends
		! kill -0 "$ftrace" 2> /dev/null || break
		say "try $try: $(tail -n 1 "$folder/log")"
		sleep 2
	done
	kill -0 "$ftrace" 2> /dev/null || fail "no recording: $(tail -3 "$folder/log")"
	each tell load
	each await loading
	"$LAB_WORK/load" spin 2
	each await loaded
	kill -INT "$ftrace"
	wait "$ftrace"
	[ -s "$folder/trace-guest.dat" ] || fail "no recording: $(tail -3 "$folder/log")"
}

agent_records_or_ends() {
	! kill -0 "$ftrace" 2> /dev/null || {
		[ -e "$folder/trace.dat.cpu0" ] &&
			grep -qx 1 /sys/kernel/tracing/tracing_on
	}
}

host_after() {
	at=guest
	guest_trace
}
