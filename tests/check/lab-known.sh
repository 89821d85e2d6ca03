#!/bin/bash
# SPDX-License-Identifier: MIT
#
# A known answer: two guests and a task of the host do one thing after the other on
# one CPU of a real host (tests/lab/scenarios/known.sh), and the analysis has to find
# what it was, and as often as the kernel counted it. Run by its name, some minutes;
# LAB_REUSE=1 takes the recording that is there.
#
# VMSYNC: another tool than build/vmsync, to see these checks fail.
. tests/check/lib.sh
. tests/check/record.sh

recorded known
vmsync=${VMSYNC:-build/vmsync}
t=$check_tmp

# --- the kernel's counters, taken while the guests were stopped

$vmsync analyze --json --check="$dir/counters" "$dir" > "$t/all" 2> "$t/err"
expect_eq "analyze: exit status" $? 0
cat "$t/err"
expect_eq "all sums agree" "$(jq -cf tests/check/sums.jq "$t/all")" "[0]"
expect_eq "no anomaly" "$(jq -c .anomalies "$t/all")" '{"entries":0,"exits":0,"strangers":0}'

jq -r '["process", "what", "here", "kernel", "kernel-here", "from", "to", ""],
	(.check[] | [.pid, .what, .ours, .kernels, .kernels - .ours, -.tolerance,
		.tolerance_less, .verdict]) | @tsv' "$t/all" |
	awk -F'\t' '{ printf "%-7s %-21s %12s %12s %11s %11s %11s %s\n",
		$1, $2, $3, $4, $5, $6, $7, $8 }'

# of_all ROW EXPRESSION over its figures of both guests
of_all() {
	jq -c "[.check[] | select(.what == \"$1\")] | $2" "$t/all"
}

for what in "switched in" "voluntary switches" "involuntary switches" exits halt_exits \
	irq_exits io_exits "both of these"; do
	same='map(.ours == .kernels)'
	# A kernel that preempts anywhere does not count all of these: analysis.rst.
	[[ $what != "switched in" || ${KERNEL:-} != @(rt|debug|kcsan) ]] ||
		same='map(.verdict == "same")'
	expect_eq "both guests: $what: as the kernel counted, to the last one" \
		"$(of_all "$what" "$same")" "[true,true]"
	expect_eq "both guests: $what: there are some" \
		"$(of_all "$what" 'map(.ours > 0)')" "[true,true]"
done
for what in ran "steal (run_delay)" halt_poll_success_ns halt_poll_fail_ns halt_wait_ns; do
	expect_eq "both guests: $what: as the kernel counted, within the tolerance" \
		"$(of_all "$what" 'map(.verdict)')" '["same","same"]'
	expect_eq "both guests: $what: there is some" \
		"$(of_all "$what" 'map(.kernels) | max > 0')" true
done
# A tolerance that lets everything pass proves nothing. It grows where a busy machine
# holds up a CPU of the lab.
expect_eq "both guests: ran, steal: the tolerance is below 25 % of it" "$(jq -c '[.check[] |
	select(.what | test("^(ran|steal)")) | .tolerance + .tolerance_less < .kernels / 4] |
	unique' "$t/all")" '[true]'

# --- what was done, one thing after the other

begin=$(jq .from_ns "$t/all")
tid_of() { sed -n "s/^vcpu=$1 tid=//p" "$dir/phases"; }

# note PHASE begin|end KEY
note() {
	sed -n "s/^phase=$1 what=$2 .*\<$3=\([0-9]*\).*/\1/p" "$dir/phases"
}

# What is measured in a guest begins and ends with an access to this port, which KVM
# tells of; "TID NS".
babeltrace2 --clock-cycles --no-delta "$dir/host" > "$t/text"
sed -n 's/^\[0*\([0-9]*\)\] .* kvm_x86_pio: .* tid = \([0-9]*\), .* port = 0x80, .*/\2 \1/p' \
	"$t/text" > "$t/marks"
# "NS WAKER TID": who begins to wake whom.
sed -n 's/^\[0*\([0-9]*\)\] .* sched_waking: .* procname = "\([^"]*\)" .* tid = \([0-9]*\), prio.*/\1 \2 \3/p' \
	"$t/text" > "$t/wakings"

# marks GUEST: the first and the last in the phase
marks() {
	awk -v tid="$(tid_of "$1")" -v from="$phase_from" -v until="$phase_until" \
		'$1 == tid && $2 >= from && $2 <= until {
			if (!n++) first = $2
			last = $2
		} END { printf "%s %s\n", first, last }' "$t/marks"
}

