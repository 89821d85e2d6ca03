# shellcheck shell=dash disable=SC2034 # of run.sh, l1.sh and l2.sh
# SPDX-License-Identifier: MIT
#
# tsc: as basic, with the guest on clocksource tsc

LAB_L1_CPUS=1
LAB_CLOCKSOURCE=tsc
LAB_L2_APPEND="clocksource=tsc tsc=reliable"

host_during() {
	sleep 4
	"$LAB_WORK/load" spin 2
}
