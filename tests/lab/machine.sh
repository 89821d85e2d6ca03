# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# A host machine, L1: by what it is emulated, how it is started, watched and ended. Sourced
# by run.sh.

qemu_pid=

# Nested KVM, tried for real: a machine may show /dev/kvm and still refuse.
kvm_usable() {
	grep -qwE 'svm|vmx' /proc/cpuinfo && [ -w /dev/kvm ] &&
	[ "$(echo quit | timeout -k 2 10 qemu-system-x86_64 -accel kvm \
		-cpu host -nodefaults -display none -S -monitor stdio \
		> "$work/kvm.log" 2>&1; echo $?)" = 0 ]
}

accel_choose() {
	if [ "${LAB_ACCEL-}" != tcg ] && kvm_usable; then
		accel=(-accel kvm -cpu host)
		l2_cpu=host
		accel_name=kvm
	else
		accel=(-accel "tcg,thread=multi" -cpu max)
		# TCG lets a nested XSETBV pass unseen by KVM.
		l2_cpu=host,-xsave
		accel_name=tcg
	fi
}

# The command that runs L1. Where no newer QEMU is to be had, this machine's own.
qemu_choose() {
	qemu=(qemu-system-x86_64)
	[ "$accel_name" = tcg ] || return 0
	if "$here/qemu.sh" > "$work/qemu"; then
		mapfile -t qemu < "$work/qemu"
	else
		stage "no newer QEMU: now and then this machine's own spoils a run"
	fi
}

# Ends QEMU with us, however we end: it is a child of timeout, which hands on
# TERM, and which the kernel tells when we are killed outright.
qemu_end() {
	[ -n "$qemu_pid" ] || return 0
	kill -TERM "$qemu_pid" 2>/dev/null || true
	wait "$qemu_pid" 2>/dev/null || echo "QEMU's exit status: $?" >> "$out/host.qemu"
	qemu_pid=
}
qemu_run() {
	# shellcheck disable=SC2086 # options
	exec setpriv --pdeathsig TERM \
	timeout -k 5 "$((LAB_LIMIT + 3 * LAB_SILENCE))" \
	"${qemu[@]}" -machine "$LAB_MACHINE" "${accel[@]}" \
		-smp "$LAB_L1_CPUS" -m "$LAB_L1_MB" \
		-display none -no-reboot -nodefaults -no-user-config \
		-serial stdio -d cpu_reset -D "$out/host.reset" \
		-kernel "$top/$LAB_VMLINUZ" -initrd "$work/l1.cpio" \
		-append "console=ttyS0 loglevel=5 panic=-1 tsc=reliable no_timer_check mitigations=off $LAB_SLOW_APPEND $LAB_L1_APPEND" \
		-fsdev local,id=r,path=/,security_model=none,readonly=on,multidevs=remap \
		-device virtio-9p-pci,fsdev=r,mount_tag=root \
		-fsdev local,id=t,path="$top",security_model=none,readonly=on,multidevs=remap \
		-device virtio-9p-pci,fsdev=t,mount_tag=top \
		-fsdev local,id=s,path="$out",security_model=none \
		-device virtio-9p-pci,fsdev=s,mount_tag=share \
		"${disks[@]}" "${link[@]}" \
		${LAB_QEMU_EXTRA-} \
		< /dev/null 2> "$out/host.qemu" 9>&-
}

# CPU seconds that the emulation has used. timeout is its parent.
cpu_seconds() {
	local child

	read -r child < "/proc/$qemu_pid/task/$qemu_pid/children" &&
	awk '{ print int(($14 + $15) / 100) }' "/proc/$child/stat"
}

# silent: no heartbeat came for LAB_SILENCE seconds of the emulation's, or three times as
# many of the clock's. Beside other work it has few of its own; in a deadlock, none.
silent() {
	local now

	[ $((SECONDS - beat)) -ge "$LAB_SILENCE" ] || return 1
	now=$(cpu_seconds) || return 0
	[ $((now - beat_cpu)) -ge "$LAB_SILENCE" ] ||
		[ $((SECONDS - beat)) -ge $((3 * LAB_SILENCE)) ]
}

# Shows what stage both machines are at. Their heartbeats come every 4 s, or as
# slowly as the machines are; one that does not come is a hang, whatever the kernel
# still has to say.
watch() {
	local line status beat=$SECONDS beat_cpu=0 said=$SECONDS

	while :; do
		line='' status=0
		IFS= read -r -t 10 line <&7 || status=$?
		if silent; then
			stage "no heartbeat for $((SECONDS - beat)) s"
			echo "@lab silent" >> "$out/host.serial"
			return 0
		fi
		[ $status -le 128 ] || continue
		[ $status = 0 ] || return 0
		line=${line%$'\r'}
		printf '%s\n' "$line" >> "$out/host.serial"
		case $line in
		*"@lab L1 beat"*)
			beat=$SECONDS beat_cpu=$(cpu_seconds || echo 0)
			[ $((SECONDS - said)) -lt "$LAB_SAY" ] ||
				{ said=$SECONDS; stage "$host: goes on"; }
			;;
		*"@lab guest"*" beat "* | *"@lab "*" tainted "*) ;;
		*"@lab L1 "*) stage "$host: ${line#*@lab L1 }" ;;
		*"@lab guest "*) stage "guest: ${line#*@lab guest }" ;;
		*"@lab guest2 "*) stage "guest2: ${line#*@lab guest2 }" ;;
		esac
	done
}

# One host machine, from its begin to its end.
host=host
link=()
machine() {
	exec 7< <(qemu_run)
	qemu_pid=$!
	watch
	qemu_end
	exec 7<&-
}
