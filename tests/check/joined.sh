#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Live migrations joined over a service's operation, both QEMUs and the kernels of both
# hosts: a real run of Nova on two libvirt hosts, recorded; and hosts' traces that were
# made up, whose figures vmsync analyze has as well.
. tests/check/lib.sh

expect "the tool builds" make -s -j2 tool build/release/tests/contend
expect "and with the sanitizers" make -s -j2 VARIANT=asan tool
vmsync=build/asan/vmsync
t=$check_tmp

# section ID: of $t/page.html, as text
section() {
	awk -v id="<section id=$1>" 'index($0, id) == 1 { on = 1 } on { print }
		on && /<\/section>/ { exit }' "$t/page.html"
}
# shows TEXT ID PATTERN: a section holds it; not_shown: it does not
shows() { expect "$1" grep -qE "$3" <(section "$2"); }
not_shown() { expect_eq "$1" "$(section "$2" | grep -cE "$3")" 0; }

# --- a real run: application and virtualization
for archive in cloud migration libvirt; do
	expect "$archive is unpacked" tar -C "$t" -xf "tests/data/$archive.tar.xz"
done
ust=$t/nova-libvirt-migrate
# side LOG HOST DOMAIN
side() {
	expect "$1 is imported" "$vmsync" import qemu-log -o "$t/qemu/$1" --clock="$ust" \
		--libvirt="$t/libvirt/$2/$3.log" "$t/$1.log"
}
mkdir "$t/qemu"
side libvirt-src hv1 instance-00000009
side libvirt-dst hv2 instance-00000009
side busy-src hv1 instance-0000000a
side busy-dst hv2 instance-0000000a
expect_eq "libvirt says whose it is" "$(sed -n 's/^\t\(vm[a-z_]*\) = "\(.*\)";$/\1=\2/p' \
	"$t/qemu/libvirt-dst/metadata" | xargs)" \
	"vm=instance-00000009 vm_uuid=0ff9eaff-84ff-461f-9b0b-8b7275dec0df vm_host=hv2"
expect "a page" "$vmsync" report -o "$t/page.html" "$ust" "$t/qemu"
"$vmsync" layers --json --all -l nova "$ust" > "$t/layers.json"
"$vmsync" migration --json "$t/qemu" > "$t/json"
# answer NAME N: what the page has to say, of what layers and migration say apart
answer() {
	# shellcheck disable=SC2016 # of jq
	jq -r -n --arg name "$1" --argjson n "$2" --slurpfile l "$t/layers.json" \
		--slurpfile m "$t/json" '
		def s: . / 1e6 | round | if . % 1000 == 0 then "\(. / 1000).000" else
			"\(. / 1000 | floor).\(. % 1000 + 1000 | tostring | .[1:])" end + " s";
		($m[0].first_event_ns - $l[0].begin_ns) as $offset | $m[0].migrations[$n] as $g |
		($l[0].tracks[] | select(.name == "instance").listed[] |
			select(.name == $name).states[] | select(.state == "active/migrating")) as $a |
		($g.source.begin_ns + $offset) as $from | ($g.source.end_ns + $offset) as $until |
		"instance \($name) was active/migrating for \($a.until_ns - $a.from_ns | s): " +
		"\($from - $a.from_ns | s) before QEMU began, \($until - $from | s) of QEMU&#39;s own, " +
		"\($a.until_ns - $until | s) after that." + if $g.downtime_ns then
		" The guest was down for \($g.downtime_ns | s), from its source&#39;s stop to its " +
		"destination&#39;s run." else "" end' | sed "s/&#39;/'/g"
}
for n in 1 2; do
	name=$([ $n = 1 ] && echo q1 || echo b1)
	expect_eq "$name: Nova's time before, in and after QEMU" "$(section migration-$n |
		sed -n "s/<p class=answer>\(.*\)<\/p>/\1/p" | sed "s/&#39;/'/g")" \
		"$(answer "$name" $((n - 1)))"
done
expect "as JSON" sh -c "'$vmsync' report --json '$ust' '$t/qemu' > '$t/join.json'"
expect_eq "JSON: schema" "$(against join "$t/join.json")" "[]"
expect_eq "JSON: not after a change" "$(against join "$t/join.json" \
	'.migrations[0].objects[0].states[0].until_ns = "1"' | jq -c 'length > 0')" true
