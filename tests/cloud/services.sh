#!/bin/bash
# SPDX-License-Identifier: MIT
#
# services.sh: from empty databases to a cloud that answers, without hosts; run in the box.
# Each service's output is /out/log/NAME.log.
set -eu
# shellcheck source=tests/cloud/common.sh
. "$(dirname "$0")/common.sh"

# start NAME COMMAND...: in the background, in a session of its own
start() {
	local name=$1

	shift
	setsid "$@" > "/out/log/$name.log" 2>&1 < /dev/null &
}

# web NAME PORT FILE: an application in uWSGI. Without "close" clients reuse connections that
# uWSGI has closed.
web() {
	start "$1" uwsgi-core --plugins-dir /usr/lib/uwsgi/plugins --plugin python3 --master \
		--need-app --die-on-term --http-socket "127.0.0.1:$2" --wsgi-file "$3" \
		--processes 1 --threads 4 --buffer-size 65535 --add-header 'Connection: close'
}

say "database and messages"
install -d -o mysql -g mysql /run/mysqld
start mariadb mariadbd --user=mysql --innodb-flush-log-at-trx-commit=0 \
	--innodb-flush-method=nosync --skip-log-bin --max-connections=300 --bind-address=127.0.0.1
start rabbitmq runuser -u rabbitmq -- env HOME=/var/lib/rabbitmq \
	RABBITMQ_NODENAME=rabbit@localhost RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='+S 1:1' \
	/usr/lib/rabbitmq/bin/rabbitmq-server
soon "no database" mariadb -e 'SELECT 1'
say "configuration, and empty databases of all services"
"$(dirname "$0")/configure.sh" > /out/log/configure.log 2>&1 ||
	{ echo "cloud: $(tail -n 1 /out/log/configure.log)" >&2; exit 1; }
soon "no broker" answers 5672

say "keystone and placement"
web keystone 5000 /usr/bin/keystone-wsgi-public
OS_PLACEMENT_CONFIG_DIR=/etc/placement web placement 8778 /usr/bin/placement-api
soon "no keystone" answers 5000
{
	echo "project create service"
	for user in nova placement glance neutron cinder; do
		echo "user create --password cloud $user"
		echo "role add --project service --user $user admin"
	done
	while read -r name kind url; do
		echo "service create --name $name $kind"
		for interface in public internal; do
			echo "endpoint create --region RegionOne $kind $interface $url"
		done
	done <<-END
		nova compute http://127.0.0.1:8774/v2.1
		placement placement http://127.0.0.1:8778
		glance image http://127.0.0.1:9292
		neutron network http://127.0.0.1:9696
		cinderv3 volumev3 http://127.0.0.1:8776/v3/%(project_id)s
	END
} > /tmp/users
openstack < /tmp/users > /out/log/users.log 2>&1

say "glance, neutron, nova, cinder"
start glance-api glance-api --config-file /etc/glance/glance-api.conf
start neutron-server neutron-server --config-file /etc/neutron/neutron.conf \
	--config-file /etc/neutron/plugins/ml2/ml2_conf.ini
for name in nova-api nova-conductor nova-scheduler cinder-api cinder-scheduler cinder-volume; do
	start $name $name --config-file "/etc/${name%%-*}/${name%%-*}.conf"
done
for port in 9292 9696 8774 8776; do
	soon "nobody at port $port" answers $port
done
