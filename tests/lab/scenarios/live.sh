# shellcheck shell=dash disable=SC2034 # of run.sh, l1.sh and l2.sh
# SPDX-License-Identifier: MIT
#
# live: both kernels are traced into live sessions, and vmsync live analyses them meanwhile
#
# Each machine has a relay daemon of its own; the guest's is reached through its vsock.
# live/ has what vmsync live kept, and live.prom, live.lines and live.log what it found and
# said; host/ and guest/ are what the relay daemons wrote to their own disks.

LAB_LIVE=yes
LAB_L2_QEMU="-device vhost-vsock-pci,guest-cid=3"

# Microseconds. A larger one has packets that hold more, and metrics that are later.
live_timer=500000

# relayd_begin FOLDER
relayd_begin() {
	lttng-relayd -d -o "$1" -C tcp://127.0.0.1:5342 -D tcp://127.0.0.1:5343 \
		-L tcp://127.0.0.1:5344 || fail "lttng-relayd"
	session_to="--live=$live_timer --set-url=net://127.0.0.1"
}

# What the relay daemon wrote: FOLDER/HOSTNAME/SESSION-TIME/kernel
relayd_wrote() { echo "$1"/*/lab-*/kernel; }

guest_prepare() {
	modprobe vmw_vsock_virtio_transport || fail "no vsock"
	relayd_begin /tmp/relayd
	socat VSOCK-LISTEN:5344,fork,reuseaddr TCP:127.0.0.1:5344 &
}

# Once it has ended, its relay daemon has to be there until all was read.
guest_record() {
	lttng -q -n start lab || fail "lttng start"
	say "recording"
	load "$LAB_SECONDS" /dev/vda || fail "load"
	lttng -q -n stop lab || fail "lttng stop"
	lttng -q -n destroy lab
	say "recorded"
	read -r word < /dev/ttyS0
	[ "$word" = stop ] || fail "heard '$word'"
	mkdir -p /tmp/trace
	mv "$(relayd_wrote /tmp/relayd)" /tmp/trace/kernel || fail "the relay daemon wrote nothing"
	trace_out
}

host_modules() {
	modprobe vmsync && modprobe vmsync-host && modprobe vhost_vsock
}

host_prepare() {
	relayd_begin /run/relayd
	record_ready
}

live_begin() {
	"$LAB_TOP/build/vmsync" live --once --record=/run/live --analyze --json --patience=1000 \
		--metrics=/share/live.prom tcp://127.0.0.1/lab vsock://3/lab \
		> /share/live.lines 2> /share/live.log &
	live=$!
}

live_attached() {
	[ "$(grep -c '^vmsync_live_attached{.*} 1$' /share/live.prom)" = 2 ]
}

host_record() {
	truth before
	lttng -q -n start lab || fail "lttng start"
	live_begin
	each tell go
	each await recording
	until_true "vmsync live does not read both" live_attached
	"$LAB_WORK/load" spin 2
	each await recorded
	truth after
	lttng -q -n stop lab || fail "lttng stop"
	lttng -q -n destroy lab || fail "lttng destroy"
	wait "$live"
	echo $? > /share/live.status
	each tell stop
	cp -r /run/live /share/live || fail "what vmsync live kept was not copied"
	cp -r "$(relayd_wrote /run/relayd)" /share/host || fail "the relay daemon wrote nothing"
}
