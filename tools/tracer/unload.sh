#!/bin/sh
# SPDX-License-Identifier: MIT
#
# unload.sh: LTTng's modules, and vmsync's probes among them, go from the kernel as far as
# nobody uses them. The daemon that systemd runs does as long as it runs: it is started
# anew, and loads what is there by then.

set -eu

# With how many others use it in the third column.
of_lttng() { grep ^lttng_ /proc/modules || true; }

again=
if systemctl -q is-active lttng-sessiond.service; then
	systemctl stop lttng-sessiond.service
	again=yes
fi
# Those that others needed are free when these are gone.
left=$(of_lttng | wc -l)
while [ "$left" -gt 0 ]; do
	before=$left
	of_lttng | awk '$3 == 0 { print $1 }' | xargs -r rmmod 2> /dev/null || true
	left=$(of_lttng | wc -l)
	[ "$left" -lt "$before" ] || break
done
[ -z "$again" ] || systemctl start lttng-sessiond.service
