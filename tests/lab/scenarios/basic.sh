# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# basic: guest on kvm-clock, a mixed load, some competition on the host.

LAB_SECONDS=12

host_during() {
	sleep 4
	"$LAB_WORK/load" spin 2
}
