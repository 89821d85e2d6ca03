#!/bin/bash
# SPDX-License-Identifier: MIT
#
# vmsync live --follow, --rotate: what session daemons of LTTng write to folders, read
# while it is written. A host and a guest are processes that record in user space what
# their kernels would (tests/gen/ust-vm.c), each in namespaces of its own, with a clock of
# its own.
#
# Needs root, lttng-tools and liblttng-ust-dev.
. tests/check/lib.sh
. tests/check/machines.sh
. tests/check/series.sh
. tests/check/turns.sh

t=$check_tmp/t
mkdir "$t"
trap 'machines_end; rm -rf "$check_tmp"' EXIT

turns_prepare "folders of LTTng" lttng-sessiond build/asan/tests/contend build/asan/tests/carve

# session_begin NAME RUN SCHEME [OPTION...]: into $t/NAME/RUN, the channel with OPTIONs
session_begin() {
	cat > "$t/$1/begin" <<-END_OF_BEGIN
		set -e
		lttng create session --output="$t/$1/$2"
		lttng enable-channel -u --buffers-$3 --switch-timer=100000 metadata
		lttng enable-channel -u --buffers-$3 --switch-timer=100000 --subbuf-size=16k \
			--num-subbuf=16 ${*:4} channel
		lttng enable-event -u -c channel 'vmsync:*'
		lttng start
	END_OF_BEGIN
	in_machine "$1" bash "$t/$1/begin"
}
session_end() { in_machine "$1" lttng destroy session; }

# begin RUN OPTION... SOURCE...: vmsync live, in the background: its process in $client,
# what is to be judged in $t/RUN
begin() {
	local run=$t/$1

	mkdir "$run"
	shift
	"$vmsync" live --record="$run/out" --analyze --interval=0.1 --patience=100000 \
		--metrics="$run/prom" "$@" > "$run/log" 2> "$run/said" &
	client=$!
}

# recording RUN: both machines do. A session that is rotated while a process is being told
# of it may record nothing of that.
recording() {
	until_true "$1: the host records" has_packets "$t/host/$1"
	until_true "$1: the guest records" has_packets "$t/guest/$1"
}
# shellcheck disable=SC2317 # until_true calls it
has_packets() { [ -n "$(find "$1" -name 'channel_*' -size +0)" ]; }

# ended RUN: it ends by itself, all is there, and it is what is in the folders, too
ended() {
	local run=$1

	wait $client
	expect_eq "$run: exit status" $? 0
	judge "$run" "$t/$run/out"
	wanted "$t/host/$run" "$t/guest/$run" > "$t/$run/folders"
	expect "$run: vmsync analyze finds the same in the folders" \
		diff "$t/$run/wanted" "$t/$run/folders"
	expect_eq "$run: no packet came too late" \
		"$(grep -c '^vmsync_live_late_packets_total{.* 0$' "$t/$run/prom")" 2
	expect_eq "$run: nothing is lost" \
		"$(grep -c '^vmsync_lost_packets_total{.* 0$' "$t/$run/prom")" 2
}

machine host 1000 sleep infinity
machine guest 250000 sleep infinity

# --- folders that grow, and are not there yet; a stream that is idle, and another process
begin follow --once --follow="$t/host/follow" --settle=1 --follow="$t/guest/follow"
until_true "follow: a folder that is not there is waited for" \
	is_said follow "guest/follow: waiting: no trace is there"
session_begin host follow uid
session_begin guest follow uid
turns
until_true "follow: it is analysed while it comes" analysed follow
touch "$t/late"
# shellcheck disable=SC2317 # until_true calls it
more() { [ -n "$(find "$t/follow/out/host" -name channel_1 -size +16k)" ]; }
until_true "follow: the idle CPU's events come" more
turns_end follow
session_end host
session_end guest
ended follow
expect "follow: what the idle CPU did is in it" sh -c \
	"\"$vmsync\" cat \"$t/follow/out/host\" | grep -q 'cpu_id = 1.*waker'"
for name in host guest; do
	for file in "$t/$name/follow"/ust/uid/*/*/channel_*; do
		[ ! -s "$file" ] || expect "follow: ${file##*/}, to the byte" cmp "$file" \
			"$t/follow/out/$name/follow${file#"$t/$name/follow"}"
	done
done

# --- files of a limited size are one stream, which is in one file afterwards
for name in host guest; do
	session_begin $name size uid --tracefile-size=32k
