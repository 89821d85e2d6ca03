# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# vmsync setup tracer, where vmsync is installed: sourced by installed.sh, whose root
# it uses. The sources of LTTng are made up, small, and fail as those of Debian 12 do:
# a probe whose tracepoint got an argument, and what wraps the probes of user space,
# which 6.12 changed. The real ones are built by the lab (tests/lab/lttng.sh).

small=$t/system/tmp/small
mkdir -p "$small"/{include/wrapper,src/lib,src/probes}
cat > "$small/dkms.conf" <<-'END'
	PACKAGE_NAME="lttng-modules"
	PACKAGE_VERSION="2.13.9"
	BUILT_MODULE_NAME[0]="lttng-lib-ring-buffer"
	DEST_MODULE_LOCATION[0]="/extra/lib"
	BUILT_MODULE_NAME[1]="lttng-tracer"
	DEST_MODULE_LOCATION[1]="/extra"
	BUILT_MODULE_NAME[2]="lttng-probe-irq"
	DEST_MODULE_LOCATION[2]="/extra/probes"
	BUILT_MODULE_NAME[3]="lttng-probe-timer"
	DEST_MODULE_LOCATION[3]="/extra/probes"
END
# shellcheck disable=SC2016 # of make
{
	echo 'obj-$(CONFIG_LTTNG) += lttng-tracer.o probes/ lib/' > "$small/src/Kbuild"
	echo 'obj-$(CONFIG_LTTNG) += lttng-lib-ring-buffer.o' > "$small/src/lib/Kbuild"
	echo 'obj-$(CONFIG_LTTNG) += lttng-probe-irq.o lttng-probe-timer.o' \
		> "$small/src/probes/Kbuild"
}
module() { # FILE LINE...: a module's source of these lines
	local file=$small/src/$1
	shift
	printf '%s\n' "$@" '#include <linux/module.h>' 'MODULE_LICENSE("GPL");' > "$file"
}
cat > "$small/include/wrapper/uprobes.h" <<-'END'
	#ifndef _LTTNG_WRAPPER_UPROBES_H
	#define _LTTNG_WRAPPER_UPROBES_H
	#include <linux/uprobes.h>
	static inline int wrapper_uprobe_register(struct inode *inode, loff_t offset,
						  struct uprobe_consumer *uc)
	{
		return uprobe_register(inode, offset, uc);
	}
	#endif
END
module lttng-tracer.c 'int lttng_small;' '#include <linux/export.h>' \
	'EXPORT_SYMBOL_GPL(lttng_small);'
module lib/lttng-lib-ring-buffer.c '#include "../../include/wrapper/uprobes.h"'
module probes/lttng-probe-irq.c
module probes/lttng-probe-timer.c '#include <trace/events/timer.h>' \
	'void trace_hrtimer_start(struct hrtimer *timer, enum hrtimer_mode mode);'

tracer() { # STATUS ARGUMENT...
	local want=$1
	shift
	inside vmsync setup tracer "$@" > "$t/said" 2>&1
	expect_eq "setup tracer $*: exit status" $? "$want"
}
said() { # TEXT PATTERN, with the names of kernels as they are
	expect "... $1" grep -qE -- "${2//+/\\+}" "$t/said"
}

# vmsync's probes need the real LTTng.
inside dpkg --remove vmsync-dkms > "$check_out" 2>&1
all "$t/before-tracer"
tracer 2 --kernel=6.1.0-none
said "names the headers that are not there" "apt-get install linux-headers-6.1.0-none"
for release in $releases; do
	tracer 0 --kernel="$release" --dry-run
	said "would take the package" "^would make /usr/src/vmsync-tracer-$version of the package lttng-modules-dkms"
	said "would add it" "^would run dkms add -m vmsync-tracer -v $version"
	said "would build it" "^would run dkms install -m vmsync-tracer -v $version -k $release"
done
all "$t/after"
expect_eq "... and does nothing" "$(diff "$t/before-tracer" "$t/after")" ""

from=--lttng=/tmp/small
for release in $releases; do
	# For another kernel the sources are there.
	tracer 0 --kernel="$release" $from
	[ -z "$from" ] || said "says each step" \
		"^make /usr/src/vmsync-tracer-$version of /tmp/small"
	from=
	said "leaves out what does not build" "^left out.*: lttng-probe-timer$"
	expect_eq "... and what else" "$(sed -n 's/^left out.*: //p' "$t/said" | sort | paste -sd' ')" \
		"lttng-probe-timer$([[ $release != 6.12.* ]] || echo " uprobes")"
	expect_eq "... builds the rest" \
		"$(cd "$t/system/lib/modules/$release/updates/dkms" && echo *.ko*)" \
		"lttng-lib-ring-buffer.ko lttng-probe-irq.ko lttng-probe-timer.ko lttng-tracer.ko"
	expect_eq "... as what it is" "$(modinfo -F description \
		"$t/system/lib/modules/$release/updates/dkms/lttng-probe-timer.ko")" \
		"left out: it does not build for this kernel"
	tracer 0 --kernel="$release"
	expect_eq "... once" "$(cat "$t/said")" "LTTng's modules are there for $release"
done
expect_eq "all kernels have it, as DKMS knows" \
	"$(inside dkms status vmsync-tracer 2> /dev/null | grep -c ': installed')" "$(echo "$releases" | wc -w)"
expect_eq "... and a later one shall" "$(grep ^AUTOINSTALL= \
	"$t/system/usr/src/vmsync-tracer-$version/dkms.conf")" AUTOINSTALL=yes
tracer 0 --undo --dry-run
said "would remove it" "^would run dkms remove -m vmsync-tracer -v $version --all"
tracer 0 --undo
all "$t/after"
expect_eq "... leaves nothing" "$(diff "$t/before-tracer" "$t/after")" ""
tracer 0 --undo
expect_eq "... once" "$(cat "$t/said")" ""

# What LTTng cannot be without.
module lib/lttng-lib-ring-buffer.c '#include <linux/no-such-file.h>'
tracer 2 --kernel="$release" --lttng=/tmp/small
said "says why" "LTTng 2.13.9 does not build for $release: .*no-such-file.h.*--lttng=DIR"
all "$t/after"
expect_eq "... and leaves nothing" "$(diff "$t/before-tracer" "$t/after")" ""
tracer 2 --kernel="$release" --lttng=/tmp/none
said "says what is not there" "/tmp/none/dkms.conf: not there"

# What a package's removal takes away with it.
module lib/lttng-lib-ring-buffer.c ''
tracer 0 --kernel="$release" --lttng=/tmp/small
