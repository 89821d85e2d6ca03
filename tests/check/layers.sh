#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Layers: what the shipped ones find in recordings of real services; every state of
# made-up ones, to the ns; each error of a file with its line and column.
. tests/check/lib.sh

expect "the tool builds" make -s -j2 VARIANT=asan tool build/asan/tests/services
expect "and the release" make -s -j2 tool
vmsync=build/asan/vmsync
services=build/asan/tests/services
t=$check_tmp
unset VMSYNC_LAYERS

# --- recordings
mkdir "$t/rec"
expect "recordings are unpacked" tar -C "$t/rec" -xf tests/data/cloud.tar.xz
$vmsync layers --list > "$t/list"
expect_eq "the layers that come with it" "$(cut -d' ' -f1 "$t/list" | xargs)" \
	"cinder jvm neutron nova openstack openvswitch qemu-migration"
for name in cinder jvm neutron nova openstack openvswitch qemu-migration; do
	expect "$name is a layer" $vmsync layers --check --layer=$name
	expect_eq "$name is called so" "$(grep -c "^layer $name " "layers/$name.layer")" 1
done

layers() { # RECORDING OPTION...: its report, in $t/json
	local recording=$1
	shift
	$vmsync layers --json "$@" "$t/rec/$recording" > "$t/json" ||
		fail "$recording: exit status $?"
}
# cat_lines RECORDING EVENT-GLOB: the text of events
cat_lines() {
	TZ=UTC $vmsync cat --event="$2" "$t/rec/$1"
}
of() { # TRACK: jq for its sums
	echo ".tracks[] | select(.name == \"$1\") | .sums[]"
}

layers nova-full-unloaded --all
jq_is "an instance's states, in their order" '[.tracks[] | select(.name == "instance") |
	.listed[0].states[] | .state + (if .place then "@" + .place else "" end)] | join(" ")' \
	"building/scheduling building building@cmp2 building/networking@cmp2 building/block_device_mapping@cmp2 building/spawning@cmp2 active@cmp2 active/migrating@cmp2 active@cmp1 active/deleting@cmp1 deleted@cmp1"
jq_is "its name" '.tracks[] | select(.name == "instance") | .listed[0].name' vm1
# The same from the text of the events: from when each state was, to the ns.
cat_lines nova-full-unloaded '*:notification' | grep 'event_type = "instance.update"' |
	sed -E 's/^\[([0-9:.]+)\].* host = "([^"]*)", state = "([^"]*)", task = "([^"]*)".*/\1 \3 \4 \2/' |
	awk '{ split($1, c, /[:.]/); key = $2 " " $3 " " $4
		if (key != last) print (c[1] * 3600 + c[2] * 60 + c[3]) "." c[4]
		last = key }' > "$t/times"
jq -r '.begin_ns as $b | .tracks[] | select(.name == "instance") | .listed[0].states[].from_ns' \
	"$t/json" > "$t/from"
expect_eq "when each began, to the ns" "$(awk 'NR == 1 { first = $1 } { print $1 - first }' \
	"$t/from" | xargs)" "$(awk '{ split($1, s, "."); ns = s[1] * 1000000000 + s[2] }
	NR == 1 { first = ns } { print ns - first }' "$t/times" | xargs)"
expect_eq "there are eleven" "$(wc -l < "$t/times")" 11
jq_is "a request's time is all charged" '[.tracks[] | select(.name == "request") | .listed[] |
	(.until_ns - .from_ns) == ([.states[] | .until_ns - .from_ns] | add // 0)] | all' true
jq_is "its first state is where it came in" '[.tracks[] | select(.name == "request") | .listed[] |
	select(.key | startswith("req-92194ae0")) | .states[0].state] | join(" ")' nova-api
jq_is "operations, in ms" "[$(of operation) | \"\\(.state | ltrimstr(\"instance.\")) \\(.total_ns / 1e6 | round)\"] | join(\", \")" \
	"scheduler.select_destinations 580, live_migration_post 562, create 553, delete 478, shutdown 270, live_migration_post_dest 165, live_migration_pre 52"
