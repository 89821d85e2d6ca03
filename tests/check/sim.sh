#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The simulator: its own checks, scenarios that must fail (the judge can see),
# and every scenario within the limits that it states. SIM_SEEDS and SIM_EVENTS
# make it thorough: make sim-full.
. tests/check/lib.sh

expect "the simulator builds" make -s -j2 sim
sim=build/sim/sim
expect "the simulated clocks are as the kernel's" $sim --selftest
for s in tests/sim/broken/*.sim; do
	$sim --seeds 1 "$s" > "$check_out" 2>&1
	status=$?
	expect_eq "$(basename "$s") fails, as it must" $status 1
done
for s in tests/sim/scenarios/*.sim; do
	if $sim --seeds "${SIM_SEEDS:-2}" --events "${SIM_EVENTS:-50000}" "$s" \
		> "$check_out" 2>&1; then
		pass "$(tail -n 1 "$check_out")"
	else
		fail "$(basename "$s"): $(grep -v repeat: "$check_out" | tail -n 1)"
		grep -m 2 -E 'seed|repeat' "$check_out"
	fi
done
finish
