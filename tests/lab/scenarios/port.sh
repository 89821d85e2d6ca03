# shellcheck shell=dash disable=SC2034 # of run.sh, l1.sh and l2.sh
# SPDX-License-Identifier: MIT
#
# port: beacons over a virtio-serial port, recorded beside those of the modules

LAB_L1_CPUS=1
LAB_PORT=yes
LAB_L2_QEMU="-device virtio-serial-pci
	-chardev socket,id=port,path=/run/port.sock,server=on,wait=off
	-device virtserialport,chardev=port,name=org.vmsync.agent.0"
LAB_SECONDS=20

port_record() {
	lttng -q -n enable-channel -u -s lab --subbuf-size=256k --num-subbuf=8 \
		port &&
	lttng -q -n enable-event -u -s lab -c port 'vmsync_port:*'
}

host_prepare() {
	record_ready
	port_record || fail "no session of user space"
	"$LAB_TOP/build/release/vmsyncd" --socket=/run/port.sock \
		> /share/vmsyncd 2>&1 &
	echo $! > /run/vmsyncd.pid
}

host_after() {
	kill "$(cat /run/vmsyncd.pid)" || fail "vmsyncd died"
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		! kill -0 "$(cat /run/vmsyncd.pid)" 2> /dev/null || sleep 1
	done
}

guest_record() {
	port_record || fail "no session of user space"
	port_find
	# shellcheck disable=SC2154 # of port_find
	vmsync-agent --device="$device" --rate=20 2> /tmp/agent &
	agent=$!
	sleep 1
	guest_record_plain
	kill "$agent" || fail "vmsync-agent died: $(cat /tmp/agent)"
	wait "$agent" || fail "vmsync-agent: $(cat /tmp/agent)"
	say "$(cat /tmp/agent)"
}
