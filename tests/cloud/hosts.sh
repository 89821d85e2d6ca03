#!/bin/bash
# SPDX-License-Identifier: MIT
#
# hosts.sh: two hosts, hv1 and hv2, each with a libvirtd, a nova-compute and files of its own,
# on addresses of the one loopback device; run in the box, once the other services are there.
# QEMU, without KVM, logs its events of migrations, libvirtd all that it says to QEMU's monitor;
# monitor.py has another one.
set -eu
# shellcheck source=tests/cloud/common.sh
. "$(dirname "$0")/common.sh"

# configure N
configure() {
	cat > "/etc/cloud/hv$1.conf" <<-END
		[DEFAULT]
		host = hv$1
		my_ip = 127.0.0.1$1
		state_path = /var/lib/nova
		compute_driver = libvirt.LibvirtDriver
		force_raw_images = false
		use_rootwrap_daemon = false
		[libvirt]
		virt_type = qemu
		cpu_mode = none
		connection_uri = qemu+tcp://hv$1/system
		live_migration_uri = qemu+tcp://%s/system
		live_migration_inbound_addr = 127.0.0.1$1
		live_migration_bandwidth = 16
		images_type = raw
		inject_partition = -2
		[workarounds]
		skip_cpu_compare_on_dest = true
		skip_cpu_compare_at_startup = true
		disable_deep_image_inspection = true
	END
	mkdir -p "/srv/hv$1"/{nova,libvirt,etc}
	cp -a /etc/libvirt/. "/srv/hv$1/etc"
	cat > "/srv/hv$1/etc/libvirtd.conf" <<-END
		listen_tls = 0
		listen_tcp = 1
		listen_addr = "127.0.0.1$1"
		auth_tcp = "none"
		auth_unix_rw = "none"
		host_uuid = "0000000$1-1111-4222-8333-444444444444"
		log_filters = "1:qemu.qemu_monitor"
		log_outputs = "1:file:/out/libvirtd-hv$1.log"
	END
	cat > "/srv/hv$1/etc/qemu.conf" <<-END
		user = "root"
		group = "root"
		security_driver = "none"
		namespaces = [ ]
		cgroup_controllers = [ ]
		remember_owner = 0
		stdio_handler = "file"
		migration_address = "127.0.0.1$1"
		migration_port_min = 4915$1
		migration_port_max = 4919$1
	END
}

# begin N: in namespaces of its own, where the host's own files are in their usual places
begin() {
	# shellcheck disable=SC2016 # of the inner shell
	setsid unshare --mount --uts bash -eu -c '
		hostname "hv$1"
		mount --bind "/srv/hv$1/nova" /var/lib/nova
		mount --bind "/srv/hv$1/libvirt" /var/lib/libvirt
		mount --bind "/srv/hv$1/etc" /etc/libvirt
		mkdir -p /run/libvirt /out/log/libvirt-hv$1 /var/log/libvirt /var/lib/nova/instances
		mount -t tmpfs none /run/libvirt
		mount --bind "/out/log/libvirt-hv$1" /var/log/libvirt
		libvirtd --listen --pid-file /run/libvirt/libvirtd.pid > "/out/log/libvirtd-hv$1.log" 2>&1 &
		until (exec 3<> "/dev/tcp/127.0.0.1$1/16509") 2> /dev/null; do sleep 0.2; done
		exec nova-compute --config-file /etc/nova/nova.conf \
			--config-file "/etc/cloud/hv$1.conf" > "/out/log/nova-compute-hv$1.log" 2>&1
	' host "$1" < /dev/null &
}

are_up() {
	[ "$(mariadb -N -e 'SELECT COUNT(*) FROM nova.compute_nodes')" = 2 ]
}

# All that a QEMU of libvirt's for a machine of Nova's tells of migrations. It is monitor.py that
# ends it.
mv /usr/bin/qemu-system-x86_64 /usr/bin/qemu-system-x86_64.real
cat > /usr/bin/qemu-system-x86_64 <<-'END'
	#!/bin/sh
	domain="$*"
	domain=${domain#*-name guest=}
	domain=${domain%%,*}
	case $domain in
	instance-*)
		name=qemu-$(hostname)-$domain
		set -- "$@" -D "/out/$name.log" -trace 'migrat*' \
			-trace runstate_set -trace vm_state_notify -trace 'savevm_state_*' \
			-trace 'loadvm_state_*' -trace serial_write \
			-qmp "unix:/out/$name.qmp,server=on,wait=off"
		/cloud/monitor.py "/out/$name.qmp" $$ "/out/$name.jsonl" < /dev/null \
			> "/out/log/$name-monitor.log" 2>&1 &
		exec env --block-signal=TERM /usr/bin/qemu-system-x86_64.real "$@"
		;;
	esac
	exec /usr/bin/qemu-system-x86_64.real "$@"
END
chmod +x /usr/bin/qemu-system-x86_64
printf '127.0.0.11 hv1\n127.0.0.12 hv2\n' >> /etc/hosts
for n in 1 2; do
	configure $n
	begin $n
done
soon "no two hosts" are_up
nova-manage cell_v2 discover_hosts > /out/log/discover.log 2>&1
