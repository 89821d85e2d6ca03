#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Live migrations that were recorded elsewhere, or are made up: what vmsync says of their
# logs, which two sides belong together, which threads of the guest ran meanwhile, and
# logs that are cut, set back, mixed, or changed by chance. Real ones are in migration.sh.
. tests/check/lib.sh

expect "the tool builds" make -s -j2 tool
expect "and with the sanitizers" make -s -j2 VARIANT=asan tool
vmsync=build/vmsync
t=$check_tmp/t
mkdir "$t"

# ------------------------------------------------------------------- recorded ones

# The same figures, whatever else is named: name, result, down ns, rounds, dirty pages,
# slowed down, pages waited for, states, verdict.
mkdir "$t/recorded"
tar -xJf tests/data/migration.tar.xz -C "$t/recorded"
for log in "$t"/recorded/*.log; do
	name=${log%.log}
	qmp=()
	[ ! -e "$name.jsonl" ] || qmp=(--qmp="$name.jsonl")
	"$vmsync" import qemu-log -o "$name" "${qmp[@]}" "$log" > "$check_out" ||
		fail "import of ${log##*/}"
done
"$vmsync" migration --json "$t/recorded" > "$t/json"
expect_eq "recorded: exit status" $? 0
while IFS='|' read -r name wanted; do
	# shellcheck disable=SC2016 # of jq
	figures='(.source.process as $p | $from.processes[$p].trace | sub(".*/"; "") |
		sub("-src"; "")) as $name | select($name == $wanted) |
		[.result, .downtime_ns, (.source.rounds | length), .source.dirty_pages,
		.source.throttles, .destination.postcopy_faults,
		([.source.stages[].state] | join(",")), .source.why.verdict] |
		map(tostring) | join(" ")'
	# shellcheck disable=SC2016 # of jq
	expect_eq "recorded: $name" "$(jq -r --arg wanted "$name" \
		'. as $from | .migrations[] | '"$figures" "$t/json")" "$wanted"
done << 'END'
converge|completed 555961000 4 2811 0 0 setup,active,completed converged
cancel|cancelled null 2 16385 0 0 setup,active,cancelling,cancelled ended too soon
fail|failed null 2 16385 0 0 setup,active,failed ended too soon
autoconverge|completed 70656000 95 null 31 0 setup,active,completed converged
postcopy|completed 134500000 2 16385 0 77 setup,active,postcopy-active,completed postcopy
libvirt|completed 118843000 4 72 0 0 setup,active,pre-switchover,device,completed converged
qemu10|completed 3402000 3 104 0 0 setup,active,device,completed converged
busy10|cancelled null 4 24576 0 0 setup,active,cancelling,cancelled too much was left
busy|cancelled null 106 1717766 0 0 setup,active,cancelling,cancelled too much was left
END
expect_eq "recorded: the schema" "$(against migration "$t/json")" "[]"
for change in '.schema = 2' 'del(.first_event_ns)' '.new = 1' \
	'.migrations[0].source.rounds[0].dirty_pages = "1"' '.migrations[0].source.role = "x"'; do
	expect "schema: not after $change" test "$(against migration "$t/json" "$change")" != "[]"
done
expect_eq "recorded: rounds are QEMU's" "$(json '[.migrations[].source |
	select(.query_migrate) | .query_migrate.dirty_sync_count == (.rounds | length)] |
	all')" true

# --------------------------------------------------------------- which one is whose

mkdir "$t/sides" "$t/logs"
# side NAME ROLE BEGIN [VM]: the log of a side that begins so many ms after a second
side() {
	local name=$1 role=$2 at=$3
	shift 3
	if [ "$role" = source ]; then
		cat <<- END
			7@1750000000.${at}001:migrate_set_state new state setup
			7@1750000000.${at}002:savevm_state_setup 
			7@1750000000.${at}003:migrate_set_state new state active
			7@1750000001.500000:runstate_set current_run_state 9 (running) new_state 7 (finish-migrate)
			7@1750000001.600000:migrate_set_state new state completed
		END
	else
		cat <<- END
			8@1750000000.${at}004:migration_socket_incoming_accepted 
			8@1750000000.${at}005:migrate_set_state new state active
			8@1750000001.6${at}00:runstate_set current_run_state 1 (inmigrate) new_state 9 (running)
			8@1750000001.700000:migrate_set_state new state completed
		END
	fi > "$t/logs/$name.log"
	rm -rf "${t:?}/sides/$name"
	expect "$name: import" "$vmsync" import qemu-log -o "$t/sides/$name" \
		"${@/#/--vm=}" "$t/logs/$name.log"
}
# paired TEXT WANTED: for each migration its candidates, and the name of its destination
paired() {
	"$vmsync" migration --json "$t/sides" > "$t/json"
	# shellcheck disable=SC2016 # of jq
	expect_eq "$1" "$(json '. as $all | .migrations[] | [(.candidates | tostring),
		(.destination | if . then $all.processes[.process].name else "none" end)] |
		join(" ")' | paste -sd,)" "$2"
}
side a source 500
side b destination 100
side c destination 510
paired "the destination that began when the source did" "1 c.log,0 b.log"
side b destination 512
paired "two that did: neither is taken" "2 none,0 c.log,0 b.log"
side a source 500 web
side b destination 512 web
side c destination 510 db
paired "two of which one has the name" "1 web,0 db"
side d source 505 db
paired "two at once, by their names" "1 web,1 db"

