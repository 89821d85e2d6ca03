#!/bin/bash
# SPDX-License-Identifier: MIT
#
# vmsync memory on a real guest: Debian's kernel in a QEMU without KVM, one virtual CPU,
# with vmsync-agent at its port and a balloon.
#
#	guest								host
#	/proc/kpageflags -- vmsync-agent -- port -- vmsyncd --+
#							      vmsync memory
#			  QEMU -- monitor, /proc/PID/pagemap --+
#
# What it finds is held against a count by another program (memory-count.pl). Needs
# root, QEMU, the kernel of build/packages.env, liblttng-ust-dev, perl.
. tests/check/lib.sh

t=$check_tmp/t
o=$PWD/build/release
vmsync=$o/vmsync
MIB=512
mkdir "$t"
qemu='' daemon=''
# shellcheck disable=SC2086 # those that there are
trap 'kill $qemu $daemon 2> /dev/null; wait; rm -rf "$check_tmp"' EXIT

expect "the tool builds" make -s -j2 tool build/release/tests/touch-memory \
	build/release/tests/memory-hostile

# --- what it says of itself, and of what is not there

expect "help" "$vmsync" memory --help
expect_error "no vmsyncd" "$t/none: No such file.*start vmsyncd" \
	"$vmsync" memory --control="$t/none"
expect_error "no monitor" "$t/none: No such file.*-qmp" \
	"$vmsync" memory --qmp="$t/none" --pages="$t/none"
expect_error "two guests" "says which guest" "$vmsync" memory --qmp="$t/none" web1
expect_error "pages of whom" "name it" "$vmsync" memory --pages="$t/none"
expect_error "pages three times" "three times" "$vmsync" memory --pages=1 --pages=2 --pages=3

# monitor TEXT...: somebody at a socket who says TEXT to each line that is sent
monitor() {
	perl -MSocket -e '
		my ($path, @says) = @ARGV;
		socket(my $s, AF_UNIX, SOCK_STREAM, 0) or die;
		bind($s, sockaddr_un($path)) && listen($s, 1) or die;
		accept(my $c, $s) or die;
		alarm 30;
		for my $say (@says) {
			syswrite($c, "$say\r\n");
			<$c>;
		}' "$t/monitor" "$@" &
	for _ in $(seq 100); do
		[ ! -S "$t/monitor" ] || break
		sleep 0.05
	done
}
hostile_monitor() { # TEXT PATTERN SAYS...
	local text=$1 pattern=$2
	shift 2
	monitor "$@"
	expect_error "$text" "$pattern" "$vmsync" memory --qmp="$t/monitor" \
		--pages="$t/none"
	wait $!
	rm -f "$t/monitor"
}
ok='{"return": {}}'
view='FlatView #1\r\n AS \"memory\", root: system\r\n  0000000000000000-000000001fffffff (prio 0, ram): pc.ram\r\n'
at() { printf '{"return": "Host virtual address for %s (pc.ram) is %s\\r\\n"}' "$@"; }
hostile_monitor "a monitor: hangs up" "hung up" '{"QMP": {}}'
hostile_monitor "... is none" "speaks QMP" 'SSH-2.0-OpenSSH'
hostile_monitor "... refuses" "QEMU's monitor: no .x1b" '{"QMP": {}}' "$ok" \
	"{\"error\": {\"class\": \"x\", \"desc\": \"no $(printf '\033')\"}}"
hostile_monitor "... has no memory" "no memory in it" '{"QMP": {}}' "$ok" \
	'{"return": "nothing"}'
hostile_monitor "... has memory where its process has none" "no memory where" \
	'{"QMP": {}}' "$ok" "{\"return\": \"$view\"}" "$(at 0x0 0x1000)" \
	"$(at 0x1ffff000 0x20000000)"
hostile_monitor "... of which the end is elsewhere" "changed while" \
	'{"QMP": {}}' "$ok" "{\"return\": \"$view\"}" "$(at 0x0 0x1000)" \
	"$(at 0x1ffff000 0x1000)"
hostile_monitor "... has it nowhere" "gpa2hva 0x0" '{"QMP": {}}' "$ok" \
	"{\"return\": \"$view\"}" '{"return": "No memory is mapped"}'

