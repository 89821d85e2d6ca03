#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What perf recorded (perf data convert --to-ctf): the events have other names
# there, threads are among the fields and processes have no names, but all else
# is the same: fused, it gives what LTTng's traces give.
. tests/check/lib.sh

dir=$check_tmp/perf
vmsync=build/vmsync
mkdir -p "$dir"
expect "the tool builds" make -s -j2 tool build/release/tests/pair
read -ra cc <<< "${CC:-cc}"
expect "the rewriting program builds" "${cc[@]}" -std=gnu11 -O1 -D_GNU_SOURCE= \
	-Ihost -pthread -o "$dir/restamp" tests/gen/restamp.c \
	build/release/libvmsync.a

# as_perf TRACE KVM-NAME: the names of @1's metadata become perf's
as_perf() {
	sed -i -e 's/name = "vmsync_/name = "vmsync:vmsync_/' \
		-e "s/name = \"kvm_x86_\\(entry\\|exit\\)/name = \"kvm:$2\\1/" \
		-e 's/name = "sched_/name = "sched:sched_/' \
		-e '/name = "sched:/,/^};/s/_tid;/_pid;/' \
		-e 's/hostname = /host = /; s/lttng-modules/perf/' \
		"$1/metadata"
}

# told TEXT: what sync says of the pair, but for how things are called
told() {
	"$vmsync" sync --json "$dir/$1" 2> "$dir/err" |
		sed "s,$dir/$1,,g; s/kvm:kvm_/kvm_x86_/g"
	cat "$dir/err"
}

# readable TEXT: babeltrace2 reads all of what was fused
readable() {
	expect_eq "$1: babeltrace2 reads all events" \
		"$(babeltrace2 "$dir/out" 2> "$dir/err" | wc -l)" \
		"$($vmsync cat "$dir/lttng" | wc -l)"
}

for options in "" "old=1" "old=1 move=500"; do
	# shellcheck disable=SC2086 # options
	build/release/tests/pair "$dir/lttng" events=20000 $options > "$dir/n"
	cp -r "$dir/lttng" "$dir/perf"
	as_perf "$dir/perf/host" kvm_
	as_perf "$dir/perf/guest" kvm_
	expect "${options:-all}: nothing has LTTng's name" sh -c \
		"! grep -E 'name = \"(kvm_|vmsync_|sched_)' $dir/perf/host/metadata"
	expect_eq "the same is told, ${options:-all of vmsync}" \
		"$(told perf | cksum)" "$(told lttng | cksum)"
	$vmsync fuse -o "$dir/out" "$dir/perf" > "$dir/n" 2>&1
	status=$?
	$vmsync fuse -o "$dir/out2" "$dir/lttng" > "$dir/n" 2>&1
	expect_eq "the same comes of fusing, ${options:-all of vmsync}" $status $?
	readable "${options:-all of vmsync}"
	expect "the same is written, ${options:-all of vmsync}" \
		cmp <(cat "$dir"/out/guest*/channel*) \
			<(cat "$dir"/out2/guest*/channel*)
	expect_eq "the same tables, ${options:-all of vmsync}" \
		"$($vmsync analyze "$dir/perf" 2>&1 | cksum)" \
		"$($vmsync analyze "$dir/lttng" 2>&1 | cksum)"
	expect_eq "--vm knows the host by its name" \
		"$($vmsync cat --vm=host "$dir/perf" | wc -l)" \
		"$($vmsync cat --vm=host "$dir/lttng" | wc -l)"
	rm -rf "$dir/lttng" "$dir/perf" "$dir/out" "$dir/out2"
done

# What is written is on one clock to babeltrace2, whoever recorded it; what LTTng
# recorded stays as it was.
build/release/tests/pair "$dir/lttng" events=2000 > "$dir/n"
# again: both sides are LTTng's, and nothing is written
again() {
	rm -rf "$dir/mixed" "$dir/out"
	cp -r "$dir/lttng" "$dir/mixed"
}
# mixed TEXT: what was made of that is fused, and read
mixed() {
	$vmsync fuse -o "$dir/out" "$dir/mixed" > "$dir/n" 2>&1
	readable "$1"
}
again
mixed "LTTng on both sides"
expect "... the host's metadata are as they were" \
	cmp "$dir/mixed/host/metadata" "$dir/out/host-host/metadata"
expect_eq "... and the guest's clock is as absolute" \
	"$(grep -c absolute "$dir/out/guest-guest/metadata")" 0
for who in host guest; do
	again
	as_perf "$dir/mixed/$who" kvm_
	mixed "perf on the $who only"
	again
	sed -i '/^env {/,/^};/d' "$dir/mixed/$who/metadata"
	mixed "no environment, $who"
	again
	as_perf "$dir/mixed/$who" kvm_
	sed -i '/^clock {/,/^};/s/uuid = .*/absolute = false;/' \
		"$dir/mixed/$who/metadata"
	mixed "a clock without a uuid that is said not to be absolute, $who"
done
again
sed -i '/^env {/,/^};/d' "$dir"/mixed/*/metadata
mixed "no environment on both sides"
uuid() { sed -n '/^clock/,/^}/s/.*uuid = //p' "$1/metadata"; }
expect_eq "... clocks keep their uuids" "$(uuid "$dir/out/guest-unnamed")" \
	"$(uuid "$dir/mixed/guest")"
rm -rf "$dir/mixed" "$dir/lttng" "$dir/out"

# perf's own clock is not the kernel's monotonic one, in which knots and pairs are
# told: recorded with it, nothing can be said.
build/release/tests/pair "$dir/mono" events=2000 > "$dir/n"
as_perf "$dir/mono/host" kvm_
as_perf "$dir/mono/guest" kvm_
for who in host guest; do
	cp -r "$dir/mono" "$dir/other"
	rm -rf "$dir/other/$who"
	expect "$who: put on another clock" "$dir/restamp" "$dir/mono/$who" \
		"$dir/other/$who" 11 10
	expect_error "$who: recorded with perf's own clock" \
		"other/$who: not on its kernel's clock.*-k mono" \
		$vmsync sync "$dir/other"
	rm -rf "$dir/other"
done
finish
