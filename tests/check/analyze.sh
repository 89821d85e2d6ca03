#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What every virtual CPU did: sums that have to be the same to the ns, counts that
# babeltrace2 counts too, and the command's options.
. tests/check/lib.sh

expect "the tool builds" make -s -j2 tool build/release/tests/pair \
	build/release/tests/carve
vmsync=build/vmsync
t=$check_tmp

sums() { jq -cf tests/check/sums.jq "$1"; }

# --- threads of virtual CPUs that move between two CPUs of the host
build/release/tests/pair "$t/p" events=60000 beacons=200 move=20 packet=65536 \
	gap=20000 > "$t/truth"
expect "analyze" $vmsync analyze "$t/p"
expect_eq "no line is longer than 100 columns" \
	"$(awk 'length($0) > 100' "$check_out" | head -n 1)" ""
head -n 3 "$check_out"
$vmsync analyze --json "$t/p" > "$t/json"
expect_eq "json: exit status" $? 0
expect_eq "both virtual CPUs" "$(jq -c '[.vcpus[].vcpu_id] | sort' "$t/json")" "[0,1]"
expect_eq "all sums agree" "$(sums "$t/json")" "[0]"
expect "some of it was in the guest" jq -e \
	'[.vcpus[].states_ns.guest] | min > 0' "$t/json"
expect_eq "no anomaly" "$(jq -c .anomalies "$t/json")" \
	'{"entries":0,"exits":0,"strangers":0}'

# As babeltrace2 tells them.
babeltrace2 --no-delta "$t/p/host" > "$t/text"
for n in 0 1; do
	expect_eq "vCPU $n: exits" \
		"$(jq "[.vcpus[] | select(.vcpu_id == $n).exits[].count] | add" "$t/json")" \
		"$(grep kvm_x86_exit "$t/text" | grep -c "vcpu_id = ${n}[, ]")"
done

# --- one thread or several: the same
$vmsync analyze --json -j 1 "$t/p" > "$t/one"
expect "one thread finds the same" cmp "$t/json" "$t/one"

# --- time and virtual CPUs that are asked for
$vmsync analyze --json --since=0.02 --until=0.05 "$t/p" > "$t/part"
expect_eq "30 ms of it" "$(jq '.until_ns - .from_ns' "$t/part")" 30000000
expect_eq "all sums of it agree" "$(sums "$t/part")" "[0]"
$vmsync analyze --json --until=0.02 "$t/p" > "$t/before"
$vmsync analyze --json --since=0.05 "$t/p" > "$t/after"
expect_eq "parts make the whole" \
	"$(jq -s -c '[.[].vcpus[] | select(.vcpu_id == 0).states_ns.guest] | add' \
		"$t/before" "$t/part" "$t/after")" \
	"$(jq '.vcpus[] | select(.vcpu_id == 0).states_ns.guest' "$t/json")"
$vmsync analyze --json --vcpu=1 "$t/p" > "$t/vcpu"
expect_eq "one virtual CPU" "$(jq -c '[.vcpus[].vcpu_id]' "$t/vcpu")" "[1]"
expect_eq "a VM by its name" \
	"$($vmsync analyze --json --vm=guest "$t/p" | jq '.vcpus | length')" 2
expect_error "a VM that is not there" \
	"other: no VM of that name; there are vCPU [01] of guest, vCPU [01] of guest$" \
	$vmsync analyze --vm=other "$t/p"
expect_error "a VM without a name" "no VM of that name; there are" $vmsync analyze --vm= "$t/p"
expect_error "a virtual CPU that is not there" "no virtual CPU 7; there are vCPU" \
	$vmsync analyze --vcpu=7 "$t/p"
expect_error "nor in this VM" "guest: no VM of that name, or it has no virtual CPU 7; there are" \
	$vmsync analyze --vm=guest --vcpu=7 --json "$t/p"
# --- windows: parts of the time, of which each has all of its time
$vmsync analyze --json --window=7000001 "$t/p" > "$t/windows"
expect_eq "windows: as many as there are" "$(jq '.windows | length' "$t/windows")" \
	"$(jq '(.until_ns - .from_ns + 7000000) / 7000001 | floor' "$t/json")"
