# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Guests that are domains of libvirt's, prepared by "vmsync setup" and recorded by
# "vmsync record": what the scenarios have in common that set LAB_LIBVIRT. Sourced by
# l1.sh, whose functions about guests these replace; domains are called as guests are.

installed() { # PROGRAM ARGUMENT...
	local program=$1

	shift
	# shellcheck disable=SC2153 # not LAB_PORT
	"$LAB_WORK/vmsync/$program" "$@"
}

# --- domains

disk() { # NAME DEVICE
	echo "<disk type='file' device='disk'><driver name='qemu' type='raw'/>
		<source file='/run/$at.$1'/><target dev='$2' bus='virtio'/></disk>"
}

# What a scenario may add to its devices, and what becomes of it when it reboots.
domain_devices() { :; }
domain_reboot() { echo destroy; }

# As guest_qemu starts it, but for what libvirt adds.
domain_xml() {
	local feature='' size append

	append=$(guest_cmdline)
	guest_size
	case $LAB_L2_CPU in
	*-xsave*) feature="<feature policy='disable' name='xsave'/>" ;;
	esac
	cat <<-END
		<domain type='kvm'><name>$at</name><memory unit='MiB'>${size[3]}</memory>
		<vcpu>${size[1]}</vcpu><os><type arch='x86_64' machine='pc'>hvm</type>
		<kernel>$LAB_L2_VMLINUZ</kernel><initrd>$LAB_WORK/l2.cpio</initrd>
		<cmdline>$append</cmdline></os><features><acpi/><apic/></features>
		<cpu mode='host-passthrough' check='none'>$feature</cpu>
		<on_reboot>$(domain_reboot)</on_reboot><on_crash>destroy</on_crash>
		<devices><emulator>/usr/bin/qemu-system-x86_64</emulator>
		$(disk scratch vda)$(disk img vdb)
		<serial type='pipe'><source path='/run/$at'/></serial>
		<controller type='usb' model='none'/><memballoon model='none'/>
		$(domain_devices)</devices></domain>
	END
}

virsh_says() { # ARGUMENT...
	virsh -q "$@" 2> /share/virsh || fail "virsh $1: $(tail -n 1 /share/virsh)"
}

libvirt_answers() { virsh -q list > /dev/null 2>&1; }

libvirtd_start() {
	libvirtd >> /share/libvirtd 2>&1 &
	# shellcheck disable=SC2034 # for a scenario
	libvirtd_pid=$!
	until_true "libvirtd does not start" libvirt_answers
}

# A command to run vmsync's programs by, where a scenario gives them another view of
# the machine.
vmsync_in=

vmsyncd_start() {
	# shellcheck disable=SC2086 # a command and its options
	$vmsync_in "$LAB_WORK/vmsync/sbin/vmsyncd" --control=/run/vmsync/control \
		--hook=/run/vmsync/hook 2>> /share/vmsyncd &
	# shellcheck disable=SC2034 # for a scenario
	vmsyncd_pid=$!
}

libvirt_up() {
	. "$LAB_TOP/tests/lab/libvirt.sh"
	mkdir -p /dev/pts /run/vmsync /run/modules
	mount -t devpts devpts /dev/pts
	# The kernel's modules are below /usr, too.
	mount --rbind /lib/modules /run/modules
	libvirt_mount "$LAB_TOP" || fail "no overlay for libvirt"
	mount --rbind /run/modules /lib/modules || fail "no modules beside libvirt"
	libvirt_configure
	PATH=$LAB_WORK/vmsync/bin:$PATH
	eval "$(readme "$LAB_TOP" "vmsync setup host")" > /share/setup 2>&1 ||
		fail "setup host: $(tail -n 1 /share/setup)"
	libvirtd_start
	vmsyncd_start
	say "libvirtd is up"
}

# A guest whose agent is not there has no port: a scenario says which.
domain_has_port() { :; }

domain_start() {
	domain_xml > "/run/$at.xml"
	virsh_says define "/run/$at.xml"
	if domain_has_port; then
		eval "$(readme "$LAB_TOP" "vmsync setup guest" "$at")" >> /share/setup 2>&1 ||
			fail "setup guest $at: $(tail -n 1 /share/setup)"
	fi
	virsh_says start "$at"
	virsh dumpxml "$at" > "/share/$at.xml"
	guest_is "$(cat "/run/libvirt/qemu/$at.pid")"
}

