#!/bin/bash
# SPDX-License-Identifier: MIT
#
# vmsync top: what it shows between two readings of the metrics is what these say, in a
# terminal and without one, and names of whoever do a terminal no harm.
. tests/check/lib.sh

expect "the tool builds" make -s -j2 VARIANT=asan tool \
	build/asan/tests/relayd build/asan/tests/contend
cp build/asan/vmsync build/asan/tests/relayd "$check_tmp"
vmsync=$check_tmp/vmsync
t=$check_tmp/t
mkdir "$t"
pids=()
trap 'kill "${pids[@]}" 2> /dev/null; rm -rf "$check_tmp"' EXIT

# --- two readings: half-way and at the end
build/asan/tests/contend "$t/c" 26000 > /dev/null
urls=()
for name in host g0 g1; do
	timeout 300 "$check_tmp/relayd" "$t/$name" host=$name hold=1200 seed=2 "$t/c/$name" &
	pids+=($!)
	soon test -s "$t/$name"
	urls+=("tcp://127.0.0.1:$(cat "$t/$name")/session")
done
timeout 200 "$vmsync" live --once --record="$t/out" --analyze --interval=0.1 \
	--patience=1000 --metrics="$t/prom" "${urls[@]}" > "$t/log" 2>&1 &
client=$!
soon grep -q '^vmsync_live_analysed_seconds [1-9]' "$t/prom"
cp "$t/prom" "$t/half"
"$vmsync" top -b -n 3 -d 0.5 "$t/prom" > "$t/pages" &
pages=$!
touch "$t/host.go" "$t/g0.go" "$t/g1.go"
wait $client
wait $pages
expect_eq "while it comes: exit status" $? 0
expect_eq "... a page each time" "$(grep -c '^vmsync top: ' "$t/pages")" 3

# difference SERIES: between the two readings, or of all series that match
difference() {
	awk -v series="$1" '
		index($0, series) == 1 { n[FILENAME] += $NF }
		END { printf "%.9f", n[ARGV[2]] - n[ARGV[1]] }' "$t/half" "$t/prom"
}
elapsed=$(difference vmsync_live_analysed_seconds)
# share VALUE: of the time between the two, in percent
share() { awk -v n="$1" -v s="$elapsed" 'BEGIN { printf "%.1f", 100 * n / s }'; }

expect "a page of two readings" "$vmsync" top "$t/half" "$t/prom"
cp "$check_out" "$t/page"
for vm in vm0 vm1; do
	read -r name wanted got denied overhead exits by < <(grep "^$vm  .* vm:" "$t/page")
	expect_eq "$vm is told of" "$name" $vm
	expect_eq "$vm: wanted" "$wanted" \
		"$(share "$(difference "vmsync_vm_cpu_demand_seconds_total{domain=\"$vm\"}")")"
	expect_eq "$vm: got" "$got" \
		"$(share "$(difference "vmsync_vm_cpu_got_seconds_total{domain=\"$vm\"}")")"
	expect "$vm: denied and overhead are the rest" awk -v a="$wanted" -v b="$got" \
		-v c="$denied" -v d="$overhead" \
		'BEGIN { e = a - b - c - d; exit !(e < 0.25 && e > -0.25 && c > 1) }'
	expect_eq "$vm: exits" "$exits" "$(awk -v s="$elapsed" \
		-v n="$(difference "vmsync_exits_total{domain=\"$vm\",")" \
		'BEGIN { printf "%.0f", n / s }')"
	expect_eq "$vm: by whom" "$by" "vm:$([ $vm = vm0 ] && echo vm1 || echo vm0)"
	expect "$vm: who had it, how much" grep -qx "$vm  *$(share \
		"$(difference "vmsync_vm_preempted_by_seconds_total{domain=\"$vm\",by=\"task:hog\"}")")  task:hog" \
		"$t/page"
	expect "$vm: why it left, how often" grep -qx "$vm  *$(awk -v s="$elapsed" \
		-v n="$(difference "vmsync_exits_total{domain=\"$vm\",reason=\"hlt\"}")" \
		'BEGIN { printf "%.1f", n / s }')  hlt" "$t/page"
done

# order OPTION...: of VMs on a page
order() { "$vmsync" top "$@" "$t/half" "$t/prom" | awk 'NF == 7 && /^vm/ { print $1 }' | paste -sd,; }
# most SERIES NUMBER: which VM has the most of it
most() {
	local a b
	a=$(difference "$1{domain=\"vm0\"")
	b=$(difference "$1{domain=\"vm1\"")
	awk -v a="$a" -v b="$b" 'BEGIN { print (a > b ? "vm0,vm1" : "vm1,vm0") }'
}
expect_eq "sorted by name" "$(order -s name)" "vm0,vm1"
expect_eq "sorted by what was wanted" "$(order --sort=wanted)" \
	"$(most vmsync_vm_cpu_demand_seconds_total)"