jq_is "what an operation took itself is without the one within it" \
	"[$(of operation) | {(.state): .}] | add | .[\"instance.delete\"].total_ns -
	.[\"instance.delete\"].self_ns == .[\"instance.shutdown\"].total_ns" true

jq_is "what requests were for" '[.tracks[] | select(.name == "request") | .listed[] |
	select(.name) | .name] | join(" ")' "instance.create instance.live_migration instance.delete"
$vmsync layers --object=req-92194ae0 "$t/rec/nova-full-unloaded" > "$t/text"
expect_eq "where most of its time went" "$(grep -A 1 '^  request req-92194ae0' "$t/text" |
	sed -n 's/^    most: //p')" \
	"$(jq -r '[.tracks[] | select(.name == "request") | .listed[] |
	select(.key | startswith("req-92194ae0")) | .states | group_by(.state)[] | {s: .[0].state,
	ns: (map(.until_ns - .from_ns) | add)}] | sort_by(-.ns)[:5] | map("\(.ns / 1e6 * 1000 | round |
	tostring | .[:-3] + "." + .[-3:]) \(.s)") | join(", ")' "$t/json")"

# "create = 484 ms API + 882 ms conductor, 451 of it the scheduler's; 1.5 s for Neutron"
layers nova-create-migrate-delete --all
calls='[.tracks[] | select(.name == "call") | .listed[].states[]]'
jq_is "spans: the API's part of create" "$calls | map(select(.state == \"wsgi\" and
	.place == \"nova/osapi_compute\") | .self_ns as \$s | (.until_ns - .from_ns) / 1e6 | round) |
	index(484) != null" true
jq_is "spans: the conductor's" "$calls | map(select(.state | endswith(\".schedule_and_build_instances\")) |
	(.until_ns - .from_ns) / 1e6 | round) | join(\" \")" 882
jq_is "spans: the scheduler's within it" "$calls | map(select(.depth == 1 and
	(.state | endswith(\".select_destinations\"))) | (.until_ns - .from_ns) / 1e6 | round) | .[0]" 451
jq_is "spans: live_migrate waits for Neutron" "$calls | map(select(.state |
	endswith(\".list_extensions\")) | (.until_ns - .from_ns) / 1e6 | round) | max" 1526
jq_is "spans: themselves, no less than nothing, no more than all" "$calls | map(.self_ns >= 0 and
	.self_ns <= .until_ns - .from_ns) | all" true

layers nova-libvirt-migrate
jq_is "a migration that does not converge: minutes" "$(of instance) |
	select(.state == \"active/migrating\") | .max_ns / 1e9 | floor" 222
jq_is "and its first cause" '[.tracks[] | select(.name == "instance") | .listed[] |
	select(.cause)][0] | "\(.name): \(.cause) \(.cause_place) \(.failures)"' \
	"b1: Live migration failed. nova-compute 4"
jq_is "what is not finished" '[.tracks[] | select(.name == "operation") | .listed[].states[] |
	select(.unfinished) | .state] | join(" ")' "instance.delete instance.shutdown"

layers cinder-create-attach
jq_is "a volume's states" '[.tracks[] | select(.name == "volume") | .listed[0].states[].state] |
	join(" ")' "creating available reserved in-use"
jq_is "an attachment took, ms" "$(of storage) | select(.state == \"volume.attach\") |
	.total_ns / 1e6 | round" 645
jq_is "a volume is linked to Nova's request" '[.tracks[] | select(.name == "volume") |
	.listed[0].links[] | select(.key | startswith("req-a5e6b8b3"))] | length' 1
jq_is "a request that failed, and where first" '[.tracks[] | select(.name == "request") |
	.listed[] | select(.cause) | .cause_place] | unique | join(" ")' cinder-api
