#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The page of vmsync report: its figures are those of vmsync analyze, names of guests do
# no harm, and in Chromium it works as a person would use it.
. tests/check/lib.sh

expect "the tool builds" make -s -j2 tool build/release/tests/contend
vmsync=build/vmsync
t=$check_tmp

build/release/tests/contend "$t/c" 600
$vmsync analyze --json "$t/c" > "$t/json"
expect "written" $vmsync report -o "$t/page.html" "$t/c"

# cells ID: rows of a table, the exact figures of each
cells() {
	awk -v id="id=$1>" 'index($0, id) { on = 1 } on && /<\/section>/ { exit } on' "$t/page.html" |
		grep '^<tr>\|^</*thead.*<tr><th scope=row>\|data-ns' |
		sed 's/.*<tbody>//; s/<[^>]*data-ns=\([-0-9]*\)>[^<]*/ \1/g; s/<[^>]*>/ /g; s/  */ /g;
			s/^ //; s/ $//'
}
expect_eq "figures of virtual CPUs" "$(cells vcpus | sed 's/vCPU 0 of //' | sort)" "$(jq -r '
	.vcpus[] | "\(.vm) \(.figures | "\(.wanted_ns) \(.got_ns) \(.steal_ns) \(.denied_ns -
	.steal_ns) \(.overhead_ns) \(.not_wanted_ns)")"' "$t/json" | sort)"
expect_eq "states of virtual CPUs" "$(grep -o 'class=bar[^>]*' "$t/page.html" | tr -dc '0-9 \n')" \
	"$(jq -r '.vcpus[] | " " + ([.states_ns[]] | map(tostring) | join(" "))' "$t/json")"
expect_eq "who had the CPU" "$(cells culprits | head -n 1 | awk '{ print $(NF - 2) }')" \
	"$(jq '[.vcpus[].charges[].turns.total_ns] | max' "$t/json")"
expect_eq "longest turn of another" "$(cells waits | awk 'NR == 1 { print $6 }')" "$(jq '[.vcpus[].charges[].turns.max_ns] | max' "$t/json")"
expect_eq "exits" "$(cells exits | awk '{ print $(NF - 3) }' | sort -n)" "$(jq \
	'.vcpus[].exits[] | [.states_ns[]] | add' "$t/json" | sort -n)"
expect_eq "longest wake-up" "$(cells wakes | head -n 1 | grep -oE '[0-9]{3,}' | sed -n 3p)" \
	"$(jq '.worst_wakes[0] | .until_ns - .from_ns' "$t/json")"
$vmsync analyze "$t/c" | awk '/^$/ { exit } 1' | paste -sd' ' > "$t/answer"
expect_eq "the answer is that of vmsync analyze" \
	"$(sed -n 's/<p class=answer>\(.*\) <\/p>/\1/p' "$t/page.html")" "$(cat "$t/answer")"

# --- names are text, and nothing is fetched
expect_eq "a comm of <script> is text" "$(grep -c '<script>alert' "$t/page.html")" 0
expect_eq "no image" "$(grep -ci '<img' "$t/page.html")" 0
expect "it is there as text" grep -q '&lt;script&gt;alert(' "$t/page.html"
expect_eq "no address of a network" "$(grep -cE '(src|href)=|https?:|@import|url\(' "$t/page.html")" 0
expect "a strict policy" grep -q "default-src 'none'; script-src 'nonce-[0-9a-f]\{32\}'" "$t/page.html"
expect_eq "scripts that run have the policy's number" \
	"$(grep -o '<script[^>]*>' "$t/page.html" | grep -vc 'nonce=\|application/json')" 0
$vmsync report -o "$t/again" "$t/c"
expect_eq "another number each time" "$(grep -oh "script-src 'nonce-[0-9a-f]*'" "$t/page.html" \
	"$t/again" | sort -u | wc -l)" 2

