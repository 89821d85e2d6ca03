#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Real kernels: a guest whose kernel and process stamp with their host's clock, as KVM
# tells it, and as the host's module does (tests/lab/scenarios/guestclock.sh); and one that
# is suspended, stopped and moved (guestclock-moved.sh). The map of what stamped is exact, as
# any other is; how far the stamps are from the host's clock before they are mapped is
# printed, and they are near enough to be kept. Run by its name, some minutes;
# LAB_ONLY="kvm", "host" or "moved" takes one, and LAB_REUSE=1 what its scenario recorded
# last.
. tests/check/lib.sh
. tests/check/record.sh
. tests/check/lab-checks.sh
. tests/check/lab-judge.sh

expect "the tool builds" make -s -j2 tool
vmsync=build/vmsync
t=$check_tmp
lab_ready || finish
# key NAME: of $line
key() {
	local value=" $line"
	value=${value##* "$1"=}
	echo "${value%% *}"
}

# clock_judge BY [STATUS]: of a recording where the guest asked "kvm", or the "host"'s
# module; the status of vmsync sync, as judge has it
clock_judge() {
	local trace

	expect "$1: the guest asks it" grep -aq "@lab guest clock by=$1 " "$lab/$s/guest.log"
	grep -a '@lab guest clock' "$lab/$s/guest.log"
	for trace in "$lab/$s"/guest "$lab/$s"/guest/ust/uid/0/64-bit; do
		expect "$1: ${trace#"$lab/$s/"}: its clock" grep -aq \
			'name = "*vmsync_host_monotonic' "$trace/metadata"
	done
	# Witnesses that know nothing of the clock: beacons and the vCPUs' runs.
	judge 1 "${2-0}" "$lab/$s"/{host,guest,guest/ust}
	exact 0
	babeltrace2 --clock-cycles --no-delta "$lab/$s"/{guest,guest/ust} > "$t/events" 2> "$t/err"
	expect_eq "$1: no stamp goes back in its stream" "$?$(cat "$t/err")" 0
	tests/lab/guestclock.pl "$t/map" < "$t/events" > "$t/line"
	expect_eq "$1: stamps against the exact map" $? 0
	read -r line < "$t/line"
	echo "$s by $1: $line"
	expect "$1: 10 000 events at least" test "$(key events)" -ge 10000
	expect "$1: a process: 1 000 stamps at least are what the line says" \
		test "$(key ust_good)" -ge 1000
	expect_eq "$1: a process: stamps that are not" "$(key ust_bad)" 0
	constant_judge "$1"
}

# constant_judge BY: KVM tells the time of day, of which 2^60 ns are left out, so that a
# clock that is 0 then has begun after 1970; vmsync-host.ko the clock itself.
constant_judge() {
	local wanted=0 mono real

	if [ "$1" = kvm ]; then
		mono=$(sed -n 's/.*mono_ns=\([0-9]*\).*/\1/p' "$lab/$s/truth" | head -n 1)
		real=$(sed -n 's/.*real_ns=\([0-9]*\).*/\1/p' "$lab/$s/truth" | head -n 1)
		wanted=$(((1 << 60) + mono - real))
	fi
	# The two readings of "now" are some us apart, or ms where it had to wait.
	within "$1: the host's clock, and this constant" $((wanted - 20000000)) \
		"$(key constant_ns)" $((wanted + 20000000))
	[ "$1" = kvm ] || within "$1: ... which is none" -3 "$(key constant_ns)" 3
	for trace in "$lab/$s"/guest "$lab/$s"/guest/ust/uid/0/64-bit; do
		expect "$1: ${trace#"$lab/$s/"}: the clock began after 1970" grep -aqE \
			'^	offset = [0-9]+;' "$trace/metadata"
	done
}

# streams TRACES: what their files but the metadata hold
streams() {
	(cd "$1" && find . -type f ! -name metadata ! -path '*/index/*' ! -name '*.json' \
		-exec sha256sum {} + | cut -d' ' -f1 | sort)
}

# kept_judge BY: fuse makes it exact, or leaves it as it was recorded, within what it says
kept_judge() {
	local off

	rm -rf "$t/fused" "$t/kept"
	$vmsync fuse --json -o "$t/fused" "$lab/$s"/{host,guest,guest/ust} > "$t/json" 2> "$t/err"
	expect_eq "$1: fuse" "$? $(json '.guests[0].methods | keys | join(" ")')" "0 exact"
	expect_eq "$1: fuse: events outside a run of a virtual CPU" \
		"$(json .guests[0].containment.outside)" 0
	off=$(json .guests[0].stamps.off_ns)
	within "$1: near enough to be kept" 0 "$off" 5
	echo "$s by $1: at most $off ns off, by its own map; bound" \
		"$(json .guests[0].bound_worst_events_ns) ns"
	$vmsync fuse --json --link --keep-within="$off" -o "$t/kept" "$lab/$s"/{host,guest,guest/ust} \
		> "$t/json" 2> "$t/err"
	expect_eq "$1: within that it is kept" "$? $(json .guests[0].stamps.kept)" "0 true"
	expect_eq "$1: ... events outside" "$(json .guests[0].containment.outside)" 0
	expect_eq "$1: ... its streams are those that were recorded" \
		"$(streams "$t/kept"/guest-*)" "$(streams "$lab/$s/guest")"
	cp "$t/kept/vmsync-map.json" "$t/kept.map"
	$vmsync check -m "$t/kept.map" "$lab/$s"/{host,guest,guest/ust} > "$t/verdict"
	within "$1: ... and as near as it says to exact" 0 "$(differs exact)" "$off"
	expect "$1: ... no witness contradicts it" grep -q " 0 violations" "$t/verdict"
	$vmsync fuse --json --keep-within=$((off - 1)) -o "$t/again" "$lab/$s"/{host,guest,guest/ust} \
		> "$t/json" 2> "$t/err"
	expect_eq "$1: a ns less, and it is rewritten" "$? $(json .guests[0].stamps.kept)" \
		"0 false"
	rm -rf "$t/again" "$t/fused" "$t/kept"
}

guestclock_judge() { # BY
	clock_judge "$1"
	expect "$1: 99.9 % of stamps: 3 ns from the host's clock at most" \
		awk -v ns="$(key p999_ns)" 'BEGIN { exit !(ns <= 3) }'
	expect_eq "$1: steps" "$(key steps)" 0
	kept_judge "$1"
}

# offset first|last: of virtual CPU 0's TSC, as KVM's debugfs shows it
offset() {
	sed -n 's/.* vcpu_id=0 tsc_offset=\(-\?[0-9]*\).*/\1/p' "$lab/$s/truth" |
		if [ "$1" = first ]; then head -n 1; else tail -n 1; fi
}

# The guest was stopped, during which its TSC and the host's clock went on; then moved: the
# TSC of the second VM is so far behind, and so is the clock from there on, as it says.
moved_judge() {
	local behind tsc mult shift

	# The process stamps until the end, when there are no beacons any more.
	clock_judge kvm told
	tsc=$(($(offset first) - $(offset last))) mult=$(key mult) shift=$(key shift)
	# In two parts: from some two seconds on the product is more than 63 bits.
	behind=$((((tsc >> 16) * mult >> (shift - 16)) + ((tsc & 65535) * mult >> shift)))
	expect_eq "moved: one step" "$(key steps)" 1
	within "moved: by what the TSC stood still, in ns" $((behind - 10)) \
		"$(key behind_ns)" $((behind + 10))
	expect "moved: which is all but the way there took" test "$behind" -ge 1000000
	expect "moved: 99 % of stamps: 3 ns from where the clock says that they are" \
		awk -v ns="$(key p99_ns)" 'BEGIN { exit !(ns <= 3) }'
	$vmsync fuse --json --keep-within=1000000 -o "$t/fused" \
		"$lab/$s"/{host,guest,guest/ust} > "$t/json" 2> "$t/err"
	expect_eq "moved: fuse: exit status, as that of sync" $? \
		"$(number 'if .covered then 0 else 1 end')"
	expect_eq "moved: fuse: rewritten, and exact" \
		"$(json '.guests[0] | .stamps.kept, .suspect, (.methods | keys[])' | xargs)" \
		"false false exact"
	expect_eq "moved: fuse: events outside a run of a virtual CPU" \
		"$(json .guests[0].containment.outside)" 0
	expect_eq "moved: fuse: it was moved once" "$(json '.guests[0].moves | length')" 1
	within "moved: fuse: its stamps had been off by half of that" $((behind / 2 - 1000)) \
		"$(json .guests[0].stamps.off_ns)" $((behind / 2 + 1000))
	echo "$s: bound $(json .guests[0].bound_worst_events_ns) ns;" \
		"$(jq -c '.guests[0].moves' "$t/json")"
}

for by in ${LAB_ONLY-kvm host moved}; do
	s=guestclock
	export LAB_ANSWER=0
	case $by in
	host) LAB_ANSWER=1 ;;
	moved) s=guestclock-moved ;;
	esac
	if ! record $s; then
		fail "$s by $by: the lab failed, see $lab/$s"
	elif [ "$by" = moved ]; then
		moved_judge
	else
		guestclock_judge "$by"
	fi
done
finish
