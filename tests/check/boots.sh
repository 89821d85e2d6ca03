#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Guests whose life is not one boot on one VM: reset, restored, cloned. Each
# event carries the truth, what the host's clock read when it happened.
. tests/check/lib.sh

expect "the tool builds" make -s -j2 VARIANT=asan tool build/asan/tests/boots \
	build/asan/tests/carve
vmsync=build/asan/vmsync
t=$check_tmp/t
mkdir "$t"

generate() { # STORY [SEED]
	build/asan/tests/boots "$t/$1" "$@" > "$t/$1.events" || fail "boots $*"
}
sync_json() { $vmsync sync --json "$@" > "$t/json" 2> "$t/err"; }
fuse() { # STORY TRACE...
	local out=$t/$1.out
	shift
	rm -rf "$out"
	$vmsync fuse -o "$out" "$@" > "$t/log" 2> "$t/err"
}
# How many events with a truth there are, and how many are off by more than N ns.
errors() { # FOLDER N
	babeltrace2 --clock-cycles --no-delta "$1" 2> "$t/warnings" |
		awk -v most="$2" '/truth = / {
			stamp = substr($1, 2) + 0
			sub(/.*truth = /, ""); truth = $1 + 0
			d = stamp - truth
			if (d < 0) d = -d
			n++
			bad += d > most
		} END { print n + 0, bad + 0 }'
}

# checked STORY: the maps of $t/STORY.map stand up to the traces, which are read without
# what sync remembers of them. Numbers that come again are other beacons.
checked() {
	$vmsync check -m "$t/$1.map" "$t/$1" > "$t/verdict" 2>&1
	expect_eq "$1: no beacon contradicts them" $? 0
	expect "$1: as many as sync held against them" test \
		"$(awk '$1 == "causality" { n += $2 } END { print n + 0 }' \
			"$t/verdict")" -ge \
		"$(jq '[.guests[].beacons.causality_checked] | add' "$t/json")"
}

# right STORY GUESTS BOUND [ERROR]: each guest is mapped, by itself, to BOUND ns, and
# no event is farther off than ERROR ns
right() {
	local story=$1 guests=$2 bound=$3 error=${4:-$3} name counts all=0
	expect "$story: sync agrees" sync_json -o "$t/$story.map" "$t/$story"
	checked "$story"
	jq_is "$story: guests" '.guests | length' "$guests"
	jq_is "$story: no liar" '[.guests[] | select(.suspect)] | length' 0
	jq_is "$story: none is left out" '.left_out | length' 0
	jq_is "$story: the bounds of all events" \
		"[.guests[] | select((.bound_worst_events_ns // 1e18) > $bound)] | length" 0
	jq_is "$story: all events are inside" '[.guests[].containment |
		select(.outside > 0 or .not_decidable > 0)] | length' 0
	expect "$story: fuse" fuse "$story" "$t/$story"
	for name in "$t/$story.out"/guest-*; do
		counts=$(errors "$name" "$error")
		expect_eq "$story: ${name##*/}: events beyond the bound" \
			"${counts#* }" 0
		all=$((all + ${counts% *}))
	done
	expect "$story: there are events" test "$all" -gt 1000
	expect_eq "$story: each event once" \
		"$(babeltrace2 "$t/$story.out" 2>&1 | wc -l)" \
		"$(($(babeltrace2 "$t/$story/host" | wc -l) + $(awk -F= \
			'{n += $2} END {print n}' "$t/$story.events")))"
}

# --- boots of one VM
generate reset
right reset 2 2
jq_is "reset: two boots" '[.guests[].clock_uuid] | unique | length' 2
jq_is "reset: by one process" '[.guests[].vm_pid] | unique | length' 1
jq_is "reset: in the order of time" '.guests[0].traces[0][-2:]' g0
cp "$t/json" "$t/both"
expect "reset: the order of arguments" \
	sync_json "$t/reset/g1" "$t/reset/host" "$t/reset/g0"
expect "... does not matter" cmp "$t/json" "$t/both"
for g in 0 1; do
	expect "reset: boot $g alone" sync_json "$t/reset/host" "$t/reset/g$g"
	expect_eq "... is mapped as beside the other" \
		"$(jq -S ".guests[0]" "$t/json")" \
		"$(jq -S ".guests[$g]" "$t/both")"
done
expect "reset: the report says which boot it is" sh -c \
	"$vmsync sync $t/reset | grep -c '^  boot ' | grep -qx 2"

generate reboots 3
right reboots 6 2
expect_eq "reboots: a folder for each" \
	"$(cd "$t/reboots.out" && echo guest-*)" \
	"guest-web guest-web-2 guest-web-3 guest-web-4 guest-web-5 guest-web-6"
