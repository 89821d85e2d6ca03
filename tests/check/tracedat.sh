#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What trace-cmd recorded, trace.dat: the same world, recorded by LTTng and by
# trace-cmd, gives the same maps, texts, tables and traces; what is in it is what
# trace-cmd report prints; and whatever is wrong with it is one line.
. tests/check/lib.sh
. tests/check/report-text.sh

dir=$check_tmp/dat
vmsync=build/vmsync
export TMPDIR=$check_tmp/scratch
mkdir -p "$dir" "$TMPDIR"
expect "the tool builds" make -s -j2 tool build/release/tests/pair \
	build/release/tests/tracedat

# The same without a reader: what is missing is one line.
echo 'int cmd_cat(int, char **);
int main(int n, char **v) { return cmd_cat(n, v); }' > "$dir/without.c"
read -ra cc <<< "${CC:-cc}"
expect "without libtracecmd it builds" "${cc[@]}" -o "$dir/without" "$dir/without.c" \
	build/release/host/cmd_cat.o build/release/host/cmd_common.o \
	build/release/libvmsync.a -pthread -lm
build/release/tests/pair "$dir/little" events=100 > "$dir/n"
build/release/tests/tracedat "$dir/little/host" "$dir/little.dat"
expect_error "... and says what to install" \
	"little.dat: recorded by trace-cmd, .*libtracecmd-dev" \
	"$dir/without" "$dir/little.dat"
if ! ldd build/release/vmsync | grep -q libtracecmd; then
	skip "what trace-cmd recorded: libtracecmd-dev is missing"
	finish
fi

# recorded FOLDER [PAIR-OPTION]...: a world by LTTng, and in FOLDER-dat by trace-cmd
# shellcheck disable=SC2317 # expect calls it
recorded() {
	local to=$dir/$1
	shift
	build/release/tests/pair "$to" "$@" > "$dir/n" || return
	mkdir "$to-dat"
	as_dat "$to" "$to-dat"
}

# as_dat FROM TO [OPTION]...: each trace in FROM as a file in TO
as_dat() {
	local from=$1 to=$2 who
	shift 2
	for who in host guest; do
		build/release/tests/tracedat "$from/$who" "$to/$who.dat" "$@" ||
			return
	done
}

# as_kernel: LTTng's text as it is of trace-cmd's recording: the kernel's names of
# entries and exits, no threads, only the time between events, no octal numbers
as_kernel() {
	sed -E 's/kvm_x86_(entry|exit)/kvm_\1/; s/^\[[^]]*\] //
		s/ \{ tid = -?[0-9]+ \},//; s/(mode =) 0?[0-9]+/\1/'
}

# tables TRACES: those of analyze, but for that of threads: who runs last runs until the
# recording ends, and of trace-cmd's that is known by its last event only
tables() {
	$vmsync analyze "$1" 2>&1 | sed '/^Threads of guests/,$d' | cksum
}

# ------------------------------------------------- the same world, recorded twice

for options in "move=3 halts=50" "old=1 large=1"; do
	# shellcheck disable=SC2086 # options
	expect "$options: recorded" recorded both events=6000 beacons=400 $options
	for who in host guest; do
		expect_eq "$options: $who's events are the same" \
			"$($vmsync cat "$dir/both-dat/$who.dat" | as_kernel | cksum)" \
			"$($vmsync cat "$dir/both/$who" | as_kernel | cksum)"
	done
	expect "$options: a method is found" \
		sh -c "$vmsync sync $dir/both-dat | grep -qE 'methods +(exact|window|beacon) +100 %'"
	for method in exact beacon window; do
		$vmsync sync --method=$method "$dir/both" 2>&1 |
			grep -E '^ +(methods|bound|offset|drift|causality|containment) ' > "$dir/want"
		$vmsync sync --method=$method "$dir/both-dat" 2>&1 |
			grep -E '^ +(methods|bound|offset|drift|causality|containment) ' > "$dir/got"
		expect "$options: the same by $method" cmp "$dir/got" "$dir/want"
	done
	expect_eq "$options: the same tables" "$(tables "$dir/both-dat")" \
		"$(tables "$dir/both")"
	for from in both both-dat; do
		$vmsync fuse -l -o "$dir/$from-out" "$dir/$from" > "$dir/n" 2>&1
		expect_eq "$options: $from is fused" $? 0
		mv "$dir/$from" "$dir/aside"
		$vmsync cat "$dir/$from-out" | as_kernel > "$dir/$from-text"
		expect_eq "$options: which stands for itself" \
			"$(tables "$dir/$from-out")" "$(tables "$dir/aside")"
		mv "$dir/aside" "$dir/$from"
	done
	expect "$options: the same is written" cmp "$dir/both-text" "$dir/both-dat-text"
	expect "$options: babeltrace2 reads it as we do" cmp \
		<(babeltrace2 "$dir/both-dat-out" 2>&1) \
		<($vmsync cat "$dir/both-dat-out")
	rm -rf "$dir"/both*
