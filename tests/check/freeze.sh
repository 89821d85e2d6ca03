#!/bin/bash
# SPDX-License-Identifier: MIT
#
# vmsync freeze: flight recorders of a host and its guests are written all at once, on
# request and by triggers of LTTng; what they hold is held against what was wanted, and
# against babeltrace2; no request, and no guest, costs more than is allowed.
#
# Host and guests are those of tests/check/recorded.sh, without a tracer of the kernel.
# What is begun when is measured and printed, not judged.
. tests/check/lib.sh
. tests/check/machines.sh

t=$check_tmp/t
o=$PWD/build/release
. tests/check/recorded.sh
recorded_begin
expect "what lies, floods and is slow builds" \
	make -s build/release/tests/{port-liar,freeze-flood,ust-slow}
freeze="$record freeze --control=$t/control"
# A flight recorder is there until it is told to end, and the host as long as that.
trap 'kill "$(cat "$t/host/runs" 2> /dev/null)" $jobs 2> /dev/null
	machines_end; wait; rm -rf "$check_tmp"' EXIT

# --- command lines

expect_error "no vmsyncd" "start vmsyncd" "$record" freeze --control="$t/none"
# shellcheck disable=SC2086 # options
{
expect_error "no such time" "CLOCK_MONOTONIC" $freeze --at=0
expect_error "not a number of seconds" "seconds" $freeze --before=x
expect_error "two verbs" "one at a time" $freeze --status --quiet=1
expect_error "no freeze there" "freeze.json: No such file.*wrote" \
	$freeze --check="$t"
expect_error "limits without a flight recorder" "go with --on-freeze" \
	"$record" record -o "$t/x" --snapshot --disk=1
expect_error "one that is never frozen" "goes with --snapshot" \
	"$record" record -o "$t/x" --on-freeze
expect_error "one that ends" "until it is stopped" \
	"$record" record -o "$t/x" --snapshot --on-freeze --seconds=1
expect_error "no freezes" "1 to 1000" \
	"$record" record -o "$t/x" --snapshot --on-freeze --per-hour=0
recorded_machines
expect_error "no flight recorder" "no flight recorder is there; start one" $freeze
}

# recorder OUT [OPTION...]: start one, and wait for the two guests
recorder() {
	local out=$1

	shift
	on_host "$rec -o $out --events sync --snapshot --on-freeze $*"
	until_true "guests are recorded" recorder_is \
		'[.guests[] | select(.is == "records")] | length == 2'
}
recorder_is() {
	$freeze --status --json > "$t/status" && jq -e "$1" "$t/status"
}
recorder_stop() {
	kill -INT "$(cat "$t/host/runs")"
	expect_eq "$1: the flight recorder ends" "$(result)" 0
	until_nothing one
	until_nothing two
}
# frozen TEXT STATUS [OPTION...]: freeze; what is proven is $t/json
frozen() {
	local text=$1 wanted=$2 status

	shift 2
	$freeze --json "$@" > "$t/json" 2> "$t/err"
	status=$?
	expect_eq "$text: exit status ($(head -c 200 "$t/err"))" $status "$wanted"
}
# refused TEXT PATTERN [OPTION...]
refused() {
	local text=$1 pattern=$2

	shift 2
	# shellcheck disable=SC2086 # options
	expect_error "$text" "refused: $pattern" $freeze "$@"
}

# --- 50 of them, one by one

recorder "$t/out" --per-hour=1000 --dead-time=0
beats 100

# The truth: the clocks of the guests are ahead by so many seconds, to the ns. Prints how
# many beacons are in what was wanted, if none is missing there, and it is all there.
truth() { # FOLDER GUEST AHEAD
	babeltrace2 --clock-cycles "$1/guests/$2" 2> /dev/null |
		awk -v at="$(jq .at_ns "$1/freeze.json")" \
			-v before="$(jq .before_ns "$1/freeze.json")" -v ahead="$3" '
		{
			ns = substr($1, 2) - ahead * 1000000000
			if (!first)
				first = ns
			last = ns
		}
		/gh_guest/ {
			match($0, /cnt = [0-9]+/)
			cnt = substr($0, RSTART + 6, RLENGTH - 6)
			if (ns >= at - before && ns <= at) {
				if (n && cnt != was + 2)
					gaps++
				n++
			}
			was = cnt
		}
		END {
			print (first <= at - before && last >= at && !gaps ? n : \
				"gaps " gaps ", from " at - first " to " last - at)
		}'
}
is_whole() { # FOLDER
	local n one two

	one=$(truth "$1" one 1000)
	two=$(truth "$1" two 2000)
	for n in "$one" "$two"; do
		# One at least: that none between them is missing truth() says.
		[[ $n =~ ^[0-9]+$ && $n -ge 1 ]] || return 1
	done
}

