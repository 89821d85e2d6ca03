#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Real kernels, traced into live sessions, the guest's read through its vsock
# (tests/lab/scenarios/live.sh): all that the relay daemons wrote is kept, and what vmsync
# live found of it while it came is, to the ns, what vmsync analyze finds afterwards. Run by
# its name, two minutes; LAB_REUSE=1 takes the recording that is there, KERNEL=6.12
# another kernel.
. tests/check/lib.sh
. tests/check/record.sh
. tests/check/series.sh

recorded live
vmsync=build/vmsync
prom=$dir/live.prom
t=$check_tmp

# folded FILE: culprits who have no name in $prom, which has the ten worst, are one there
folded() {
	awk -v prom="$prom" '
		function name(line) { sub(/ [^ ]*$/, "", line); return line }
		BEGIN { while ((getline line < prom) > 0) known[name(line)] }
		!/_preempted_by_/ || name($0) in known { print; next }
		{
			other = name($0)
			sub(/by=.*/, "by=\"other\"}", other)
			split($NF, s, ".")
			ns[other] += s[1] * 1000000000 + s[2]
		}
		END { for (other in ns) printf "%s %d.%09d\n", other,
			int(ns[other] / 1000000000), ns[other] % 1000000000 }
	' "$1" | LC_ALL=C sort
}

expect_eq "vmsync live: exit status" "$(cat "$dir/live.status")" 0
sed 's/^/	/' "$dir/live.log"

for side in host guest; do
	kept=("$dir"/live/"$side"*)
	expect_eq "$side: one session is kept" "${#kept[@]}" 1
	# What the two print begins with a folder's name at most.
	expect "$side: what is kept is what the relay daemon wrote" cmp \
		<(babeltrace2 --clock-cycles --no-delta "${kept[0]}") \
		<(babeltrace2 --clock-cycles --no-delta "$dir/$side")
done
# idle_as_guest FILE: no idle thread is told apart; what that takes part in is left out
idle_as_guest() {
	awk '/_cpu_(demand|got)_seconds/ { next }
		!/state="guest(_idle)?"/ { print; next }
		{
			split($NF, s, ".")
			ns += s[1] * 1000000000 + s[2]
		}
		END { printf "guest or idle %.0f\n", ns }' "$1"
}
# guest_ns FILE: what the guest's virtual CPUs ran, other than its idle thread
guest_ns() { sed -n '/_state_.*state="guest"}/s/.* \([0-9]*\)\.\([0-9]*\)$/\1\2/p' "$1"; }

# Behind a guest's last packet its tracer goes on to tell vmsync live that nothing happens, and
# what idles then is idle; the files do not have that, and vmsync analyze cannot tell.
wanted "$dir/live" > "$t/live"
series "$prom" > "$t/while"
folded "$t/live" > "$t/after"
expect "to the ns, what vmsync analyze finds, idle or not" \
	diff <(idle_as_guest "$t/while") <(idle_as_guest "$t/after")
idle_ns=$(($(guest_ns "$t/after") - $(guest_ns "$t/while")))
expect "idle behind the guest's last packet: $idle_ns ns, of a second and two virtual CPUs" \
	test "$idle_ns" -ge 0 -a "$idle_ns" -le 2000000000
wanted "$dir/host" "$dir/guest" > "$t/written"
expect "... in what the relay daemons wrote, too" diff "$t/live" "$t/written"
# shellcheck disable=SC2016 # of awk
expect "the guest ran for a second at least" awk \
	'/state="guest"}/ && $NF > 1 { n++ } END { exit !n }' "$prom"
expect "no event came after it was said to be there" \
	grep -qx 'vmsync_live_late_events_total 0' "$prom"
expect_eq "nothing is lost" "$(grep -E '^vmsync_lost_(packets|events)_total' "$prom" |
	grep -vc ' 0$')" 0
expect "witnesses have no complaint" \
	grep -q '^vmsync_witness_violations_total{.* 0$' "$prom"
expect "some of it was analysed before it had ended" jq -se 'map(.series[] |
	select(.name == "vmsync_live_analysed_seconds").value) | unique | length > 3' \
	"$dir/live.lines"
finish