$vmsync layers --object=req-a5e6b8b3 "$t/rec/cinder-create-attach" > "$t/text"
expect_eq "--object: the request, and what is linked to it" \
	"$(grep -oE '^  [a-z]+ [0-9a-z-]{12}' "$t/text" | sort | xargs)" \
	"operation 87e1d9bb-970 request req-a5e6b8b3 storage a1d37f5d-cb3 volume a1d37f5d-cb3"

layers neutron-create-bind
jq_is "a port's states" '[.tracks[] | select(.name == "port") | .listed[0].states[] |
	"\(.state) \((.until_ns - .from_ns) / 1e6 | round)"] | join(", ")' \
	"DOWN/unbound 4112, DOWN/ovs 46401, ACTIVE 15355, ACTIVE/ovs 0"

# "upcall -> execute over all 8 upcalls 1.4 .. 23 ms"
layers ovs-kernel --all
jq_is "upcalls: how many, and no end is missing" "[$(of upcall) | .count] | add" 8
jq_is "the shortest and the longest, us" '[.tracks[] | select(.name == "upcall") |
	.listed[].states[] | (.until_ns - .from_ns) / 1e3 | round] | "\(min) \(max)"' "1375 23495"

# In another buffer, by another thread, it is the same packet, and goes on to a device.
jq_is "each packet is followed up to ovs-vswitchd and down again" '[.tracks[] |
	select(.name == "packet") | .listed[].states | map(.state) |
	select(any(test("^upcall .* -> output to port ")) and any(test("^transmitted .* -> ")))] |
	length' 8

# "downtime, source stopped to destination running, 556 ms; rounds 0, 2049, 762, 762"
expect "logs are unpacked" tar -C "$t" -xf tests/data/migration.tar.xz
mkdir "$t/rec/migration"
for side in src dst; do
	expect "the $side is imported" $vmsync import qemu-log -o "$t/rec/migration/$side" \
		--vm=web1 "$t/converge-$side.log"
done
layers migration --all
jq_is "how long the guest was down" "[$(of vm) | select(.state | startswith(\"down\"))] |
	map(.total_ns / 1e6 | round) | join(\" \")" 556
jq_is "rounds, by their dirty pages" '[.tracks[] | select(.name == "round") |
	.listed[].states[].state] | join(", ")' \
	"0 dirty pages, 2049 dirty pages, 762 dirty pages"
jq_is "both sides completed" '[.tracks[] | select(.name == "side") |
	.listed[].states[-1].state] | join(" ")' "completed completed"

# --- the manual's own examples, of things that no shipped layer is for
example() { # NAME: the file from the manual
	awk -v name="$1" '/^\tlayer / { on = $2 == name } on && /^[^\t]/ { on = 0 }
		on { sub(/^\t/, ""); print }' Documentation/layers.rst > "$t/$1.layer"
}
example disk
layers block-lvm-iscsi --all -l "$t/disk.layer"
# By awk: pairs of issue and complete, of a device and sector, in ns.
cat_lines block-lvm-iscsi 'block_rq_*' | sed -nE \
	's/^\[([0-9]+):([0-9]+):([0-9]+)\.([0-9]+)\].* block_rq_(issue|complete): .* dev = ([0-9]+), sector = ([0-9]+), nr_sector = ([1-9][0-9]*),.*/\1 \2 \3 \4 \5 \6\/\7/p' |
	awk '{ ns = (($1 * 60 + $2) * 60 + $3) * 1000000000 + $4 }
		$5 == "issue" { at[$6] = ns }
		$5 == "complete" && $6 in at { n++; sum += ns - at[$6]; delete at[$6] }
		END { printf "%d %d\n", n, sum }' > "$t/awk"
jq_is "example: requests to disks, and their time" \
	"[$(of request)] | \"\\(map(.count) | add) \\(map(.total_ns) | add)\"" "$(cat "$t/awk")"
