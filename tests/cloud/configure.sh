#!/bin/bash
# SPDX-License-Identifier: MIT
#
# configure.sh: databases, and files in /etc for all services, which are made as their manuals
# tell to; run in the box. What a recording needs is in "traced". Passwords protect nothing:
# all is on a loopback device of its own.
set -eu
# shellcheck source=tests/cloud/common.sh
. "$(dirname "$0")/common.sh"

database() {
	echo "mysql+pymysql://cloud:cloud@127.0.0.1/$1?charset=utf8"
}

# [DEFAULT] of all that send messages to each other
common() {
	cat <<-END
		[DEFAULT]
		transport_url = rabbit://guest:guest@127.0.0.1:5672/
		log_config_append = /etc/cloud/logging.conf
		my_ip = 127.0.0.1
	END
}

# traced: notifications go into the log, whose handler is vmsync's
traced() {
	cat <<-END
		[oslo_messaging_notifications]
		driver = log
		[oslo_concurrency]
		lock_path = /var/lib/cloud/lock
	END
}

# auth SECTION USER: who the service is, to others. Cinder lets nobody have a volume again that
# is attached but a service that says who it is.
auth() {
	cat <<-END
		[$1]
		auth_url = $OS_AUTH_URL
		www_authenticate_uri = $OS_AUTH_URL
		auth_type = password
		project_domain_name = Default
		user_domain_name = Default
		region_name = RegionOne
		project_name = service
		username = $2
		password = cloud
		service_token_roles = admin
		send_service_user_token = true
	END
}

# file PATH: of standard input
file() {
	mkdir -p "$(dirname "$1")"
	cat > "$1"
}

# in_background NAME COMMAND...: makes tables, while other services' are made
databases=()
in_background() {
	"${@:2}" > "/out/log/$1-tables.log" 2>&1 &
	databases+=($!)
}

mkdir -p /var/lib/cloud/{lock,images} /srv/volumes
file /etc/cloud/logging.conf <<-END
	[loggers]
	keys = root, amqp, sqlalchemy
	[handlers]
	keys = lttng, stderr
	[formatters]
	keys = context
	[logger_root]
	level = INFO
	handlers = lttng, stderr
	[logger_amqp]
	qualname = amqp
	level = WARNING
	handlers =
	[logger_sqlalchemy]
	qualname = sqlalchemy
	level = WARNING
	handlers =
	[handler_lttng]
	class = vmsync_openstack.Lttng
	args = ()
	[handler_stderr]
	class = StreamHandler
	args = (sys.stderr,)
	formatter = context
	[formatter_context]
	class = oslo_log.formatters.ContextFormatter
END

for name in keystone placement glance neutron nova_api nova nova_cell0 cinder; do
	echo "CREATE DATABASE $name; GRANT ALL ON $name.* TO cloud@localhost IDENTIFIED BY 'cloud';
		GRANT ALL ON $name.* TO cloud@'127.0.0.1' IDENTIFIED BY 'cloud';"
done | mariadb

# ------------------------------------------------------------------------ keystone

{
	common
	traced
	cat <<-END
		[database]
		connection = $(database keystone)
		[token]
		provider = fernet
	END
} | file /etc/keystone/keystone.conf
in_background keystone keystone-manage db_sync

# ------------------------------------------------------------- placement and glance

{
	auth keystone_authtoken placement
	cat <<-END
		[placement_database]
		connection = $(database placement)
	END
} | file /etc/placement/placement.conf
in_background placement placement-manage db sync

{
	common
	cat <<-END
		bind_host = 127.0.0.1
		workers = 0
		[database]
		connection = $(database glance)
		[paste_deploy]
		flavor = keystone
		[glance_store]
		stores = file
		default_store = file
		filesystem_store_datadir = /var/lib/cloud/images
	END
	traced
	auth keystone_authtoken glance
} | file /etc/glance/glance-api.conf
in_background glance glance-manage db_sync

# ------------------------------------------------------------------------- neutron

