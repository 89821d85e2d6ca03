#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Real kernels: a guest that is moved to another QEMU while it runs, and one that is
# saved to a file and restored. Run by its name, some minutes; LAB_REUSE=1 takes the
# recordings that are there.
. tests/check/lib.sh
. tests/check/record.sh

expect "the tools build" make -s -j2 tool build/release/tests/one-line
vmsync=build/vmsync
t=$check_tmp

lab_ready || finish


# When the host's QEMU was told, and when it had done it; host ns.
said() { # WHAT before|after
	sed -n "s/^what=$1 .*\<$2_mono_ns=\([0-9]*\).*/\1/p" "$lab/$s/moves"
}

for s in migrate restore; do
	if record "$s"; then
		pass "$s recorded"
	else
		fail "$s: the lab failed, see $lab/$s"
		continue
	fi
	$vmsync sync --json "$lab/$s" > "$t/json" 2> "$t/err"
	expect_eq "$s: sync's exit status" $? 0
	$vmsync sync "$lab/$s" | head -n 24
	expect_eq "$s: one guest, that nobody accuses" \
		"$(json '.guests | length, .[0].suspect, (.[0].disagreements | length)' |
			paste -sd' ')" "1 false 0"
	expect_eq "$s: all is exact" \
		"$(json '.guests[0].methods | keys | join(",")')" exact
	expect_eq "$s: no event is outside, nearly all are inside" \
		"$(json '.guests[0].containment | .events > 10000 and
			.outside == 0 and .inside * 100 >= .events * 99')" true
	expect_eq "$s: no beacon violates causality" \
		"$(json '.guests[0].beacons | .whole > 50 and
			.causality_violations == 0')" true
	expect_eq "$s: it was moved once, as is on record" \
		"$(json '.guests[0].moves | length, .[0].at_most' |
			paste -sd' ')" "1 false"
	expect_eq "$s: while QEMU was told to" "$(json ".guests[0].moves[0] |
		.left_ns > $(said send before) and
		.arrived_ns < $(said running after)")" true
	expect "$s: there is something on both sides" jq -e '.guests[0] |
		.moves[0].left_ns - .host_start_ns > 1e9 and
		.host_end_ns - .moves[0].arrived_ns > 1e9' "$t/json"
	# The TSC offsets of both VMs are those in debugfs.
	expect_eq "$s: TSC offsets" "$(babeltrace2 --no-delta "$lab/$s/host" |
		sed -n 's/.*vmsync_gh_host:.* vm_pid = \([0-9]*\),.* vcpu_id = \([0-9]*\),.* tsc_offset = \(-\?[0-9]*\),.*/\1 \2 \3/p' |
		sort -u)" \
		"$(sed -n 's/.*vm_pid=\([0-9]*\) vcpu_id=\([0-9]*\) tsc_offset=\(-\?[0-9]*\).*/\1 \2 \3/p' \
		"$lab/$s/truth" | sort -u)"
	jq -c '.guests[0].moves' "$t/json"
	# What others make of the same recording.
	if tests/lab/peer-move.sh "$lab/$s/host" "$lab/$s/guest"; then
		pass "$s: compared"
	else
		fail "$s: peer-move.sh (exit $?)"
	fi
done
finish
