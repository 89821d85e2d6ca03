# shellcheck shell=dash disable=SC2034 # of run.sh, l1.sh and l2.sh
# SPDX-License-Identifier: MIT
#
# two: two guests beside each other, both recorded

LAB_GUESTS=2
LAB_L1_MB=4096

# The second one's clock is moved, so that the two cannot be taken for each other.
guest_during() {
	# shellcheck disable=SC2153 # not LAB_GUESTS
	[ "$LAB_GUEST" != 2 ] || slew 300 3 -200 3 10
}

host_during() {
	sleep 4
	"$LAB_WORK/load" spin 2
}
