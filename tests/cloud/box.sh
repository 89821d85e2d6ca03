#!/bin/bash
# SPDX-License-Identifier: MIT
#
# box.sh DIR [--no-network] COMMAND...: runs COMMAND where nothing but DIR can be changed, and
# what it starts ends with it. It is process 1 of namespaces of its own, of the machine's file
# systems only DIR can be written, /run, /tmp, /var/tmp and /dev/shm are empty or read-only, so are
# sysctls, and no module can be loaded, no clock set. --no-network: there is but a loopback device.
# Exit status: that of COMMAND.
set -eu

dir=$(realpath "$1")
shift
if [ -z "${BOX_NETWORK-}" ]; then
	export BOX_NETWORK=yes
	namespaces=(--mount --uts --ipc --pid)
	if [ "$1" = --no-network ]; then
		shift
		BOX_NETWORK=no namespaces+=(--net)
	fi
	# Whatever this process dies of, what it started does not go on.
	setpriv --pdeathsig KILL unshare "${namespaces[@]}" --fork --kill-child \
		"$0" "$dir" "$@" &
	wait $!
	exit
fi
export -n BOX_NETWORK

# Not everywhere is that what unshare did.
mount --make-rprivate /
mount --bind "$dir" "$dir"
awk -v dir="$dir" '$1 ~ "^/dev/" && $2 != dir && !seen[$2]++ { print $2 }' /proc/self/mounts |
	while read -r place; do
		mount -o remount,bind,ro "$(printf %b "$place")"
	done
# A resolver's configuration may be in /run.
if [ "$BOX_NETWORK" = yes ]; then
	! mountpoint -q /run || mount -o remount,bind,ro /run
	empty=(/tmp /var/tmp /dev/shm)
else
	empty=(/run /tmp /var/tmp /dev/shm)
fi
for place in "${empty[@]}"; do
	# What is in it stays in reach if DIR is.
	case $dir/ in
	"$place"/*) ;;
	*) mount -t tmpfs -o mode=1777 none "$place" ;;
	esac
done
mount -t proc proc /proc
# What is mounted below is not in it any more.
for place in /proc/sys /sys; do
	mount --bind $place $place
	mount -o remount,bind,ro $place
done
drop=-sys_module,-sys_time,-sys_boot
exec setpriv --bounding-set=$drop --inh-caps=$drop "$@"
