#!/bin/bash
# SPDX-License-Identifier: MIT
#
# vmsync live --states: the tables of all chunks together have the rows that vmsync export
# writes of the same recording, whenever what of it came; chunks are whole or not there.
. tests/check/lib.sh
. tests/check/series.sh
. tests/check/serve.sh

expect "the tool builds" make -s -j2 tool build/release/tests/relayd \
	build/release/tests/contend build/release/tests/pair
vmsync=$PWD/build/vmsync relayd=build/release/tests/relayd
t=$check_tmp
pids=()
trap 'kill "${pids[@]}" 2> /dev/null; rm -rf "$check_tmp"' EXIT
build/release/tests/contend "$t/beacon" 26000 > /dev/null
build/release/tests/pair "$t/exact" events=60000 beacons=100 move=20 packet=16384 gap=200000 \
	knots=3 idle=5 > /dev/null

# begin FOLDER OPTION...: in $t/FOLDER, whose sources are in ${urls[@]}; its process in $client
begin() {
	local dir=$t/$1
	shift
		"$vmsync" live --record="$dir/out" --analyze --states="$dir/states" --interval=0.1 "$@" \
		"${urls[@]}" > "$dir/log" 2> "$dir/said" &
	client=$!
	pids+=("$client")
}

# shellcheck disable=SC2317 # soon calls it
has_chunk() { find "$1" -name 'chunk=*' | grep -q .; }
# held RUN SEED NAME...: half of what these have comes, and then the rest
held() {
	local run=$1 seed=$2 name
	shift 2
	mkdir "$t/$run"
	urls=()
	for name; do
		serve "$t/$run" "$name" seed="$seed" hold=1200 "$t/${run%.*}/$name"
		urls+=("$url")
	done
	begin "$run" --once --patience=1000 --chunk=0.5
	expect "$run: a chunk of what came" soon has_chunk "$t/$run/states"
	for name; do
		touch "$t/$run/$name.go"
	done
	wait $client
	expect_eq "$run: exit status" $? 0
}
held exact.1 3 host guest
held exact.2 4 host guest
held beacon.1 5 host g0 g1

# The host's session is made again, before the first one is a chunk long.
mkdir "$t/again"
serve "$t/again" host "$t/exact/host" "$t/beacon/host"
urls=("$url")
for name in g0 g1; do
	serve "$t/again" "$name" hold=1 "$t/beacon/$name"
	urls+=("$url")
done
begin again --metrics="$t/again/prom" --chunk=1000
expect "the host's session is made again" \
	soon test -d "$t/again/out/host/session-2/kernel"
touch "$t/again/g0.go" "$t/again/g1.go"
wanted "$t/beacon" > "$t/wanted"
# shellcheck disable=SC2317 # soon calls it
all_found() { diff <(series "$t/again/prom") "$t/wanted"; }
expect "... and all of it is analysed" soon all_found
kill -INT $client
wait $client
expect_eq "... exit status" $? 0

# --- DuckDB reads all chunks as one table
tests/parquet/fetch.sh duckdb build/duckdb > "$check_out" 2>&1 || {
	skip "duckdb cannot be had: $(head -n 1 "$check_out")"
	finish
}
ask() { # FOLDER QUERY...
	node tests/parquet/query.mjs build/duckdb "$@" | grep . | sort
}
# rows TABLE WHO FOLDER CHUNKS MORE: its rows, by what their numbers mean, for these are of one export,
# or of one session of the host; WHO is the column of who woke it, or had its CPU
# shellcheck disable=SC2317 # same calls it
rows() {
	local from="from read_parquet('$4/$1.parquet', hive_partitioning = true) r"
	local vcpus="read_parquet('$4/vcpus.parquet', hive_partitioning = true)"
	local threads="read_parquet('$4/threads.parquet', hive_partitioning = true)"

	on() { echo "$1 on $1.chunk = r.chunk and $1.$2 = r.$3"; }
	ask "$3" "select v.vm, v.vcpu_id, from_ns, until_ns, r.state, $5 t.machine, t.tid, $2, w.vm,
		w.vcpu_id, a.machine, a.tid, r.boot_id, r.realtime_offset_ns $from
		join $vcpus $(on v vcpu vcpu)
		left join $threads $(on t thread thread)
		left join $threads $(on a thread "$2_thread")
		left join $vcpus $(on w vcpu "$2_vcpu")"
}
# same RUN RECORDING [CHUNKS]: the chunks of RUN have what vmsync export says of RECORDING
# shellcheck disable=SC2317 # expect calls it
same() {
	local table who more whole=$t/$1.whole/chunk=all
	mkdir -p "$whole"
	for table in states charges vcpus threads machines; do
		$vmsync export parquet --table="$table" -o "$whole/$table.parquet" "$t/$2" || return
	done
	for table in states charges; do
		who=who more=
		[ "$table" = charges ] || who=woken_by more="place, r.cpu,"
		rows "$table" "$who" "$t/$1/states" "${3:-chunk=*}" "$more" > "$t/$1.$table"
		rows "$table" "$who" "$t/$1.whole" "chunk=*" "$more" > "$t/$1.$table.whole"
		cmp "$t/$1.$table" "$t/$1.$table.whole" || return
	done
	! grep -h ^error: "$t/$1.states" "$t/$1.charges" || return
	test -s "$t/$1.states" || return
}
for run in exact.1 exact.2 beacon.1; do
	expect "$run: more than one chunk" \
		test "$(find "$t/$run/states" -mindepth 1 -name 'chunk=*' | wc -l)" -gt 1
	expect "$run: all chunks have the rows of an export" same "$run" "${run%.*}"
	expect_eq "$run: and nothing else is there" \
		"$(find "$t/$run/states" -mindepth 1 ! -path '*/chunk=*' | wc -l)" 0