# phase NAME [GUEST]: what follows is about it, or what the guest measured in it: from
# $from until $until, $ns
phase() {
	p=$1
	phase_from=$(note "$p" begin mono_ns) phase_until=$(note "$p" end mono_ns)
	from=$phase_from until=$phase_until
	[ -z "${2-}" ] || read -r from until <<< "$(marks "$2")"
	expect "$p: when it was" test "${from:-0}" -gt 0 -a "${until:-0}" -gt "${from:-0}"
}

seconds() { # NS of the host's clock
	awk -v ns=$(($1 - begin)) 'BEGIN { printf "%.9f", ns / 1e9 }'
}

# cut FROM UNTIL: only that time counts
cut_out() {
	from=$1 until=$2 ns=$(($2 - $1))
	$vmsync analyze --json --all --since="$(seconds "$from")" --until="$(seconds "$until")" \
		"$dir" > "$t/$p" 2> "$t/err" || fail "$p: analyze: $(cat "$t/err")"
	expect_eq "$p: all sums agree" "$(jq -cf tests/check/sums.jq "$t/$p")" "[0]"
}

# of GUEST EXPRESSION of its virtual CPU in that time
of() {
	jq -r ".vcpus[] | select(.tid == $(tid_of "$1")) | $2" "$t/$p"
}

# between TEXT NUMBER LEAST [MOST]
between() {
	expect "$p: $1: $2, at least $3${4:+, at most $4}" \
		test "$2" -ge "$3" -a "$2" -le "${4:-$2}"
}

waited() { of "$1" '.states_ns | .preempted + .waking'; }

# charged GUEST EXPRESSION: of what it waited, with whom that is true, ns
charged() {
	of "$1" "[.charges[] | select($2).turns.total_ns] | add // 0"
}

