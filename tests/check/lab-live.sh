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

# summed FILE: what live.rst says may be told otherwise while it comes, in sums: which thread of
# a guest idles, and what those had of the CPU who were not among the ten worst at first
summed() {
	awk '/_cpu_(demand|got)_seconds/ { next }
		!/state="guest(_idle)?"|_preempted_by_/ { print; next }
		{
			what = $1
			sub(/(state|by)=.*/, "", what)
			split($NF, s, ".")
			ns[what] += s[1] * 1000000000 + s[2]
		}
		END { for (what in ns) printf "%s %.0f\n", what, ns[what] }' "$1" | LC_ALL=C sort
}
# more_by_name: who is told in $t/while to have had more of the CPU than in $t/after
more_by_name() {
	awk '!/_preempted_by_/ || /by="other"/ { next }
		{ name = $0; sub(/ [^ ]*$/, "", name) }
		NR == FNR { most[name] = $NF; next }
		$NF + 0 > most[name] + 0' "$t/after" "$t/while"
}
# guest_ns FILE: what the guest's virtual CPUs ran, other than its idle thread
guest_ns() { sed -n '/_state_.*state="guest"}/s/.* \([0-9]*\)\.\([0-9]*\)$/\1\2/p' "$1"; }

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

wanted "$dir/live" > "$t/after"
series "$prom" > "$t/while"
expect "to the ns, what vmsync analyze finds" diff <(summed "$t/while") <(summed "$t/after")
expect_eq "nobody is told to have had more of the CPU" "$(more_by_name)" ""
# Behind a guest's last packet its tracer goes on to tell vmsync live that nothing happens, and
# what idles then is idle; the files do not have that, and vmsync analyze cannot tell.
idle_ns=$(($(guest_ns "$t/after") - $(guest_ns "$t/while")))
expect "idle behind the guest's last packet: $idle_ns ns, of a second and two virtual CPUs" \
	test "$idle_ns" -ge 0 -a "$idle_ns" -le 2000000000
wanted "$dir/host" "$dir/guest" > "$t/written"
expect "... in what the relay daemons wrote, too" diff "$t/after" "$t/written"
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