expect_error "a working set of no time" "1 to 3600 seconds" "$vmsync" memory --working-set=0.9
expect_error "... that is not one number" "not a number" "$vmsync" memory --working-set=x
expect_error "... with a look's options" "not of --working-set" "$vmsync" memory \
	--working-set=5 --ranges
expect_error "... of traces" "not of traces" "$vmsync" memory --working-set=5 --events x

# Before any guest is asked it is looked whether the kernel can, and nobody else does. Where
# the kernel's files are is not for us to choose: here others are in their place.
# as_kernel NR COMMAND...: with nr_kdamonds NR, "none": without DAMON; leaves $t/nr
as_kernel() {
	# shellcheck disable=SC2016,SC2317 # of the shell that is started; expect_error calls it
	unshare -m sh -c 'nr=$1 left=$2 d=/sys/kernel/mm/damon/admin/kdamonds
		shift 2
		mount -t tmpfs none /sys/kernel/mm || exit 3
		[ "$nr" = none ] || {
			mkdir -p $d && echo "$nr" > $d/nr_kdamonds && chmod 0 $d/nr_kdamonds
		}
		"$@"
		status=$?
		[ "$nr" = none ] || { cat $d/nr_kdamonds > "$left"; rm $d/nr_kdamonds; }
		exit $status' sh "$1" "$t/nr" "${@:2}"
}
if [ "$(id -u)" = 0 ]; then
	expect_error "a kernel without DAMON" "no DAMON.*CONFIG_DAMON_VADDR" as_kernel none \
		"$vmsync" memory --working-set=5 --qmp="$t/none"
	expect_error "DAMON is in use" "nr_kdamonds: somebody else uses DAMON" as_kernel 2 \
		"$vmsync" memory --working-set=5 --qmp="$t/none"
	expect_eq "... and left as it is" "$(cat "$t/nr")" 2
	expect_error "it is for root" "nr_kdamonds: Permission denied; be root" as_kernel 0 \
		setpriv --bounding-set=-dac_override,-dac_read_search \
		"$vmsync" memory --working-set=5 --qmp="$t/none"
	expect_error "no guest: nothing is made" "$t/none: No such file" as_kernel 0 \
		"$vmsync" memory --working-set=5 --qmp="$t/none"
	expect_eq "... at all" "$(cat "$t/nr")" 0
else
	skip "DAMON: needs root"
fi

# valid TEXT FILE: is it as its schema has it?
valid() {
	expect_eq "$1" "$(against memory "$2")" "[]"
}

# --- by events: recordings that are made up, whose truth is known

# of_events TEXT TRACE...: what is found, in $t/json, is the truth in $t/truth
of_events() {
	local text=$1 keys
	shift
	"$vmsync" memory --events --json --window=0.01 "$@" > "$t/json" 2> "$t/err"
	expect_eq "$text: exit status $(cat "$t/err")" $? 0
	# The host's trace tells what others cannot know.
	# shellcheck disable=SC2016 # of jq
	keys='del(.processes, .recorded_ns) | to_entries | map(select(.key as $k | $got[0] | has($k))) |
		map("\(.key) \(.value)") | .[]'
	[ $# = 1 ] || keys=${keys/select(*))) |/select(true)) |}
	jq -r --argjson got "$(jq -c . "$t/json")" "$keys" "$t/truth" | sort > "$t/want"
	while read -r key _; do
		echo "$key $(jq ".[0].$key" "$t/json")"
	done < "$t/want" > "$t/got"
	expect "$text: sums" diff "$t/want" "$t/got"
	valid "$text: by its schema" "$t/json"
	expect "$text: time" test "$(jq '.[0] | .end_ns - .begin_ns' "$t/json")" -le \
		"$(jq .recorded_ns "$t/truth")"
	jq -c '.processes[] | .[:6]' "$t/truth" | sort > "$t/want"
	jq -c '.[0].processes[] | [.pid, .allocated_pages, .freed_pages, .held_pages,
		.most_pages, .name]' "$t/json" | sort > "$t/got"
	expect "$text: processes" diff "$t/want" "$t/got"
	expect_eq "$text: windows add up" "$(jq -c '.[0] | [.windows | (map(.allocated_pages) | add),
		(map(.freed_pages) | add), .[-1].in_use_pages, .[-1].released_pages]' "$t/json")" \
		"$(jq -c '[.allocated_pages, .freed_pages, .in_use_pages, .released_pages]' \
			"$t/truth")"
}
expect "made up" make -s build/release/tests/pages
for seed in 1 2 3; do
	rm -rf "$t/made"
	"$o/tests/pages" "$t/made" 20000 $seed > "$t/truth"
	of_events "host and guest, $seed" "$t/made/host" "$t/made/guest"
	expect_eq "... on the host's clock" "$(jq -r .[0].clock "$t/json")" host
	sed -i 's/"events": [0-9]*, //' "$t/truth"
	of_events "a guest alone, $seed" "$t/made/guest"
	expect_eq "... on its own" "$(jq -r .[0].clock "$t/json")" guest
