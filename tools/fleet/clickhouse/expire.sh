#!/bin/sh
# SPDX-License-Identifier: MIT
#
# expire.sh DAYS [OPTION OF clickhouse-client]...: removes what was recorded longer ago than
# that from one server, whole days of each table, which costs next to nothing. Once a day,
# on each server. What was recorded by a clock of which nobody knows the time has day 0, and
# stays. ClickHouse from 19.6 on can do it by itself: ttl.sql.
set -eu

client=${CLICKHOUSE_CLIENT:-clickhouse-client}
days=${1:-}
case $days in
'' | *[!0-9]*)
	echo "usage: expire.sh DAYS [OPTION OF clickhouse-client]..." >&2
	exit 2
	;;
esac
shift

"$client" "$@" --query "SELECT DISTINCT concat('ALTER TABLE ', table, ' DROP PARTITION ID ''',
	partition_id, ''';') FROM system.parts
	WHERE active AND database = currentDatabase() AND toInt32(today()) - toInt32(max_date) > $days
	AND toInt32(max_date) > 0 ORDER BY 1 FORMAT TSVRaw" < /dev/null |
	"$client" "$@" --multiquery