# shellcheck disable=SC2016 # of jq
expect_eq "JSON: QEMU's migrations as vmsync migration has them" "$(jq -c -n \
	--slurpfile j "$t/join.json" --slurpfile m "$t/json" \
	'[$j[0].migrations[].qemu] == $m[0].migrations, $j[0].processes == $m[0].processes' |
		xargs)" "true true"
for n in 0 1; do
	name=$([ $n = 0 ] && echo q1 || echo b1)
	# shellcheck disable=SC2016 # of jq
	# Times of day of such a length jq knows to 256 ns.
	expect_eq "JSON: $name: the operation as layers and migration have it" \
		"$(jq -c -n --arg name "$name" --argjson n $n --slurpfile j "$t/join.json" \
		--slurpfile l "$t/layers.json" --slurpfile m "$t/json" '
		$j[0].migrations[$n].operation as $o | ($m[0].first_event_ns - $l[0].begin_ns) as $offset | $m[0].migrations[$n] as $g |
		($l[0].tracks[] | select(.name == "instance").listed[] |
			select(.name == $name).states[] | select(.state == "active/migrating")) as $a |
		($g.source.begin_ns + $offset) as $from | ($g.source.end_ns + $offset) as $until |
		[$o.name == $name, $o.is.state == $a.state,
			($from - $a.from_ns - $o.before_ns, $until - $from - $o.qemu_ns,
			$a.until_ns - $until - $o.after_ns | fabs < 1000)] | unique')" '[true]'
done
# Of each operation: what layers say of it, and stages of QEMU's that were going on.
"$vmsync" layers --json --all -l nova -l openstack "$ust" > "$t/all.json"
# shellcheck disable=SC2016 # of jq
all='map([.track, .key, .state, .place, .nested, .ns]) | sort | tojson'
expect_eq "JSON: operations are all that layers have" \
	"$(jq '[.operations[] | {track, key} + .is | .ns = .until_ns - .from_ns] | '"$all" \
		"$t/join.json" | cksum)" \
	"$(jq '[.tracks[] | .name as $t | select($t != "request") | .listed[] | .key as $k |
		.states[] | {track: $t, key: $k, place: "", nested: has("depth")} + . |
		.ns = .until_ns - .from_ns] | '"$all" "$t/all.json" | cksum)"
# shellcheck disable=SC2016 # of jq
expect_eq "JSON: QEMU's part of what a migration was for" "$(jq -c '[.migrations[] as $m |
	.operations[] | select(.key == $m.operation.key and .is == $m.operation.is) |
	(.processes | sort) == ([$m.qemu | .source.process, .destination.process] | sort),
	[.qemu[] | select(.side == "source") | [.stage, .from_ns]] ==
		[$m.qemu.source.stages[] | [.state, .begin_ns]],
	([.qemu[].migration] | unique) == [$m.migration]]' "$t/join.json")" \
	"[true,true,true,true,true,true]"
expect_eq "JSON: of operations before and after it nothing is QEMU's" "$(jq -c '[.operations[] |
	select(.is.state | test("spawning|live_migration_p")) | .qemu | length] | unique' \
	"$t/join.json")" "[0]"
expect_eq "JSON: the request, and no other's" "$(jq -c '[.migrations[].objects[] |
	select(.track == "request").key[0:12]] | unique' "$t/join.json")" \
	'["req-3ce45fc9","req-ed8dbbc3"]'
shows "from one host to the other" migration-1 \
	'Live migration: q1, instance-00000009 on hv1 → instance-00000009 on hv2'
shows "the request that asked for it" migration-1 'request req-3ce45fc9 instance'
not_shown "and no other's" migration-1 'req-ed8dbbc3'
shows "the other one's request" migration-2 'request req-ed8dbbc3 instance'
shows "operations" migration-1 'instance.live_migration_post @ nova-compute:hv1'
shows "the destination's stages" migration-1 'destination: instance-00000009 on hv2'
shows "the downtime, through all lanes" migration-1 'class=down .*down, 118.843 ms'
not_shown "none where there was none" migration-2 'class=down'
expect_eq "rounds with dirty pages" "$(section migration-2 | grep -c 'class=dirty')" \
	"$(jq '[.migrations[1].source.rounds[1:][] | select(.dirty_pages != 0)] | length' \
		"$t/json")"