# Nova asks it for ports even of a machine that has none; there is no agent.
{
	common
	cat <<-END
		bind_host = 127.0.0.1
		core_plugin = ml2
		api_workers = 0
		rpc_workers = 0
		rpc_state_report_workers = 0
		state_path = /var/lib/neutron
		[database]
		connection = $(database neutron)
	END
	traced
	auth keystone_authtoken neutron
	auth nova nova
	auth placement placement
} | file /etc/neutron/neutron.conf
file /etc/neutron/plugins/ml2/ml2_conf.ini <<-END
	[ml2]
	type_drivers = vxlan
	tenant_network_types = vxlan
	mechanism_drivers = openvswitch
	[ml2_type_vxlan]
	vni_ranges = 1:1000
END
in_background neutron neutron-db-manage --config-file /etc/neutron/neutron.conf \
	--config-file /etc/neutron/plugins/ml2/ml2_conf.ini upgrade heads

# ---------------------------------------------------------------------------- nova

{
	common
	cat <<-END
		osapi_compute_listen = 127.0.0.1
		osapi_compute_workers = 1
		enabled_apis = osapi_compute
		report_interval = 5
		[api_database]
		connection = $(database nova_api)
		[database]
		connection = $(database nova)
		[glance]
		api_servers = http://127.0.0.1:9292
		[cinder]
		catalog_info = volumev3::publicURL
		[conductor]
		workers = 1
		[scheduler]
		workers = 1
		[notifications]
		notification_format = versioned
		notify_on_state_change = vm_and_task_state
		[vnc]
		enabled = false
	END
	traced
	for section in keystone_authtoken service_user placement neutron; do
		auth $section nova
	done
} | file /etc/nova/nova.conf
nova_databases() {
	nova-manage api_db sync
	nova-manage cell_v2 map_cell0 --database_connection "$(database nova_cell0)"
	nova-manage cell_v2 create_cell --name cell1
	nova-manage db sync
}
in_background nova nova_databases

# -------------------------------------------------------------------------- cinder

# Of this version and that of oslo.messaging beside it, no request comes through: what is
# sent carries read_deleted = None, which the receiver refuses.
sed -i "s/read_deleted=values.get('read_deleted'),/read_deleted=values.get('read_deleted') or 'no',/" \
	/usr/lib/python3/dist-packages/cinder/context.py
echo 127.0.0.1:/srv/volumes | file /etc/cinder/shares
{
	common
	cat <<-END
		osapi_volume_listen = 127.0.0.1
		osapi_volume_workers = 1
		enabled_backends = shared
		glance_api_servers = http://127.0.0.1:9292
		state_path = /var/lib/cinder
		[shared]
		volume_driver = cinder.volume.drivers.nfs.NfsDriver
		volume_backend_name = shared
		nfs_shares_config = /etc/cinder/shares
		nas_secure_file_operations = false
		nas_secure_file_permissions = false
		[database]
		connection = $(database cinder)
	END
	traced
	auth keystone_authtoken cinder
} | file /etc/cinder/cinder.conf
in_background cinder cinder-manage db sync
# Both hosts are this machine: what they mount of it as clients is there already. It has no NFS
# in the kernel either.
file /sbin/mount.nfs <<-'END'
	#!/bin/sh
	[ $# -ge 2 ] || exit 1
	exec mount --bind "${1#*:}" "$2"
END
chmod +x /sbin/mount.nfs

for pid in "${databases[@]}"; do
	wait "$pid"
done
keystone-manage fernet_setup --keystone-user root --keystone-group root
keystone-manage credential_setup --keystone-user root --keystone-group root
keystone-manage bootstrap --bootstrap-password "$OS_PASSWORD" --bootstrap-region-id RegionOne \
	--bootstrap-{admin,internal,public}-url="$OS_AUTH_URL"
# Services tell databases times with microseconds, of which their tables keep whole seconds.
mariadb -N -e "SELECT CONCAT('ALTER TABLE ', table_schema, '.', table_name, ' ',
		GROUP_CONCAT('MODIFY ', column_name, ' DATETIME(6)',
			IF(is_nullable = 'NO', ' NOT NULL', '') SEPARATOR ', '), ';')
	FROM information_schema.columns
	WHERE data_type = 'datetime' AND table_schema IN ('nova', 'nova_cell0', 'cinder')
	GROUP BY table_schema, table_name" | mariadb