done

# -------------------------------------------- events and fields as trace-cmd has them

expect "recorded" recorded one events=4000 beacons=500 knots=500
d=$dir/one-dat
l=$dir/one
if command -v trace-cmd > /dev/null; then
	for who in host guest; do
		trace-cmd report -R -t "$d/$who.dat" 2> "$dir/n" | as_lines |
			grep -av net_if_receive > "$dir/want"
		TZ=UTC $vmsync cat "$d/$who.dat" | as_report |
			grep -av net_if_receive > "$dir/got"
		expect "$who: as trace-cmd report prints it" cmp "$dir/got" "$dir/want"
		expect "$who: which is not nothing" test -s "$dir/want"
	done
	# As trace-cmd itself writes files today: version 7, compressed.
	mkdir "$dir/seven"
	for who in host guest; do
		expect "$who: written anew by trace-cmd" trace-cmd convert -i "$d/$who.dat" \
			-o "$dir/seven/$who.dat" --file-version 7
		expect_eq "$who: version 7 has the same" \
			"$($vmsync cat "$dir/seven/$who.dat" | cksum)" \
			"$($vmsync cat "$d/$who.dat" | cksum)"
	done
	expect "version 7 is smaller" test "$(stat -c %s "$dir/seven/host.dat")" \
		-lt "$(stat -c %s "$d/host.dat")"
else
	skip "trace-cmd report: trace-cmd is missing"
fi

# ------------------------------------------------------------------- what is missing

# Half of the guest's pages come after lost events: how many is not known.
expect "lost: recorded" as_dat "$l" "$d" lose=2
expect "lost: that there is less is said" sh -c \
	"$vmsync sync $d | grep -qE 'at least|lost|discarded'"
# trace-cmd record -m keeps the last events, and only the kernel's counters tell: then
# the packets of that CPU are numbered from 1, as if the first one were missing.
expect "begun late: recorded" as_dat "$l" "$d" late=100
expect "begun late: fused" sh -c "$vmsync fuse -f -o $dir/late $d > $dir/n 2>&1; [ \$? -le 1 ]"
expect_eq "begun late: where a CPU's first packet is missing" \
	"$(for i in 0 1 2 3; do
		od -An -tu8 -j64 -N8 "$dir/late/host-host/cpu_$i"; done | xargs)" "1 0 0 0"
expect "unknown: recorded" as_dat "$l" "$d" unknown=1
expect "an event without a format is bytes" sh -c \
	"$vmsync cat $d/host.dat | grep -q 'unknown_[0-9]*: .*bytes = \['"

# ---------------------------------------------------------------------------- clocks

# Without vmsync's events, by entries and exits: whatever the clock, if it is one.
for how in clock=mono clock=global clock=boot "clock=x86-tsc khz=2500000" \
	"clock=x86-tsc khz=2500000 shift=123456789"; do
	# shellcheck disable=SC2086 # options
	expect "$how: recorded" as_dat "$l" "$d" without=vmsync_ $how
	expect "$how: mapped by window, nothing outside" sh -c "$vmsync sync $d |
		grep -A 20 '^guest' | grep -E 'methods|containment' | tr '\n' ' ' |
		grep -qE 'methods +window 100 %.* [1-9][0-9]* inside, 0 outside'"
