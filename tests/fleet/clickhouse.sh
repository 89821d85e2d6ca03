# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Sourced: servers of ClickHouse from build/clickhouse (fetch.sh), each with a folder in
# $ch_dir, which listen on the loopback interface. Shard N is at ports 811N (HTTP) and
# 901N; all know the cluster "fleet", which is the shards from 1 to $ch_shards.

ch_root=$PWD/build/clickhouse
# shellcheck disable=SC2034 # who sources this sets both
ch_dir='' ch_shards=3

ch_libraries=$ch_root/usr/lib/$(uname -m)-linux-gnu

ch_configure() { # N
	local dir=$ch_dir/$1 i
	mkdir -p "$dir/data" "$dir/tmp"
	cat > "$dir/config.xml" <<-END
		<yandex>
		<logger><level>warning</level>
			<log>$dir/log</log><errorlog>$dir/errors</errorlog></logger>
		<listen_host>127.0.0.1</listen_host>
		<http_port>811$1</http_port><tcp_port>901$1</tcp_port>
		<interserver_http_port>911$1</interserver_http_port>
		<path>$dir/data/</path><tmp_path>$dir/tmp/</tmp_path>
		<users_config>users.xml</users_config>
		<default_profile>default</default_profile>
		<default_database>default</default_database>
		<mark_cache_size>67108864</mark_cache_size>
		<remote_servers><fleet>$(for ((i = 1; i <= ch_shards; i++)); do
			echo "<shard><replica><host>127.0.0.1</host><port>901$i</port></replica></shard>"
		done)</fleet></remote_servers>
		</yandex>
	END
	cat > "$dir/users.xml" <<-END
		<yandex>
		<profiles><default><max_threads>2</max_threads></default></profiles>
		<quotas><default></default></quotas>
		<users>
		<default><password></password><networks><ip>127.0.0.1</ip></networks>
			<profile>default</profile><quota>default</quota></default>
		<loader><password>se&amp;cret</password><networks><ip>127.0.0.1</ip></networks>
			<profile>default</profile><quota>default</quota></loader>
		</users>
		</yandex>
	END
}

# ch_start N: until it answers; its process is in $ch_dir/N/pid
ch_start() {
	local i dir=$ch_dir/$1
	[ -e "$dir/config.xml" ] || ch_configure "$1"
	(cd "$dir" && LD_LIBRARY_PATH=$ch_libraries exec \
		"$ch_root/usr/sbin/clickhouse-server" \
		--config-file="$dir/config.xml" > "$dir/out" 2>&1) &
	echo $! > "$dir/pid"
	for ((i = 0; i < 600; i++)); do
		[ "$(echo 'SELECT 1' | ch_ask "$1" 2> /dev/null)" != 1 ] || return 0
		kill -0 "$(cat "$dir/pid")" 2> /dev/null || break
		sleep 0.1
	done
	tail -n 3 "$dir/out" "$dir/errors" >&2
	return 1
}

ch_stop() { # N [SIGNAL]
	local pid
	pid=$(cat "$ch_dir/$1/pid" 2> /dev/null) || return 0
	kill "-${2:-TERM}" "$pid" 2> /dev/null
	wait "$pid" 2> /dev/null
	rm -f "$ch_dir/$1/pid"
}

ch_stop_all() {
	local n
	for ((n = 1; n <= ch_shards; n++)); do
		ch_stop "$n" KILL
	done
}

# ch_ask N [OPTION...]: what is asked on standard input, of the shard's own client
ch_ask() {
	LD_LIBRARY_PATH=$ch_libraries "$ch_root/usr/bin/clickhouse-client" --port "901$1" --multiquery "${@:2}"
}
