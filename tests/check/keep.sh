#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Guests that stamp with their host's clock (vmsync-clock.ko's arithmetic, guest/track.c):
# with --keep-within their traces stay as they were recorded but for the metadata, where
# that is near enough, and what is said of them is true of every event.
. tests/check/lib.sh

expect "the tool builds" make -s -j2 tool build/release/tests/pair \
	build/release/tests/carve build/release/tests/recorded
vmsync=build/vmsync
t=$check_tmp/t
mkdir "$t"
epoch=1600000000 # of the generated host's clock

generate() { # FOLDER OPTION...
	local folder=$1
	shift
	build/release/tests/pair "$t/$folder" events=10000 gap=100000 beacons=100 truth=1 \
		knots=2 clock=100 "$@" > "$t/$folder.truth"
}
carve() { build/release/tests/carve "$@" > "$check_out"; }
fused() { # OUT OPTION... TRACE...
	local out=$1
	shift
	rm -rf "${t:?}/$out"
	$vmsync fuse --json -o "$t/$out" "$@" > "$t/json" 2> "$t/err"
}

# worst OUT: the worst error of its guest's events by babeltrace2, in ns
worst() {
	local offset
	offset=$(find "$t/$1"/host-* -name metadata -exec sed -n \
		's/^\toffset = \([0-9]*\);/\1/p' {} + | head -n 1)
	babeltrace2 --clock-seconds --no-delta "$t/$1"/guest-* 2> "$t/err" | perl -ne '
		BEGIN { our ($n, $worst, $offset) = (0, 0, shift @ARGV); }
		use integer;
		my ($s, $ns, $truth) = /^\[(\d+)\.(\d{9})\].* truth = (\d+)[, ]/ or next;
		my $off = abs($s * 1000000000 + $ns - $offset - $truth);
		$worst = $off if $off > $worst;
		$n++;
		END { print $n ? $worst : "none" }' "$offset"
}
# read_again OUT: the same, as vmsync reads it
read_again() {
	$vmsync export jsonl --table=events -o - "$t/$1" | perl -ne '
		BEGIN { our ($n, $worst) = (0, 0); }
		my ($at, $truth) = /"at_ns":(\d+),"machine":1,.*"truth":(\d+)/ or next;
		$worst = abs($at - $truth) if abs($at - $truth) > $worst;
		$n++;
		END { print $n ? $worst : "none" }'
}
# files IN OUT: the stream files are those that were recorded
# shellcheck disable=SC2317 # called by expect
files() { diff -r -x metadata "$1" "$2"; }
# holds TEXT OUT BOUND: all events are as near as is said
holds() {
	within "$1: babeltrace2 has no event farther off than said" 0 "$(worst "$2")" "$3"
	within "$1: nor has vmsync, which reads it" 0 "$(read_again "$2")" "$3"
}
# covered TEXT OUT BOUND: and this is the worst bound where there is evidence
covered() {
	holds "$@"
	expect_eq "$1: the maps beside it say so" \
		"$(jq '[.. | .bound_ns? // empty] | max' "$t/$2/vmsync-map.json")" "$3"
}
# apart OUT TRACE...: what it says differs from the exact map by so much, in ns
apart() {
	local out=$1
	shift
	$vmsync check --map="$t/$out/vmsync-map.json" "$@" > "$t/text" || return
	sed -n 's/^  exact  *differs by at most \([0-9]*\) ns$/\1/p' "$t/text"
}