done
expect "charges are some" test "$(wc -l < "$t/beacon.1.charges")" -gt 100
expect_eq "bounds are those of the map" "$(ask "$t/exact.1/states" "select distinct name, bound_ns
	from 'chunk=*/machines.parquet' where kind = 'guest'")" "$($vmsync sync --json "$t/exact" |
	jq -r '.guests[] | "\(.hostname) \(.bound_worst_ns)"')"
expect_eq "a chunk begins where the one before it ends" "$(ask "$t/exact.1/states" "select chunk,
	from_ns = lag(until_ns, 1, from_ns) over (order by from_ns) from
	read_parquet('chunk=*/machines.parquet', hive_partitioning = true) where kind = 'host'" |
	grep -vc ' true$')" 0
mapfile -t chunks < <(find "$t/again/states" -mindepth 1 -maxdepth 1 -name 'chunk=*' -printf '%f\n')
expect_eq "of two sessions of the host there are two chunks" "${#chunks[@]}" 2
of() { # CLOCK: the chunk of that boot
	local chunk
	for chunk in "${chunks[@]}"; do
		ask "$t/again/states" "select distinct boot_id from '$chunk/states.parquet'" |
			grep -q "$1" && echo "$chunk"
	done
}
uuid() { sed -n '/^clock {/,/^}/s/.*uuid = "\(.*\)";/\1/p' "$1/metadata"; }
expect "... the second one has all of the second one" same again beacon \
	"$(of "$(uuid "$(dirname "$(find "$t/beacon/host" -name metadata)")")")"

# --- what was killed leaves no chunk that is not whole, and is tidied up
mkdir "$t/killed"
serve "$t/killed" host hold=1 "$t/exact/host"
urls=("$url")
serve "$t/killed" guest hold=1 "$t/exact/guest"
urls+=("$url")
touch "$t/killed/host.go" "$t/killed/guest.go"
begin killed --chunk=1000
expect "a chunk is being written" soon test -s "$t/killed/states/.now/states.parquet"
expect_error "one at a time writes there" "somebody else writes states there" \
	timeout 20 "$vmsync" live --record="$t/x" --analyze --states="$t/killed/states" "${urls[@]}"
kill -KILL $client
wait $client 2> /dev/null
expect_eq "it leaves what is not whole" "$(ls -A "$t/killed/states")" .now
mv "$t/killed/out" "$t/killed/first"
serve "$t/killed" again "$t/exact/host"
urls=("$url")
begin killed --once --patience=0.1
wait $client
expect_eq "the next one tidies up" "$(find "$t/killed/states" -mindepth 1 -maxdepth 1 \
	-printf '%f\n' | sed 's/=.*//')" chunk

# --- no room for them is said, and what is recorded goes on
mkdir "$t/full"
serve "$t/full" host "$t/exact/host"
urls=("$url")
serve "$t/full" guest "$t/exact/guest"
urls+=("$url")
cat > "$t/full.sh" <<-END
	mkdir $t/full/states && mount -t tmpfs -o size=32k none $t/full/states || exit 9
	$vmsync live --once --record=$t/full/out --analyze --states=$t/full/states \
		--interval=0.1 --patience=1000 ${urls[*]} > $t/full/log 2> $t/full/said
	echo "\$? \$(ls -A $t/full/states)"
END
expect_eq "no room: exit status, and no chunk" "$(unshare -m --propagation private sh "$t/full.sh")" \
	"2 "
expect_eq "no room: it is said" "$(grep -c "full/states: No space left on device: the states of .* s up to host time .* s are not there" "$t/full/said")" 1
expect "no room: the recording is there" cmp <($vmsync analyze --json "$t/full/out") \
	<($vmsync analyze --json "$t/exact")

expect_error "states are of an analysis" "are of --analyze" \
	"$vmsync" live --record="$t/x" --states="$t/x/states" tcp://h/s
expect_error "chunks are of states" "chunk is of --states" \
	"$vmsync" live --record="$t/x" --analyze --json --chunk=5 tcp://h/s
expect_error "not in a file" "Not a directory" \
	"$vmsync" live --record="$t/x" --analyze --states="$t/full.sh" "${urls[@]}"
finish