jq_is "reboots: in the order of time" \
	'[.guests[].host_start_ns] | . == sort' true
generate kexec
right kexec 2 2
generate written 5
right written 3 2
generate reload
# What was between the two modules' lines is not known; had the clock been slewed
# otherwise there, it would be ahead of the new line for some us.
right reload 1 40000 20

# Nobody saw what KVM wrote: wider, and said, but true and no liar.
generate lost
sync_json "$t/lost"
jq_is "lost: two boots, no liar" '[.guests[] | .suspect] | join(",")' \
	"false,false"
jq_is "lost: the witnesses agree" .agrees true
jq_is "lost: exact behind it" '.guests[1].methods.exact.guest_ns > 5e8' true
fuse lost "$t/lost"
for g in 0 1; do
	bound=$(jq ".guests[$g].bound_worst_events_ns // 1e18" "$t/json")
	name=guest-web
	[ $g = 0 ] || name=guest-web-2
	counts=$(errors "$t/lost.out/$name" "$bound")
	expect_eq "lost: $name: events beyond $bound ns" "${counts#* }" 0
done

# --- restored
generate restore
right restore 1 2
jq_is "restore: it is said" '[.guests[0].notes[] |
	select(startswith("restored or moved"))] | length' 1
generate restore-same
right restore-same 1 2
# A knot behind a restore, before the first beacon there (94: read as from before
# it), and bends between beacons that are missing (the others: pair, beacon).
for seed in 12 94; do
	rm -rf "${t:?}/restore"
	generate restore $seed
	right restore 1 2
done
rm -rf "${t:?}/restore"
# A bend between the first beacons of all behind a restore.
generate restore 122
right restore 1 2

# --- clones: two guests, each of its own VM
for story in clones clones-later clones-alike clones-sessions; do
	generate $story 13
	right $story 2 2
	jq_is "$story: two processes" '[.guests[].vm_pid] | unique | length' 2
	jq_is "$story: one clock uuid" \
		'[.guests[].clock_uuid] | unique | length' 1
	expect_eq "$story: babeltrace2 has nothing to say" \
		"$(cat "$t/warnings")" ""
	for g in 0 1; do
		expect "$story: g$g alone" sync_json "$t/$story/host" \
			"$t/$story/g$g"
		jq_is "... is no liar" '.guests[0].suspect' false
		jq_is "... and in its own VM" '.guests[0].vm_pid' \
			$((4711 + 1000 * g))
	done
	$vmsync sync -o "$t/map" "$t/$story" > "$t/log" 2>&1
	expect "$story: check knows each one's map" $vmsync check \
		--map="$t/map" "$t/$story/g1" "$t/$story/g0" "$t/$story/host"
done
generate sessions
right sessions 1 2
jq_is "sessions: two traces of one guest" '.guests[0].traces | length' 2
# A clone's second session, which nobody answered, is not another clone's.
# unanswered NAME G0 [FILE...]: of the recording of clones the host's begin, without FILE,
# G0 of g0's and g1's end
unanswered() {
	local part keep
	for part in "host 0%..20%" "g0 $2" "g1 60%..100%"; do
		keep=${part#* } part=${part% *}
		build/asan/tests/carve "$t/clones-sessions/$part" "$t/$1" \
			"keep=$keep" "whole=$part" > "$t/carved" ||
			fail "carve $part $keep"
	done
	(cd "$t/$1/host" && rm -f "${@:3}")
	sync_json "$t/$1"
	expect_eq "$1: exit status" $? 1
	jq_is "$1: mapped, by itself" \
		'[.guests[].traces[] | split("/")[-1]] | join(",")' g0
	jq_is "$1: left out" \
		'[.left_out[].traces[] | split("/")[-1]] | join(",")' g1
}
# It numbers its beacons as the other one does, and they are others. Its own VM ran on
# the other CPUs.
unanswered numbers 0%..100% channel0_2 channel0_3
# They have no number in common, and the host heard of two by their name.
unanswered names 0%..50%
# A trace without beacons lies beside that of its machine.
mkdir "$t/apart"
cp -r "$t/clones-alike/host" "$t/apart/host"
for g in 0 1; do
	mkdir "$t/apart/vm$g"
	cp -r "$t/clones-alike/g$g" "$t/apart/vm$g/kernel"
	cp -r "$t/clones-alike/g$g" "$t/apart/vm$g/user"
	# Another session, of the same clock, whose events are others.
	sed -i '0,/uuid = "/s/uuid = "[0-9a-f]*/&/; s/vmsync_/other_/' \
		"$t/apart/vm$g/user/metadata"
done
expect "clones: a trace without beacons" sync_json "$t/apart"
jq_is "... is with its own kernel's" '[.guests[] | .traces |
	map(split("/")[-2]) | unique | length] | join(",")' 1,1

