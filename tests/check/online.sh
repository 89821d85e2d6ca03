#!/bin/bash
# SPDX-License-Identifier: MIT
#
# vmsync live --analyze: what is found while it comes is, to the ns, what vmsync analyze
# finds in the same recording, in whichever order and pieces it came; and what goes
# wrong is seen.
. tests/check/lib.sh
. tests/check/series.sh
. tests/check/serve.sh

expect "the tool builds" make -s -j2 VARIANT=asan tool \
	build/asan/tests/relayd build/asan/tests/contend build/asan/tests/pair
cp build/asan/vmsync build/asan/tests/relayd "$check_tmp"
vmsync=$check_tmp/vmsync relayd=$check_tmp/relayd
t=$check_tmp/t
mkdir "$t"
pids=()
trap 'kill "${pids[@]}" 2> /dev/null; rm -rf "$check_tmp"' EXIT

# Two guests on one CPU that are preempted and woken, whose clocks beacons alone tell of;
# and one of which all is known, whose virtual CPUs move from CPU to CPU.
build/asan/tests/contend "$t/beacon" 26000 > /dev/null
build/asan/tests/pair "$t/exact" events=60000 beacons=100 move=20 packet=16384 gap=200000 \
	knots=3 idle=5 > /dev/null

# begin RUN RECORDING "OPTION..." NAME...: vmsync live, in the background; its process in
# $client, what is to be judged in $t/RUN
begin() {
	local r=$t/$1 recording=$2 options name urls=()
	read -ra options <<< "$3"
	shift 3
	mkdir "$r"
	for name; do
		serve "$r" "$name" "${options[@]}" "$recording/$name"
		urls+=("$url")
	done
	timeout 200 "$vmsync" live --once --record="$r/out" --analyze --interval=0.1 \
		--patience=1000 --metrics="$r/prom" "${urls[@]}" > "$r/log" 2> "$r/said" &
	client=$!
}

analysed() { sed -n 's/^vmsync_live_analysed_seconds //p' "$t/$1/prom"; }

# --- whatever comes when: half of it is analysed before the rest is there
wanted "$t/beacon" > "$t/beacon.wanted"
wanted "$t/exact" > "$t/exact.wanted"
one_run() { # RUN RECORDING SEED NAME...
	local run=$1 recording=$2 seed=$3 name
	shift 3
	begin "$run" "$t/$recording" "seed=$seed cut=$((seed % 3)) old=$((seed % 2)) hold=1200 ${more:-}" "$@"
	soon grep -q '^vmsync_live_analysed_seconds [1-9]' "$t/$run/prom"
	analysed "$run" > "$t/$run/half"
	for name; do
		touch "$t/$run/$name.go"
	done
	wait $client
	echo $? > "$t/$run/status"
}
for seed in {1..10}; do
	one_run "beacon.$seed" beacon "$seed" host g0 g1 &
	running=($!)
	one_run "exact.$seed" exact "$seed" host guest &
	running+=($!)
	wait "${running[@]}"
done
for run in beacon.{1..10} exact.{1..10}; do
	recording=${run%.*}
	expect_eq "$run: exit status" "$(cat "$t/$run/status")" 0
	expect "$run: all series, to the ns" \
		diff <(series "$t/$run/prom") "$t/$recording.wanted"
	expect "$run: some of it was analysed before the rest was there" \
		awk -v half="$(cat "$t/$run/half")" -v end="$(analysed "$run")" \
		'BEGIN { exit !(half > 0 && half < end) }'
	expect "$run: no event came after it was said to be there" \
		grep -qx 'vmsync_live_late_events_total 0' "$t/$run/prom"
	expect_eq "$run: witnesses have no complaint" \
		"$(grep -c '^vmsync_witness_violations_total{.* 0$' "$t/$run/prom")" \
		"$(grep -c '^vmsync_sync_bound_seconds{' "$t/$run/prom")"
done
expect "there was something to find" grep -q 'state="preempted"} [1-9]*0*[.].*[1-9]' \
	"$t/beacon.wanted"
expect "... the idle threads of a guest's, too" \
	grep -q 'state="guest_idle"} [1-9]' "$t/exact.wanted"
expect "... and who had the CPU" grep -q 'by="vm:vm1"} ' "$t/beacon.wanted"

# --- for a minute, in which the clocks change more often than is kept
build/asan/tests/pair "$t/minute" events=60000 gap=4000000 knots=20 beacons=20 move=20 \
	packet=16384 idle=5 > /dev/null
begin long "$t/minute" "seed=4" host guest
wait $client
expect_eq "a minute: exit status" $? 0
expect "a minute: all series, to the ns" diff <(series "$t/long/prom") <(wanted "$t/minute")

# --- the same as lines of JSON: whatever is a series there is here
mkdir "$t/json"
serve "$t/json" host seed=6 "$t/exact/host"
serve "$t/json" guest seed=6 "$t/exact/guest"
timeout 200 "$vmsync" live --once --record="$t/json/out" --analyze --json --interval=0.1 \
	--patience=1000 --metrics="$t/json/prom" "tcp://127.0.0.1:$(cat "$t/json/host")/session" \
	"tcp://127.0.0.1:$(cat "$t/json/guest")/session" > "$t/json/lines" 2> "$t/json/said"
