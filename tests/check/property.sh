#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Random recordings of a simulated world, against what is true: see
# tests/property/property.c.
#
#	PROPERTY_CASES	how many, instead of 1000
#	PROPERTY_SEED	the first seed, instead of 1
#	PROPERTY_KEEP	a folder for the recordings of cases that fail
#
# Cases that failed once are in tests/property/once, and run each time.
. tests/check/lib.sh

expect "the tool builds" make -s -j2 tool build/release/tests/property \
	build/release/tests/carve
cases=${PROPERTY_CASES:-1000}
seed=${PROPERTY_SEED:-1}
half=$(((cases + 1) / 2))
# In memory, if there is such a folder: it is much about small files.
memory=$(mktemp -d -p /dev/shm 2> /dev/null) &&
	trap 'rm -rf "$check_tmp" "$memory"' EXIT
keep=${PROPERTY_KEEP:-${memory:-$check_tmp}/keep}
mkdir -p "$keep"

# some FIRST CASES LOG: in a folder of its own, since a seed of old may be one of these, too
some() {
	local folder
	folder=$keep/$(basename "$3" .log)
	mkdir -p "$folder"
	build/release/tests/property build/vmsync build/release/tests/carve \
		"$folder" "$1" "$2" > "$3" 2>&1
}
# Where some are held back the second half begins farther on: no seed twice.
some "$seed" "$half" "$check_tmp/1.log" &
some $((seed + 1000000000)) $((cases - half)) "$check_tmp/2.log" &
once() {
	local mode seeds seed
	while read -r mode seeds; do
		for seed in ${seeds%%#*}; do
			case $mode in
			plain) some "$seed" 1 "$check_tmp/$seed.log" ;;
			all) PROPERTY_ALL=1 some "$seed" 1 "$check_tmp/$seed.log" ;;
			bare) PROPERTY_BARE=1 some "$seed" 1 "$check_tmp/$seed.log" ;;
			*) fail "tests/property/once: no such way: $mode" ;;
			esac
		done
	done < <(grep -v '^#' tests/property/once)
}
once
wait
for log in "$check_tmp"/*.log; do
	sed '$d' "$log"
	add_counts "$log" || fail "property ended without a count: $(tail -n 1 "$log")"
done
finish