expect "example: there are some" grep -qE '^1[0-9] ' "$t/awk"
example calls
layers block-lvm-iscsi --all -l "$t/calls.layer"
cat_lines block-lvm-iscsi '*pread64' | sed -nE \
	's/^\[([0-9]+):([0-9]+):([0-9]+)\.([0-9]+)\].* syscall_(entry|exit)_pread64: .* tid = ([0-9]+) .*/\1 \2 \3 \4 \5 \6/p' |
	awk '{ ns = (($1 * 60 + $2) * 60 + $3) * 1000000000 + $4 }
		$5 == "entry" { at[$6] = ns }
		$5 == "exit" { n++; sum += ns - at[$6] }
		END { printf "%d %d\n", n, sum }' > "$t/awk"
jq_is "example: a system call, and its time" \
	"[$(of thread)] | \"\\(map(.count) | add) \\(map(.total_ns) | add)\"" "$(cat "$t/awk")"
expect_eq "example: all of them" "$(cut -d' ' -f1 "$t/awk")" 35

# --- made up, and every state is known
run_seed() {
	local seed=$1
	rm -rf "$t/w"
	$services "$t/w" "$seed" | LC_ALL=C sort > "$t/truth" &&
		$vmsync layers --all --json -l tests/gen/services.layer "$t/w" > "$t/json" &&
		jq -r -f tests/check/layers.jq "$t/json" | LC_ALL=C sort > "$t/got" &&
		cmp "$t/truth" "$t/got"
}
cases=${VMSYNC_CASES:-40} wrong=0 states=0 open=0
for seed in $(seq "$cases"); do
	if ! run_seed "$seed" > "$check_out" 2>&1; then
		wrong=$((wrong + 1))
		echo "     seed $seed: $(diff "$t/truth" "$t/got" | head -n 3)"
	fi
	states=$((states + $(wc -l < "$t/truth")))
	open=$((open + $(grep -c 'open$' "$t/truth")))
done
expect_eq "$cases seeds: every state to the ns ($states states, $open unfinished)" $wrong 0
expect "there are states, and unfinished ones" test "$states" -gt "$cases" -a "$open" -gt 0
expect_eq "sums are those of the states" "$(jq '[.tracks[] | [(.sums | map(.total_ns) | add),
	([.listed[].states[] | .until_ns - .from_ns] | add)] | .[0] == .[1]] | all' "$t/json")" true
expect_eq "one thread or several: the same" \
	"$($vmsync layers -j1 -l tests/gen/services.layer "$t/w" | cksum)" \
	"$($vmsync layers -j3 -l tests/gen/services.layer "$t/w" | cksum)"
$vmsync layers --all -l tests/gen/services.layer "$t/w" > "$t/text"
expect_eq "no control character is printed" \
	"$(LC_ALL=C tr -d '\n\040-\176\200-\377' < "$t/text" | wc -c)" 0

# --- exports: the same states, one by one
expect "jsonl: written" $vmsync layers --export=jsonl -o "$t/rows" \
	-l tests/gen/services.layer "$t/w"
jq -r 'select(.table == "layers") | [.track, .key, .state, .place, .depth, .from_ns, .until_ns,
	.self_ns, if .unfinished then "open" else "ended" end] | map(tostring) | join("\t")' \
	"$t/rows" | sed 's/\\x1b/\x1b/g; s/\\x5c/\\\\/g' | LC_ALL=C sort > "$t/got"
expect "jsonl: every state, on the machine's own clock" cmp <(grep -v ^cause "$t/truth") "$t/got"
expect_eq "jsonl: causes" "$(jq -r 'select(.cause) | ["cause", .key, .cause, .cause_ns, .failures] |
	map(tostring) | join("\t")' "$t/rows" | sed 's/\\x1b/\x1b/g; s/\\x5c/\\\\/g' | LC_ALL=C sort)" \
	"$(grep ^cause "$t/truth")"
