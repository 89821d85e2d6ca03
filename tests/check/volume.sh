#!/bin/bash
# SPDX-License-Identifier: MIT
#
# analyze --volumes: requests of a guest of which the generator says where on the host each
# was, and when; what is wrong in a recording; names and places that are hostile.
# (tests/unit/volume_follow.c: many at a time; lab-volume.sh: real kernels and disks.)
. tests/check/lib.sh

expect "it builds" make -s -j2 tool build/release/tests/pair
t=$check_tmp
vmsync=build/vmsync

# --- the truth, to 2 ns that the clocks' maps may round
build/release/tests/pair "$t/p" events=60000 blocks=6 > "$t/out"
$vmsync analyze --volumes --all --json "$t/p" > "$t/json" 2> "$t/err"
expect_eq "status" $? 0
expect_eq "schema" "$(against volumes "$t/json")" "[]"
jq -r '.guests[].volumes[] | .name as $name | .listed[] | [$name, .op, .sector, .sectors,
	.before_ns, .whole_ns, .parts_ns.call, .parts_ns.queue, .parts_ns.disk, .followed,
	(.parts_ns | add) - .whole_ns] | @tsv' "$t/json" | sort > "$t/got"
sed -E 's/ [a-z]+=/ /g; s/ /\t/g' "$t/p/requests" | sort > "$t/wanted"
expect_eq "requests: as many as there were" "$(wc -l < "$t/got")" "$(wc -l < "$t/wanted")"
expect "requests: there are many" test "$(wc -l < "$t/wanted")" -gt 500
# The time of a request in a file is its system call's, which the truth does not say.
join -t $'\t' -j 1 <(sed 's/\t/:/; s/\t/:/; s/\t/:/' "$t/got" | sort) \
	<(sed 's/\t/:/; s/\t/:/; s/\t/:/' "$t/wanted" | sort) > "$t/both"
expect_eq "requests: each is one of those" "$(wc -l < "$t/both")" "$(wc -l < "$t/wanted")"
awk -F'\t' '
	function off(a, b) { return a - b > 2 || b - a > 2 }
	{
		file = $1 ~ /^vdc/
		bad += off($2, $9) || off($3, $10)
		bad += !file && (off($4, $11) || off($5, $12) || off($6, $13))
		bad += $7 != (file ? "call" : "disk") || $8 != 0
	}
	END { print bad + 0 }' "$t/both" > "$t/bad"
expect_eq "requests: each took as long, in all and in each part" "$(cat "$t/bad")" 0
expect_eq "volumes: where they are" "$(jq -c '[.guests[].volumes[] |
	[.name, [.paths[] | [.kind, .name // .fd, .distance_sectors]]]] | sort' "$t/json")" \
	'[["vda",[["disk","nvme0n1",2048]]],["vdb",[["disk","sdb",0],["file",12,0]]],["vdc",[["file",13,0]]]]'
expect_eq "sums: those of the list" "$(jq -c '[.guests[].volumes[] | (.requests | map(.whole) |
	[(map(.count) | add), (map(.total_ns) | add)]) == (.listed |
	[length, (map(.whole_ns) | add)])] | unique' "$t/json")" '[true]'
expect_eq "sums: parts add up to the whole" "$(jq -c '[.guests[].volumes[].requests[] |
	([.parts[].total_ns] | add) - .whole.total_ns] | unique' "$t/json")" '[0]'
expect_eq "bytes" "$(jq '[.guests[].volumes[].requests[].bytes] | add' "$t/json")" \
	"$(awk '{ n += $4 * 512 } END { print n }' "$t/p/requests")"

# --- what is asked for
$vmsync analyze --volumes "$t/p" > "$t/text" 2> "$t/err"
expect_eq "text: the answer first" "$(head -n 1 "$t/text")" "$(jq -r '[.guests[] | .name as $g |
	.volumes[] | .name as $v | .requests[] | [$g, .op, $v, .whole.count,
		.whole.total_ns, ([.parts[].total_ns] | max)]] | max_by(.[4]) |
	def part(n): . * n | round | tostring;
	"\(.[0])\u0027s \(.[1]) requests to \(.[2]) took most: \(.[3]), \(.[4] / 1e6 | part(1000) |
		.[:-3] + "." + .[-3:]) ms in all. Most of that, \(.[5] / .[4] * 100 | part(10) |
		.[:-1] + "." + .[-1:]) %:"' "$t/json")"
expect "text: where a volume is" grep -qE '^guest, vda: nvme0n1 \+2048 \([0-9]+ of [0-9]+\)$' \
	"$t/text"
expect_eq "text: of at most 100 columns" "$(awk 'length > 100' "$t/text" | wc -l)" 0
$vmsync fuse -o "$t/fused" "$t/p" > "$t/out" 2>&1
$vmsync analyze --volumes --all --json "$t/fused" > "$t/fused.json" 2> "$t/err"
expect_eq "fused: the same" "$(jq -c '[.guests[].volumes]' "$t/fused.json" | md5sum)" \
	"$(jq -c '[.guests[].volumes]' "$t/json" | md5sum)"