done
"$o/tests/pages" "$t/who" 20000 4 said > "$t/truth"
of_events "who made an event is said" "$t/who/host" "$t/who/guest"
rm -rf "$t/made"
"$o/tests/pages" "$t/made" 20000 5 > "$t/truth"
"$vmsync" fuse -o "$t/fused" "$t/made" > /dev/null 2>&1
of_events "fused" "$t/fused"
expect_error "no events of pages" "no events of pages.*kmem_mm_page_alloc" \
	"$vmsync" memory --events "$t/made/host"
expect_error "windows of nothing" "0.001 or more" "$vmsync" memory --events --window=0 x
expect_error "no trace" "no trace named" "$vmsync" memory --events
expect_error "sums without events" "are of --events" "$vmsync" memory --window=1
# Each process is a line, whatever it calls itself.
"$vmsync" memory --events --all "$t/made/guest" > "$t/text"
jq -r '.processes[] | "\(.[6]) \(.[0])"' "$t/truth" | sort > "$t/want"
sed -nE 's/^( +[0-9]+){4}  //p' "$t/text" | sort > "$t/got"
expect "names of processes, for people" diff "$t/want" "$t/got"
expect "... do no harm" test "$(LC_ALL=C grep -c '[^ -~]' "$t/text")" = 0

# --- a guest

if [ "$(id -u)" != 0 ] || ! make -s port > "$check_out" 2>&1 ||
	! command -v qemu-system-x86_64 > /dev/null || [ ! -e build/packages.env ]
then
	skip "a guest: no root, no liblttng-ust-dev, no QEMU or no kernel (run modules)"
	finish
fi
if ! tests/check/memory-guest.sh "$t" > "$t/kernel" 2> "$check_out"; then
	fail "a guest's file system: $(tail -n 1 "$check_out")"
	finish
fi

# Its unit gives it no capability.
expect "an agent as its unit confines it" tests/check/confined.sh \
	tools/systemd/vmsync-agent.service "$o/vmsync-agent" --pages="$t/own"
expect_error "... that cannot write" "$t/none/own: No such file" \
	"$o/vmsync-agent" --pages="$t/none/own"

# tell COMMAND: have the guest's shell do it; what it prints goes to $t/told
tell() {
	local line
	echo "$1" >&5
	: > "$t/told"
	while read -r -t 120 line <&6; do
		[[ $line != done\ * ]] || { expect_eq "guest: $1" "$line" "done 0"; return; }
		echo "$line" >> "$t/told"
	done
	fail "guest: $1: no answer"
}

mkfifo "$t/line.in" "$t/line.out"
qemu-system-x86_64 -accel tcg -M pc -m $MIB -smp 1 -display none -nodefaults -no-reboot \
	-kernel "$(cat "$t/kernel")" -initrd "$t/guest.cpio" \
	-append "console=ttyS0 quiet panic=-1" -serial pipe:"$t/line" \
	-qmp unix:"$t/qmp",server=on,wait=off \
	-device virtio-balloon,free-page-reporting=on -device virtio-serial \
	-chardev socket,id=a,path="$t/port",server=on,wait=off \
	-device virtserialport,chardev=a,name=org.vmsync.agent.0 \
	-chardev file,id=d,path="$t/dump" -device virtserialport,chardev=d,name=dump \
	> "$t/qemu.log" 2>&1 &
