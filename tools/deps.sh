#!/bin/sh
# SPDX-License-Identifier: MIT
#
# deps.sh: the one list of Debian packages that building and testing vmsync
# needs. Prints what the machine lacks and installs that (as root), else says
# what to type. With --list it only prints the list.
#
# The kernel, its headers and LTTng's module sources are not here: they are
# unpacked under build/, never installed (tests/lab/packages.sh).

set -eu

# build:   the tool and the modules (pahole, libelf1, libssl3: kbuild's tools)
# lab:     two nested machines, each with a root of its own, and their tracing; whole
#          Debian systems
# checks:  the oracle for traces and its library for the plugin, JSON, static
#          analysis, fuzzing; what runs Perfetto's trace processor;
#          a browser for pages; what reads trace.dat, and its oracle; who sends
#          OpenStack's notifications and spans; HTTP and certificates. Servers are not here: they would start (tests/fleet/fetch.sh)
# package: tools/deb.sh, and who looks at what it makes; systemd-analyze; shellcheck
# kernel:  what a kernel is configured and built with (tests/lab/kernel-build.sh)
packages="
	make gcc gcc-12 libc6-dev binutils libelf1 libssl3 pahole
	qemu-system-x86 seabios ipxe-qemu busybox-static cpio kmod
	lttng-tools procps util-linux iproute2 xz-utils socat
	mmdebstrap e2fsprogs
	babeltrace2 libbabeltrace2-dev pkg-config liblttng-ust-dev liblttng-ctl-dev libnats-dev jq curl openssl
	sparse clang libclang-rt-14-dev nodejs sqlite3 libsqlite3-dev
	chromium
	python3 python3-oslo.messaging python3-osprofiler python3-eventlet
	uwsgi-core uwsgi-plugin-python3
	libtracecmd-dev libtracefs-dev libtraceevent-dev trace-cmd
	flex bison bc libelf-dev
	dpkg-dev debhelper dkms dh-dkms lintian mandoc systemd shellcheck
"

missing() {
	for p in $packages; do
		dpkg-query -W -f='${db:Status-Status}\n' "$p" 2>/dev/null |
			grep -qx installed || echo "$p"
	done
}

if [ "${1-}" = --list ]; then
	# shellcheck disable=SC2086 # a list
	printf '%s\n' $packages
	exit 0
fi

if ! command -v dpkg-query >/dev/null; then
	echo "this is made for Debian 12: no dpkg here" >&2
	exit 1
fi

lack=$(missing | tr '\n' ' ')
[ -n "$lack" ] || exit 0

echo "packages that this machine lacks: $lack"
if [ "$(id -u)" != 0 ]; then
	echo "as root: apt-get install --no-install-recommends $lack" >&2
	exit 1
fi

export DEBIAN_FRONTEND=noninteractive
mkdir -p build
install() {
	# shellcheck disable=SC2086 # a list
	apt-get install -q -y --no-install-recommends $lack
}

# Where that fails there are no package lists yet, or ones that are out of date.
if ! { install || { apt-get update -q && install; }; } > build/deps.log 2>&1; then
	tail -20 build/deps.log >&2
	echo "could not install: $lack (build/deps.log)" >&2
	exit 1
fi
echo "installed"
