# shellcheck shell=dash disable=SC2034 # of run.sh, l1.sh and l2.sh
# SPDX-License-Identifier: MIT
#
# clocksource: the guest's and then the host's clocksource is changed and back

LAB_SECONDS=20
LAB_L1_APPEND=slub_debug=U
LAB_L1_CPUS=1
LAB_L2_APPEND=tsc=reliable

# clocksource_is NAME
clocksource_is() {
	dir=/sys/devices/system/clocksource/clocksource0
	echo "$1" > $dir/current_clocksource
	until_true "clocksource $1 is not taken; there are: $(cat $dir/available_clocksource)" \
		grep -qx "$1" $dir/current_clocksource
}

guest_during() {
	sleep 2
	clocksource_is tsc
	sleep 2
	clocksource_is acpi_pm
	sleep 2
	clocksource_is kvm-clock
	say "clocksources changed"
}

# The guest's master clock goes with the host's TSC clocksource, and comes back.
host_during() {
	sleep 10
	clocksource_is hpet
	sleep 2
	clocksource_is tsc
	say "clocksources changed"
}

host_after() {
	. "$LAB_TOP/tests/lab/clean.sh"
	host_clean
}