expect "sqlite: written" $vmsync layers --export=sqlite -o "$t/db" \
	-l tests/gen/services.layer "$t/w"
db() { sqlite3 "$t/db" "$1"; }
expect_eq "sqlite: whole" "$(db "pragma integrity_check")" ok
# rows TABLE: as jsonl has them
rows() { jq -S -c 'select(.table == "'"$1"'") | del(.table, .links)' "$t/rows" | LC_ALL=C sort; }
expect "sqlite: every state" cmp <(rows layers) <(sqlite3 -json "$t/db" "select t.name as track,
	o.key, s.state, ifnull(s.place, '') as place, s.from_ns, s.until_ns, s.self_ns, s.depth,
	s.nested, s.failed, s.unfinished from states s join objects o using (object)
	join tracks t using (track)" |
	jq -S -c '.[] | map_values(.) | .nested = (.nested == 1) | .failed = (.failed == 1) |
		.unfinished = (.unfinished == 1)' | LC_ALL=C sort)
expect "sqlite: every object" cmp <(rows objects) <(sqlite3 -json "$t/db" "select t.name as track,
	o.key, ifnull(o.name, '') as name, from_ns, until_ns, failures, cause, cause_ns,
	iif(cause is null, null, ifnull(cause_place, '')) as cause_place
	from objects o join tracks t using (track)" |
	jq -S -c '.[] | with_entries(select(.value != null))' | LC_ALL=C sort)
# Not of states whose names are written otherwise in a report: rows above have them.
same() { LC_ALL=C grep -avE 'red|back.*slash|half' | LC_ALL=C sort; }
expect_eq "sqlite: its figures are the report's" "$(db "select track, state, ifnull(place, ''), nested,
	states - unfinished, unfinished, failed, total_ns, self_ns from figures" | same)" \
	"$($vmsync layers --json -l tests/gen/services.layer "$t/w" | jq -r '.tracks[] | .name as $t |
	.sums[] | [$t, .state, (.place // ""), (if .nested then 1 else 0 end), .count, .unfinished,
	.failed, .total_ns, .self_ns] | map(tostring) | join("|")' | same)"
expect "sqlite: of the recorded ones" $vmsync layers --export=sqlite -o "$t/cinder.db" \
	"$t/rec/cinder-create-attach"
expect_eq "sqlite: a volume is linked to Nova's request" "$(sqlite3 "$t/cinder.db" "select
	count(distinct r.key) from linked l join objects o using (object) join tracks t using (track)
	join objects r on r.object = l.to_object where t.name = 'volume'
	and r.key glob 'req-a5e6b8b3*'")" 1
expect "perfetto: written" $vmsync layers --export=perfetto -o "$t/p" \
	-l tests/gen/services.layer "$t/w"
if tests/perfetto/fetch.sh build/perfetto > "$check_out" 2>&1; then
	# Of a track each: what it says is that it is in.
	node tests/perfetto/query.mjs build/perfetto "$t/p" \
		"select count(*), sum(dur), min(ts) >= 0 from slice" \
		"select name, value from stats where severity in ('error', 'data_loss') and value > 0" \
		"select sum(s.dur) from slice s join track t on s.track_id = t.id
			join track o on t.parent_id = o.id where t.name = 'operations'
			and o.name glob 'job*'" > "$t/sql" 2>&1
	expect_eq "perfetto: its own processor finds as many states, and as much time" \
		"$(grep . "$t/sql" | tr '\t' ' ' | paste -sd' ')" \
		"$(jq -s -r 'map(select(.table == "layers") | .ns = .until_ns - .from_ns) |
			"\(length) \(map(.ns) | add) 1 \(map(select(.track == "job").ns) | add)"' "$t/rows")"
else
	skip "perfetto: no trace processor (npm, node): $(tail -n 1 "$check_out")"
fi
# Tracks are numbered over all files: each has a group with its name.
many=()
for file in a b; do
	many+=(-l "$t/$file.layer")
	{
		printf 'layer %s\n' $file
		printf "track $file%s-group\n" $(seq 40)
		echo 'event svc:state'
		printf "state $file%s-group vm = state\n" $(seq 40)
	} > "$t/$file.layer"
done
expect "perfetto: 80 tracks of two files" $vmsync layers --export=perfetto -o "$t/groups" \
	"${many[@]}" "$t/w"
expect_eq "perfetto: each of them is named, once" \
	"$(grep -aoE '[ab][0-9]+-group' "$t/groups" | sort | uniq -c | awk '{ print $1 }' |
		sort | uniq -c | xargs)" "80 1"
expect_error "the file is there already" "exists already|already exists" \
	$vmsync layers --export=jsonl -o "$t/rows" "$t/w"
expect_error "an export needs a file" "go together" $vmsync layers --export=jsonl "$t/w"
expect_error "no such format" "no format xml" $vmsync layers --export=xml -o "$t/x" "$t/w"
expect_error "an export is no report" "no report" \
	$vmsync layers --export=jsonl --json -o "$t/x" "$t/w"
expect_error "an export of what is no trace" "No such file" \
	$vmsync layers --export=jsonl -o "$t/x" "$t/nothing"
expect_error "an export of a trace that no layer knows" "no layer knows" \
	$vmsync layers --export=jsonl -o "$t/x" -l jvm "$t/w"
expect_eq "nothing is left of those" "$(find "$t" -maxdepth 1 \( -name x -o -name 'x.part-*' \))" ""

# --- what the trace itself says
cat > "$t/env.layer" <<-"END"
	layer x
	track x
	event svc:*
		where nobody != ""
		state x "x" = $hostname " " $env.domain " " $event [" " $env.none]
END
expect_eq "hostname, environment, event" "$($vmsync layers --json -l "$t/env.layer" "$t/w" |
	jq -r '.tracks[0].sums[].state')" "ctl ust svc:start"