done
begin size --once --settle=1 --follow="$t/host/size" --follow="$t/guest/size"
turns
until_true "size: it is analysed while it comes" analysed size
# files MACHINE RUN: of the stream of CPU 0, in the order in which they were written
files() { find "$t/$1/$2/ust" -name 'channel_0_*[0-9]' -printf '%T@ %p\n' | sort -n | cut -d' ' -f2; }
# shellcheck disable=SC2317 # until_true calls it
several() { [ "$(files host size | wc -l)" -ge 4 ]; }
until_true "size: there are several files" several
turns_end size
session_end host
session_end guest
ended size
for name in host guest; do
	files $name size | xargs cat > "$t/size/$name"
	find "$t/size/out/$name" -name 'channel_0*' > "$t/size/$name.kept"
	expect_eq "size: a stream of $name is one file" "$(wc -l < "$t/size/$name.kept")" 1
	expect "... to the byte" cmp "$t/size/$name" "$(cat "$t/size/$name.kept")"
done

# --- files that are written over: all of it is kept while it is read in time, and what
# was not is said and counted
for name in host guest; do
	session_begin $name count uid --tracefile-size=64k --tracefile-count=4
done
begin count --once --settle=1 --follow="$t/host/count" --follow="$t/guest/count"
turns
kept() { find "$t/count/out/$1" -name 'channel_0*' -printf '%s\n'; }
# shellcheck disable=SC2317 # until_true calls it
over() { [ "$(kept host)" -gt $((${1:-0} + 5 * 65536)) ] 2> /dev/null; }
until_true "count: more comes than there are files for" over
expect_eq "count: nothing is lost" \
	"$(grep -c '^vmsync_lost_packets_total{.* 0$' "$t/count/prom")" 2
expect_eq "... as whoever reads it finds, too" \
	"$("$vmsync" cat "$t/count/out/host" 2>&1 > /dev/null)" ""
kill -STOP $client
sleep 3
kill -CONT $client
# shellcheck disable=SC2317 # until_true calls it
written_over() { is_said count "host/count: channel_0.*: packets were written over.* before they were read: [0-9]"; }
until_true "count: what was not read in time is said" written_over
until_true "count: and it goes on" over "$(kept host)"
turns_end count
session_end host
session_end guest
wait $client
expect_eq "count: exit status" $? 1
expect "count: it is counted" grep -q '^vmsync_lost_packets_total{.*} [1-9]' "$t/count/prom"
judge count "$t/count/out"

# --- a buffer for each process, by both ways at once
session_begin host pid pid
session_begin guest pid pid
begin pid --once --settle=1 --follow "$t/host/pid" --follow "$t/guest/pid"
turns
until_true "pid: it is analysed while it comes" analysed pid
touch "$t/late"
sleep 1
turns_end pid
session_end host
session_end guest
ended pid

# --- sessions that are rotated: chunks come whole, and one that is gone is said
session_begin host rotate uid
session_begin guest rotate uid
begin rotate --once --settle=1 --rotate="$t/host/rotate" --rotate="$t/guest/rotate"
turns
until_true "rotate: that there is no chunk yet is said" \
	is_said rotate "guest/rotate: waiting: no chunk is there"
recording rotate
rotate() {
	in_machine host lttng rotate session
	in_machine guest lttng rotate session
}
# shellcheck disable=SC2317 # until_true calls it
rotated() {
	rotate
	sleep 0.7
	analysed rotate
}
until_true "rotate: it is analysed while it comes" rotated
touch "$t/late"
sleep 0.5
rotate
turns_end rotate
session_end host
session_end guest
expect "rotate: there are chunks" test "$(find "$t/host/rotate/archives" -mindepth 1 -maxdepth 1 |
	wc -l)" -ge 4
ended rotate

# --- one way for the host, another for the guest
session_begin host both uid
session_begin guest both uid
begin both --once --settle=1 --follow="$t/host/both" --rotate="$t/guest/both"
turns
recording both
# shellcheck disable=SC2317 # until_true calls it
rotated() {
	in_machine guest lttng rotate session
	sleep 0.7
	analysed both
}
until_true "both: it is analysed while it comes" rotated
turns_end both
session_end host
session_end guest
ended both