# begun FOLDER AT: ns from AT until the last of all snapshots was begun
begun() {
	jq --argjson at "$2" '[.begun_ns,
		(.guests[] | .begun_guest_ns -
			(if .name == "one" then 1000 else 2000 end) * 1000000000)] |
		max - $at' "$1/freeze.json"
}
# percentiles FILE TEXT: of ns, a line each
percentiles() {
	sort -n "$1" | awk -v text="$2" '
		{ v[NR] = $1 / 1e6 }
		END {
			printf "     %s: p50 %.1f ms, p99 %.1f ms, largest %.1f ms, of %d\n",
				text, v[int((NR + 1) / 2)], v[int((99 * NR + 99) / 100)],
				v[NR], NR
		}'
}

frozen "a freeze" 0 --reason "it's \"slow\""
jq_is "... of all machines, and whole" '[.whole, (.machines | map(.name) | join(" "))]
	| join(":")' "true: one two"
expect_eq "... it is kept" "$(jq -c . "$t/out/freeze-1/proof.json")" \
	"$(jq -c . "$t/json")"
expect "... and is the truth" is_whole "$t/out/freeze-1"
expect_eq "... why" "$(jq -r .reason "$t/out/freeze-1/freeze.json")" "it's \"slow\""
expect "... who" grep -q "^time=.* what=freeze who=\"uid=0 pid=[0-9]*\" number=1 at_ns=.*slow" \
	"$t/out/audit.log"
expect "... and how it went" grep -q 'what=frozen .* number=1 result=whole took_ms=' \
	"$t/out/audit.log"
$freeze --check="$t/out/freeze-1" > "$t/text"
expect_eq "it can be proven again" "$(grep -c ': whole, it holds ' "$t/text")" 3

# --- 50, by a trigger of LTTng where vmsync has that, and else by request

on_recorder() { # COMMAND...: with the host's session daemon
	nsenter -m -u -t "$(cat "$t/host/runs")" \
		env LTTNG_HOME="$t/host/home" HOME="$t/host/home" "$@"
}
application_start() {
	mkfifo "$t/requests"
	: > "$t/slow"
	on_recorder "$o/tests/ust-slow" < "$t/requests" > "$t/slow" 2> "$t/slow.err" &
	exec 3> "$t/requests"
	jobs="$jobs $!"
}
# requests N NS RATE: until they are over; prints when the last one was
requests() {
	local before

	before=$(wc -l < "$t/slow")
	echo "$*" >&3
	until_true "requests" has_lines "$t/slow" $((before + 1)) >&2
	tail -n 1 "$t/slow"
}
# shellcheck disable=SC2317 # until_true calls it
has_lines() { [ "$(wc -l < "$1")" -ge "$2" ]; }
# is_frozen N: it is over
# shellcheck disable=SC2317 # until_true calls it
is_frozen() { is_proven "$t/out/freeze-$1"; }
# shellcheck disable=SC2317 # until_true calls it
is_proven() { [ -e "$1/proof.json" ] && recorder_is '.under_way | not'; }
last_number() { recorder_is .last > /dev/null; jq .last "$t/status"; }

trigger=
application_start
requests 1 1000 1000 > "$t/warm"
"$record" freeze --on-trigger=none --control="$t/control" > "$t/text" 2>&1
if grep -q "built without" "$t/text"; then
	skip "triggers of LTTng: liblttng-ctl-dev was not there as vmsync was built"
else
	expect "a trigger is made" on_recorder lttng add-trigger --name=slow \
		--condition=event-rule-matches --type=user --name=app:request \
		--filter='ns > 5000000' --capture=ns --action=notify
	expect_error "a trigger that is not there" "no trigger none; lttng list" \
		on_recorder "$record" freeze --on-trigger=none --control="$t/control"
	# shellcheck disable=SC2086 # options
	on_recorder $freeze --on-trigger=slow > "$t/triggered" 2> "$t/triggered.err" &
	trigger=$!
	jobs="$jobs $trigger"
	# It listens once the first one is there.
	# shellcheck disable=SC2317 # until_true calls it
	slow_is_heard() {
		requests 1 6000000 1000 > "$t/warm"
		sleep 0.2
		has_lines "$t/triggered" 1
	}
	until_true "a trigger freezes" slow_is_heard
	until_true "... to the end" is_frozen "$(last_number)"
	expect "what it captured is why" grep -q 'reason="trigger slow 6000000"' \
		"$t/out/audit.log"