expect_eq "tables of all tracks" "$(grep -oE '<section id=track-[0-9]+><h2>[a-z]+' \
	"$t/page.html" | sed 's/.*>//' | sort | xargs)" "call instance operation request"
expect "what failed" grep -q 'class=note>b1 FAILED: Live migration failed' "$t/page.html"

# By a name, and by none.
mkdir "$t/named"
expect "a QEMU with a name" "$vmsync" import qemu-log -o "$t/named/src" --clock="$ust" \
	--vm=q1 "$t/libvirt-src.log"
rm "$t/page.html"
expect "a page of it" "$vmsync" report -o "$t/page.html" "$ust" "$t/named"
shows "joined by its name" migration-1 'request req-3ce45fc9'
rm -r "$t/named/src" "$t/page.html"
expect "one without" "$vmsync" import qemu-log -o "$t/named/src" --clock="$ust" \
	"$t/libvirt-src.log"
expect "a page of that" "$vmsync" report -o "$t/page.html" "$ust" "$t/named"
shows "not joined" migration-1 'No service.s operation was found'
not_shown "with nothing" migration-1 'req-'

# --- two hosts' kernels, made up: one process of each is QEMU's
build/release/tests/contend "$t/host" > "$check_out"
mkdir "$t/two"
cp -r "$t/host/host" "$t/two/first"
cp -r "$t/host/host" "$t/two/second"
sed -i 's/hostname = "host"/hostname = "other"/
	s/^\(\tuuid = "eac19182-.*\)..";/\1aa";/' "$t/two/second/metadata"
cat > "$t/src.log" << 'END'
600@1750000077.020000:migrate_set_state new state setup
600@1750000077.020100:migration_set_outgoing_channel ioc=0x1 ioctype=x hostname=x err=(nil)
650@1750000077.030000:migrate_set_state new state active
650@1750000077.100000:runstate_set current_run_state 9 (running) new_state 7 (finish-migrate)
650@1750000077.120000:migrate_set_state new state completed
END
cat > "$t/dst.log" << 'END'
500@1750000077.019000:migration_socket_incoming_accepted 
500@1750000077.019500:migrate_set_state new state active
500@1750000077.104000:runstate_set current_run_state 1 (inmigrate) new_state 9 (running)
500@1750000077.119000:migrate_set_state new state completed
END
expect "source" "$vmsync" import qemu-log -o "$t/two/src" --vm='<b>1' \
	--clock="$t/two/first" "$t/src.log"
expect "destination" "$vmsync" import qemu-log -o "$t/two/dst" --vm='<b>1' \
	--clock="$t/two/second" "$t/dst.log"
rm "$t/page.html"
expect "two clocks: a page" "$vmsync" report -o "$t/page.html" "$t/two"
shows "two clocks: the source's virtual CPU" migration-1 'vCPU 0 of process 600 on host<'
not_shown "two clocks: nothing of the destination's" migration-1 \
	'process 500|destination:|class=down'
expect "two clocks: it is said" grep -q 'class=note>Traces are of machines with clocks' \
	"$t/page.html"
rm "$t/page.html"
expect "times of day that agree: a page" "$vmsync" report --agree=0.5 -o "$t/page.html" "$t/two"
shows "that agree: both virtual CPUs" migration-1 'vCPU 0 of process 500 on other<'
shows "that agree: the downtime" migration-1 'down, 4.000 ms'
expect "no name is a tag" sh -c "! grep -q '<b>' '$t/page.html'"
expect_eq "that agree: the bound" "$("$vmsync" migration --json --agree=0.5 "$t/two" 2> "$t/err" |
	jq '.migrations[0] | .downtime_ns, .downtime_bound_ns' | xargs)" "4000000 501001"

