#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What a recording covers. The same packets as several snapshots, a ring, a
# rotated or a split session would have left them: where something is missing
# nothing is claimed, and what is there twice is read once.
. tests/check/lib.sh

expect "the tool builds" make -s -j2 VARIANT=asan tool build/asan/tests/pair \
	build/asan/tests/carve
vmsync=build/asan/vmsync
t=$check_tmp/t
mkdir "$t"

generate() { # FOLDER OPTION...
	local folder=$1
	shift
	build/asan/tests/pair "$t/$folder" packet=8192 beacons=1000 "$@" \
		> "$t/$folder.truth" || fail "pair $folder $*"
}
carve() { # FROM TO STEP...
	local from=$1 to=$2
	shift 2
	build/asan/tests/carve "$t/$from" "$t/$to" "$@" > "$t/carved" ||
		fail "carve $from $*"
}
truth() { sed -n "s/.*\<$2=\([-0-9]*\).*/\1/p" "$t/$1"; }

# sync TEXT PATH...: vmsync sync succeeds; what it says is in $t/json
sync() {
	local text=$1
	shift
	$vmsync sync --json "$@" > "$t/json" 2> "$t/err"
	expect_eq "$text: exit status" $? 0
}
# What was found out, but for the names of traces.
found() { jq -S '.guests[0] | del(.traces, .packets_read_once, .traces_again)' \
	"$t/json"; }
same_as_whole() { # TEXT
	found > "$t/found"
	expect "$1: the same is found out as in one piece" \
		diff "$t/found" "$t/$pair.found"
}
# Some events cannot be decided, some can, and none is outside.
partly() { # TEXT
	jq_is "$1: all events are counted" '.guests[0].containment.events' \
		"$(truth $pair.truth guest_events)"
	jq_is "$1: none is outside" '.guests[0].containment.outside' 0
	expect_eq "$1: some are not decidable, and some are" \
		"$(json '.guests[0].containment |
			.not_decidable > 1000 and .inside > 5000')" true
}
# Events by babeltrace2, which shows a packet once even if it is there twice:
# so each folder by itself.
events_in() {
	local n=0 d
	while read -r d; do
		n=$((n + $(babeltrace2 "$d" 2> /dev/null | wc -l)))
	done < <(find "$1" -name metadata -printf '%h\n')
	echo $n
}

pair=a
generate a events=60000 move=10 knots=20
sync "in one piece" "$t/a"
found > "$t/a.found"
jq_is "in one piece: none is outside" '.guests[0].containment.outside' 0
host=$(events_in "$t/a/host") guest=$(events_in "$t/a/guest")

# --- the same packets, in other files
carve a/host rotated chunks=host,12
sync "a rotated session" "$t/rotated" "$t/a/guest"
same_as_whole "a rotated session"
carve a/host split files=host,3
sync "files of a limited size" "$t/split" "$t/a/guest"
same_as_whole "files of a limited size"
carve a/guest chunks chunks=guest,12
sync "a guest in chunks" "$t/a/host" "$t/chunks"
same_as_whole "a guest in chunks"
sync "both in chunks" "$t/rotated" "$t/chunks"
same_as_whole "both in chunks"
carve a/host overlapping part=s1,0%..50% part=s2,40%..80% part=s3,60%..100%
sync "snapshots that overlap" "$t/overlapping" "$t/a/guest"
same_as_whole "snapshots that overlap"
expect_eq "snapshots that overlap: it is said" \
	"$(json '.host.packets_read_once > 20')" true
carve a/host old hide=packet_seq_num part=s1,0%..50% part=s2,40%..80% \
	part=s3,60%..100%
sync "overlapping, and packets have no numbers" "$t/old" "$t/a/guest"
jq_is "overlapping, and packets have no numbers: none is outside" \
	'.guests[0].containment.outside' 0
carve a/host cpus hide=stream_instance_id part=s1,0%..50% part=s2,40%..100%
sync "overlapping, and streams are known by their CPU" "$t/cpus" "$t/a/guest"
same_as_whole "overlapping, and streams are known by their CPU"
carve a/host instances hide=cpu_id part=s1,0%..50% part=s2,40%..100%
expect_eq "overlapping, and streams are known by their instance: each event once" \
	"$($vmsync cat "$t/instances" 2> "$t/err" | wc -l)" "$host"

# --- something is missing
carve a/host snapshots part=s1,0%..40% part=s2,60%..100%
sync "snapshots with a gap" "$t/snapshots" "$t/a/guest"
partly "snapshots with a gap"
expect_eq "snapshots with a gap: it is said" \
	"$(json '.host.packets_missing > 20')" true
