#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What vmsync fuse wrote, analysed: every figure is what the traces give that it was
# made from, and nothing is guessed where what fuse knew is not there.
. tests/check/lib.sh

expect "the tool builds" make -s -j2 tool build/release/tests/pair \
	build/release/tests/carve build/release/tests/boots \
	build/release/tests/contend
vmsync=build/vmsync
t=$check_tmp

# fuse NAME TRACE...: into $t/NAME, which is written whatever its exit status
fuse() {
	local name=$1
	shift
	$vmsync fuse --force -o "$t/$name" "$@" > "$t/log" 2>&1
	expect "$name: written" [ -f "$t/$name/vmsync-experiment.json" ]
}

# same NAME TRACE...: $t/NAME gives what TRACE... give: each figure, and each
# interval, charge, exit and wake-up, with its times
same() {
	local name=$1
	shift
	$vmsync analyze --json --window=9000001 "$@" > "$t/json" 2> "$t/err"
	expect_eq "$name: exit status" $? 0
	expect "$name: there are virtual CPUs" jq -e '.vcpus | length > 0' "$t/json"
	$vmsync analyze --json --window=9000001 "$t/$name" > "$t/fused.json"
	expect_eq "$name: exit status when fused" $? 0
	expect "$name: all figures are the same" cmp "$t/json" "$t/fused.json"
	$vmsync export jsonl -o - "$@" > "$t/jsonl" 2> "$t/err"
	$vmsync export jsonl -o - "$t/$name" > "$t/fused.jsonl"
	expect "$name: all rows are the same" cmp "$t/jsonl" "$t/fused.jsonl"
	rm -f "$t"/*json*
}

pair() { build/release/tests/pair "$@" > "$t/truth"; }

# --- threads that move; a guest without a master clock, whose CPUs have maps of their
# own; user space's traces in folders of their own; halts; beacons of the old addons
pair "$t/p" events=60000 beacons=200 move=20 packet=65536 gap=20000
fuse moved "$t/p"
same moved "$t/p"
pair "$t/apart" events=40000 beacons=200 apart=500000 packet=4096 gap=20000 knots=20
fuse no-master "$t/apart"
same no-master "$t/apart"
pair "$t/ust" events=40000 beacons=200 plain=1 halts=5 packet=4096 gap=20000 ust=50
fuse user-space "$t/ust"
same user-space "$t/ust"
pair "$t/old" events=40000 beacons=200 old=1 halts=5 packet=4096 gap=20000
fuse addons "$t/old"
same addons "$t/old"

# --- events that were lost on both sides; archives of a rotated session
build/release/tests/carve "$t/apart/guest" "$t/lost" discard=5..9 miss=20..25 \
	keep=3..60 whole=guest > "$t/truth"
build/release/tests/carve "$t/apart/host" "$t/lost" miss=30..33 discard=40..44 \
	whole=host > "$t/truth"
fuse lost-events "$t/lost"
same lost-events "$t/lost"
expect "... some of the time is unknown" jq -e '[.vcpus[].states_ns.unknown] | add > 0' \
	<($vmsync analyze --json "$t/lost-events")
build/release/tests/carve "$t/apart/guest" "$t/chunks" chunks=guest,12 > "$t/truth"
build/release/tests/carve "$t/apart/host" "$t/chunks" chunks=host,12 > "$t/truth"
fuse rotated "$t/chunks"
same rotated "$t/chunks"

# --- several guests; a VM that boots twice, a guest that is restored in another VM,
# clones of one snapshot
build/release/tests/contend "$t/c" 400
fuse guests "$t/c"
same guests "$t/c"
printf '{"uuid": "00112233-4455-6677-8899-aabbccddeeff",\n"name": "shop"}\n' \
	> "$t/c/g1/.vmsync-domain"
fuse domain "$t/c"
same domain "$t/c"
expect "... which libvirt has a name for" grep -q shop \
	<($vmsync analyze "$t/domain")
rm "$t/c/g1/.vmsync-domain"
for story in reset restore clones; do
	build/release/tests/boots "$t/b" $story > "$t/truth"
	fuse $story "$t/b"
	same $story "$t/b"
	rm -r "$t/b"
done

# --- a thread explained, with the error of its guest's clock; the report; text
tid=$($vmsync analyze --json "$t/apart" | jq -r '[.threads[] |
	select(.thread.machine == 1 and .thread.tid > 0)] |
	max_by(.states_ns.guest).thread.tid')
for from in 0 0.02; do
	expect_eq "why: from $from s on" \
		"$($vmsync analyze --json --why="guest:$tid" --from=$from "$t/no-master")" \
		"$($vmsync analyze --json --why="guest:$tid" --from=$from "$t/apart")"
done
expect "why: states the error" jq -e '.bound_ns > 0' \
	<($vmsync analyze --json --why="guest:$tid" "$t/no-master")
expect_eq "text" "$($vmsync analyze "$t/guests")" "$($vmsync analyze "$t/c")"
mkdir "$t/page" "$t/page-fused"
$vmsync report -o "$t/page/x.html" "$t/apart"
$vmsync report -o "$t/page-fused/x.html" "$t/no-master"
# Without what is new each time, and the pictures of the clocks: these are drawn from
# the evidence, which is in recorded traces only.
page() {
	sed -e 's/nonce[-=][0-9a-f]*//g' \
		-e '/<section id=clocks>/,/<\/section>/{/^<tr>/!d}' "$1/x.html"
}
page "$t/page" > "$t/page/text"
page "$t/page-fused" > "$t/page-fused/text"
expect "the page is the same" cmp "$t/page/text" "$t/page-fused/text"
expect_eq "... with the clocks' bounds" \
	"$(grep -c '^<tr>.*<td>exact' "$t/page-fused/text")" 1

