#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What vmsync export clickhouse loads into three servers is what vmsync export jsonl and
# vmsync analyze say, and vmsync layers, to the ns; is there once, however often it is sent and whatever is cut
# off; and what goes wrong is said in a line. The servers are Debian's, unpacked; what
# tools/fleet/clickhouse has is run with them.

fetch() { tests/fleet/fetch.sh build/clickhouse clickhouse-server clickhouse-client; }
# A network of its own, where there may be one: the servers listen at fixed ports. There is
# nothing to be had there; that it could not be had before is said later.
if [ -z "${CLICKHOUSE_INSIDE:-}" ] && unshare -n true 2> /dev/null; then
	fetch > /dev/null 2>&1
	CLICKHOUSE_INSIDE=1 exec unshare -n bash "$0"
fi
. tests/check/lib.sh
. tests/fleet/clickhouse.sh
[ -z "${CLICKHOUSE_INSIDE:-}" ] || ip link set lo up

expect "the tool builds" make -s -j2 tool build/release/tests/contend build/release/tests/pair \
	build/release/tests/timed
expect "the tool builds with sanitizers" make -s -j2 VARIANT=asan tool
vmsync=build/vmsync
t=$check_tmp
sql=tools/fleet/clickhouse
tables="states charges exits wakes events machines vcpus threads"

# --- what makes no sense is said before anything is read
wrong() { expect_error "$1" "$2" $vmsync export clickhouse -o "$3" "${@:4}" nothing; }
wrong "no URL" "not http://" -
wrong "a file" "not http://" "$t/x"
wrong "TLS" "stunnel" https://127.0.0.1/vmsync
wrong "a password that all can see" "a password is not for" http://me:secret@127.0.0.1/vmsync
wrong "no host" "no host and port" http:///vmsync
wrong "no port" "no host and port" http://127.0.0.1:/vmsync
wrong "a port that is none" "no host and port" http://127.0.0.1:http/vmsync
wrong "half of an address" "no host and port" "http://[::1/vmsync"
wrong "more than a URL" "not http://" "http://127.0.0.1/vm sync"
wrong "--max-size" "--max-size needs a file" http://127.0.0.1/vmsync --max-size=1

fetch > "$check_out" 2>&1 || {
	skip "ClickHouse cannot be had: $(head -n 1 "$check_out")"
	finish
}
ch_dir=$t/servers
fake=
trap '[ -z "$fake" ] || kill "$fake"; ch_stop_all; rm -rf --one-file-system "$t"' EXIT

# --- three hosts, each with its boot, and a shard for each
for n in 1 2 3; do
	build/release/tests/contend "$t/h$n" $((300 * n)) $n
	sed -i '/^clock {/,/^}/s/uuid = "./uuid = "'$n'/
		s/hostname = "host"/hostname = "h'$n'"/' "$t/h$n/host/metadata"
done
url() { echo "http://127.0.0.1:811$1/${2:-vmsync}"; }
load() { # N [OPTION...]
	$vmsync export clickhouse -o "$(url "$1")" "${@:2}" "$t/h$1"
}
for n in 1 2 3; do
	expect "server $n starts" ch_start $n
done
expect_error "no database" "Database vmsync doesn't exist" load 1
for n in 1 2 3; do
	ch_ask $n <<< "CREATE DATABASE vmsync"
done
expect_error "no tables" "table [a-z]* is missing there: .*schema.sql" load 1
for n in 1 2 3; do
	expect "server $n: schema" ch_ask $n --database vmsync < $sql/schema.sql
	expect "server $n: schema, once more" ch_ask $n --database vmsync < $sql/schema.sql
	expect "server $n: tables over all shards" ch_ask $n --database vmsync \
		< $sql/distributed.sql
done
all() { ch_ask 1 --database vmsync "$@"; }
for n in 1 2 3; do
	expect_eq "host $n: loaded, and nothing to say" "$(load $n --raw 2>&1 |
		grep -v 'the events will take')" ""
done

