#!/bin/bash
# SPDX-License-Identifier: MIT
#
# image.sh DEBS [KERNEL]: Debian systems on which vmsync's packages, those of DEBS, are
# to be installed: all that they depend on and recommend, a kernel with its headers, what
# a host has of libvirt and QEMU, and nothing of vmsync. In build/system, or with 6.12
# for KERNEL in build/system-6.12:
#
#	host.ext4 guest.ext4	their root file systems
#	vmlinuz modules/	the kernel, and what it takes to see a disk
#	release			its name
#	packages		what vmsync's depended on then: when that changes, all is
#				made anew
#
# They have no network. What "vmsync setup tracer" downloads, Debian's package of LTTng's
# modules with fewer probes, is in a repository of their own, /srv/debian. Since compilers
# are slow in emulation, /var/cache/ccache has what gcc made of it here, by the same
# commands in the same root; nothing of vmsync's own modules is in there.
#
# A root is made, and lives, in a mount namespace: no mount outlives it.

set -eu
export LC_ALL=C PATH=$PATH:/usr/sbin:/sbin

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../../.." && pwd)
cd "$top"
debs=$(readlink -f "$1") kernel=${2-}
dir=build/system${kernel:+-$kernel}
work=$top/$dir/.work

die() {
	echo "image: $*" >&2
	exit 1
}

for name in vmsync vmsync-dkms vmsync-host vmsync-guest; do
	compgen -G "$debs/${name}_*.deb" > /dev/null || die "no $name in $debs"
done

# packages NAME...: what these of ours depend on and recommend, but ours; the first of
# alternatives
packages() {
	local name field

	for name; do
		for field in Depends Recommends; do
			dpkg-deb -f "$debs/${name}"_*.deb "$field" | tr ',' '\n' |
				sed 's/|.*//; s/(.*//; s/ //g' | grep -v ^vmsync || true
		done
	done | sort -u | paste -sd,
}

of_ours=$(packages vmsync vmsync-dkms vmsync-host vmsync-guest)

if [ "${IMAGE_INSIDE-}" != yes ]; then
	mkdir -p "$work"
	exec 9> "$dir.lock"
	flock 9
	[ -z "${REFRESH-}" ] || rm -f "$dir/release"
	if [ "$(cat "$dir/packages" 2> /dev/null)" != "$of_ours" ]; then
		rm -rf --one-file-system "$dir/release" "$work"
		mkdir -p "$work"
		echo "$of_ours" > "$dir/packages"
	fi
	[ ! -e "$dir/release" ] || exit 0
	[ "$(id -u)" = 0 ] || die "be root"
	private=()
	unshare -m true 2> /dev/null || private=(--propagation unchanged)
	IMAGE_INSIDE=yes unshare -m "${private[@]}" "$here/image.sh" "$@"
	exit
fi

# newest PATTERN: the package of the newest kernel of these
newest() {
	apt-cache pkgnames linux-image- | grep -xE "linux-image-$1" | sort -rV |
		while read -r name; do
			if apt-cache policy "$name" | grep -q 'Candidate: [0-9]'; then
				echo "${name#linux-image-}"
				break
			fi
		done
}

base=systemd,systemd-sysv,dbus,udev,kmod,ccache,xz-utils,jq
case $kernel in
"")	release=$(newest '6\.1\.0-[0-9]+-amd64') ;;
6.12)	release=$(newest '6\.12\.[0-9]+\+deb12-amd64') ;;
*)	die "no kernel '$kernel': KERNEL is 6.12" ;;
esac
[ -n "$release" ] || die "no such kernel on offer: as root, apt-get update"
base=$base,linux-image-$release,linux-headers-$release

sources=(
	"deb http://deb.debian.org/debian bookworm main"
	"deb http://deb.debian.org/debian bookworm-updates main"
	"deb http://deb.debian.org/debian-security bookworm-security main"
)

# done_once STEP COMMAND...: not again where an interrupted run has done it
done_once() {
	local step=$work/$1.done

	shift
	[ ! -e "$step" ] || return 0
	"$@"
	: > "$step"
}

