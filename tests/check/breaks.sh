#!/bin/bash
# SPDX-License-Identifier: MIT
#
# vmsync record while something breaks: QEMU is killed, a guest reboots, its port is
# unplugged, vmsyncd is killed, a disk is full in a guest or on the host. The recording
# goes on, says what became of whom, and what was recorded is fused. An agent that is
# killed, and Ctrl-C: tests/check/recording.sh.
#
# Guest one is left alone in each, and has to be recorded as if nothing were. Host and
# guests are those of tests/check/recorded.sh.
. tests/check/lib.sh
. tests/check/machines.sh

t=$check_tmp/t
o=$PWD/build/release
. tests/check/recorded.sh
recorded_begin
recorded_machines

# begin FOLDER [OPTION...]: record until it is over, and have something there already
begin() {
	local out=$1

	shift
	rm -f "$t/runs" "$t/over"
	on_host "$rec -o $out --events sync --json $* -- $t/bin/until"
	until_there "$t/runs"
	beats 30 0
}

# over TEXT WANTED [0]: end it; its exit status is 1, or 0 at least: a beacon at the very
# end may have no answer; and who was recorded how.
over() {
	local status

	echo 0 > "$t/over"
	status=$(result)
	expect "$1: exit status $status" test "$status" -ge "${3-1}" -a "$status" -le 1
	cp "$t/host/out" "$t/json"
	jq_is "... who was recorded" '[.guests[] | .name + ":" + .how] | join(" ")' "$2"
}

# one_is_fused FOLDER: guest one is, with the beacons from before and after it broke
one_is_fused() {
	"$record" sync --json "$1/host" "$1/guests/one" > "$t/one.json"
	expect_eq "... guest one: its map" \
		"$(jq -c '[.agrees, .guests[0].beacons.matched >= 90]' "$t/one.json")" \
		"[true,true]"
	expect_eq "... all of it is fused" "$(babeltrace2 "$1/fused" | wc -l)" \
		"$(babeltrace2 "$1/host" "$1/guests/one" | wc -l)"
}

# said TEXT PATTERN: why guest two was not recorded, in one line
said() {
	jq_is "$1" '.guests[1].said | test("'"$2"'") and (test("\n") | not)' true
}

both_there() {
	until_true "vmsyncd knows both guests" \
		status_is '[.guests[].connected] == [true, true]'
}

kill_chardev() {
	kill -KILL "$chardev_two"
	wait "$chardev_two" 2> /dev/null
}
chardev_of_two() {
	chardev_two=$(pgrep -f "port-chardev $t/two.sock")
}
chardev_of_two

# --- QEMU is killed

begin "$t/qemu" --vm one --vm two
kill_chardev
echo KILL > "$t/two/signal"
touch "$t/two/stop"
rm "$t/domains/two.xml"
until_true "vmsyncd knows one guest" status_is '[.guests[].name] == ["one"]'
beats 60 0
over "QEMU is killed" "one:agent two:failed"
said "... why" "knows it no more; has it ended"
one_is_fused "$t/qemu"

# --- a guest reboots; it was started anew before

