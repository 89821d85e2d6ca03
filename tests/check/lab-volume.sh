#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Real kernels: a guest's requests to volumes on block devices of its host
# (tests/lab/scenarios/volume.sh), followed to these and back, against what both kernels
# counted, what the guest's program stamped, what the disks are made to take, and what is in
# the traces by another reader. Run by its name, a minute; LAB_REUSE=1 takes the recording
# that is there.
#
# VMSYNC: another tool than build/vmsync, to see these checks fail.
. tests/check/lib.sh
. tests/check/record.sh

recorded volume
vmsync=${VMSYNC:-build/vmsync}
t=$check_tmp
disk_ns=3000000

$vmsync analyze --volumes --all --json "$dir" > "$t/json" 2> "$t/err"
expect_eq "analyze: exit status" $? 0
cat "$t/err"
$vmsync analyze --volumes "$dir" | sed -n '/^guest, /p; /issued to completed/p; /^ *disk /p; /^guest:/p'
expect_eq "schema" "$(against volumes "$t/json")" "[]"
expect_eq "each request's parts add up to its time" "$(json '[.guests[].volumes[].listed[] |
	([.parts_ns[]] | add) - .whole_ns] | unique | tojson')" '[0]'

# volume NAME EXPRESSION of it
volume() {
	jq -r --arg name "$1" ".guests[0].volumes[] | select(.name == \$name) | $2" "$t/json"
}

# --- where the volumes are: the partition begins at sector 2048
expect_eq "vdc: on a partition" "$(volume vdc '[.paths[] | select(.kind == "disk") |
	[.name, .distance_sectors]] | tojson')" '[["nullb0",2048]]'
expect_eq "vdd: on a disk, and in a file" "$(volume vdd '[.paths[] | select(.kind != "flush") |
	[.kind, .name, .distance_sectors]] | tojson')" '[["disk","nullb1",0],["file",null,0]]'
expect_eq "vda: in a file" "$(volume vda '[.paths[] | [.kind, .distance_sectors]] | tojson')" \
	'[["file",0]]'

# --- what was followed how far
for v in vdc vdd; do
	expect_eq "$v: all reads and writes to the disk and back" \
		"$(volume $v '[.listed[] | select(.op != "flush").followed] | unique | tojson')" \
		'["disk"]'
	expect_eq "$v: flushes to fdatasync(): the disk has no cache" "$(volume $v '[.listed[] |
		select(.op == "flush").followed] | [length, (unique | tojson)] | join(" ")')" \
		'20 ["call"]'
done
expect_eq "vda: no disk knows of it" "$(volume vda '[.listed[].followed] | unique | tojson')" \
	'["call"]'

