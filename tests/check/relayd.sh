#!/bin/bash
# SPDX-License-Identifier: MIT
#
# vmsync live --analyze with LTTng's own relay daemons, while things go wrong. A host and
# a guest are processes that record in user space what their kernels would
# (tests/gen/ust-vm.c), each in namespaces of its own, with a clock of its own.
#
# Needs root, lttng-tools and liblttng-ust-dev.
if [ -z "${LIVE_INSIDE:-}" ] && unshare -n true 2> /dev/null; then
	LIVE_INSIDE=1 exec unshare -n bash "$0"
fi
. tests/check/lib.sh
. tests/check/machines.sh
. tests/check/series.sh
. tests/check/turns.sh
[ -z "${LIVE_INSIDE:-}" ] || ip link set lo up

t=$check_tmp/t
mkdir "$t"
pids=()
trap 'kill "${pids[@]}" 2> /dev/null; machines_end; rm -rf "$check_tmp"' EXIT

turns_prepare "relay daemons of LTTng" lttng-relayd build/asan/tests/cut
cp build/asan/tests/cut "$t/cut.bin"

# --- machines, relay daemons, sessions

declare -A port=([host]=6344 [guest]=7344) relayd=()

# relayd_start NAME: the relay daemon of a machine
relayd_start() {
	local n=${port[$1]}

	HOME=$t/$1/home LTTNG_HOME=$t/$1/home lttng-relayd -o "$t/$1/traces" \
		-C "tcp://127.0.0.1:$((n - 2))" -D "tcp://127.0.0.1:$((n - 1))" \
		-L "tcp://127.0.0.1:$n" > "$t/$1/relayd.log" 2>&1 &
	relayd[$1]=$!
	pids+=($!)
	until_true "no relay daemon of $1" "$vmsync" live "tcp://127.0.0.1:$n"
}

relayd_kill() {
	kill -KILL "${relayd[$1]}"
	wait "${relayd[$1]}" 2> /dev/null
}

# session_begin NAME [SCHEME]: a live session of that machine; its streams come with the
# first process that records
session_begin() {
	local n=${port[$1]}

	cat > "$t/$1/begin" <<-END
		set -e
		lttng create session --live=100000 \
			--set-url=net://127.0.0.1:$((n - 2)):$((n - 1))
		lttng enable-channel -u --buffers-${2:-uid} --subbuf-size=16k --num-subbuf=16 channel
		lttng enable-event -u -c channel 'vmsync:*'
		lttng start
	END
	in_machine "$1" bash "$t/$1/begin"
}
session_end() { in_machine "$1" lttng destroy session; }

# --- who reads

urls=("tcp://127.0.0.1:${port[host]}/session" "tcp://127.0.0.1:${port[guest]}/session")

# shellcheck disable=SC2317 # until_true calls it
attached() { [ "$(grep -c "attached to session" "$1")" -ge "$2" ]; }
# begin RUN OPTION... URL...: vmsync live, in the background: its process in $client,
# what is to be judged in $t/RUN. The machines' clocks, which go on whatever waits, are not to decide who is waited for.
begin() {
	local run=$t/$1

	mkdir "$run"
	shift
	"$vmsync" live --record="$run/out" --analyze --interval=0.1 --patience=100000 \
		--metrics="$run/prom" "$@" > "$run/log" 2> "$run/said" &
	client=$!
}

machine host 1000 sleep infinity
machine guest 250000 sleep infinity
relayd_start host
relayd_start guest

# --- nothing goes wrong; streams come late, and a CPU that was idle has something to do
session_begin host
session_begin guest
begin plain --once "${urls[@]}"
turns
until_true "plain: it is analysed while it comes" analysed plain
touch "$t/late"
# shellcheck disable=SC2317 # until_true calls it
more() { [ -n "$(find "$t/plain/out/host" -name channel_1 -size +16k)" ]; }
until_true "plain: the idle CPU's events come" more
turns_end plain
run_in guest lttng regenerate metadata --session=session
result_of guest > "$check_out"
expect "plain: metadata cannot be made anew" grep -q "Live sessions are not supported" "$t/guest/err"
session_end host
session_end guest
wait $client
expect_eq "plain: exit status" $? 0
judge plain "$t/plain/out"
expect "plain: what the idle CPU did is in it" sh -c \
	"\"$vmsync\" cat \"$t/plain/out/host\" | grep -q 'cpu_id = 1.*waker'"

# --- a network that ends, again and again, in mid-packet
session_begin host
session_begin guest
for name in host guest; do
	"$t/cut.bin" "$t/$name.cut" "${port[$name]}" 9000 30000 50000 70000 &
	pids+=($!)
	until_there "$t/$name.cut"
done
begin cut --once "tcp://127.0.0.1:$(cat "$t/host.cut")/session" \
	"tcp://127.0.0.1:$(cat "$t/guest.cut")/session"