# ------------------------------------------------------------- and when it really ran

# What the host's trace knows of a move, to the ns; the logs know it to what QEMU does.
expect "a simulator" make -s build/release/tests/recorded
printf '%s\n' 'seconds = 5' 'guest.clock = kvmclock' 'beacon.hz = 50' 'exits.hz = 300' \
	'move = 2:0.1' > "$t/move.sim"
build/release/tests/recorded "$t/moved" "$t/move.sim" 1
"$vmsync" sync --json "$t/moved" > "$t/sync.json"
read -r left arrived <<< "$(jq -r '.guests[0].moves[0] | "\(.left_ns) \(.arrived_ns)"' \
	"$t/sync.json")"
offset=$(sed -nE 's/^\s*offset = ([0-9]+);/\1/p' "$t/moved/host/metadata")
# line TID NS TEXT
line() { printf '%s@%s.%06d:%s\n' "$1" $(($2 / 1000000000)) $(($2 % 1000000000 / 1000)) "$3"; }
left=$((left + offset)) arrived=$((arrived + offset))
{
	line 1000 $((left - 600000000)) 'migrate_set_state new state setup'
	line 1001 $((left - 590000000)) 'savevm_state_setup '
	line 1001 $((left - 50000)) 'runstate_set current_run_state 9 (running) new_state 7 (finish-migrate)'
	line 1001 $((left + 90000000)) 'migrate_set_state new state completed'
} > "$t/move-src.log"
{
	line 6000 $((left - 590000000)) 'loadvm_state_setup '
	line 6000 $((arrived - 40000)) 'runstate_set current_run_state 1 (inmigrate) new_state 9 (running)'
	line 6000 $((arrived - 30000)) 'migrate_set_state new state completed'
} > "$t/move-dst.log"
for name in src dst; do
	expect "moved: $name" "$vmsync" import qemu-log -o "$t/moved/$name" \
		--clock="$t/moved/host" "$t/move-$name.log"
done
"$vmsync" migration --json "$t/moved" > "$t/json"
expect_eq "moved: by KVM, what sync says" "$(json '.migrations[0].guest_down_ns')" \
	"$(jq '.guests[0].moves[0].downtime_ns' "$t/sync.json")"
within "moved: by QEMU, to the us" $((arrived - left + 10000 - 1000)) \
	"$(json '.migrations[0].downtime_ns')" $((arrived - left + 10000 + 1000))

# -------------------------------------------- which threads of the guest ran meanwhile

# A host and two guests, made up, the second of which is migrated, so its process says.
expect "a host and guests" make -s build/release/tests/contend
build/release/tests/contend "$t/shared" > "$check_out"
cp -r "$t/shared" "$t/alone"
cat > "$t/vm1.log" << 'END'
600@1750000077.020000:migrate_set_state new state setup
600@1750000077.020100:migration_set_outgoing_channel ioc=0x1 ioctype=x hostname=x err=(nil)
650@1750000077.030000:migrate_set_state new state active
650@1750000077.100000:runstate_set current_run_state 9 (running) new_state 7 (finish-migrate)
650@1750000077.110000:migrate_set_state new state completed
END
expect "its log, on the host's clock" "$vmsync" import qemu-log -o "$t/shared/qemu" \
	--clock="$t/shared/host" "$t/vm1.log"
"$vmsync" migration --json "$t/shared" | jq -c '.migrations[].guest_threads[]' > "$t/threads"
"$vmsync" analyze --json --since=0.02 --until=0.1 "$t/alone" |
	jq -c '[.threads[] | select(.thread.machine == 2 and .states_ns.guest > 0) |
		{name: .thread.name, tid: .thread.tid, ran_ns: .states_ns.guest}] |
		sort_by(-.ran_ns)[]' > "$t/wanted"