done
for clock in local perf uptime; do
	as_dat "$l" "$d" without=vmsync_ clock=$clock
	expect_error "$clock: not for all CPUs" \
		"guest.dat: its clock, $clock, .*record -C mono" $vmsync sync "$d"
	expect "$clock: but it can be printed" sh -c "$vmsync cat $d > $dir/n"
done
as_dat "$l" "$d" clock=x86-tsc khz=2500000
expect_error "vmsync's events and another clock" "events tell of mono" $vmsync sync "$d"
for clock in counter x86-tsc; do
	as_dat "$l" "$d" clock=$clock
	expect_error "$clock: counts no time" "guest.dat: .*$clock, .*record -C mono" \
		$vmsync cat "$d/guest.dat"
done

# -------------------------------------------------------------------------- and wrong

expect "whole again" as_dat "$l" "$d"
expect_error "one side" "there is no other" $vmsync sync "$d/host.dat"
expect "a file twice is a file once" sh -c \
	"$vmsync sync $d $d/host.dat 2> $dir/err; grep -q skipped $dir/err"
cp "$d/host.dat" "$dir/copy.dat"
expect "a copy is no other host" sh -c "$vmsync sync $d $dir/copy.dat > $dir/n"
size=$(stat -c %s "$d/guest.dat")
for part in 11 14 100 1000 9000 $((size / 2)) $((size - 1)); do
	head -c "$part" "$d/guest.dat" > "$dir/cut.dat"
	expect_error "cut at $part" "cut.dat: .*trace-cmd report" \
		$vmsync cat "$dir/cut.dat"
done
# Bytes of any kind at any place, most in what is before the events: an answer or one
# line, and never a report of the sanitizers.
expect "with the sanitizers it builds" make -s -j2 VARIANT=asan tool
build/release/tests/pair "$dir/small" events=300 > "$dir/n"
build/release/tests/tracedat "$dir/small/host" "$dir/small.dat"
size=$(stat -c %s "$dir/small.dat")
RANDOM=7 bad=0 refused=0
for i in $(seq 24); do
	cp "$dir/small.dat" "$dir/odd.dat"
	for _ in 1 2 3 4; do
		at=$(((RANDOM * 32768 + RANDOM) % (i % 4 ? 12000 : size)))
		printf '%b' "$(printf '\\x%02x' $((RANDOM % 256)))" |
			dd of="$dir/odd.dat" bs=1 seek=$at conv=notrunc 2> /dev/null
	done
	build/asan/vmsync cat "$dir/odd.dat" > "$dir/n" 2> "$dir/err"
	status=$?
	[ $status != 2 ] || refused=$((refused + 1))
	if { [ $status != 0 ] && [ $status != 2 ]; } ||
		[ "$(wc -l < "$dir/err")" != $((status / 2)) ]; then
		bad=$((bad + 1))
		head -n 3 "$dir/err" | sed "s/^/     $i: exit status $status: /"
	fi
done
expect_eq "24 damaged files: an answer or one line" $bad 0
expect "of which some are refused" test $refused -gt 0

TMPDIR=/nowhere expect_error "no place for it" "/nowhere: .*set TMPDIR" \
	$vmsync cat "$d/guest.dat"
expect_eq "nothing is left behind" "$(ls "$TMPDIR")" ""

# Killed in the middle: somebody else clears up.
mkfifo "$dir/pipe"
$vmsync cat "$d/guest.dat" > "$dir/pipe" &
killed=$!
exec 7< "$dir/pipe"
read -r line <&7
expect "it has a scratch folder" sh -c "ls $TMPDIR | grep -q vmsync-dat"
kill -KILL $killed
{ wait $killed; } 2> /dev/null
exec 7<&-
for _ in $(seq 100); do
	[ "$(ls "$TMPDIR")" ] || break
	sleep 0.1
done
expect_eq "killed, nothing is left behind either" "$(ls "$TMPDIR")" ""
finish