expect_eq "windows: each is full" "$(jq -c '[.windows[] | (.until_ns - .from_ns) as $n |
	.vcpus[] | ([.states_ns[]] | add) - $n] | unique' "$t/windows")" "[0]"
expect_eq "windows: they make the whole" \
	"$(jq -c '[.windows[].vcpus[] | select(.number == 0).states_ns.guest] | add' \
		"$t/windows")" \
	"$(jq '.vcpus[] | select(.number == 0).states_ns.guest' "$t/json")"
expect_eq "windows: nothing else changes" "$(jq -c 'del(.windows)' "$t/windows")" \
	"$(jq -c . "$t/json")"
expect "windows: text" $vmsync analyze --window=10000000 "$t/p"
expect_error "windows: too many" "more than 10000 windows" $vmsync analyze --window=1 "$t/p"
expect_error "windows: no length" "not a number of ns: 1s" $vmsync analyze --window=1s "$t/p"

# --- one thread: its causes add up to the ns, at every node of the tree
tid=$(jq -r '[.threads[] | select(.thread.machine == 1 and .thread.tid > 0)] |
	max_by(.states_ns.guest).thread.tid' "$t/json")
leaves='[.why | .. | objects | select(.causes == []).ns] | add'
$vmsync analyze --json --why="guest:$tid" "$t/p" > "$t/why"
expect_eq "why: exit status" $? 0
expect_eq "why: leaves are the recording" "$(jq "$leaves" "$t/why")" \
	"$(jq '.until_ns - .from_ns' "$t/json")"
expect_eq "why: it really ran as long as the tables say" \
	"$(jq '[.why.causes[] | select(.what | startswith("on vCPU")).causes[] |
		select(.what == "it really ran").ns] | add' "$t/why")" \
	"$(jq "[.threads[] | select(.thread.machine == 1 and .thread.tid == $tid)
		.states_ns.guest] | add" "$t/json")"
expect "why: the map's bound is told" jq -e '.bound_ns > 0' "$t/why"
$vmsync analyze --json --why="guest:$tid" --from=0.02 --to=0.03 "$t/p" > "$t/why"
expect_eq "why: 10 ms of it" "$(jq "$leaves" "$t/why")" 10000000
expect "why: text" $vmsync analyze --why="guest:$tid" "$t/p"
expect_eq "why: no line is longer than 100 columns" \
	"$(awk 'length($0) > 100' "$check_out" | head -n 1)" ""
expect_error "why: no thread named" "not VM:TID: guest" \
	$vmsync analyze --why=guest "$t/p"
expect_error "why: another guest" "no guest of that name" \
	$vmsync analyze --why=other:1 "$t/p"
expect_error "why: another thread" "no thread 99999" \
	$vmsync analyze --why=guest:99999 "$t/p"
expect_error "why: the idle thread" "guest:0: the idle thread cannot be explained" \
	$vmsync analyze --why=guest:0 "$t/p"
for option in --vm=guest --vcpu=0 --window=1000000 --check=/dev/null; do
	expect_error "why: not with $option" "--why explains one thread, and nothing else" \
		$vmsync analyze --why="guest:$tid" $option "$t/p"
done
expect_error "nothing was recorded then" "recording is" \
	$vmsync analyze --since=5000 "$t/p"
for span in "0.02 0.01" "0.02 0.02"; do
	expect_error "a time that ends before it begins: $span" "--until is not after --since" \
		$vmsync analyze --since="${span% *}" --until="${span#* }" "$t/p"
done
for until in 0 0.0000000001; do
	expect_error "an end at $until" "nothing was before that" \
		$vmsync analyze --until=$until "$t/p"
done
expect_error "no number of seconds" "not a number of seconds: -1" \
	$vmsync analyze --since=-1 "$t/p"
expect_error "no virtual CPU" "not a virtual CPU: x" $vmsync analyze --vcpu=x "$t/p"

