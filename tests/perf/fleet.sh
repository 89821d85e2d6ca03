#!/bin/bash
# SPDX-License-Identifier: MIT
#
# fleet.sh: a fleet in three servers of ClickHouse on this machine: how long it takes to
# load, and to ask for the ten worst aggressors, which are known. Each host has 50 VMs.
#
#	FLEET_HOSTS=N	hosts (999), a third of them a shard
#	FLEET_ROWS=N	rows of states of each, in a minute (30000)
#	FLEET_DIR=DIR	where servers keep their tables (build)
set -u
cd "$(dirname "$0")/../.." || exit 2

hosts=${FLEET_HOSTS:-999}
rows=${FLEET_ROWS:-30000}
vms=50 seconds=60
t=$(mktemp -d "${FLEET_DIR:-$PWD/build}/vmsync-fleet-XXXXXX") || exit 2
if [ -z "${FLEET_INSIDE:-}" ] && unshare -n true 2> /dev/null; then
	rmdir "$t"
	FLEET_INSIDE=1 exec unshare -n bash "$0"
fi
. tests/fleet/clickhouse.sh
[ -z "${FLEET_INSIDE:-}" ] || ip link set lo up
ch_dir=$t
trap 'ch_stop_all; rm -rf "$t"' EXIT
trap 'exit 130' INT TERM

die() {
	echo "fleet: $*" >&2
	exit 2
}
tests/fleet/fetch.sh build/clickhouse clickhouse-server clickhouse-client || exit 2
for n in 1 2 3; do
	ch_start $n || die "server $n does not start"
	ch_ask $n <<< "CREATE DATABASE vmsync"
	ch_ask $n --database vmsync < tools/fleet/clickhouse/schema.sql || die "no schema"
	ch_ask $n --database vmsync < tools/fleet/clickhouse/distributed.sql || die "no schema"
done
all() { ch_ask 1 --database vmsync --format TSVRaw; }
ms() { # COMMAND...: how long it takes, and what it prints is in $t/answer
	local start
	start=$(date +%s%N)
	"$@" > "$t/answer" || die "$*: no answer"
	echo $((($(date +%s%N) - start) / 1000000))
}
load() { # SHARD...: all at once
	local n pids=()
	for n; do
		build/release/tests/fleet "http://127.0.0.1:811$n/vmsync" $((n * 1000)) \
			$((hosts / 3)) $vms "$rows" $seconds > "$t/truth.$n" &
		pids+=($!)
	done
	wait "${pids[@]}" || die "it could not be loaded"
}
times() { # NAME: of what is asked on standard input, five times
	local i list=()
	cat > "$t/question"
	for ((i = 0; i < 5; i++)); do
		list+=("$(ms all < "$t/question")")
	done
	printf '%-34s %s ms\n' "$1" "${list[*]}"
}

echo "$((hosts / 3 * 3)) hosts, $vms VMs each, $seconds s; $(nproc) processors"
echo "loading: $(ms load 1 2 3) ms, $(all <<< "SELECT count() FROM states_all") rows of states," \
	"$(all <<< "SELECT count() FROM charges_all") of charges"
echo "$(all <<< "SELECT sum(n) FROM (SELECT count() AS n FROM states_by_minute_all
	UNION ALL SELECT count() AS n FROM culprits_by_minute_all)") sums by minutes"
echo "bytes on disk: $(for n in 1 2 3; do ch_ask $n <<< "SELECT sum(bytes_on_disk)
	FROM system.parts WHERE active AND database = 'vmsync'"; done | awk '{ n += $1 } END { printf "%d", n }')"
echo "peak of a server: $(for n in 1 2 3; do
	sed -n 's/VmHWM: *//p' "/proc/$(cat "$ch_dir/$n/pid")/status"; done | sort -n | tail -n 1)"
sed -n '/^-- The ten worst aggressors/,/;$/p' tools/fleet/clickhouse/questions.sql |
	times "ten worst aggressors"
cat "$t"/truth.? | sort -k3,3nr -k1,2 | head -n 10 | awk '{ print $1, $2 }' > "$t/wanted"
cut -f1,2 "$t/answer" | tr '\t' ' ' | cmp -s - "$t/wanted" || die "these are others"
times "... of all rows of charges" <<-END
	SELECT host, who_vcpu, sum(until_ns - from_ns) AS ns FROM charges_all WHERE who = 'vcpu'
	GROUP BY host, who_vcpu ORDER BY ns DESC LIMIT 10
END
times "all rows of states, summed up" <<-END
	SELECT state, sum(until_ns - from_ns) FROM states_all GROUP BY state
END
times "one host of them" <<-END
	SELECT state, sum(until_ns - from_ns) FROM states_all WHERE host = 'host1042' GROUP BY state
END
before=$(all <<< "SELECT count() FROM states_all")
ch_stop 3 KILL
CLICKHOUSE_CLIENT=$t/client
printf '#!/bin/sh\nLD_LIBRARY_PATH=%s exec %s --port 9011 "$@"\n' "$ch_libraries" \
	"$ch_root/usr/bin/clickhouse-client" > "$CLICKHOUSE_CLIENT"
chmod +x "$CLICKHOUSE_CLIENT"
export CLICKHOUSE_CLIENT
echo "SELECT count() FROM states_all" | tools/fleet/clickhouse/ask.sh --database vmsync \
	> "$t/part" 2> "$t/said" && die "a shard is away, and nobody says so"
echo "a shard killed: $(cat "$t/part") of $before rows; $(cat "$t/said")"
ch_start 3 || die "server 3 does not start"
echo "sent again: $(ms load 3) ms"
[ "$(all <<< "SELECT count() FROM states_all")" = "$before" ] || die "rows are there twice"
echo "no row is there twice"
