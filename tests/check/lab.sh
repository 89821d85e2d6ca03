#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Real kernels: the scenarios of the lab, and what the tool makes of what they
# recorded. Needs the modules (tests/check/modules.sh). LAB_REUSE=1 takes the
# recordings that are there, LAB_ONLY=NAME takes one.
. tests/check/lib.sh
. tests/check/record.sh
. tests/check/lab-checks.sh

expect "the tool builds" make -s -j2 tool
vmsync=build/vmsync
t=$check_tmp

# First the judge of all that follows.
bash tests/lab/selftest.sh > "$t/selftest" 2>&1
add_counts "$t/selftest" || fail "the judgement of logs was not tested"
grep FAIL "$t/selftest"

lab_ready || finish

# The guest's clock steps where it was continued, and nowhere else. A change of a
# line that came late, since the machine was held up, is a step as well, of ns or us:
# those of a ms and more are meant, in host time between two segments.
pause_check() {
	local i from until at
	# shellcheck disable=SC2016 # of jq
	number '.guests[0].maps[0].segments | [range(1; length) as $i |
		.[$i - 1] as $a | .[$i] as $b | select($b.epoch > $a.epoch and
			($b.host_start_ns - $a.host_start_ns) -
			($b.guest_start_ns - $a.guest_start_ns) > 1e6) |
		$b.host_start_ns][]' > "$t/steps"
	expect_eq "$s: steps" "$(wc -l < "$t/steps")" 2
	for i in 1 2; do
		from=$(sed -n 's/^what=stop before_mono_ns=\([0-9]*\).*/\1/p' \
			"$lab/$s/pauses" | sed -n ${i}p)
		until=$(sed -n 's/^what=cont .* after_mono_ns=\([0-9]*\).*/\1/p' \
			"$lab/$s/pauses" | sed -n ${i}p)
		at=$(sed -n ${i}p "$t/steps")
		# The step counts from the guest's first entry after it.
		until=$(awk -v from="$until" '/host kvm_x86_entry: / {
			time = substr($1, 2) + 0
			if (time >= from) { printf "%.0f", time; exit } }' \
			"$t/$s.text")
		expect "$s: step $i lies between stop and continue" test \
			"$at" -ge "$from" -a "$at" -le "$until"
	done
}

# A process' beacons are seen and not taken: none is recorded, none of the
# kernel's is dropped or called suspect because of them.
flood_check() {
	expect "$s: they were seen" grep -qE ' user=[0-9]{4,} ' \
		"$lab/$s/beacons"
	expect "$s: none of the kernel's suffers" \
		grep -q ' dropped=0 suspect=0 ' "$lab/$s/beacons"
	expect_eq "$s: beacons recorded with a name that is not the kernel's" \
		"$(babeltrace2 "$lab/$s/host" | grep vmsync_gh_host: |
			grep -vc ' suspect = 0,')" 0
	expect_eq "$s: beacons dropped" \
		"$(babeltrace2 "$lab/$s/host" | grep -c vmsync_drop:)" 0
}

# What is asked of the kernel's own beacons and exits, and of the clocks found by them.
lab_judge() {
	sync_check
	fuse_check
	golden_check
	kvm_check
	analyze_check
	wrong_check
	methods_check
	# Entries and exits alone do not show by how much a clock was set back.
	if [ "$s" = pause ]; then
		pause_check
	else
		window_check
	fi
}

for s in ${LAB_ONLY-basic tsc slew pause port flood}; do
	if ! record "$s"; then
		fail "$s: the lab failed, see $lab/$s"
		continue
	fi
	pass "$s recorded"
	case $s in
	port) port_check ;;
	flood) sync_check; flood_check ;;
	*) lab_judge ;;
	esac
done

finish
