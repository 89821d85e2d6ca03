#!/bin/bash
# SPDX-License-Identifier: MIT
#
# lttng.sh KDIR LTTNG_SRC: builds LTTng's kernel modules in their own source
# folder, for the kernel whose headers are in KDIR. Afterwards LTTNG_SRC holds
# all .ko files and src/Module.symvers. Repeats nothing that is done.
#
# Debian's lttng-modules-dkms does not build on the current 6.1 kernels:
# hrtimer_start's tracepoint got an argument in 6.1.175. That one probe is left
# out; nothing here records timers.

set -eu

kdir=$1 src=$2
release=$(sed -n 's/.*UTS_RELEASE "\(.*\)".*/\1/p' \
	"$kdir/include/generated/utsrelease.h")
stamp=$src/.built-$release
log=$src/build.log

exec 9> "$src.lock"
flock 9

if [ -e "$stamp" ] && [ -e "$src/src/Module.symvers" ] &&
		! grep -q "lttng-probe-timer" "$src/src/probes/Kbuild"; then
	exit 0
fi

echo "building LTTng's modules for $release (about 2 minutes)"
sed -i '/lttng-probe-timer\.o/d' "$src/src/probes/Kbuild"
if ! nice -n 5 make -C "$src" KERNELDIR="$(readlink -f "$kdir")" \
		-j"${JOBS:-2}" > "$log" 2>&1; then
	grep -E 'error|Error' "$log" | head -20 >&2
	echo "LTTng's modules do not build: see $log" >&2
	exit 1
fi
touch "$stamp"
