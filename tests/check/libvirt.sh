#!/bin/bash
# SPDX-License-Identifier: MIT
#
# vmsync setup and vmsyncd with a real libvirtd and a real QEMU, in plain emulation:
# domains that are defined, started, ended, with hostile names; the hook; libvirtd
# and vmsyncd started anew beside running domains; and a guest that boots Debian's
# kernel with vmsync-agent, recorded by one command, without KVM or any module.
#
# Libvirt is unpacked under build/root-libvirt, never installed, and runs in a mount
# namespace of its own: the machine's is not touched. Domains have no disk; all but
# the last boot nothing. Its kernel is that of build/packages.env.
. tests/check/lib.sh
. tests/lab/libvirt.sh

t=$check_tmp/t
mkdir "$t"

# once inside of the namespace
if [ -z "${LIBVIRT_INSIDE:-}" ]; then
	expect "the tool builds" make -s -j2 tool
	if ! make -s port > "$check_out" 2>&1 ||
		! command -v qemu-system-x86_64 > /dev/null
	then
		skip "libvirt: no liblttng-ust-dev or no QEMU here"
		finish
	fi
	if ! libvirt_fetch "$PWD" "$check_out"; then
		skip "libvirt: its packages are not to be had ($(tail -n 1 "$check_out"))"
		finish
	fi
	private=()
	unshare -m true 2> /dev/null || private=(--propagation unchanged)
	if ! unshare -m "${private[@]}" bash -c \
		". tests/lab/libvirt.sh; libvirt_mount '$PWD'" 2> "$check_out"
	then
		skip "libvirt: no overlay here ($(tail -n 1 "$check_out"))"
		finish
	fi
	make -s install PREFIX="$t/vmsync" > "$check_out" 2>&1 ||
		fail "make install: $(tail -n 1 "$check_out")"
	if [ -e build/packages.env ] && command -v lttng-sessiond > /dev/null; then
		tests/check/emulated.sh "$t" > "$t/kernel" 2> "$check_out" ||
			fail "a guest's file system: $(tail -n 1 "$check_out")"
	fi
	LIBVIRT_INSIDE=$t unshare -m "${private[@]}" bash "$0" > "$check_out" 2>&1
	grep -v ' passed, ' "$check_out"
	add_counts "$check_out" || fail "it ended without a count: $(tail -n 3 "$check_out")"
	finish
fi

t=$LIBVIRT_INSIDE
vmsync=$t/vmsync/bin/vmsync
PATH=$t/vmsync/bin:$PATH
libvirt_mount "$PWD"
mkdir "$t/etc" "$t/work"
mount -t tmpfs none "$t/etc"
mkdir "$t/etc/upper" "$t/etc/work"
mount -t overlay -o "lowerdir=/etc,upperdir=$t/etc/upper,workdir=$t/etc/work" none /etc
for dir in /run /var/lib /var/log /var/cache; do
	mount -t tmpfs none $dir
done
libvirt_configure
libvirtd='' daemon=''
# shellcheck disable=SC2317 # at the end
end() {
	local pid

	for pid in /run/libvirt/qemu/*.pid; do
		[ "${pid##*/}" = driver.pid ] || kill "$(cat "$pid")" 2> /dev/null
	done
	kill ${libvirtd:+"$libvirtd"} ${daemon:+"$daemon"} 2> /dev/null
	wait
	rm -rf "$check_tmp"
}
trap end EXIT

libvirt_start() {
	libvirtd > "$t/libvirtd.log" 2>&1 &
	libvirtd=$!
	for _ in $(seq 300); do
		virsh -q list > /dev/null 2>&1 && return
		sleep 0.1
	done
	fail "libvirtd does not start: $(tail -n 1 "$t/libvirtd.log")"
	finish
}
vmsyncd_start() {
	"$t/vmsync/sbin/vmsyncd" --control=/run/vmsync/control \
		--hook=/run/vmsync/hook 2>> "$t/said" &
	daemon=$!
}
status() {
	"$vmsync" status --json > "$t/json" 2> "$t/err"
}
until_is() { # TEXT EXPRESSION WANTED
	local got=
	for _ in $(seq 600); do
		status && got=$(jq -r "$2" "$t/json") && [ "$got" = "$3" ] && break
		sleep 0.1
	done
	expect_eq "$1" "$got" "$3"
}
define() { # NAME, as XML [DEVICES [OS [MEMORY]]]
	cat > "$t/domain.xml" <<-END
		<domain type='qemu'><name>$1</name><memory unit='MiB'>${4:-32}</memory>
		<vcpu>2</vcpu><os><type arch='x86_64' machine='q35'>hvm</type>$3</os>
		<devices><emulator>/usr/bin/qemu-system-x86_64</emulator>$2</devices>
		</domain>
	END
	expect "a domain is defined" virsh -q define "$t/domain.xml"
}
setup() { # STATUS ARGUMENT...
	local want=$1
	shift
	"$vmsync" setup "$@" > "$t/out" 2> "$t/err"
	expect_eq "setup $*: exit status" $? "$want"
}
# What README.md says, line by line, but to load a module, of which there is none here.
top=$PWD
mkdir "$t/user"
as_readme() { (cd "$t/user" && eval "$(readme "$top" "$1" "'emu \"lated\"'")"); }

