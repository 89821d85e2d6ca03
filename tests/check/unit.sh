#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The unit tests, built with the address and undefined-behaviour sanitizers.
. tests/check/lib.sh

expect "the unit tests build" make -s -j2 VARIANT=asan unit

# As many at once as there are CPUs; each leaves its log and its exit status.
# shellcheck disable=SC2016 # of the inner shell
for src in tests/unit/*.c; do
	basename "$src" .c
done | xargs -P "$(nproc)" -I NAME sh -c \
	'build/asan/unit/NAME > "$1/NAME.log" 2>&1; echo $? > "$1/NAME.status"' \
	sh "$check_tmp"
for src in tests/unit/*.c; do
	name=$(basename "$src" .c)
	log=$check_tmp/$name.log
	status=$(cat "$check_tmp/$name.status")
	if ! add_counts "$log"; then
		fail "$name: ended with status $status and no count"
		tail -n 20 "$log"
	elif [ "$status" -ne 0 ]; then
		echo "FAIL $name:"
		grep -v passed "$log" | head -n 20
	fi
done
finish
