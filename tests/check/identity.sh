#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Which machine, which CPU, which virtual CPU: sessions of one boot whose clocks
# have other offsets, CPUs that packets do not name or name in another way,
# threads without names, guests of one name.
. tests/check/lib.sh

expect "the tool builds" make -s -j2 tool build/release/tests/pair \
	build/release/tests/carve
vmsync=build/vmsync
t=$check_tmp/t
mkdir "$t"

generate() { # FOLDER OPTION...
	local folder=$1
	shift
	build/release/tests/pair "$t/$folder" "$@" > "$t/$folder.truth"
}
carve() { build/release/tests/carve "$@" > "$check_out"; }

# stamps TRACE: clock and truth of each event that has one, by its truth
stamps() {
	babeltrace2 --clock-cycles --no-delta "$1" 2> "$t/err" |
		sed -n 's/^\[0*\([0-9]*\)\].*, truth = \([0-9]*\) }$/\1 \2/p' |
		sort -n -k 2
}

# worst TRACE: the worst error of a fused guest's events, in ns
worst() {
	stamps "$1" | awk '
	{ e = $1 - $2; if (e < 0) e = -e; if (e > w) w = e }
	END { print NR ? w + 0 : "none" }'
}

# --- the offset of a clock: one in all that is written
offsets() { sed -n 's/^\toffset = \([0-9]*\);.*/\1/p' "$@" | sort -u; }
# another OUT FROM SECONDS: a second session of one boot, by another clock reading
another() {
	cp -r "$2" "$1"
	awk -v s="$3" '/^\toffset = / {
		sub(/[0-9]+;/, substr($3, 1, length($3) - 10) + s \
			substr($3, length($3) - 9))
	} { print }' "$2/metadata" > "$1/metadata"
}
generate one events=20000 beacons=1000 truth=1 packet=4096
carve "$t/one/host" "$t/parts" part=h0,..9 part=h1,10..
carve "$t/one/guest" "$t/parts" part=g0,..9 part=g1,10..
mkdir "$t/apart"
cp -r "$t/parts/h0" "$t/parts/g0" "$t/apart"
another "$t/apart/h1" "$t/parts/h1" 2
another "$t/apart/g1" "$t/parts/g1" 5
expect_eq "made: two offsets of the host" \
	"$(offsets "$t"/apart/h?/metadata | wc -l)" 2
for order in "h0 h1" "h1 h0"; do
	# shellcheck disable=SC2086 # two names
	set -- $order
	rm -rf "$t/out"
	expect "offsets, $order: fuse" $vmsync fuse -o "$t/out" \
		"$t/apart/$1" "$t/apart/$2" "$t/apart/g0" "$t/apart/g1"
	cp "$check_out" "$t/log"
	expect_eq "... one in all traces" \
		"$(find "$t/out" -name metadata -exec cat {} + |
			sed -n 's/^\toffset = \([0-9]*\);.*/\1/p' | sort -u)" \
		"$(offsets "$t/parts/h0/metadata")"
	expect "... a difference is told" grep -q "by 2.000000000 s" "$t/log"
	babeltrace2 --no-delta "$t/out" 2> "$t/err" | grep 'truth =' |
		sed 's/.*truth = \([0-9]*\) }$/\1/' > "$t/order"
	# shellcheck disable=SC2016 # of awk
	expect "... events of both sides come in the order of the truth" awk '
		$1 < last - 10 { bad = 1 } { last = $1 } END { exit bad || !NR }
		' "$t/order"
	expect_eq "... the host's streams are as they were" \
		"$(cat "$t"/out/host-host/?/channel* | cksum)" \
		"$(cat "$t/apart/$1"/channel* "$t/apart/$2"/channel* | cksum)"
done
$vmsync sync --json "$t/apart" > "$t/json"
jq_is "offsets: json tells the host's difference" .host.offset_spread_ns 2000000000
jq_is "offsets: and the guest's" '.guests[0].offset_spread_ns' 5000000000
$vmsync sync --json "$t/parts" > "$t/json"
jq_is "no difference: 0" .host.offset_spread_ns 0

# Kernel and user space are two sessions as well, of one clock.
generate ust events=6000 beacons=1000 truth=1 ust=250000000
whole=$(babeltrace2 "$t/ust" 2> "$t/err" | grep -c 'truth =')
expect_eq "made: kernel and user space" "$(grep -ho 'domain = "[a-z]*"' \
	"$t"/ust/*/metadata | sort | uniq -c | sed 's/^ *//')" '2 domain = "kernel"