expect_eq "as JSON: exit status" $? 0
expect "as JSON: a line each time" jq -se 'length > 2 and
	(map(.realtime_seconds) | . == sort)' "$t/json/lines"
tail -n 1 "$t/json/lines" | jq -r '.series[] | "\(.name){\(del(.name, .value) |
	to_entries | map("\(.key)=\"\(.value)\"") | join(","))} \(.value // "+Inf")"' |
	sed 's/{}//' > "$t/json/got"
# jq computes with doubles, and one of the values is a time that goes on.
numbers() { grep -v -e ^# -e ^vmsync_live_lag "$1" | awk '{ $NF = sprintf("%.6f", $NF); print }'; }
expect "as JSON: the last one is what the file has" \
	diff <(numbers "$t/json/prom") <(numbers "$t/json/got")

# --- packets that are lost: what vmsync analyze finds in what is left
# In the later ones a change of a clock is among what is lost.
for gone in 3.9 2.20 9.9 13.3; do
	begin "gone.$gone" "$t/exact" "seed=${gone%.*} gone=${gone#*.}" host guest
	wait $client
	expect_eq "packets $gone lost: exit status" $? 1
	expect "packets $gone lost: what is found in the rest, to the ns" \
		diff <(series "$t/gone.$gone/prom") <(wanted "$t/gone.$gone/out")
	expect_eq "... which is not what is found in all" "$(series "$t/gone.$gone/prom" |
		diff -q - "$t/exact.wanted" | wc -l)" 1
done

# --- a relay daemon that promises what it does not keep
more=lie=1 one_run lie beacon 3 host g0 g1
expect "packets that come too late are counted" grep -q \
	'^vmsync_live_late_events_total [1-9]' "$t/lie/prom"

# --- a host that tells of another offset than its virtual machines have
build/asan/tests/pair "$t/offset" events=20000 beacons=100 move=20 packet=16384 gap=400000 \
	offset=30000 > /dev/null
begin wrong "$t/offset" "seed=2" host guest
wait $client
expect "a map that beacons contradict is seen" grep -q \
	'^vmsync_witness_violations_total{domain="guest"} [1-9]' "$t/wrong/prom"

# --- a guest of another host is not analysed, and nobody waits for it for ever
mkdir "$t/other"
serve "$t/other" host seed=5 "$t/exact/host"
serve "$t/other" g0 "$t/beacon/g0"
timeout 200 "$vmsync" live --once --record="$t/other/two" --analyze --vcpus \
	--metrics="$t/other/prom" --interval=0.1 \
	"tcp://127.0.0.1:$(cat "$t/other/host")/session" \
	"tcp://127.0.0.1:$(cat "$t/other/g0")/session" > "$t/other/log" 2>&1
expect_eq "a guest of another host: exit status" $? 0
expect "a guest of another host: the host's virtual CPUs are told of" grep -q \
	'^vmsync_vcpu_state_seconds_total{domain="thread 4720",vcpu="0",state="guest"} [1-9]' \
	"$t/other/prom"
expect_eq "... and nothing of it" "$(grep -c 'domain="vm0"' "$t/other/prom")" 0

# --- the host's session is made again: what belongs to the next one
mkdir "$t/again"
serve "$t/again" host "$t/exact/host" "$t/beacon/host"
serve "$t/again" g0 hold=1 "$t/beacon/g0"
serve "$t/again" g1 hold=1 "$t/beacon/g1"
"$vmsync" live --record="$t/again/out" --analyze --interval=0.1 --metrics="$t/again/prom" \
	"tcp://127.0.0.1:$(cat "$t/again/host")/session" \
	"tcp://127.0.0.1:$(cat "$t/again/g0")/session" \
	"tcp://127.0.0.1:$(cat "$t/again/g1")/session" > "$t/again/log" 2> "$t/again/said" &
client=$!
expect "the host's session is made again" \
	soon test -d "$t/again/out/host/session-2/kernel"
touch "$t/again/g0.go" "$t/again/g1.go"
# shellcheck disable=SC2317 # soon calls it
same() { diff <(series "$t/again/prom") "$t/beacon.wanted"; }
expect "... and what is found in that one is all of it" soon same
kill -INT $client
wait $client
expect_eq "... exit status" $? 0
expect "... and it stays so" same

expect_eq "each line is of the format" "$(grep -hvE \
	'^# (HELP [a-z_]+ [A-Z].*\.|TYPE [a-z_]+ (counter|gauge|histogram)|vmsync live)$|^[a-z_]+(\{([a-z]+="[^"]*",?)*\})? -?[0-9]+(\.[0-9]+)?$' \
	"$t"/*/prom)" ""
for run in beacon.1 other; do
	expect_eq "$run: each series is there once" "$(grep -v '^#' "$t/$run/prom" |
		sed 's/ [^ ]*$//' | sort | uniq -d)" ""
done
expect_error "what is found has to go somewhere" "told in --metrics, --json or --states" \
	"$vmsync" live --record="$t/x" --analyze tcp://h/s
expect_error "no virtual CPUs without --analyze" "is of --analyze" \
	"$vmsync" live --record="$t/x" --metrics="$t/x.prom" --vcpus tcp://h/s
expect_error "no patience without --analyze" "patience and --states are of --analyze" \
	"$vmsync" live --record="$t/x" --metrics="$t/x.prom" --patience=5 tcp://h/s
finish