expect "three threads ran" test "$(wc -l < "$t/wanted")" = 3
"$vmsync" migration --json "$t/shared" > "$t/json"
expect_eq "with threads: the schema" "$(against migration "$t/json")" "[]"
expect "they are those that analyze finds, to the ns" cmp "$t/threads" "$t/wanted"
expect_eq "to analyze the log changes nothing" \
	"$("$vmsync" analyze "$t/shared" | cksum)" "$("$vmsync" analyze "$t/alone" | cksum)"
expect "fused, with the log" "$vmsync" fuse -o "$t/shared.fused" "$t/shared"
"$vmsync" migration --json "$t/shared.fused" | jq -c '.migrations[].guest_threads[]' \
	> "$t/threads"
expect "the same, fused" cmp "$t/threads" "$t/wanted"
"$vmsync" migration "$t/shared" > "$t/said"
expect "no name does harm" sh -c "! LC_ALL=C grep -q '[^ -~]' '$t/said'"

# ---------------------------------------------------------------------- bad input
vmsync=$PWD/build/asan/vmsync
bad=$t/bad
mkdir "$bad"
# A trace of a machine whose clock began after all of this.
expect "another trace" make -s build/release/tests/pair
build/release/tests/pair "$t/pair" events=100 > "$check_out"
cp -r "$t/pair/host" "$t/late"
sed -i -E 's/^(\s*offset = )[0-9-]+;/\13000000000000000000;/' "$t/late/metadata"
log=$t/recorded/converge-src.log

# bad_log NAME EXIT PATTERN: what import says of $bad/NAME, and that migration can read
# what it wrote
bad_log() {
	local status
	"$vmsync" import qemu-log -o "$bad/$1.out" "$bad/$1" > "$t/said" 2> "$t/err"
	status=$?
	expect_eq "$1: import's exit status" "$status" "$2"
	expect "$1: it says so" grep -qE "$3" "$t/said" "$t/err"
	if [ "$status" = 2 ]; then
		expect "$1: nothing is left" test ! -e "$bad/$1.out"
		return
	fi
	"$vmsync" migration "$bad/$1.out" > "$t/said" 2> "$t/err"
	status=$?
	expect "$1: and migration" test "$status" -le 1 -a ! -s "$t/err"
	expect "$1: no control character is printed" \
		sh -c "! LC_ALL=C grep -q '[^ -~]' '$t/said'"
	"$vmsync" migration --json "$bad/$1.out" > "$bad/$1.json"
	expect_eq "$1: as JSON, too" "$(against migration "$bad/$1.json")" "[]"
}

: > "$bad/empty"
bad_log empty 2 'no event of QEMU'
sed 's/^[0-9]*@[0-9.]*://' "$log" > "$bad/timeless"
bad_log timeless 2 'msg timestamp=on'
head -c 9000 "$log" > "$bad/cut"
bad_log cut 0 'the last line has no end'
{
	cat "$log"
	printf '1@1795837540.000001:migrate_set_state new state \033[31m\xff\xe2\x80\xae"\\\n'
	printf '1@1795837540.000002:na\007me x\n1@1795837540.000003:a\000b c\n'
} > "$bad/control"
bad_log control 0 ' [0-9]+ other lines'
cat > "$bad/numbers" << 'END'
1@1795973838.000001:migration_bitmap_sync_end dirty_pages 99999999999999999999999
1@1795973838.000002:migration_bitmap_sync_start 
1@1795973838.000003:migration_bitmap_sync_end dirty_pages 18446744073709551615
1@1795973838.000004:migrate_transferred transferred 18446744073709551615 time_spent 18446744073709551615 bandwidth 1 max_size -1
1@1795973838.000005:migrate_pending pending size 18446744073709551615 max 0 (pre = 0 compat=0 post=0)
1@1795973838.100003:migration_bitmap_sync_end dirty_pages 18446744073709551615
1@1795973838.200003:migration_bitmap_sync_end dirty_pages 0
4294967296@1.000001:a b
2147483647@4000000000.999999:migrate_set_state new state failed
99999999999@1.000001:x
1@99999999999.000001:x
1@1.0000001:x
END
bad_log numbers 0 '1 of them as text; 4 other lines'
sed -E '201,$s/^([0-9]+@1795)8/\14/' "$log" > "$bad/back"
bad_log back 1 'TIME WENT BACK by 39[0-9]{4}\.[0-9]* s before line 201:'
expect_eq "back: no figure of downtime" "$("$vmsync" migration --json "$bad/back.out" |
	jq -r '.migrations[].downtime_bound_ns' | sort -u)" null
