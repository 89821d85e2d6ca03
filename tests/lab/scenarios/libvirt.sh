# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: MIT
#
# libvirt: a domain of libvirt's with KVM, prepared by vmsync setup, recorded by vmsync record

LAB_LIBVIRT=yes
LAB_PORT=yes
LAB_L1_MB=4096

# --- in the guest: its agent records it; "load" as often as it is told

guest_record() {
	local word agent

	port_find
	vmsync-agent --device="$device" --rate=20 --spool=/tmp/spool 2> /tmp/agent &
	agent=$!
	say "recording"
	while read -r word < /dev/ttyS0 && [ "$word" = load ]; do
		say "loading"
		load "$LAB_SECONDS" /dev/vda || fail "load"
		say "loaded"
	done
	[ "$word" = stop ] || fail "heard '$word'"
	kill "$agent" || fail "vmsync-agent died: $(cat /tmp/agent)"
	wait "$agent" || fail "vmsync-agent: $(cat /tmp/agent)"
	say "recorded"
}

# --- in the host

installed() { # PROGRAM ARGUMENT...
	local program=$1

	shift
	"$LAB_WORK/vmsync/$program" "$@"
}

disk() { # NAME DEVICE
	echo "<disk type='file' device='disk'><driver name='qemu' type='raw'/>
		<source file='/run/guest.$1'/><target dev='$2' bus='virtio'/></disk>"
}

# As guest_qemu starts it, but for what libvirt adds.
domain_xml() {
	local feature=

	case $LAB_L2_CPU in
	*-xsave*) feature="<feature policy='disable' name='xsave'/>" ;;
	esac
	cat <<-END
		<domain type='kvm'><name>guest</name><memory unit='MiB'>$LAB_L2_MB</memory>
		<vcpu>$LAB_L2_SMP</vcpu><os><type arch='x86_64' machine='pc'>hvm</type>
		<kernel>$LAB_L2_VMLINUZ</kernel><initrd>$LAB_WORK/l2.cpio</initrd>
		<cmdline>$(guest_cmdline)</cmdline></os><features><acpi/><apic/></features>
		<cpu mode='host-passthrough' check='none'>$feature</cpu>
		<on_reboot>destroy</on_reboot><on_crash>destroy</on_crash>
		<devices><emulator>/usr/bin/qemu-system-x86_64</emulator>
		$(disk scratch vda)$(disk img vdb)
		<serial type='pipe'><source path='/run/guest'/></serial>
		<controller type='usb' model='none'/><memballoon model='none'/>
		</devices></domain>
	END
}

libvirt_answers() { virsh -q list > /dev/null 2>&1; }

libvirt_up() {
	. "$LAB_TOP/tests/lab/libvirt.sh"
	mkdir -p /dev/pts
	mount -t devpts devpts /dev/pts
	libvirt_mount "$LAB_TOP" || fail "no overlay for libvirt"
	libvirt_configure
	installed bin/vmsync setup host > /share/setup 2>&1 ||
		fail "setup host: $(tail -n 1 /share/setup)"
	libvirtd > /share/libvirtd 2>&1 &
	until_true "libvirtd does not start" libvirt_answers
	mkdir -p /run/vmsync
	installed sbin/vmsyncd --control=/run/vmsync/control --hook=/run/vmsync/hook \
		2> /share/vmsyncd &
	say "libvirtd is up"
}

host_prepare() { :; }
guest_monitor() { :; }

guest_boot() {
	probes_more=,kvm
	session_daemon vmsync,vmsync-kvm || fail "lttng-sessiond"
	libvirt_up
	domain_xml > /run/guest.xml
	virsh -q define /run/guest.xml 2> /share/virsh ||
		fail "virsh define: $(tail -n 1 /share/virsh)"
	installed bin/vmsync setup guest guest >> /share/setup 2>&1 ||
		fail "setup guest: $(tail -n 1 /share/setup)"
	virsh -q start guest 2> /share/virsh ||
		fail "virsh start: $(tail -n 1 /share/virsh)"
	virsh dumpxml guest > /share/guest.xml
	guest_is "$(cat /run/libvirt/qemu/guest.pid)"
}

# libvirt sees that the guest has its port open, vmsyncd that it is connected.
agent_there() {
	virsh dumpxml guest 2> /dev/null | grep -q "state='connected'" &&
		[ "$(installed bin/vmsync status --json 2> /dev/null |
		jq '.guests[0] | .connected and (.vcpu_threads | length > 0)')" = true ]
}

# What is run meanwhile: the guest's load, and the host's beside it.
meanwhile='said() { grep -qE "@lab guest ($1|gone|silent|fail)" /run/guest.said; }
	echo load > /run/guest.in
	until said loading; do sleep 0.3; done
	"$0/load" spin 2
	until said loaded; do sleep 0.3; done'

host_record() {
	local status

	tell go
	await recording
	until_true "no agent at the port" agent_there
	truth before
	say "recording"
	installed bin/vmsync record -o /run/recorded --vm guest -- \
		bash -c "$meanwhile" "$LAB_WORK" > /share/record.out 2>&1
	status=$?
	truth after
	guest_check
	[ $status -le 1 ] || fail "vmsync record: $(tail -n 1 /share/record.out)"
	say "recorded, status $status"
	tell stop
	await recorded
	clocksource_check tsc || lost "the host machine left the TSC"
	mkdir /share/record
	cp /run/recorded/{record.json,report.txt,analysis.txt,fused/vmsync-map.json} \
		/share/record/ || fail "not all was recorded"
	cp -r /run/recorded/host/kernel /share/host &&
		cp -r /run/recorded/host/ust /share/host/ || fail "no trace of the host"
}

# The agent's folders have numbers: one is the kernel's, one the port's.
guest_trace() {
	local kernel ust

	kernel=$(grep -la 'domain = "kernel"' /run/recorded/guests/guest/*/metadata)
	ust=$(grep -la 'domain = "ust"' /run/recorded/guests/guest/*/metadata)
	[ -n "$kernel" ] && [ -n "$ust" ] || fail "no trace of the guest"
	cp -r "${kernel%/*}" /share/guest && cp -r "${ust%/*}" /share/guest/ust &&
		cp /run/recorded/guests/guest/.vmsync-domain /share/guest/ ||
		fail "no trace of the guest"
}
