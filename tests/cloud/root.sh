#!/bin/bash
# SPDX-License-Identifier: MIT
#
# root.sh DIR: a Debian 12 in DIR/root with the services of OpenStack, libvirt and QEMU, from
# Debian's packages. Nothing of it is started, and nothing outside of DIR is written: what
# packages do when they are installed happens in namespaces that end with it. Of DIR/root
# there is all or nothing; it is kept until the list of packages changes.
set -eu
export LC_ALL=C

dir=$1
packages=(
	mariadb-server rabbitmq-server uwsgi-core uwsgi-plugin-python3 python3-pymysql
	keystone placement-api glance-api neutron-server
	nova-api nova-conductor nova-scheduler nova-compute
	cinder-api cinder-scheduler cinder-volume
	python3-openstackclient
	libvirt-daemon-system libvirt-clients qemu-system-x86 qemu-utils
	lttng-tools liblttng-ust1 procps iproute2
)
sources=(
	"deb http://deb.debian.org/debian bookworm main"
	"deb http://deb.debian.org/debian bookworm-updates main"
	"deb http://deb.debian.org/debian-security bookworm-security main"
)

die() {
	echo "cloud: $*" >&2
	exit 1
}

[ "$(id -u)" = 0 ] || die "be root"
[ "$(cat "$dir/packages" 2> /dev/null)" != "${packages[*]}" ] || exit 0
command -v mmdebstrap > /dev/null || die "no mmdebstrap: make deps"
rm -rf --one-file-system "$dir/packages" "$dir/root" "$dir/tmp"
mkdir -p "$dir/tmp"
list=${packages[*]}
echo "cloud: installing into $dir/root: 2 GB, 5 minutes or more ($dir/root.log)"
"$(dirname "$0")/box.sh" "$dir" env TMPDIR="$(realpath "$dir/tmp")" \
	mmdebstrap --verbose --mode=root --variant=minbase --include="${list// /,}" \
	--skip=chroot/mount/sys,chroot/mount/dev --aptopt='Apt::Install-Recommends "false"' \
	--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
	--dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt=force-unsafe-io \
	bookworm "$dir/root" "${sources[@]}" 2>&1 | tee "$dir/root.log" | awk '
		/^I: / && !/skipping/ { sub(/^I/, "cloud"); print; fflush() }
		/^Setting up / && ++n % 100 == 0 { print "cloud: set up " n " packages"; fflush() }'
[ "${PIPESTATUS[0]}" = 0 ] ||
	die "$(grep -a '^E:' "$dir/root.log" | head -n 1) ($dir/root.log)"
rm -rf "$dir/tmp"
echo "${packages[*]}" > "$dir/packages"