# An hour ahead: nothing goes back, but QEMU measured less.
sed '200,$s/@17958375/@17958411/' "$log" > "$bad/ahead"
bad_log ahead 0 'events of'
expect "ahead: it is said" grep -q 'THE TIME OF DAY WAS SET by 3600\.0.. s' "$t/said"
"$vmsync" migration "$bad/ahead.out" > "$check_out"
expect_eq "ahead: exit status" $? 1
"$vmsync" migration --json "$bad/ahead.out" "$t/recorded/converge-dst" > "$check_out"
expect_eq "ahead: no bound" "$(jq -r '[.migrations[].downtime_bound_ns] | unique[]' \
	"$check_out")" null
sort -s -t@ -k2,2 "$log" "$t/recorded/converge-dst.log" > "$bad/mixed"
bad_log mixed 0 'events of'
expect "mixed: two QEMUs are said" grep -q 'BOTH SOURCE AND DESTINATION' "$t/said"
"$vmsync" migration "$bad/mixed.out" > "$check_out"
expect_eq "mixed: exit status" $? 1
awk 'BEGIN { for (i = 0; i < 61000; i++) printf "1@1795973838.%06d:k%d x\n", i, i }' \
	> "$bad/kinds"
bad_log kinds 2 'more than 60000 kinds'
awk 'BEGIN { printf "1@1795973838.000001:migrate_set_state new state "
	for (i = 0; i < 70000; i++) printf "x"; print "" }' > "$bad/long"
bad_log long 2 'no event of QEMU'
{ printf '{"return": '; printf '{"ram": %.0s' {1..8000}; printf 1; printf '}%.0s' {0..8000}; } > "$t/deep"
expect_error "an answer within itself, 8000 times" "no event of QEMU" \
	"$vmsync" import qemu-log -o "$t/deep.out" --qmp="$t/deep"

# Bytes that chance has changed.
awk -v seed=1 'BEGIN { srand(seed); RS = "\001" }
	{ all = substr($0, 1, 16000) }
	END {
		for (i = 0; i < 40; i++) {
			s = all
			for (k = 0; k < 40; k++) {
				at = int(rand() * 15000) + 1
				c = substr("9@.: -\n)(\"%x", int(rand() * 12) + 1, 1)
				s = substr(s, 1, at - 1) c substr(s, at + 1)
			}
			file = sprintf("%s.%d", FILENAME, i)
			printf "%s\n", s > file
			close(file)
		}
	}' "$log"
strange=0
for changed in "$log".*; do
	"$vmsync" import qemu-log -o "$changed.out" "$changed" > "$t/said" 2> "$t/err"
	[ $? -le 1 ] || strange=$((strange + 1))
	"$vmsync" migration --json "$changed.out" > "$t/said" 2>> "$t/err"
	[ $? -le 1 ] || strange=$((strange + 1))
	jq -e . "$t/said" > "$check_out" || strange=$((strange + 1))
done
expect_eq "40 logs with bytes changed: all are read" $strange 0

expect_error "no log" "no log named" "$vmsync" import qemu-log -o "$t/x"
expect_error "not a source" "name what to read: qemu-log" "$vmsync" import -o "$t/x" y
expect_error "no output" "no output" "$vmsync" import qemu-log "$log"
expect_error "two logs" "one log at a time" "$vmsync" import qemu-log -o "$t/x" "$log" b
expect_error "no such log" "No such file" "$vmsync" import qemu-log -o "$t/x" "$t/none"
expect_error "there is one already" "exists already" \
	"$vmsync" import qemu-log -o "$t/recorded" "$log"
expect_error "no such clock" "No such file" \
	"$vmsync" import qemu-log -o "$t/x" --clock="$t/none" "$log"
expect_error "another machine's clock" "not of the time|no offset" \
	"$vmsync" import qemu-log -o "$t/x" --clock="$t/late" "$log"
expect_error "a trace of something else" "nothing that QEMU told" \
	"$vmsync" migration "$t/late"
cp -r "$t/recorded/cancel-src" "$t/beyond"
sed -i 's/offset_s = 0;/offset_s = 7000000000;/' "$t/beyond/metadata"
expect_error "a clock that begins beyond measure" "beyond measure" \
	"$vmsync" migration "$t/beyond"
expect_error "no trace" "no trace named" "$vmsync" migration
expect "nothing is left of them" test ! -e "$t/x"

finish