fi
: > "$t/delays"
: > "$t/ends"
whole=0
for _ in $(seq 50); do
	n=$(($(last_number) + 1))
	if [ "$trigger" ]; then
		at=$(requests 1 7000000 1000)
		until_true "freeze $n" is_frozen $n
		cp "$t/out/freeze-$n/proof.json" "$t/json"
	else
		$freeze --json > "$t/json"
		at=$(jq .at_ns "$t/json")
	fi
	begun "$t/out/freeze-$n" "$at" >> "$t/delays"
	jq --argjson at "$at" '[.machines[].until_ns] | max - $at' "$t/json" >> "$t/ends"
	jq -e --argjson at "$at" '.whole and ([.machines[] |
		.from_ns <= $at - 1000000000 and .until_ns >= $at] | all) and
		(.machines | length) == 3' "$t/json" > "$check_out" &&
		is_whole "$t/out/freeze-$n" && whole=$((whole + 1))
done
expect_eq "of 50 all hold what was wanted, and that is the truth" $whole 50
percentiles "$t/delays" "from the condition to the last snapshot begun"
percentiles "$t/ends" "... and to the end of the last one"

# --- what is not there is not claimed

frozen "more than the rings hold" 1 --before 3000
jq_is "... is missing" '[.whole, (.machines | map(.lacks_begin_ns > 2000000000000) | all),
	(.machines | map(.lacks_end_ns) | max)] | join(" ")' "false true 0"
# It is not a guess: what is missing and what is held are all of it.
# shellcheck disable=SC2016 # of jq
jq_is "... to the ns" '[.machines[] as $m | .at_ns - .before_ns + $m.lacks_begin_ns ==
	$m.from_ns] | all' true