printf 'layer x\nneeds svc:go*\nneeds "svc:start"\ntrack x\nevent svc:start\nstate x "x" = "y"\n' \
	> "$t/needs.layer"
expect "what is needed is there" $vmsync layers -l "$t/needs.layer" "$t/w"
sed -i 's/svc:go\*/svc:nothing/' "$t/needs.layer"
expect_error "what is needed is not there" "no layer knows" $vmsync layers -l "$t/needs.layer" "$t/w"

# The first machine has the key; whoever comes later keeps its own, and so does the first one
# when it comes again.
objects() { # LINE...: how many there are of the track "a" in these lines of a layer
	printf 'layer x\ntrack a\nevent svc:state\n' > "$t/rekey.layer"
	printf '%s\n' "$@" >> "$t/rekey.layer"
	$vmsync layers --json -l "$t/rekey.layer" "$t/w" | jq .tracks[0].objects
}
expect_eq "a key that another one has is not taken" \
	"$(objects 'seen a vm = state' 'rekey a vm, "one"')" \
	"$(($(objects 'seen a vm = state') + 1))"
expect_eq "one that is not known is not made" \
	"$(objects 'seen a "one" = "x"' 'seen a vm = state, known' 'rekey a vm, "two"')" 1

# --- many objects at a time: memory is bounded
$services "$t/many" 400000 100000
sed 's/^track job$/track job, timeout 100 ms, most 1000/' tests/gen/services.layer > "$t/few.layer"
$vmsync layers --json -l "$t/few.layer" "$t/many" > "$t/json"
jq_is "too many at a time are let go, and that is said" \
	'.tracks[] | select(.name == "job") | .crowded_out > 90000 and .objects > 90000' true
(
	# AddressSanitizer needs room of its own: the release is limited.
	ulimit -v 600000
	build/release/vmsync layers -j1 --json -l tests/gen/services.layer "$t/many" > "$t/json"
)
jq_is "100000 open requests" '.tracks[] | select(.name == "job") | .objects > 200000 and .crowded_out == 0 and
	(.sums[0] | .unfinished > 99000 and .count > 100000)' true

