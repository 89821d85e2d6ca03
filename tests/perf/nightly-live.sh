#!/bin/bash
# SPDX-License-Identifier: MIT
#
# nightly-live.sh: the checks of vmsync live with LTTng's own relay daemons and session
# daemons, LIVE_TIMES (20) times. Ends with how many of the runs passed.
set -u
cd "$(dirname "$0")/../.." || exit 2

times=${LIVE_TIMES:-20}
runs=0 passed=0
for ((i = 0; i < times; i++)); do
	for check in relayd folders; do
		runs=$((runs + 1))
		if tests/run.sh "$check" > build/nightly-live.log 2>&1; then
			passed=$((passed + 1))
		else
			grep -h -A5 ^FAIL build/nightly-live.log
		fi
	done
done
echo "$passed of $runs runs passed"
[ "$passed" -eq "$runs" ]