# Two VMs have virtual CPUs of the same numbers, and nothing tells which threads are
# whose, nor that the one that was not recorded is there: no run is anybody's.
cp -r "$t/clones/host" "$t/unnamed"
sed -i 's/vmsync_vm"/vmsync_xx"/' "$t/unnamed/metadata"
sync_json "$t/unnamed" "$t/clones/g0"
jq_is "threads of two VMs, unnamed: no event is inside or outside" \
	'.guests[0].containment | .inside + .outside' 0
jq_is "... but all are known" '.guests[0] | .containment.not_decidable > 1000 and
	(.bound_worst_events_ns // 1e18) <= 1' true
cp -r "$t/reload/host" "$t/one"
sed -i 's/vmsync_vm"/vmsync_xx"/' "$t/one/metadata"
sync_json "$t/one" "$t/reload/g0"
jq_is "threads of one VM, unnamed: all events are inside" \
	'.guests[0].containment | .inside > 1000 and .outside + .not_decidable == 0' \
	true

# --- a guest that cannot be mapped is left out, and the others are as without it
# alone FOLDER WHY: of three guests g2 is left out for WHY, by all commands
alone() {
	local command
	rm -rf "$t/alone.out"
	for command in "sync -o $t/alone.map" "fuse -o $t/alone.out" \
		"check --map=$t/two.map"; do
		# shellcheck disable=SC2086 # a command and its options
		$vmsync $command "$1" > "$t/log" 2> "$t/err"
		expect_eq "$2: ${command%% *}: exit status" $? 1
		expect "... it is said" grep -q "LEFT OUT: .*/g2: .*$2" "$t/err"
	done
	expect_eq "... the others are written" \
		"$(cd "$t/alone.out" && echo guest-*)" "guest-web guest-web-2"
	expect_eq "... as without it" "$(babeltrace2 "$t/alone.out" | wc -l)" \
		"$(babeltrace2 "$t/two.out" | wc -l)"
	expect_eq "... with the same maps" "$(jq -S .guests "$t/alone.map")" \
		"$(jq -S .guests "$t/two.map")"
	sync_json "$1"
	expect_eq "... --json: exit status" $? 1
	jq_is "... is told there" \
		"[.left_out[] | .why | select(test(\"$2\"))] | length" 1
	jq_is "... and two guests" '.guests | length' 2
}
rm -rf "${t:?}/reset"
generate reset
$vmsync sync -o "$t/two.map" "$t/reset" > "$t/log" 2>&1
fuse two "$t/reset"
# Its boot had ended before this recording began.
cp -r "$t/clones-later/g0" "$t/reset/g2"
alone "$t/reset" "a guest of another host"
# Nothing was recorded.
rm -r "$t/reset/g2/channel"*
: > "$t/reset/g2/channel0_0"
alone "$t/reset" "holds no event"

# Nothing that could be mapped: entries and exits are looked at, for its sake.
cp -r "$t/clones-later/g0/channel"* "$t/reset/g2"
sed -i 's/vmsync_/other_/' "$t/reset/g2/metadata"
sync_json "$t/reset"
expect_eq "without beacons: exit status" $? 1
jq_is "... is told" '[.left_out[] | .why |
	select(test("holds no vmsync beacon"))] | length' 1
jq_is "... the others are known as well" \
	'[.guests[].bound_worst_events_ns] | join(",")' 1,1

# --- wrong: the other one is written
generate wrong
$vmsync fuse -o "$t/wrong.out" "$t/wrong" > "$t/log" 2> "$t/err"
expect_eq "one guest's map is contradicted: exit status" $? 1
expect "... it is said" grep -q "LEFT OUT: .*wrong/g1: the witnesses" "$t/err"
expect_eq "... the other one is written" \
	"$(find "$t/wrong.out" -maxdepth 1 -name 'guest-*' | wc -l)" 1
expect_eq "... and its map" "$(jq '.guests | length' \
	"$t/wrong.out/vmsync-map.json")" 1
counts=$(errors "$t/wrong.out"/guest-* 1)
expect_eq "... it is right" "${counts#* }" 0
expect_eq "... and whole" "$(babeltrace2 "$t/wrong.out"/guest-* | wc -l)" \
	"$(sed -n 's/g0 events=//p' "$t/wrong.events")"
$vmsync fuse -f -o "$t/wrong.forced" "$t/wrong" > "$t/log" 2>&1
expect "--force writes both" test -d "$t/wrong.forced/guest-web-2"
finish
