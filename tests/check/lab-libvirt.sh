#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Domains of libvirt's with KVM, prepared by vmsync setup and recorded by vmsync record
# in the lab (tests/lab/domain.sh): what it made of them is as good as what is recorded
# by hand, by the modules and by the port alone. Run by its name, some minutes a
# scenario; needs the modules (tests/check/modules.sh). LAB_REUSE=1 takes recordings
# that are there, LAB_ONLY=NAME takes one.
. tests/check/lib.sh
. tests/check/record.sh
. tests/check/lab-checks.sh
. tests/check/lab-judge.sh
. tests/check/lab-domains.sh

all="libvirt libvirt-port libvirt-two libvirt-reboot peer"

expect "the tool builds" make -s -j2 tool
vmsync=build/vmsync
t=$check_tmp
lab_ready || finish

# --- as good as recorded by hand, and by the port alone beside it

libvirt_check() {
	expect_eq "by its agent" "$(recorded '.guests[] | .name + ":" + .how')" \
		guest:agent
	expect_eq "libvirt's uuid" "$(recorded '.guests[0].uuid')" "$(uuid guest)"
	all_there
	expect "its report" grep -q '^guest guest$' "$lab/$s/record/report.txt"
	expect "its analysis" grep -q . "$lab/$s/record/analysis.txt"
	sync_check
	domains guest
	fuse_check
	golden_check
	kvm_check
	analyze_check
	wrong_check
	methods_check
	window_check
	fused_by "$lab/$s/host" "$lab/$s/guest"
	port_check
}

# --- no module on the host

# by_port NAME TRACE...: what vmsync record made without a module, in its folder
by_port() {
	local name=$1 bound

	shift
	expect_eq "$s: $name: no module, no tracer of the kernel, but the port" \
		"$(recorded '.host | [.kernel, .module, .port] | join(" ")' "$name")" \
		"false false true"
	expect_eq "$s: $name: by its agent" \
		"$(recorded '.guests[] | .name + ":" + .how' "$name")" guest:agent
	# Which the host cannot answer: what the guest's module sent is left out.
	$vmsync sync --json "$@" > "$t/$s.json" 2> "$t/$s.err"
	expect "$s: $name: sync's exit status" test $? -le 1
	expect_eq "$s: $name: the port alone" \
		"$(of_guest 0 '.methods | keys | join(",")')" port
	expect "$s: $name: beacons over it" \
		test "$(of_guest 0 .beacons.whole)" -ge 50
	expect_eq "$s: $name: ... that violate causality" \
		"$(of_guest 0 .beacons.causality_violations)" 0
	domains guest
	bound=$(of_guest 0 .bound_worst_ns)
	echo "$s: $name: bound by the port $bound ns"
}

# The map that vmsync record fused by, against the exact one of the same time; and one
# that is wrong by more than it says is seen to be.
port_exact() {
	local bound error

	bound=$(of_guest 0 .bound_worst_ns)
	cp "$lab/$s/record/vmsync-map.json" "$t/$s.map"
	$vmsync check -m "$t/$s.map" "$lab/$s/host" "$lab/$s/guest" > "$t/verdict"
	expect "$s: check's exit status" test $? -le 1
	error=$(differs exact)
	echo "$s: what was recorded without a module is off by at most $error ns," \
		"its bound is $bound ns"
	expect "$s: the map is within its bound of exact" test "$error" -le "$bound"
	expect "$s: no witness contradicts it" grep -q " 0 violations" "$t/verdict"
	expect "$s: no event is outside" grep -q " 0 outside" "$t/verdict"
	shifted $((2 * bound + 1))
	$vmsync check -m "$t/shifted.map" "$lab/$s/host" "$lab/$s/guest" > "$t/verdict"
	expect "$s: a map that is wrong by more is seen to be" \
		test "$(differs exact)" -gt "$bound"
}