turns
# shellcheck disable=SC2317 # until_true calls it
all_cut() {
	[ "$(grep -cE '^vmsync_live_(connections_failed_total{.* 4|attached{.* 1)$' \
		"$t/cut/prom")" = 4 ]
}
until_true "cut: four connections of each end, and a fifth is there" all_cut
turns_end cut
session_end host
session_end guest
wait $client
expect_eq "cut: exit status" $? 0
expect "cut: it is said" is_said cut "no connection: it ended"
judge cut "$t/cut/out"

# --- somebody else reads the sessions
session_begin host
session_begin guest
"$vmsync" live --record="$t/other" "${urls[@]}" > "$t/other.log" 2>&1 &
other=$!
until_true "viewer: there is another one" attached "$t/other.log" 2
turns
begin viewer --once "${urls[@]}"
until_true "viewer: it waits for the other one" is_said viewer \
	"${urls[1]}: waiting: another viewer reads session session"
kill -INT $other
wait $other
until_true "viewer: it is analysed while it comes" analysed viewer
turns_end viewer
session_end host
session_end guest
wait $client
expect_eq "viewer: exit status" $? 0
expect_eq "viewer: that it waits is said once for each" \
	"$(said viewer "another viewer reads")" 2
judge viewer "$t/viewer/out"

# --- a guest whose relay daemon stops, with all that it has, and goes on
session_begin host
session_begin guest
begin paused --once "${urls[@]}"
turns
until_true "paused: it is analysed while it comes" analysed paused
kill -STOP "${relayd[guest]}"
until_true "paused: that nothing comes is said" is_said paused "nothing has come for"
kill -CONT "${relayd[guest]}"
until_true "paused: that it goes on is said" is_said paused "it goes on, after"
turns_end paused
session_end host
session_end guest
wait $client
status=$?
# What the tracer had no room for meanwhile is counted, and said by the exit status.
expect_eq "paused: exit status" $status "$(awk '/^vmsync_lost_events_total{/ { s += $2 }
	END { print (s > 0 ? 1 : 0) }' "$t/paused/prom")"
expect_eq "paused: both are said of the guest, and once" "$(grep -c \
	"^vmsync live: ${urls[1]}: \(nothing has come for\|it goes on\)" "$t/paused/said")" 2
judge paused "$t/paused/out"

# --- processes with buffers of their own, of which one ends soon
session_begin host pid
session_begin guest pid
begin pid --once "${urls[@]}"
turns
touch "$t/late"
until_true "pid: it is analysed while it comes" analysed pid
turns_end pid
session_end host
session_end guest
wait $client
judge pid "$t/pid/out"
expect_eq "pid: that the relay daemon may give something up is said, once for each" \
	"$(said pid "processes have buffers of their own")" 2
# Whoever ends before anything was read of it is counted.
empty=$(find "$t/pid/out" -name 'channel*' -size 0 | wc -l)
expect_eq "pid: streams of which nothing was read are counted" "$(awk \
	'/^vmsync_lost_packets_total{/ { s += $2 } END { print s + 0 }' "$t/pid/prom")" "$empty"

# --- sessions end and are made again; then relay daemons are killed
begin again "${urls[@]}"
until_true "again: there is no session yet" is_said again "no session session there"
session_begin guest
session_begin host
turns
until_true "again: it is analysed" analysed again
turns_end again
session_end host
session_end guest
until_true "again: the sessions end" is_said again "it is in $t/again/out/guest/session$"
# The next session of the host is to find none of the guest that belongs to the last one.
# shellcheck disable=SC2317 # until_true calls it
guest_is() { [ "$(said again "${urls[1]}: attached to session")" = "$1" ]; }
session_begin guest
until_true "again: a second session of the guest" guest_is 2
session_begin host
turns
# A session of which nothing was kept would not be another one than that which comes next.
# shellcheck disable=SC2317 # until_true calls it
kept() { [ -n "$(find "$t/again/out/$1" -name 'channel*' -size +0)" ]; }
until_true "again: packets of the host's second session" kept host/session-2
until_true "again: packets of the guest's second session" kept guest/session-2
relayd_kill host
relayd_kill guest
until_true "again: that relay daemons are gone is said" is_said again \
	"${urls[1]}: no connection"
turns_end "again, without relay daemons"
# Sessions with the relay daemons that come in their place.
run_in host lttng destroy session
result_of host > "$check_out"
run_in guest lttng destroy session
result_of guest > "$check_out"
relayd_start host
relayd_start guest
session_begin guest
until_true "again: a third session of the guest" guest_is 3
session_begin host
turns
until_true "again: packets of the host's third session" kept host/session-3
until_true "again: packets of the guest's third session" kept guest/session-3
turns_end "again, with others"
session_end host
session_end guest
until_true "again: sessions end" is_said again "it is in $t/again/out/guest/session-3$"
until_true "again: sessions end" is_said again "it is in $t/again/out/host/session-3$"
kill -INT $client
wait $client
expect_eq "again: exit status" $? 0
judge again "$t/again/out/host/session-3" "$t/again/out/guest/session-3"

machine_stop host
machine_stop guest
finish