n=$(last_number)
frozen "one more" 0
cp -r "$t/out/freeze-$((n + 1))" "$t/copy"
rm -r "$t/copy/guests/two"
cp -r "$t/out/freeze-$n/guests/two" "$t/copy/guests/two"
$freeze --json --check="$t/copy" > "$t/json"
expect_eq "an older snapshot of a guest: exit status" $? 1
jq_is "... lacks the end, others nothing" '[.machines[] | .lacks_end_ns > 0]' '[
  false,
  false,
  true
]'
# One of a stream's packets is not there: what it holds begins behind that. A packet's size
# is at byte 56 of it, in bits.
without_packet() { # FILE: the last one but one
	local at=0 was=0 before=0

	while [ $at -lt "$(stat -c %s "$1")" ]; do
		before=$was was=$at
		at=$((at + $(od -An -t u8 -j $((at + 56)) -N 8 "$1") / 8))
	done
	{ head -c $before "$1" && tail -c +$((was + 1)) "$1"; } > "$1.new"
	mv "$1.new" "$1"
}
for file in "$t"/copy/guests/one/*/stream*; do
	without_packet "$file"
done
$freeze --json --check="$t/copy" > "$t/json"
jq_is "a packet that is missing" '.machines[1] | .lost_packets > 0 and
	.from_ns > '"$(jq '.machines[1].from_ns' "$t/out/freeze-$((n + 1))/proof.json")" true
rm "$(find "$t/copy/host" -name 'vmsync-port_*' | head -n 1)"
head -c 5000 /dev/urandom > "$(find "$t/copy/guests/one" -name metadata)"
$freeze --check="$t/copy" > "$t/text"
expect_eq "a guest's trace that is none: exit status" $? 1
expect "... is told of" grep -q '^guest one: NOT TAKEN: ' "$t/text"
rm -r "$t/copy/host"
$freeze --check="$t/copy" > "$t/text"
expect "without the host's nothing is proven" test "$(grep -c 'NOT TAKEN' "$t/text")" = 3
rm -r "$t/copy"

# --- 1000 times a second

cpu_ms() { # of the recorder
	awk '{ print ($14 + $15) * 10 }' "/proc/$(cat "$t/host/runs")/stat"
}
if [ "$trigger" ]; then
	n=$(last_number)
	lines=$(wc -l < "$t/out/audit.log")
	$freeze --quiet=600 > "$check_out"
	requests 3000 7000000 1000 > "$t/warm"
	expect_eq "3000 triggers while it is to be quiet: no freeze" "$(last_number)" "$n"
	expect "... they are told of, in few lines" \
		test $(($(wc -l < "$t/out/audit.log") - lines)) -le 40
	expect "... with their number" recorder_is '.refused.quiet > 0'
	kill "$trigger"
	$freeze --quiet=0 > "$check_out"
fi
exec 3>&-
recorder_stop "50 freezes"

recorder "$t/flood" --per-hour=3 --dead-time=0
cpu=$(cpu_ms)
beats=$(answered one)
"$o/tests/freeze-flood" "$t/control" 4 1000 > "$t/json"
cpu=$(($(cpu_ms) - cpu))
jq_is "as many requests as it takes: no more than is allowed" '.begun' 3
jq_is "... all others are refused" '.asked == .begun + .refused and .asked > 400' true
echo "     $(jq .asked "$t/json") requests in 4 s cost the flight recorder $cpu ms of CPU"
expect_eq "... no more is there" "$(find "$t/flood" -name 'freeze-*' | wc -l)" 3
expect "... nor in the audit log" test "$(wc -l < "$t/flood/audit.log")" -le 40
expect "... which has their number" grep -q 'what=refused who="" why=per_hour more=' \
	"$t/flood/audit.log"
expect "... beacons went on" test "$(answered one)" -gt "$beats"
# shellcheck disable=SC2119 # without options
refused "as many as there may be in an hour" ".*within an hour.*again in 3[56][0-9][0-9] s"
recorder_stop "a flood"
recorder "$t/flood" --per-hour=3 --dead-time=0
refused "... started anew does not change that" ".*within an hour"
recorder_stop "started anew"

# --- an alert: as systemd runs it for each connection

recorder "$t/alerts" --per-hour=10 --dead-time=0
alert() { # STATUS: an alert of Alertmanager's, as it sends it
	printf '{"version":"4","status":"%s","alerts":[{"labels":{"alertname":"%s"}}]}' \
		"$1" "VmStolen\";id"
}
webhook() { # STATUS
	alert "$1" | sed "s/^/POST \/ HTTP\/1.1\r\nHost: h\r\nContent-Length: $(alert "$1" |
		wc -c)\r\n\r\n/" | VMSYNC=$record VMSYNC_CONTROL=$t/control \
		tools/fleet/prometheus/webhook.sh > "$t/text"
}
webhook resolved
expect_eq "an alert that is over freezes nothing" "$(last_number)" 0
webhook firing
expect "an alert that fires does" grep -q '^freeze 1 has begun' "$t/text"
expect "... and is answered" grep -q '^HTTP/1.1 200 OK' "$t/text"
until_true "... to the end" is_proven "$t/alerts/freeze-1"
expect_eq "... its name is why, and no more than a name" \
	"$(jq -r .reason "$t/alerts/freeze-1/freeze.json")" "alert VmStolen"
$freeze --quiet=9 > "$check_out"
webhook firing
expect "a refusal is told, and not tried again" grep -q 'refused: it is to be quiet' \
	"$t/text"
$freeze --quiet=0 > "$check_out"

# --- the same by a real Alertmanager, as tools/fleet has it, in a network of its own

if ! unshare -mn true 2> "$check_out"; then
	skip "Alertmanager: needs a network and mounts of its own"
elif ! tests/fleet/fetch.sh build/prometheus prometheus prometheus-alertmanager \
	prometheus-node-exporter > "$check_out" 2>&1; then
	skip "Alertmanager cannot be had: $(head -n 1 "$check_out")"
else
	prom=$PWD/build/prometheus
	# It looks for a file at a fixed place.
	unshare -mn sh -c "ip link set lo up && mount -t overlay none \
		-o lowerdir=$prom/usr/share:/usr/share /usr/share && exec sleep 600" &
	network=$!
	jobs="$jobs $network"
	in_network() { nsenter -m -n -t $network "$@"; }
	until_true "a network" in_network test -e /usr/share/prometheus/alertmanager
	# What systemd does by vmsync-webhook.socket. Not by the function: $! is to be its process.
	nsenter -m -n -t $network systemd-socket-activate --inetd -a -l 127.0.0.1:9812 \
		-E VMSYNC="$record" -E VMSYNC_CONTROL="$t/control" \
		"$PWD/tools/fleet/prometheus/webhook.sh" > "$t/webhook" 2>&1 &
	jobs="$jobs $!"
	sed 's/group_wait: .*/group_wait: 1s/' tools/fleet/prometheus/alertmanager.yml \
		> "$t/alertmanager.yml"
	nsenter -m -n -t $network "$prom/usr/bin/prometheus-alertmanager" --cluster.listen-address= \
		--config.file="$t/alertmanager.yml" --storage.path="$t/alertmanager" \
		--web.listen-address=127.0.0.1:9093 > "$t/alertmanager.log" 2>&1 &
	jobs="$jobs $!"
	until_true "Alertmanager runs" in_network curl -sf http://127.0.0.1:9093/-/ready
	for alert in VmsyncOther VmsyncVmDenied; do
		in_network "$prom/usr/bin/amtool" alert add alertname=$alert domain=one \
			instance=h --alertmanager.url=http://127.0.0.1:9093
	done
	until_true "Alertmanager freezes" is_proven "$t/alerts/freeze-2"
	expect_eq "... by the alert that is for it" \
		"$(jq -r .reason "$t/alerts/freeze-2/freeze.json")" "alert VmsyncVmDenied"
	expect_eq "... which is whole" "$(jq .whole "$t/alerts/freeze-2/proof.json")" true
	expect_eq "... and no other one" "$(last_number)" 2