# --- a host alone: what it tells of its virtual CPUs is the same, but what they ran
expect "a host alone" $vmsync analyze "$t/p/host"
$vmsync analyze --json "$t/p/host" > "$t/alone"
expect_eq "a host alone: all sums agree" "$(sums "$t/alone")" "[0]"
same='[.vcpus[] | {tid, vcpu_id, waits, exits: [.exits[] | {reason, count}],
	states: (.states_ns | .guest += .guest_idle | del(.guest_idle))}] | sort_by(.tid)'
expect_eq "a host alone: the same states, waits and exits" \
	"$(jq -c "$same" "$t/alone")" "$(jq -c "$same" "$t/json")"
expect_eq "a host alone: no thread of a guest" "$(jq -c .threads "$t/alone")" "[]"
expect_error "why: no guest's trace" "no guest of that name" \
	$vmsync analyze --why=guest:1 "$t/p/host"
# Nothing tells which thread entered a guest, or that any did.
renamed() { # NAME SCRIPT: as $t/NAME, with other names in the host's metadata
	cp -r "$t/p/host" "$t/$1"
	sed -i "$2" "$t/$1/metadata"
}
renamed nobody 's/"sched_switch"/"sched_twitch"/'
expect "nobody is known to enter: analyze" $vmsync analyze "$t/nobody"
answer() { awk '/^$/ { exit } 1' "$check_out" | paste -sd' ' > "$t/answer"; }
answer
expect "nobody is known to enter: it is said, and what helps" grep -qE \
	"^No virtual CPU is known: of [0-9]+ entries and exits .*contexts pid and tid" "$t/answer"
renamed outside 's/"kvm_x86_\(entry\|exit\)"/"kvm_y86_\1"/'
expect "no entry: analyze" $vmsync analyze "$t/outside"
answer
expect "no entry: it is said, and what helps" grep -qE \
	"^No virtual CPU is known: .* no entry into a guest. Record kvm_x86_entry" "$t/answer"
mkdir "$t/strange"
cp -r "$t/p/host" "$t/strange/host"
build/release/tests/pair "$t/other" events=20000 seed=7 > "$t/truth"
cp -r "$t/other/guest" "$t/strange/guest"
$vmsync analyze --json "$t/strange" > "$t/alone" 2> "$t/err"
expect_eq "another host's guest is left out" $? 1
expect_eq "another host's guest: that is said" "$(grep -c 'LEFT OUT' "$t/err")" 1
expect_eq "another host's guest: the host's tables" "$(jq '.vcpus | length' "$t/alone")" 2
expect_error "a guest alone" "no trace of a host" $vmsync analyze "$t/p/guest"

# --- what tells nothing is left out early where a CPU has one file, and not where
# it has several: the same is found
build/release/tests/pair "$t/q" events=60000 move=20 packet=8192 > "$t/truth"
for steps in miss=10..10 miss=10..12 discard=8..11 \
	"only=0 miss=5..7 only=2 discard=4..5 only=all"; do
	rm -rf "$t/w" "$t/c"
	read -ra step <<< "$steps"
	build/release/tests/carve "$t/q/host" "$t/w" "${step[@]}" whole=host > "$t/truth"
	build/release/tests/carve "$t/q/host" "$t/c" "${step[@]}" chunks=host,5 > "$t/truth"
	$vmsync analyze --json "$t/w" "$t/q/guest" > "$t/whole"
	$vmsync analyze --json "$t/c" "$t/q/guest" > "$t/chunks"
	expect "$steps: one file a CPU or several" cmp "$t/whole" "$t/chunks"
done

