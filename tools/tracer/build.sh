#!/bin/bash
# SPDX-License-Identifier: MIT
#
# build.sh KDIR [MODULE...]: in this folder, which has LTTng's sources in lttng/ and, if
# at all, those of vmsync's modules in vmsync/, builds LTTng's modules for the kernel
# of KDIR, and vmsync's probes for them, and puts MODULEs in modules/.
#
# Kernels change what a probe records, and LTTng follows later. A probe that does not
# build for this kernel is left out: an empty module has its name, since DKMS wants
# to see all that it was told of. "left out: NAME" is printed for each. What LTTng
# cannot be without ends this instead.

set -u
export LC_ALL=C
unset MAKEFLAGS MFLAGS MAKELEVEL

kdir=$1
shift
here=$PWD
log=$here/lttng.log
: > "$log"

die() {
	echo "tracer: $*" >&2
	exit 1
}

# lttng_make ARGUMENT...: LTTng's modules, and as many of them as can be built
lttng_make() {
	make -k -C "$kdir" M="$here/lttng/src" -j"${JOBS:-$(nproc)}" CONFIG_LTTNG=m \
		CONFIG_LTTNG_CLOCK_PLUGIN_TEST=m "$@" > "$log.now" 2>&1
	status=$?
	cat "$log.now" >> "$log"
	return $status
}

# Probes of user space: a wrapper that every file of LTTng's includes.
uprobes_leave_out() {
	grep -q 'include/wrapper/uprobes\.h:[0-9]*:[0-9]*: error:' "$log.now" || return
	cat > lttng/include/wrapper/uprobes.h <<-END
		/* SPDX-License-Identifier: GPL-2.0-only */
		#ifndef _LTTNG_WRAPPER_UPROBES_H
		#define _LTTNG_WRAPPER_UPROBES_H
		#include <linux/errno.h>
		#include <linux/uprobes.h>
		static inline int wrapper_uprobe_register(struct inode *inode,
				loff_t offset, struct uprobe_consumer *uc)
		{
			return -ENOSYS;
		}
		static inline void wrapper_uprobe_unregister(struct inode *inode,
				loff_t offset, struct uprobe_consumer *uc)
		{
		}
		#endif
	END
	echo "left out: uprobes"
}

# A module by itself, of one file, on which no other one depends.
probes_leave_out() {
	local name found=1

	while read -r name; do
		grep -q MODULE_LICENSE "lttng/src/probes/$name.c" 2> /dev/null || continue
		cat > "lttng/src/probes/$name.c" <<-END
			/* SPDX-License-Identifier: GPL-2.0-only */
			#include <linux/module.h>
			MODULE_LICENSE("GPL");
			MODULE_DESCRIPTION("left out: it does not build for this kernel");
		END
		echo "left out: $name"
		found=0
	done < <(sed -n 's|.*[ /]probes/\(lttng-probe-[a-z0-9-]*\)\.o\] Error.*|\1|p' \
		"$log.now" | sort -u)
	return $found
}

# The rest of a failure, for whoever reads one line
failed() {
	die "LTTng $(lttng_version) does not build for $release:" \
		"$(grep -m 1 'error:\|ERROR:' "$log.now" || tail -n 1 "$log.now")"
}

lttng_version() {
	sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' lttng/dkms.conf
}

release=$(sed -n 's/.*UTS_RELEASE "\(.*\)".*/\1/p' \
	"$kdir/include/generated/utsrelease.h") || die "$kdir: no kernel's headers"

# Its library first, which is quick: what fails there fails everywhere.
if ! lttng_make lib/; then
	uprobes_leave_out || failed
	lttng_make lib/ || failed
fi
if ! lttng_make modules; then
	probes_leave_out || failed
	lttng_make modules || failed
fi

# vmsync's own modules come from elsewhere; these are of the same source.
if [ -e vmsync/Kbuild ]; then
	OUT=$here/vmsync-modules vmsync/kmod/build.sh "$kdir" lttng >> "$log" 2>&1 ||
		die "vmsync's probes do not build: $(tail -n 1 "$log")"
fi

mkdir -p modules
for name in "$@"; do
	file=$(find lttng vmsync-modules -name "$name.ko" 2> /dev/null | head -n 1)
	[ -n "$file" ] || die "LTTng $(lttng_version) did not make $name.ko"
	cp "$file" modules/ || die "no room for $name.ko"
done
