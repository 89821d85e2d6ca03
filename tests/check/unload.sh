#!/bin/bash
# SPDX-License-Identifier: MIT
#
# All modules loaded and removed 50 times (or LAB_CYCLES) under beacons and tracing, on host and
# guest; nothing is left. Needs the modules (tests/check/modules.sh).
. tests/check/lib.sh
. tests/check/record.sh

if record unload; then
	pass "unload: ${LAB_CYCLES:-50} times, nothing left"
	grep -h -E '@lab (L1|guest) (sizes|with the guest|KVM)' \
		"$lab/unload/host.serial" | tr -d '\r' | cut -c 1-100
else
	fail "unload: the lab failed, see $lab/unload"
fi
finish