port two
chardev_of_two
guest_machine two 3000 second
both_there
begin "$t/reboot"
echo KILL > "$t/second/signal"
machine_stop second
guest_machine two 10 third
beats 60 0
over "a guest reboots" "one:agent two:failed"
said "... why" "its recording is gone: was it, or its agent, started anew"
one_is_fused "$t/reboot"
until_nothing two
begin "$t/rebooted"
beats 60
over "the guest that has rebooted" "one:agent two:agent" 0
"$record" sync --json "$t"/rebooted/host "$t"/rebooted/guests/* > "$t/json"
jq_is "... both maps agree" '.agrees and (.left_out | length == 0)' true
until_nothing two

# --- its port is unplugged

# systemd ends the agent where the device goes, and starts it where one comes.
agent_anew() {
	touch "$t/third/again"
	until_gone "$t/third/again"
}
begin "$t/unplugged"
kill_chardev
domain two ""
until_true "vmsyncd sees no port" status_is '[.guests[].port] == ["there", "none"]'
agent_anew
until_nothing two
beats 60 0
over "a port is unplugged" "one:agent two:failed"
said "... why" "not connected to its port"
one_is_fused "$t/unplugged"
port two
chardev_of_two
agent_anew
both_there

# --- vmsyncd is killed, and started anew

echo KILL > "$t/host/signal"
begin "$t/anew"
touch "$t/host/again"
until_gone "$t/host/again"
beats 60
over "vmsyncd is killed and started anew" "one:agent two:agent" 0
one_and_two() {
	"$record" sync --json "$1/host" "$1"/guests/* > "$t/json"
	jq_is "... both maps agree" '.agrees and (.left_out | length == 0)' true
	jq_is "... of beacons before and after" \
		'[.guests[].beacons.matched >= 60] | all' true
	expect "... and fused" babeltrace2 "$1/fused"
}
one_and_two "$t/anew"

rm "$t/host/signal"

# What is in the namespace of a machine, beside what runs in it.
inside() { # NAME COMMAND...
	local pid

	pid=$(pgrep -o -f "^bash $t/machine.sh $t/$1 ")
	shift
	nsenter -m -t "$pid" "$@"
}
# small NAME FOLDER KIB: a file system of that size, which that machine alone sees
small() {
	mkdir -p "$2"
	expect "$1: a small disk" inside "$1" mount -t tmpfs -o "size=$3k" none "$2"
}
# full NAME FOLDER: nothing more can be written there
full() {
	inside "$1" sh -c "cat /dev/zero > $2/zero" 2> /dev/null
	expect_eq "$1: a disk is full" "$(inside "$1" df --output=avail "$2" | tail -n 1 |
		tr -d ' ')" 0
}

# --- a guest's disk is full, before and while it is recorded

small third "$t/two.spool" 16384
# Its agent, whose mounts are its own, sees it once it is started anew.
touch "$t/third/again"
until_gone "$t/third/again"
full third "$t/two.spool"
begin "$t/nothing"
beats 60 0
over "a guest's disk is full" "one:agent two:failed"
said "... why" "spool/trace: its disk was full"
one_is_fused "$t/nothing"
# LTTng writes no more of what it once could not write, and does not say so.
inside third rm "$t/two.spool/zero"
begin "$t/little"
full third "$t/two.spool"
beats 100
inside third rm "$t/two.spool/zero"
beats 10
over "a guest's disk is full for a while" "one:agent two:agent"
jq_is "... and one is not whole" '[.guests[].cut] | join(" ")' "false true"
said "... why" "spool/trace: its disk was full"
"$record" sync --json "$t"/little/host "$t"/little/guests/* > "$t/json"
jq_is "... both maps agree" '.agrees and (.left_out | length == 0)' true
expect "... and all is fused" test -d "$t/little/fused/guest-two"

# --- the host's disk is full, for a while and to the end

# host_said TEXT: of its own trace
host_said() {
	jq_is "... its trace is not whole" '.host.cut' true
	jq_is "... why" '.host.said | test("host: its disk was full")' true
}
small host "$t/disk" 16384
begin "$t/disk/out"
full host "$t/disk"
beats 100
inside host rm "$t/disk/zero"
beats 10
over "the host's disk is full for a while" "one:agent two:agent"
host_said
expect "... and all is fused" inside host babeltrace2 "$t/disk/out/fused"
begin "$t/disk/more"
full host "$t/disk"
over "the host's disk is full" "one:failed two:failed"
host_said
jq_is "... and nobody's is to be had" '[.guests[].said |
	test("No space left on device; make room")] | all' true
expect_eq "... in one line" "$(cat "$t/host/err")" \
	"vmsync record: $t/disk/more/record.json: No space left on device"

# --- vmsyncd is killed, and that is it

begin "$t/dead"
kill -KILL "$(pgrep -f "^$o/vmsyncd --domains=$t/domains")"
over "vmsyncd is killed" "one:failed two:failed"
jq_is "... why" '[.guests[].said | test("refused; start vmsyncd")] | all' true
expect "... the host's trace is there" babeltrace2 "$t/dead/host"

# What is still recorded there is over with its agent.
for name in host one third; do
	machine_stop $name
	expect_eq "$name: no session is left" \
		"$(grep -c vmsync "$t/$name/left")" 0
done
finish
