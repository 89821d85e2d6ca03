#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Beacons over a port, without a module on either side.
#
#	guest one                                    host
#	vmsync-agent --- terminal -- chardev -- socket --+
#	guest two                                        +-- vmsyncd
#	vmsync-agent --- terminal -- chardev -- socket --+
#	                             flood ---- socket --+
#
# Host and guests are processes of this machine in namespaces of their own, each
# with a real session daemon of LTTng-UST. The guests' CLOCK_MONOTONIC is ahead of
# the host's by a known number of seconds, so the truth is known to the ns. chardev
# and flood stand for QEMU (tests/gen/port-chardev.c).
#
# Needs lttng-tools and liblttng-ust-dev, and root for the namespaces; what needs
# neither is done first.
. tests/check/lib.sh
. tests/check/machines.sh

t=$check_tmp/t
o=$PWD/build/release
vmsync=$o/vmsync
mkdir "$t"
jobs=""
trap 'machines_end; kill $jobs 2> /dev/null; wait; rm -rf "$check_tmp"' EXIT

# --- the contract: the table of protocol.rst is that of the header

# rows: number, name, and bytes of each frame, as the document has them
rows() {
	# shellcheck disable=SC2016 # of rst
	sed -nE 's/^([0-9]+) +``([A-Z_]+)`` +(guest|host) +([0-9 to]+)$/\1 \2 \4/p' \
		Documentation/protocol.rst
}
header=include/uapi/vmsync_port.h
expect_eq "frames: numbers" "$(rows | cut -d' ' -f1,2)" "$(
	sed -n '/^#define VMSYNC_PORT_REQUEST\t/,/^$/p' $header |
		sed -nE 's/^#define VMSYNC_PORT_([A-Z_]+)\t+([0-9]+)$/\2 \1/p')"
expect_eq "frames: no number twice, none left out" "$(rows | cut -d' ' -f1)" \
	"$(seq "$(rows | wc -l)")"
expect_eq "frames: bytes" "$(rows | grep -vE ' (STOP|ASK|FORGET) ' | cut -d' ' -f2-)" "$(
	rows | while read -r _ name _; do
		grep -oiE "(^ \*	| (a|an) )$name, [0-9]+( to [0-9]+)? bytes" $header
	done | sed -E 's/^.*[ 	]([A-Za-z_]+), (.*) bytes/\U\1\E \2/')"
expect_eq "... of all others" "$(rows | grep -E ' (STOP|ASK|FORGET) ' | cut -d' ' -f3 |
	sort -u)" "$(sed -nE 's/^.*Requests of the host; ([0-9]+) bytes .*/\1/p' $header)"

expect "the tool builds" make -s -j2 tool build/release/tests/pair \
	build/release/tests/port-chardev build/release/tests/port-many \
	build/release/tests/port-turns


# --- recordings that are made up: hypercalls that call themselves messages

# over_port FOLDER: of what tests/gen/pair.c made
over_port() {
	sed -i 's/"vmsync_\([gh][gh]_[a-z]*\)"/"vmsync_port:\1"/
		s/_vm_pid;/_peer_pid;/; s/_vm_serial;/_link;/' \
		"$1/host/metadata" "$1/guest/metadata"
}

# stamps TRACE: clock and truth of each event that has one, in order
stamps() {
	babeltrace2 --clock-cycles --no-delta "$1" |
		sed -n 's/^\[0*\([0-9]*\)\].*, truth = \([0-9]*\) }$/\1 \2/p' |
		sort -n -k 2
}

made_up() {
	local events worst

	expect "made up" "$o/tests/pair" "$t/a" truth=1 events=20000 gap=80000 \
		knots=20 beacons=100 packet=4096
	cp -r "$t/a" "$t/b"
	over_port "$t/b"
	$vmsync sync --json "$t/a" > "$t/json"
	expect_eq "hypercalls" \
		"$(json '.guests[0].methods | keys | join(" ")')" exact
	$vmsync sync --json "$t/b" > "$t/json"
	expect_eq "messages: exit status" $? 0
	expect_eq "messages: the method" \
		"$(json '.guests[0].methods | keys | join(" ")')" port
	expect_eq "messages: who answers" "$(json '.guests[0].vm_pid')" 4711
	expect "messages: no number of the module's" \
		test "$(json '.guests[0].vm_serial')" -ge 2147483648
	expect "messages: fused" "$vmsync" fuse -o "$t/out" "$t/b"
	read -r events worst <<< "$(stamps "$t/out/guest-guest" | awk '{
		error = $1 - $2; if (error < 0) error = -error
		if (error > worst) worst = error
	} END { printf "%d %d", NR, worst }')"
	expect "messages: none of $events events is farther off, $worst ns, than it says" \
		test "$events" -gt 1000 -a \
		"$worst" -le "$(json '.guests[0].bound_worst_events_ns // 1e18')"
	expect_error "answers over a port to hypercalls" "answered none" \
		"$vmsync" sync "$t/b/host" "$t/a/guest"
	expect_error "messages are not asked for" "answered none" \
		"$vmsync" sync --method=beacon "$t/b"
	# A claim that the guest never made is no answer to it.
	sed 's/_guest_mono;/_other_mono;/; s/ _since_tsc;/ _guest_mono;/' \
		"$t/b/host/metadata" > "$t/metadata"
	cp "$t/metadata" "$t/b/host/metadata"
	expect_error "answers to what was never asked" "answered none" \
		"$vmsync" sync "$t/b"
}
made_up