# Areas of the picture: of all states of a virtual CPU the share of the time that each had.
# area N STATE X: of the n-th virtual CPU up to there, in thousandths
area() {
	section migration-1 | grep '^<path class=s-' | awk -v n="$1" -v state="s-$2" -v most="$3" '
		{ split($2, name, "="); if (name[2] == "s-guest") vcpu++ }
		vcpu != n { next }
		{
			sum = 0
			rest = $0
			while (match(rest, /M[0-9. ]+h[0-9.]+v[0-9.]+/)) {
				split(substr(rest, RSTART + 1, RLENGTH - 1), side, "[ hv]")
				if (side[1] < most)
					sum += side[3] * side[4]
				rest = substr(rest, RSTART + RLENGTH)
			}
			all += sum
			if (name[2] == state) own = sum
		}
		END { printf "%d\n", own / all * 1000 + .5 }'
}
# The picture is of the migration, 77.02 to 77.12 s, and 920 wide from 270 on: all of it,
# and its first twentieth, in which the shares are others.
for until in 0.12 0.025; do
	x=$([ $until = 0.12 ] && echo 2000 || echo 314)
	build/release/vmsync analyze --json --since=0.02 --until=$until "$t/two/first" > "$t/json"
	for n in 1 2; do
		pid=$([ $n = 1 ] && echo 600 || echo 500)
		for state in guest halted preempted; do
			wanted=$(jq ".vcpus[] | select(.pid == $pid) | .states_ns | .$state * 1000 /
				([.[]] | add) | round" "$t/json")
			got=$(area $n $state "$x")
			expect "process $pid, $state to $until: ${wanted:-?} of 1000, drawn: $got" \
				test $((got - wanted)) -ge -30 -a $((got - wanted)) -le 30
		done
	done
done

# As JSON virtual CPUs are by state from a twentieth of QEMU's time before it to one behind.
"$vmsync" report --json --agree=0.5 "$t/two" > "$t/join.json"
expect_eq "JSON of two hosts: schema" "$(against join "$t/join.json")" "[]"
for side in source destination; do
	pid=$([ $side = source ] && echo 600 || echo 500)
	read -r since until <<< "$(jq -r ".first_event_ns as \$e | .migrations[0].vcpus[] |
		select(.side == \"$side\") | (.from_ns, .until_ns) + \$e - 1750000077000000000 |
		. / 1e9" "$t/join.json" | xargs)"
	build/release/vmsync analyze --json --since="$since" --until="$until" "$t/two/first" \
		> "$t/json"
	# shellcheck disable=SC2016 # of jq
	expect_eq "JSON of two hosts: $side: each state as vmsync analyze has it" \
		"$(jq -c -n --arg side "$side" --argjson pid "$pid" --slurpfile j "$t/join.json" \
		--slurpfile a "$t/json" '($a[0].vcpus[] | select(.pid == $pid).states_ns) as $a |
		$j[0].migrations[0].vcpus[] | select(.side == $side).states_ns | to_entries |
		[length, (map(.value) | add > 1e8), (map($a[.key] - .value | fabs < 1000) | all)]')" \
		"[12,true,true]"
done

# Operations of a service, by a layer of ours: one of that machine while it migrates, one in it,
# one of another machine, and one that began before all and never ended.
mkdir "$t/layers" "$t/three"
cat > "$t/layers/jobs.layer" << 'END'
layer jobs "what a test makes up"
track job "operations"
event qemu:job_begin
	begin job vm = op
event qemu:job_end
	end job vm = op
END
printf '%s\n' 'job_begin(const char *vm, const char *op) "vm %s op %s"' \
	'job_end(const char *vm, const char *op) "vm %s op %s"' > "$t/jobs"
cat > "$t/jobs.log" << 'END'
9@1750000077.001000:job_begin vm <b>1 op forever
9@1750000077.010000:job_begin vm <b>1 op move
9@1750000077.050000:job_begin vm <b>1 op inner
9@1750000077.060000:job_begin vm other op away
9@1750000077.070000:job_end vm <b>1 op inner
9@1750000077.090000:job_end vm other op away
9@1750000077.130000:job_end vm <b>1 op move
END
cp -r "$t/two/first" "$t/two/second" "$t/two/src" "$t/two/dst" "$t/three/"
expect "jobs" "$vmsync" import qemu-log -o "$t/three/jobs" --events="$t/jobs" \
	--clock="$t/two/first" "$t/jobs.log"
VMSYNC_LAYERS=$t/layers "$vmsync" report --json --agree=0.5 "$t/three" > "$t/ops.json"
expect_eq "operations: schema" "$(against join "$t/ops.json")" "[]"
expect_eq "operations: all, and whose" "$(jq -c '[.operations[] | [.key, .is.state, .depth,
	(.vcpus | map(.machine) | sort | join(" ")), (.qemu | map(.side) | unique | join(" "))]]' \
	"$t/ops.json")" "$(jq -c . << 'END'