# --- a part of it: the others' virtual CPUs are the host's threads
$vmsync analyze --json "$t/c/host" "$t/c/g1" > "$t/part"
expect "without a guest" cmp "$t/part" \
	<($vmsync analyze --json "$t/guests/host-host" "$t/guests/guest-vm1")
expect "from within it" cmp "$t/part" \
	<(tool=$PWD/$vmsync; cd "$t/guests/guest-vm1" && $tool analyze --json ../host-host .)
$vmsync analyze --json "$t/c/host" > "$t/part"
expect "the host alone" cmp "$t/part" <($vmsync analyze --json "$t/guests/host-host")
expect_error "a guest alone" "guests: the host's trace, host-host, is not among" \
	$vmsync analyze "$t/guests/guest-vm0"

# --- beside what it was made from it is not taken twice
$vmsync analyze --json "$t/guests" "$t/c" > "$t/both" 2> "$t/err"
expect "with its originals" cmp "$t/both" <($vmsync analyze --json "$t/c" 2> "$t/err2")
expect_eq "... which is told" "$(grep -c "was written by vmsync fuse" "$t/err")" 3

# --- what cannot be told
cp -r "$t/guests" "$t/older"
rm "$t/older/vmsync-experiment.json"
expect_error "an older version's" "older/guest-vm0: .*run vmsync fuse again" \
	$vmsync analyze "$t/older"
expect_error "... for a report" "run vmsync fuse again" \
	$vmsync report -o "$t/x.html" "$t/older"
cp -r "$t/guests" "$t/renamed"
mv "$t/renamed/guest-vm1" "$t/renamed/vm1"
expect_error "a folder of another name" "vm1: no part of the experiment" \
	$vmsync analyze "$t/renamed"
expect_error "two experiments" "no part of the experiment" \
	$vmsync analyze "$t/guests" "$t/clones"
expect_error "maps are not made anew" "name the traces that it was made from" \
	$vmsync analyze --method=beacon "$t/guests"
expect_error "sync does not take it" "name the traces that it was made from" \
	$vmsync sync "$t/guests"

# broken TEXT PATTERN SED: the experiment's file, changed
broken() {
	sed "$3" "$t/guests/vmsync-experiment.json" > "$t/older/vmsync-experiment.json"
	expect_error "$1" "vmsync-experiment.json: line.*$2.*; run vmsync fuse again" \
		$vmsync analyze "$t/older"
}
broken "a version to come" "number above 1" 's/"vmsync_experiment": 1/"vmsync_experiment": 2/'
# shellcheck disable=SC2016 # the last line, to sed
broken "cut off" "expected" '$d'
broken "a member that is not known" "not a member" 's/"pid"/"pit"/'
broken "no thread" "is missing" 's/, "tid": [0-9]*}\]/}]/'
broken "no CPU of that number" "above 65535" 's/"cpu": 0/"cpu": 65536/'
cp "$t/guests/vmsync-experiment.json" "$t/older"
cp "$t/moved/vmsync-map.json" "$t/older"
expect_error "another experiment's maps" "vmsync-map.json: has maps of other guests" \
	$vmsync analyze "$t/older"
finish
