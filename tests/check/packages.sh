#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What is installed: Debian's packages, and what make install puts in place. Needs the
# kernels' headers (tests/check/modules.sh).
. tests/check/lib.sh

expect "the tool builds" make -s -j2 tool
t=$check_tmp

expect "packages are made" tools/deb.sh "$t/one"
expect "... twice" tools/deb.sh "$t/two"
for deb in "$t"/one/*.deb; do
	expect "${deb##*/}: the same to the byte" cmp "$deb" "$t/two/${deb##*/}"
done
expect_eq "what lintian says" "$(lintian --allow-root --pedantic \
	"$t"/one/*.changes 2>&1)" ""

# Unpacked: each file is in one package, and each where it belongs.
mkdir "$t/tree" "$t/scripts"
for deb in "$t"/one/*.deb; do
	dpkg -x "$deb" "$t/tree"
	dpkg-deb --fsys-tarfile "$deb" | tar -t | grep -v '/$' >> "$t/files"
	dpkg -e "$deb" "$t/scripts/$(basename "${deb%%_*}")"
done
expect_eq "packages" "$(cd "$t/scripts" && echo *)" "vmsync vmsync-dkms vmsync-guest vmsync-host"
expect_eq "no file is in two" "$(sort "$t/files" | uniq -d)" ""
expect_eq "the tool runs" "$("$t/tree/usr/bin/vmsync" --version)" \
	"$(build/vmsync --version)"
expect "babeltrace2 finds the plugin" grep -q vmsync <(babeltrace2 \
	--plugin-path="$t/tree/usr/lib/x86_64-linux-gnu/babeltrace2/plugins" \
	list-plugins)
expect_eq "nothing outside /usr but units" "$(cd "$t/tree" && find . -type f ! -path './usr/*' |
	sort | paste -sd' ')" "$(cd tools/systemd && printf './lib/systemd/system/%s\n' \
	*.service *.socket | sort | paste -sd' ')"
expect_eq "the tool's package runs nothing but at its removal" \
	"$(cd "$t/scripts/vmsync" && printf '%s\n' * | paste -sd' ')" "control md5sums prerm"
expect_eq "no package loads a module, or starts what did not run" \
	"$(grep -rlE 'modprobe|insmod|_dh_action=start|systemctl.* start' \
	"$t"/scripts/*/p*)" ""

# They are installed and purged in a root of their own, where DKMS builds.
# shellcheck source=/dev/null
. build/packages.env || { fail "no headers: run modules first"; finish; }
private=()
unshare -m true 2> /dev/null || private=(--propagation unchanged)
unshare -m "${private[@]}" bash tests/check/installed.sh "$t/one" "$LAB_KDIR" "$LAB_KDIR_NEWER" \
	> "$t/installed"
grep -v ' passed, ' "$t/installed"
add_counts "$t/installed" || fail "installed.sh ended without a count"

# By hand.
to="DESTDIR=$t/hand PREFIX=/usr UNITS=/lib/systemd/system"
# shellcheck disable=SC2086 # several variables
expect "make install" make -s install $to
expect_eq "... as the packages do" \
	"$(cd "$t/hand" && find . -type f | sed 's/\.gz$//' | sort)" \
	"$(cd "$t/tree" && find . -type f ! -path './usr/share/doc/*' |
		sed 's/\.gz$//' | sort)"
# shellcheck disable=SC2086 # several variables
expect "make uninstall" make -s uninstall $to
expect_eq "... leaves nothing" "$(find "$t/hand" -type f)" ""

# The daemons' units are right, and keep them from what they do not need.
units=$t/units
expect "make install" make -s install PREFIX="$units"
for unit in vmsyncd.service vmsync-agent.service vmsyncd.socket; do
	SYSTEMD_UNIT_PATH="$units/lib/systemd/system:" systemd-analyze --man=no \
		verify "$unit" > "$t/verify" 2>&1
	expect_eq "$unit: exit status of systemd-analyze verify" $? 0
	# A key that it does not know is ignored, and said; so is what other units lack.
	expect_eq "$unit: ... and a word of it" "$(grep vmsync "$t/verify")" ""
done
# UNIT:TENTHS of exposure. What is left is what they cannot do without: they are root,
# see the root folder and AF_UNIX, and one has CAP_DAC_OVERRIDE, the other the port.
for exposed in vmsyncd:9 vmsync-agent:9; do
	unit=${exposed%:*}.service
	expect "$unit: exposed by no more than 0.${exposed#*:}" systemd-analyze security \
		--offline=yes --threshold="${exposed#*:}" "$units/lib/systemd/system/$unit"
done
expect "what is installed is where units look for it" \
	test -x "$units/sbin/vmsyncd" -a -x "$units/sbin/vmsync-agent" -a \
	-x "$units/libexec/vmsync/libvirt-hook"
expect "make uninstall" make -s uninstall PREFIX="$units"
expect_eq "... leaves nothing" "$(find "$units" -type f)" ""
finish
