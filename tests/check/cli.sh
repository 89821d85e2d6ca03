#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The commands as a person meets them: right on a pair of traces whose truth is
# known, and one clear line for every kind of bad input.
. tests/check/lib.sh

expect "the tool builds" make -s -j2 VARIANT=asan tool build/asan/tests/pair
vmsync=build/asan/vmsync
pair=build/asan/tests/pair
t=$check_tmp/t
mkdir "$t"

generate() { # FOLDER OPTION...
	local folder=$1
	shift
	$pair "$t/$folder" "$@" > "$t/$folder.truth" ||
		fail "pair $folder $*"
}
truth() { sed -n "s/.*\<$2=\([-0-9]*\).*/\1/p" "$t/$1.truth"; }

# nothing TEXT PATH: PATH is not there, nor a temporary folder of it
nothing() {
	local left
	left=$(ls -d "$2"* 2>/dev/null)
	expect_eq "$1: nothing is left behind" "$left" ""
}

generate a events=60000
generate b events=20000 seed=7
sync_json() { $vmsync sync --json "$@" > "$t/json"; }

# --- right on what is right
expect "sync agrees" sync_json "$t/a"
jq_is "json: the host" .host.hostname host
jq_is "json: the guest" '.guests[0].hostname' guest
jq_is "all events are counted" '.guests[0].containment.events' \
	"$(truth a guest_events)"
jq_is "none is outside" '.guests[0].containment.outside' 0
jq_is "no beacon violates causality" '.guests[0].beacons.causality_violations' 0
jq_is "every segment is exact" '.guests[0].methods | keys | join(",")' exact
jq_is "the bound is a few ns" '(.guests[0].bound_worst_ns // 1e18) <= 10' true
# Threads that come too late or too soon would show as another report.
for jobs in 1 2 7; do
	for method in exact window; do
		$vmsync sync -j $jobs --method=$method "$t/a" > "$t/jobs$jobs.$method"
		expect "$method: the same report with $jobs threads" \
			cmp "$t/jobs1.$method" "$t/jobs$jobs.$method"
	done
done
expect_error "no threads" "not a number of threads: 0" $vmsync sync -j 0 "$t/a"

expect "sync says it in 80 columns" sh -c \
	"$vmsync sync $t/a | awk 'length > 80 {exit 1}'"

expect "fuse" $vmsync fuse -o "$t/out" "$t/a/host" "$t/a/guest"
babeltrace2 "$t/out" > "$t/text" 2> "$t/warnings"
expect_eq "babeltrace2 has nothing to say" "$(cat "$t/warnings")" ""
count() { babeltrace2 "$@" | wc -l; }
expect_eq "event counts in and out" "$(wc -l < "$t/text")" \
	"$(($(count "$t/a/host") + $(count "$t/a/guest")))"
expect "the host's trace is as it was" diff -r "$t/a/host" "$t/out/host-host"

# The truth: the mean error of all guest stamps, by babeltrace2's own reading.
cycles() {
	babeltrace2 --clock-cycles --no-delta "$1" |
		sed 's/^\[\([0-9]*\)\].*/\1/' | awk '{s += $1} END {printf "%.0f", s}'
}
before=$(cycles "$t/a/guest")
after=$(cycles "$t/out/guest-guest")
wanted=$(truth a offset_sum_ns)
events=$(truth a guest_events)
error=$((after - before - wanted))
if [ "${error#-}" -le "$((2 * events))" ]; then
	pass "guest stamps are right: mean error $error / $events ns"
else
	fail "guest stamps: sum of errors $error ns over $events events"
fi

expect "the map is saved" $vmsync sync -o "$t/map.json" "$t/a"
expect "the map is JSON" jq -e '.' "$t/map.json"

expect "the plot is drawn" $vmsync sync --plot="$t/plot.svg" "$t/a"
expect_eq "the plot is whole" "$(tail -n 1 "$t/plot.svg")" "</svg>"
expect "the plot shows every beacon" test \
	"$(grep -c '<circle' "$t/plot.svg")" -ge \
	"$(jq '.guests[0].beacons.causality_checked' "$t/json")"
