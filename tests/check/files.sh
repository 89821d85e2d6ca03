#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Files as people have them: links to streams and to traces, results beside what
# they were made from, paths of any bytes. What is read is what is written, once.
. tests/check/lib.sh

expect "the tool builds" make -s -j2 tool build/release/tests/pair
vmsync=$PWD/build/vmsync
pair=$PWD/build/release/tests/pair
t=$check_tmp/t
mkdir "$t"
cd "$t" || exit 2

$pair a events=4000 beacons=5000 > truth
$vmsync fuse -o plain a > log 2>&1
$vmsync cat plain > plain.txt

# --- what is read is counted, and what is written, of all machines
host=$($vmsync cat a/host | wc -l) guest=$($vmsync cat a/guest | wc -l)
expect "fuse tells the host's events" \
	grep -q "^plain/host-host  $host events, as they were" log
expect "... and the guest's" grep -q "^plain/guest-guest  $guest events" log
for link in "" -l; do
	rm -rf out
	$vmsync fuse --json $link -o out a > json 2> err
	expect_eq "fuse --json${link:+ $link}" $? 0
	expect_eq "... what was read and written" "$(json '.written[] |
		"\(.trace) \(.as_it_was) \(.events_in) \(.events_out)"')" \
		"host-host true $host $host
guest-guest false $guest $guest"
	expect_eq "... of each machine" \
		"$(json '.host.events, .guests[].events')" "$host
$guest"
done
link=
$vmsync sync --json a > json
expect_eq "sync --json tells them too" \
	"$(json '.host.events, .guests[].events')" "$host
$guest"
expect "sync tells the host's" \
	grep -q "^  events      $host\$" <($vmsync sync a)

# fused TEXT STATUS TRACE...: the same is written as from a/
fused() {
	local text=$1 wanted=$2 status
	shift 2
	rm -rf out
	$vmsync fuse $link -o out "$@" > log 2> err
	status=$?
	expect_eq "$text: exit status" "$status" "$wanted"
	$vmsync cat out > out.txt 2>> err
	expect "$text: the same events" cmp plain.txt out.txt
	expect_eq "$text: files, not links" "$(find out -type l)" ""
}
# refused TEXT PATTERN TRACE...
refused() {
	local text=$1 pattern=$2
	shift 2
	rm -rf out
	expect_error "$text" "$pattern" "$vmsync" fuse -o out "$@"
	expect_eq "$text: nothing is left" "$(find . -maxdepth 1 -name 'out*' ! -name 'out.txt*')" ""
}

