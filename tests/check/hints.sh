#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Hints against the truth: hosts whose scheduler is simulated (tests/hints) are run again
# without a VM, or with something pinned, and what that gained is what the hint has to
# say. HINTS_CASES: how many (40), HINTS_FIRST: the first one's number (0).
. tests/check/lib.sh

expect "the tool builds" make -s -j2 tool build/release/tests/hosts build/release/tests/carve
expect "the tool builds, with sanitizers" make -s -j2 VARIANT=asan tool
vmsync=build/vmsync
t=$check_tmp
first=${HINTS_FIRST:-0} cases=${HINTS_CASES:-40}

# scenario SEED [guests]: its traces are in $t/s, the truth is $t/truth
scenario() {
	rm -rf "$t/s"
	build/release/tests/hosts "$1" "$t/s" 120 ${2:+"$2"} > "$t/truth"
}
columns() { awk 'length($0) > 100' "$1" | head -n 1; }

# --- the truth

bad_schema="" bad_columns="" status=0
for ((seed = first; seed < first + cases; seed++)); do
	scenario "$seed"
	$vmsync hints --json "$t/s" > "$t/said" || status=$?
	[ "$(against hints "$t/said")" = "[]" ] || bad_schema+=" $seed"
	$vmsync hints --all "$t/s" > "$t/text" || status=$?
	[ -z "$(columns "$t/text")" ] || bad_columns+=" $seed"
	jq -s -c -f tests/hints/judge.jq "$t/truth" "$t/said"
done > "$t/verdicts"
all() { jq -s -r "$1" "$t/verdicts"; }
expect_eq "exit status" $status 0
expect_eq "schema" "$bad_schema" ""
expect_eq "no line is longer than 100 columns" "$bad_columns" ""
all '"\(length) scenarios, \(map(.due) | add) hints due, \(map(.said) | add) given; " +
	"right: \(map(select(.right)) | length), with a wrong one: " +
	"\(map(select(.wrong != [])) | length); gains: " + ([.[].errors[].error | fabs] | sort |
	"\(map(select(. <= 0.2)) | length) of \(length) within 20 %, half within " +
	"\((.[length / 2 | floor] // 0) * 1000 | round / 10) %, the worst is off by " +
	"\((.[-1] // 0) * 1000 | round / 10) %")'
expect_eq "all were judged" "$(all length)" "$cases"
expect "right in 95 of 100" test \
	"$(all 'map(select(.right)) | length * 100')" -ge $((cases * 95))
expect "a wrong one in 1 of 100 at most" test \
	"$(all 'map(select(.wrong != [])) | length * 100')" -le "$cases"
expect "gains within 20 %, 95 of 100" test \
	"$(all '[.[].errors[]] | length * 95')" -le \
	"$(all '[.[].errors[] | select((.error | fabs) <= 0.2)] | length * 100')"
expect "gains within 2 %, half of them" test \
	"$(all '[.[].errors[]] | length')" -le \
	"$(all '[.[].errors[] | select((.error | fabs) <= 0.02)] | length * 2')"
expect_eq "there is room only where nothing else is to be said" "$(all '[.[] |
	select(.said > 1 and any(.errors[]; .kind == "overcommit")).seed] | join(" ")')" ""
expect "the first hint's gain is within 20 %, in 99 of 100" test "$(all '[.[] |
	select(.errors != [] and (.errors[0].error | fabs > 0.2))] | length * 100')" -le "$cases"
expect_eq "nothing is said where there is no aggressor" "$(all '[.[] |
	select(.story == "apart" and .said > 0).seed] | join(" ")')" ""
all '.[] | select(.right | not) | "     \(.seed) \(.story): missed \(.missed), wrong \(.wrong)"'
if [ "$cases" -ge 20 ]; then
	expect_eq "all kinds are due and given" \
		"$(all '[.[].errors[].kind] | unique | join(" ")')" \
		"emulator overcommit pin separate task"
fi

# --- what is said, and how

scenario 1 guests
$vmsync hints --json "$t/s" > "$t/json"
expect_eq "guests' traces: names" "$(jq -c '.hints[0] | [.kind, .vm.name, .by.name]' "$t/json")" \
	'["separate","vm0","vm7"]'
$vmsync hints "$t/s" > "$t/text"
expect "text names them" grep -qx '1\. separate: vm7 costs vm0 [0-9.]* s/h' "$t/text"
# shellcheck disable=SC2016 # as it is printed
expect "... and what to type" grep -qF 'virsh migrate --live "$vm"' "$t/text"
# Gains differ by what the guest's idle thread runs, which nothing else tells.
$vmsync hints --json "$t/s/host" > "$t/alone"
expect_eq "the host alone: the same VMs" \
	"$(jq -c '[.hints[] | [.kind, .vm.pid, .by.pid]]' "$t/alone")" \
	"$(jq -c '[.hints[] | [.kind, .vm.pid, .by.pid]]' "$t/json")"
expect "fuse" $vmsync fuse -o "$t/fused" "$t/s"
$vmsync hints --json "$t/fused" > "$t/of_fused"
expect "what vmsync fuse wrote: the same" cmp "$t/json" "$t/of_fused"
$vmsync hints --json -j 1 "$t/s" > "$t/one"
expect "one thread or several: the same" cmp "$t/json" "$t/one"

# A guest says what it is called; whoever types a command is root.
# shellcheck disable=SC2016 # is not to be expanded by anybody
sed -i 's/hostname = "vm7"/hostname = "a$(touch b);`touch c`\\"d"/' "$t/s/vm7/metadata"
$vmsync hints --json "$t/s" > "$t/evil"
expect_eq "hostile name: schema" "$(against hints "$t/evil")" "[]"
expect "hostile name: it is there" jq -e '.hints[0].by.name | contains("touch_b")' "$t/evil"
expect_eq "hostile name: in no command" "$(jq '[.hints[].commands[] | select(contains("touch"))] |
	length' "$t/evil")" 0