# --- the two programs by themselves

if ! make -s port > "$check_out" 2>&1 ||
	! command -v lttng-sessiond > /dev/null
then
	skip "vmsyncd, vmsync-agent: no lttng-tools or liblttng-ust-dev here"
	finish
fi
vmsyncd=$o/vmsyncd agent=$o/vmsync-agent
expect_error "vmsyncd: an argument" "no arguments" "$vmsyncd" --socket=x y
expect_error "vmsyncd: a long path" "shorter" \
	"$vmsyncd" --socket="$(printf '%0200d' 1)"
expect_error "agent: no port" "$t/none: No such.*org.vmsync.agent.0" \
	"$agent" --device="$t/none"
for wrong in --nope -x --device --help=1; do
	expect_error "agent $wrong" "^vmsync-agent: $wrong: no such option.*; vmsync-agent --help" \
		"$agent" $wrong
done
expect_error "agent: no rate" "1 to 100" "$agent" --rate=101
for program in vmsyncd vmsync-agent; do
	expect "$program: help" "$o/$program" --help
	expect "$program: version" "$o/$program" --version
done

# --- 256 guests, ten beacons a second each

many() {
	local sockets=() i many daemon status
	mkdir "$t/many"
	"$o/tests/port-many" "$t/many" 256 30 > "$t/many.out" &
	many=$!
	jobs="$jobs $many"
	for _ in $(seq 200); do
		grep -q ready "$t/many.out" && break
		sleep 0.1
	done
	for ((i = 0; i < 256; i++)); do
		sockets+=(--socket "$t/many/$i.sock")
	done
	$vmsyncd "${sockets[@]}" 2> "$t/many.said" &
	daemon=$!
	jobs="$jobs $daemon"
	wait $many
	status=$?
	expect_eq "256 guests: $(tail -n 1 "$t/many.out")" $status 0
	read -r _ status _ < <(grep VmHWM /proc/$daemon/status)
	expect "256 guests: $status KiB of memory" test "$status" -lt 16384
	echo "vmsyncd: 256 guests at 10 beacons a second: $status KiB, CPU time" \
		"$(awk '{ print ($14 + $15) * 10 }' /proc/$daemon/stat) ms of 3 s"
	kill $daemon
	wait $daemon
	expect_eq "256 guests: exit status" $? 0
	expect_eq "256 guests: nothing is lost of any" "$(grep -c \
		': 30 beacons answered, 0 dropped, 0 unsent, 0 bytes skipped$' \
		"$t/many.said")" 256
	jobs=""
}
many

# --- a guest that floods has its turn as any other

mkdir "$t/turns"
turns=$("$o/tests/port-turns" "$t/turns" "$vmsyncd" 2> "$t/turns.said")
expect_eq "$turns: exit status" $? 0

# --- a host and two guests

if ! machines_can; then
	skip "recording: no time namespaces here ($(tail -n 1 "$check_out"))"
	finish
fi

# record NAME: a session of the beacons there, from now on
record() {
	run_in "$1" "sh -c 'lttng create s --output=$t/$1/trace &&
		lttng enable-channel -u ch --subbuf-size=64k --num-subbuf=16 \
			--switch-timer=200000 &&
		lttng enable-event -u -c ch \"vmsync_port:*\" && lttng start'"
	expect_eq "$1 is recorded" "$(result_of "$1")" 0
}

# wait_answers N: until both guests have so many more
wait_answers() {
	local one two
	one=$(($(answered one) + $1)) two=$(($(answered two) + $1))
	until_true "beacons of one" has_answers one $one
	until_true "beacons of two" has_answers two $two
	expect "$1 more beacons are answered" test "$(answered one)" -ge $one -a \
		"$(answered two)" -ge $two
}

for name in one two; do
	chardev $name
	eval "chardev_$name=$!"
done
chardev flood --flood 64
for name in one.dev two.dev flood.sock; do
	until_there "$t/$name"
done
# shellcheck disable=SC2317 # until_true calls it
connected() { [ "$(grep -c connected "$t/host/said")" = 3 ]; }
begin=$(date +%s)
machine host 0 "$vmsyncd" --socket="$t/none.sock" --socket="$t/flood.sock" \
	--socket="$t/one.sock" --socket="$t/two.sock"
