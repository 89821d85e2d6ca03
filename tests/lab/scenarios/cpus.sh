# shellcheck shell=dash disable=SC2034 # of run.sh, l1.sh and l2.sh
# SPDX-License-Identifier: MIT
#
# cpus: a virtual CPU is plugged into the running guest and unplugged, twice

LAB_SECONDS=20
LAB_L1_APPEND=slub_debug=U
LAB_L2_SMP=2,sockets=3,maxcpus=3

guest_during() {
	for _ in 1 2; do
		say "CPU 2 wanted"
		until_true "no CPU 2" test -e /sys/devices/system/cpu/cpu2/online
		echo 1 > /sys/devices/system/cpu/cpu2/online ||
			fail "CPU 2 does not come online"
		taskset 4 sh -c 'for i in 1 2 3 4 5 6 7 8; do usleep 20000; done'
		sleep 1
		say "CPU 2 used"
		until_true "CPU 2 does not go" test ! -e /sys/devices/system/cpu/cpu2
	done
}

host_during() {
	id='"id": "more"'
	for i in 1 2; do
		until_true "guest does not come to its CPU 2" words_are "CPU 2 wanted" $i
		monitor device_add "{\"driver\": \"host-x86_64-cpu\", $id, \"socket-id\": 2, \"core-id\": 0, \"thread-id\": 0}" ||
			fail "no virtual CPU plugged: $(tail -n 1 /share/monitor)"
		until_true "guest does not use its CPU 2" words_are "CPU 2 used" $i
		truth plugged
		monitor device_del "{$id}" || fail "no virtual CPU unplugged"
		until_true "QEMU keeps the virtual CPU" unplugged $i
	done
}

# Events are read with the next answer.
unplugged() {
	monitor query-status
	[ "$(grep -c 'DEVICE_DELETED.*"more"' /share/monitor)" = "$1" ]
}

# words_are WORDS N: has the guest said them N times?
words_are() {
	[ "$(grep -c "@lab guest $1" /run/guest.said)" -ge "$2" ]
}

host_after() {
	. "$LAB_TOP/tests/lab/clean.sh"
	host_clean
}
