# shellcheck shell=bash disable=SC2034 # of run.sh and l1.sh
# SPDX-License-Identifier: MIT
#
# openvswitch: two network namespaces of a host without guests, joined by Open vSwitch
#
# Each datagram is stamped by who sends it and who receives it: /share/datagrams. The
# datapath has a flow for each pair of addresses and ports, so the first datagram of a
# socket goes up to ovs-vswitchd; what it counted is in /share/datapath-before and -after.
# openvswitch.ko comes when its events are enabled already, and goes while they are recorded.

LAB_GUESTS=0
LAB_MIN_EVENTS=0
LAB_OPENVSWITCH=yes
LAB_L1_MB=1536

flows=20
packets=200
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

# A flow stays, however slow the machine is.
switch_make() {
	. "$LAB_TOP/tests/lab/openvswitch.sh"
	sysctl -q -w net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
	modprobe openvswitch &&
	openvswitch_start "$LAB_TOP" &&
	namespace_make a 1 b 2 &&
	namespace_make b 2 a 1 &&
	ovs-ofctl add-flow br0 in_port=1,actions=output:2 &&
	ovs-ofctl add-flow br0 in_port=2,actions=output:1 &&
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
		$((flows + packets)) >&8 2> /share/datagrams &
	receiver=$!
	# A datagram that nobody waits for is lost.
	until_true "nobody receives" grep -q ":$(printf %04X $port) " \
		"/proc/$receiver/net/udp"
	ip netns exec a chrt -f 50 "$LAB_WORK/datagram" send 10.0.0.2 $port $flows \
		$packets <&8 ||
		fail "datagrams were not sent"
	wait "$receiver" || fail "datagrams were not received: $(tail -n 1 /share/datagrams)"
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
