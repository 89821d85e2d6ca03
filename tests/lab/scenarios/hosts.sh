# shellcheck shell=bash disable=SC2034 # of run.sh, l1.sh and l2.sh
# SPDX-License-Identifier: MIT
#
# hosts: two host machines on a cable, and one guest that is moved from the first to the second
#
# All three record all the while. Each machine has a clock of its own. What goes over the
# cable are the guest's state, by TCP, and lines of echo.pl, sent and answered one by one.
# A service on the first one asks for the move, and tells of it as those of OpenStack do;
# both QEMUs write their logs, qemu.log.
# How the two clocks lie to each other is known by a third one, that of the machine below:
# it stamps the files that both write to their shares. /share/below has these stamps, and
# what the writer's clock was before and behind.

LAB_HOSTS=2
LAB_SECONDS=4
LAB_L1_CPUS=1	# this machine has no CPUs for more
LAB_L2_SMP=1
LAB_L1_MB=2048
LAB_L2_MB=320	# all of it is copied
LAB_L2_SILENCE=1500	# the second machine's QEMU waits for the guest
LAB_MIN_EVENTS=5000
LAB_SERVICE=yes
LAB_L2_QEMU='-msg timestamp=on -D /run/qemu.log -trace migrat* -trace runstate_set
	-trace vm_state_notify -trace savevm_state_* -trace loadvm_state_*'

# The second one has no guest at first.
[ "${LAB_HOST-1}" = 1 ] || LAB_GUESTS=0

# until_there FILE: or the run is over with the other machine
until_there() {
	doing="waiting for $1"
	until [ -e "$1" ]; do
		[ ! -e /share/second/ended ] || [ -e "$1" ] ||
			lost "the second machine ended while $doing"
		[ -z "$guests" ] || guest_check
		read -r -t 1 <> /run/nothing
	done
}

host_modules() {
	local me=${LAB_HOST-1}

	. "$LAB_TOP/tests/lab/move.sh"
	modprobe virtio_net &&
		sysctl -q -w net.ipv6.conf.all.disable_ipv6=1 &&
		ip link set eth0 up && ip addr add "10.0.0.$me/24" dev eth0 &&
		modprobe vmsync && modprobe vmsync-host
}

# The stamps are as fine as ticks of the machine below.
below() {
	local before after

	for _ in $(seq 20); do
		before=$("$LAB_WORK/now")
		: > /share/touched
		after=$("$LAB_WORK/now")
		echo "$before $after $(stat -c 'below_s=%.9Y' /share/touched)" |
			sed 's/mono_ns/before_ns/; s/mono_ns/after_ns/'
	done >> /share/below
}

# A packet is sent, and comes.
host_prepare() {
	probes_more=,net
	events_host="$events_host,net_dev_queue,net_if_receive_skb"
	record_ready
	[ "${LAB_HOST-1}" != 1 ] || service_ready
}

# It waits for a line before each thing that it tells.
service_ready() {
	lttng -q -n enable-channel -u -s lab service || fail "no channel for the service"
	lttng -q -n enable-event -u -s lab -c service 'vmsync_cloud:*' ||
		fail "no events of the service"
	mkfifo /run/service && exec {service}<> /run/service
	PYTHONPATH=$LAB_WORK/service PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 \
		"$LAB_TOP/tests/lab/service.py" <&"$service" > /run/service.said 2>&1 &
	until_true "no service" grep -q ready /run/service.said
}

# service WORD: it tells so
service() {
	echo "$1" >&"$service"
	until_true "the service did not tell $1" grep -q "^$1" /run/service.said
}

host_record() {
	if [ "${LAB_HOST-1}" = 1 ]; then
		first_record
	else
		second_record
	fi
}

first_record() {
	record_begin
	below
	until_there /share/second/ready
	"$LAB_TOP/tests/lab/echo.pl" 10.0.0.2 to &
	talk=$!
	"$LAB_WORK/load" spin 3
	truth during
	service migrating
	step send send tcp:10.0.0.2:4444
	: > /share/second/sent
	until_there /share/second/recorded
	service migrated
	: > /run/quiet
	wait "$talk" || fail "the other machine does not answer"
	truth after
	below
	clocksource_check tsc || lost "the host machine left the TSC"
	record_stop
	cp -r /run/trace/ust /share/service || fail "trace of the service not copied"
	guest_left
	: > /share/second/over
}

# Nobody asks for it any more.
guest_left() {
	monitor quit
	say "no guest"
	guests=''
}

second_record() {
	lttng -q -n start lab || fail "lttng start"
	say "recording"
	"$LAB_TOP/tests/lab/echo.pl" 10.0.0.2 &
	at=guest guests=guest
	guest_start
	guest_monitor
	below
	: > /share/ready
	until_there /share/sent
	step running wait_for query-status running
	truth moved
	tell moved
	await recorded
	: > /share/recorded
	guests='' until_there /share/over
	truth after
	below
	clocksource_check tsc || lost "the second host machine left the TSC"
	record_stop
}

guest_boot() {
	if [ "${LAB_HOST-1}" = 1 ]; then
		guest_boot_qemu
	else
		guest_qemu "$at.mon" -incoming tcp:10.0.0.2:4444
		guest_is $!
		monitor_open "$at.mon"
	fi
}

# The guest ended on the second machine, and so did its trace.
host_after() {
	cp /run/qemu.log /share/ || fail "QEMU has no log"
	[ "${LAB_HOST-1}" = 1 ] || return 0
	until_there /share/second/ended
	mv /share/second/guest /share/guest || fail "the guest left no trace"
}

guest_record() { guest_record_moved; }
