#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Memory on real kernels with KVM: what vmsync memory says of two guests that do known
# things with theirs (tests/lab/scenarios/memory.sh), held against another program, and,
# where the host's kernel has DAMON (KERNEL=6.12), their working sets against what was
# touched. Run by its name, some minutes; LAB_REUSE=1 takes what a run left.
#
# VMSYNC: another tool than build/vmsync, to see these checks fail.
. tests/check/lib.sh
. tests/check/record.sh

recorded memory
vmsync=${VMSYNC:-build/vmsync}
t=$check_tmp
MIB=1048576

# value FILE EXPRESSION: of its first guest
value() { jq -r ".[0] | $2" "$dir/$1"; }
# nearly TEXT GOT WANTED PER_MILLE
nearly() {
	expect "$1: $2, wanted $3" awk -v a="$2" -v b="$3" -v p="$4" 'BEGIN {
		d = a > b ? a - b : b - a
		exit !(b > 0 && d * 1000 <= b * p) }'
}
# said WHAT N FIELD: a word of the Nth line in which the first guest says WHAT
said() { sed -n "s/^.*@lab guest $1 /$1 /p" "$dir/guest.log" | sed -n "$2p" | cut -d' ' -f"$3"; }

# --- pages that the host holds, and the guest does not need

read -r free held both < "$dir/free.count"
nearly "free, by kpageflags" "$(value free .free_pages)" "$free" 10
nearly "free, by buddyinfo" "$(value free .free_pages)" "$(said buddyinfo 1 2)" 10
nearly "held, by pagemap" "$(value free .held_pages)" "$held" 10
nearly "reclaimable, by both" "$(value free .reclaimable_pages)" "$both" 10
expect "... 250 MiB at least" test "$both" -ge $((250 * 256))
read -r _ _ both_later < "$dir/reported.count"
within "free page reporting leaves a tenth at most" 0 \
	"$(value reported .reclaimable_pages)" $(($(value free .reclaimable_pages) / 10))
within "... by the other program, too" 0 "$both_later" $((both / 10))
for f in free reported; do
	expect_eq "$f: by its schema" "$(against memory "$dir/$f")" "[]"
done

# --- by events, with the name of who it was

if $vmsync memory --events --json "$dir/guest/trace.dat" > "$t/json" 2> "$t/err"; then
	touched='.[0].processes[] | select(.name == "touch-memory")'
	nearly "100 MiB are touched, by name" "$(json "$touched | .allocated_pages")" 25600 10
	nearly "... freed by the same" "$(json "$touched | .freed_pages")" 25600 10
	expect "... and gone" test "$(json "$touched | .held_pages")" -lt 256
elif grep -q libtracecmd "$t/err"; then
	skip "events: a tool built without libtracecmd"
else
	fail "events: $(cat "$t/err")"
fi

# --- a kernel without DAMON says so

ends() { sed -n "s/^$1 //p" "$dir/ends"; }
if [ -e "$dir/none" ]; then
	expect_eq "no DAMON: exit status" "$(ends none)" "status=2"
	expect "... in one line, which says what is missing" grep -qx \
		'vmsync memory: .*this kernel has no DAMON.*CONFIG_DAMON_VADDR.*' "$dir/none"
	expect_eq "... and no other" "$(wc -l < "$dir/none")" 1
	finish
fi

# --- working sets

# wss NAME KEY [GUEST]: bytes, of its first guest or of that one
wss() { jq -r ".[${3:-0}].$2" "$dir/$1.wss"; }
for f in idle touched after large minute given; do
	expect_eq "$f: by its schema" "$(against memory "$dir/$f.wss")" "[]"
	jq -r --arg f $f '.[] | "\($f): held \(.held_pages / 256 | round) MiB, \(
		.held_huge_pages / 256) in large pages, touched \(
		[.working_set_bytes, .working_set_least_bytes, .working_set_most_bytes] |
		map(. / 1048576 * 10 | round / 10) | "\(.[0]), \(.[1]) to \(.[2])") MiB in \(
		.watched_ns / 1e9) s, \(.kdamond_cpu_ns / 1e6 | round) ms of a CPU"' \
		"$dir/$f.wss"
