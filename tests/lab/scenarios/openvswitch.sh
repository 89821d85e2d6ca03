# shellcheck shell=bash disable=SC2034 # of run.sh and l1.sh
# SPDX-License-Identifier: MIT
#
# openvswitch: two network namespaces of a host without guests, joined by Open vSwitch
#
# Each datagram is stamped at both ends, by the program and by the kernel: /share/sent and
# /share/received, see datagram.c. The datapath has a flow for each pair of addresses and
# ports, so the first datagram of a socket goes up to ovs-vswitchd; what it counted is in
# /share/datapath-before and -after.
# openvswitch.ko comes when its events are enabled already, and goes while they are recorded.

LAB_GUESTS=0
LAB_MIN_EVENTS=0
LAB_OPENVSWITCH=yes
LAB_L1_MB=1536
LAB_L1_CPUS=1

flows=20
packets=200
turns=16
port=5000

# Nothing else is sent through the switch: no neighbour is looked for, and no IPv6 spoken.
namespace_make() { # NAME ADDRESS OTHER-NAME OTHER-ADDRESS
	ip netns add "$1" &&
	ip netns exec "$1" sysctl -q -w net.ipv6.conf.all.disable_ipv6=1 \
		net.ipv6.conf.default.disable_ipv6=1 &&
	ip link add "p$1" type veth peer name "v$1" address "02:00:00:00:00:0$1" netns "$1" &&
	ip -n "$1" addr add "10.0.0.$2/24" dev "v$1" &&
	ip -n "$1" link set "v$1" up &&
	ip -n "$1" neigh add "10.0.0.$4" lladdr "02:00:00:00:00:0$3" dev "v$1" \
		nud permanent &&
	ip link set "p$1" up &&
	ovs-vsctl --timeout=120 add-port br0 "p$1" -- \
		set Interface "p$1" "ofport_request=$2"
}

# A datagram goes through the switch, out by xN and back in by yN, $turns times before it
# comes to its receiver: by its first turn alone it would be so short on its way that a
# stamp, which is next to an event and not the same, made a difference of many per cent.
turns_make() {
	local i ports="" from=1

	for ((i = 1; i <= turns; i++)); do
		ip link add "x$i" type veth peer name "y$i" &&
		ip link set "x$i" up &&
		ip link set "y$i" up || return
		ports+=" -- add-port br0 x$i -- set Interface x$i ofport_request=$((2 * i + 1))"
		ports+=" -- add-port br0 y$i -- set Interface y$i ofport_request=$((2 * i + 2))"
	done
	# shellcheck disable=SC2086 # its words
	ovs-vsctl --timeout=120 $ports || return
	for ((i = 1; i <= turns; i++)); do
		echo "in_port=$from,actions=output:$((2 * i + 1))"
		from=$((2 * i + 2))
	done > /run/flows
	echo "in_port=$from,actions=output:2" >> /run/flows
	ovs-ofctl add-flows br0 /run/flows
}

# A flow stays, however slow the machine is.
switch_make() {
	. "$LAB_TOP/tests/lab/openvswitch.sh"
	sysctl -q -w net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
	modprobe openvswitch &&
	openvswitch_start "$LAB_TOP" &&
	namespace_make a 1 b 2 &&
	namespace_make b 2 a 1 &&
	turns_make &&
	ovs-vsctl set Open_vSwitch . other_config:max-idle=600000 &&
	ovs-appctl upcall/disable-megaflows > /dev/null
}

host_modules() { modprobe veth; }

host_prepare() {
	probes_more=,net,skb
	session_daemon vmsync-ovs || fail "lttng-sessiond"
	# shellcheck disable=SC2154 # common_events is of common.sh
	session_create /run/trace 4M 8 "$common_events,net_dev_queue,net_dev_xmit,\
net_if_receive_skb,skb_consume,skb_kfree,ovs_dp_upcall,ovs_do_execute_action" ||
		fail "lttng session"
	lttng -q -n enable-event -k -s lab -c lab --syscall \
		sendto,sendmsg,recvfrom,recvmsg,poll || fail "no system calls"
	[ ! -d /sys/module/openvswitch ] || fail "openvswitch.ko is there already"
	switch_make > /share/switch.log 2>&1 ||
		fail "no switch: $(tail -n 1 /share/switch.log)"
	# The kernel stamps what comes where it hands it on, next to its event, not where the
	# other device had put it in a queue.
	sysctl -q -w net.core.netdev_tstamp_prequeue=0
	say "switch is up"
}

datapath() { # WHEN
	ovs-dpctl show > "/share/datapath-$1" || fail "no datapath"
}

host_record() {
	# Opened to both ends at once, so that neither waits for the other.
	mkfifo /run/acks && exec 8<> /run/acks
	lttng -q -n start lab || fail "lttng start"
	say "recording"
	datapath before
	# Nobody gets the CPU between a stamp and the call that it is of.
	ip netns exec b chrt -f 50 "$LAB_WORK/datagram" receive 10.0.0.2 $port \
		$((flows + packets)) >&8 2> /share/received &
	receiver=$!
	# A datagram that nobody waits for is lost.
	until_true "nobody receives" grep -q ":$(printf %04X $port) " \
		"/proc/$receiver/net/udp"
	ip netns exec a chrt -f 50 "$LAB_WORK/datagram" send 10.0.0.2 $port $flows \
		$packets <&8 2> /share/sent ||
		fail "datagrams were not sent: $(tail -n 1 /share/sent)"
	wait "$receiver" || fail "datagrams were not received: $(tail -n 1 /share/received)"
	datapath after
	say "sent and received"
	ovs-appctl exit --cleanup || fail "the switch does not end"
	until_true "openvswitch.ko does not go" rmmod openvswitch 2> /dev/null
	record_stop
}

host_after() {
	daemon_end
	rmmod lttng-probe-vmsync-ovs || fail "lttng-probe-vmsync-ovs.ko does not go"
}