fi

# --- more events for some seconds, and then as before

# shellcheck disable=SC2086 # options
{
expect_error "no seconds" "all:10" $freeze --detail=all
expect_error "no such set" "refused: there is no such set" $freeze --detail=many:5
expect_error "less than usual" "refused: these are recorded anyway" $freeze --detail=sync:5
expect_error "too long" "refused: 1 to 600 seconds" $freeze --detail=all:601
}
$freeze --detail=sched:20 > "$t/text"
expect_eq "more events: exit status" $? 0
expect "... which no kernel has here, it is said" grep -q "^the host: not recorded: sched_switch" \
	"$t/text"
recorder_is '.events == "sched" and .detail_s > 0' > "$check_out"
expect_eq "... for so long" $? 0
# shellcheck disable=SC2086 # options
expect_error "a second one meanwhile" "refused: one is under way" $freeze --detail=all:5
until_true "... in the guests, too" recorder_is \
	'[.guests[] | select(.said | test("not recorded: .*sched_switch"))] | length == 2'
frozen "a freeze meanwhile" 0
until_true "... and then as before" recorder_is '.events == "sync" and .detail_s == 0'
expect "who wanted it is in the audit log" grep -q \
	'what=detail who="uid=0 pid=[0-9]*" ns=20000000000 events=sched' "$t/alerts/audit.log"
expect "... and when it was over" grep -q 'what=detail_over' "$t/alerts/audit.log"
recorder_stop "alerts"

# --- each refusal

recorder "$t/few" --per-hour=10 --dead-time=3000 --disk=1
refused "a time to come" "that time is not yet" --at=$((2**62))
refused "too long a time" "that time.*hour is wanted" --before=3601
$freeze --quiet=100 > "$check_out"
refused "quiet" "it is to be quiet.*again in [0-9]* s"
$freeze --quiet=0 > "$check_out"
pid=$(cat "$t/host/runs")
on_host "$rec -o $t/second --events sync --snapshot --on-freeze"
expect_eq "a second flight recorder: exit status" "$(result)" 2
echo "$pid" > "$t/host/runs"
expect "... is told why" grep -q 'a flight recorder is there already' "$t/host/err"
head -c $((1 << 20)) /dev/zero > "$t/few/large"
frozen "a disk that becomes full meanwhile" 1
jq_is "... has no room for guests" '[.machines[] | .why |
	test("more than 16384 files, or 0 MiB")]' '[
  false,
  true,
  true
]'
refused "dead time" "the last one was only just.*again in [0-9]* s"
expect_error "who is not root, nor of the group" "be root, or a member" \
	setpriv --reuid=65534 --regid=65534 --clear-groups "$record" freeze \
	--control="$t/control"
kill -INT "$pid"
until_nothing one
until_nothing two
recorder "$t/few" --per-hour=10 --dead-time=0 --disk=1
refused "its disk is full" "what was frozen fills its disk"
rm "$t/few/large"
sleep 1
touch "$t/host/again"
until_gone "$t/host/again"
until_true "vmsyncd was started anew" \
	status_is '[.guests[] | .recorded] == [true, true]'
