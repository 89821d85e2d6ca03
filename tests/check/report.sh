#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The page of vmsync report: its figures are those of vmsync analyze, names of guests do
# no harm, and in Chromium it works as a person would use it.
. tests/check/lib.sh

# axe-core: Debian has none.
axe() {
	tests/npm.sh build/axe axe-core 4.10.3 \
		0f2b4d7dcdf7d1219df8d1959ad68e565f51d14c3f0d88bb71cd59abeb956292 axe.min.js
}

expect "the tool builds" make -s -j2 tool build/release/tests/contend build/release/tests/pair
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

# --- what it wanted and got, by windows, is what vmsync analyze has
sed -n '/<script type="application\/json"/,/<\/script>/p' "$t/page.html" |
	sed 's/<script[^>]*>//; s/<\/script>//' > "$t/data"
# shellcheck disable=SC2317 # expect calls it
same_series() { # OPTION...: the data of a page are those of analyze
	jq -c '[.series[] | .number as $v | [.got, .overhead, .steal, .blocked] | transpose[] |
		[$v, .[]]] | sort' "$t/data" > "$t/a"
	$vmsync analyze --json --window="$(jq .window "$t/data")" "$@" "$t/c" | jq -c '[.windows[].vcpus[] |
		.number as $v | .figures | [$v, .got_ns, .overhead_ns, .steal_ns,
		.denied_ns - .steal_ns]] | sort' > "$t/b"
	cmp "$t/a" "$t/b" && test "$(jq length "$t/a")" -gt 50
}
expect "series of what was wanted and got" same_series
expect_eq "a series for each virtual CPU, the most denied first" \
	"$(jq -c '[.series[].number]' "$t/data")" \
	"$(jq -c '[.vcpus[]] | sort_by(-.figures.denied_ns) | map(.number)' "$t/json")"
expect_eq "each belongs to its row" "$(jq -c '[. as $d | .series[] | .label ==
	$d.rows[.row].label and $d.rows[.row].kind == 0] | unique' "$t/data")" "[true]"
expect_eq "as many windows as can be told apart" "$(jq '(.length / .window) | . > 50 and . <= 150' \
	"$t/data")" true

# --- how well the clocks are known
clocks() { awk '/^<section id=clocks/ { on = 1 } on { print } on && /<\/section>/ { exit }' "$1"; }
$vmsync sync --json "$t/c" > "$t/sync"
expect_eq "bounds, to the ns" "$(clocks "$t/page.html" |
	sed -n 's/^<tr><th scope=row>\([^<]*\)<td class=n data-ns=\([0-9]*\)>\([0-9]*\)<td class=n data-ns=\([0-9]*\)>.*/\1 \2 \3 \4/p')" \
	"$(jq -r '.guests[] | "\(.hostname) \(.bound_worst_ns) \(.bound_worst_ns) \(.bound_p99_ns)"' \
		"$t/sync")"
expect_eq "a picture of each guest's clock" "$(clocks "$t/page.html" | grep -c '^<div.*<svg class=map')" 2
expect_eq "with its beacons" "$(clocks "$t/page.html" | grep -c '<circle')" \
	"$(jq '[.guests[].beacons.causality_checked] | add' "$t/sync")"

# --- names are text, and nothing is fetched
expect_eq "a comm of <script> is text" "$(grep -c '<script>alert' "$t/page.html")" 0
expect_eq "no image" "$(grep -ci '<img' "$t/page.html")" 0
expect "it is there as text" grep -q '&lt;script&gt;alert(' "$t/page.html"
# What names SVG looks like an address; nobody fetches it.
expect_eq "no address of a network" "$(sed 's|http://www.w3.org/2000/svg||' "$t/page.html" |
	grep -cE 'src=|href=[^#]|https?:|@import|url\(')" 0
expect "a strict policy" grep -q "default-src 'none'; script-src 'nonce-[0-9a-f]\{32\}'" "$t/page.html"
expect_eq "scripts that run have the policy's number" \
	"$(grep -o '<script[^>]*>' "$t/page.html" | grep -vc 'nonce=\|application/json')" 0
$vmsync report -o "$t/again" "$t/c"
expect_eq "another number each time" "$(grep -oh "script-src 'nonce-[0-9a-f]*'" "$t/page.html" \
	"$t/again" | sort -u | wc -l)" 2

# --- what is not to be overlooked is in the page too
build/release/tests/contend "$t/other" 100 7
$vmsync report -o "$t/note" "$t/c/host" "$t/c/g0" "$t/other/g1"
expect_eq "a guest whose claims are contradicted" "$(grep -c \
	'^<p class=note>vm1 is SUSPECT: .*</p>$' "$t/note")" 1
build/release/tests/pair "$t/pair" events=2000 > "$check_out"
mv "$t/pair/guest" "$t/<script>alert(1)"
$vmsync report -o "$t/omitted" "$t/c/host" "$t/c/g0" "$t/<script>alert(1)" 2> "$t/err"
expect_eq "a guest of another host: exit status" $? 1
expect_eq "it is named, by whatever name" "$(grep '^<p class=note>Left out: ' "$t/omitted" |
	sed 's/<[^>]*>//g; s/&lt;/</g; s/&gt;/>/g; s/&#39;/'"'"'/g; s/^Left out/LEFT OUT/')" \
	"$(sed -n 's/^vmsync report: //p' "$t/err")"
