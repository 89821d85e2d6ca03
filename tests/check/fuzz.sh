#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Fuzzing with libFuzzer and the sanitizers, from the corpus of tests/fuzz: one
# program for each file tests/fuzz/NAME.c and those of the folder NAME beside
# it. What crashes is left in build/fuzz.
#
# Without any of these it is the same executions each time, on every machine:
# whether it passes depends neither on how busy the machine is nor on luck.
#
#   FUZZ_SEED     of the random numbers (1), 0: another one each time
#   FUZZ_RUNS     executions of each, instead of those that take a minute
#   FUZZ_SECONDS  a time for each, instead
#   FUZZ_ONLY     names, instead of all
#   FUZZ_JOBS     how many go on side by side (one per processor)
#   FUZZ_KEEP     a folder for what is found on the way, NAME below it
. tests/check/lib.sh

cc=${FUZZ_CC:-clang}
jobs=${FUZZ_JOBS:-$(nproc)}
out=build/fuzz
flags="-std=gnu11 -O2 -g -D_GNU_SOURCE= -D_FILE_OFFSET_BITS=64 -Ihost -Iinclude
	-Itests -fno-sanitize-recover=all"
# An index is flushed every few entries. Comparisons are not traced: the seeds
# know the numbers that matter, and it halves the speed.
lib_flags="-fsanitize=fuzzer-no-link,address,undefined
	-fno-sanitize-coverage=trace-cmp -DINDEX_FLUSH=256"
export ASAN_OPTIONS=${ASAN_OPTIONS:-quarantine_size_mb=4:malloc_context_size=4}

if ! command -v "$cc" > /dev/null; then
	skip "fuzzing: no $cc here"
	finish
fi

# Streams that are read and written go to memory where there is such a folder.
FUZZ_DIR=$(mktemp -d -p /dev/shm 2> /dev/null || mktemp -d -p "$check_tmp")
export FUZZ_DIR
trap 'rm -rf "$check_tmp" "$FUZZ_DIR"' EXIT

build_library() {
	rm -rf "$out/obj"
	mkdir -p "$out/obj"
	# shellcheck disable=SC2016,SC2086 # of the inner shell; options
	printf '%s\n' host/ctf/*.c host/port/*.c host/tracedat/options.c \
		host/qemu/format.c host/memory/{look,pages,slots,monitor}.c \
		host/libvirt/*.c host/base/run.c host/fuse/fail.c | xargs -P "$jobs" -I{} sh -c \
		'o=$(basename {} .c).o; d=$1; shift; exec "$@" -c -o "$d/$o" {}' \
		sh "$out/obj" $cc $flags $lib_flags > "$out/build.log" 2>&1
}

# What a fuzzer itself does is not measured for coverage.
build() {
	local name=$1 more
	more=$(find "tests/fuzz/$name" -name '*.c' 2> /dev/null)
	# shellcheck disable=SC2086 # options
	$cc $flags -fsanitize=fuzzer,address,undefined \
		-fno-sanitize-coverage=trace-cmp,inline-8bit-counters,pc-table,indirect-calls \
		-o "$out/$name" \
		"tests/fuzz/$name.c" $more "$out"/obj/*.o -pthread \
		> "$out/$name.log" 2>&1
}

# Recipes and packets are short; metadata is text.
max_len() {
	case $1 in
	ctf_index) echo 40 ;;
	ctf_packet) echo 400 ;;
	port_frame) echo 1200 ;;
	tracedat_options | qemu_format) echo 600 ;;
	*) echo 8192 ;;
	esac
}

# About a minute's worth.
usual_runs() {
	case $1 in
	ctf_metadata) echo 800000 ;;
	ctf_index) echo 80000 ;;
	port_frame | tracedat_options | qemu_format) echo 300000 ;;
	memory_said) echo 1000000 ;;
	*) echo 150000 ;;
	esac
}

fuzz() {
	local name=$1 finds=${FUZZ_KEEP:-$check_tmp}/$1 limit
	limit="-runs=${FUZZ_RUNS:-$(usual_runs "$name")}"
	[ -z "${FUZZ_SECONDS:-}" ] || limit="-max_total_time=$FUZZ_SECONDS"
	mkdir -p "$finds"
	# By name, because a file system lists its files in an order of its own.
	find "tests/fuzz/corpus/$name" -type f | LC_ALL=C sort |
		paste -s -d, > "$out/$name.seeds"
	# New finds go into the folder.
	exec "$out/$name" "$limit" "-seed=${FUZZ_SEED:-1}" -timeout=60 \
		-rss_limit_mb=1024 -len_control=0 -max_len="$(max_len "$name")" \
		-print_final_stats=1 -artifact_prefix="$out/$name-" \
		"-seed_inputs=@$out/$name.seeds" "$finds" \
		> "$out/$name.log" 2>&1
}

# judge NAME STATUS
judge() {
	local name=$1 log=$out/$1.log runs
	runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
	if [ "$2" -eq 0 ] && [ "${runs:-0}" -gt 0 ]; then
		echo "$name: $runs executions"
		pass "$name: $runs executions"
	else
		fail "$name: see $log"
		grep -m 3 -E '^wrong|ERROR|SUMMARY|runtime error' "$log"
	fi
}

# As many as there are jobs go on at a time.
fuzz_all() {
	local names=("$@") pids=() i next=0
	for ((i = 0; i < ${#names[@]}; i++)); do
		for (( ; next < ${#names[@]} && next < i + jobs; next++)); do
			fuzz "${names[next]}" &
			pids[next]=$!
		done
		wait "${pids[i]}"
		judge "${names[i]}" $?
	done
}

names=()
if build_library; then
	for name in ${FUZZ_ONLY:-$(basename -s .c tests/fuzz/*.c)}; do
		if build "$name"; then
			names+=("$name")
		else
			fail "$name: does not build"
			grep -m 3 error "$out/$name.log"
		fi
	done
else
	fail "the library does not build with $cc"
	grep -m 3 error "$out/build.log"
fi
fuzz_all "${names[@]}"
finish
