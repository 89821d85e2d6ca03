#!/bin/bash
# SPDX-License-Identifier: MIT
#
# vmsync doctor: every line that it can say, of systems made of a few files.
. tests/check/lib.sh

expect "the tool builds" make -s -j2 tool
vmsync=$PWD/build/vmsync top=$PWD
build=$PWD/build/release
cd "$check_tmp" || exit 2
release=6.1.0-56-amd64
source=sys/devices/system/clocksource/clocksource0

# put TEXT FILE...: files of the system "s"
put() {
	local text=$1 f
	shift
	for f; do
		mkdir -p "s/$(dirname "$f")"
		echo "$text" > "s/$f"
	done
}

# system host|guest: one that lacks nothing
system() {
	rm -rf s
	put $release proc/sys/kernel/osrelease
	put "updates/dkms/vmsync.ko:
updates/dkms/vmsync-host.ko: updates/dkms/vmsync.ko
updates/dkms/vmsync-guest.ko.xz: updates/dkms/vmsync.ko.xz
extra/lttng-probe-vmsync.ko: extra/vmsync.ko
extra/lttng-probe-vmsync-kvm.ko: extra/vmsync.ko
extra/lttng-tracer.ko:" lib/modules/$release/modules.dep
	put "" lib/modules/$release/build/Makefile usr/bin/lttng-sessiond
	put "Name:	x
Uid:	1000	1000	1000	1000
Groups:	27 133 " proc/self/status
	put "tracing:x:133:" etc/group
	put 1 proc/sys/kernel/ftrace_enabled
	put N sys/module/module/parameters/sig_enforce
	put "[none] integrity confidentiality" sys/kernel/security/lockdown
	if [ "$1" = host ]; then
		put "" dev/kvm sys/module/vmsync_host/x
		put "tsc hpet acpi_pm" $source/available_clocksource
		put tsc $source/current_clocksource
		put "qemu-system-x86" proc/200/comm
		put "CPU 0/KVM" proc/200/task/201/comm
	else
		put "" sys/module/vmsync_guest/x
		put "kvm-clock tsc" $source/available_clocksource
		put kvm-clock $source/current_clocksource
	fi
}

# says STATE NAME FOUND REMEDY: of the system as it is now, text and JSON; the
# patterns are extended regular expressions, "" is none
says() {
	local status
	$vmsync doctor --root=s > text 2>&1
	status=$?
	cat text >> seen
	expect_eq "$1 $2: exit status" $status "$([ "$1" = ok ]; echo $?)"
	expect "$1 $2: $3" grep -qE "^$1 +$2: .*$3" text
	[ -z "$4" ] || expect "... $4" grep -qE -- "^        -> .*$4" \
		<(grep -A1 "^$1 *$2: " text)
	$vmsync doctor --root=s --json > json
	expect_eq "... in json" "$(jq -r ".checks[] | select(.name == \"$2\") | .state" json)" "$1"
	expect_eq "... and the remedy" "$(jq -r ".checks[] | select(.name == \"$2\") | .remedy != \"\"" json)" \
		"$([ -n "$4" ] && echo true || echo false)"
}

system host
says ok kernel $release ""
says ok kvm /dev/kvm ""
says ok vmsync-host loaded ""
says ok lttng-probe-vmsync-kvm built ""
says ok lttng-probe-vmsync built ""
says ok kprobes on ""
says ok thread-names "1 of 1 QEMU" ""
says ok headers $release ""
says ok signatures "not asked" ""
says ok lttng lttng-sessiond ""
says ok trace.dat "can be read" ""
says ok lttng-modules "lttng-sessiond loads" ""
says ok clocksource tsc ""
says ok permissions "root, or of group" ""
says ok disk "MiB free" ""
expect_eq "all is well" "$(jq -r .state json) $(jq -c '[.host, .guest]' json)" \
	"ok [true,false]"
expect "a host" grep -qx "a KVM host, kernel $release" text

put "" sys/module/lttng_tracer/x
says ok lttng-modules loaded ""
put "" proc/300/x && put "bash" proc/300/comm
says ok thread-names "1 of 1 QEMU" ""
put "Uid:	0	0	0	0" proc/self/status
sed -i '1i Name:	x' s/proc/self/status
says ok permissions "root" ""

rm s/dev/kvm
says lacks kvm "no /dev/kvm" "modprobe kvm_amd"
system host
rm -r s/sys/module/vmsync_host
says limits vmsync-host "built for $release, not loaded" "modprobe vmsync-host"
sed -i '/vmsync-host/d' s/lib/modules/$release/modules.dep
says limits vmsync-host "not built for $release" "vmsync-dkms"
# Needed by another one is not there.
sed -i '/^extra.lttng-probe-vmsync.ko/s/.*/x.ko: extra\/lttng-probe-vmsync.ko/' \
	s/lib/modules/$release/modules.dep