expect_error "a plot that cannot be written" "nowhere" \
	$vmsync sync --plot="$t/nowhere/plot.svg" "$t/a"

# --- a wrong offset is seen
generate wrong events=60000 offset=25000
$vmsync sync "$t/wrong" > "$t/log" 2>&1
expect_eq "a TSC offset that is wrong by 10 us: exit status" $? 1
$vmsync fuse -o "$t/wrong.out" "$t/wrong" > "$t/log" 2>&1
expect_eq "fuse refuses it" $? 1
nothing "a refused fuse" "$t/wrong.out"
expect "--force writes it" $vmsync fuse -f -o "$t/wrong.out" "$t/wrong"

expect "fuse with links" $vmsync fuse -l -o "$t/linked" "$t/a"
expect "... writes the same" diff -r "$t/out" "$t/linked"
expect "... the host's streams are the ones that were named" \
	test "$t/linked/host-host/channel0_0" -ef "$t/a/host/channel0_0"
# Where there is another file system, a link cannot be made.
other=$(mktemp -d -p /dev/shm 2> /dev/null) || other=$(mktemp -d)
expect "fuse with links to another file system" \
	$vmsync fuse -l -o "$other/linked" "$t/a"
expect "... copies" diff -r "$t/out" "$other/linked"
rm -rf "$other"

# The host's streams in two files each, as with LTTng's --tracefile-size: who
# runs on a CPU is told in the one and matters in the other.
generate whole events=60000 offset=25000 packet=65536
cp -r "$t/whole" "$t/pieces"
for stream in "$t"/pieces/host/channel*; do
	head -c 131072 "$stream" > "${stream}_0"
	tail -c +131073 "$stream" > "${stream}_1"
	rm "$stream"
done
for name in whole pieces; do
	sync_json "$t/$name"
	expect_eq "$name: exit status" $? 1
	jq .guests[0].containment "$t/json" > "$t/$name.json"
done
expect "a trace in pieces: the same events are outside" \
	cmp "$t/whole.json" "$t/pieces.json"
jq_is "... and some are" '.guests[0].containment.outside > 100' true

# A second session of the host, of the same time: another uuid, the same clock.
generate sessions events=6000
cp -r "$t/sessions/host" "$t/sessions/again"
uuid=$(sed -nE '0,/uuid = /s/^\tuuid = "([0-9a-f]{2})([0-9a-f]{2}).*/\\x\1\\x\2/p' \
	"$t/sessions/host/metadata")
sed -i '0,/uuid = "[0-9a-f]\{4\}/s//uuid = "ffff/' "$t/sessions/again/metadata"
LC_ALL=C sed -i "s/\xc1\x1f\xfc\xc1$uuid/\xc1\x1f\xfc\xc1\xff\xff/g" "$t"/sessions/again/channel*
$vmsync analyze "$t/sessions" > "$t/log" 2> "$t/err"
expect_eq "two sessions of one time: exit status" $? 0
expect_eq "... what is counted is counted twice, which is told once" \
	"$(grep -cE 'again.* of the same time, .*twice; name one of the two' "$t/err") $(
		wc -l < "$t/err")" "1 1"
$vmsync analyze "$t/sessions/host" "$t/sessions/guest" > "$t/log" 2> "$t/err"
expect_eq "... of one there is nothing to tell" "$(cat "$t/err")" ""

# --- other evidence
generate old old=1 beacons=1000
expect "the old addons' traces: sync agrees" sync_json "$t/old"
jq_is "old: beacon is the method" '.guests[0].methods | keys | join(",")' beacon
jq_is "old: containment is checked" \
	'.guests[0].containment | .inside > 1000 and .outside == 0' true
generate net net=1 beacons=1000
match="cause=packet_sent,effect=packet_received,key=cnt,vm_uid"
expect "two machines that exchange packets" sync_json --match="$match" \
	"$t/net/host" "$t/net/guest"