# libvirt sees that the guest has its port open, vmsyncd that it is connected.
agent_there() {
	virsh dumpxml "$at" 2> /dev/null | grep -q "state='connected'" &&
		[ "$(installed bin/vmsync status --json 2> /dev/null |
		jq --arg name "$at" '.guests[] | select(.name == $name) |
			.connected and (.vcpu_threads | length > 0)')" = true ]
}

# --- what l1.sh does with guests

probes_more=,kvm

# A daemon that is there is taken by vmsyncd's events from the begin.
host_daemon() { session_daemon vmsync,vmsync-kvm || fail "lttng-sessiond"; }

host_prepare() { :; }
guest_monitor() { :; }

guest_boot() {
	if [ "$at" = guest ]; then
		host_daemon
		libvirt_up
	fi
	domain_start
}

# --- vmsync record

# recording_start NAME: of all guests, into /run/NAME, until recording_end NAME
recording_start() {
	local at vm=()

	for at in $guests; do
		vm+=(--vm "$at")
	done
	# shellcheck disable=SC2086 # a command and its options
	recording_by "$1" $vmsync_in "$LAB_WORK/vmsync/bin/vmsync" record -o "/run/$1" \
		"${vm[@]}" --
}

# recording_by NAME COMMAND...: a command that records while another one runs, which we
# give it. When that one begins, /run/recording says.
recording_by() {
	local name=$1

	shift
	rm -f /run/recording /run/enough
	# shellcheck disable=SC2016 # of the inner shell
	"$@" bash -c '"$0/now" > /run/recording
		until [ -e /run/enough ]; do sleep 0.3; done' "$LAB_WORK" \
		> "/share/$name.out" 2>&1 &
	recording_pid=$!
	until_true "$name does not begin" recording_began
	say "recording $name"
}

recording_began() {
	guest_check
	[ -e /run/recording ] || ! kill -0 "$recording_pid" 2> /dev/null
}

# As long as it takes to fetch what guests recorded.
recording_wait() {
	local since=$SECONDS

	while kill -0 "$recording_pid" 2> /dev/null; do
		guest_check
		if [ $((SECONDS - since)) -gt $((2 * LAB_SILENCE)) ]; then
			ps -ef > /share/processes
			fail "recording $1 does not end"
		fi
		sleep 0.5
	done
}

# $recording_status: 0, or 1 where the scenario looks why.
recording_end() {
	: > /run/enough
	recording_wait "$1"
	recording_status=0
	wait "$recording_pid" || recording_status=$?
	guest_check
	{ [ $recording_status -le 1 ] && [ -e /run/recording ]; } ||
		fail "recording $1: $(tail -n 1 "/share/$1.out")"
	say "recorded $1, status $recording_status"
}

# recording_as_readme NAME: as a new user types it, for as long as it says there
recording_as_readme() {
	# nsenter begins at the root of the other view.
	# shellcheck disable=SC2086 # a command and its options
	$vmsync_in sh -c "cd /run && $(readme "$LAB_TOP" "vmsync record" "$at")" \
		> "/share/$1.out" 2>&1 &
	recording_pid=$!
	recording_wait "$1"
	recording_status=0
	wait "$recording_pid" || recording_status=$?
	{ [ $recording_status -le 1 ] && mv /run/out "/run/$1"; } ||
		fail "recording $1: $(tail -n 1 "/share/$1.out")"
	say "recorded $1, status $recording_status"
}

# load_all: every guest's load at once, and the host's beside it
load_all() {
	each tell load
	each await loading
	"$LAB_WORK/load" spin 2
	each await loaded
}

# Every guest hears, and is seen at its port.
ready_all() {
	each tell go
	each await recording
	each until_true "no agent at the port" agent_there
}

recording_over() {
	each tell stop
	each await recorded
	clocksource_check tsc || lost "the host machine left the TSC"
}

# recording_copy NAME FOLDER: what it says of what it recorded
recording_copy() {
	local from=/run/$1 to=/share/$2

	mkdir "$to"
	cp "$from"/{record.json,report.txt,fused/vmsync-map.json} "$to/" ||
		fail "not all was recorded"
	[ ! -e "$from/analysis.txt" ] || cp "$from/analysis.txt" "$to/"
}

# host_trace NAME, trace_take NAME: a trace of "vmsync record", laid as those that are
# recorded by hand. The agent's folders have numbers: one is the kernel's, one the
# port's.
host_trace() {
	{
		cp -r "/run/$1/host/kernel" /share/host &&
			cp -r "/run/$1/host/ust" /share/host/
	} || fail "no trace of the host"
}

trace_take() {
	local kernel ust from=/run/$1/guests/$at

	kernel=$(grep -la 'domain = "kernel"' "$from"/*/metadata)
	ust=$(grep -la 'domain = "ust"' "$from"/*/metadata)
	{ [ -n "$kernel" ] && [ -n "$ust" ]; } || fail "no trace of $at"
	{
		cp -r "${kernel%/*}" "/share/$at" && cp -r "${ust%/*}" "/share/$at/ust" &&
			cp "$from/.vmsync-domain" "/share/$at/"
	} || fail "no trace of $at"
}