qemu=$!
exec 5> "$t/line.in" 6< "$t/line.out"
ready=
while read -r -t 120 line <&6; do
	[[ $line != *ready* ]] || { ready=yes; break; }
done
if [ -z "$ready" ]; then
	fail "a guest: it does not boot: $(tail -n 1 "$t/qemu.log")"
	finish
fi
"$o/vmsyncd" --socket="$t/port" --control="$t/control" 2> "$t/said" &
daemon=$!
for _ in $(seq 100); do
	grep -q connected "$t/said" && break
	sleep 0.1
done

memory() { "$vmsync" memory --qmp="$t/qmp" --control="$t/control" "$@"; }
# look: into $t/json
look() {
	memory --json > "$t/json" 2> "$t/err"
	expect_eq "a look: exit status $(cat "$t/err")" $? 0
}
value() { jq -r ".[0] | $1" "$t/json"; }
# nearly TEXT GOT WANTED PER_MILLE
nearly() {
	expect "$1: $2, wanted $3" awk -v a="$2" -v b="$3" -v p="$4" 'BEGIN {
		d = a > b ? a - b : b - a
		exit !(b > 0 && d * 1000 <= b * p) }'
}
# fetch COMMAND FILE: what the guest's command writes, by the other port
fetch() {
	local size before
	before=$(stat -c %s "$t/dump")
	tell "$1 > /tmp/fetched; dump /tmp/fetched; wc -c < /tmp/fetched"
	size=$(tail -n 1 "$t/told")
	for _ in $(seq 200); do
		[ "$(stat -c %s "$t/dump")" -lt $((before + size)) ] || break
		sleep 0.05
	done
	tail -c +$((before + 1)) "$t/dump" | head -c "$size" > "$2"
}
# count: by the other program; what is behind the last frame is no page of the guest's
count() {
	fetch "cat /proc/kpageflags" "$t/flags"
	read -r free held both <<< "$(perl tests/check/memory-count.pl $qemu "$t/flags" \
		$((MIB << 20)))"
}

expect_error "no such guest" "knows no such guest" "$vmsync" memory \
	--control="$t/control" web1
expect_error "a guest of no libvirt" "$t/port: libvirt does not run it.*--qmp" \
	"$vmsync" memory --control="$t/control"
expect_error "an agent that is not there" "does not answer.*vmsync-agent run" memory
tell "agent --no-pages"
expect_error "an agent that does not tell" "does not tell of its memory" memory
tell gone
tell agent
look
expect_eq "all memory is there" "$(($(value .pages) / 256))" $((MIB - 1))
# shellcheck disable=SC2016 # of jq
expect_eq "... in parts that do not overlap" "$(value '.slots | [range(1; length) as $i |
	.[$i].first >= .[$i - 1].first + .[$i - 1].pages] | all')" true
expect "... none of them the guest's claim" test "$(value '.guest_looks[0].not_its_own_pages')" = 0
expect_eq "the balloon" "$(value '.balloon | .actual_bytes, .free_page_reporting, .told_s' |
	paste -sd' ')" "$((MIB << 20)) true null"

# Freed memory that nobody reports stays with the host.
before=$(value .reclaimable_pages)
tell "touch-memory 250"
look
freed=$(($(value .reclaimable_pages) - before))
expect "250 MiB were touched and freed: $((freed / 256)) MiB more are reclaimable" \
	test $freed -gt $((150 * 256))
tell "dd if=/dev/zero of=/tmp/file bs=1M count=60 2> /dev/null"
look
reclaimable=$(value .reclaimable_pages)
count
nearly "free, counted by another program" "$(value .free_pages)" "$free" 10
nearly "held, by it" "$(value .held_pages)" "$held" 10
nearly "reclaimable, by it" "$(value .reclaimable_pages)" "$both" 10
expect "... and little is uncertain: $(value .changed_pages) pages" \
	test "$(value .changed_pages)" -lt $((reclaimable / 100))