# --- what goes wrong
mkdir -p "$t/cut/a"
build/asan/tests/contend "$t/c" 600 > /dev/null
cp -r "$t/c/host/." "$t/cut/a"
channel=$(find "$t/cut/a" -name "channel*" -printf "%f\n" | head -n 1)
truncate -s -100 "$t/cut/a/$channel"
timeout 100 "$vmsync" live --record="$t/cut/out" --once --settle=0.3 --follow="$t/cut/a" \
	> "$t/cut/log" 2> "$t/cut/said"
expect_eq "a packet that is not whole: exit status" $? 0
expect "... is left out" sh -c "[ \$(stat -c %s \"$t\"/cut/out/*/a/trace/$channel) -lt \
	\$(stat -c %s \"$t/cut/a/$channel\") ]"
mkdir "$t/late-metadata"
cp -r "$t/c/host/." "$t/late-metadata/a"
size=$(stat -c %s "$t/late-metadata/a/metadata")
mv "$t/late-metadata/a/metadata" "$t/late-metadata/metadata"
head -c $((size - 400)) "$t/late-metadata/metadata" > "$t/late-metadata/a/metadata"
timeout 100 "$vmsync" live --record="$t/late-metadata/out" --once --settle=2 \
	--follow="$t/late-metadata/a" > "$t/late-metadata/log" 2> "$t/late-metadata/said" &
client=$!
sleep 1
expect "no packet without its metadata" sh -c \
	"[ -z \"\$(find \"$t/late-metadata/out\" -name 'channel*' -size +0)\" ]"
tail -c 400 "$t/late-metadata/metadata" >> "$t/late-metadata/a/metadata"
wait $client
expect_eq "... and then all of them" $? 0
expect "... to the byte" diff -r "$t/c/host" "$t/late-metadata/out/"*/a/trace
# What CPU 1 did in the second chunk is in the third one, all of which comes behind it.
build/asan/tests/contend "$t/r" 12000 > /dev/null
build/asan/tests/carve "$t/r/host" "$t/r" chunks=late,4 > /dev/null
chunks=("$t"/r/late/archives/*)
{
	cat "${chunks[1]}/kernel/channel0_1" "${chunks[2]}/kernel/channel0_1"
} > "$t/r/moved"
rm "${chunks[1]}/kernel/channel0_1"
mv "$t/r/moved" "${chunks[2]}/kernel/channel0_1"
timeout 100 "$vmsync" live --record="$t/r/out" --once --settle=0.3 --rotate="$t/r/late" \
	--metrics="$t/r/prom" > "$t/r/log" 2> "$t/r/said"
expect_eq "rotate: packets of a chunk before: exit status" $? 0
expect "... are said" grep -q "late: a packet came too late, of 1 now" "$t/r/said"
expect "... and counted" grep -q '^vmsync_live_late_packets_total{.* [1-9]' "$t/r/prom"
expect_eq "... and kept" "$("$vmsync" cat "$t/r/out/host" | wc -l)" \
	"$("$vmsync" cat "$t/r/host" | wc -l)"
# A file that is written over while nobody looks, and is longer than it was by then.
build/asan/tests/carve "$t/r/host" "$t/r" part=over,0..3 part=next,10..17 > /dev/null
rm "$t/r"/{over,next}/channel0_1
"$vmsync" live --record="$t/r/kept" --once --settle=0.5 --follow="$t/r/over" \
	> "$t/r/log" 2> "$t/r/said" &
client=$!
# shellcheck disable=SC2317 # until_true calls it
first() { cmp "$t/r/over/channel0_0" "$t"/r/kept/*/over/trace/channel0_0; }
until_true "over: the first packets come" first
bytes=$(cat "$t"/r/{over,next}/channel0_0 | wc -c)
kill -STOP $client
cat "$t/r/next/channel0_0" > "$t/r/over/channel0_0"
kill -CONT $client
wait $client
expect_eq "over: exit status" $? 1
expect "over: what lies between is said to be lost" \
	grep -q "channel0_0: packets were .* before they were read: 6, of 6 now" "$t/r/said"
expect_eq "over: what was read first stays, and what comes then is there" \
	"$(stat -c %s "$t"/r/kept/*/over/trace/channel0_0)" "$bytes"
expect_error "a folder needs --record" "record says where" "$vmsync" live --follow="$t/c/host"
expect_error "no folder" "a source without a name" "$vmsync" live --record="$t/x" --rotate=
machine_stop host
machine_stop guest
finish