# --- what is there is what others say
for table in $tables; do
	echo "SELECT '$table' AS table, $($vmsync export csv --table="$table" -o - "$t/h1" |
		head -n 1) FROM $table FORMAT JSONEachRow;"
done > "$t/rows.sql"
lines() { # rows as lines of JSON that can be compared
	jq -cS 'def of: if type == "string" then fromjson else . end;
		if has("fields") then .fields |= of | .context |= of else . end' | sort
}
for n in 1 2 3; do
	$vmsync export jsonl --raw -o - "$t/h$n" 2> /dev/null | lines > "$t/rows.$n"
	$vmsync analyze --json "$t/h$n" > "$t/json.$n"
done
same() { # TEXT: on all shards
	local n
	for n in 1 2 3; do
		ch_ask $n --database vmsync --output_format_json_quote_64bit_integers 0 \
			< "$t/rows.sql" | lines > "$t/x"
		expect "$1: host $n, all rows are those of jsonl" cmp "$t/x" "$t/rows.$n"
	done
}
same "loaded"
expect_eq "rows are some" "$(all <<< "SELECT count() > 20000 FROM states_all")" 1
# of_json FILTER: of all hosts, sorted
of_json() {
	for n in 1 2 3; do
		jq -r --arg host "h$n" "$1" "$t/json.$n"
	done | sort
}
ask() { all <<< "$1 FORMAT TSVRaw" | sort; }
vm_of() { # COLUMN: what has the name of its VM
	echo "ANY LEFT JOIN (SELECT host, recording, vcpu AS $1, vm, vcpu_id FROM vcpus_all)
		USING (host, recording, $1)"
}
# shellcheck disable=SC2016 # of jq
states='.vcpus[] | .vm as $v | .states_ns | to_entries[] | select(.value > 0) |
	"\($host)\t\($v)\t\(.key)\t\(.value)"'
sums() { # TABLE NS: of each VM and state
	ask "SELECT host, vm, state, sum(ns) FROM (SELECT host, recording, vcpu, state,
		sum($2) AS ns FROM $1 GROUP BY host, recording, vcpu, state) $(vm_of vcpu)
		GROUP BY host, vm, state"
}
expect_eq "states of each VM, to the ns" "$(sums states_all "until_ns - from_ns")" \
	"$(of_json "$states")"
expect_eq "the same by minutes" "$(sums states_by_minute_all ns)" "$(of_json "$states")"
# shellcheck disable=SC2016 # of jq
expect_eq "who had the CPUs, to the ns" "$(ask "SELECT host, vm, who, sum(ns) FROM
	(SELECT host, recording, vcpu, who, sum(until_ns - from_ns) AS ns FROM charges_all
	GROUP BY host, recording, vcpu, who) $(vm_of vcpu) GROUP BY host, vm, who")" "$(of_json '.vcpus[] |
	.vm as $v | .charges | group_by(.by)[] |
	"\($host)\t\($v)\t\(.[0].by)\t\(map(.turns.total_ns) | add)"')"
# shellcheck disable=SC2016 # of jq
expect_eq "the same by minutes, of all that waited" "$(ask "SELECT host, who, sum(ns)
	FROM culprits_by_minute_all GROUP BY host, who")" "$(of_json '[.vcpus[].charges[]] |
	group_by(.by)[] | "\($host)\t\(.[0].by)\t\(map(.turns.total_ns) | add)"')"
expect_eq "hosts, their boots and real time" "$(all <<< "SELECT DISTINCT host, boot_id,
	realtime_offset_ns, day FROM states_all ORDER BY host FORMAT TSVRaw")" "$(for n in 1 2 3; do
	printf 'h%s\t%s\t%s\t2025-06-15\n' $n "$(sed -n '/^clock {/,/^}/s/.*uuid = "\(.*\)";/\1/p' \
		"$t/h$n/host/metadata")" "$(sed -n 's/^\toffset = \(.*\);/\1/p' "$t/h$n/host/metadata")"
done | sort)"