# --- against the kernel's counters: a host's folders as they would be before and after
counters() { # NS TIMES: 0 before, more after
	local tid f
	mkdir -p "$t/proc/4711" "$t/debug/kvm/4711-12"
	echo "now at $1 nsecs" > "$t/proc/timer_list"
	for tid in 4720 4721; do
		mkdir -p "$t/proc/4711/task/$tid"
		echo "CPU 0/KVM" > "$t/proc/4711/task/$tid/comm"
		echo "$(($2 * 1000000000)) $(($2 * 1000000000)) $((17 + $2 *
			$(grep -c "sched_switch.* next_tid = $tid," "$t/text")))" \
			> "$t/proc/4711/task/$tid/schedstat"
		printf 'voluntary_ctxt_switches:\t%d\nnonvoluntary_ctxt_switches:\t%d\n' \
			$(($2 * $(grep "sched_switch.* prev_tid = $tid," "$t/text" |
				grep -vcE 'prev_state = (\( [^:]*: container = )?(0|256)[, )]'))) \
			$(($2 * $(grep "sched_switch.* prev_tid = $tid," "$t/text" |
				grep -cE 'prev_state = (\( [^:]*: container = )?(0|256)[, )]'))) \
			> "$t/proc/4711/task/$tid/status"
	done
	for f in exits:kvm_x86_exit irq_exits:'kvm_x86_exit.*exit_reason = 96,'; do
		echo $((5 + $2 * $(grep -cE "${f#*:}" "$t/text"))) > "$t/debug/kvm/4711-12/${f%%:*}"
	done
	VMSYNC_PROC="$t/proc" VMSYNC_DEBUG="$t/debug" VMSYNC_CGROUP="$t/none" \
		tools/vmsync-counters | tee "$t/now"
}
counters 1 0 > "$t/counters"
counters 4000000000000000000 1 >> "$t/counters"
expect_eq "counters: two snapshots" "$(grep -c -e '^snapshot' -e '^end' "$t/counters")" 4
expect "check: text" $vmsync analyze --check="$t/counters" "$t/p"
$vmsync analyze --json --check="$t/counters" "$t/p" > "$t/check"
expect_eq "check: exit status" $? 0
expect_eq "check: schema" "$(against analysis "$t/check")" "[]"
expect_eq "check: counts are the kernel's to the last one" \
	"$(jq -c '[.check[] | select(.unit == "times") | .verdict] | unique' "$t/check")" \
	'["same"]'
expect_eq "check: so many figures" "$(jq '.check | length' "$t/check")" 12
expect "check: there are some to count" jq -e \
	'[.check[] | select(.what == ("switched in", "exits", "irq_exits")).ours] | min > 0' \
	"$t/check"
expect_eq "check: times are less than a kernel's that ran longer" \
	"$(jq -c '[.check[] | select(.unit == "ns").verdict] | unique' "$t/check")" '["fewer"]'
{ counters 1 0; counters 4000000000000000000 2; } > "$t/more"
expect_eq "check: fewer than a kernel that counted before and after" \
	"$($vmsync analyze --json --check="$t/more" "$t/p" |
		jq -c '[.check[] | select(.kernels > 0).verdict] | unique')" '["fewer"]'
sed 's/ exits [1-9][0-9]*$/ exits 6/' "$t/counters" > "$t/less"
$vmsync analyze --json --check="$t/less" "$t/p" > "$t/check"
expect_eq "check: more than the kernel counted is wrong" "$? $(jq -c \
	'[.check[] | select(.verdict == "more").what]' "$t/check")" '1 ["exits"]'
head -n 5 "$t/counters" > "$t/half"
expect_error "check: half a file" "two are needed" \
	$vmsync analyze --check="$t/half" "$t/p"
expect_error "check: a file without end" "/dev/zero: 0 whole snapshots" \
	timeout 60 $vmsync analyze --check=/dev/zero "$t/p"
{ head -n 1 "$t/counters"; tr '\0' x < /dev/zero | head -c 100000; } > "$t/half"
expect_error "check: a line without end" "0 whole snapshots" \
	$vmsync analyze --check="$t/half" "$t/p"
expect_error "check: a folder" "Is a directory" $vmsync analyze --check="$t" "$t/p"
counters 1 0 > "$t/early"
counters 2 1 >> "$t/early"
expect_error "check: another time" "not of the time of the recording" \
	$vmsync analyze --check="$t/early" "$t/p"
