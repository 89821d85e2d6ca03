#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The kernel modules build without a warning, for every kernel that we promise.
. tests/check/lib.sh

expect "Debian's kernel, headers and LTTng are there" make -s lab-packages
expect "LTTng's modules build" make -s lab-lttng
. build/packages.env
expect "the modules build, with LTTng's probes" \
	make -s modules KDIR="$PWD/$LAB_KDIR" LTTNG_SRC="$PWD/$LAB_LTTNG_SRC"
expect "no warning at W=1 and from sparse, 6.1 and 6.12" make -s modules-check

ko=build/modules/$LAB_RELEASE
version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)
for m in vmsync vmsync-host vmsync-guest lttng-probe-vmsync \
	lttng-probe-vmsync-kvm; do
	expect "$m.ko" test -s "$ko/$m.ko"
	expect_eq "$m.ko: licence" "$(modinfo -F license "$ko/$m.ko")" GPL
	expect_eq "$m.ko: parameters without a description" \
		"$(modinfo -F parm "$ko/$m.ko" | grep -vc ':.')" 0
	for field in description author; do
		expect "$m.ko: $field" test -n "$(modinfo -F $field "$ko/$m.ko")"
	done
	expect_eq "$m.ko: version" "$(modinfo -F version "$ko/$m.ko")" "$version"
done
finish
