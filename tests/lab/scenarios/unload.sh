# shellcheck shell=dash disable=SC2034 # of run.sh, l1.sh and l2.sh
# SPDX-License-Identifier: MIT
#
# unload: all modules loaded and removed 50 times (or LAB_CYCLES) under beacons and tracing
#
# Both machines do so at the same time, so that each side also loses and finds
# the other. Most cycles have ftrace for a tracer; every 20th has LTTng, whose
# daemon holds the probe modules: there the modules under them are removed and
# come back in the middle of a recording. At the end the guest dies under a
# listening host, and kvm itself is removed.

LAB_L1_APPEND=slub_debug=U
LAB_L2_APPEND=slub_debug=U
LAB_MIN_EVENTS=0
LAB_LIMIT=3600

# Not every QEMU that may emulate it sees what another CPU replaces (qemu.sh).
LAB_L1_CPUS=1

cycles=${LAB_CYCLES:-50}
tracing=/sys/kernel/tracing/instances/lab

# What they need of LTTng stays loaded, so no dependencies are looked up.
modules_in() {
	[ -d /sys/module/lttng_tracer ] || modprobe lttng-tracer ||
		fail "lttng-tracer does not load"
	for m in $modules; do
		insmod "/lib/modules/$LAB_RELEASE/extra/$m.ko" || fail "cycle $cycle: $m does not load"
	done
}

modules_out() {
	for m in $(echo "$modules" | tr ' ' '\n' | tac); do
		rmmod "$m" || fail "cycle $cycle: $m does not go"
	done
	! grep -q vmsync /proc/modules ||
		fail "still there: $(grep vmsync /proc/modules)"
}

# Beacons seen by ftrace in this cycle; an enabled event goes with its module.
beacons_count() {
	n=$(grep -c "$beacon_event" "$tracing/trace")
	[ "$n" -gt 0 ]
}

cycle_ftrace() {
	modules_in
	echo 1 > "$tracing/events/vmsync/enable"
	sleep 0.4
	until_true "cycle $cycle: no beacons" beacons_count
	beacons=$((beacons + n))
	echo > "$tracing/trace"
	modules_out
}

# What LTTng's daemon does not hold.
modules_base_out() {
	for m in $modules_base_reverse; do
		rmmod "$m" || fail "cycle $cycle: $m does not go while recorded"
	done
}

modules_base_in() {
	for m in $modules_base; do
		modprobe "$m" || fail "cycle $cycle: $m does not come back"
	done
}

cycle_lttng() {
	modules_base_in
	session_daemon "$probes_extra" || fail "cycle $cycle: lttng-sessiond"
	session_create /run/unload-trace 512k 4 "$1" ||
		fail "cycle $cycle: lttng session"
	lttng -q -n start lab || fail "cycle $cycle: lttng start"
	sleep 0.5
	modules_base_out
	modules_base_in
	sleep 0.5
	lttng -q -n stop lab
	lttng -q -n destroy lab
	rm -rf /run/unload-trace
	daemon_end
	modules_base_out
	! grep -q vmsync /proc/modules ||
		fail "still there: $(grep vmsync /proc/modules)"
}

cycles_run() {
	mkdir -p "$tracing"
	beacons=0
	# A check that sees nothing would find nothing.
	[ -n "$(leaks_sites "$seen")" ] || fail "no allocation traces"
	cycle=0
	while [ "$cycle" -lt "$cycles" ]; do
		cycle_check
		cycle=$((cycle + 1))
		[ $((cycle % 10)) != 0 ] || say "cycle $cycle, $beacons beacons"
		if [ $((cycle % 20)) = 0 ]; then
			cycle_lttng "$1"
		else
			cycle_ftrace
		fi
		# After the first recording by LTTng, which keeps some memory for good.
		[ "$cycle" != 21 ] || sizes_first=$(leaks_sizes)
	done
	sizes_last=$(leaks_sizes)
	say "sizes first $sizes_first"
	say "sizes last $sizes_last"
	held=$(leaks_held)
	[ -z "$held" ] || fail "held by modules that are gone: $held"
	grown=$(leaks_grown "$sizes_first" "$sizes_last")
	[ -z "$grown" ] || fail "grew over $((cycles - 21)) cycles: $grown"
	[ "$beacons" -ge "$cycles" ] || fail "only $beacons beacons in all cycles"
}

