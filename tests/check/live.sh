#!/bin/bash
# SPDX-License-Identifier: MIT
#
# vmsync live: what relay daemons receive, kept to the byte whatever is cut off, late,
# waited for or made anew: from one whose answers are left to chance. LTTng's own are in
# relayd.sh.

# A network of its own, where there may be one: relayd listens at fixed ports.
if [ -z "${LIVE_INSIDE:-}" ] && unshare -n true 2> /dev/null; then
	LIVE_INSIDE=1 exec unshare -n bash "$0"
fi
. tests/check/lib.sh
[ -z "${LIVE_INSIDE:-}" ] || ip link set lo up

expect "the tool builds" make -s -j2 VARIANT=asan tool \
	build/asan/tests/relayd \
	build/asan/tests/contend
cp build/asan/vmsync build/asan/tests/relayd "$check_tmp"
vmsync=$check_tmp/vmsync
t=$check_tmp/t
mkdir "$t"
build/asan/tests/contend "$t/c" 600 > /dev/null
pids=()
running=()
trap 'kill "${pids[@]}" 2> /dev/null; rm -rf "$check_tmp"' EXIT

# serve NAME OPTION... TRACE...: a relay daemon, its port in $t/NAME
serve() {
	local name=$1
	shift
	rm -f "$t/$name"
	timeout 300 "$check_tmp/relayd" "$t/$name" "host=${name%.*}" "$@" \
		> "$t/$name.err" 2>&1 &
	pids+=($!)
	soon test -s "$t/$name" || fail "$name: $(cat "$t/$name.err")"
}
url() { echo "tcp://127.0.0.1:$(cat "$t/$1")/session"; }

# live OPTION... URL...: until the sessions have ended, into $t/out
live() {
	rm -rf "$t/out"
	timeout 200 "$vmsync" live --record="$t/out" "$@" > "$t/log" 2> "$t/said"
}

# --- three machines at once: 20 times, whatever comes when, and in which pieces
one_run() { # SEED: what is to be judged is left in $t/run.SEED
	local seed=$1 r=$t/run.$1 name served=()
	mkdir "$r"
	for name in host g0 g1; do
		serve "$name.$seed" seed="$seed" cut=$((seed % 3)) \
			old=$((seed % 2)) "$t/c/$name"
		served+=("${pids[-1]}")
	done
	timeout 200 "$vmsync" live --once --record="$r/out" --metrics="$r/prom" \
		"$(url "host.$seed")" "$(url "g0.$seed")" "$(url "g1.$seed")" > "$r/log" 2> "$r/said"
	echo $? > "$r/status"
	wait "${served[@]}"
	"$vmsync" analyze --json -j 1 "$r/out" > "$r/got"
}
"$vmsync" analyze --json "$t/c" > "$t/wanted"
for seed in {1..20}; do
	one_run "$seed" &
	running+=($!)
	[ $((seed % 5)) -ne 0 ] || wait "${running[@]}"
done
for seed in {1..20}; do
	r=$t/run.$seed
	expect_eq "run $seed: exit status" "$(cat "$r/status")" 0
	for name in host g0 g1; do
		expect_eq "run $seed, $name: the relay daemon has no complaint" \
			"$(cat "$t/$name.$seed.err")" ""
		expect "run $seed, $name: the trace, to the byte" \
			diff -r "$t/c/$name" "$r/out/$name/session/kernel"
	done
	expect "run $seed: vmsync analyze finds the same, to the ns" \
		cmp "$t/wanted" "$r/got"
	expect_eq "run $seed: no packet begins before a time up to which all was there" \
		"$(grep -c '^vmsync_live_late_packets_total{.* 0$' "$r/prom")" 3
	[ $((seed % 3)) -eq 0 ] || expect "run $seed: a connection that ends is said" \
		grep -q "no connection: it ended" "$r/said"
done
expect "there was something to find" jq -e ".vcpus | length > 1" "$t/wanted"

# --- what is there no more is said
serve host gone=2 "$t/c/host"
live --once "$(url host)"
expect_eq "packets that are gone: exit status" $? 1
expect "... how many" grep -q "; 2 packets lost" "$t/log"
expect "... said when it happens" grep -q "a packet is lost, of 2 now" "$t/said"

# --- a relay daemon that promises what it does not keep
serve host lie=1 "$t/c/host"
rm -f "$t/prom"
live --once --metrics="$t/prom" "$(url host)"
expect "packets that begin before a time up to which all was there: said" \
	grep -q "a packet came too late, of 1 now" "$t/said"
expect "... and counted" grep -q '^vmsync_live_late_packets_total{.* [1-9]' "$t/prom"
expect "... and kept" diff -r "$t/c/host" "$t/out/host/session/kernel"

# --- metrics: of three machines, while it goes on and at the end
for name in host g0 g1; do
	serve $name cut=1 gone=2 hold=1 "$t/c/$name"
done
printf 'mine\n' > "$t/mine"
expect_error "metrics over what is no file of metrics" "mine exists already and is no file of metrics" \
	"$vmsync" live --record="$t/none" --metrics="$t/mine" "$(url host)"
expect_eq "... before anything is made" "$(ls -d "$t/none" 2> /dev/null)" ""
expect_error "metrics too often" "interval=0.05" \
	"$vmsync" live --record="$t/out" --metrics="$t/prom" --interval=0.05 "$(url host)"