[["<b>1","forever",0,"host other","destination source"],["<b>1","move",1,"host other",
"destination source"],["<b>1","inner",2,"host other","destination source"],["other","away",0,"",""]]
END
)"
for op in move inner forever; do
	read -r since until <<< "$(jq -r --arg op $op '.first_event_ns as $e | .operations[] |
		select(.is.state == $op).is | (.from_ns, .until_ns) + $e - 1750000077000000000 |
		. / 1e9' "$t/ops.json" | xargs)"
	build/release/vmsync analyze --json --since="$since" --until="$until" "$t/two/first" \
		> "$t/json"
	for pid in 600 500; do
		# shellcheck disable=SC2016 # of jq
		expect_eq "operations: $op: each state of process $pid as vmsync analyze has it" \
			"$(jq -c -n --arg op $op --argjson pid $pid --slurpfile j "$t/ops.json" \
			--slurpfile a "$t/json" '($a[0].vcpus[] | select(.pid == $pid).states_ns) as $a |
			$j[0].operations[] | select(.is.state == $op).vcpus[] |
			select(.machine == if $pid == 600 then "host" else "other" end).states_ns |
			to_entries | [length, (map(.value) | add > 1e7),
			(map($a[.key] - .value | fabs < 1000) | all)]')" "[12,true,true]"
	done
done
# Of another clock, of which nothing is known, nothing is told.
VMSYNC_LAYERS=$t/layers "$vmsync" report --json "$t/three" > "$t/ops.json"
expect_eq "operations: two clocks: the source alone" "$(jq -c '[.operations[] |
	select(.is.state == "move") | (.vcpus[] | .machine), (.qemu[] | .side)] | unique' \
	"$t/ops.json")" '["host","source"]'

# --- the same two on one clock: messages between both QEMUs, 100 us each, and fuse
printf 'sent(int n) "n %%d"\ngot(int n) "n %%d"\n' > "$t/events"
# messages SENT GOT PID: each ms one that goes out first, or one that comes
messages() {
	awk -v sent="$1" -v got="$2" -v pid="$3" 'BEGIN {
		for (i = 0; i < 160; i++) {
			printf "%d@1750000077.%06d:sent n %d\n", pid, i * 1000 + sent, i + sent * 10
			printf "%d@1750000077.%06d:got n %d\n", pid, i * 1000 + got, i + (got - 100) * 10
		}
	}'
}
mkdir "$t/m1" "$t/m2"
cp -r "$t/two/first" "$t/m1/" && cp -r "$t/two/second" "$t/m2/"
{ cat "$t/src.log"; messages 300 700 600; } | sort -s -t@ -k2,2 > "$t/src-m.log"
{ cat "$t/dst.log"; messages 600 400 500; } | sort -s -t@ -k2,2 > "$t/dst-m.log"
expect "messages: source" "$vmsync" import qemu-log -o "$t/m1/qemu" --vm=web \
	--events="$t/events" --clock="$t/m1/first" "$t/src-m.log"
expect "messages: destination" "$vmsync" import qemu-log -o "$t/m2/qemu" --vm=web \
	--events="$t/events" --clock="$t/m2/second" "$t/dst-m.log"
"$vmsync" fuse --match=cause=qemu:sent,effect=qemu:got,key=n -o "$t/m" "$t/m1" "$t/m2" \
	> "$check_out" 2>&1
"$vmsync" report --json "$t/m" > "$t/json" 2> "$check_out.err"
expect_eq "on one clock: schema" "$(against join "$t/json")" "[]"
expect_eq "on one clock: nothing is amiss" "$(json '.notes | tojson')" "[]"
# Messages tell it to 100 us, and to each log's last us.
expect_eq "on one clock: the downtime, and how well it is known" "$(json '.migrations[0].qemu |
	(.downtime_ns - 4e6 | fabs) <= .downtime_bound_ns, .downtime_bound_ns > 50000,
	.downtime_bound_ns < 250000' | xargs)" "true true true"
expect_eq "on one clock: virtual CPUs of both hosts" "$(json '[.migrations[0].vcpus[] |
	[.side, .machine, .name]] | sort | tojson')" \
	'[["destination","other","vCPU 0 of process 500"],["source","host","vCPU 0 of process 600"]]'
