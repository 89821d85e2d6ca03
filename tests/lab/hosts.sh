# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# For scenarios with a second host machine (LAB_HOSTS=2), which has LAB_HOST=2 in l1.sh. Its
# share is $out/second, a folder like that of a run with one machine; the first one sees it
# as /share/second, and what it writes there the second one sees in /share. Between the two
# is a cable, and nothing else. Sourced by run.sh.

second_pid=

# cable HERE THERE: one end of it
cable() {
	link=(-netdev "dgram,id=cable,local.type=unix,local.path=$work/link$1,remote.type=unix,remote.path=$work/link$2"
		-device "virtio-net-pci,netdev=cable,mac=02:00:00:00:00:0$1,romfile=")
}

# A process of its own. Its stages are told with the first one's.
second_run() {
	local out=$out/second host=host2 LAB_L1_APPEND="LAB_HOST=2 $LAB_L1_APPEND"

	trap qemu_end EXIT
	trap 'exit 143' TERM
	cable 2 1
	machine
	: > "$out/ended"
}

# /share/second/ended says that the second one is no more.
second_begin() {
	mkdir "$out/second"
	second_run &
	second_pid=$!
	cable 1 2
}

# The first one ends behind the second, unless something went wrong.
second_end() {
	[ -n "$second_pid" ] || return 0
	kill -TERM "$second_pid" 2> /dev/null || true
	wait "$second_pid" || true
	second_pid=
}

# judge: the logs of all machines, with the exit status of verdict.sh. What failed is not
# repeated because the other one was lost.
judge() {
	local first=0 second=0

	"$here/verdict.sh" "$out" || first=$?
	[ ! -d "$out/second" ] || "$here/verdict.sh" "$out/second" || second=$?
	[ $second = 0 ] || [ $first = 1 ] || first=$second
	return $first
}