# --- part of it
expect "part of the time" $vmsync report --since=0.01 --until=0.0300001 --vm=vm1 -o "$t/part" "$t/c"
expect_eq "part of the time: so long" "$(grep -o '"length": [0-9]*' "$t/part")" '"length": 20000100'
expect_eq "one VM" "$(grep -o 'data-row=[^>]*>vCPU 0 of vm[0-9]' "$t/part" | sed 's/.*>//' |
	sort -u)" "vCPU 0 of vm1"
expect "a host alone" $vmsync report -o "$t/alone" "$t/c/host"

# --- so many states that short ones are put together: the page keeps its size
build/release/tests/contend "$t/big" 40000
expect "very many states" $vmsync report -o "$t/large" "$t/big"
expect "that is said" grep -q "more states than this page has room for" "$t/large"
expect "6 MB at most" test "$(stat -c %s "$t/large")" -le 6000000

# --- whole or not at all
expect_error "no file" "-o FILE" $vmsync report "$t/c"
expect_error "a file that is there" "exists already" $vmsync report -o "$t/page.html" "$t/c"
expect_error "no folder" "nowhere" $vmsync report -o "$t/nowhere/page" "$t/c"
mkdir "$t/small"
private=
unshare -m true 2> /dev/null || private="--propagation unchanged"
cat > "$t/full.sh" <<-END
	mount -t tmpfs -o size=64k none $t/small || exit 9
	$vmsync report -o $t/small/out $t/c
	status=\$?
	ls -A $t/small
	exit \$status
END
expect_error "disk full" "No space left" unshare -m $private bash "$t/full.sh"
set -m
$vmsync report -o "$t/stop" "$t/big" > /dev/null 2>&1 &
pid=$!
for _ in $(seq 1000); do
	[ -z "$(ls -d "$t"/stop* 2> /dev/null)" ] || break
	sleep 0.01
done
kill -INT $pid 2> /dev/null
wait $pid
expect_eq "stopped ($?): no half of a page" "$(ls -d "$t"/stop.part* 2> /dev/null)" ""

# --- under the sanitizers
expect "the tool builds with sanitizers" make -s -j2 VARIANT=asan tool
expect "sanitizers have nothing to say" build/asan/vmsync report -o "$t/asan" "$t/c"

# --- in a browser
if command -v chromium > "$check_out"; then
	expect "Chromium shows it" env TMPDIR="$t" timeout 400 node tests/page/look.mjs "$t/page.html"
	cp "$check_out" "$t/seen"
	seen() { sed -n "s/^$1: //p" "$t/seen"; }
	expect_eq "rows: virtual CPUs, CPUs, threads" "$(seen rows)" 10
	expect "slices" test "$(seen slices)" -gt 5000
	expect_eq "the script and its data, no other" "$(seen scripts)" 2
	expect_eq "no image is made of a name" "$(seen images)" 0
	expect_eq "keys zoom and move" "$(seen keyboard)" true
	expect_eq "keys go from slice to slice" "$(seen "next slice")" true
	expect "a row of a table leads to its slice" grep -qE \
		'^row leads to: vCPU 0 of vm[01]: (preempted|waking)' "$t/seen"
	expect_eq "and the keyboard with it" "$(seen focus)" rows
	expect_eq "a thread is found by its name" "$(seen found)" "<script>alert( 1001 of vm0"
	expect_eq "the timeline is painted" "$(seen painted)" true
	expect_eq "everything that acts has a name" "$(seen "without a name")" 0
	expect_eq "heads of tables say of what" "$(seen "headers without a scope")" 0
	expect_eq "dark where that is wanted" "$(seen dark)" "rgb(20, 24, 28)"
	expect_eq "it fits a telephone" "$(seen "narrow: fits")" true
	expect_eq "nothing is fetched" "$(seen requests)" 0
	expect_eq "the console is empty" "$(seen console)" 0
else
	skip "no Chromium: how the page works"
fi
finish
