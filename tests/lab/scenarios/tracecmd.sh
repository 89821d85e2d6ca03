# shellcheck shell=dash disable=SC2034 # of run.sh, l1.sh and l2.sh
# SPDX-License-Identifier: MIT
#
# tracecmd: trace-cmd records on both sides; LTTng does not
#
# host.dat, and guest/guest.dat

LAB_MIN_EVENTS=0
LAB_TRACECMD=yes

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
}

host_after() {
	at=guest
	guest_trace
}