jq_is "net: the bound is below 1 us" '(.guests[0].bound_worst_ns // 1e18) < 1000' true
expect "net: fuse" $vmsync fuse --match="$match" -o "$t/net.out" \
	"$t/net/host" "$t/net/guest"
error=$(($(cycles "$t/net.out/guest-guest") - $(cycles "$t/net/guest") -
	$(truth net offset_sum_ns)))
mean=$((error / $(truth net guest_events)))
bound=$(jq '.guests[0].bound_worst_ns // 1e18' "$t/json")
expect "net: mean error $mean ns within the bound, $bound ns" \
	test "${mean#-}" -le "$bound"
expect_error "--match without a key" "cause=EVENT" \
	$vmsync sync --match=cause=a,effect=b "$t/net"
expect_error "--match with names that are not there" "too few messages" \
	$vmsync sync --match=cause=a,effect=b,key=c "$t/net/host" "$t/net/guest"

# --- bad input: one line, status 2, nothing left
bad() { # TEXT PATTERN TRACE...
	local text=$1 pattern=$2
	shift 2
	expect_error "sync: $text" "$pattern" $vmsync sync "$@"
	expect_error "fuse: $text" "$pattern" $vmsync fuse -o "$t/bad" "$@"
	nothing "$text" "$t/bad"
	rm -rf "$t/bad"
}
# broken NAME FILE: a copy of trace pair a whose FILE can be damaged
broken() {
	cp -r "$t/a" "$t/$1"
}

bad "no such folder" "nowhere.*[Nn]o such" "$t/nowhere" "$t/a/guest"
mkdir "$t/empty"
echo hello > "$t/empty/file"
bad "not CTF" "$t/empty" "$t/a/host" "$t/empty"
mkdir "$t/notctf"
echo hello > "$t/notctf/metadata"
bad "metadata of another kind" "notctf/metadata" "$t/a/host" "$t/notctf"
bad "no host among the traces" "no trace of a host" "$t/a/guest" "$t/b/guest"
bad "the host alone" "no other" "$t/a/host"
bad "two hosts" "both are of a host" "$t/a" "$t/b/host"
bad "a guest of another host" "guest of another host" "$t/a/host" "$t/b/guest"

generate quiet events=20000 seed=3
# A guest that never called: the same events without the beacons' names.
cp -r "$t/quiet/guest" "$t/mute"
sed -i 's/vmsync_gh_guest/other_gh_guest_/; s/vmsync_hg_guest/other_hg_guest_/' \
	"$t/mute/metadata"
expect "a guest without beacons: entries and exits will do" \
	sync_json "$t/quiet/host" "$t/mute"
jq_is "... by the window method" '.guests[0].methods | keys | join(",")' window
jq_is "... and none is outside" '.guests[0].containment.outside' 0
sed -i 's/kvm_x86_/other_x86_/' "$t/quiet/host/metadata"
bad "a guest without beacons, a host without entries" "mute" \
	"$t/quiet/host" "$t/mute"
bad "a guest without beacons, of another host" "mute.*fit no VM" \
	"$t/b/host" "$t/mute"

# --- a guest that cannot be mapped holds up nobody
left() { # TEXT STATUS PATTERN COMMAND...
	local text=$1 status=$2 pattern=$3 got
	shift 3
	"$@" > "$t/log" 2> "$t/err"
	got=$?
	expect_eq "$text: exit status" $got "$status"
	expect "$text: is said on stderr" grep -qE "LEFT OUT: .*$pattern" "$t/err"
}
# A guest whose streams hold no packet.
cp -r "$t/a/guest" "$t/silent"
sed -i 's/\(hostname = "\)guest/\1silent/; s/-[0-9a-f]*";/-00000000cafe";/' \
	"$t/silent/metadata"
for stream in "$t"/silent/channel*; do
	: > "$stream"
done
left "sync: another host's guest beside its own" 1 "another host" \
	$vmsync sync --json "$t/a/host" "$t/b/guest" "$t/a/guest"