# Who is charged most for the waits of a guest, but for interrupts; the idle thread
# of another guest is no less of a culprit.
culprit() {
	of "$1" '[.charges[] | select(.by != "irq")] | max_by(.turns.total_ns) |
		[.by, .thread.name // "-"] | join(" ")'
}

on_cpu() { of "$1" '.states_ns | .guest + .guest_idle + .hypervisor + .polling + .user_space'; }
wants() { # GUEST: it wanted its CPU all of the time
	between "$1 did not sleep" "$(of "$1" '.states_ns | .halted + .blocked')" 0 0
}

# hinted KIND NAMES: what would gain most, of the time of the last cut_out as if it were
# hours, is about these; whether there is a CPU to move them to is another question
hinted() {
	$vmsync hints --json --shortest=0.5 --since="$(seconds "$from")" \
		--until="$(seconds "$until")" "$dir" > "$t/$p.hints"
	expect_eq "$p: a hint, $1, names $2" "$(jq -r "[.hints[], .silent[] |
		select(.kind == \"$1\" and .confidence >= 0.95)] | max_by(.gain_s_per_h) |
		[.vm.name, .by.name] | sort | join(\" \") | sub(\" [0-9]+$\"; \"\")" \
		"$t/$p.hints")" "$2"
}

phase alone guest
cut_out "$from" "$until"
wants guest
between "ms that guest computed" $((ns / 1000000)) 500
# Its CPU has a tick every 4 ms, of some 10 us or more each.
between "interrupts of the host, ns" "$(of guest .states_ns.host_irq)" $((ns / 400)) $((ns / 2))
between "nothing else had its CPU for long" "$(waited guest)" 0 $((ns / 2))

# Both want one CPU at all times: each waits just while the other one has it.
phase neighbour guest
f=$from u=$until
phase neighbour guest2
cut_out $((f > from ? f : from)) $((u < until ? u : until))
between "ms that both computed" $((ns / 1000000)) 700
wants guest
wants guest2
expect_eq "$p: culprits" "$(culprit guest), $(culprit guest2)" \
	"vcpu neighbour, vcpu worker"
expect_eq "$p: guest is charged guest2's time on the CPU" \
	"$(charged guest ".by == \"vcpu\" and .vcpu == $(of guest2 .number)")" "$(on_cpu guest2)"
expect_eq "$p: guest2 is charged guest's" \
	"$(charged guest2 ".by == \"vcpu\" and .vcpu == $(of guest .number)")" "$(on_cpu guest)"
hinted separate "guest guest2"

# The hog says when it began and ended, and the kernel how long it ran.
phase hog guest
read -r f u ran <<< "$(sed -n \
	's/^known=hog from_ns=\([0-9]*\) until_ns=\([0-9]*\) ran_ns=\([0-9]*\).*/\1 \2 \3/p' \
	"$dir/phases")"
expect "$p: the guest computed all the time" test "$from" -le "$f" -a "$u" -le "$until"
cut_out "$f" "$u"
wants guest
expect_eq "$p: culprit" "$(culprit guest)" "task hog"
hog=$(charged guest '.by == "task" and .thread.name == "hog"')
# The kernel knows the time of a thread that runs as of its last tick.
between "ns that the hog ran, by the kernel, of the guest's wait" "$ran" \
	$((hog * 95 / 100 - 8000000)) \
	$(((hog + $(charged guest '.by == "irq"')) * 105 / 100 + 8000000))
hinted task "guest hog"

phase idle
cut_out "$from" "$until"
for g in guest guest2; do
	between "$g wanted nothing" "$(of $g '.states_ns |
		.halted + .polling + .guest_idle')" $((ns / 2))
done

# 20 writes at 20 a second: QEMU lets those of a tenth of a second pass at once, and
# one more, so that 17 wait for 50 ms each.
phase disk guest
cut_out "$from" "$until"
between "ms for the writes" $((ns / 1000000)) 850
between "guest halted" "$(of guest .states_ns.halted)" $((ns / 4))
tid=$(jq '[.threads[].thread | select(.name == "writer")][0].tid' "$t/$p")
$vmsync analyze --json --why="guest:$tid" --from="$(seconds "$from")" \
	--to="$(seconds "$until")" "$dir" > "$t/why"
expect_eq "$p: all leaves are the time" \
	"$(jq '[.why | .. | objects | select(.causes == []).ns] | add' "$t/why")" "$ns"
asleep=$(jq '[.why.causes[] | select(.what == "asleep").ns] | add // 0' "$t/why")
between "the writer slept" "$asleep" $((ns / 2))
qemu=$(jq '[.why | .. | objects | select(.what | test("^halted, until woken by qemu-"))] |
	map(.times) | add // 0' "$t/why")
# As the trace tells it; some find the virtual CPU awake, or the writer.
told=$(awk -v from="$from" -v until="$until" '$1 >= from && $1 <= until' "$t/wakings" |
	grep -c " qemu-system-x86 $(tid_of guest)\$")
between "QEMU woke its virtual CPU, times" "$told" 4
between "... of which the analysis knows" "$qemu" $((told / 2)) "$told"

phase cpuid guest
cut_out "$from" "$until"
between "exits for CPUID" "$(of guest '[.exits[] | select(.name == "cpuid").count] | add')" \
	2000 2100
between "of which the thread had most" \
	"$(jq '[.threads[] | select(.thread.name == "asker").exits] | add' "$t/$p")" 2000

phase port guest
cut_out "$from" "$until"
between "exits for I/O" "$(of guest '[.exits[] | select(.name == "io").count] | add')" \
	1000 1100

# The kernel says how long the group's share was used up; the guest's threads of
# QEMU on the other CPU may have been stopped, too.
phase quota guest
cut_out "$from" "$until"
wants guest
throttled=$(($(note quota end throttled_us) - $(note quota begin throttled_us)))
expect_eq "$p: culprit" "$(culprit guest)" "nobody -"
between "guest waited" "$(waited guest)" $((ns / 3))
between "us that the group was stopped, by the kernel" "$throttled" \
	$(($(charged guest '.by == "nobody"') * 9 / 10000))

# --- what vmsync-host.ko tells of waits, beside what the scheduler's own events say

p=slow
tids="$(tid_of guest) $(tid_of guest2)"
awk -v tids="$tids" -f tests/check/slow.awk "$t/text" > "$t/slow"
# slow_is KEY: a number of slow.awk's
slow_is() { sed -n "s/^$1=//p" "$t/slow"; }
cat "$t/slow"
between "waits that vmsync_slow tells of" "$(slow_is told)" 100
between "... of no virtual CPU's thread, or not at the switch that ends one" \
	"$(slow_is wrong)" 0 0
between "... none is within the limit" "$(slow_is short)" 0 0
between "... by who did not have the CPU" "$(slow_is strangers)" 0 0
between "... ns that the scheduler's events say otherwise, at most" \
	"$(slow_is apart_ns)" 0 1000000
between "waits above the limit, by these, that are told" "$(slow_is told)" \
	"$(slow_is waits)"

# --- steal as the guest knows it, in units of 10 ms, as of its last tick

steals() { # begin|end GUEST
	sed -n "s/^.*@lab $2 steal \([0-9]*\).*/\1/p" "$dir/$2.log" |
		if [ "$1" = begin ]; then head -n 1; else tail -n 1; fi
}
p=steal
b0=$(note steal-begin begin mono_ns) b1=$(note steal-begin end mono_ns)
e0=$(note steal-end begin mono_ns) e1=$(note steal-end end mono_ns)
for g in guest guest2; do
	steal_ms=$((($(steals end $g) - $(steals begin $g)) * 10))
	cut_out "$b1" "$e0"
	least=$(waited $g)
	cut_out "$b0" "$e1"
	most=$(waited $g)
	# KVM's steal is run_delay: what the kernel does not count is none.
	less=$(jq "[.check[] | select(.vcpu == $(of $g .number) and
		(.what | startswith(\"steal\"))) | .ours - .kernels] | add" "$t/all")
	between "ms in $g's /proc/stat" $steal_ms \
		$(((least - (less > 0 ? less : 0)) / 1000000 - 14)) \
		$((most / 1000000 + 14))
done

# --- exports of it say the same, to the ns

states() { jq -r '.vcpus[] | .tid as $t | .states_ns | to_entries[] | select(.value > 0) |
	"\($t) \(.key) \(.value)"' "$t/all" | sort; }
if tests/perfetto/fetch.sh build/perfetto > "$check_out" 2>&1; then
	expect "perfetto: written" "$vmsync" export perfetto -o "$t/pftrace" "$dir"
	node tests/perfetto/query.mjs build/perfetto "$t/pftrace" \
		"select name, value from stats where severity in ('error', 'data_loss') and value > 0" \
		"select t.tid || ' ' || replace(replace(replace(s.name, 'halt polling', 'polling'),
			'host interrupt', 'host_irq'), ' ', '_') || ' ' || sum(s.dur) from slice s
			join thread_track k on s.track_id = k.id join thread t using (utid)
			where k.type = 'thread_execution' and s.dur > 0 group by t.tid, s.name" \
		"include perfetto module sched.latency;
			select t.tid || ' ' || sum(latency_dur) from sched_latency_for_running_interval
			join thread t using (utid)
			where t.machine_id = 0 and t.name like 'CPU %/KVM' group by t.tid" \
		"select count(distinct trace_id) from flow" \
		"select a.name || '/' || b.name from flow f join slice a on f.slice_out = a.id
			join slice b on f.slice_in = b.id" > "$t/rows"
	rows() { awk -v n="$1" 'n == 1 && $0 != "" { print } $0 == "" { n-- }' "$t/rows" | sort; }
	expect_eq "perfetto: no error" "$(rows 1)" ""
	expect_eq "perfetto: both virtual CPUs, and arrows" \
		"$(rows 3 | wc -l) $(rows 5 | head -n 1 | wc -l)" "2 1"
	expect_eq "perfetto: an arrow for each wake-up" "$(rows 4)" \
		"$(jq '[.threads[] | select(.thread.tid > 0).wakes.count] | add' "$t/all")"
	expect_eq "perfetto: arrows lead to the thread that runs" "$(rows 5 |
		grep -vcE '^(wakes|runs again, for) .*/(runs again, for|runs:) ')" 0
	expect_eq "perfetto: states" "$(rows 2)" "$(states)"
	expect_eq "perfetto: its own latency of scheduling is our waits" "$(rows 3)" \
		"$(jq -r '.vcpus[] | "\(.tid) \(.waits.total_ns)"' "$t/all" | sort)"
	# A sleep before its first entry or exit is unknown: it may be a halt. From
	# then on each state says whether the thread runs. An interrupt of the host's
	# before it is a state, and what is around it stays unknown.
	$vmsync export jsonl --table=states -o "$t/lines" "$dir"
	since=$(jq -s 'map(select(.place != "unknown")) | group_by(.vcpu) |
		map(min_by(.from_ns).from_ns) | max' "$t/lines")
	since=$(awk -v ns="$since" -v begin="$(jq .from_ns "$t/all")" \
		'BEGIN { printf "%.9f", (ns - begin) / 1e9 }')
	rm "$t/pftrace"
	$vmsync export perfetto --since="$since" -o "$t/pftrace" "$dir"
	$vmsync analyze --json --since="$since" "$dir" > "$t/part"
	node tests/perfetto/query.mjs build/perfetto "$t/pftrace" \
		"select t.tid || ' ' || sum(iif(s.dur < 0, trace_end() - s.ts, s.dur))
			from sched s join thread t using (utid)
			where t.machine_id = 0 and t.name like 'CPU %/KVM' group by t.tid" > "$t/rows"
	expect_eq "perfetto: scheduling" "$(rows 1)" "$(jq -r '.vcpus[] | "\(.tid) \(.states_ns |
		.guest + .guest_idle + .host_irq + .hypervisor + .polling + .user_space)"' \
		"$t/part" | sort)"
else
	skip "perfetto: its trace processor cannot be had: $(head -n 1 "$check_out")"
fi
expect "sqlite: written" "$vmsync" export sqlite -o "$t/db" "$dir"
expect_eq "sqlite: states" "$(sqlite3 -separator ' ' "$t/db" \
	"select tid, state, ns from vcpu_states join vcpus using (vcpu)" | sort)" "$(states)"

finish
