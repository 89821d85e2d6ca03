# shellcheck shell=dash disable=SC2034 # of run.sh, l1.sh and l2.sh
# SPDX-License-Identifier: MIT
#
# pause: the guest, on kvm-clock, is stopped for 2 s and continued, twice

LAB_L1_CPUS=1
LAB_SECONDS=16

# /share/pauses: the host's clocks just before and after each command.
pause_step() {
	before=$("$LAB_WORK/now" | sed 's/\([a-z_]*\)=/before_\1=/g')
	monitor "$1" || fail "monitor: $1"
	echo "what=$1 $before" \
		"$("$LAB_WORK/now" | sed 's/\([a-z_]*\)=/after_\1=/g')" \
		>> /share/pauses
	truth "$1"
}

host_during() {
	for _ in 1 2; do
		sleep 3
		pause_step stop
		sleep 2
		pause_step cont
	done
}
