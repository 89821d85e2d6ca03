# shellcheck shell=dash disable=SC2034 # of run.sh, l1.sh and l2.sh
# SPDX-License-Identifier: MIT
#
# slew: both kernels' clock frequencies are moved, up to 500 ppm, while recording

LAB_L1_CPUS=1
LAB_SECONDS=14

host_during() {
	"$LAB_WORK/slew" 100 2 -500 2 500 1 -250 2 37.5 2 0
}

guest_during() {
	slew -100 1 500 2 -500 2 123.4 1 500 3 -20
}