# --- told by KVM, where a constant lies in between, or by vmsync-host
for told in kvm host; do
	ahead=0
	[ $told = host ] || ahead=${epoch}000000000
	generate $told ahead=$ahead
	fused exact "$t/$told"
	expect_eq "$told: rewritten, if nothing else is asked for" \
		"$? $(json '.guests[0].stamps.kept, .written[1].as_it_was' | xargs)" "0 false false"
	within "$told: and exact" 0 "$(worst exact)" 1
	off=$(json '.guests[0].stamps.off_ns')
	within "$told: near all the same" 3 "$off" 100
	rm -rf "$t/out"
	expect "$told: a line says how near" grep -q \
		"^guest: its stamps were $off ns off at most: with --keep-within=$off they" \
		<($vmsync fuse -o "$t/out" "$t/$told")

	fused kept --link --keep-within="$off" "$t/$told"
	expect_eq "$told: kept" \
		"$? $(json '.guests[0].stamps.kept, .written[1].as_it_was' | xargs)" "0 true true"
	jq_is "$told: no event is outside" '.guests[0].containment.outside' 0
	expect "$told: files are those that were recorded" files "$t/$told/guest" \
		"$t/kept/guest-guest"
	expect "$told: links to them" test "$t/kept/guest-guest/channel0_0" -ef \
		"$t/$told/guest/channel0_0"
	expect_eq "$told: of the metadata three lines are others" \
		"$(diff "$t/$told/guest/metadata" "$t/kept/guest-guest/metadata" |
			sed -n 's/^> \t\([a-z_]*\) = .*/\1/p' | xargs)" \
		"vmsync_host_clock absolute offset"
	for out in exact kept; do
		expect_eq "$told, $out: babeltrace2 reads host and guest as one" \
			"$(babeltrace2 "$t/$out" | wc -l)" "$(json '[.written[].events_out] | add')"
	done
	rm -rf "$t/out"
	$vmsync fuse --keep-within="$off" -o "$t/out" "$t/$told" > "$t/text"
	bound=$(sed -n 's/^guest: error at most \([0-9]*\) ns;.*/\1/p' "$t/text")
	expect_eq "$told: the bound is what they are off, and the map's own" "$bound" \
		$((off + 1))
	expect "$told: a line says that they are kept" grep -q \
		"^guest: its stamps are as they were recorded, $off ns off at most$" "$t/text"
	covered $told kept "$bound"
	expect_eq "$told: held against the traces, the map is so far off" \
		"$(apart kept "$t/$told")" "$off"
	expect "$told: without a link, copied" files "$t/$told/guest" "$t/out/guest-guest"
	expect "$told: analysed, it is what the exact one is" cmp \
		<($vmsync analyze --json "$t/kept" | jq '.vcpus | map(del(.charges, .exits))') \
		<($vmsync analyze --json "$t/exact" | jq '.vcpus | map(del(.charges, .exits))')

	fused out --keep-within=$((off - 1)) "$t/$told"
	expect "$told: a ns less, and it is rewritten" diff -r "$t/out" "$t/exact"
	rm -rf "$t/out"
	expect "$told: a line says why" grep -q \
		"^guest: rewritten: with one constant its stamps are $off ns off (ahead at +222" \
		<($vmsync fuse --keep-within=$((off - 1)) -o "$t/out" "$t/$told")
done

# --- packets that were begun long before their first event: none is there
generate begun early=30000000000
generate late
fused exact "$t/late"
off=$(json '.guests[0].stamps.off_ns')
fused out "$t/begun"
jq_is "packets begun 30 s before: stamps are as near" '.guests[0].stamps.off_ns' "$off"

# --- what vmsync fuse has kept is not taken for what was recorded
expect_error "what was kept is not mapped" "has written it|was written by vmsync fuse" \
	$vmsync sync "$t/host/host" "$t/kept/guest-guest"
sed 's/"mapped": false/"mapped": 0/' "$t/kept/vmsync-experiment.json" > "$t/json"
cp -r "$t/kept" "$t/damaged"
cp "$t/json" "$t/damaged/vmsync-experiment.json"
expect_error "a damaged experiment" "vmsync-experiment.json: line 4" \
	$vmsync analyze "$t/damaged"

# --- kernel and processes, chunks, snapshots that overlap: one constant for all
generate several ust=77 packet=4096
carve "$t/several/guest" "$t/parts" part=a,..20 part=b,15..
carve "$t/several/guest-ust" "$t/ust" chunks=u,3
for traces in "guest guest-ust" "parts ust"; do
	# shellcheck disable=SC2086 # two names
	set -- $traces
	fused kept --keep-within=100 "$t/several/host" "$t/several/host-ust" \
		"$t/${1/guest/several/guest}" "$t/${2/guest/several/guest}"
	expect_eq "$1, $2: kept" "$? $(json '.guests[0].stamps.kept')" "0 true"
	jq_is "$1, $2: each event once" '.guests[0].containment | .inside + .outside +
		.not_decidable' "$(babeltrace2 "$t/several/guest" "$t/several/guest-ust" | wc -l)"
	bound=$(json '.guests[0].stamps.off_ns + 1')
	covered "$1, $2" kept "$bound"
	expect_eq "$1, $2: one offset" "$(find "$t/kept/guest-guest" -name metadata \
		-exec grep -h "	offset = " {} + | sort -u | wc -l)" 1
done

# --- where it is not near: a slew, the clock set, and none knows
generate slew slew=300
fused out --keep-within=100 "$t/slew"
expect_eq "slew: rewritten" "$? $(json '.guests[0].stamps.kept')" "0 false"
within "slew: exact" 0 "$(worst out)" 1
off=$(json '.guests[0].stamps.off_ns')
within "slew: its stamps are not near" 1000 "$off" 3000
fused out --keep-within=3000 "$t/slew"
jq_is "slew: kept by who takes it" '.guests[0].stamps.kept' true
covered "slew, kept" out $((off + 1))

generate jump jump=7500000 beacons=4 packet=4096 events=20000 gap=50000
fused out --keep-within=1000000 "$t/jump"
expect_eq "jump: rewritten" "$? $(json '.guests[0].stamps.kept')" "0 false"
within "jump: exact" 0 "$(worst out)" 1
within "jump: half of it is how far the stamps are off" 1500000 \
	"$(json '.guests[0].stamps.off_ns')" 1500100