# Each that has ended is taken out of the table, and no other is lost by that.
build/release/vmsync layers --json -l tests/perf/requests.layer "$t/many" > "$t/json"
begun=$(build/release/vmsync cat --event=svc:begin "$t/many" | wc -l)
ended=$(build/release/vmsync cat --event=svc:end "$t/many" | wc -l)
jq_is "each request begins once, and ends once" '.tracks[0] | "\(.objects) \(.sums[0].count) " +
	"\(.sums[0].unfinished) \(.not_begun) \(.restarted)"' \
	"$begun $ended $((begun - ended)) 0 0"

# --- files that are wrong: the first thing, with line and column
expect_error "no such layer" "^vmsync layers: x: no such layer; " $vmsync layers -l x "$t/w"
expect_error "no such file" "x.layer: No such file" $vmsync layers -l ./x.layer "$t/w"
expect_error "a folder" "Is a directory" $vmsync layers -l "$t/rec/" "$t/w"
expect_error "no trace" "no trace named" $vmsync layers
expect_error "no event is known" "no layer knows an event" $vmsync layers -l jvm "$t/w"
printf 'layer x\ntrack a\nevent e\nstate a b = c\n' > "$t/state.layer"
printf 'layer y\ntrack a\nevent e\nseen a b = c\n' > "$t/seen.layer"
expect_error "layers that contradict each other" "seen.layer: a track of it has" \
	$vmsync layers -l "$t/state.layer" -l "$t/seen.layer" "$t/w"
expect_error "nothing to list" "no layers are installed" \
	env VMSYNC_LAYERS=/nonexistent $vmsync layers --list
expect_error "layers of no folder" "no layers are installed" \
	env VMSYNC_LAYERS=/nonexistent $vmsync layers "$t/w"
head -c 2000000 /dev/zero | tr '\0' '#' > "$t/large.layer"
expect_error "too large" "more than 1048576 bytes" $vmsync layers --check -l "$t/large.layer"