# --- requests, and states of layers: each by itself, in a database of its own
ch_ask 1 <<< "CREATE DATABASE others"
expect "others: schema" ch_ask 1 --database others < $sql/schema.sql
others() { ch_ask 1 --database others --output_format_json_quote_64bit_integers 0 <<< "$1 FORMAT $2"; }
build/release/tests/pair "$t/disks" events=60000 blocks=6 > "$check_out"
mkdir "$t/cloud"
tar -C "$t/cloud" -xf tests/data/cloud.tar.xz nova-libvirt-migrate
requests() { # TABLE
	$vmsync export clickhouse --table="$1" -o "$(url 1 others)" "$t/disks" 2>&1
}
layers() { $vmsync layers --export=clickhouse -o "$(url 1 others)" "$t/cloud"; }
rows_of() { # TABLE COLUMN...: as jsonl has them
	others "SELECT ${*:2} FROM $1" JSONEachRow | jq -cS . | sort
}
expect_eq "requests: loaded" "$(requests requests)" ""
columns=$($vmsync export csv --table=requests -o - "$t/disks" | head -n 1)
expect "requests: rows are those of jsonl" cmp <(rows_of requests "$columns") \
	<($vmsync export jsonl --table=requests -o - "$t/disks" | jq -cS 'del(.table)' | sort)
$vmsync analyze --volumes --json "$t/disks" > "$t/volumes.json"
expect_eq "requests: each operation, and parts of it, to the ns" "$(others "SELECT name, op, followed,
	count(), sum(until_ns - from_ns), sum(guest_ns), sum(to_qemu_ns), sum(qemu_ns), sum(call_ns),
	sum(queue_ns), sum(disk_ns), sum(from_disk_ns), sum(qemu_after_ns), sum(back_ns)
	FROM requests GROUP BY name, op, followed" TSVRaw | sort)" "$(jq -r '.guests[].volumes[] | .name as $v |
	.requests[] | [$v, .op, .followed, .whole.count, .whole.total_ns, .parts[].total_ns] |
	map(tostring) | join("\t")' "$t/volumes.json" | sort)"
expect_eq "requests: once more" "$(requests requests)" "vmsync export: 1 of 1 chunks were there already"
requests machines > "$check_out"
expect_eq "requests: their recording, and so their machines" "$(others "SELECT guest, count() FROM
	requests ANY INNER JOIN (SELECT host, recording, machine, name AS guest FROM machines)
	USING (host, recording, machine) GROUP BY guest" TSVRaw)" \
	"$(jq -r '.guests[] | "\(.name)\t\([.volumes[].requests[].whole.count] | add)"' "$t/volumes.json")"
