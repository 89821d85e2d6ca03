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
	build/release/host/cmd_{cat,traces,common}.o \
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

# ------------------------------------------------- what trace-cmd says of the offset

# The guest's stamps are of the TSC that its virtual CPU has when the host's clock reads
# what the field truth says: fused, they are to be that again.
expect "samples: recorded" build/release/tests/pair "$dir/tsc" events=20000 gap=15000 \
	truth=1 knots=500 move=3
t=$dir/tsc-dat
mkdir "$t"
by_tsc="clock=x86-tsc khz=2000000 without=vmsync_"

# tsc_host [OPTION]...: the host, whose recording has number 4242
# shellcheck disable=SC2317 # expect calls it
tsc_host() {
	# shellcheck disable=SC2086 # options
	build/release/tests/tracedat "$dir/tsc/host" "$t/host.dat" $by_tsc id=4242 "$@"
}

# tsc_guest [OPTION]...
# shellcheck disable=SC2317 # expect calls it
tsc_guest() {
	# shellcheck disable=SC2086 # options
	build/release/tests/tracedat "$dir/tsc/guest" "$t/guest.dat" $by_tsc "$@"
}

# error FUSED: how far the guest's events are from the truth, ns
error() {
	TZ=UTC $vmsync cat --vm=guest "$1" | awk '{
		split(substr($1, 2, 18), hms, ":"); split(hms[3], s, ".")
		match($0, /truth = [0-9]*/)
		d = (hms[1] * 3600 + hms[2] * 60 + s[1]) * 1e9 + s[2]
		d -= substr($0, RSTART + 8, RLENGTH - 8)
		d = d < 0 ? -d : d; worst = d > worst ? d : worst
	} END { print (NR > 5000 ? worst + 0 : "too few events") }'
}

# mapped WHAT METHODS NOTE MOST [OPTION]...: a guest's recording is mapped by METHODS,
# as named and in their order, every event within the bound and off by MOST ns at most,
# and inside; a remark begins with NOTE, or none is of what trace-cmd stored
mapped() {
	local what=$1 methods=$2 note=$3 most=$4 off
	shift 4
	expect "$what: recorded" tsc_guest "$@"
	$vmsync sync --json "$t" > "$dir/json" 2> "$dir/n"
	expect_eq "$what: by" "$(jq -r '.guests[0].methods | keys_unsorted | join(" ")' \
		"$dir/json")" "$methods"
	expect_eq "$what: what is remarked" "$(jq -r --arg note "$note" '.guests[0].notes |
		map(select(test("trace-cmd")) |
			if $note == "" or (test($note) | not) then . else "as expected" end) |
		join(", ")' "$dir/json")" "${note:+as expected}"
	expect_eq "$what: none is outside" "$(jq '.guests[0].containment.outside' \
		"$dir/json")" 0
	rm -rf "$dir/tsc-out"
	expect "$what: fused" $vmsync fuse -f -o "$dir/tsc-out" "$t"
	off=$(error "$dir/tsc-out")
	expect "$what: off by $off ns, $most at most" test "$off" -le "$most"
	expect "$what: within the bound" test "$off" -le \
		"$(jq '.guests[0].bound_worst_ns' "$dir/json")"
}

behind=300000000000
contradict='^entries and exits contradict the offsets that trace-cmd stored'
damaged='which are not used: they are damaged$'
expect "samples: the host's recording" tsc_host
mapped "a right sample" tsync "" 1 behind=$behind shift=0
# Its bound is what entries and exits leave, and how far it is from their middle.
known=$(jq '.guests[0].bound_worst_ns' "$dir/json")
$vmsync sync --method=tsync --json "$t" -o "$dir/tsync.map" > "$dir/json"
expect_eq "--method=tsync is the same" "$(jq -c \
	'.guests[0] | [.bound_worst_ns, (.methods | keys)]' "$dir/json")" "[$known,[\"tsync\"]]"
$vmsync sync --method=window --json "$t" -o "$dir/window.map" > "$dir/json"
least=$(jq '.guests[0].bound_worst_ns' "$dir/json")
expect "its bound, $known ns, is no less than window's, $least, and at most twice that" test \
	"$known" -ge "$least" -a "$known" -le $((2 * least + 4))
