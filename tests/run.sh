#!/bin/bash
# SPDX-License-Identifier: MIT
#
# run.sh quick|all|NAME...: runs the scripts of tests/check, each of which ends
# with a line "N passed, N failed[, N skipped]", adds these up and prints the
# sum as its own last line. Exit status 0 if nothing failed, else 1.
#
# "quick" is what tells in less than two minutes on two idle CPUs, building included: it
# needs no kernel modules, no lab, no daemon, and takes fewer random cases. In both each CPU
# has a script to run; those that are named run one after another, and say at once what they
# have to say.
set -u
cd "$(dirname "$0")/.." || exit 2

# Nothing is measured in these, no daemon runs, and no more than two minutes are taken. The
# longest first, so that no CPU waits for one at the end.
quick=(
	unit
	lint
	cli
	move
	bounds
	identity
	inputs
	files
	property
	ctf
	metadata
	packets
	perf
	analyze
	fused
	events
	limit
	shape
)
# What else needs nothing that another one has: emulators, browsers, downloads, many cases.
longer=(
	unload
	breaks
	packages
	fuzz
	sim
	many
	match
	elsewhere
	keep
	hosts
	peer-move
	migrated
	joined
	hints
	layers
	tracedat
	parquet
	engine
	volume
	boots
	export
	coverage
	report
	doctor
	bt2
)
# One after another: they run LTTng's daemons, libvirt's, servers, and wait for these.
daemons=(
	online
	chunks
	freeze
	memory
	libvirt
	recording
	fleet
	relayd
	folders
	migration
	clickhouse
	nats
	live
	port
	ust
	ustclock
	top
	jvm
	daemon
	openstack
)
# By themselves: what builds the kernel modules that others take, and emulates two CPUs.
first=() alone=() last=()
lanes=1
case ${1:-all} in
quick)
	any=("${quick[@]}")
	lanes=$(nproc)
	export PROPERTY_CASES=${PROPERTY_CASES:-100} VMSYNC_CASES=${VMSYNC_CASES:-20}
	;;
all)
	first=(modules) alone=("${daemons[@]}") any=("${longer[@]}" "${quick[@]}") last=(lab lab-openvswitch)
	lanes=$(nproc)
	;;
*)
	any=("$@")
	;;
esac
set -- "${first[@]}" "${alone[@]}" "${any[@]}" "${last[@]}"

passed=0 failed=0 skipped=0 bad=""
log_dir=build/check
mkdir -p "$log_dir"
rm -f "$log_dir"/*.log "$log_dir"/*.status "$log_dir"/*.pid "$log_dir/seconds"
started=$(date +%s)
lane_pids=()
# With all that they started: each has a process group of its own.
lanes_end() {
	local pid
	for pid in "${lane_pids[@]}"; do
		kill -TERM -- "-$pid" 2> /dev/null
	done
}
trap lanes_end EXIT
trap 'exit 130' INT TERM

# count NAME STATUS: add up what the log of NAME says
count() {
	local name=$1 status=$2 sum p f s
	sum=$(grep -E '^[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?$' \
		"$log_dir/$name.log" | tail -n 1)
	read -r p f s <<-EOF
		$(echo "$sum" | tr -dc '0-9 ')
	EOF
	p=${p:-0} f=${f:-0} s=${s:-0}
	# A script that dies, or says nothing, has failed whatever it counted.
	if [ -z "$sum" ] || { [ "$status" -ne 0 ] && [ "$f" -eq 0 ]; }; then
		f=$((f + 1))
		echo "FAIL $name: ended with status $status and no count" |
			tee -a "$log_dir/$name.log"
	fi
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
	[ "$f" -eq 0 ] || bad="$bad $name"
}

# kill_tree SIGNAL PID: that process and all under it
kill_tree() {
	local child
	for child in $(pgrep -P "$2"); do
		kill_tree "$1" "$child"
	done
	kill "-$1" "$2"
}

# end_silent NAME: ends that script once its log has had no new line for 15 minutes, however
# slow the machine is. One that hangs is no reason for not saying what the others found.
end_silent() {
	local log=$log_dir/$1.log pid
	while sleep 5; do
		pid=$(cat "$log_dir/$1.pid")
		kill -0 "$pid" || return
		[ $(($(date +%s) - $(stat -c %Y "$log"))) -ge 900 ] || continue
		echo "FAIL $1: nothing said for 900 s" >> "$log"
		kill_tree TERM "$pid"
		sleep 30
		kill_tree KILL "$pid"
		return
	done
}

# run NAME: to the end; prints what it says, keeps its log, exit status and duration.
run() {
	local name=$1 t0 watcher status
	t0=$(date +%s)
	echo "== $name"
	: > "$log_dir/$name.log"
	end_silent "$name" > /dev/null 2>&1 &
	watcher=$!
	# shellcheck disable=SC2016 # of the shell that becomes the script
	bash -c 'echo $$ > "$1"; exec bash "$2"' - "$log_dir/$name.pid" \
		"tests/check/$name.sh" 2>&1 | tee -a "$log_dir/$name.log"
	status=${PIPESTATUS[0]}
	kill $watcher
	echo "$status" > "$log_dir/$name.status"
	t0=$(($(date +%s) - t0))
	echo "$t0 s $name" >> "$log_dir/seconds"
	echo "== $name: $t0 s"
}

# taken: the next of the file "any", which no lane has any more
taken() {
	{
		flock 9
		head -n 1 "$log_dir/any"
		sed -i 1d "$log_dir/any"
	} 9> "$log_dir/any.lock"
}

# lane NAME...: these, then what is still in "any". What one says comes when it is done, in
# one piece.
lane() {
	local name said
	for name in "$@"; do
		said=$(run "$name")
		echo "$said"
	done
	while name=$(taken) && [ -n "$name" ]; do
		said=$(run "$name")
		echo "$said"
	done
}

# run_lanes: all of "alone" and "any"
run_lanes() {
	local i
	export -f lane run taken end_silent kill_tree
	export log_dir
	printf '%s\n' "${any[@]}" > "$log_dir/any"
	for ((i = 0; i < lanes; i++)); do
		setsid bash -c 'lane "$@"' lane "${alone[@]}" < /dev/null &
		lane_pids+=($!)
		alone=()
	done
	wait "${lane_pids[@]}"
	lane_pids=()
}

for name in "$@"; do
	if [ ! -f "tests/check/$name.sh" ]; then
		echo "run.sh: no test tests/check/$name.sh" >&2
		exit 2
	fi
done
for name in "${first[@]}"; do
	run "$name"
done
if [ "$lanes" -eq 1 ]; then
	for name in "${alone[@]}" "${any[@]}"; do
		run "$name"
	done
else
	run_lanes
fi
for name in "${last[@]}"; do
	run "$name"
done
for name in "$@"; do
	count "$name" "$(cat "$log_dir/$name.status" 2> /dev/null || echo 1)"
done

echo "== all: $(($(date +%s) - started)) s; the slowest:" \
	"$(sort -rn "$log_dir/seconds" | head -n 10 | paste -sd,)"
if [ -n "$bad" ]; then
	echo "failed:$bad (logs in $log_dir)"
	grep -h '^FAIL' "$log_dir"/*.log | sort -u | head -n 40
fi
[ "$skipped" -eq 0 ] || grep -h '^SKIP' "$log_dir"/*.log | sort -u | head -n 40
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