# So may a process of the host.
scenario 16
for f in "$t"/s/host/channel*; do
	LC_ALL=C sed -i 's/backup/"\\\n\x1b}\xff/g' "$f"
done
expect "hostile name: a process's: metrics" \
	sh -c "$vmsync hints --json --metrics=$t/evil.prom $t/s > $t/evil"
expect_eq "hostile name: a process's: schema" "$(against hints "$t/evil")" "[]"
expect "hostile name: a process's: it is there" jq -e \
	'.hints[0].by.name | startswith("\"\\\\\n\u001b}")' "$t/evil"
expect_eq "hostile name: a series is a line" \
	"$(grep -vcE '^(#.*|vmsync_[a-z0-9_]+(\{([a-z_]+="([^"\\]|\\.)*",?)*\})? [-0-9.]+)$' \
		"$t/evil.prom")" 0
expect_eq "hostile name: metrics are printable" \
	"$(LC_ALL=C tr -d '\n -~' < "$t/evil.prom" | wc -c)" 0
$vmsync hints "$t/s" > "$t/text"
expect_eq "hostile name: text is printable" "$(LC_ALL=C tr -d '\n -~' < "$t/text" | wc -c)" 0

# --- metrics

scenario 1 guests
series() { sed -n "s/^$1{.*} \(.*\)/\1/p" "$2" | paste -sd' '; }
expect "metrics" $vmsync hints --metrics="$t/hints.prom" "$t/fused"
expect_eq "metrics: gains" "$(series vmsync_hint_gain_seconds_per_hour "$t/hints.prom" |
	xargs printf '%.3f\n')" "$(jq '.hints[].gain_s_per_h' "$t/json" | xargs printf '%.3f\n')"
expect_eq "metrics: no two are the same series" \
	"$(grep -v '^#' "$t/hints.prom" | cut -d' ' -f1 | sort | uniq -d)" ""
expect "metrics: again" $vmsync hints --until=30 --metrics="$t/hints.prom" "$t/fused"
expect_eq "metrics: not enough evidence is told" \
	"$(sed -n 's/^vmsync_hints_evidence //p' "$t/hints.prom")" 0.000000
expect_eq "metrics: and the hints have gone" \
	"$(series vmsync_hint_gain_seconds_per_hour "$t/hints.prom")" ""
echo hello > "$t/mine"
expect_error "metrics: another file" "mine exists already and is no file of metrics" \
	$vmsync hints --metrics="$t/mine" "$t/fused"
expect_eq "metrics: it is as it was" "$(cat "$t/mine")" hello

# --- not enough evidence: nothing is said, and that is

none() { # TEXT PATTERN OPTION...
	local text=$1 pattern=$2
	shift 2
	$vmsync hints "$@" > "$t/text"
	expect_eq "$text: exit status" $? 0
	paste -sd' ' "$t/text" > "$t/line"
	expect "$text: is said" grep -qE "not enough evidence for any hint: $pattern" "$t/line"
	expect_eq "$text: and nothing else" \
		"$($vmsync hints --json "$@" | jq -c '[.hints, .silent]')" "[[],[]]"
}
none "half a minute" "that is less than --shortest" --until=30 "$t/fused"
expect "half a minute may be enough" sh -c \
	"$vmsync hints --json --until=30 --shortest=20 $t/fused | jq -e '.hints | length > 0'"
cp -r "$t/s/host" "$t/outside"
sed -i 's/"kvm_x86_\(entry\|exit\)"/"kvm_y86_\1"/' "$t/outside/metadata"
none "no entries" "no virtual CPU is known" "$t/outside"
# Events of 30 of 120 s are missing on each CPU.
cp -r "$t/s/host" "$t/whole"
n=$(($(stat -c %s "$t"/whole/channel0_0) / 65536))
expect "packets to leave out" test "$n" -ge 8
build/release/tests/carve "$t/whole" "$t/holes" "miss=$((n / 2))..$((n / 2 + n / 4))" \
	whole=host > /dev/null
none "a quarter of it is missing" "of more than a tenth of the time" "$t/holes"
expect_eq "more than there is: nothing is due" \
	"$($vmsync hints --json --least=3000 "$t/fused" |
		jq -c '[.hints[], .silent[] | select(.kind != "overcommit").kind]')" "[]"
expect_eq "less than one part of ten: it is not sure" "$(
	$vmsync hints --json --since=0 --until=61 --least=58 "$t/fused" |
		jq -c '[.hints[], .silent[] | select(.kind != "overcommit") |
			(.why == "unsure") == (.confidence < 0.95)] | unique')" "[true]"

expect_error "no seconds an hour" "not a number of seconds an hour: 0" \
	$vmsync hints --least=0 "$t/fused"
expect_error "no window" "give 0.01 or more" $vmsync hints --window=0.001 "$t/fused"
expect_error "a time that ends before it begins" "--until is not after --since" \
	$vmsync hints --since=2 --until=1 "$t/fused"
expect_error "a guest alone" "no trace of a host" $vmsync hints "$t/s/vm0"

# --- under sanitizers: one of each kind, and holes

for seed in 2 3 11 13 16 19; do
	scenario $seed
	$vmsync hints --json "$t/s" > "$t/said"
	expect "sanitizers: $seed" sh -c "build/asan/vmsync hints --json $t/s > $t/asan"
	expect "sanitizers: $seed: the same" cmp "$t/asan" "$t/said"
done
expect "sanitizers: holes" build/asan/vmsync hints --shortest=1 "$t/holes"
finish
