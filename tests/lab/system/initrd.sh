#!/bin/bash
# SPDX-License-Identifier: MIT
#
# initrd.sh WORK DEBS HOST GUEST: the initial file systems of a host and a guest that are
# whole Debian systems, those of the folders HOST and GUEST (image.sh): WORK/l1.cpio and
# WORK/l2.cpio, with what the lab has in each, and the packages that belong there.

set -eu

work=$1 debs=$2 host=$3 guest=$4
here=$(cd "$(dirname "$0")" && pwd)
lab=$(dirname "$here") top=$(cd "$here/../../.." && pwd)
# shellcheck source=tests/lab/cpio.sh
. "$lab/cpio.sh"

# tree_make DIR SYSTEM PACKAGE...
tree_make() {
	local dir=$1 system=$2 name

	shift 2
	rm -rf "$dir"
	mkdir -p "$dir"/{bin,dev,proc,sys,newroot,ro,rw,lab/debs}
	cp /bin/busybox "$dir/bin/"
	cp -r "$system/modules" "$dir/"
	cp "$here/init.sh" "$dir/init"
	cp "$here/lab.service" "$work/lab.conf" "$dir/lab/"
	for name; do
		cp "$debs/${name}"_*.deb "$dir/lab/debs/"
	done
}

tree_make "$work/l1" "$host" vmsync vmsync-dkms vmsync-host
cat > "$work/l1/lab/main" <<-'END'
	#!/bin/sh
	# SPDX-License-Identifier: MIT
	exec bash /run/lab/top/tests/lab/l1.sh
END
chmod +x "$work/l1/lab/main"
archive "$work/l1" "$work/l1.cpio"

tree_make "$work/l2" "$guest" vmsync vmsync-dkms vmsync-guest
mkdir -p "$work/l2/lab/bin" "$work/l2/lab/tests/lab"
cp "$work/load" "$work/l2/lab/bin/"
cp "$here/guest.sh" "$work/l2/lab/main"
cp "$lab/common.sh" "$here/system.sh" "$work/l2/lab/"
cp "$top/README.md" "$work/l2/lab/"
cp "$lab/libvirt.sh" "$work/l2/lab/tests/lab/"
archive "$work/l2" "$work/l2.cpio"