wrong() { # LINE:COLUMN WHAT TEXT: a file with this text below "layer x" and two tracks
	printf 'layer x\ntrack a\ntrack s\nevent e\n%b' "$3" > "$t/wrong.layer"
	expect_error "$2" "wrong.layer:$1: .*$2" $vmsync layers --check -l "$t/wrong.layer"
}
file() { # LINE:COLUMN WHAT TEXT: this file
	printf '%b' "$3" > "$t/wrong.layer"
	expect_error "$2" "wrong.layer:$1: .*$2" $vmsync layers --check -l "$t/wrong.layer"
}
file 1:1 "a file begins with 'layer NAME'" ""
file 2:1 "a file begins with 'layer NAME'" "# x\ntrack a\n"
file 1:7 "the name of a layer is missing" 'layer "x"\n'
file 1:7 "'/' in the name of a layer" "layer a/b\n"
file 1:7 "a name of more than 32 bytes" "layer $(printf 'x%.0s' $(seq 33))\n"
file 1:9 "the line should end here" "layer x y\n"
file 2:1 "'layer' is said once" "layer x\nlayer y\n"
file 2:1 "no event does anything" "layer x\n"
file 2:6 "the name of a track is missing" "layer x\ntrack\n"
file 3:7 "a track of this name already" "layer x\ntrack a\ntrack a\n"
file 2:10 "timeout or most" "layer x\ntrack a, size 3\n"
file 2:23 "timeout or most" "layer x\ntrack a, timeout 3 s, timeout 3 s\n"
file 2:18 "no time" "layer x\ntrack a, timeout soon\n"
file 2:18 "no time" "layer x\ntrack a, timeout 0s\n"
file 2:18 "in ns, us, ms, s or min" "layer x\ntrack a, timeout 3h\n"
file 2:19 "in ns, us, ms, s or min" "layer x\ntrack a, timeout 3\n"
file 2:15 "no number of objects" "layer x\ntrack a, most 0\n"
file 2:1 "'where' belongs below an event" 'layer x\nwhere a = "b"\n'
file 3:1 "'state' belongs below an event" 'layer x\ntrack a\nstate a b = c\n'
file 2:6 "the name of an event is missing" "layer x\nevent\n"
file 2:7 "the name of an event is missing" "layer x\nneeds ,\n"
file 66:7 "more than 64 tracks" "layer x\n$(printf 'track t%s\\n' $(seq 65))"
wrong 5:1 "a line begins with" "stat a b = c\n"
wrong 5:2 "a byte 0xc3 can be" "\t\xc3 a\n"
wrong 5:1 "'\\{' means nothing" "{\n"
wrong 5:6 "the name of a track is missing" "state\n"
wrong 5:7 "no track 'b' was described" "state b c = d\n"
wrong 5:8 "a field or a string is missing" "state a\n"
wrong 5:10 "'=' is missing" "state a b\n"
wrong 5:12 "a field or a string is missing" "state a b =\n"
wrong 5:15 "the line should end here" 'state a b = c ]\n'
wrong 5:16 "']' is missing" 'state a b = [ c\n'
wrong 5:16 "'\\[' within '\\['" 'state a b = [c [d]]\n'
wrong 5:14 "nothing is between" 'state a b = []\n'
wrong 5:16 "missing behind '\\|'" 'state a b = c |\n'
wrong 5:13 "the string does not end" 'state a b = "c\n'
wrong 5:15 "stands before" 'state a b = "c\\n"\n'
wrong 5:15 "a control character" 'state a b = "c\001"\n'
wrong 5:13 "is no name of a field" 'state a b = c*\n'
wrong 5:13 "there are \\\$hostname" "state a b = \$host\\n"
wrong 5:13 "a key is missing behind '/'" 'state a b = c//d\n'
wrong 5:15 "nothing is in every text" 'state a b = c<""\n'
wrong 5:16 "has no such option" 'state a b = c, id d\n'
wrong 5:22 "'at' is said twice" 'state a b = c, at d, at e\n'
wrong 5:15 "which state ends" "end a b, quiet\n"
wrong 5:13 "how long" "took a b = c\n"
wrong 5:20 "',' is missing" "took a b = c, for d\n"
wrong 5:22 "a time is in" "took a b = c, for d, h\n"
wrong 5:10 "'gone' has a key only" "gone a b = c\n"
wrong 5:9 "',' is missing" "link a b\n"
wrong 5:10 "',' is missing" "rekey a b\n"
wrong 5:12 "a field or a string is missing" "rekey a b, \n"
wrong 5:16 "has no such option" 'state a b = c, known\n'
wrong 5:11 "the name of a track is missing" "link a b, \n"
wrong 6:13 "has 'state' already" "state a b = c\nseen a b = c\n"
wrong 6:1 "'where' comes before" 'state a b = c\nwhere a = "b"\n'
wrong 5:7 "the name of a field is missing" 'where "a" = "b"\n'
wrong 5:9 "one of = " 'where a b\n'
wrong 5:8 "one of = " 'where a\n'
wrong 5:10 "a string or a number is missing" 'where a =\n'
wrong 5:11 "'b' is no number" 'where a = b\n'
wrong 5:12 "what is less or more" 'where a >= "b"\n'
wrong 5:14 "one of = " 'where a < "b"\n'

# --- installed, they are found beside the tool
expect "installed" make -s install-tool DESTDIR="$t/installed" PREFIX=/usr
expect_eq "the installed tool has its layers" \
	"$("$t/installed/usr/bin/vmsync" layers --list | cut -d' ' -f1 | xargs)" \
	"cinder jvm neutron nova openstack openvswitch qemu-migration"
finish
