# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Debian's Open vSwitch for a test: unpacked under build/root-openvswitch, never installed,
# and run in the lab's host, without systemd. Sourced by tests/lab/run.sh, which fetches it,
# and by tests/lab/scenarios/openvswitch.sh.

# openvswitch_fetch TOP LOG: get and unpack it, once. Return: whether it is there.
openvswitch_fetch() {
	local root=$1/build/root-openvswitch log=$2 deb

	[ ! -e "$root/.whole" ] || return 0
	mkdir -p "$root/deb"
	(cd "$root/deb" && apt-get -q -o APT::Sandbox::User=root download \
		openvswitch-switch openvswitch-common libbpf1 libcap-ng0 \
		libevent-2.1-7 libnuma1 libunbound8 libxdp1) > "$log" 2>&1 || return
	for deb in "$root"/deb/*.deb; do
		dpkg -x "$deb" "$root" || return
	done
	: > "$root/.whole"
}

# openvswitch_start TOP: the switch runs, with a bridge br0 that has no port and no flow.
# What it writes in /etc, /run and /var is the lab's.
openvswitch_start() {
	local db=/etc/openvswitch/conf.db

	# It counts CPUs every 10 s, from an uptime of 10 s on. Before that there are none,
	# no handler, and all upcalls are lost.
	until [ "$(cut -d. -f1 /proc/uptime)" -ge 12 ]; do
		sleep 0.5
	done
	mount -t overlay -o "lowerdir=$1/build/root-openvswitch/usr:/usr" none /usr &&
	mkdir -p /etc/openvswitch /run/openvswitch /var/log/openvswitch &&
	ovsdb-tool create $db /usr/share/openvswitch/vswitch.ovsschema &&
	ovsdb-server $db --remote=punix:/run/openvswitch/db.sock --pidfile --detach \
		--log-file &&
	ovs-vsctl --no-wait init &&
	/usr/lib/openvswitch-switch/ovs-vswitchd --pidfile --detach --log-file &&
	ovs-vsctl --timeout=120 add-br br0 -- set-fail-mode br0 secure
}
