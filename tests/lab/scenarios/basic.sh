# shellcheck shell=sh disable=SC2034
# SPDX-License-Identifier: MIT
#
# basic: guest on kvm-clock, a mixed load, some competition on the host

host_during() {
	sleep 4
	"$LAB_WORK/load" spin 2
}