2 domain = "ust"'
for order in "host host-ust" "host-ust host"; do
	# shellcheck disable=SC2086 # two names
	set -- $order
	rm -rf "$t/out"
	expect "kernel and user space, $order: fuse" $vmsync fuse -o "$t/out" \
		"$t/ust/$1" "$t/ust/$2" "$t/ust/guest" "$t/ust/guest-ust"
	cp "$check_out" "$t/log"
	expect "... the difference is told" grep -q "by 0.250000000 s" "$t/log"
	expect_eq "... one offset in all traces" \
		"$(find "$t/out" -name metadata -exec cat {} + |
			sed -n 's/^\toffset = \([0-9]*\);.*/\1/p' | sort -u |
			wc -l)" 1
	babeltrace2 --no-delta "$t/out" 2> "$t/err" | grep 'truth =' |
		sed 's/.*truth = \([0-9]*\) }$/\1/' > "$t/order"
	# shellcheck disable=SC2016 # of awk
	expect "... events of all come in the order of the truth" awk '
		$1 < last - 10 { bad = 1 } { last = $1 } END { exit bad || !NR }
		' "$t/order"
	expect_eq "... none is missing" "$(wc -l < "$t/order")" "$whole"
done
expect_eq "... the guest's programs are on the host's clock" \
	"$(find "$t/out"/guest-guest -name metadata | while read -r m; do
		grep -q '"ust"' "$m" && worst "${m%/*}"
	done | awk '{ print $1 <= 2 }')" 1
$vmsync sync --json "$t/ust" > "$t/json"
jq_is "kernel and user space: json tells the difference" \
	'[.host, .guests[0]] | map(.offset_spread_ns) | join(" ")' \
	"250000000 250000000"

# --- the CPU
# cpus TEXT HOST GUEST WORST: no event is off by more than its bound, nor by WORST:
# far less than the vCPUs are apart, so that a mistaken one shows
cpus() {
	local bound error
	rm -rf "$t/out"
	$vmsync sync --json "$2" "$3" > "$t/json"
	$vmsync fuse -f -o "$t/out" "$2" "$3" > "$t/log" 2> "$t/err"
	bound=$(json '.guests[0].bound_worst_events_ns // 1e18')
	error=$(worst "$t/out/guest-guest")
	expect "$1: error $error ns within the bound, $bound ns" \
		test "$error" -le "$bound"
	expect "$1: the error is at most $4 ns" test "$error" -le "$4"
}
generate apart2 events=20000 beacons=2000 apart=2500000 truth=1 packet=4096
generate alike events=20000 beacons=2000 knots=200 truth=1 packet=4096
cpus "TSCs apart" "$t"/apart2/{host,guest} 100
for name in apart2 alike; do
	carve "$t/$name/guest" "$t/hidden" hide=cpu_id whole=$name
	cp -r "$t/$name/guest" "$t/underscore"
	sed -i 's/\<cpu_id;/_cpu_id;/' "$t/underscore/metadata"
	cpus "$name, _cpu_id" "$t/$name/host" "$t/underscore" 100
	jq_is "... every event is inside" \
		'.guests[0].containment | .inside == .events' true
	rm -rf "$t/underscore"
done
cpus "TSCs apart, no cpu_id" "$t/apart2/host" "$t/hidden/apart2" 1002000
expect "... and the bound is not 1 ns" test \
	"$(json '.guests[0].bound_worst_events_ns // 1e18')" -ge 1000000
jq_is "... which is told" \
	'.guests[0] | .events_cpu_unknown == .containment.events' true
expect "... by fuse as well" grep -q "CPU of .* events is not known" "$t/log"
cpus "TSCs alike, no cpu_id" "$t/alike/host" "$t/hidden/alike" 100
expect "... the bound is a few ns" test \
	"$(json '.guests[0].bound_worst_events_ns')" -le 10
jq_is "... knots of a buffer that all CPUs share count" \
	'.guests[0].methods | keys | join(",")' exact

# A name that is another field's does not count: as written goes first.
cp -r "$t/apart2/guest" "$t/both"
sed -i 's/\<events_discarded;/_cpu_id;/' "$t/both/metadata"
expect "cpu_id beside _cpu_id" eval \
	"$vmsync sync --json $t/apart2/host $t/both > $t/json; test -s $t/json"
jq_is "... every event is inside" \
	'.guests[0].containment | .inside == .events' true

# What babeltrace2 writes, of either side and of both.
for side in host guest; do
	babeltrace2 "$t/apart2/$side" -o ctf -w "$t/bt2" > "$t/log" 2> "$t/err"
	mv "$t/bt2" "$t/bt2-$side"
done
cpus "babeltrace2's copies" "$t/bt2-host" "$t/bt2-guest" 100
cpus "... of the guest" "$t/apart2/host" "$t/bt2-guest" 100
cpus "... of the host" "$t/bt2-host" "$t/apart2/guest" 100