expect_eq "layers: loaded" "$(layers 2>&1)" ""
expect "layers: rows are those of jsonl" cmp <(rows_of layers track, key, state, place, from_ns, \
	until_ns, self_ns, depth, nested, failed, unfinished) \
	<($vmsync layers --export=jsonl -o "$t/layers.jsonl" "$t/cloud"; jq -cS 'def n: if . then 1
	else 0 end; select(.table == "layers") | del(.table) | .nested |= n | .failed |= n |
	.unfinished |= n | if .place == "" then .place = null else . end' "$t/layers.jsonl" | sort)
$vmsync layers --json "$t/cloud" > "$t/layers.json"
expect_eq "layers: each state, to the ns" "$(others "SELECT track, nested, state, ifNull(place, ''),
	count(), sum(unfinished), sum(failed), sum(until_ns - from_ns), sum(self_ns)
	FROM layers GROUP BY track, nested, state, place" TSVRaw | sort)" "$(jq -r 'def n: if . then 1 else 0 end;
	.tracks[] | .name as $t | .sums[] | [$t, (.nested | n), .state, .place // "",
	.count + .unfinished, .unfinished, .failed, .total_ns, .self_ns] | map(tostring) |
	join("\t")' "$t/layers.json" | sort)"
expect "layers: once more" grep -qE '^vmsync layers: ([0-9]+) of \1 chunks were there already$' \
	<(layers 2>&1)
expect_eq "layers: rows are the same" "$(others "SELECT count() FROM layers" TSVRaw)" \
	"$(grep -c '"table":"layers"' "$t/layers.jsonl")"
expect_error "layers: into no server" "not http://" \
	$vmsync layers --export=clickhouse -o "$t/x" "$t/cloud"
expect_error "layers: nobody listens" "127.0.0.1:9: Connection refused" \
	$vmsync layers --export=clickhouse -o http://127.0.0.1:9 "$t/cloud"
expect_error "layers: of what is no trace" "No such file" \
	$vmsync layers --export=clickhouse -o "$(url 1 others)" "$t/nothing"

# --- what is there is not sent again
sent() { load "$@" 2>&1 | grep -v 'the events will take'; }
for n in 1 2 3; do
	expect_eq "host $n, once more" "$(sent $n --raw)" \
		"vmsync export: 8 of 8 chunks were there already"
done
expect_eq "host 1, one table of it" "$(sent 1 --table=exits)" \
	"vmsync export: 1 of 1 chunks were there already"
same "loaded twice"
expect_eq "another time is another recording" "$(load 1 --until=0.01 2>&1)" ""
expect_eq "another VM, too" "$(load 1 --vm=vm1 2>&1)" ""
expect_eq "three recordings of host 1" "$(all <<< "SELECT uniqExact(recording) FROM states_all
	WHERE host = 'h1'")" 3
for table in $tables states_by_minute culprits_by_minute; do
	ch_ask 1 --database vmsync <<< "TRUNCATE TABLE $table"
done
expect_eq "rows that were removed come again" "$(sent 1 --raw)" ""
ch_ask 1 --database vmsync <<< "INSERT INTO threads SELECT * FROM threads LIMIT 1"
expect_error "a chunk that is another one" "chunk 0 of recording [0-9]* table threads has [0-9]* rows, not" \
	load 1
ch_ask 1 --database vmsync <<< "TRUNCATE TABLE threads"
expect_eq "the rest of a recording" "$(sent 1)" "vmsync export: 6 of 7 chunks were there already"
same "after all that"

# --- minutes: what lasts longer has its part in each, and what the views missed comes
minutes() { # OPTION OF DATE...: begin and end as ns, on a clock whose offset is 7
	all <<< "INSERT INTO states (vcpu, from_ns, until_ns, state, host, realtime_offset_ns,
		day, recording, chunk) VALUES (5, $1 - 7, $2 - 7, 'guest', 'm', 7, '2020-01-01', 1, $3)"
}
minute=1577836800000000000
minutes $((minute + 1)) $((minute + 59999999999)) 1
minutes $((minute - 1)) $((minute + 1)) 2
minutes $((minute + 59000000000)) $((minute + 240000000000)) 3
long="SELECT chunk, toUnixTimestamp(minute) - 1577836800 AS s, ns FROM states_by_minute
	WHERE host = 'm' ORDER BY chunk, s"
wanted="1	0	59999999998
2	-60	1
2	0	1
3	0	1000000000
3	60	60000000000
3	120	60000000000
3	180	60000000000"
expect_eq "minutes: each has its part" "$(all <<< "$long")" "$wanted"
all <<< "TRUNCATE TABLE states_by_minute; TRUNCATE TABLE culprits_by_minute"
all < $sql/questions.sql > "$t/x"
expect "minutes: a question tells of those that are missing" grep -qP '^m\t1\t3\t1\t0$' "$t/x"
for _ in 1 2; do
	expect "minutes: made afterwards" all < $sql/minutes.sql
	expect_eq "minutes: they are the same" "$(all <<< "$long")" "$wanted"
	expect_eq "minutes: and those of VMs" "$(sums states_by_minute_all ns | grep -v '^m')" \
		"$(of_json "$states")"
done