mv "$t/log" "$t/json"
jq_is "... the other one is mapped" \
	'.agrees and (.guests | length == 1) and (.guests[0].bound_worst_ns // 1e18) <= 10' true
jq_is "... and it is listed" '.left_out | length' 1
left "sync: a guest without events" 1 "silent: holds no event" \
	$vmsync sync "$t/a/host" "$t/a/guest" "$t/silent"
expect "... is in the report" grep -q "guest silent, LEFT OUT" "$t/log"
left "fuse: another host's guest" 1 "another host" \
	$vmsync fuse -o "$t/left" "$t/a/host" "$t/a/guest" "$t/b/guest"
expect_eq "... the others are written" "$(ls "$t/left")" \
	"$(printf 'guest-guest\nhost-host\nvmsync-experiment.json\nvmsync-map.json')"
expect "... as if it had not been named" diff -r "$t/out" "$t/left"
left "check: another host's guest" 1 "another host" \
	$vmsync check --map="$t/left/vmsync-map.json" "$t/a/host" "$t/a/guest" \
	"$t/b/guest"
bad "a guest without events alone" "silent: holds no event" \
	"$t/a/host" "$t/silent"

broken cutmeta
truncate -s 3000 "$t/cutmeta/guest/metadata"
bad "metadata cut short" "cutmeta/guest/metadata.*[0-9]+:[0-9]+" "$t/cutmeta"

broken cutpacket
truncate -s -5000 "$t/cutpacket/guest/channel0_0"
bad "a packet cut short" "cutpacket/guest/channel0_0" "$t/cutpacket"
# A full disk leaves it so: what is said helps.
cut=$($vmsync sync "$t/cutpacket" 2>&1 | sed -n 's/.*truncate -s \([0-9]*\) FILE$/\1/p')
expect "... with what to do" truncate -s "${cut:-none}" \
	"$t/cutpacket/guest/channel0_0"
sync_json "$t/cutpacket"
jq_is "... which leaves out the rest" '.guests | length' 1

poke() { # FILE OFFSET OCTAL...
	local file=$1 offset=$2
	shift 2
	printf '%b' "$(printf '\\0%s' "$@")" |
		dd of="$file" bs=1 seek="$offset" conv=notrunc status=none
}
broken liar # content_size larger than packet_size
poke "$t/liar/guest/channel0_1" 48 377 377 377 377 377 377 0 0
bad "a packet whose content is larger than itself" "liar/guest/channel0_1" \
	"$t/liar"
broken zero # packet_size 0
poke "$t/zero/host/channel0_1" 56 0 0 0 0 0 0 0 0
bad "a packet of size 0" "zero/host/channel0_1" "$t/zero"
broken magic
poke "$t/magic/host/channel0_2" 0 1 2 3 4
bad "a packet without its magic" "magic/host/channel0_2" "$t/magic"

mkdir "$t/there"
expect_error "OUT exists" "there.*exists" $vmsync fuse -o "$t/there" "$t/a"
expect_eq "OUT is left alone" "$(ls -A "$t/there")" ""
expect_error "OUT in no folder" "nowhere" \
	$vmsync fuse -o "$t/nowhere/out" "$t/a"
expect_error "no -o" "-o" $vmsync fuse "$t/a"
expect_error "no trace" "no trace" $vmsync sync
expect_error "no such option" "--colour" $vmsync sync --colour "$t/a"
expect_error "no such command" "'frob'" $vmsync frob

# A real full disk: a small file system of our own, in a mount namespace.
cat > "$t/full.sh" <<-END
	mount -t tmpfs -o size=1m none $t/there || exit 9
	$vmsync fuse -o $t/there/out $t/a
	status=\$?
	ls -A $t/there
	exit \$status
END
# In a chroot the root is no mount point, whose propagation could be changed.
private=()
unshare -m true 2> /dev/null || private=(--propagation unchanged)
expect_error "disk full" "No space left" unshare -m "${private[@]}" bash "$t/full.sh"