carve "$t/jump/guest" "$t/hole" miss=10..30 whole=guest
fused out --keep-within=1000000000 "$t/jump/host" "$t/hole"
expect_eq "hole: rewritten, with nothing to say how far off" \
	"$? $(json '.guests[0].stamps | .kept, .off_ns' | xargs)" "1 false null"
rm -rf "$t/out"
expect "hole: a line says where" grep -q \
	"^guest: rewritten: no evidence tells of its clock after +222" \
	<($vmsync fuse --keep-within=1000000000 -o "$t/out" "$t/jump/host" "$t/hole" 2> "$t/err")

# --- a clock that would begin before the Epoch, which readers refuse
cp -r "$t/kvm" "$t/early"
sed -i "s/offset = ${epoch}000000000;/offset = 5;/" "$t/early/host/metadata"
rm -rf "$t/out"
expect "no offset: rewritten" grep -q "^guest: rewritten: .* have begun before 1970$" \
	<($vmsync fuse --keep-within=100 -o "$t/out" "$t/early")

# --- many recordings: what is said is true of each event, and little is asked too much
for seed in 1 2 3 4 5 6; do
	generate seed seed=$seed knots=$((seed * 3)) slew=$((seed % 3 * 20)) \
		ahead=$((seed % 2 * epoch))000000000 events=5000
	fused kept --keep-within=100000 "$t/seed"
	jq_is "seed $seed: kept" '.guests[0].stamps.kept' true
	covered "seed $seed" kept "$(json '.guests[0].stamps.off_ns + 1')"
	rm -rf "$t/seed"
done

# --- simulated kernels: a host that is steered, a guest that is stopped, or moved
recorded() { # NAME SEED[:clones] KEY...
	local name=$1 seed=${2%:*} clones=${2#"${2%:*}"}
	shift 2
	printf '%s\n' 'seconds = 3' 'guest.clock = host' 'beacon.hz = 50' 'exits.hz = 300' \
		"$@" > "$t/sim"
	rm -rf "${t:?}/$name"
	build/release/tests/recorded "$t/$name" "$t/sim" "$seed" "${clones#:}"
}
for seed in 1 2; do
	recorded steady $seed 'host.steer = const'
	recorded chrony $seed 'host.steer = chrony'
	recorded slew $seed 'host.steer = slew'
	recorded stop $seed 'host.steer = chrony' 'stop = 1:0.5'
	recorded move $seed 'host.steer = chrony' 'move = 1:0.1'
	for name in steady chrony slew stop move; do
		fused exact "$t/$name"
		expect_eq "$name $seed: exact" "$? $(json '.guests[0].methods | keys | join(" ")')" \
			"0 exact"
		holds "$name $seed" exact "$(json '.guests[0].bound_worst_events_ns')"
		off=$(json '.guests[0].stamps.off_ns')
		fused kept --keep-within=1000000000 "$t/$name"
		jq_is "$name $seed: kept by who takes it" '.guests[0].stamps.kept' true
		holds "$name $seed, kept" kept "$(json '.guests[0].bound_worst_events_ns')"
		[ $name != steady ] || within "$name $seed: near" 0 "$off" 5
		[ $name != move ] || within "$name $seed: not near" 10000000 "$off" 100000000
	done
done

# --- clones of one snapshot have one clock uuid, and are told apart by who answered them
recorded clones 1:clones 'guests = 2' 'host.steer = const'
uuids() { sed -n '/^clock {/,/^}/s/^\tuuid = //p' "$@" | sort -u | wc -l; }
expect_eq "clones: of one clock" "$(uuids "$t"/clones/g?/metadata)" 1
fused kept --link --keep-within=100 "$t/clones"
expect_eq "clones: both are kept, the second with another uuid in each packet" \
	"$? $(json '[.guests[].stamps.kept, .written[1:][].as_it_was] | join(" ")')" \
	"0 true true true false"
expect_eq "clones: two clocks" "$(uuids "$t"/kept/guest-*/metadata)" 2
holds clones kept "$(json '[.guests[].bound_worst_events_ns] | max')"

# --- a guest on its own clock is not concerned
build/release/tests/pair "$t/own" events=5000 beacons=1000 > "$t/own.truth"
rm -rf "$t/out"
$vmsync fuse --keep-within=1000000000 -o "$t/out" "$t/own" > "$t/text"
expect_eq "own clock: nothing is said of its stamps" "$? $(grep -c stamps "$t/text")" "0 0"
fused out --keep-within=1000000000 "$t/own"
jq_is "own clock: rewritten" '.written[1].as_it_was, .guests[0].stamps' "false
null"

for value in -1 x 5x "" 1000000001; do
	expect_error "--keep-within=$value" "--keep-within=$value: give 0 to" \
		$vmsync fuse --keep-within="$value" -o "$t/none" "$t/own"
done
finish
