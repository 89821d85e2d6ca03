# shellcheck shell=dash disable=SC2034 # of run.sh, l1.sh and l2.sh
# SPDX-License-Identifier: MIT
#
# adversary: what a guest beside a hostile kernel loses; tests/lab/adversary.sh says it
#
# The second guest's kernel does its worst on two CPUs, one thing after the other,
# with the limits and without. The first one has its usual load and its beacons.
# What both have in common is the host's two CPUs and LTTng's channel.
#
# An exit takes 50 to 100 times as long here as it does on hardware, so a flood is
# as much smaller. Limit and channel are smaller, too: a twentieth of the usual rate,
# and 16 KiB for each CPU.

LAB_ADVERSARY=yes
LAB_GUESTS=2
LAB_GUEST2_CPUS=2
LAB_L1_MB=4096
LAB_MIN_EVENTS=0
LAB_LIMIT=3600
# What a neighbour loses is measured on the usual kernel. On others it is asked whether
# anything breaks, and with two emulated CPUs most runs end by the emulation.
[ -z "${kernel-}" ] || LAB_L1_CPUS=1

# What a limited VM may have recorded, times a second and at once. A beacon is two events
# of some 127 bytes, so that 25 at once leave most of the channel to others, and 100, the
# default, would not fit.
limit_rate=50
limit_burst=25

# "free": without limits.
phases="spin beacons beacons-free tsc tsc-free page page-free"

guest_record() {
	# shellcheck disable=SC2153 # not LAB_GUESTS
	if [ "$LAB_GUEST" != 2 ]; then
		guest_record_told
		return
	fi
	say "recording"
	while read -r what uid < /dev/ttyS0 && [ "$what" != stop ]; do
		case $what in
		off) rmmod adversary 2> /dev/null ;;
		*) insmod /adversary.ko what="$what" uid="$uid" ||
			fail "no adversary $what" ;;
		esac
		say "does $what"
	done
	say "recorded"
}

host_prepare() {
	session_daemon vmsync,vmsync-kvm || fail "lttng-sessiond"
}

# limits BEACON_RATE BURST ALL_RATE
limits() {
	cd /sys/module/vmsync_host/parameters || fail "no limits"
	echo "$1" > beacon_rate
	echo "$2" > beacon_burst
	echo "$3" > all_rate
	cd /
}

# vcpus_ran GUEST: ns that its virtual CPUs had, and waited for, a CPU
vcpus_ran() {
	pid=$(pgrep -P "$(cat "/run/$1.pid")")
	for task in "/proc/$pid/task"/*; do
		! grep -q '/KVM$' "$task/comm" || cat "$task/schedstat"
	done | awk -v g="$1" -v pid="$pid" '{ ran += $1; waited += $2 }
		END { printf "%s_pid=%d %s_ran_ns=%.0f %s_waited_ns=%.0f",
			g, pid, g, ran, g, waited }'
}

# /share/phases: what there is at each begin and end
note() {
	echo "phase=$phase what=$1 $("$LAB_WORK/now") $(vcpus_ran guest) $(vcpus_ran guest2)" \
		>> /share/phases
	sed -n "s/^vm_pid=/phase=$phase what=$1 vm_pid=/p" \
		/sys/kernel/debug/vmsync/host >> /share/phases
}

phase_record() {
	case $phase in
	*-free) limits 100000000 100000000 100000000 ;;
	*) limits "$limit_rate" "$limit_burst" 10000 ;;
	esac
	session_create /run/trace 4k 4 'vmsync_*' || fail "lttng session"
	lttng -q -n start lab || fail "lttng start"
	# What is told first is not the adversary's.
	sleep 2
	uid=$(sed -n "s/^vm_pid=$(pgrep -P "$(cat /run/guest.pid)") .*vm_uid=\([0-9]*\) .*/\1/p" \
		/sys/kernel/debug/vmsync/host)
	at=guest2
	note begin
	tell "${phase%-free} ${uid:-1}"
	await "does ${phase%-free}"
	sleep 5
	lttng -q -n stop lab
	note end
	tell off
	await "does off"
	at=guest
	echo "phase=$phase what=discarded $(lttng -n list lab |
		sed -n 's/^ *Discarded events: *\([0-9]*\)/events=\1/p' | head -n 1)" \
		>> /share/phases
	lttng -q -n destroy lab
	mkdir -p "/share/host-$phase"
	cp -r /run/trace/kernel/* "/share/host-$phase/" || fail "trace of $phase not copied"
	rm -rf /run/trace
	say "phase $phase done"
}

host_record() {
	each tell go
	each await recording
	truth before
	for phase in $phases; do
		phase_record
	done
	each tell stop
	each await recorded
}

host_after() {
	at=guest
	guest_trace
}
