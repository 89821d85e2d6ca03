# SPDX-License-Identifier: MIT
#
# Sourced by the checks that need the lab.

# record SCENARIO: run it, or with LAB_REUSE=1 take what it left before.
record() {
	if [ -n "${LAB_REUSE:-}" ] &&
	   grep -qs '^result=pass' "build/lab/$1/status"; then
		return 0
	fi
	echo "recording $1"
	tests/lab/run.sh "$1"
}