frozen "... and that changes nothing" 0
expect "each refusal is in the audit log" test "$(grep -o ' why=[a-z_]*' \
	"$t/few/audit.log" | sort -u | wc -l)" = 4
recorder_stop "refusals"

# --- agents that lie: each costs itself its snapshot, and nobody else anything

liars="old much short rubbish fails deaf"
for liar in $liars; do
	set -- "$liar"
	[ "$liar" != old ] || set -- old "$t/out/freeze-1/guests/two"
	"$o/tests/port-liar" "$t/$liar.sock" "$@" > "$t/$liar.asked" &
	jobs="$jobs $!"
	until_there "$t/$liar.sock"
	domain "$liar" "$t/$liar.sock"
done
on_host "$rec -o $t/lies --events sync --snapshot --on-freeze --dead-time=0"
until_true "all are recorded" recorder_is \
	'[.guests[] | select(.is == "records")] | length == 8'
beats 100
$freeze --no-wait > "$t/text"
# As long as the one that is deaf is waited for.
refused "one is under way" "one is under way"
until_true "... and is over" is_proven "$t/lies/freeze-1"
cp "$t/lies/freeze-1/proof.json" "$t/json"
jq_is "who is honest is whole" '[.machines[] | select(.whole) |
	if .host then "host" else .name end] | sort | join(" ")' "host one two"
# liar NAME FILTER PATTERN
liar_is() {
	jq_is "a liar: $1" ".machines[] | select(.name == \"$1\") | $2 | test(\"$3\")" true
}
liar_is old '.whole | tostring' false
liar_is much .why 'more than 16384 files, or [0-9]+ MiB'
liar_is short .why 'not as the guest.s list'
liar_is rubbish .why metadata
liar_is fails .why '^.\\[2Jgone.whole: yes$'
liar_is deaf .why 'takes no snapshot'
$freeze --check="$t/lies/freeze-1" > "$t/text"
expect_eq "what a guest says obeys nobody's terminal" \
	"$(LC_ALL=C tr -d '\n\040-\176' < "$t/text" | wc -c)" 0
expect_eq "... and is on its own line" "$(grep -c '^whole' "$t/text")" 0
expect "... nor fills the disk" test "$(du -sk "$t/lies" | cut -f 1)" -lt 4096
expect "... who lies about files is not asked again at once" recorder_is \
	'.guests | map(select(.is == "failed").name) | sort == ["deaf", "much", "short"]'
recorder_stop "liars"

# --- more guests than fit one message, and as many as clients of vmsyncd; names of any kind

for liar in $liars; do
	rm "$t/domains/$liar.xml"
done
for liar in $(seq 80); do
	"$o/tests/port-liar" "$t/$liar.sock" loud > "$t/loud.asked" &
	jobs="$jobs $!"
	domain "loud\"$liar" "$t/$liar.sock"
done
on_host "$rec -o $t/loud --events sync --snapshot --on-freeze --dead-time=0"
until_true "all are recorded" recorder_is \
	'[.guests[] | select(.is == "records")] | length == 82'
frozen "80 that have much to say" 1
expect "... more than a message" test "$(wc -c < "$t/json")" -gt 65536
expect "... it is kept whole" cmp "$t/json" "$t/loud/freeze-1/proof.json"
jq_is "... of all of them" '[.machines[] | select(.why | test("^(\\\\\\\\){200}$")) | .name] |
	sort == ([range(1; 81) | "loud\"\(.)"] | sort)' true
expect_eq "... a name is a name" "$(jq -r '.guests[].name' "$t/loud/freeze-1/freeze.json" |
	grep -c '^loud"[0-9]*$')" 80
$freeze > "$t/text"
expect_eq "... for people, too" "$(grep -c '^guest loud"[0-9]*: NOT TAKEN: ' "$t/text")" 80
expect "... to the end" grep -q "^it is in $t/loud/freeze-2$" "$t/text"
expect "how they are is a message, and says how many are not in it" recorder_is \
	'.guests_left_out > 0 and (.guests | length) + .guests_left_out == 82'
recorder_stop "many guests"

for name in host one two; do
	machine_stop $name
	expect_eq "$name: no session is left" "$(grep -c vmsync "$t/$name/left")" 0
done
finish
