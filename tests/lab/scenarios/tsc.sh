# shellcheck shell=sh disable=SC2034
# SPDX-License-Identifier: MIT
#
# tsc: as basic, with the guest on clocksource tsc

LAB_CLOCKSOURCE=tsc
LAB_L2_APPEND="clocksource=tsc tsc=reliable"

host_during() {
	sleep 4
	"$LAB_WORK/load" spin 2
}
