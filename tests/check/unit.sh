#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The unit tests, built with the address and undefined-behaviour sanitizers.
. tests/check/lib.sh

expect "the unit tests build" make -s -j2 VARIANT=asan unit
for src in tests/unit/*.c; do
	name=$(basename "$src" .c)
	log=$check_tmp/$name.log
	build/asan/unit/"$name" > "$log" 2>&1
	status=$?
	if ! add_counts "$log"; then
		fail "$name: ended with status $status and no count"
		tail -n 20 "$log"
	elif [ $status -ne 0 ]; then
		echo "FAIL $name:"
		grep -v passed "$log" | head -n 20
	fi
done
finish