expect_eq "sorted by what was got" "$(order --sort=got)" \
	"$(most vmsync_vm_cpu_got_seconds_total)"
expect_eq "sorted by exits" "$(order --sort=exits)" "$(most vmsync_exits_total)"

# --- names that are no names
esc=$(printf '\033')
for file in half prom; do
	sed "s/vm1\"/${esc}[2J\\\\\"vm1\\\\\\\\ of a length that no column is made for\"/" \
		"$t/$file" > "$t/$file.bad"
done
"$vmsync" top "$t/half.bad" "$t/prom.bad" > "$t/page"
expect_eq "no control character comes through" \
	"$(tr -d '\n[:print:]' < "$t/page" | wc -c)" 0
expect "the name is told, as far as there is room" \
	grep -qE '^\\x1b\[2J"vm1\\ of a +[0-9]' "$t/page"

# --- a terminal, with what is typed there
# typed COLUMNS ROWS KEYS FILE...: what the terminal got is in $t/screen; keys are typed
# when there is a page
typed() {
	local columns=$1 rows=$2 keys=$3
	shift 3
	: > "$t/screen"
	# shellcheck disable=SC2094 # that is how it is known that there is a page
	{
		soon grep -q "1049h" "$t/screen"
		printf '%b' "$keys"
	} | TERM=dumb timeout 60 script -qefc \
		"stty cols $columns rows $rows; stty -g > $t/before
		$vmsync top $*; echo \$? > $t/status; stty -g > $t/after" /dev/null > "$t/screen"
}
# page N: of these, the Nth, as text
page() {
	tr -d '\r' < "$t/screen" | sed "s/${esc}\[H/\f/g; s/${esc}\[[0-9?]*[A-Za-z]//g" |
		awk -v n="$1" 'BEGIN { RS = "\f" } NR == n + 1'
}
if command -v script > /dev/null; then
	for size in "80 24" "100 30" "76 14"; do
		read -r columns rows <<< "$size"
		typed "$columns" "$rows" "Ehq" "$t/half.bad" "$t/prom.bad"
		expect_eq "$size: exit status" "$(cat "$t/status")" 0
		page 1 > "$t/first"
		page 2 > "$t/second"
		page 3 > "$t/third"
		expect "$size: it begins sorted by what is denied" \
			grep -q '; by denied$' "$t/first"
		expect "$size: E sorts by exits" grep -q '; by exits$' "$t/second"
		expect "$size: both VMs are there" \
			awk '/ vm:| hog/ { n++ } END { exit n < 2 }' "$t/first"
		expect "$size: h says which keys there are" grep -q '^D W G' "$t/third"
		for name in first second third; do
			expect "$size, $name page: no line is too long, and none too many" \
				awk -v c="$columns" -v r="$rows" 'length > c { bad = 1 }
					END { exit bad || NR > r }' "$t/$name"
		done
		expect_eq "$size: the terminal is as it was" "$(cat "$t/after")" \
			"$(cat "$t/before")"
		expect "$size: ... and what it showed is there again" \
			grep -q "${esc}\[?1049l" "$t/screen"
		expect_eq "$size: no name clears it" "$(grep -c "${esc}\[2J" "$t/screen")" 0
	done
	typed 60 10 "q" "$t/half" "$t/prom"
	expect "a terminal that is too small: it is said" grep -q "are needed" "$t/screen"
	typed 80 24 '\003' "$t/half" "$t/prom"
	expect_eq "Ctrl-C: exit status" "$(cat "$t/status")" 0
	expect_eq "Ctrl-C: the terminal is as it was" "$(cat "$t/after")" \
		"$(cat "$t/before")"
else
	skip "no terminal: script(1) is not here"
fi

# --- vmsync live without --analyze
sed '/^vmsync_vcpu/,$d; /analysed/d; /^# .*vcpu/d' "$t/prom" > "$t/plain"
"$vmsync" top -b -n 1 -d 0.5 "$t/plain" > "$t/page"
expect_eq "nothing is analysed: exit status" $? 0
expect "... it is said, with the reason that there may be" \
	grep -q "without --analyze" "$t/page"

# --- what cannot be
expect_error "no file" "give the file" "$vmsync" top
expect_error "a file that is not there" "nowhere: No such" "$vmsync" top "$t/nowhere"
expect_error "another file" "is no file of metrics" "$vmsync" top tests/check/top.sh
expect_error "the later one first" "is not later" "$vmsync" top "$t/prom" "$t/half"
printf '# vmsync live\nx{domain="a} 1\n' > "$t/broken"
expect_error "a line that is cut" "broken:2: no metric" "$vmsync" top "$t/broken"
expect_error "no such order" "sort=size: give" "$vmsync" top -s size "$t/prom"
expect_error "too often" "delay=0.1: give" "$vmsync" top -d 0.1 "$t/prom"
expect_error "no page" "number=0: give" "$vmsync" top -n 0 "$t/prom"
expect_error "too narrow" "width=10: give" "$vmsync" top -w 10 "$t/prom"
finish