# --- questions and scripts
cat > "$t/client" <<-END
	#!/bin/sh
	LD_LIBRARY_PATH=$ch_libraries exec $ch_root/usr/bin/clickhouse-client --port 9011 "\$@"
END
chmod +x "$t/client"
export CLICKHOUSE_CLIENT=$t/client
asked() { sh $sql/ask.sh --database vmsync; }
expect "questions are answered" asked < $sql/questions.sql
awk '/^--/ { next } { q = q $0 " " } /;$/ { print q; q = "" }' $sql/questions.sql > "$t/questions"
expect "questions are a dozen" test "$(wc -l < "$t/questions")" -ge 12
while read -r question; do
	# But the last one, to which nothing is the answer.
	all <<< "$question" 2>&1 | grep -qv xception || echo "$question"
done < "$t/questions" > "$t/x"
expect_eq "questions find something" "$(grep -c . "$t/x") $(grep -c 'HAVING states != minutes' "$t/x")" \
	"1 1"
# shellcheck disable=SC2016 # of jq
expect_eq "questions: aggressors" "$(head -n 1 "$t/questions" | all --format TSVRaw | sort)" \
	"$(of_json '.vcpus as $all | [.vcpus[].charges[] | select(.by == "vcpu")] | group_by(.vcpu)[] |
	.[0].vcpu as $c | "\($host)\t\($all[] | select(.number == $c).vm)\t\((map(.turns.total_ns) |
	add) / 1e9)"')"
sh $sql/expire.sh 36500 --database vmsync > "$check_out" 2>&1
expect_eq "expire.sh: a hundred years" "$? $(all <<< "SELECT uniqExact(day) FROM states")" "0 2"
sh $sql/expire.sh $((($(date +%s) - 1600000000) / 86400)) --database vmsync > "$check_out" 2>&1
expect_eq "expire.sh: what is of 2020 goes" "$? $(all <<< "SELECT uniqExact(day) FROM states")
$(all <<< "SELECT count() FROM states_by_minute WHERE host = 'm'")" "0 1
0"
expect_error "expire.sh: no days" "usage" sh $sql/expire.sh

# --- a shard that is away, and comes back
ch_stop 3 KILL
expect_error "a shard away: nobody can load there" "Connection refused" load 3
expect "a shard away: an answer that is not asked to be less is none" \
	grep -q "Connection refused" <(all <<< "SELECT count() FROM states_all" 2>&1)
echo "SELECT host, count() FROM states_all GROUP BY host ORDER BY host" > "$t/question"
asked < "$t/question" > "$t/x" 2> "$t/said"
expect_eq "a shard away: the answer says so" "$? $(cat "$t/said")" \
	"1 ask.sh: 2 of 3 shards answered: the rest is missing above"
expect_eq "a shard away: the answer of the others" "$(cut -f1 "$t/x" | paste -sd' ')" \
	"h1 h2"
expect "a shard back" ch_start 3
expect_eq "a shard back: nothing is sent again" "$(sent 3 --raw)" \
	"vmsync export: 8 of 8 chunks were there already"
asked < "$t/question" > "$t/x" 2> "$t/said"
expect_eq "a shard back: all answer" "$? $(cat "$t/said") $(wc -l < "$t/x")" "0  3"
same "a shard back"

# --- a server that is killed while much is on its way to it, and vmsync that is
build/release/tests/contend "$t/big" 20000
big=(export clickhouse -o "$(url 3)" "$t/big")
count() { # TABLE: rows of it that are there
	ch_ask 3 --database vmsync <<< "SELECT count() FROM $1 WHERE host = 'host'" 2> /dev/null ||
		echo 0
}
# some N: more than that are there, at last
some() {
	for _ in $(seq 600); do
		[ "$(count states)" -le "$1" ] || return 0
		sleep 0.05
	done
	return 1
}
$vmsync "${big[@]}" > "$check_out" 2>&1 &
pid=$!
some 0
ch_stop 3 KILL
wait $pid
status=$?
expect_eq "killed: vmsync says so, in a line" "$status $(wc -l < "$check_out")" "2 1"
expect "killed: the server starts again" ch_start 3
before=$(count states)
$vmsync "${big[@]}" > "$check_out" 2>&1 &
pid=$!
some "$before"
kill -KILL $pid
wait $pid 2> /dev/null
build/asan/vmsync "${big[@]}" > "$check_out" 2>&1
expect_eq "killed: the rest comes" "$? $(grep -c 'chunks were there already' "$check_out")" "0 1"
for table in states charges exits wakes machines vcpus threads; do
	expect_eq "killed: $table, none twice" "$(count $table)" \
		"$($vmsync export csv --table=$table -o - "$t/big" | tail -n +2 | wc -l)"