$vmsync analyze --volumes --json --since=0.02 --until=0.05 "$t/p" > "$t/part" 2> "$t/err"
expect_eq "since, until: those that ended then" \
	"$(jq '[.guests[].volumes[].requests[].whole.count] | add' "$t/part")" \
	"$(jq '[.guests[].volumes[].listed[] | .from_ns + .whole_ns |
		select(. >= 20000000 and . <= 50000000)] | length' "$t/json")"
expect_error "vm: none" "no guest of that name" $vmsync analyze --volumes --vm=none "$t/p"
expect_eq "vm: by process" "$($vmsync analyze --volumes --json --vm=4711 "$t/p" |
	jq -c '[.guests[].name]')" '["guest"]'
expect_error "since: too late" "nothing was recorded then" \
	$vmsync analyze --volumes --since=1000 "$t/p"
expect_error "not with others" "not with --why" \
	$vmsync analyze --volumes --why=guest:1 "$t/p"

# --- what a recording lacks
without() { # EVENT...: as if these had not been recorded
	local e
	rm -rf "$t/w"
	cp -r "$t/p" "$t/w"
	for e in "$@"; do
		sed -i "s/\"$e\"/\"${e/_/x}\"/" "$t"/w/*-blocks/metadata
	done
	$vmsync analyze --volumes --json "$t/w" > "$t/w.json" 2> "$t/err"
}
followed() {
	jq -c '[.guests[].volumes[] | .name as $n | .requests[] | [$n, .followed]] | unique' \
		"$t/w.json"
}
without block_bio_queue
expect_eq "no bios: as far" "$(followed)" '[["vda","disk"],["vdb","disk"],["vdc","call"]]'
expect_eq "no bios: nothing before" \
	"$(jq '[.guests[].volumes[].requests[].before.count] | add' "$t/w.json")" 0
without syscall_entry_pread64 syscall_entry_pwrite64 syscall_entry_io_submit
expect_eq "no system calls: a disk tells" "$(followed)" \
	'[["vda","disk"],["vdb","disk"],["vdc","none"]]'
$vmsync analyze --volumes "$t/w" > "$t/text" 2> "$t/err"
expect "no system calls: and that is said" \
	grep -q '^guest, vdc: nothing tells where on the host it is$' "$t/text"
cp -r "$t/p" "$t/h"
sed -i 's/"block_/"xblock_/' "$t/h/host-blocks/metadata"
$vmsync analyze --volumes --json "$t/h" > "$t/w.json" 2> "$t/err"
expect_eq "no block events of the host" "$(followed)" \
	'[["vda","none"],["vdb","call"],["vdc","call"]]'
rm -rf "$t/h/guest-blocks"
$vmsync analyze --volumes "$t/h" > "$t/text" 2> "$t/err"
expect "no block events of the guest: that is said" \
	grep -q '^guest: no requests were recorded' "$t/text"

# --- losses: a packet in the middle of QEMU's stream is not there
build/release/tests/pair "$t/l" events=60000 blocks=6 packet=4096 > "$t/out"
f=$t/l/host-blocks/channel0_2
[ -e "$f" ] || f=$(find "$t/l/host-blocks" -name '*_2')
n=$(($(stat -c %s "$f") / 4096 / 2))
{ head -c $((n * 4096)) "$f"; tail -c +$(((n + 1) * 4096 + 1)) "$f"; } > "$t/f"
cp "$t/f" "$f"
$vmsync analyze --volumes --json --all "$t/l" > "$t/w.json" 2> "$t/err"
lost=$(jq '[.guests[].volumes[].listed[] | select(.followed == "lost")] | length' "$t/w.json")
within "lost events: those on their way then" 1 "$lost" 60
expect_eq "lost events: all others as far" "$(jq -c '[.guests[].volumes[].listed[].followed] |
	unique' "$t/w.json")" '["call","disk","lost"]'

# --- hostile: names, and numbers at random
cp -r "$t/p" "$t/evil"
for f in "$t"/evil/*-blocks/*_[0-9]; do
	LC_ALL=C sed -i 's/vda\x00/\x1b[m\x00/; s/nvme0n1/\xff"\xe2\x80\xae\n\\/' "$f"
done
$vmsync analyze --volumes --all "$t/evil" > "$t/text" 2> "$t/err"
expect "hostile names: there are some" grep -qF '\x1b[m: \xff"\xe2\x80\xae\x0a\ +2048 ' "$t/text"
expect_eq "hostile names: printable characters only" \
	"$(LC_ALL=C tr -d '\n -~' < "$t/text" | wc -c)" 0
$vmsync analyze --volumes --json "$t/evil" > "$t/w.json" 2> "$t/err"
expect_eq "hostile names: schema" "$(against volumes "$t/w.json")" "[]"
finish
