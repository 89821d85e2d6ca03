# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What initial file systems are made with. Sourced; $modroot is where the modules of
# their kernels are, after depmod.

# modules_needed RELEASE MODULE...: their paths, and of all they need, in the order
# to load them.
modules_needed() {
	local release=$1

	shift
	# shellcheck disable=SC2154 # of who sources this
	modprobe -d "$modroot" -S "$release" --show-depends -a "$@" |
		awk '/^insmod/ && !seen[$2]++ { print $2 }'
}

# module_copy FILE DIR: as it is in DIR, without the compression of newer kernels,
# which busybox does not undo. Prints its new name.
module_copy() {
	local name=${1##*/}

	mkdir -p "$2"
	case $name in
	*.xz)
		name=${name%.xz}
		xz -d -c "$1" > "$2/$name" ;;
	*)	cp -L "$1" "$2/$name" ;;
	esac
	echo "$name"
}

# guest_modules WORK MODULE...: WORK/guest with folders, and in modules/ what the kernel of
# build/packages.env needs for MODULEs; modules/order is how to load them.
guest_modules() {
	local work=$1 dir=$1/guest ko
	local moddir=$modroot/lib/modules/$LAB_RELEASE

	shift
	mkdir -p "$moddir" "$dir"/{bin,proc,sys,dev,tmp,run,etc,modules,usr/bin}
	ln -s "$(readlink -f "$LAB_MODULES/kernel")" "$moddir/kernel"
	cp "$LAB_MODULES"/modules.{builtin,builtin.modinfo,order} "$moddir/"
	depmod -b "$modroot" "$LAB_RELEASE"
	modules_needed "$LAB_RELEASE" "$@" | while read -r ko; do
		module_copy "$ko" "$dir/modules"
	done > "$work/order"
	cp "$work/order" "$dir/modules/order"
}

archive() {
	(cd "$1" && find . | cpio -o -H newc --quiet) > "$2.new"
	mv "$2.new" "$2"
}

# Programs with the shared objects that they need, at the same paths.
programs_copy() {
	local dir=$1 f

	shift
	{
		printf '%s\n' "$@"
		ldd "$@" | grep -oE '/[^ :]+\.so[^ :]*'
	} | sort -u | while read -r f; do
		mkdir -p "$dir/${f%/*}"
		cp -L "$f" "$dir/$f"
	done
}