tell "cat /proc/buddyinfo"
nearly "free, as the kernel's own lists have it" "$(value .free_pages)" "$(awk '{
		for (i = 5; i <= NF; i++)
			n += $i * 2 ^ (i - 5)
	} END { print n }' "$t/told")" 10
expect_eq "zones add up" "$(value '[.zones[] | .free_pages, .held_pages, .reclaimable_pages] |
	[[.[range(0; 9; 3)]], [.[range(1; 9; 3)]], [.[range(2; 9; 3)]] | add] | map(tostring) |
	join(" ")')" "$(value '[.free_pages, .held_pages, .reclaimable_pages] | map(tostring) | join(" ")')"
expect_eq "blocks add up" "$(value '[.reclaimable_blocks_by_order | to_entries[] |
	.value * pow(2; .key)] | add')" "$reclaimable"
memory --json --ranges > "$t/ranges"
valid "by its schema" "$t/json"
valid "... with ranges" "$t/ranges"
expect_eq "ranges add up" "$(jq '.[0] | ([.reclaimable_ranges[][1]] | add) == .reclaimable_pages' \
	"$t/ranges")" true
expect_eq "... in order, apart" "$(jq '.[0].reclaimable_ranges | [range(1; length) as $i |
	.[$i][0] > .[$i - 1][0] + .[$i - 1][1]] | all' "$t/ranges")" true
memory --metrics="$t/prom" > "$t/text"
expect_eq "metrics" "$(sed -n 's/^vmsync_memory_reclaimable_bytes{.*} //p' "$t/prom")" \
	"$(jq '.[0].reclaimable_bytes' "$t/ranges")"
expect_eq "... of whom" "$(sed -n 's/^vmsync_memory_bytes{\(.*\)}.*/\1/p' "$t/prom")" \
	"domain=\"$t/port\",uuid=\"\",pid=\"$qemu\""
expect_eq "... as Prometheus has it" "$(grep -vcE \
	'^# (HELP|TYPE|vmsync) |^[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? [0-9]+$' "$t/prom")" 0
expect_error "... not over another file" "--metrics" memory --metrics="$t/text"
expect "a text for people" grep -qE 'reclaimable +[0-9.]+ MiB  free, and held' "$t/text"
expect "... within 80 columns" test "$(awk '{ if (length > n) n = length } END { print n }' \
	"$t/text")" -le 80