says limits lttng-probe-vmsync "not built" "vmsync setup tracer"
sed -i '/probe-vmsync-kvm/d' s/lib/modules/$release/modules.dep
says limits lttng-probe-vmsync-kvm "not built" "vmsync setup tracer"
system host
put 0 proc/sys/kernel/ftrace_enabled
says limits kprobes off "sysctl kernel.ftrace_enabled=1"
put 1 proc/sys/kernel/ftrace_enabled
put 0 sys/kernel/debug/kprobes/enabled
says limits kprobes off "kprobes/enabled"
system host
put "qemu-system-x86" proc/400/comm proc/400/task/401/comm
says limits thread-names "1 of 2 QEMU" "debug-threads=on"
rm -r s/lib/modules/$release/build
says limits headers "none of $release" "linux-headers-$release"
system host
put Y sys/module/module/parameters/sig_enforce
says limits signatures sig_enforce "mokutil --import"
put N sys/module/module/parameters/sig_enforce
put "none [integrity] confidentiality" sys/kernel/security/lockdown
says limits signatures lockdown "mokutil --import"
system host
rm s/usr/bin/lttng-sessiond
says lacks lttng "no lttng-sessiond" "apt install lttng-tools"
system host
sed -i '/lttng-tracer/d' s/lib/modules/$release/modules.dep
says lacks lttng-modules "not built for $release" "vmsync setup tracer"
system host
put hpet $source/current_clocksource
says limits clocksource "hpet: not a clock" "echo tsc >"
rm s/$source/current_clocksource
says limits clocksource "not known" current_clocksource
system host
put "tracing:x:134:" etc/group
says lacks permissions "neither root" "usermod -aG tracing"
system host
for other in 5.10.0-28-amd64 6.13.0 7.1.0; do
	put $other proc/sys/kernel/osrelease
	says limits kernel "$other, which" "6.1 to 6.12"
done
# What a file says does not reach the terminal as it is.
put "$(printf '6.1.0\033[2J')" proc/sys/kernel/osrelease
$vmsync doctor --root=s > text
expect "a hostile release" test -z "$(tr -d '[:print:]\n' < text)"

# Little room: a file system of its own.
system host
mkdir small
expect "a small disk" unshare -m sh -c "mount -t tmpfs -o size=20m x small &&
	cp -r s small/ && $vmsync doctor --root=small/s > text; cat text >> seen;
	grep -A1 '^limits  disk: .* MiB free' text | grep -q snapshot"
expect "no home" sh -c "env -u HOME $vmsync doctor | tee -a seen |
	grep -A1 '^limits  disk: no home' | grep -q output="

system guest
says ok vmsync-guest loaded ""
says ok clocksource kvm-clock ""
expect "a guest" grep -qx "a KVM guest, kernel $release" text
expect_eq "... is no host" "$(jq -c '[.host, .guest]' json)" "[false,true]"
rm -r s/sys/module/vmsync_guest
says limits vmsync-guest "built for $release, not loaded" "modprobe vmsync-guest"
sed -i '/vmsync-guest/d' s/lib/modules/$release/modules.dep
says limits vmsync-guest "not built for $release" "vmsync-dkms"
put "" sys/module/vmsync_guest/x sys/module/lttng_probe_vmsync/x
sed -i '/probe-vmsync/d' s/lib/modules/$release/modules.dep
says ok lttng-probe-vmsync built ""
put hpet $source/current_clocksource
says limits clocksource "hpet: not a clock" "echo kvm-clock >"
# Every guest has it where virtualization is nested.
put "" dev/kvm
$vmsync doctor --root=s > text
expect "/dev/kvm alone makes no host" grep -q "^a KVM guest, kernel" text
for f in usr/bin/qemu-system-x86_64 usr/libexec/qemu-kvm sys/module/vmsync_host/x; do
	put "" $f
	$vmsync doctor --root=s > text
	expect "both, by $f" grep -q "^a guest that is a KVM host as well" text
	rm -r "s/${f%/x}"
done
$vmsync doctor --root=s --host > text
expect "--host" grep -q "^a KVM host," text

# A tool that was built without libtracecmd.
system host
echo 'int cmd_doctor(int, char **);
int main(int n, char **v) { return cmd_doctor(n, v); }' > without.c
expect "one without libtracecmd" sh -c "${CC:-cc} -o without without.c \
	$build/host/cmd_doctor.o $build/host/cmd_common.o $build/libvmsync.a -pthread -lm"
./without --root=s > text
expect_eq "... says so by its exit status" $? 1
expect "... and in a line" sh -c \
	"grep -A1 '^limits  trace.dat: .* cannot be read' text | grep -q libtracecmd-dev"
cat text >> seen

# Every line of the source, found and remedy, was printed above.
tr '\n' ' ' < "$top/host/doctor/doctor.c" | grep -oE '(say|remedy)\(c,[^"]*"[^"]*"' |
	sed 's/^[^"]*"//; s/"$//' | sort -u > lines
expect "lines are found in the source" test "$(wc -l < lines)" -ge 30
while read -r line; do
	expect "it was printed: $line" grep -qE -- "^([a-z]+ +[a-z.-]+: | +-> )$(
		printf '%s' "$line" | sed -E 's/%(llu|[sud])/\x01/g; s/[][().*+?^$|]/\\&/g; s/\x01/.*/g')\$" seen
done < lines

mkdir -p none
expect_error "not a system" "none/proc: no kernel" "$vmsync" doctor --root=none
expect_error "a trace" "takes no traces" "$vmsync" doctor trace
finish
