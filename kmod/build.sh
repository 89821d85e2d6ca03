#!/bin/bash
# SPDX-License-Identifier: MIT
#
# build.sh [--install] KDIR [LTTNG_SRC]: the modules for the kernel of KDIR, in
# build/modules/RELEASE. The sources are linked there, so that the source
# folder stays clean and two kernels' builds stay apart.
#
# build.sh --list: the files that modules are built from.
#
# KBUILD_ARGS goes to the kernel's make; OUT is another place than
# build/modules.

set -eu
export LC_ALL=C
unset MAKEFLAGS MFLAGS

die() {
	echo "modules: $*" >&2
	exit 1
}

top=$(cd "$(dirname "$0")/.." && pwd)

sources() {
	(cd "$top" && find Kbuild dkms.conf kmod guest include -type f \
		\( -name '*.[ch]' -o -name 'Kbuild*' -o -name dkms.conf \) \
		! -path 'guest/agent/*')
}

if [ "${1-}" = --list ]; then
	sources
	exit 0
fi

install=
if [ "${1-}" = --install ]; then
	install=yes
	shift
fi

[ -d "${1-}" ] || die "no kernel headers in '${1-}': KDIR=..."
kdir=$(cd "$1" && pwd)
lttng=
if [ -n "${2-}" ]; then
	lttng=$(cd "$2" && pwd) || exit 1
	[ -e "$lttng/src/Module.symvers" ] ||
		die "$lttng was not built: no src/Module.symvers"
fi

utsrelease=$kdir/include/generated/utsrelease.h
release=$(sed -n 's/.*UTS_RELEASE "\(.*\)".*/\1/p' "$utsrelease") ||
	die "$kdir is no kernel's build folder"
out=${OUT:-$top/build/modules}/$release
mkdir -p "$out"

sources | while read -r f; do
	mkdir -p "$out/$(dirname "$f")"
	ln -sfn "$top/$f" "$out/$f"
done

args=(-C "$kdir" M="$out")
if [ -n "$lttng" ]; then
	args+=(LTTNG_SRC="$lttng" KBUILD_EXTRA_SYMBOLS="$lttng/src/Module.symvers")
else
	echo "modules: without LTTng's probes (no LTTNG_SRC)"
	rm -f "$out"/lttng-{probe,clock}-vmsync*.ko
fi
# shellcheck disable=SC2086 # options
make "${args[@]}" -j"$(nproc)" ${KBUILD_ARGS-} modules
if [ -n "$install" ]; then
	# There is no key to sign with: modules out of the tree are not signed.
	make "${args[@]}" CONFIG_MODULE_SIG_ALL= modules_install
	depmod ${INSTALL_MOD_PATH:+-b "$INSTALL_MOD_PATH"} "$release"
fi
