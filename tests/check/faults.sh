#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Real kernels under what goes wrong in a machine room: the scenarios of the lab
# that are not in lab.sh, each judged in the same way. A map is exact, or it says
# where it is not; bounds hold; nobody is accused who only told the truth.
#
# "make check" leaves them out, "make lab-nightly" runs them. LAB_ONLY=NAME takes
# one. Needs the modules (tests/check/modules.sh). LAB_REUSE=1 takes recordings that
# are there, KERNEL=rt another kernel.
. tests/check/lib.sh
. tests/check/record.sh
. tests/check/lab-checks.sh
. tests/check/lab-judge.sh

all="two clocks resets tracers suspend clocksource cpus reload failslab cycles adversary"

expect "the tool builds" make -s -j2 tool
vmsync=build/vmsync
t=$check_tmp
lab_ready || finish

# cut_off TRACE: a copy of it in $t, without the packet that a full disk cut. What is
# to be left out, sync says.
cut_off() {
	local name=${1##*/} said file size

	rm -rf "${t:?}/$name"
	cp -r "$1" "$t/"
	said=$($vmsync sync "$t/$name" 2>&1)
	expect_eq "$s: $name: sync's exit status, where a packet is cut" $? 2
	file=$(sed -n 's/^vmsync sync: \(.*\): packet at byte .*/\1/p' <<< "$said")
	size=$(sed -n 's/.*: truncate -s \([0-9]*\) FILE$/\1/p' <<< "$said")
	expect "$s: $name: sync says what to leave out: $said" \
		truncate -c -s "$size" "$file"
}

# All that the host recorded, in three sessions, and both guests.
faults_tracers() {
	local dir=$lab/$s

	cut_off "$dir/host-full"
	cut_off "$dir/guest2"
	judge 2 told "$dir/host-killed" "$t/host-full" "$dir/host" \
		"$dir/guest" "$t/guest2"
	exact 0
	exact 1
}

faults_judge() {
	case $s in
	two | reload | resets) judge 2; exact 0; exact 1 ;;
	clocksource) judge 1; exact 0 40 ;;
	cpus | suspend | clocks) judge 1; exact 0 ;;
	tracers) faults_tracers ;;
	# The lab itself is the judge.
	failslab | cycles) ;;
	adversary)
		expect "$s: the neighbour keeps its map" tests/lab/adversary.sh "$lab/$s"
		cat "$check_out" ;;
	*) fail "$s: nobody judges it" ;;
	esac
}

for s in ${LAB_ONLY-$all}; do
	if record "$s"; then
		pass "$s recorded"
		faults_judge
	else
		fail "$s: the lab failed, see $lab/$s"
	fi
done

finish