expect "... with a hint" grep -q 'hint.*could serve other' <(paste -sd' ' "$t/text")
expect_eq "... for programs, too" "$(jq -r '.[0].hints[] | .kind, .bytes, .command' "$t/ranges" |
	paste -sd' ')" "take-back $(jq '.[0].reclaimable_bytes' "$t/ranges") {\"execute\": \
\"balloon\", \"arguments\": {\"value\": $(((MIB << 20) - $(jq '.[0].reclaimable_bytes' \
	"$t/ranges")))}}, and then $((MIB << 20))"

# Files that are carried, for who has no port: the same, but for what changed.
tell "vmsync-agent --pages=/tmp/a"
fetch "cat /tmp/a" "$t/pages"
"$vmsync" memory --qmp="$t/qmp" --pages="$t/pages" --json > "$t/json"
expect_eq "a file of pages: exit status" $? 0
nearly "... counts the same" "$(value .reclaimable_pages)" "$reclaimable" 10
expect_eq "... and knows of no change" "$(value .changed_pages)" null
"$vmsync" memory --qmp="$t/qmp" --pages="$t/pages" --pages="$t/pages" --json > "$t/json"
expect_eq "... of two none" "$(value .changed_pages)" 0
head -c -1 "$t/pages" > "$t/cut"
expect_error "... a cut one" "$t/cut: no file of free pages" "$vmsync" memory \
	--qmp="$t/qmp" --pages="$t/cut"

# The balloon's driver has the guest report what is free, in blocks of 2 MiB and more.
tell balloon
left=$reclaimable
for _ in $(seq 30); do
	look > /dev/null
	left=$(value .reclaimable_pages)
	[ "$left" -gt $((reclaimable / 10)) ] || break
	sleep 1
done
expect "free page reporting: $left of $reclaimable pages are left" \
	test "$left" -le $((reclaimable / 10))
count
nearly "... by the other program" "$left" "$both" 50

# --- by events: a recording of the kernel's own tracer, looks before and after

if command -v trace-cmd > /dev/null && ! "$vmsync" memory --events "$t/none" 2>&1 |
	grep -q libtracecmd
then
	tell "record 'vmsync-agent --pages=/tmp/a; touch-memory 100; vmsync-agent --pages=/tmp/b'"
	fetch "cat /tmp/trace.dat" "$t/trace.dat"
	fetch "cat /tmp/a" "$t/a"
	fetch "cat /tmp/b" "$t/b"
	"$vmsync" memory --events --json "$t/trace.dat" > "$t/json"
	expect_eq "events: exit status" $? 0
	touched='.processes[] | select(.name == "touch-memory")'
	nearly "events: 100 MiB are touched, by name" \
		"$(value "$touched | .allocated_pages")" 25600 10
	nearly "... freed by the same" "$(value "$touched | .freed_pages")" 25600 10
	nearly "... all there at one time" "$(value "$touched | .most_pages")" 25600 10
	expect "... and gone" test "$(value "$touched | .held_pages")" -lt 256
	expect "... which the host holds" test "$(value .released_pages)" -gt 25344
	expect_eq "... and nothing is odd" "$(value '[.odd_pages, .beyond_pages,
		.discarded_events] | map(tostring) | join(" ")')" "0 0 0"
	"$vmsync" memory --events --json --pages="$t/a" --pages="$t/b" "$t/trace.dat" > "$t/json"
	expect_eq "events from look to look: exit status" $? 0
	expect "... the looks agree of $(value .against_look.both_pages) pages" \
		test "$(value .against_look.both_pages)" -gt 90000
	expect "... lists of the CPU: $(value .against_look.events_pages) pages" \
		test "$(value .against_look.events_pages)" -lt 1024
	expect "... and contradict none: $(value .against_look.look_pages)" \
		test "$(value .against_look.look_pages)" -lt 16
	expect_error "... not of what is fused" "is fused" "$vmsync" memory --events \
		--pages="$t/a" "$t/fused"
	expect_error "... of a guest only" "no events of pages after" "$vmsync" memory \
		--events --pages="$t/a" --pages="$t/b" "$t/made/guest"
	"$vmsync" memory --events --window=0.5 "$t/trace.dat" > "$t/text"
	expect "... for people" grep -qE ' touch-memory [0-9]+$' "$t/text"
else
	skip "events: no trace-cmd, or a tool built without libtracecmd"
fi

# --- guests that lie

tell gone
tell "hostile all"
look
expect "everything is free: what is beyond is not counted" \
	test "$(value '.guest_looks[0].not_its_own_pages')" -gt 1000000000
expect_eq "... and never more than is held" \
	"$(value '.reclaimable_pages <= .held_pages and .free_pages == .slots[-1].first + .slots[-1].pages')" \
	true
tell gone
hostile() { # HOW PATTERN
	tell "hostile $1"
	expect_error "a guest that lies: $1" "$2" memory
	tell gone
}
hostile files "has 3 files"
hostile huge "has 2 files of|has more than"
hostile short "not as the guest's list"
hostile random "no file of free pages"
for seed in 1 2 3 4 5 6; do
	tell "hostile bits $seed"
	memory --json > "$t/json" 2> "$t/err"
	status=$?
	expect "another bit, $seed: exit status $status" test $status -eq 2 -o "$(
		value '.reclaimable_pages <= .held_pages')" = true
	tell gone
done

# --- QEMU goes away

tell "hostile second"
memory > "$t/out" 2> "$t/err" &
waits=$!
sleep 1
exec 5>&- 6<&-
kill -KILL $qemu
wait $qemu 2> /dev/null
wait $waits
expect_eq "QEMU is killed under it: exit status" $? 2
expect_eq "... which it says in one line" "$(wc -l < "$t/err") $(wc -c < "$t/out")" "1 0"
expect_error "... and is not there afterwards" "$t/qmp: Connection refused" memory
qemu=''
kill $daemon
wait $daemon
daemon=''
finish