# --- Ctrl-C leaves nothing, by whichever thread it is taken
# Without job control a shell has what runs in the background ignore it.
set -m
$vmsync fuse -j 3 -o "$t/stopped" "$t/a" > /dev/null 2>&1 &
pid=$!
set +m
for _ in $(seq 500); do
	[ -z "$(ls -d "$t"/stopped.part-* 2>/dev/null)" ] || break
	sleep 0.01
done
kill -INT $pid 2> /dev/null
wait $pid
status=$?
# The signal may come when all is done: whole or nothing.
nothing "interrupted ($status)" "$t/stopped.part-"
if [ -e "$t/stopped" ]; then
	expect_eq "done before the signal: whole" \
		"$(babeltrace2 "$t/stopped" | wc -l)" "$(wc -l < "$t/text")"
else
	expect "interrupted: says so" test $status -ne 0
fi

expect "help" $vmsync --help
expect_eq "version" "$($vmsync --version)" \
	"vmsync $(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)"
expect "help of sync" $vmsync sync --help
expect "help of fuse" $vmsync fuse --help
expect_error "one letter of several" "no option -d; see" $vmsync sync -dash
expect_error "... after others" "no option -x; see" $vmsync sync --json -j2 -x
expect_error "a letter that is an option's number" "no option -J; see" $vmsync sync -Jx
expect_error "a long option" "no option --nope; see" $vmsync sync --nope
expect_error "a value that none is asked for" "json takes no value" \
	$vmsync sync --json=3
expect_error "cat: a full disk" "stdout: No space left on device" \
	sh -c "$vmsync cat $t/a > /dev/full"
# Completion offers what there is: every command, every option of each.
complete() {
	bash -c '. tools/completion/vmsync.bash
		PATH=$PWD/build/asan:$PATH COMP_WORDS=("$@")
		COMP_CWORD=$(($# - 1))
		compopt() { :; }
		_vmsync
		printf "%s\n" "${COMPREPLY[@]}"' bash "$@" | sort | paste -sd' '
}
expect_eq "completion: commands" "$(complete vmsync c)" "cat check"
expect_eq "... of an option" "$(complete vmsync fuse --me)" "--method="
for command in $(complete vmsync ""); do
	case $command in -* | help) continue ;; esac
	expect "help $command" cmp <($vmsync help "$command") \
		<($vmsync "$command" --help)
	expect_eq "completion: all options of $command" \
		"$(complete vmsync "$command" --)" \
		"$($vmsync "$command" --help | grep -oE '^ .*' |
			grep -oE -- '(^ +|, )--[a-z-]+=?' | tr -d ' ,' | sort -u | paste -sd' ')"
	expect_eq "help $command: within 80 columns" "$($vmsync "$command" --help |
		awk 'length > 80')" ""
	page=Documentation/man/vmsync-$command.1
	$vmsync "$command" --help > "$t/help"
	# shellcheck disable=SC2016 # of awk
	expect_eq "$page: explains no option that there is not" "$(
		awk '/^\.TP/ { getline; print }' "$page" | sed 's/\\-/-/g' |
			grep -oE -- '--[a-z-]+' | sort -u | while read -r name; do
				grep -qE -- "(^ +|, )$name\b" "$t/help" || echo "$name"
			done)" ""
	# A line of any document that calls it: to where another command begins.
	expect_eq "documents: vmsync $command is told what it knows" "$(
		sed 's/\\-/-/g; s/ -- .*//' README.md NEWS Documentation/*.rst \
			Documentation/man/* |
			grep -ohE "vmsync $command [^|;&\`]*" |
			grep -oE -- ' \[?--[a-z][a-z-]+' | tr -d ' [' | sort -u |
			while read -r name; do
				grep -qE -- "(^ +|, )$name\b" "$t/help" || echo "$name"
			done)" ""
	for option in $(complete vmsync "$command" --); do
		name=${option%=}
		expect "$page: $name" grep -qF -- "${name//-/\\-}" "$page"
	done
done
finish
