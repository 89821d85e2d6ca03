#!/bin/bash
# SPDX-License-Identifier: MIT
#
# lttng.sh KDIR LTTNG_SRC: builds LTTng's kernel modules in their own source
# folder, for the kernel whose headers are in KDIR. Afterwards LTTNG_SRC holds
# all .ko files and src/Module.symvers. Repeats nothing that is done.
#
# Debian's lttng-modules-dkms does not build on the current 6.1 kernels: what does
# not is left out, as "vmsync setup tracer" does it.

set -eu

kdir=$1 src=$2
release=$(sed -n 's/.*UTS_RELEASE "\(.*\)".*/\1/p' \
	"$kdir/include/generated/utsrelease.h")
stamp=$src/.built-$release
top=$(cd "$(dirname "$0")/../.." && pwd)

exec 9> "$src.lock"
flock 9

# A kernel of the same release may have another configuration: *.config here change.
if [ "$stamp" -nt "$kdir/include/generated/autoconf.h" ] &&
   [ -e "$src/src/Module.symvers" ]; then
	exit 0
fi

echo "building LTTng's modules for $release (about 2 minutes)"
kdir=$(readlink -f "$kdir") src=$(readlink -f "$src")
rm -rf "$src.build"
mkdir "$src.build"
ln -s "$src" "$src.build/lttng"
# As the kernel itself is built: kernel-build.sh.
export KCSAN_SANITIZE=n
if ! (cd "$src.build" && JOBS=${JOBS:-2} nice -n 5 "$top/tools/tracer/build.sh" "$kdir"); then
	echo "LTTng's modules do not build: see $src.build/lttng.log" >&2
	exit 1
fi
touch "$stamp"
