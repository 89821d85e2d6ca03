#!/bin/bash
# SPDX-License-Identifier: MIT
#
# vmsync record: a host and its guests, from one command to one fused trace.
#
#	guest one                                    host
#	vmsync-agent --- terminal -- chardev -- socket --+-- vmsyncd -- control
#	guest two                                        |                 |
#	vmsync-agent --- terminal -- chardev -- socket --+           vmsync record
#	guest three: nobody answers ----------- socket --+
#
# Host and guests are those of tests/check/machines.sh, without a tracer of the kernel:
# what is recorded is the port's own beacons. libvirt's domains are files.
#
# Needs lttng-tools and liblttng-ust-dev, and root for the namespaces.
. tests/check/lib.sh
. tests/check/machines.sh

t=$check_tmp/t
o=$PWD/build/release
. tests/check/recorded.sh
recorded_begin
expect_error "no -o" "names the folder" "$record" record
expect_error "no such events" "'many'" "$record" record -o "$t/x" --events=many
expect_error "no seconds" "1 to 86400" "$record" record -o "$t/x" --seconds=0
expect_error "both ends" "not both" "$record" record -o "$t/x" --seconds=1 -- true
expect_error "a guest, and no vmsyncd" "none: No such.*start vmsyncd" \
	"$record" record -o "$t/x" --vm one --control="$t/none"
expect "... and no folder" test ! -e "$t/x"

recorded_machines

# --- two guests, a command

on_host "$rec -o $t/out --events sync --json -- $t/bin/answers 60 60"
status=$(result)
cp "$t/host/out" "$t/json"
expect "two guests: exit status $status" test "$status" -le 1
tail -n 5 "$t/host/err"
jq_is "both by their agents" '[.guests[] | .name + ":" + .how] | join(" ")' \
	"one:agent two:agent"
jq_is "the command's status" .command_status 0
jq_is "what is not recorded is said" '.host | .port and (.said | test("the kernel"))' true
jq_is "names are libvirt's" '.guests[0].trace' "$t/out/guests/one"
expect "it is kept" cmp "$t/json" "$t/out/record.json"
expect_eq "names of files are the host's" "$(cd "$t/out/guests" &&
	find . -type f | sed 's/[0-9]*$//; s/\/[0-9]*\//\/N\//' | sort -u | paste -sd' ')" \
	"$(printf '%s ' ./{one,two}/{.vmsync-domain,N/{metadata,stream}} | sed 's/ $//')"
