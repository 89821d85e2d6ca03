#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Fuzzing with libFuzzer and the sanitizers, from the corpus of tests/fuzz. One
# program for each file tests/fuzz/NAME.c, FUZZ_SECONDS (60) each. What crashes
# is left in build/fuzz.
. tests/check/lib.sh

seconds=${FUZZ_SECONDS:-60}
cc=${FUZZ_CC:-clang}
flags="-std=gnu11 -O1 -g -D_GNU_SOURCE= -D_FILE_OFFSET_BITS=64 -Ihost -Iinclude"
flags="$flags -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all"
out=build/fuzz
mkdir -p "$out"

if ! command -v "$cc" > /dev/null; then
	skip "fuzzing: no $cc here"
	finish
	exit
fi

# fuzz NAME: the files it needs beside its own are named in its second line
fuzz() {
	local name=$1 work=$check_tmp/$1 log=$out/$1.log runs
	# shellcheck disable=SC2086
	if ! $cc $flags -o "$out/$name" tests/fuzz/"$name".c $2 -pthread \
		> "$log" 2>&1; then
		fail "$name: does not build"
		grep -m 3 error "$log"
		return
	fi
	mkdir "$work"
	# New finds go into the first folder, which is thrown away.
	if "$out/$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 \
		-max_len=8192 -print_final_stats=1 -artifact_prefix="$out/$name-" \
		"$work" tests/fuzz/corpus/"$name" > "$log" 2>&1; then
		runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
		echo "$name: $runs executions"
		pass "$name: $runs executions"
	else
		fail "$name: see $log"
		grep -m 3 -E 'ERROR|SUMMARY|runtime error' "$log"
	fi
}

for src in tests/fuzz/*.c; do
	name=$(basename "$src" .c)
	case $name in
	ctf_*) fuzz "$name" "$(echo host/ctf/*.c)" ;;
	*) fuzz "$name" "$(echo host/ctf/*.c host/sync/*.c)" ;;
	esac
done
finish