sed 's/4711 472/4711 99/' "$t/counters" > "$t/others"
expect_error "check: another host" "none of the virtual CPUs" \
	$vmsync analyze --check="$t/others" "$t/p"

# --- halts, by KVM's clock: what it counted is known to the ns but for where polling
# ended, and that within what the recording leaves open
build/release/tests/pair "$t/h" events=20000 halts=5 > "$t/truth"
babeltrace2 --no-delta "$t/h/host" > "$t/text"
# ns SLEPT [SLEEPS]: what all halts with that took, less 1000 ns for each
halt_ns() {
	sed -n "s/.*kvm_vcpu_wakeup: .* ns = \([0-9]*\), waited = $1,.*/\1/p" "$t/text" |
		awk -v less="$2" '{ n += $1 - less } END { printf "%.0f", n }'
}
halts() { # NS TIMES POLLED FAILED WAIT
	counters "$1" "$2" > "$t/taken"
	for f in halt_poll_success_ns:$3 halt_poll_fail_ns:$4 halt_wait_ns:$5; do
		sed -i "s|^end$|kvm 4711 4711-12 ${f%:*} ${f#*:}\nend|" "$t/now"
	done
	cat "$t/now"
}
slept=$(halt_ns 1 0) waits=$(halt_ns 1 900)
polled=$(halt_ns 0 0)
expect "halts: there are both kinds" test "$slept" -gt 0 -a "$polled" -gt 0
against_halts() { # POLLED FAILED WAIT: verdicts of the four rows
	{ halts 1 0 5 6 7; halts 4000000000000000000 1 $((5 + $1)) $((6 + $2)) $((7 + $3)); } \
		> "$t/halts"
	$vmsync analyze --json --check="$t/halts" "$t/h" > "$t/check"
	echo "$? $(jq -c '[.check[] | select(.what | test("halt_(poll|wait)|both")) |
		.verdict]' "$t/check")"
}
fail_ns=$((slept - waits))
expect_eq "halts: as KVM counted" "$(against_halts "$polled" $fail_ns "$waits")" \
	'0 ["same","same","same","same"]'
expect_eq "halts: schema" "$(against analysis "$t/check")" "[]"
expect_eq "halts: 1 ns less with sleep" \
	"$(against_halts "$polled" $((fail_ns - 1)) "$waits")" \
	'1 ["same","same","same","more"]'
expect_eq "halts: 1 ns more with sleep" \
	"$(against_halts "$polled" $fail_ns $((waits + 1)))" \
	'0 ["same","same","same","fewer"]'
expect_eq "halts: less sleep than there was no CPU" \
	"$(against_halts "$polled" "$slept" 0)" '1 ["same","fewer","more","same"]'
expect_eq "halts: more polling than there was" \
	"$(against_halts $((polled + 1)) $fail_ns "$waits")" '0 ["fewer","same","same","same"]'

# --- the schema that is published is that of what is printed
for f in json windows why alone; do
	expect_eq "schema: $f" "$(against analysis "$t/$f")" "[]"
done
for change in '.schema = 2' 'del(.anomalies)' '.new = 1' '.vcpus[0].exits[0].count = "1"' \
	'.vcpus[0].states_ns.guest = -1' 'del(.vcpus[0].states_ns.stopped)'; do
	expect_eq "schema: not after $change" "$(against analysis "$t/json" "$change")" \
		'[": fits nothing"]'
done