libvirt_port_check() {
	local dir=$lab/$s

	by_port bare "$dir/bare/host" "$dir/bare/guests"
	# For the test alone the modules were there then.
	by_port record "$dir/host/ust" "$dir/guest" "$dir/guest/ust"
	port_exact
	port_check
	truth_check
}

# --- two at once

libvirt_two_check() {
	expect_eq "$s: both by their agents" \
		"$(recorded '[.guests[] | .name + ":" + .how] | sort | join(" ")')" \
		"guest2:agent guest:agent"
	all_there
	judge 2
	exact 0
	exact 1
	domains guest guest2
	fused_by "$lab/$s"/{host,guest,guest2}
}

# --- frozen together

libvirt_freeze_check() {
	local dir=$lab/$s n=${LAB_CYCLES:-50}

	expect_eq "$s: $n freezes, of three machines each" "$(jq -s '[length,
		(map(.machines | length) | unique[])] | join(" ")' "$dir/freezes")" "\"$n 3\""
	expect_eq "$s: all of them whole" "$(jq -s 'map(select(.whole)) | length' "$dir/freezes")" "$n"
	expect_eq "$s: more events for some seconds: exit status 0, and whole" \
		"$(jq .whole "$dir/detailed")" true
	expect_eq "$s: ... all that a kernel has was there" "$(cat "$dir/detail")" ""
	for trace in host guest guest2; do
		expect "$s: ... system calls are in $trace" test \
			"$($vmsync cat "$dir/$trace" | grep -c syscall_entry_)" -gt 100
	done
	expect "$s: a virtual CPU that had to wait freezes, which is why" \
		grep -qE "what=freeze .* number=$((n + 2)) .* reason=\"trigger slow [0-9]+ [01] [0-9]+ [0-9]+\"" \
		"$dir/audit"
	expect_eq "$s: ... and its snapshots are whole" "$(jq .whole "$dir/slow-freeze/proof.json")" true
	expect "$s: ... with that event" test \
		"$($vmsync cat "$dir"/slow-freeze/host/* | grep -c vmsync_slow:)" -gt 0
	judge 2 told
	exact 0
	exact 1
}

# --- a reboot, and daemons restarted

libvirt_reboot_check() {
	local dir=$lab/$s n

	expect_eq "$s: one by its agent, one as the host sees it" \
		"$(recorded '[.guests[] | .name + ":" + .how] | sort | join(" ")')" \
		"guest2:host guest:agent"
	judge 3 0 "$dir"/{host,guest,guest2-first,guest2}
	for n in 0 1 2; do
		exact "$n"
	done
	expect_eq "$s: three boots, each said" \
		"$(number '[.guests[].clock_uuid] | unique | length')" 3
	rm -rf "$t/fused"
	expect "$s: fuse" "$vmsync" fuse -o "$t/fused" \
		"$dir"/{host,guest,guest2-first,guest2}
	expect_eq "$s: named apart" "$(cd "$t/fused" && echo guest-*)" \
		"guest-guest guest-guest2 guest-guest2-2"
	expect_eq "$s: one after the other" "$(number '[.guests[1, 2]] | sort_by(.host_start_ns) |
		.[0].host_end_ns < .[1].host_start_ns')" true
}

# --- beside trace-cmd

peer_check() {
	all_there
	judge 1 0 "$lab/$s"/{host,guest}
	exact 0
	expect "$s: no event is lost, and none outside" tests/lab/peer.sh "$lab/$s"
	cat "$check_out"
}

for s in ${LAB_ONLY-$all}; do
	if record "$s"; then
		pass "$s recorded"
		case $s in
		libvirt) libvirt_check ;;
		libvirt-port) libvirt_port_check ;;
		libvirt-two) libvirt_two_check ;;
		libvirt-freeze) libvirt_freeze_check ;;
		libvirt-reboot) libvirt_reboot_check ;;
		peer) peer_check ;;
		*) fail "$s: nobody judges it" ;;
		esac
	else
		fail "$s: the lab failed, see $lab/$s"
	fi
done
finish