# --- the guest's kernel counted: reads, sectors of these, writes, sectors, flushes
counted() { # DISK
	awk -v disk="$1" '$2 == "guest" && $3 == "stat" && $5 == disk { sub(/\r/, "")
		for (i = 6; i <= NF; i++) n[$4, i] = $i }
		function d(i) { return n["after", i + 5] - n["before", i + 5] }
		END { print d(1), d(3), d(5) - d(16), d(7), d(16) }' "$dir/guest.log"
}
for v in vda vdc vdd; do
	expect_eq "$v: reads, their sectors, writes, theirs, flushes, as the guest counted" \
		"$(volume $v '[.listed[]] | def of(o): map(select(.op == o));
			[(of("read") | length), (of("read") | map(.sectors) | add // 0),
			 (of("write") | length), (of("write") | map(.sectors) | add // 0),
			 (of("flush") | length)] | join(" ")')" "$(counted $v)"
done

# --- the host's kernel counted: sectors written; what else read is not the guest's
for v in vdc:nullb0 vdd:nullb1; do
	wrote=$(awk -v disk="${v#*:}" '$2 == disk { n[$1] = $9 }
		END { print n["after"] - n["before"] }' "$dir/stat")
	expect_eq "${v#*:}: sectors written, as the host counted" "$wrote" \
		"$(volume "${v%:*}" '[.listed[] | select(.op == "write").sectors] | add')"
done

# --- the guest's program: each of its requests, by its place; large ones are several
sed -n 's/\r//; s/^phase=\([a-z-]*\) file=.dev.\(vd.\) what=\([a-z]*\) at=\([0-9]*\) bytes=\([0-9]*\) from_ns=\([0-9]*\) until_ns=\([0-9]*\)$/\1 \2 \3 \4 \5 \6 \7/p' \
	"$dir/guest.log" | awk '$1 !~ /large/ {
		print $2 ":" ($3 == "read" ? "read" : "write") ":" $4 / 512, $1, $5 / 512, $7 - $6 }' |
	sort > "$t/program"
jq -r '.guests[0].volumes[] | .name as $v | .listed[] | select(.op != "flush") |
	"\($v):\(.op):\(.sector) \(.sectors) \(.whole_ns) \(.before_ns // 0) \(.parts_ns.qemu) \(.parts_ns.disk)"' \
	"$t/json" | sort > "$t/listed"
join "$t/program" "$t/listed" > "$t/both"
expect "program: it had many" test "$(wc -l < "$t/program")" -ge 400
expect_eq "program: each of its requests is there once, as long" \
	"$(awk '$3 == $5 { n++ } END { print n }' "$t/both") $(cut -d' ' -f1 "$t/both" |
		uniq | wc -l)" "$(wc -l < "$t/program") $(wc -l < "$t/program")"
expect_eq "program: none took longer in the trace than in the program" \
	"$(awk '$6 + $7 > $4' "$t/both" | wc -l)" 0
# The program's time has its own system call, and that its thread waits for a CPU.
read -r share ms <<< "$(awk '$2 !~ /sync/ { got += $6 + $7; all += $4 }
	END { printf "%d %d\n", 100 * got / all, all / 1e6 }' "$t/both")"
within "program: % of its $ms ms that the trace has" 50 "$share" 100

# --- the disks take so long, by a timer, and the throttle lets 20 requests a second pass
for v in vdc vdd; do
	least=$(volume $v '[.listed[] | select(.op != "flush").parts_ns.disk] | min')
	within "$v: ns in the disk, at least" $disk_ns "$least" $((disk_ns + 1000000))
done
# The bucket has a tenth of a second; then it is one each 50 ms, from one to the next. One
# whose predecessor, the line above, took the program more than 60 ms finds room at once.
slow=$(awk '$2 == "slow" { n += $8 > 25000000 || before > 60000000; before = $4 }
	END { print n + 0 }' "$t/both")
within "throttled: requests that were in QEMU for more than 25 ms, or sent late" 15 "$slow" 20
slow=$(awk '$2 ~ /^threads-(write|read)/ && $8 > 25000000 { n++ } END { print n + 0 }' \
	"$t/both")
within "not throttled: the same" 0 "$slow" 2

# --- by another reader: how long the guest's kernel and the host's say that each took
for side in host guest; do
	babeltrace2 --clock-cycles --no-delta "$dir/$side" |
		sed -n 's/^\[0*\([0-9]*\)\] .* \(block_rq_[a-z]*\): .* { dev = \([0-9]*\), sector = \([0-9]*\), nr_sector = \([0-9]*\), .*rwbs = \([0-9]*\).*/\1 \2 \3 \4 \5 \6/p' |
		awk '$6 % 2 || $6 % 8 >= 4' > "$t/$side"
done
# took FILE DEV FIRST EVENT...: "SECTOR NS" from the first to the last of a place
took() {
	awk -v dev="$2" -v less="$3" '$3 == dev { op = $6 % 2 ? "write" : "read"
			key = op ":" ($4 - less) }
		$3 == dev && $2 == "block_rq_issue" { from[key] = $1; many[key] = $5 }
		$3 == dev && $2 == "block_rq_complete" && key in from && many[key] == $5 {
			print key, $1 - from[key], $5 }' "$1" | sort
}
for v in vdc:2048:nullb0 vdd:0:nullb1; do
	IFS=: read -r name less disk <<< "$v"
	dev=$(volume "$name" .dev)
	host=$(volume "$name" '.paths[] | select(.kind == "disk").dev')
	volume "$name" '.listed[] | select(.op != "flush") |
		"\(.op):\(.sector) \(.whole_ns) \(.parts_ns.disk) \(.sectors)"' | sort > "$t/ours"
	# Two clocks of a machine, and a map's rounding: 2 ns and 100 ppm.
	join "$t/ours" <(took "$t/guest" "$dev" 0) > "$t/theirs"
	expect_eq "$name: as long as the guest's trace says, each" "$(awk '
		{ d = $2 - $5; if (d < 0) d = -d; n += d <= 2 + $2 / 10000 } END { print n }' \
		"$t/theirs")" "$(wc -l < "$t/ours")"
	# What was split is longer than any of its parts.
	join "$t/ours" <(took "$t/host" "$host" "$less") | awk '$4 == $6' > "$t/theirs"
	expect_eq "$name: as long in $disk as the host's trace says, each" "$(awk '
		$3 == $5 { n++ } END { print n }' "$t/theirs")" "$(wc -l < "$t/theirs")"
	expect "$name: of most that is so" test "$(wc -l < "$t/theirs")" -gt 180
done
finish
