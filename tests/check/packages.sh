#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What is installed: Debian's packages, what make install puts in place, and the
# manual pages. Needs the kernels' headers (tests/check/modules.sh).
. tests/check/lib.sh

expect "the tool builds" make -s -j2 tool
t=$check_tmp
version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)

expect "packages are made" tools/deb.sh "$t/one"
expect "... twice" tools/deb.sh "$t/two"
for deb in "$t"/one/*.deb; do
	expect "${deb##*/}: the same to the byte" cmp "$deb" "$t/two/${deb##*/}"
done
expect_eq "what lintian says" "$(lintian --allow-root --pedantic \
	"$t"/one/*.changes 2>&1)" ""

# Not installed here: unpacked, and what installing would run is looked at.
tool=$t/one/vmsync_${version}_amd64.deb dkms=$t/one/vmsync-dkms_${version}_all.deb
mkdir "$t/tree"
dpkg -x "$tool" "$t/tree"
dpkg -x "$dkms" "$t/tree"
expect_eq "the tool runs" "$("$t/tree/usr/bin/vmsync" --version)" \
	"$(build/vmsync --version)"
expect "babeltrace2 finds the plugin" grep -q vmsync <(babeltrace2 \
	--plugin-path="$t/tree/usr/lib/x86_64-linux-gnu/babeltrace2/plugins" \
	list-plugins)
expect_eq "nothing outside /usr" "$(cd "$t/tree" && ls)" usr
dpkg -e "$tool" "$t/control"
expect_eq "the tool's package runs nothing" "$(cd "$t/control" && ls)" \
	"$(printf 'control\nmd5sums')"
dpkg -e "$dkms" "$t/scripts"
expect_eq "no package loads a module" \
	"$(grep -lE 'modprobe|insmod' "$t"/scripts/p*)" ""

# DKMS builds what it was given, by itself.
. build/packages.env || { fail "no headers: run modules first"; finish; }
mkdir "$t/dkms"
for kdir in "$LAB_KDIR" "$LAB_KDIR_NEWER"; do
	release=${kdir##*/linux-headers-}
	dkms build -m vmsync -v "$version" -k "$release" -a x86_64 \
		--kernelsourcedir "$PWD/$kdir" --dkmstree "$t/dkms" \
		--sourcetree "$t/tree/usr/src" > "$t/dkms.log" 2>&1 ||
		tail -20 "$t/dkms.log"
	expect_eq "DKMS's modules for $release" \
		"$(cd "$t/dkms/vmsync/$version/$release/x86_64/module" && echo *.ko)" \
		"vmsync-guest.ko vmsync-host.ko vmsync.ko"
done

# By hand.
targets="install-tool install-plugin install-modules-source"
# shellcheck disable=SC2086
expect "make $targets" make -s $targets DESTDIR="$t/hand" PREFIX=/usr
expect_eq "... as the packages do" \
	"$(cd "$t/hand" && find . -type f | sed 's/\.gz$//' | sort)" \
	"$(cd "$t/tree" && find . -type f ! -path './usr/share/doc/*' |
		sed 's/\.gz$//' | sort)"
expect "make uninstall" make -s uninstall DESTDIR="$t/hand" PREFIX=/usr
expect_eq "... leaves nothing" "$(find "$t/hand" -type f)" ""

# The daemons' units are right, and keep them from what they do not need.
units=$t/units
expect "make install" make -s install PREFIX="$units"
for unit in vmsyncd vmsync-agent; do
	SYSTEMD_UNIT_PATH="$units/lib/systemd/system:" systemd-analyze --man=no \
		verify "$unit.service" > "$t/verify" 2>&1
	expect_eq "$unit.service: exit status of systemd-analyze verify" $? 0
	expect_eq "$unit.service: ... and a word of it" \
		"$(grep "^$unit" "$t/verify")" ""
	expect "$unit.service: exposed by less than 2.0" systemd-analyze security \
		--offline=yes --threshold=20 "$units/lib/systemd/system/$unit.service"
done
expect "what is installed is where units look for it" \
	test -x "$units/sbin/vmsyncd" -a -x "$units/sbin/vmsync-agent" -a \
	-x "$units/libexec/vmsync/libvirt-hook"
expect "make uninstall" make -s uninstall PREFIX="$units"
expect_eq "... leaves nothing" "$(find "$units" -type f)" ""

for page in Documentation/man/*; do
	expect_eq "${page##*/}: what mandoc says" "$(mandoc -Tlint -W warning "$page")" ""
done
finish