done

# --- servers that are none, or do not do as they should
node tests/fleet/server.mjs "$t/port" 8112 > "$t/fake.log" 2>&1 &
fake=$!
for _ in $(seq 600); do
	[ ! -s "$t/port" ] || break
	sleep 0.1
done
through() { # WHAT [OPTION...]: to server 2, by one that stands before it
	build/asan/vmsync export clickhouse -o "http://127.0.0.1:$(cat "$t/port")/$1" "${@:2}" "$t/h1"
}
at_2() { ch_ask 2 --database vmsync <<< "SELECT count() FROM $1 WHERE host = 'h1'"; }
expect_error "nobody listens" "127.0.0.1:9: Connection refused" \
	$vmsync export clickhouse -o http://127.0.0.1:9 "$t/h1"
expect_error "no such host" "no.such.host" $vmsync export clickhouse -o http://no.such.host "$t/h1"
expect_error "one that ends the connection" "ended the connection without its answer" through close
expect_error "one that ends it later" "ended the connection in the middle" through half
expect_error "one that is no HTTP server" "no HTTP server" through other
expect_error "an answer that is no number" "no number" through words
expect_error "one that refuses" "refuse: Too many parts \(300\). Merges are slower than inserts.$" \
	through refuse
expect_error "one that refuses without a word" "its answer is 503" through silent
expect_error "a user who is none" "http://nobody@.*: Unknown user nobody" \
	$vmsync export clickhouse -o "http://nobody@127.0.0.1:8112/vmsync" "$t/h1"
expect_error "a user without the password" "[Pp]assword" \
	$vmsync export clickhouse -o "http://loader@127.0.0.1:8112/vmsync" "$t/h1"
cut=0
until $vmsync export clickhouse --table=machines -o "http://127.0.0.1:$(cat "$t/port")/cut-$cut" \
		"$t/h1" 2> "$t/said" || ! grep -q "ended the connection without" "$t/said"; do
	cut=$((cut + 1))
done
expect_eq "cut after 0 to $cut bytes: said each time, until nothing was cut" "$(cat "$t/said")" ""
expect "cut after 0 to $cut bytes: these are all" test "$cut" -gt 300
expect_eq "cut anywhere: nothing was taken before" "$(at_2 machines)" 3
ch_ask 2 --database vmsync <<< "TRUNCATE TABLE machines"
expect_error "an answer that is lost" "ended the connection" through lost --table=machines
expect_eq "an answer that is lost: rows are there" "$(at_2 machines)" 3
expect_eq "an answer that is lost: they are not sent again" \
	"$(CLICKHOUSE_PASSWORD='se&cret' $vmsync export clickhouse --table=machines \
	-o "http://loader@127.0.0.1:8112/vmsync" "$t/h1" 2>&1) $(at_2 machines)" \
	"vmsync export: 1 of 1 chunks were there already 3"
# What is still going on at the server, though who sent it is gone.
id=$(printf 'vmsync-%016x-machines-0' "$(ch_ask 2 <<< "SELECT DISTINCT recording
	FROM vmsync.machines WHERE host = 'h1'")")
ch_ask 2 --database vmsync <<< "TRUNCATE TABLE machines"
exec 3<> /dev/tcp/127.0.0.1/8112
printf 'GET /?query_id=%s&max_block_size=1&query=%s HTTP/1.0\r\n\r\n' \
	"$id" 'SELECT%20sum(sleepEachRow(1))%20FROM%20system.numbers' >&3
