#!/bin/bash
# SPDX-License-Identifier: MIT
#
# process1.sh: all that happens in the box, as its first process: with it all others end.
set -u
here=$(dirname "$0")
# shellcheck source=tests/cloud/common.sh
. "$here/common.sh"
export CLOUD_BEGAN_S=$EPOCHSECONDS
readlink /proc/self/ns/{mnt,net,pid,uts,ipc} > /out/namespaces
[ -z "${HOLD-}" ] || : > /out/hold

all() {
	lttng-sessiond --daemonize --no-kernel > /out/log/sessiond.log 2>&1 &&
		"$here/services.sh" &&
		say "two hosts" &&
		"$here/hosts.sh" &&
		"$here/operations.sh" &&
		"$here/databases.sh" &&
		say "done"
}

all
status=$?
while [ -e /out/hold ]; do
	sleep 1
done
exit $status
