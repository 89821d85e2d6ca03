#!/bin/bash
# SPDX-License-Identifier: MIT
#
# An event of user space may name another CPU than the one it happened on, since its
# thread was moved while it was recorded: no guest is suspected for it. A map that is
# wrong is still found.
. tests/check/lib.sh

expect "the tool builds" make -s -j2 VARIANT=asan tool build/asan/tests/pair \
	build/asan/tests/boots
vmsync=build/asan/vmsync
t=$check_tmp/t
mkdir "$t"

generate() { # FOLDER OPTION...
	local folder=$1
	shift
	build/asan/tests/pair "$t/$folder" events=60000 "$@" > "$t/log" ||
		fail "pair $folder $*"
}
# domain FOLDER NAME: a trace tells that this recorded it
domain() { sed -i "s/domain = \".*\"/domain = \"$2\"/" "$t/$1/metadata"; }
# told FIELD NAME TRACE...: what sync says of the last guest's containment
told() {
	local field=$1 at=$t/$2
	shift 2
	$vmsync sync --json "${@/#/$at/}" > "$t/json" 2> "$t/err"
	status=$?
	count=$(jq "(.guests[-1].containment.$field)" "$t/json")
}

# honest NAME TRACE...: no event of the last one contradicts, as they would if the CPU
# that each names were certain
honest() {
	local name=$1 moved last=${*: -1}
	told outside "$@"
	expect_eq "$name: sync agrees" $status 0
	expect_eq "$name: no event is outside" "$count" 0
	told thread_moved "$@"
	moved=$count
	expect "$name: threads were moved ($moved)" test "$moved" -gt 20
	domain "$name/$last" kernel
	told outside "$@"
	expect_eq "$name: of a kernel they contradict" $status 1
	expect_eq "$name: ... as many" "$count" "$moved"
	domain "$name/$last" ust
}

generate moved ust=1000000 moved=50 beacons=1000
honest moved host guest guest-ust
expect "fuse takes them" $vmsync fuse -o "$t/out" "$t"/moved/{host,guest,guest-ust}
$vmsync sync "$t"/moved/{host,guest,guest-ust} > "$t/log" 2>&1
expect "sync says what they are" \
	grep -q "of these, of user space, are where another of its vCPUs may have" "$t/log"

# Each virtual CPU has a clock of its own: the other one's says when it was.
generate apart ust=1000000 moved=50 beacons=1000 apart=10000
honest apart host guest guest-ust

# Two guests, each moved on its own virtual CPUs.
generate two ust=1000000 moved=50 beacons=1000 guests=2
honest two host guest guest-ust guest2 guest2-ust

# The other virtual CPU has no stream and no beacon: nobody knows whose its thread is.
generate alone ust=1000000 moved=50 seed=4
rm "$t"/alone/guest/*_1 "$t"/alone/guest-ust/*_1
honest alone host guest guest-ust
jq_is "alone: one CPU is known" '.guests[0].cpus | length' 1

# Only an earlier boot of the VM knows it. A program's stream of CPU 1 names CPU 0.
build/asan/tests/boots "$t/boots" reset > "$t/log" || fail "boots reset"
cp -r "$t/boots/g1" "$t/boots/g1-ust"
rm "$t"/boots/g1/*_1 "$t"/boots/g1-ust/*_0
domain boots/g1-ust ust
sed -i 's/"vmsync_/"app_/' "$t/boots/g1-ust/metadata"
stream=$t/boots/g1-ust/channel0_1
for ((at = 0x50; at < $(stat -c %s "$stream"); at += 16384)); do
	printf '\0' | dd of="$stream" bs=1 seek=$at conv=notrunc status=none
done
told outside boots host g0 g1 g1-ust
expect_eq "boots: no event is outside" "$count" 0
expect_eq "boots: the second one has one CPU" "$(jq '.guests[1].cpus | length' "$t/json")" 1
told thread_moved boots host g0 g1 g1-ust
expect "boots: its threads were moved ($count)" test "$count" -gt 10000

# --- a wrong map: there are times at which no virtual CPU of the guest ran
generate wrong beacons=1000 offset=25000
told outside wrong host guest
kernel=$count
domain wrong/guest ust
told outside wrong host guest
expect_eq "wrong: of user space it is contradicted" $status 1
expect "wrong: ... by fewer ($count) than of a kernel ($kernel)" \
	test "$count" -gt 1000 -a "$count" -lt "$kernel"
told thread_moved wrong host guest
expect "wrong: ... which are told apart" test "$count" -gt 1000

# One CPU is all that the guest has: what names it happened there.
rm -r "$t/wrong"
generate wrong beacons=1000 offset=25000 vcpus=1
told outside wrong host guest
kernel=$count
domain wrong/guest ust
told outside wrong host guest
expect_eq "one CPU: of user space as many are outside" "$count" "$kernel"
expect "one CPU: which are some" test "$count" -gt 1000
finish