# --- the host: the hook is there before libvirtd starts

setup 0 host --dry-run
expect "... says what it would do" grep -q "would make the link .*qemu.d/vmsync" "$t/out"
expect "... and does not" test ! -e /etc/libvirt/hooks/qemu.d/vmsync
expect "README: vmsync setup host" as_readme "vmsync setup host"
expect "... does it" test -x /etc/libvirt/hooks/qemu.d/vmsync
setup 0 host
expect_eq "... once" "$(grep -c link "$t/out")" 0
libvirt_start
mkdir -p /run/vmsync
vmsyncd_start
until_is "vmsyncd is there" '.guests | length' 0

# --- guests

# shellcheck disable=SC2016 # nothing that is to be expanded
name='a <b> & "c" $(id)'
# shellcheck disable=SC2016 # nothing that is to be expanded
define 'a &lt;b&gt; &amp; "c" $(id)' "<controller type='virtio-serial' index='0'/>"
setup 0 guest "$name" --dry-run
expect "... says what it would do" grep -qF 'would add the port to the definition of a <b>' "$t/out"
expect_eq "... and does not" "$(virsh dumpxml "$name" | grep -c vmsync)" 0
expect "it starts" virsh -q start "$name"
until_is "vmsyncd sees it" '.guests[0] | .name + ":" + .port' "$name:none"
# libvirt writes what it knows of a domain several times while it starts.
until_is "... and its virtual CPUs" '.guests[0].vcpu_threads | length' 2
expect_eq "... with QEMU's process" "$(jq .guests[0].pid "$t/json")" \
	"$(cat /run/libvirt/qemu/a*.pid)"
expect_eq "... and the threads of its vCPUs" \
	"$(jq -r '.guests[0].vcpu_threads[]' "$t/json" |
		while read -r tid; do cat "/proc/$tid/comm"; done | paste -sd,)" \
	"CPU 0/TCG,CPU 1/TCG"
setup 0 guest "$name"
expect_eq "... stored and at once" "$(grep -c '^add the port' "$t/out")" 2
until_is "vmsyncd is connected" '.guests[0].connected' true
expect_eq "... to QEMU" "$(jq '.guests[0] | .peer_pid == .pid' "$t/json")" true
setup 0 guest "$name"
expect_eq "... is done once" "$(cat "$t/out")" ""
expect "libvirt sees somebody there" grep -q 'org.vmsync.agent.0' \
	<(virsh dumpxml "$name")

# --- who is started anew harms nobody

kill $libvirtd
wait $libvirtd
status
expect_eq "libvirtd has ended: the guest stays" "$(jq .guests[0].connected "$t/json")" true
libvirt_start
expect_eq "libvirtd again: the domain runs" "$(virsh domstate "$name" | head -n 1)" running
until_is "... and is connected" '[.guests[] | .connected] | join(" ")' true
kill -KILL $daemon
wait $daemon 2> /dev/null
expect_eq "vmsyncd is killed: the domain runs" "$(virsh domstate "$name" | head -n 1)" running
define second
expect "... another one starts, the hook notwithstanding" virsh -q start second
setup 1 guest second
expect "... which gets the port at its next start" grep -q 'from its next start on' "$t/err"
vmsyncd_start
until_is "vmsyncd again: both are there" '[.guests[] | .connected] | sort | map(tostring) | join(" ")' \
	"false true"
kill -STOP $daemon
for _ in $(seq 1000); do
	/etc/libvirt/hooks/qemu.d/vmsync second start begin -
done
expect "vmsyncd hangs, its socket is full: a domain ends" virsh -q destroy second
expect "... and starts" virsh -q start second
kill -CONT $daemon
until_is "... and is connected" '[.guests[] | .connected] | map(tostring) | join(" ")' \
	"true true"

# What libvirt itself writes is elsewhere.
kill $daemon
wait $daemon
mount -t tmpfs -o size=64k none /run/vmsync
vmsyncd_start
until_is "vmsyncd on a small disk: both are there" \
	'[.guests[] | .connected] | map(tostring) | join(" ")' "true true"
cat /dev/zero > /run/vmsync/zero 2> /dev/null
expect "the disk is full: a domain ends" virsh -q destroy second
expect "... and starts" virsh -q start second
until_is "... and is connected" '[.guests[] | .connected] | map(tostring) | join(" ")' \
	"true true"

