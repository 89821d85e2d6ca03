# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Sourced by tests/check/cloud.sh: what a cloud could leave on the machine.

# machine_now: mounts, modules, devices of the network and its named namespaces
machine_now() {
	sort /proc/self/mounts
	cut -d ' ' -f 1 /proc/modules 2> /dev/null | sort
	ip -o link | cut -d : -f 2
	ip netns
}

# processes_in FILE: processes that are in one of the namespaces that FILE names
processes_in() {
	local pid

	for pid in /proc/[0-9]*; do
		readlink "$pid"/ns/{mnt,net,pid,uts,ipc} | grep -qxFf "$1" && echo "$pid"
	done 2> /dev/null
}

# mounted_of DIR: what is mounted there, or of it, for whatever process
mounted_of() {
	grep -hF "$1" /proc/[0-9]*/mountinfo 2> /dev/null | sort -u
}

# files_since FILE: what was changed since that was written where packages and services keep
# their files, but for logs and caches, which whoever else is on the machine writes as well
files_since() {
	find /bin /boot /etc /home /lib* /opt /root /sbin /srv /usr /var -xdev \
		\( -path "$PWD" -o -path /var/tmp -o -path /var/log -o -path /var/cache \
		-o -path /var/lib/apt -o -name .cache -o -name .debug \) -prune \
		-o -cnewer "$1" ! -type d -print
}
