# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Debian's libvirt for a test: unpacked under build/root-libvirt, never installed, and
# run where the mounts are a test's own, without systemd, dbus or polkit. Sourced by
# tests/check/libvirt.sh and, in the lab's host, by tests/lab/scenarios/libvirt.sh.

# readme TOP WORDS NAME: the command of README.md that begins with WORDS, for the domain
# NAME, which is quoted as a shell wants it. What a new user types is tried as it is there.
readme() {
	sed -n "/^    $2/ { s/^ *//; s/ *#.*//; s/NAME/$3/; p; q }" "$1/README.md"
}

# libvirt_fetch TOP LOG: get and unpack it, once. Return: whether it is there.
libvirt_fetch() {
	local root=$1/build/root-libvirt log=$2 deb

	[ ! -e "$root/.whole" ] || return 0
	mkdir -p "$root/deb"
	(cd "$root/deb" && apt-get -q -o APT::Sandbox::User=root download \
		libvirt-daemon libvirt-clients libvirt-daemon-driver-qemu \
		libvirt0 libyajl2 libssh-4 libparted2 libpcap0.8) \
		> "$log" 2>&1 || return
	for deb in "$root"/deb/*.deb; do
		dpkg -x "$deb" "$root" || return
	done
	: > "$root/.whole"
}

# libvirt_mount TOP: its programs are in /usr with all others
libvirt_mount() {
	mount -t overlay -o "lowerdir=$1/build/root-libvirt/usr:/usr" none /usr
}

# /etc, /run and what libvirt writes in /var are a test's own by now.
libvirt_configure() {
	mkdir -p /etc/libvirt /run/lock /run/libvirt /var/{lib,log,cache}/libvirt
	grep -q ^libvirt-qemu: /etc/passwd || {
		echo libvirt-qemu:x:64055:64055::/:/bin/false >> /etc/passwd
		echo libvirt-qemu:x:64055: >> /etc/group
	}
	grep -q ^kvm: /etc/group || echo kvm:x:64056: >> /etc/group
	echo 'auth_unix_rw = "none"' > /etc/libvirt/libvirtd.conf
	cat > /etc/libvirt/qemu.conf <<-END
		user = "root"
		group = "root"
		security_driver = "none"
		cgroup_controllers = []
		namespaces = []
		dynamic_ownership = 0
		remember_owner = 0
		stdio_handler = "file"
	END
}