record host
until_true "vmsyncd is connected" connected
machine one 1000 "$agent" --device="$t/one.dev" --rate=25
machine two 50000 "$agent" --device="$t/two.dev" --rate=25
record one
record two
wait_answers 60
# Whoever is gone is waited for, and is the same one when it is back.
touch "$t/host/again"
until_gone "$t/host/again"
wait_answers 60
for name in one two host; do
	run_in $name lttng destroy
	expect_eq "$name: the session ends" "$(result_of $name)" 0
	machine_stop $name
	expect_eq "$name: what ran there ended well" "$(sort -u "$t/$name/ended")" 0
	[ "$(sort -u "$t/$name/ended")" = 0 ] || tail -n 5 "$t/$name/log" "$t/$name/said"
done
seconds=$(($(date +%s) - begin))

# Of the guest that floods no more was read than may be, and all the time, and the
# others' beacons were not touched by that.
count() { # count NAME WHAT: sum over both runs of vmsyncd
	sed -n "s/.*\/$1.sock: .*\<\([0-9]*\) \(beacons \|bytes \)\?$2.*/\1/p" \
		"$t/host/said" | awk '{ n += $1 } END { print n + 0 }'
}
bytes=$(($(count flood skipped) +
	36 * ($(count flood answered) + $(count flood dropped) + $(count flood unsent))))
expect "of a flood $bytes bytes were looked at in $seconds s" \
	test $bytes -le $((2 * (16384 + 2048) + seconds * 32768)) -a $bytes -gt 16384
expect "of its beacons $(count flood dropped) were dropped" \
	test "$(count flood dropped)" -gt 0
for name in one two; do
	expect_eq "$name: beacons dropped" "$(count $name dropped)" 0
	# What was cut off where vmsyncd began anew may be the rest of a frame.
	expect "$name: $(count $name skipped) bytes skipped" \
		test "$(count $name skipped)" -lt 36
	expect "$name: $(count $name answered) beacons answered" \
		test "$(count $name answered)" -ge 120
done

# --- what the tool makes of it

$vmsync sync --json "$t"/{host,one,two}/trace > "$t/json"
# A beacon at the very end may have no answer: it is known a little worse.
expect "exit status" test $? -le 1
expect_eq "the witnesses agree" "$(json .agrees)" true
expect_eq "guests left out" "$(json '.left_out | length')" 0

# truth NAME AHEAD: the map is not farther off than it says, at both ends of each
# segment
truth() {
	local name=$1 ahead=$(($2 * 1000000000)) me=".guests[] | select(.hostname == \"$1\")"
	local g0 g1 h0 slope bound e0 e1 worst=0 n=0 bad=0
	expect_eq "$name: the method" "$(json "$me | .methods | keys | join(\" \")")" port
	expect_eq "$name: who answers" "$(json "$me | .vm_pid")" \
		"$(eval "echo \$chardev_$name")"
	expect "$name: $(json "$me | .beacons.matched") beacons" \
		test "$(json "$me | .beacons.matched")" -ge 120
	expect_eq "$name: causality" \
		"$(json "$me | .beacons.causality_violations")" 0
	$vmsync sync -o "$t/map" "$t/host/trace" "$t/$name/trace" > "$check_out" 2>&1
	while read -r g0 g1 h0 slope bound; do
		e0=$((h0 - g0 + ahead))
		# Over 2^62 the slope is what is added to 1.
		e1=$((e0 + ((g1 - g0) * ((slope - (1 << 62)) >> 22) >> 40)))
		for e in ${e0#-} ${e1#-}; do
			[ "$e" -le "$worst" ] || worst=$e
			[ "$e" -le "$bound" ] || bad=$((bad + 1))
		done
		n=$((n + 1))
	done < <(sed -n 's/.*"guest_start": \([0-9]*\), "guest_end": \([0-9]*\), "host_start": \([0-9]*\), "slope": \([0-9]*\), "shift": 62,.*"bound_ns": \([0-9]*\).*/\1 \2 \3 \4 \5/p' "$t/map")
	expect_eq "$name: segments" $n "$(grep -c guest_start "$t/map")"
	expect_eq "$name: of $n segments, at worst $worst ns off, beyond their bound" \
		$bad 0
	echo "$name: at worst $worst ns off; bound $(json "$me | .bound_worst_ns") ns"
}
truth one 1000
truth two 50000

$vmsync fuse -o "$t/fused" "$t"/{host,one,two}/trace > "$check_out" 2>&1
expect "fused" test $? -le 1
expect_eq "... all of them, as babeltrace2 reads them" \
	"$(babeltrace2 "$t/fused" 2> "$t/err" | wc -l)" \
	"$(babeltrace2 "$t"/{host,one,two}/trace | wc -l)"
expect_eq "... without a word" "$(cat "$t/err")" ""
finish