# --- and back

# A guest that boots nothing does not let go of a device.
setup 1 guest second --undo
expect "... stays as it is while it runs" grep -q 'from its next start on' "$t/err"
expect_eq "... of its definition" "$(virsh dumpxml --inactive second | grep -c vmsync)" 0
expect "a domain is ended" virsh -q destroy "$name"
until_is "... and gone" '[.guests[].name] | join(" ")' second
setup 2 guest "no such domain"
expect "... is told of" grep -q "no such domain" "$t/err"
setup 0 host --undo
expect "... takes the hook away" test ! -e /etc/libvirt/hooks/qemu.d/vmsync
expect "a domain is ended" virsh -q destroy second

# --- a guest with an agent, in emulation

if [ ! -s "$t/kernel" ]; then
	skip "a guest with an agent: no kernel (run modules first), or no lttng-tools"
	finish
fi
mount -t tmpfs none /dev/shm
mkdir -p /run/lttng "$t/home"
export HOME=$t/home
# vmsyncd's events go to this one; there is no tracer of the kernel.
kill $daemon
wait $daemon
lttng-sessiond --no-kernel > "$t/sessiond.log" 2>&1 &
sessiond=$!
for _ in $(seq 100); do
	lttng list > /dev/null 2>&1 && break
	sleep 0.1
done
vmsyncd_start
define 'emu "lated"' "<serial type='file'><source path='$t/serial'/></serial>" \
	"<kernel>$(cat "$t/kernel")</kernel><initrd>$t/guest.cpio</initrd>
	<cmdline>console=ttyS0 quiet panic=-1</cmdline>" 512
expect "README: vmsync setup guest" as_readme "vmsync setup guest"
expect "README: virsh start: it boots" as_readme "virsh start"
# The agent opens the port some seconds later, which libvirt sees.
for _ in $(seq 900); do
	virsh dumpxml 'emu "lated"' 2> /dev/null | grep -q "state='connected'" && break
	sleep 0.2
done
expect "an agent is there" grep -q "state='connected'" \
	<(virsh dumpxml 'emu "lated"')
as_readme "vmsync record" > "$t/record.out" 2> "$t/err"
status=$?
expect "README: vmsync record: exit status $status" test $status -le 1
mv "$t/user/out" "$t/recorded"
cp "$t/recorded/record.json" "$t/json"
expect_eq "... by its agent" "$(jq -r '.guests[] | .name + ":" + .how' "$t/json")" \
	'emu "lated":agent'
expect_eq "... under a name for files" "$(ls "$t/recorded/guests")" emu___lated__
"$vmsync" sync --json "$t/recorded/host" "$t/recorded/guests" > "$t/json"
expect_eq "... with a map by port" \
	"$(jq -r '.agrees, (.guests[0].methods | keys | join(" "))' "$t/json" | paste -sd' ')" \
	"true port"
expect_eq "... answered by QEMU, as libvirt has it" "$(jq .guests[0].vm_pid "$t/json")" \
	"$(cat /run/libvirt/qemu/emu*.pid)"
expect_eq "... called by its domain" \
	"$(jq -r '.guests[0] | .domain + ", " + .name + ", " + .hostname' "$t/json")" \
	'emu "lated", emu___lated__, emulated'
expect "... also where it is fused" test -d "$t/recorded/fused/guest-emu___lated__"
expect "... of $(jq .guests[0].beacons.matched "$t/json") beacons" \
	test "$(jq .guests[0].beacons.matched "$t/json")" -gt 10
expect "... and fused" babeltrace2 "$t/recorded/fused"
# Of its memory, by libvirt's monitor, which says where that lies in QEMU.
"$vmsync" memory --json 'emu "lated"' > "$t/json" 2> "$t/err"
expect_eq "vmsync memory: exit status $(cat "$t/err")" $? 0
expect_eq "... of QEMU" "$(jq '.[0].pid' "$t/json")" "$(cat /run/libvirt/qemu/emu*.pid)"
expect_eq "... by its name" "$(jq -r '.[0].name' "$t/json")" 'emu "lated"'
expect "... all of it: $(jq '.[0].pages' "$t/json") pages" \
	test "$(jq '.[0].pages' "$t/json")" -gt $((500 * 256))
expect "... free in the guest: $(jq '.[0].free_pages' "$t/json") pages" \
	test "$(jq '.[0].free_pages' "$t/json")" -gt $((200 * 256))
expect_eq "... with its balloon" "$(jq '.[0].balloon.free_page_reporting' "$t/json")" false
expect "a domain is ended" virsh -q destroy 'emu "lated"'
kill $daemon
wait $daemon
daemon=
kill $sessiond
wait $sessiond
finish
