# shellcheck shell=sh
# SPDX-License-Identifier: MIT
#
# What both machines of the lab do alike. Sourced by l1.sh (bash) and l2.sh
# (busybox); $ME is the machine's name, L1, guest or guest2.

# For the machine below, which watches this one's serial line.
say() {
	echo "@lab $ME $*"
}

heartbeat() {
	while :; do
		sleep 4
		read -r up _ < /proc/uptime
		say "beat $up"
	done
}

have_vmsync() {
	[ "$LAB_VMSYNC" = yes ]
}

# Both kernels record these. Always by name: LTTng's wildcard kvm_* oopses.
common_events=sched_switch,sched_wakeup,sched_wakeup_new,sched_waking
common_events=$common_events,sched_process_fork,sched_process_exit
common_events=$common_events,irq_handler_entry,irq_handler_exit
common_events=$common_events,irq_softirq_entry,irq_softirq_exit
common_events=$common_events,'lttng_statedump_*'

# session_create OUT SUBBUF_SIZE SUBBUFS EVENTS. $session_to: where else its trace goes, as
# options of lttng create.
session_create() {
	# shellcheck disable=SC2086 # options
	lttng -q -n create lab ${session_to:---output="$1"} &&
	lttng -q -n enable-channel -k -s lab --subbuf-size="$2" \
		--num-subbuf="$3" lab &&
	lttng -q -n enable-event -k -s lab -c lab "$4" &&
	lttng -q -n add-context -k -s lab -c lab -t pid -t tid -t procname
}

# $probes_more: LTTng's probes that a scenario needs beside the usual ones, ",NAME"
session_daemon() {
	probes=
	have_vmsync && probes=--extra-kmod-probes=$1
	# shellcheck disable=SC2086 # one or none
	lttng-sessiond -d --kmod-probes="sched,irq,statedump${probes_more-}" $probes
}

daemon_end() {
	pid=$(cat /run/lttng/lttng-sessiond.pid)
	kill "$pid"
	until_true "lttng-sessiond does not end" test ! -d "/proc/$pid"
}

# until_true WHAT COMMAND...: tries it until it succeeds; a slow machine takes its time.
until_true() {
	what=$1 tries=0
	shift
	until "$@"; do
		tries=$((tries + 1))
		[ "$tries" -lt 300 ] || fail "$what"
		sleep 0.4
	done
}

# A WARN or an oops leaves its mark here, whatever became of its lines.
taint() {
	say "tainted $(cat /proc/sys/kernel/tainted)"
}

# What the debug kernel found that it does not say by itself, and whether it still
# looked: lockdep ends with its first report, kmemleak when it runs out of memory.
# Objects that are younger than 5 s are no leaks to it, and what it saw only once
# may be on its way from one place to another.
debug_end() {
	lockdep=off kmemleak=off
	! grep -q 'debug_locks: *1' /proc/lockdep_stats || lockdep=on
	sleep 6
	for _ in 1 2; do
		! echo scan > /sys/kernel/debug/kmemleak || kmemleak=on
	done
	cat /sys/kernel/debug/kmemleak
	say "watch lockdep=$lockdep kmemleak=$kmemleak"
}

# Whether KCSAN still looked, and had anything to look at: it says itself what it finds.
kcsan_end() {
	kcsan=off
	looked=$(sed -n 's/^setup_watchpoints: //p' /sys/kernel/debug/kcsan)
	if grep -q '^enabled: 1' /sys/kernel/debug/kcsan && [ "$looked" -ge 1000 ]; then
		kcsan=on
	fi
	say "watch kcsan=$kcsan looked=$looked"
}

# The end of what watches in such kernels.
watch_end() {
	case $(uname -r) in
	*-vmsync-debug) debug_end ;;
	*-vmsync-kcsan) kcsan_end ;;
	esac
}

# Tells the clocksource, and whether it is $1.
clocksource_check() {
	c=$(cat /sys/devices/system/clocksource/clocksource0/current_clocksource)
	say "clocksource $c"
	[ "$c" = "$1" ]
}