# --- guest

cycle_check() { :; }

guest_record() {
	# shellcheck source=tests/lab/leaks.sh
	. /leaks.sh
	modules_base="vmsync vmsync-guest"
	modules_base_reverse="vmsync-guest vmsync"
	modules="$modules_base lttng-probe-vmsync"
	probes_extra=vmsync
	beacon_event=vmsync_hg_guest
	seen="[[]virtio"
	say "recording"
	daemon_end
	modules_base_out
	load light 1000 /dev/vda &
	# shellcheck disable=SC2154 # of l2.sh
	cycles_run "$events_guest"
	modules_in
	echo 1 > "$tracing/events/vmsync/enable"
	say "cycles done, beacons go on"
	read -r go < /dev/ttyS0
	[ "$go" = stop ] || fail "heard '$go'"
	killall load
	say "recorded"
}

# --- host

kprobe_switches="/proc/sys/kernel/ftrace_enabled /sys/kernel/debug/kprobes/enabled"

# A VM's end is seen by a kprobe; without, the module is not loaded.
host_kprobes_off() {
	rmmod vmsync-host || fail "vmsync-host.ko does not go"
	for switch in $kprobe_switches; do
		echo 0 > "$switch"
		! modprobe vmsync-host 2> /dev/null ||
			fail "vmsync-host.ko loads while $switch is 0"
		echo 1 > "$switch"
	done
	modprobe vmsync-host || fail "vmsync-host.ko does not load again"
}

# The same while a tracer listens: all is forgotten, and begins anew.
host_kprobes_lost() {
	for switch in $kprobe_switches; do
		echo 0 > "$switch"
		until_true "goes on while $switch is 0: $(host_state)" \
			host_state_is 'vms=0 vcpus=0'
		echo 1 > "$switch"
		until_true "does not go on after $switch was 0: $(host_state)" \
			host_state_is 'vms=1 vcpus=2'
	done
	say "kprobes were off, and it went on: $(host_state)"
}

host_prepare() {
	host_kprobes_off
	# The guest's side has no business where no KVM is underneath.
	if ! dmesg | grep -q "Hypervisor detected: KVM"; then
		! modprobe vmsync-guest 2> /dev/null ||
			fail "vmsync-guest.ko loads without KVM under it"
	fi
}

host_record() {
	cycle_check() { guest_check; }
	. "$LAB_TOP/tests/lab/leaks.sh"
	. "$LAB_TOP/tests/lab/clean.sh"
	modules_base="vmsync vmsync-host"
	modules_base_reverse="vmsync-host vmsync"
	modules="$modules_base lttng-probe-vmsync lttng-probe-vmsync-kvm"
	probes_extra=vmsync,vmsync-kvm
	beacon_event=vmsync_gh_host
	seen="[[]kvm"
	modules_base_out
	tell go
	await recording
	# shellcheck disable=SC2154 # of l1.sh
	cycles_run "$events_host"
	await cycles
	cycle=last
	modules_in
	echo 1 > "$tracing/events/vmsync/enable"
	until_true "guest not known: $(host_state)" \
		host_state_is 'vms=1 vcpus=2 untracked=0'
	say "with the guest alive: $(host_state)"
	host_kprobes_lost
	tell stop
	await recorded
}

host_after() {
	until_true "something of the dead guest lives: $(host_state)" \
		host_state_is 'vms=0 vcpus=0 untracked=0'
	say "with the guest dead: $(host_state)"
	modules_out
	held=$(leaks_held)
	[ -z "$held" ] || fail "held by modules that are gone: $held"
	modprobe -r kvm_amd 2> /dev/null || modprobe -r kvm_intel ||
		fail "KVM does not go"
	! grep -q '^kvm' /proc/modules || fail "KVM is still there"
	say "KVM removed"
}
