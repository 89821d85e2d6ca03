#!/bin/sh
# SPDX-License-Identifier: MIT
#
# ask.sh [OPTION OF clickhouse-client]...: has the questions on standard input answered by
# the shards that are there. Exit status 0: all of them answered; 1: some did not, which
# is said, since what they have is missing in the answer; 2: there is no answer.
set -eu

client=${CLICKHOUSE_CLIENT:-clickhouse-client}

one() { # QUERY: a number
	"$client" "$@" < /dev/null
}
answering() {
	one "$@" --skip_unavailable_shards 1 --query "SELECT count() FROM shards"
}

all=$(one "$@" --query "SELECT uniqExact(shard_num) FROM system.clusters
	WHERE cluster = 'fleet'") || exit 2
before=$(answering "$@") || exit 2
"$client" "$@" --skip_unavailable_shards 1 --multiquery || exit 2
after=$(answering "$@") || exit 2
# One that went away, or came back, in between may be missing, too.
least=$((before < after ? before : after))
[ "$least" != "$all" ] || exit 0
echo "ask.sh: $least of $all shards answered: the rest is missing above" >&2
exit 1