done
expect_eq "metrics say the same" "$(sed -n 's/^vmsync_memory_working_set_[a-z_]*bytes{.*} //p' \
	"$dir/touched.prom" | paste -sd' ')" "$(jq -r '[(map(.working_set_bytes)),
		(map(.working_set_least_bytes)), (map(.working_set_most_bytes)),
		(map(.held_pages * 4096)) | .[]] | join(" ")' "$dir/touched.wss")"
known=$(($(said touched 1 2) * 4096))
nearly "a guest touches what it was told" $known $((200 * MIB)) 1
# The truth is outside in one of 20 looks; outside of bounds that are twice as wide, in one
# of ten thousand. Whatever else the guest does it did before as well: at most so much.
half=$((($(wss touched working_set_most_bytes) - $(wss touched working_set_least_bytes)) / 2))
within "... and that is within the bounds" $(($(wss touched working_set_least_bytes) - half)) \
	$known $(($(wss touched working_set_most_bytes) + half))
within "... with what else it touched before" 0 \
	$(($(wss touched working_set_least_bytes) - half)) \
	$((known + $(wss idle working_set_most_bytes)))
within "of the other guest, which is watched beside it, none of that is said" 0 \
	"$(wss touched working_set_most_bytes 1)" $((known / 4))
within "and afterwards of this one" 0 "$(wss after working_set_most_bytes)" $((known / 4))
# The host has large pages now, and knows only of whole ones whether they are touched.
expect "the host has large pages" test "$(wss large held_huge_pages)" -ge $((100 * 256))
blocks=$(($(said touched 2 5) * 2 * MIB))
within "... of which it touches what it was told, too" $((2 * MIB)) $known \
	$(($(wss large working_set_most_bytes) + half))
within "... or what is in the same large pages, and what else it touches in a minute" 0 \
	$(($(wss large working_set_least_bytes) - half)) \
	$((blocks + $(wss minute working_set_most_bytes)))
within "watching both takes one part in ten of a CPU, of an emulated one, at most" 1 \
	"$(wss touched kdamond_cpu_ns)" $(($(wss touched watched_ns) / 10))

# --- the hint that is made of a minute

expect_eq "a hint: of files that nobody looks at" "$(jq -r '.[0].hints[].kind' \
	"$dir/minute.wss")" overcommit
# shellcheck disable=SC2016 # of jq
expect "... by what the host saw, and the guest says" jq -e '.[0] |
	(.balloon.actual_bytes / 10 | floor) as $breathe |
	([.balloon.actual_bytes - .balloon.available_bytes, .working_set_most_bytes] | max +
		$breathe) as $left |
	.hints[0].bytes == .held_pages * 4096 - $left' "$dir/minute.wss"
within "what it says is what the host has, when it is done" \
	$(($(jq '.[0].hints[0].bytes' "$dir/minute.wss") * 9 / 10)) \
	$((($(wss minute held_pages) - $(wss given held_pages)) * 4096)) \
	$(($(jq '.[0].hints[0].bytes' "$dir/minute.wss") * 2))
expect_eq "a guest that did not ask for it has none" "$(jq -c '.[1].hints' "$dir/touched.wss")" "[]"

# --- what was watched, and what is left

expect_eq "the kernel was told of the guest's memory, to the byte" \
	"$(awk '{ n += $2 - $1 } END { printf "%d\n", n }' "$dir/regions")" \
	"$(($(wss touched pages) * 4096))"
expect_eq "... in parts that do not overlap" "$(sort -n "$dir/regions" |
	awk '$1 < until || $2 <= $1 { n++ } { until = $2 } END { print n + 0 }')" 0
expect_eq "whoever else wants to watch is told" "$(ends second)" \
	"status=2 kdamonds=1 state=on"
expect "... in one line" grep -qx 'vmsync memory: .*nr_kdamonds: somebody else uses DAMON.*' \
	"$dir/second"
expect_eq "others' stay as they are" "$(ends others)" "status=2 kdamonds=1 operations=paddr"
expect "... which is said" grep -qx 'vmsync memory: .*nr_kdamonds: somebody else uses DAMON.*' \
	"$dir/others"
expect_eq "nothing is left behind, however it ends" "$(grep ^signal "$dir/ends" | paste -sd' ')" \
	"signal=INT status=130 said=0 signal=INT kdamonds=0 signal=TERM status=143 said=0 \
signal=TERM kdamonds=0 signal=KILL status=137 said=0 signal=KILL kdamonds=0"
finish