# What each did, and when it was in its guest, on the second one's clock as on the first's.
for side in source destination; do
	# shellcheck disable=SC2016 # of jq
	expect_eq "on one clock: $side: as by times of day that agree" "$(jq -c -n \
		--arg side "$side" --slurpfile j "$t/join.json" --slurpfile m "$t/json" '
		[$j[0], $m[0] | .migrations[0].vcpus[] | select(.side == $side)] as [$a, $b] |
		[$a.states_ns | to_entries[] | (.value - $b.states_ns[.key] | fabs) < 1e6] | all')" \
		true
done
expect_eq "on one clock: not in a guest from the source's last to the destination's first" \
	"$(jq -c '.migrations[0] | (.vcpus | map({ (.side): . }) | add) as $v |
	[$v.source.last_in_guest_ns, $v.destination.first_in_guest_ns, .kernel_down_ns] |
	.[0] > .[1] and .[2] == null' "$t/json")" true
"$vmsync" migration "$t/m" > "$t/said"
expect "on one clock: the bound, in words" grep -qE 'running; \+- [0-9.]+ us$' "$t/said"
rm "$t/page.html"
expect "on one clock: a page" "$vmsync" report -o "$t/page.html" "$t/m"
shows "on one clock: both virtual CPUs" migration-1 'vCPU 0 of process 500 on other<'
shows "on one clock: the downtime" migration-1 'down, [34]\.[0-9]* ms'
expect_eq "on one clock: the second host by itself" "$("$vmsync" analyze --json "$t/m/guest-other" |
	jq -c '[.vcpus[] | [.pid, .tid, ([.exits[].count] | add)]]')" \
	"$("$vmsync" analyze --json "$t/two/second" |
		jq -c '[.vcpus[] | [.pid, .tid, ([.exits[].count] | add)]]')"

# --- one host, with guests: the page of its analysis, and threads that ran
cp -r "$t/host" "$t/one"
expect "on one host" "$vmsync" import qemu-log -o "$t/one/qemu" --clock="$t/one/host" "$t/src.log"
rm "$t/page.html"
expect "one host: a page" "$vmsync" report -o "$t/page.html" "$t/one"
shows "one host: threads of the guest" migration-1 'one of which wrote to it: .*ms, .*ms, .*ms<'
expect "one host: and the analysis" grep -q '<section id=timeline>' "$t/page.html"
expect "on one clock by fuse" "$vmsync" fuse -o "$t/fused" "$t/one"
section migration-1 > "$t/apart"
rm "$t/page.html"
expect "fused: a page" "$vmsync" report -o "$t/page.html" "$t/fused"
expect "fused: the same" cmp "$t/apart" <(section migration-1)

# --- bad input
expect_error "JSON into a page" "it has no file to make" "$vmsync" report --json -o "$t/x" "$t/two"
expect_error "JSON of nothing" "no trace named" "$vmsync" report --json
expect_error "times that agree to nothing" "name a number of ms" \
	"$vmsync" report --agree=0 -o "$t/x" "$t/two"
expect_error "that agree to a word" "name a number of ms" \
	"$vmsync" migration --agree=well "$t/two"
expect_error "no log of libvirt's" "No such file" "$vmsync" import qemu-log -o "$t/x" \
	--libvirt="$t/none" "$t/src.log"
expect_error "another log" "libvirt started no QEMU in it" "$vmsync" import qemu-log -o "$t/x" \
	--libvirt="$t/src.log" "$t/src.log"
expect_error "no QEMU's" "are of qemu-log" "$vmsync" import jvm-log -o "$t/x" \
	--libvirt="$t/src.log" "$t/src.log"
printf '%s: starting up libvirt version: 9, hostname: a"\\\033b\n-name guest=%s,debug\n-uuid %s\n' \
	now "$(printf 'x%.0s' {1..5000})" 0ff9eaff-84ff-461f-9b0b-8b7275dec0df > "$t/long"
expect "names that are too long, or no names" "$vmsync" import qemu-log -o "$t/x" \
	--libvirt="$t/long" "$t/src.log"
expect_eq "they do no harm" "$("$vmsync" migration "$t/x" | head -n 1 | tr -d '\n' |
	LC_ALL=C tr -d '\040-\176' | wc -c)" 0
finish