"$record" sync --json "$t/out/host" "$t"/out/guests/* > "$t/json"
jq_is "the maps agree" '.agrees and (.left_out | length == 0)' true
jq_is "... by method port" '[.guests[].methods | keys | join(" ")] | unique | join(" ")' port
jq_is "... of at least 60 beacons each" '[.guests[].beacons.matched >= 60] | all' true
expect_eq "all events are in one trace, as babeltrace2 reads it" \
	"$(babeltrace2 "$t/out/fused" 2> "$t/err" | wc -l)" \
	"$(babeltrace2 "$t/out/host" "$t/out/guests" | wc -l)"
expect_eq "... without a word" "$(cat "$t/err")" ""
expect "a report is there" grep -q port "$t/out/report.txt"
until_nothing one
until_nothing two

# --- LTTng cannot: it is told of in its own words

# shellcheck disable=SC2016 # of the inner shell
on_host "unshare -m --propagation unchanged sh -c 'mount -t proc -o subset=pid proc /proc &&
	exec \"\$@\"' x $rec -o $t/unable --events sync --vm one --seconds 1"
expect_eq "LTTng has no /proc/meminfo: exit status" "$(result)" 2
expect "... is told of" grep -q 'not recorded: the kernel (.*), beacons over the port (.*: Not enough memory' \
	"$t/host/err"

# --- some guests, one of them without an agent; a command that fails

"$o/tests/port-chardev" "$t/three.sock" "$t/three.dev" > /dev/null &
jobs="$jobs $!"
until_there "$t/three.dev"
domain three "$t/three.sock"
until_true "vmsyncd knows three" status_is '[.guests[].connected] == [true, true, true]'
on_host "$rec -o $t/some --events sync --json --vm one --vm three -- sh -c '$t/bin/answers 20 0; exit 3'"
status=$(result)
cp "$t/host/out" "$t/json"
expect_eq "a command that fails: exit status" "$status" 1
expect "... is told of" grep -q 'sh ended with status 3' "$t/host/err"
jq_is "only those that were named" '[.guests[] | .name + ":" + .how] | join(" ")' \
	"one:agent three:host"
expect "... and what is there is fused" test -d "$t/some/fused"
on_host "$rec -o $t/none --vm four"
expect_eq "a guest that is not there: exit status" "$(result)" 2
expect "... is told of" grep -q 'knows no guest four; vmsync status' "$t/host/err"
expect "... and no folder is made" test ! -e "$t/none"
rm "$t/domains/three.xml"
on_host "$rec -o $t/out --vm one --seconds 1"
expect_eq "a folder that is there: exit status" "$(result)" 2
expect "... is told of" grep -q 'out: File exists; name a folder' "$t/host/err"

# --- Ctrl-C; vmsyncd is started anew meanwhile

on_host "$rec -o $t/stopped --events sync --json"
until_recorded one
until_recorded two
beats 20
touch "$t/host/again"
beats 40
kill -INT "$(cat "$t/host/runs")"
status=$(result)
cp "$t/host/out" "$t/json"
expect "Ctrl-C: exit status $status" test "$status" -le 1
jq_is "... both are there" '[.guests[] | .name + ":" + .how] | join(" ")' \
	"one:agent two:agent"
expect "... and fused" test -d "$t/stopped/fused"

# --- an agent is killed

# A command runs once all guests are recorded: an agent that is killed before it was
# told to begin is asked again, and its guest is recorded as well as the other one.
on_host "$rec -o $t/killed --events sync --json -- $t/bin/until"
until_there "$t/runs"
beats 20
echo KILL > "$t/two/signal"
touch "$t/two/again"
until_gone "$t/two/again"
rm "$t/two/signal"
"$t/bin/answers" 150 0
echo 0 > "$t/over"
expect_eq "an agent is killed: exit status" "$(result)" 1
cp "$t/host/out" "$t/json"
jq_is "... it is told of, the other one is there" \
	'[.guests[] | .name + ":" + .how] | join(" ")' "one:agent two:failed"
jq_is "... and why" '.guests[1].said | test("started anew")' true
expect "... what is there is fused" test -d "$t/killed/fused"
until_nothing two

# --- given up

rm "$t/runs" "$t/over"
on_host "$rec -o $t/given --events sync -- $t/bin/until"
until_there "$t/runs"
beats 20
# The agent is held up, so that the second one comes before all is done.
mapfile -t agent < <(pgrep -f "device=$t/one.dev")
kill -STOP "${agent[@]}"
pid=$(cat "$t/host/runs")
# shellcheck disable=SC2317 # until_true calls it
stopped() { [ -e "$t/host/status" ] || ! kill -INT "$pid"; }
until_true "a second Ctrl-C ends it" stopped
expect_eq "a second Ctrl-C: exit status" "$(result)" 2
expect "... is told of" grep -q 'given up' "$t/host/err"
echo 0 > "$t/over"
kill -CONT "${agent[@]}"
until_nothing one
until_nothing two

# --- a flight recorder: the latest events, once something went wrong

# ring FOLDER STATUS: it is kept until the command ends with STATUS
ring() {
	rm -f "$t/runs" "$t/over"
	on_host "$rec -o $1 --events sync --json --snapshot -- $t/bin/until"
	until_there "$t/runs"
	beats 30
	expect_eq "a flight recorder: no trace while it goes on" \
		"$(find "$1" "$t"/*.spool -type f ! -name .lttngrc)" ""
	echo "$2" > "$t/over"
	status=$(result)
	cp "$t/host/out" "$t/json"
}
# taken FOLDER: and fused
taken() {
	jq_is "... both are there" '[.guests[] | .name + ":" + .how] | join(" ")' \
		"one:agent two:agent"
	jq_is "... and it says so" '[.snapshot, .kept] | all' true
	"$record" sync --json "$1/host" "$1"/guests/* > "$t/json"
	jq_is "... the maps agree" '.agrees and (.left_out | length == 0)' true
	jq_is "... of those beacons" '[.guests[].beacons.matched >= 30] | all' true
	expect "... and all is fused" babeltrace2 "$1/fused"
	until_nothing one
	until_nothing two
}
ring "$t/well" 0
expect_eq "its command ends well: exit status" "$status" 0
jq_is "... and nothing is kept" '[.snapshot, .kept, .command_status]' '[
  true,
  false,
  0
]'
expect "... no folder" test ! -e "$t/well"
ring "$t/ring" 3
expect_eq "its command fails: exit status" "$status" 1
taken "$t/ring"
rm -f "$t/runs" "$t/over"
on_host "$rec -o $t/rings --events sync --json --snapshot -- $t/bin/until"
until_there "$t/runs"
beats 30
kill -INT "$(cat "$t/host/runs")"
status=$(result)
cp "$t/host/out" "$t/json"
expect "Ctrl-C: exit status $status" test "$status" -le 1
taken "$t/rings"
echo 0 > "$t/over"

for name in host one two; do
	machine_stop $name
	expect_eq "$name: no session is left" \
		"$(grep -c vmsync "$t/$name/left")" 0
done
finish
