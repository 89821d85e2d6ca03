# shellcheck shell=dash disable=SC2034 # of run.sh, l1.sh and l2.sh
# SPDX-License-Identifier: MIT
#
# cycles: the host's modules loaded and removed 1 000 times (or LAB_CYCLES) under beacons and tracing
#
# Only what the kernel takes to do so: one program does it, and the daemon of LTTng
# is left out. What unload.sh does beside it, it does less often.

LAB_L1_APPEND=slub_debug=U
LAB_L1_CPUS=1
LAB_L2_SMP=1
LAB_MIN_EVENTS=0
LAB_LIMIT=7200

guest_record() {
	echo 50 > /sys/module/vmsync_guest/parameters/rate_hz || fail "no rate"
	echo 1 > /sys/kernel/tracing/events/vmsync/enable || fail "no events"
	load light 100000 /dev/vda &
	say "recording"
	read -r go < /dev/ttyS0
	[ "$go" = stop ] || fail "heard '$go'"
	killall load
	say "recorded"
}

ko() {
	echo "/lib/modules/$LAB_RELEASE/extra/$1.ko"
}

cycles_run() {
	"$LAB_WORK/cycle" "$1" /sys/kernel/tracing/instances/lab vmsync_gh_host: \
		"$(ko vmsync)" vmsync "$(ko vmsync-host)" vmsync_host \
		> /run/cycles 2>&1 || fail "$(tail -n 1 /run/cycles)"
	say "$(tail -n 1 /run/cycles)"
}

host_prepare() { :; }

host_record() {
	. "$LAB_TOP/tests/lab/leaks.sh"
	mkdir -p /sys/kernel/tracing/instances/lab
	tell go
	await recording
	rmmod vmsync_host || fail "vmsync_host does not go"
	rmmod vmsync || fail "vmsync does not go"
	# The first ones may take memory that the kernel keeps for good.
	cycles_run 20
	first=$(leaks_sizes)
	cycles=${LAB_CYCLES:-1000}
	while [ "$cycles" -gt 0 ]; do
		guest_check
		cycles_run $((cycles < 100 ? cycles : 100))
		cycles=$((cycles - 100))
		say "$cycles cycles left"
	done
	# A check that sees nothing would find nothing. KVM is a module of every kernel here.
	[ -n "$(leaks_sites "[[]kvm")" ] || fail "no allocation traces"
	last=$(leaks_sizes)
	say "sizes first $first"
	say "sizes last $last"
	held=$(leaks_held)
	[ -z "$held" ] || fail "held by modules that are gone: $held"
	grown=$(leaks_grown "$first" "$last")
	[ -z "$grown" ] || fail "grew: $grown"
	tell stop
	await recorded
}