# --- threads without names
for plain in 0 1; do
	generate old$plain old=1 plain=$plain events=20000 beacons=1000 move=3
	$vmsync sync --json "$t/old$plain" > "$t/json"
	expect_eq "old beacons, plain=$plain: exit status" $? 0
	jq_is "... method" '.guests[0].methods | keys | join(",")' beacon
	jq 'del(.host.traces, .guests[].traces)' "$t/json" > "$t/old$plain.json"
done
expect "threads without names: the same maps" \
	cmp "$t/old0.json" "$t/old1.json"
# Half a pointer is no number of a vCPU, but tells nothing wrong either: the map is the
# same, and which thread ran which virtual CPU is not known.
cp -r "$t/old1" "$t/pointer"
sed -i 's/ _vcpu_id;/ _nothing;/' "$t/pointer/host/metadata"
$vmsync sync --json "$t/pointer" > "$t/json"
expect_eq "neither names nor numbers: exit status" $? 0
jq_is "... no virtual CPU is named" '.guests[0].cpus | length' 0
jq_is "... no event can be said to be inside" '.guests[0].containment | .not_decidable == .events' true
expect_eq "... the same maps" "$(jq -cS '.guests[].maps' "$t/json")" \
	"$(jq -cS '.guests[].maps' "$t/old1.json")"

# --- names
# named NAME...: as many guests of one host; the folders that are written
generate n1 events=2000 beacons=20000 uid=77
named() {
	local i=0 name
	rm -rf "$t/out" "$t"/n-*
	for name in "$@"; do
		i=$((i + 1))
		cp -r "$t/n1/guest" "$t/n-$i"
		sed -i "s|hostname = \"guest\"|hostname = \"$name\"|
			/^clock/,/^}/ s/uuid = \"......../uuid = \"0000000$i/" \
			"$t/n-$i/metadata"
	done
	$vmsync fuse --method=window -f -o "$t/out" "$t/n1/host" "$t"/n-* \
		> "$t/log" 2> "$t/err"
	find "$t/out" -mindepth 1 -maxdepth 1 -name 'guest*' -printf '%f\n' | sort | tr '\n' ' '
}
expect_eq "vm, vm, vm-2" "$(named vm vm vm-2)" "guest-vm guest-vm-2 guest-vm-3 "
expect_eq "vm-2, vm, vm" "$(named vm-2 vm vm)" "guest-vm guest-vm-2 guest-vm-3 "
expect_eq "names that differ in case" "$(named a A a)" \
	"guest-A-2 guest-a guest-a-3 "
expect_eq "a host's name" "$(named host host)" "guest-host guest-host-2 "
expect_eq "no name, and what is none" "$(named "" "" .. 'a/b' a_b)" \
	"guest-_. guest-a_b guest-a_b-2 guest-unnamed guest-unnamed-2 "
# --- what libvirt calls a guest, as vmsync record left it beside its traces

mkdir -p "$t/domain/guests/web"
cp -r "$t/one/host" "$t/domain/host"
cp -r "$t/one/guest" "$t/domain/guests/web/1"
uuid=6d1e3f6a-0c1b-4b5e-9a3c-2f7d8e9a0b1c
called() { # UUID, NAME as JSON
	printf '{"uuid": "%s",\n"name": "%s"}\n' "$1" "$2" \
		> "$t/domain/guests/web/.vmsync-domain"
}
called $uuid 'web \"one\"'
$vmsync sync --json "$t/domain" > "$t/json"
jq_is "domain: its name and uuid" '.guests[0] | .domain + " " + .domain_uuid' \
	"web \"one\" $uuid"
jq_is "domain: a name for files; what it calls itself" \
	'.guests[0] | .name + " " + .hostname' "web___one__ guest"
jq_is "domain: the host has none" '.host | .domain + .name' host
expect "domain: the report" grep -qF \
	"domain      web \\\"one\\\", uuid $uuid; it calls itself guest" \
	<($vmsync sync "$t/domain")
rm -rf "$t/out"
expect "domain: fuse" $vmsync fuse -o "$t/out" "$t/domain"
expect "... has it" cmp "$t/domain/guests/web/.vmsync-domain" \
	"$t/out/guest-web___one__/.vmsync-domain"
expect_eq "... and babeltrace2 reads all" "$(babeltrace2 "$t/out" 2> "$t/err" | wc -l)" \
	"$(babeltrace2 "$t/one" | wc -l)"
