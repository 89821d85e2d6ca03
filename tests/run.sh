#!/bin/bash
# SPDX-License-Identifier: MIT
#
# run.sh quick|all|NAME...: runs the scripts of tests/check, each of which ends
# with a line "N passed, N failed[, N skipped]", adds these up and prints the
# sum as its own last line. Exit status 0 if nothing failed, else 1.
#
# "quick" is what tells in less than two minutes on two idle CPUs, building included: it
# needs no kernel modules, no lab, no daemon, takes fewer random cases, and each CPU has a
# script to run.
set -u
cd "$(dirname "$0")/.." || exit 2

# The longest first, so that no CPU waits for one at the end.
quick=(
	unit
	lint
	cli
	move
	bounds
	match
	identity
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
# What emulates, waits for daemons, servers, browsers and downloads, or has many cases.
longer=(
	boots
	coverage
	doctor
	export
	layers
	report
	tracedat
	engine
	hints
	parquet
	clickhouse
	fleet
	ust
	openstack
	jvm
	live
	online
	relayd
	top
	port
	daemon
	recording
	freeze
	migration
	memory
	breaks
	bt2
	many
	sim
)
aside=
at_once=1
case ${1:-all} in
quick)
	set -- "${quick[@]}"
	at_once=$(nproc)
	export PROPERTY_CASES=${PROPERTY_CASES:-100} VMSYNC_CASES=${VMSYNC_CASES:-20}
	;;
all)
	# The longest one emulates a single CPU: it goes on beside what needs no
	# lab, on the other.
	set -- modules "${quick[@]}" "${longer[@]}" libvirt packages fuzz lab
	aside=unload
	;;
esac

passed=0 failed=0 skipped=0 bad=""
log_dir=build/check
mkdir -p "$log_dir"
rm -f "$log_dir"/*.log "$log_dir"/*.status "$log_dir/seconds"
started=$(date +%s)
aside_pid=
# With all that it started: it has a process group of its own.
trap '[ -z "$aside_pid" ] || kill -TERM -- "-$aside_pid" 2> /dev/null' EXIT
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

# run NAME: to the end; prints what it says, keeps its log, exit status and duration.
# By itself in a shell of its own (export -f), or here.
run() {
	local name=$1 t0
	t0=$(date +%s)
	bash "tests/check/$name.sh" 2>&1 | tee "$log_dir/$name.log"
	echo "${PIPESTATUS[0]}" > "$log_dir/$name.status"
	t0=$(($(date +%s) - t0))
	echo "$t0 s $name" >> "$log_dir/seconds"
	echo "== $name: $t0 s"
}

# run_all NAME...: what is beside another says what it has to say when it is done.
run_all() {
	local name
	if [ "$at_once" -eq 1 ]; then
		for name in "$@"; do
			[ "$name" != lab ] || aside_end
			echo "== $name"
			run "$name"
			[ "$name" != modules ] || aside_begin
		done
	else
		export -f run
		export log_dir
		# shellcheck disable=SC2016 # of the inner shell
		printf '%s\n' "$@" | xargs -P "$at_once" -I NAME \
			bash -c 'said=$(run "$1"); echo "$said"' bash NAME
	fi
	for name in "$@"; do
		count "$name" "$(cat "$log_dir/$name.status")"
	done
}

aside_begin() {
	[ -n "$aside" ] || return 0
	setsid bash "tests/check/$aside.sh" > "$log_dir/$aside.log" 2>&1 < /dev/null &
	aside_pid=$!
}

aside_end() {
	local status
	[ -n "$aside_pid" ] || return 0
	echo "== $aside: waiting for it"
	wait "$aside_pid"
	status=$?
	aside_pid=
	cat "$log_dir/$aside.log"
	count "$aside" "$status"
	echo "== $aside: done $(($(date +%s) - started)) s after the start"
}

for name in "$@" $aside; do
	if [ ! -f "tests/check/$name.sh" ]; then
		echo "run.sh: no test tests/check/$name.sh" >&2
		exit 2
	fi
done
run_all "$@"
aside_end

echo "== all: $(($(date +%s) - started)) s; the slowest:" \
	"$(sort -rn "$log_dir/seconds" | head -n 10 | paste -sd,)"
if [ -n "$bad" ]; then
	echo "failed:$bad (logs in $log_dir)"
	grep -h '^FAIL' "$log_dir"/*.log | sort -u | head -n 40
fi
[ "$skipped" -eq 0 ] || grep -h '^SKIP' "$log_dir"/*.log | sort -u | head -n 40
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