expect "snapshots with a gap: fuse writes" \
	$vmsync fuse -o "$t/snapshots.out" "$t/snapshots" "$t/a/guest"
rm -r "$t"/rotated/host/archives/*-5
sync "an archive is missing" "$t/rotated" "$t/a/guest"
partly "an archive is missing"
rm -r "$t"/chunks/guest/archives/*-8
sync "archives are missing on both sides" "$t/rotated" "$t/chunks"
jq_is "archives are missing on both sides: none is outside" \
	'.guests[0].containment.outside' 0
carve a/host ring only=1 keep=-15.. only=all whole=host
sync "rings that reach back differently" "$t/ring" "$t/a/guest"
partly "rings that reach back differently"
# What the host's knots were before all of them begin is not known either.
carve a/host rings only=0 keep=-20.. only=1 keep=-15.. only=all whole=host
$vmsync sync --json "$t/rings" "$t/a/guest" > "$t/json"
expect_eq "rings that begin late: it is said" $? 1
partly "rings that begin late"
carve a/host count files=host,8,4
$vmsync sync --json "$t/count" "$t/a/guest" > "$t/json"
expect_eq "the last files only: it is said" $? 1
partly "the last files only"
# A knot may have been recorded where the one stream does not go any more: what
# the last beacon on the other says is known, and nothing behind it.
carve a/host cut only=1 keep=..20 only=all whole=host
$vmsync sync --json "$t/cut" "$t/a/guest" > "$t/json"
expect_eq "streams that end apart: it is said" $? 1
partly "streams that end apart"
expect_eq "streams that end apart: few events are behind the last beacon" \
	"$(json '.guests[0].events_outside_evidence.after |
		. > 0 and . < 2000')" true
carve a/host cuts only=0 keep=..30 only=1 keep=..20 only=all whole=host
$vmsync sync --json "$t/cuts" "$t/a/guest" > "$t/json"
expect_eq "no knots behind the end: it is said" $? 1
partly "no knots behind the end"
expect_eq "no knots behind the end: most events behind it have no evidence" \
	"$(json '.guests[0].events_outside_evidence.after > 5000')" true

carve a/guest ends only=0 keep=..-20 only=all whole=guest
$vmsync sync --json "$t/a/host" "$t/ends" > "$t/json"
expect_eq "a guest's streams end apart: it is said" $? 1
expect_eq "a guest's streams end apart: few events are behind the last beacon" \
	"$(json '.guests[0].events_outside_evidence.after |
		. > 0 and . < 2000')" true

carve a/host holes only=0 miss=10..14 only=1 miss=12..19 only=all whole=host
sync "packets that were overwritten" "$t/holes" "$t/a/guest"
partly "packets that were overwritten"
carve a/host older hide=packet_seq_num part=s1,0%..40% part=s2,60%..100%
sync "a gap, and packets have no numbers" "$t/older" "$t/a/guest"
partly "a gap, and packets have no numbers"

# --- the tracer discarded events
carve a/host lost only=1 discard=10..19 only=all whole=whole \
	files=files,10 chunks=chunks,9
lost=$(truth carved discarded)
sync "discarded events" "$t/lost/whole" "$t/a/guest"
partly "discarded events"
jq_is "discarded events: their number" .host.events_discarded "$lost"
found > "$t/a.found"
for cut in files chunks; do
	sync "discarded events, $cut" "$t/lost/$cut" "$t/a/guest"
	same_as_whole "discarded events, $cut"
done
carve a/host aside only=3 discard=5..60 only=all whole=host
sync "discarded events of another CPU" "$t/aside" "$t/a/guest"
expect_eq "discarded events of another CPU: runs are known all the same" \
	"$(json '.guests[0].containment | .inside > 29000')" true
carve a/guest told only=0 discard=1 only=all chunks=guest,10
lost=$(truth carved discarded)
sync "a loss early in the first chunk" "$t/a/host" "$t/told"
jq_is "a loss early in the first chunk: counted once" \
	'.guests[0].events_discarded' "$lost"
carve a/guest later before=777 renumber=40 whole=guest
sync "a loss before the recording" "$t/a/host" "$t/later"
jq_is "a loss before the recording: not this one's" \
	'.guests[0].events_discarded' 0

# --- threads that moved unseen: who runs on a CPU then is not who ran before
generate moved events=60000 move=60 knots=20
for to in "whole=host" "chunks=host,16"; do
	carve moved/host "moved.${to%%=*}" miss=6..10 miss=16..19 miss=26..29 \
		miss=36..40 "$to"
	sync "threads that moved unseen, $to" "$t/moved.${to%%=*}" \
		"$t/moved/guest"
	jq_is "threads that moved unseen, $to: none is outside" \
		'.guests[0].containment.outside' 0
done

# ... and who runs on a CPU where somebody moved to while its records are missing is
# not known before the next switch there: elsewhere nobody is out meanwhile.
for seed in 4 5; do
	generate again events=60000 move=60 knots=20 seed=$seed
	for how in miss discard; do
		rm -rf "$t/again.lost"
		carve again/host again.lost $how=6..10 $how=16..19 \
			$how=26..29 whole=host
		$vmsync sync --json "$t/again.lost" "$t/again/guest" > "$t/json"
		jq_is "a thread that comes unseen, $how, $seed: none is outside" \
			'.guests[0].containment.outside' 0
		expect_eq "a thread that comes unseen, $how, $seed: many are inside" \
			"$(json '.guests[0].containment.inside > 15000')" true
	done
	rm -rf "$t/again"
done

# --- nothing is recorded of a CPU on which virtual CPUs were
# unrecorded TEXT CPUS GUEST PATH...: the true map is not contradicted, and it is said
# of which CPUs nothing is there
unrecorded() {
	local text=$1 cpus=$2 guest=$3
	shift 3
	sync "$text" "$@" "$guest"
	jq_is "$text: the witnesses agree" .agrees true
	jq_is "$text: none is outside" '.guests[0].containment.outside' 0
	expect_eq "$text: some are not decidable, and some are" \
		"$(json '.guests[0].containment |
			.not_decidable > 5000 and .inside > 2000')" true
	jq_is "$text: the CPUs are named" '.host.cpus_absent | join(" ")' \
		"$cpus"
	jq_is "$text: the guest has all that it has" \
		'.guests[0].cpus_absent | length' 0
	expect "$text: a note says it" sh -c "$vmsync sync $* $guest |
		grep -q 'note  *of CPUs* ${cpus%% *}.* nothing is recorded'"
	rm -rf "$t/unrecorded.out"
	expect "$text: fuse writes" $vmsync fuse -o "$t/unrecorded.out" "$@" \
		"$guest"
	$vmsync analyze "$@" "$guest" > "$t/log" 2> "$t/err"
	expect_eq "$text: analyze goes on" $? 0
	expect "... and says what is missing" \
		grep -q 'nothing is recorded: a stream file' "$t/err"
}
for how in missing empty; do
	carve moved/host gone.$how whole=whole chunks=chunks,8 files=files,6
	while read -r file; do
		rm "$file"
		[ "$how" = missing ] || : > "$file"
	done < <(find "$t/gone.$how" -name 'channel0_1*')
	for cut in whole chunks files; do
		unrecorded "a CPU's stream is $how, $cut" 1 "$t/moved/guest" \
			"$t/gone.$how/$cut"
	done
done
# Of two CPUs the higher one: there its file alone tells that there is one.
carve moved/host two whole=host
rm "$t"/two/host/channel0_[23]
: > "$t/two/host/channel0_1"
unrecorded "the highest CPU's stream is empty" 1 "$t/moved/guest" "$t/two/host"
# ... but not where only some other file of the folder is empty.
carve moved/host three whole=host
: > "$t/three/host/other_9"
: > "$t/three/host/channel0_"
: > "$t/three/host/channel0_7.idx"
sync "files without content that are no streams" "$t/three/host" \
	"$t/moved/guest"
jq_is "files without content that are no streams: all CPUs are there" \
	'.host.cpus_absent | length' 0
jq_is "all CPUs are there: a gap is decidable" \
	'.guests[0].containment | .outside + .not_decidable < 1000' true

# A map that is wrong is seen to be, and a true one is not, where all CPUs are
# recorded; and where one was off, while the threads are seen to stay where they are.
generate stays events=60000 halts=4 knots=20
carve stays/host off whole=host
rm "$t/off/host/channel0_2"
$vmsync sync -o "$t/stays.map" "$t/stays" > "$t/log" 2>&1
expect_eq "threads that stay: sync" $? 0
awk 'BEGIN { RS = ","; ORS = "" }
	NR > 1 { print "," }
	/"host_start": / { $0 = sprintf(" \"host_start\": %.0f", $2 + 1000000) }
	{ print }' "$t/stays.map" > "$t/wrong.map"
for with in stays/host off/host; do
	$vmsync check -m "$t/stays.map" "$t/$with" "$t/stays/guest" \
		> "$t/verdict" 2>&1
	expect_eq "$with: a true map stands" $? 0
	expect "$with: no event is outside" grep -q ' 0 outside' "$t/verdict"
	$vmsync check -m "$t/wrong.map" "$t/$with" "$t/stays/guest" \
		> "$t/verdict" 2>&1
	expect_eq "$with: a map that is wrong by 1 ms does not" $? 1
	expect "$with: many events are outside" \
		grep -q ' [0-9]\{4,\} outside' "$t/verdict"
done
sync "a CPU was off" "$t/off/host" "$t/stays/guest"
jq_is "a CPU was off: it is named" '.host.cpus_absent | join(" ")' 2

# --- recording was stopped for a while
generate stopped events=40000 move=10 knots=20 pause=5000
pair=stopped
sync "stopped and started again" "$t/stopped"
partly "stopped and started again"
pair=a

# --- what is there twice is written once
for side in host guest; do
	mkdir "$t/twice.$side"
	cp -r "$t/a/host" "$t/a/guest" "$t/twice.$side"
	cp -r "$t/a/$side" "$t/twice.$side/copy"
	sync "the $side's trace twice" "$t/twice.$side"
	expect "the $side's trace twice: it is said" \
		grep -q '"traces_again": \["' "$t/json"
	expect "the $side's trace twice: fuse" $vmsync fuse -o "$t/once" \
		"$t/twice.$side"
	expect_eq "the $side's trace twice: each event is written once" \
		"$(events_in "$t/once")" "$((host + guest))"
	rm -r "$t/once"
done
carve a/guest both part=s1,0%..70% part=s2,20%..80% part=s3,60%..100%
$vmsync fuse --json -o "$t/once" "$t/overlapping" "$t/both" > "$t/json" 2> "$check_out"
expect_eq "overlapping snapshots on both sides: fuse" $? 0
jq_is "overlapping snapshots on both sides: events read and written" \
	'[.host.events, .guests[0].events, (.written | map(.events_in) | add),
		(.written | map(.events_out) | add)] | join(" ")' \
	"$host $guest $((host + guest)) $((host + guest))"
jq_is "... the host's, but for those of other snapshots" \
	'.written | map(.as_it_was) | unique | join(" ")' "false true"
expect_eq "overlapping snapshots on both sides: each event is written once" \
	"$(events_in "$t/once")" "$((host + guest))"
expect "... and linked" $vmsync fuse -l -o "$t/linked" "$t/overlapping" \
	"$t/both"
expect "... the same" diff -r "$t/once" "$t/linked"
# babeltrace2 shows a packet once as well.
for jobs in 1 3; do
	$vmsync cat -j $jobs "$t/overlapping" "$t/both" > "$t/cat"
	babeltrace2 "$t/overlapping" "$t/both" > "$t/babeltrace2" 2> /dev/null
	expect "cat prints overlapping snapshots as babeltrace2 does, -j $jobs" \
		cmp "$t/cat" "$t/babeltrace2"
done
$vmsync cat "$t/twice.host/host" "$t/twice.host/copy" > "$t/cat"
expect_eq "cat prints a trace that is named twice once" "$(wc -l < "$t/cat")" \
	"$host"

# --- a stream of the host's is missing: what is not bounded is said to be so
generate still events=20000 knots=20
rm "$t/still/host/channel0_1"
$vmsync fuse --json -o "$t/still.json" "$t/still" > "$t/json" 2> "$t/err"
expect_eq "a stream is missing: fuse's exit status" $? 1
expect "... no bound, and what to do is said" grep -q \
	"OUTSIDE THE EVIDENCE, no bound is known; .*name all chunks and streams" \
	"$t/err"
jq_is "... null in JSON" '.guests[0] | [.bound_worst_ns,
	.bound_worst_events_ns, .events_outside_evidence.bound_worst_ns,
	.events_outside_evidence.within_bound_ns] | map(tojson) | join(" ")' \
	"null null null null"
jq_is "... of segments too" '[.guests[0].maps[].segments[].bound_ns |
	if . == null then "none" elif . < 1e18 then "some" else "wrong" end] |
	unique | join(" ")' "none some"
$vmsync fuse -o "$t/still.text" "$t/still" > "$t/log" 2> "$t/err"
expect "... no bound in the text" grep -q "^guest: no bound; [0-9]* events" \
	"$t/log"
expect_eq "... and no number that is none" \
	"$(cat "$t/log" "$t/err" "$t/json" | grep -c 2305843009213693951)" 0

# --- the same packets with other content are not the same recording
carve a/host changed only=2 tamper=5 only=all whole=other
expect_error "a host's trace, and one that was changed" \
	"packets of one stream with the same numbers, and other content" \
	$vmsync sync "$t/a" "$t/changed"

finish