"$vmsync" live --record="$t/out3" --once --metrics="$t/prom" --interval=0.1 \
	"$(url host)" "$(url g0)" "$(url g1)" > "$t/log" 2> "$t/said" &
client=$!
# metric NAME MACHINE
metric() { sed -n "s,^$1{url=\"$(url "$2")\"} ,,p" "$t/prom"; }
expect "up to when all came is told meanwhile" soon \
	grep -q "^vmsync_live_until_seconds{url=\"$(url host)\"} [1-9]" "$t/prom"
expect "that a session is read is told meanwhile" soon \
	grep -q "^vmsync_live_attached{url=\"$(url host)\"} 1$" "$t/prom"
touch "$t/host.go" "$t/g0.go" "$t/g1.go"
wait $client
expect_eq "... and that it is not any more, at the end" \
	"$(metric vmsync_live_attached host)" 0
for name in host g0 g1; do
	gone=$(find "$t/c/$name" -name 'channel*' | wc -l)
	expect_eq "$name: packets that are gone" \
		"$(metric vmsync_lost_packets_total $name)" "$gone"
	expect_eq "$name: connections that ended" \
		"$(metric vmsync_live_connections_failed_total $name)" 1
	expect_eq "$name: bytes" "$(metric vmsync_live_bytes_total $name)" \
		"$(find "$t/out3/$name" -type f -printf '%s\n' | awk '{ s += $1 } END { print s }')"
	expect_eq "$name: what is printed at the end is the same" \
		"$(sed -n "s,^$(url $name): \([0-9]*\) sess.*\, \([0-9]*\) packets\, .*,\1 \2,p" "$t/log")" \
		"$(metric vmsync_live_sessions_total $name) $(metric vmsync_live_packets_total $name)"
done
expect_eq "each line is of the format" "$(grep -vE \
	'^# (HELP [a-z_]+ [A-Z].*\.|TYPE [a-z_]+ (counter|gauge)|vmsync live)$|^[a-z_]+\{url="[^"]*"\} [0-9]+(\.[0-9]{9})?$' \
	"$t/prom")" ""
expect_eq "... and each series is there once" "$(grep -v '^#' "$t/prom" |
	cut -d ' ' -f 1 | sort | uniq -d)" ""

# --- one viewer at a time
serve host busy=2 "$t/c/host"
live --once "$(url host)"
expect_eq "another viewer: it is waited for" $? 0
expect_eq "... and said once" "$(grep -c 'another viewer reads' "$t/said")" 1
expect "... then all comes" diff -r "$t/c/host" "$t/out/host/session/kernel"

# --- the session is made again; Ctrl-C
serve host cut=1 "$t/c/host" "$t/c/g0"
rm -rf "$t/out"
"$vmsync" live --record="$t/out" "$(url host)" > "$t/log" 2> "$t/said" &
client=$!
expect "two sessions of a name, one after the other" \
	soon grep -q "session has ended; it is in $t/out/host/session-2" "$t/said"
kill -INT $client
wait $client
expect_eq "Ctrl-C: exit status" $? 0
expect "the first one" diff -r "$t/c/host" "$t/out/host/session/kernel"
expect "the second one" diff -r "$t/c/g0" "$t/out/host/session-2/kernel"

# --- nobody is there; what cannot be
live --seconds=1.5 tcp://127.0.0.1:1/session
expect_eq "nobody listens: exit status" $? 1
expect_eq "... said once" "$(cat "$t/said")" \
	"vmsync live: tcp://127.0.0.1:1/session: no connection: Connection refused; trying again"
serve host "$t/c/host"
live --seconds=1 "$(url host | sed 's/session$/no-such/')"
expect "no such session" grep -q "waiting: no session no-such there, of 4" "$t/said"
serve other "$t/c/g0"
expect_eq "the sessions there are" \
	"$($vmsync live "$(url other | sed 's/session$//')" | head -n 3 | paste -sd,)" \
	"other/another,other/not-live: not live,other/session"
expect_error "no URL" "no URL" "$vmsync" live --record="$t/out"
expect_error "not a URL" "say tcp://HOST" "$vmsync" live net://localhost/s
for url in vsock://guest/s vsock:///s vsock://4294967295/s vsock://-1/s; do
	expect_error "no context ID: $url" "vsock://CID" "$vmsync" live --record="$t/out" $url
done
# Whatever this machine has: nobody listens there.
expect_error "a guest that does not listen" "vsock://1:9: [a-zA-Z]" "$vmsync" live vsock://1:9
expect_error "no folder" "record says where" "$vmsync" live tcp://h/s
expect_error "no session" "names no session" "$vmsync" live --record="$t/x" tcp://h
expect_error "nobody to list" "refused" "$vmsync" live tcp://127.0.0.1:1
expect_error "a folder that cannot be made" "nowhere/x: No such" \
	"$vmsync" live --record="$t/nowhere/x" tcp://h/s
for option in --json --limit=1 --metrics="$t/x.prom" --once --seconds=1; do
	expect_error "$option of a list" "are of --record" "$vmsync" live "$option" tcp://h
done
expect_error "an interval of nothing" "interval is of --metrics" \
	"$vmsync" live --interval=2 --record="$t/x" tcp://h/s
expect_error "no limit" "limit=0" "$vmsync" live --limit=0 --record="$t/x" tcp://h/s
finish