# --- names of threads may be anything: they do no harm, neither as text nor as JSON
cp -r "$t/p" "$t/evil"
for f in "$t"/evil/*/*_[0-9]; do
	LC_ALL=C sed -i 's/nginx/\x1b[2J\n/g; s/eth0/\xff"\xc3\\/g' "$f"
done
$vmsync analyze --json "$t/evil" > "$t/evil.json"
expect "hostile names: there are some" jq -e \
	'[.threads[].thread.name] | any(contains("\u001b[2J\n")) and any(contains("\\xff\""))' \
	"$t/evil.json"
expect_eq "hostile names: schema" "$(against analysis "$t/evil.json")" "[]"
tid=$(jq -r '[.threads[].thread | select(.machine == 1 and (.name | contains("\u001b")))][0].tid' \
	"$t/evil.json")
$vmsync analyze --all "$t/evil" > "$t/evil.text"
$vmsync analyze --all --why="guest:$tid" "$t/evil" >> "$t/evil.text"
expect "hostile names: the thread is explained" grep -q "of guest, 0" "$t/evil.text"
$vmsync analyze --json --why="guest:$tid" "$t/evil" > "$t/evil.why"
expect_eq "hostile names: schema of why" "$(against analysis "$t/evil.why")" "[]"
cat "$t"/evil.json "$t"/evil.why >> "$t/evil.text"
expect_eq "hostile names: printable characters only" \
	"$(LC_ALL=C tr -d '\n -~' < "$t/evil.text" | wc -c)" 0

# What turns the direction of a text, or ends its line, is no part of it; and what is
# cut is cut between characters. A name has 15 bytes.
beep=$(printf '\x02%.0s' {1..15})
turned=$'\xe2\x80\xae\xe2\x81\xa6\xe2\x80\xa8\xc3\xa9\xc3\xa9\xc3\xa9'
cp -r "$t/p" "$t/turned"
for f in "$t"/turned/*/*_[0-9]; do
	LC_ALL=C sed -i "s/nginx\x00\{10\}/$turned/g; s/virtio0-input.0/$beep/g
		s/eth0\x00\{11\}/a${beep:0:4}ééééé/g" "$f"
done
$vmsync analyze --json "$t/turned" > "$t/evil.json"
expect "turned names: as JSON" grep -qF '"name": "\u202e\u2066\u2028ééé"' "$t/evil.json"
expect_eq "turned names: JSON has them" "$(jq -r '[.threads[].thread.name | select(contains("é"))][0]' \
	"$t/evil.json")" "$turned"
tid=$(jq -r '[.threads[].thread | select(.machine == 1 and (.name | contains("é")))][0].tid' \
	"$t/evil.json")
{ $vmsync analyze --all "$t/turned"; $vmsync analyze --all --why="guest:$tid" "$t/turned"; } \
	> "$t/evil.text"
expect "turned names: as text" grep -qF '\xe2\x80\xae' "$t/evil.text"
expect_eq "turned names: no character that turns" \
	"$(LC_ALL=C grep -c $'\xe2\x80\|\xe2\x81' "$t/evil.text")" 0
expect "turned names: whole characters" iconv -f UTF-8 -t UTF-8 "$t/evil.text"
expect "turned names: cut behind a whole one" grep -qF 'a\x02\x02\x02\x02ééééé ' "$t/evil.text"
expect_eq "turned names: whole escapes" \
	"$(grep -cE '\\($|[^x]|x($|[^0-9a-f])|x[0-9a-f]($|[^0-9a-f]))' "$t/evil.text")" 0
sed -i $'s/hostname = "[^"]*"/hostname = "a\xe2\x80\xaeb\x1b[31m"/' "$t/turned/guest/metadata"
expect_eq "turned names: the machine's before an event" \
	"$($vmsync cat "$t/turned/guest" | head -n 1 | cut -d' ' -f3)" 'a\xe2\x80\xaeb\x1b[31m'

# --- where events are missing nothing is known, and sums still agree
cp -r "$t/p" "$t/cut"
for f in "$t"/cut/host/*_[0-3]; do
	# A packet in the middle of each stream.
	n=$(($(stat -c %s "$f") / 65536 / 2))
	{ head -c $((n * 65536)) "$f"; tail -c +$(((n + 1) * 65536 + 1)) "$f"; } > "$t/f"
	cp "$t/f" "$f"
done
$vmsync analyze --json "$t/cut" > "$t/lost"
expect_eq "losses: all sums agree" "$(sums "$t/lost")" "[0]"
expect_eq "losses: more is unknown" "$(jq -s '
	([.[1].vcpus[].states_ns.unknown] | add) >
	([.[0].vcpus[].states_ns.unknown] | add)' "$t/json" "$t/lost")" true
finish