for map in window tsync; do
	$vmsync check --map="$dir/$map.map" "$t" > "$dir/n"
	expect_eq "check: the map of $map contradicts no method" \
		"$(grep -c 'differs by at most [0-9]* ns$' "$dir/n")" 2
done
expect_eq "no sample but on trust: --method=exact" \
	"$($vmsync sync --method=exact "$t" > "$dir/n" 2>&1; echo $?)" 2
if command -v trace-cmd > /dev/null; then
	mkdir "$dir/tsc-seven"
	for who in host guest; do
		expect "samples, $who: written anew by trace-cmd" trace-cmd convert \
			-i "$t/$who.dat" -o "$dir/tsc-seven/$who.dat" --file-version 7
	done
	expect_eq "samples: version 7 has the same" \
		"$($vmsync sync "$dir/tsc-seven" | grep -E 'methods|bound|offset' | cksum)" \
		"$($vmsync sync "$t" | grep -E 'methods|bound|offset' | cksum)"
fi

mapped "no sample" window "" 4000 behind=$behind
mapped "two machines' factors" tsync "" 2 behind=$behind shift=0 faster=500
mapped "a scaled TSC" tsync "" 2 behind=$behind shift=0 ratio=1.0005
mapped "lines from sample to sample" tsync "" 1 behind=$behind shift=0 lines=1 samples=9
mapped "a sample off by 1 ns" tsync "" 1 behind=$behind shift=2
mapped "off by 20 us" window "$contradict" 4000 behind=$behind shift=40000
mapped "off by 1 s" window "$contradict" 4000 behind=$behind shift=-2000000000
mapped "one CPU's is off by 20 us" "tsync window" "$contradict" 4000 behind=$behind shift=0,40000
mapped "the TSC jumps ahead" "tsync window" "" 1 behind=$behind shift=0 samples=20 \
	jump=100000000
mapped "and by as little as 1 us" "tsync window" "" 4000 behind=$behind shift=0 samples=20 \
	jump=2000
# The kernel of a guest compares its CPUs' TSCs; nobody else does.
mapped "TSCs that differ" tsync "" 1 behind=$behind,299999900000 shift=0
mapped "TSCs that differ, no sample" window "" 4000 behind=$behind,299999900000
mapped "TSCs that differ, and the samples do not" "tsync window" "$contradict" 4000 \
	behind=$behind,299999900000 shift=0,-100000
mapped "for another recording" window "for another recording of the host's$" 4000 \
	behind=$behind shift=0 peer=4243
mapped "none, but it says that there is something" window "" 4000 behind=$behind shift=0 \
	spoil=empty
mapped "samples of one time" tsync "" 1 behind=$behind shift=0 samples=3 spoil=time
for how in cpus samples cut ratio "bits ratio=1.0005"; do
	# shellcheck disable=SC2086 # options
	mapped "damaged: $how" window "$damaged" 4000 behind=$behind shift=0 spoil=$how
done
mapped "by another clock than the host's" window "the host recorded with another clock$" \
	4000 clock=mono khz=0 behind=150000000000 shift=0
expect "by clock mono: the host" tsc_host clock=mono khz=0
mapped "by clock mono" tsync "" 1 clock=mono khz=0 behind=150000000000 shift=0
mapped "by clock mono, off by 20 us" window "$contradict" 4000 clock=mono khz=0 \
	behind=150000000000 shift=-20000
expect "without entries: the host" tsc_host clock=mono khz=0 without=kvm_
expect_error "without entries: no map" \
	"guest.dat: trace-cmd stored offsets .* nothing on the host .*record kvm:kvm_entry" \
	$vmsync sync "$t"

expect "a TSC faster by a tenth: recorded" tsc_guest behind=$behind shift=0 ratio=1.1
expect "a TSC faster by a tenth: the host" tsc_host
expect_error "... fits no VM" "guest.dat: trace-cmd stored offsets with it, and nothing bears" \
	$vmsync sync "$t"

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
for how in cpus samples cut ratio time empty; do
	tsc_guest behind=$behind shift=0 spoil=$how
	expect "TIME_SHIFT, $how: no report of the sanitizers" \
		build/asan/vmsync cat "$t/guest.dat"
done
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
