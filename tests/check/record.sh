# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Sourced by the checks that need the lab. KERNEL and GUEST_KERNEL are those of
# "make lab".

# Where its recordings are.
lab=build/lab${KERNEL:+-$KERNEL}
[ "${GUEST_KERNEL:-${KERNEL:-}}" = "${KERNEL:-}" ] ||
	lab=build/lab-${KERNEL:-stock}-$GUEST_KERNEL

# lab_ready: the packages of this kernel are there
lab_ready() {
	[ ! -e "build/packages${KERNEL:+-$KERNEL}.env" ] || return 0
	fail "no modules: run modules first, or make lab-modules"
	return 1
}

# record SCENARIO: run it, or with LAB_REUSE=1 take what it left before.
record() {
	if [ -n "${LAB_REUSE:-}" ] &&
	   grep -qs '^result=pass' "$lab/$1/status"; then
		return 0
	fi
	echo "recording $1"
	if [ -n "${GUEST_KERNEL:-}" ]; then
		tests/lab/run.sh "$1" "${KERNEL:-}" "$GUEST_KERNEL"
	else
		tests/lab/run.sh "$1" ${KERNEL:+"$KERNEL"}
	fi
}

# recorded SCENARIO: of this build, in $dir, or the check is over.
recorded() {
	expect "the tool builds" make -s -j2 tool
	dir=$lab/$1
	lab_ready || finish
	if record "$1"; then
		pass "$1 recorded"
	else
		fail "$1: the lab failed, see $dir"
		finish
	fi
}