expect_eq "... without a word" "$(cat "$t/err")" ""
$vmsync analyze --json "$t/domain" > "$t/json" 2> "$t/err"
jq_is "domain: the analysis" '[.vcpus[].vm] | unique | join(" ")' web___one__
$vmsync analyze --json "$t/out" > "$t/json" 2> "$t/err"
jq_is "... also of what was fused" '[.vcpus[].vm] | unique | join(" ")' web___one__
# Whatever is in such a file, the report is JSON, and nothing is believed of it.
# shellcheck disable=SC1003 # a backslash is what is meant
for name in 'a", "b": "c' 'a\' 'a\u12' 'a\x' "$(printf 'a\033[m')" "$(printf 'a\377')" '' \
	"$(printf %0600d 1)"; do
	called $uuid "$name"
	$vmsync sync --json "$t/domain" > "$t/json"
	jq_is "domain: rubbish is none" '.guests[0] | .name + .domain + .domain_uuid' guest
done
called "no uuid" web
$vmsync sync --json "$t/domain" > "$t/json"
jq_is "domain: without a uuid: none" '.guests[0] | .name + .domain' guest

# A host of which the CPUs are missing that ran the guest: not "no host".
generate empty events=20000
for stream in "$t"/empty/host/channel0_*; do
	: > "$stream"
done
expect_error "a host without its streams" \
	"empty/host: its metadata declare a host's events, but it holds none" \
	$vmsync sync "$t/empty"

# A first packet that says it begins at 0: its short stamps cannot be right.
generate zero events=20000
for stream in "$t"/zero/guest/channel0_*; do
	printf '\0\0\0\0\0\0\0\0' |
		dd of="$stream" bs=1 seek=32 conv=notrunc status=none
done
expect_error "a packet that begins at 0" \
	"zero/guest: a stream's first packet says that it begins at 0" \
	$vmsync sync "$t/zero"

# --- stamps that are the host's clock in the guest (vmsync-clock.ko), as far as its lines
# tell. What beacons read and name is of the guest's own clock: here it is rubbish.
generate own events=60000 beacons=1000 truth=1 knots=1000
hosted() { # FOLDER KNOTS: the guest's trace is on that clock, and its knots are called so
	cp -r "$t/own" "$t/$1"
	awk -v RS= -v ORS='\n\n' -v knots="$2" '
	{ gsub(/monotonic/, "vmsync_host_monotonic"); sub(/"vmsync_knot"/, "\"" knots "\"") }
	/"vmsync_(gh|hg)_guest"/ {
		gsub(/ _cycle_last;/, " _x;"); gsub(/ _base_ns;/, " _cycle_last;")
		gsub(/ _x;/, " _base_ns;"); gsub(/ _tsc;/, " _x;")
		gsub(/ _mono;/, " _tsc;"); gsub(/ _x;/, " _mono;")
	} { print }' "$t/own/guest/metadata" > "$t/$1/guest/metadata"
}
hosted lines vmsync_clock_line
$vmsync fuse --json -o "$t/fused-lines" "$t/lines" > "$t/json"
expect_eq "host's clock: fused" $? 0
jq_is "host's clock: by its own lines exact" '.guests[0].methods | keys | join(",")' exact
expect "host's clock: 2 ns of the truth at most" test "$(worst "$t/fused-lines/guest-guest")" -le 2
expect "host's clock: sync says so" grep -q "^  clock  *its host's, as vmsync-clock" \
	<($vmsync sync "$t/lines")
hosted knots vmsync_knot
$vmsync sync --json "$t/knots" > "$t/json"
jq_is "host's clock: lines of the guest's own clock are not its" \
	'.guests[0] | [(.methods | keys | join(",")), .containment.outside] | join(" ")' "beacon 0"
sed 's/"vmsync_knot"/"vmsync_clock_line"/' "$t/own/guest/metadata" > "$t/metadata"
cp "$t/metadata" "$t/own/guest/metadata"
$vmsync sync --json "$t/own" > "$t/json"
jq_is "guest's own clock: lines of the host's are not its" .agrees true
expect_eq "guest's own clock: as if there were none" \
	"$(jq -S '.guests[0] | [.methods, .beacons.matched]' "$t/json")" \
	"$(sed -i 's/"vmsync_clock_line"/"other"/' "$t/own/guest/metadata" &&
		$vmsync sync --json "$t/own" | jq -S '.guests[0] | [.methods, .beacons.matched]')"
# Its beacons are the same: else it would be a clone.
cp -r "$t/own/guest" "$t/other-clock"
sed 's/monotonic/vmsync_host_monotonic/g' "$t/own/guest/metadata" > "$t/other-clock/metadata"
expect_error "one machine by two clocks" \
	"of one machine, but only one has the clock vmsync_host_monotonic; have both" \
	$vmsync sync "$t/own" "$t/other-clock"

finish