# --- links to files
mkdir -p store chain links/host links/guest
for f in a/host/* a/guest/*; do
	name=$(echo "$f" | tr / _)
	cp "$f" "store/$name"
	ln -s "../store/$name" "chain/$name"
	ln -s "../../chain/$name" "links/${f#a/}"
done
for link in "" -l; do
	fused "links of links${link:+, $link}" 0 links
	expect "... host to the byte" diff -r a/host out/host-host
done
expect "-l: a hard link to what the link leads to" \
	test out/host-host/channel0_0 -ef store/a_host_channel0_0
link=
mv store/a_host_channel0_1 kept
refused "a stream that is a link to nothing" "channel0_1.*fetch" links
mv kept store/a_host_channel0_1
mv store/a_guest_metadata kept
refused "metadata that is a link to nothing" "guest/metadata.*fetch" links
mv kept store/a_guest_metadata

# --- links to folders
mkdir -p f/h f/g
ln -s ../../a/host f/h/host
ln -s ../../a/guest f/g/guest
ln -s .. f/h/up
ln -s ../h f/g/h
fused "linked folders, and rings" 0 f
fused "... named apart" 0 f/h f/g
expect "... each trace once, which is told" grep -q "the same folder" err
ln -s nowhere f/h/gone
fused "a link to nothing" 0 f
expect "... is told" grep -q "f/h/gone: a link to nothing" err
$vmsync sync --json f > json 2> err
expect_eq "... in json too" "$(json '.skipped[].trace')" f/h/gone
expect_eq "cat reads a trace once" "$($vmsync cat f | wc -l)" \
	"$($vmsync cat a | wc -l)"
fused "one folder by two names" 0 a a/../a/host
expect "... is told" grep -q "the same folder as another" err

# --- packets whose ends babeltrace2 stops at: the host's are mended too
# number FILE BYTE: 64 bits
number() { od -An -td8 -j "$2" -N 8 "$1" | tr -d ' '; }
# ends TRACE FIELD ADD: packets say that they end ADD ns behind what is at byte
# FIELD of them (32: their begin, 40: their end)
ends() {
	local f at end i
	for f in "$1"/channel*; do
		at=0
		while [ "$at" -lt "$(stat -c %s "$f")" ]; do
			end=$(($(number "$f" $((at + $2))) + $3))
			for ((i = 0; i < 64; i += 8)); do
				printf '%b' "\\0$(printf %o $((end >> i & 255)))"
			done | dd of="$f" bs=8 seek=$((at + 40)) \
				oflag=seek_bytes iflag=fullblock conv=notrunc \
				status=none
			at=$((at + $(number "$f" $((at + 56))) / 8))
		done
	done
}
# mended TEXT FIELD ADD
mended() {
	rm -rf ends
	cp -r many ends
	ends ends/host "$2" "$3"
	ends ends/guest "$2" "$3"
	expect "$1: babeltrace2 stops there" \
		[ "$(babeltrace2 ends/host 2> err | wc -l)" -lt "$host" ]
	for link in "" -l; do
		rm -rf out
		$vmsync fuse --json --force $link -o out ends > json 2> err
		expect_eq "$1${link:+, $link}: babeltrace2 reads what was fused" \
			"$(babeltrace2 out 2> err | wc -l)" $((host + guest))
		expect_eq "... the host's was written anew" \
			"$(json '.written[0].as_it_was')" false
	done
	link=
}
$pair many events=4000 beacons=5000 packet=4096 > truth
host=$($vmsync cat many/host | wc -l) guest=$($vmsync cat many/guest | wc -l)
mended "packets that end behind the next one's begin" 40 1000
mended "packets that end before their events" 32 0

# --- what fuse wrote
mkdir mixed
cp -r a/host a/guest mixed
$vmsync fuse -o mixed/fused mixed/host mixed/guest > log
fused "results beside the recordings" 0 mixed
expect_eq "... are told" "$(grep -c "was written by vmsync fuse" err)" 2
refused "results alone" "vmsync fuse has written it" mixed/fused
refused "a result with its host" "vmsync fuse has written it" a/host \
	mixed/fused/guest-guest
expect_error "sync of results" "vmsync fuse has written it" \
	"$vmsync" sync mixed/fused
rm mixed/fused/vmsync-map.json
refused "results alone, without maps" "vmsync fuse has written it" mixed/fused
fused "results without maps beside the recordings" 0 mixed
expect "... are told" grep -q "was written by vmsync fuse" err
sed -i '/vmsync_host_clock/d' mixed/fused/guest-guest/metadata
refused "neither maps nor a mark" "vmsync fuse has written it" mixed/fused
fused "... beside the recordings" 0 mixed
# Maps of the recordings, saved beside them, make no results of them.
$vmsync sync -o a/vmsync-map.json a > log
fused "maps that were saved beside recordings" 0 a
rm a/vmsync-map.json
babeltrace2 plain -o ctf -w bt2 > log 2>&1
refused "babeltrace2's copy of results" "vmsync fuse has written it" bt2

# --- a file that is written over another one
# sync has -o, --plot; NAME may be anything that is there already.
mkdir over
cp a/host/metadata over/metadata
cp a/host/channel0_0 over/stream
echo '<?xml version="1.0" encoding="UTF-8"?>' > over/picture.svg
mkdir over/folder
sum() { find over -type f -exec cksum {} + | sort; }
sum > sums
for name in metadata stream picture.svg; do
	expect_error "-o over $name" \
		"over/$name exists already and is no map; remove it, or give another name with -o" \
		"$vmsync" sync -o over/$name a
	expect_error "--plot over $name" \
		"over/$name exists already and is no plot; remove it, or give another name with --plot" \
		"$vmsync" sync --plot=over/$name a
done
expect_error "-o over a folder" "over/folder: Is a directory" \
	"$vmsync" sync -o over/folder a
ln -s stream over/link
expect_error "-o over a link to a stream" "over/link exists already" \
	"$vmsync" sync -o over/link a
expect_error "--plot refused: no map either" "is no plot" \
	"$vmsync" sync -o over/new --plot=over/stream a
expect "... nothing is changed" diff sums <(sum)
expect_eq "... nothing is added" "$(ls over)" "folder
link
metadata
picture.svg
stream"
for option in -o --plot; do
	rm -rf over
	mkdir -p over/deep
	$vmsync sync "$option" over/deep/first a > log 2>&1
	echo >> over/deep/first
	ln -s first over/deep/link
	ln -s deep/link over/link
	ln -s deep/new over/dangling
	expect "$option: an earlier one is replaced, by links" \
		"$vmsync" sync "$option" over/link a
	expect_error "$option: a link to nothing" "over/dangling: No such file" \
		"$vmsync" sync "$option" over/dangling a
	expect_eq "... which is not made" "$(ls over/deep)" "first
link"
	expect_eq "... the links stay" \
		"$(find over -type l | sort | paste -sd,)" \
		over/dangling,over/deep/link,over/link
	expect_eq "... nothing is left beside" "$(find over -name '*.part*')" ""
	mkfifo over/fifo
	timeout 20 cat over/fifo > fifo.out &
	expect "$option: a fifo is written through" \
		timeout 60 "$vmsync" sync "$option" over/fifo a
	expect "... and stays" test -p over/fifo
	wait $!
	expect "... all of it has come" cmp fifo.out over/deep/first
done
# A device of ours, which says that it is full, and one that takes all.
if [ "$(id -u)" = 0 ] && mknod over/full c 1 7 2> /dev/null &&
		mknod over/null c 1 3 && : 2> /dev/null > over/null; then
	for option in -o --plot; do
		expect "$option: a device is written" \
			"$vmsync" sync "$option" over/null a
		expect_error "$option: a full device" "over/full: No space" \
			"$vmsync" sync "$option" over/full a
	done
	expect "... both stay" test -c over/null -a -c over/full
else
	skip "devices: cannot be made or opened here"
fi

# --- paths
odd=$(printf 'p\351\n\033[2J\\x41 \303\244')
cp -r a "$odd"
$vmsync sync --json "$odd" > json 2> err
expect_eq "odd path: exit status" $? 0
expect "... json is UTF-8" iconv -f UTF-8 -t UTF-8 json
expect "... and JSON" jq -e . json
expect_eq "... each byte is there" "$(json .host.traces[0] | head -n 1)" 'p\xe9'
expect_eq "... unambiguous" "$(json .host.traces[0] | tail -n 1)" \
	"$(printf '\033[2J\\\\x41 \303\244/host')"
$vmsync sync "$odd" > log 2> err
expect_eq "... no control character in text" "$(LC_ALL=C tr -d '\n' < log |
	LC_ALL=C grep -c '[[:cntrl:]]')" 0
expect_error "... nor in an error" 'p\\xe9\\x0a\\x1b\[2J' "$vmsync" sync \
	"$odd/guest"

# --- what cannot be looked into, or is not all there, is not passed over
mkdir -p part/more
cp -r a/host a/guest part
cp -r a/guest part/more/guest
refused_part() { # TEXT PATTERN
	expect_error "sync: $1" "$2" "$vmsync" sync part
	expect_error "cat: $1" "$2" "$vmsync" cat part
}
chmod 755 "$check_tmp" "$t"
chmod 444 part/more/guest
cp "$vmsync" "$t/tool"
expect_error "a folder that may only be listed" \
	"part/more/guest/metadata: Permission denied; give" \
	setpriv --reuid=65534 --regid=65534 --clear-groups "$t/tool" sync part
chmod 755 part/more/guest
rm part/more/guest/metadata
refused_part "a trace without metadata" \
	"part/more/guest: a trace without its file metadata: channel0_. is a stream's; copy"
mkfifo part/more/guest/metadata
refused_part "metadata that is a pipe" \
	"part/more/guest/metadata: not a regular file; copy"
rm part/more/guest/*
mkdir part/more/guest/metadata
cp a/host/metadata part/more/guest/metadata/notes
expect "a folder may be called metadata" "$vmsync" sync part
for file in metadata channel0_0; do
	expect_error "$file given, not its folder" \
		"a/host/$file: neither a folder .*; give the folder that holds metadata" \
		"$vmsync" sync a/guest a/host/$file
done
echo "About this trace" > part/guest/README
refused_part "a file that is no stream's" \
	"guest/README: packet at byte 0: .*move it out of the folder"

# --- a file that grows too large
expect_error "fuse: a limit of a file's size" "File too large; raise the limit" \
	bash -c "ulimit -f 10; exec '$vmsync' fuse -o big a"
expect_eq "... nothing is left" "$(echo big*)" "big*"
finish