expect_eq "which is text" "$(grep -c '<script>alert' "$t/omitted")" 0
expect_eq "else there is no note" "$(grep -c 'class=note' "$t/page.html")" 0

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
private=()
unshare -m true 2> /dev/null || private=(--propagation unchanged)
cat > "$t/full.sh" <<-END
	mount -t tmpfs -o size=64k none $t/small || exit 9
	$vmsync report -o $t/small/out $t/c
	status=\$?
	ls -A $t/small
	exit \$status
END
expect_error "disk full" "No space left" unshare -m "${private[@]}" bash "$t/full.sh"
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

expect_error "no such VM" "no VM of that name; there are" \
	$vmsync report --vm=nosuch -o "$t/x" "$t/c"
expect_error "an end at 0" "nothing was before that" $vmsync report --until=0 -o "$t/x" "$t/c"
expect_eq "no page is left behind" "$(ls -d "$t"/x* 2> /dev/null)" ""

# --- names that turn the direction of the text around them
cp -r "$t/c" "$t/turned"
for f in "$t"/turned/*/*_[0-9]; do
	LC_ALL=C sed -i $'s/<script>alert(/\xe2\x80\xae\xe2\x81\xa6\xe2\x80\xa8alert/g' "$f"
done
expect "turned names: written" $vmsync report -o "$t/turned.html" "$t/turned"
expect "turned names: they are told, escaped" grep -qF 'xe2\\x80\\xae' "$t/turned.html"
expect_eq "turned names: none of these characters" \
	"$(LC_ALL=C grep -c $'\xe2\x80[\xa8-\xae]\|\xe2\x81[\xa6-\xa9]' "$t/turned.html")" 0

# --- under the sanitizers
expect "the tool builds with sanitizers" make -s -j2 VARIANT=asan tool
expect "sanitizers have nothing to say" build/asan/vmsync report -o "$t/asan" "$t/c"

# --- in a browser
if command -v chromium > "$check_out"; then
	axe=build/axe/axe.min.js
	if ! axe > "$check_out" 2>&1; then
		skip "axe-core cannot be had: $(head -n 1 "$check_out")"
		axe=
	fi
	expect "Chromium shows it" env TMPDIR="$t" timeout 400 node tests/page/look.mjs \
		"$t/page.html" "$axe"
	cp "$check_out" "$t/seen"
	seen() { sed -n "s/^$1: //p" "$t/seen"; }
	expect_eq "rows: virtual CPUs, CPUs, threads" "$(seen rows)" 10
	expect "slices" test "$(seen slices)" -gt 5000
	expect_eq "the script and its data, no other" "$(seen scripts)" 2
	expect_eq "no image is made of a name" "$(seen images)" 0
	expect_eq "nor of one that the mouse is told" "$(seen "tip of a name")" \
		"<script>alert( 1001 of vm0"
	expect_eq "no image, still, and no script" "$(seen "scripts and images in the end")" 2
	expect_eq "keys zoom and move" "$(seen keyboard)" true
	expect_eq "keys go from slice to slice" "$(seen "next slice")" true
	expect "a row of a table leads to its slice" grep -qE \
		'^row leads to: vCPU 0 of vm[01]: (preempted|waking)' "$t/seen"
	expect_eq "and the keyboard with it" "$(seen focus)" rows
	expect_eq "a thread is found by its name" "$(seen found)" "<script>alert( 1001 of vm0"
	expect_eq "the timeline is painted" "$(seen painted)" true
	expect "the mouse is told what it is over" grep -qE \
		'^tip of the timeline: vCPU 0 of vm0; .*(from [0-9.]* s|states in)' "$t/seen"
	expect_eq "but not for ever" "$(seen "tip after Escape")" true
	expect "of a series too" grep -qE '^tip of a series: vCPU 0 of vm[01]; .*; wanted [0-9.]* %; got' \
		"$t/seen"
	expect_eq "series" "$(seen series)" 2
	expect "a series leads to the timeline" grep -qE \
		'^series leads to: vCPU 0 of vm[01]. Shown: 0.0[0-9]* s to' "$t/seen"
	expect_eq "pictures of clocks" "$(seen "clocks drawn")" 2
	expect_eq "colours of series" "$(seen "styles that the policy took away")" 0
	if [ -n "$axe" ]; then
		for how in light dark narrow; do
			expect_eq "axe-core finds nothing serious, $how" "$(seen "serious, $how")" 0
		done
	fi
	expect_eq "everything that acts has a name" "$(seen "without a name")" 0
	expect_eq "heads of tables say of what" "$(seen "headers without a scope")" 0
	expect_eq "dark where that is wanted" "$(seen dark)" "rgb(20, 24, 28)"
	expect_eq "light on paper" "$(seen print)" "rgb(255, 255, 255)"
	expect_eq "it fits a telephone" "$(seen "narrow: fits")" true
	expect_eq "nothing is fetched" "$(seen requests)" 0
	expect_eq "the console is empty" "$(seen console)" 0
else
	skip "no Chromium: how the page works"
fi
finish