for _ in $(seq 600); do
	[ "$(ch_ask 2 <<< "SELECT count() FROM system.processes WHERE query_id = '$id'")" = 0 ] ||
		break
	sleep 0.1
done
expect_error "one that goes on: not sent again meanwhile" "Query with id = $id is already running" \
	$vmsync export clickhouse --table=machines -o "$(url 2)" "$t/h1"
ch_ask 2 <<< "KILL QUERY WHERE query_id = '$id' SYNC" > /dev/null
exec 3>&-
# Two that send the same at the same time: one is stopped before its last byte.
through hold --table=machines > "$t/held" 2>&1 &
pid=$!
for _ in $(seq 600); do
	[ ! -e "$t/port.held" ] || break
	sleep 0.1
done
expect_eq "two at once: one is done" "$($vmsync export clickhouse --table=machines \
	-o "$(url 2)" "$t/h1" 2>&1) $(at_2 machines)" " 3"
through release > /dev/null 2>&1
wait $pid
expect_eq "two at once: the other one says what it did" "$? $(grep -c \
	'machines has 6 rows of recording [0-9]* and not 3: another one has sent it, too$' "$t/held")" "2 1"
# What every host does now and then; to record is left out here.
ch_ask 2 --database vmsync <<< "TRUNCATE TABLE machines"
cat > "$t/vmsync" <<-END
	#!/bin/sh
	[ "\$1" = record ] || exec $PWD/$vmsync "\$@"
	mkdir "\$3" && cp -r "$t/h1" "\$3/fused"
END
chmod +x "$t/vmsync"
mkdir -p "$t/spool/now/half"
spool() { # URL: exit status, what is said, recordings that wait
	VMSYNC=$t/vmsync sh $sql/spool.sh "$t/spool" "$1" 1 > "$check_out" 2>&1
	echo "$? $(sed 's/.*: //' "$check_out" | paste -sd,) $(find "$t/spool" -mindepth 1 -maxdepth 1 |
		wc -l)"
}
expect_eq "spool.sh: nobody listens" "$(spool http://127.0.0.1:9)" "1 Connection refused 1"
expect_eq "spool.sh: too much waits" "$(SPOOL_MIB=0 spool http://127.0.0.1:9)" \
	"2 Connection refused,nothing more is recorded 1"
mv "$t/spool/"[0-9]* "$t/spool/1000"
expect_eq "spool.sh: it listens again" "$(spool "$(url 2)")" "0 7 of 7 chunks were there already 0"
expect_eq "spool.sh: nothing is there twice" "$(at_2 machines)" 3
ch_ask 2 --database vmsync <<< "DROP TABLE wakes; CREATE TABLE wakes (thread Int32, from_ns Int64)
	ENGINE = MergeTree ORDER BY thread"
expect_error "a table of others" "table wakes has other columns there: .*schema.sql" \
	$vmsync export clickhouse --table=wakes -o "$(url 2)" "$t/h1"

# --- memory does not grow with the rows: what it takes besides is a chunk for each table
build/release/tests/contend "$t/large" 40000
peak() { # FORMAT OUTPUT: KiB
	build/release/tests/timed "$t/peak.$1" all $vmsync export "$1" -o "$2" "$t/large" \
		> "$check_out" 2>&1
	cut -d' ' -f2 "$t/peak.$1"
}
less=$(peak jsonl -)
more=$(peak clickhouse "$(url 1)")
expect "memory: ${less:-} KiB as jsonl, ${more:-} here" test \
	"${less:-0}" -gt 0 -a "${more:-0}" -gt 0 -a $((more - less)) -lt 24576
expect_eq "memory: there were many rows" "$(all <<< "SELECT sum(data_uncompressed_bytes) > 100000000
	FROM system.parts WHERE active AND database = 'vmsync'")" 1
finish