guest_make() {
	echo "a Debian system to be a guest with $release"
	rm -rf --one-file-system "$work/guest"
	# Its kernel finds its root by the lab's initial file system.
	INITRD=No mmdebstrap --quiet --mode=root --variant=minbase \
		--include="$base,$(packages vmsync vmsync-dkms vmsync-guest)" \
		--skip=chroot/mount/sys,chroot/mount/dev \
		--aptopt='Apt::Install-Recommends "false"' \
		bookworm "$work/guest" "${sources[@]}" \
		> "$work/guest.log" 2>&1 ||
		die "$(grep -a '^E:' "$work/guest.log" | head -n 1) ($dir/.work/guest.log)"
}

# A host has all that a guest has.
host_make() {
	local root=$work/host

	echo "... and one to be its host"
	rm -rf --one-file-system "$root"
	cp -a "$work/guest" "$root"
	printf '%s\n' "${sources[@]}" > "$root/etc/apt/sources.list"
	mount -t proc proc "$root/proc"
	echo exit 101 > "$root/usr/sbin/policy-rc.d"
	chmod +x "$root/usr/sbin/policy-rc.d"
	# shellcheck disable=SC2016,SC2046 # of the inner shell; several
	chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C \
		DEBIAN_FRONTEND=noninteractive sh -e -c 'apt-get -q update
			apt-get -q -y --no-install-recommends install "$@"' more \
		$(packages vmsync-host | tr , ' ') libvirt-daemon-system \
		libvirt-clients qemu-system-x86 procps > "$work/host.log" 2>&1 ||
		die "$(grep -a '^E:' "$work/host.log" | head -n 1) ($dir/.work/host.log)"
	umount "$root/proc"
	rm -f "$root/usr/sbin/policy-rc.d" "$root"/var/cache/apt/archives/*.deb
}

# What can be had without a network.
repository_make() {
	local root=$work/$1

	# With a number, or it would be new at its first boot, and systemd would enable
	# all that libvirt has.
	echo "$1" | md5sum | cut -c 1-32 > "$root/etc/machine-id"
	echo "$1" > "$root/etc/hostname"
	echo "127.0.0.1 localhost $1" > "$root/etc/hosts"
	mkdir -p "$root/srv/debian"
	cp "$work"/lttng/*.deb "$root/srv/debian/"
	(cd "$root/srv/debian" && dpkg-scanpackages . > Packages 2> /dev/null)
	rm -rf "$root"/etc/apt/sources.list "$root"/var/lib/apt/lists/*
	echo "deb [trusted=yes] file:/srv/debian ./" > "$root/etc/apt/sources.list"
	chroot "$root" apt-get -q update > "$work/apt.log" 2>&1 ||
		die "$(tail -n 1 "$work/apt.log")"
}

# Debian 12's own; for 6.12, which that does not know, Debian 13's.
lttng_fetch() {
	local suite=bookworm options

	[ -z "$kernel" ] || suite=trixie
	mkdir -p "$work"/lttng "$work"/apt/{lists/partial,archives/partial}
	echo "deb http://deb.debian.org/debian $suite main" > "$work/apt/list"
	options=(-q -o APT::Sandbox::User=root -o Dir::Etc::SourceList="$work/apt/list"
		-o Dir::Etc::SourceParts=/dev/null -o Dir::State::Lists="$work/apt/lists"
		-o Dir::Cache="$work/apt")
	(cd "$work/lttng" && apt-get "${options[@]}" update &&
		apt-get "${options[@]}" download lttng-modules-dkms) \
		> "$work/apt.log" 2>&1 || die "$(tail -n 1 "$work/apt.log")"
}

# Only the probes that the recording needs stay, and the one that does not build: the lab
# takes seconds to compile each.
lttng_reduce() {
	local probes="irq kvm sched statedump timer" tree=$work/lttng/tree src

	dpkg-deb -R "$work"/lttng/*.deb "$tree"
	src=$(echo "$tree"/usr/src/*)
	cat >> "$src/src/probes/Kbuild" <<-END
		obj-m := \$(filter-out lttng-probe-%,\$(obj-m)) \$(filter \
			\$(patsubst %,lttng-probe-%.o,$probes),\$(obj-m))
	END
	cat >> "$src/dkms.conf" <<-END
		for i in "\${!BUILT_MODULE_NAME[@]}"; do
			case " $probes " in
			*" \${BUILT_MODULE_NAME[i]#lttng-probe-} "*) continue ;;
			esac
			case \${BUILT_MODULE_NAME[i]} in
			lttng-probe-*)
				unset "BUILT_MODULE_NAME[i]" "BUILT_MODULE_LOCATION[i]" \
					"DEST_MODULE_LOCATION[i]" ;;
			esac
		done
		BUILT_MODULE_NAME=("\${BUILT_MODULE_NAME[@]}")
		BUILT_MODULE_LOCATION=("\${BUILT_MODULE_LOCATION[@]}")
		DEST_MODULE_LOCATION=("\${DEST_MODULE_LOCATION[@]}")
	END
	rm "$tree/DEBIAN/md5sums" "$work"/lttng/*.deb
	dpkg-deb -b "$tree" "$work/lttng" > "$work/apt.log" 2>&1 ||
		die "$(tail -n 1 "$work/apt.log")"
	rm -rf "$tree"
}

# "vmsync setup tracer" in the guest's root, as in the lab: on top of it, where nothing
# stays but what ccache keeps.
cache_fill() {
	local t=$work/cache

	echo "compiling LTTng's modules for $release"
	mkdir -p "$t" "$work/ccache"
	mount -t tmpfs none "$t"
	mkdir "$t"/{upper,work,system}
	mount -t overlay -o "lowerdir=$work/guest,upperdir=$t/upper,workdir=$t/work" \
		none "$t/system"
	mount -t proc proc "$t/system/proc"
	mount -t tmpfs none "$t/system/dev"
	mknod -m 666 "$t/system/dev/null" c 1 3
	mknod -m 666 "$t/system/dev/zero" c 1 5
	mknod -m 666 "$t/system/dev/urandom" c 1 9
	ln -s /proc/self/fd "$t/system/dev/fd"
	mkdir -p "$t/system/var/cache/ccache" "$t/system/tmp/debs"
	mount --bind "$work/ccache" "$t/system/var/cache/ccache"
	cp "$debs"/*.deb "$t/system/tmp/debs/"
	# shellcheck disable=SC2016 # of the inner shell
	chroot "$t/system" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
		LC_ALL=C DEBIAN_FRONTEND=noninteractive DEBIAN_KERNEL_USE_CCACHE=1 \
		CCACHE_DIR=/var/cache/ccache CCACHE_INODECACHE=1 sh -e -c '
			dpkg -i --force-depends /tmp/debs/vmsync_*.deb
			dpkg --unpack --force-depends /tmp/debs/vmsync-dkms_*.deb
			vmsync setup tracer --kernel="$1"
			ccache -s' cache "$release" > "$work/cache.log" 2>&1 ||
		die "$(tail -n 1 "$work/cache.log") ($dir/.work/cache.log)"
	umount -R "$t"
}

# image_write ROLE
image_write() {
	mkdir -p "$work/$1/var/cache/ccache"
	cp -r "$work/ccache/." "$work/$1/var/cache/ccache/"
	rm -f "$dir/$1.ext4"
	truncate -s 4G "$dir/$1.ext4"
	mke2fs -q -t ext4 -O ^has_journal -m 0 -d "$work/$1" "$dir/$1.ext4"
}

# What the initial file system needs of the kernel's modules.
modules_take() {
	local ko

	modroot=$work/guest
	# shellcheck source=tests/lab/cpio.sh
	. "$here/../cpio.sh"
	mkdir -p "$dir/modules"
	modules_needed "$release" virtio_pci virtio_blk ext4 overlay 9pnet_virtio 9p |
		while read -r ko; do
			module_copy "$ko" "$dir/modules"
		done > "$work/order"
	mv "$work/order" "$dir/modules/order"
}

done_once lttng eval "lttng_fetch; lttng_reduce"
done_once guest guest_make
done_once host host_make
done_once repositories eval "repository_make guest; repository_make host"
done_once cache cache_fill
modules_take
cp "$work/guest/boot/vmlinuz-$release" "$dir/vmlinuz"
image_write guest
image_write host
mkdir -p "$dir/logs"
mv "$work"/*.log "$dir/logs/"
rm -rf --one-file-system "$work"
echo "$release" > "$dir/release"
echo "systems of a host and a guest with $release: $dir"
