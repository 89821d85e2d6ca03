#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The logging handler for services of OpenStack: what a service logs and notifies is in
# the trace, from forked workers, too, and layers tell of it. Needs lttng-tools,
# liblttng-ust-dev and python3; with oslo.messaging and osprofiler the real ones send.
. tests/check/lib.sh

t=$check_tmp/os
mkdir -p "$t/home"
export LTTNG_HOME=$t/home HOME=$t/home PYTHONDONTWRITEBYTECODE=1

# Debian's own, which has Debian's modules.
python=/usr/bin/python3
if ! has_ust lttng-sessiond || [ ! -x $python ]; then
	skip "services: no lttng-tools, liblttng-ust-dev or python3 here"
	finish
fi
if lttng list > "$check_out" 2>&1; then
	skip "services: a session daemon is running, which is not ours"
	finish
fi
expect "the tool builds" make -s -j2 tool
expect "the handler builds, and is installed" make -s install-openstack \
	DESTDIR="$t/installed" PREFIX=/usr
vmsync=build/release/vmsync
modules=$t/installed/usr/lib/python3/dist-packages
cat > "$t/logging.conf" <<-EOF
	[loggers]
	keys = root
	[handlers]
	keys = lttng
	[formatters]
	keys =
	[logger_root]
	level = DEBUG
	handlers = lttng
	[handler_lttng]
	class = vmsync_openstack.Lttng
	args = ()
EOF
service() { # NAME [FILE]: the service, called so
	cp "tests/gen/${2:-service.py}" "$t/$1"
	PYTHONPATH="$modules:${PYTHONPATH-}" timeout 120 $python "$t/$1" "$t/logging.conf" \
		> "$t/out" 2> "$t/$1.err"
}

service nova-compute
expect_eq "without a tracer a service goes on" $? 0
expect_eq "and says nothing of it" "$(cat "$t/nova-compute.err")" ""
mv "$modules/libvmsync-cloud.so" "$t/aside.so"
service nova-compute
expect_eq "without the library it goes on" $? 0
expect_eq "and says so, once" "$(grep -c 'nothing is traced' "$t/nova-compute.err")" 1
mv "$t/aside.so" "$modules/libvmsync-cloud.so"

lttng-sessiond --no-kernel > "$t/sessiond.log" 2>&1 &
daemon=$!
trap 'kill $daemon 2> /dev/null; wait $daemon; rm -rf "$check_tmp"' EXIT
for _ in $(seq 50); do
	lttng list > "$check_out" 2>&1 && break
	sleep 0.2
done
record() {
	lttng create cloud --output="$t/trace" &&
		lttng enable-event -u 'vmsync_cloud:*' &&
		lttng add-context -u -t vpid -t procname && lttng start &&
		service nova-compute && service privsep-helper && lttng destroy
}
record > "$t/log" 2>&1
expect_eq "recorded" $? 0
expect_eq "what services printed is no error" "$(cat "$t"/{nova-compute,privsep-helper}.err)" ""
expect_eq "a reader of traces reads it" "$(babeltrace2 "$t/trace" 2> "$t/err" |
	sed 's/(+[^)]*) //' | LC_ALL=C sort | cksum)" \
	"$($vmsync cat "$t/trace" | sed 's/(+[^)]*) //' | LC_ALL=C sort | cksum)"

$vmsync cat --event='*:log' "$t/trace" > "$t/log"
# oslo.messaging logs, too, which is as it should be.
grep 'logger = "nova.compute.manager"' "$t/log" > "$t/own"
expect_eq "lines of the log" "$(wc -l < "$t/own")" 4
expect_eq "what a service is called" "$(grep -vc 'service = "nova-compute"' "$t/log")" 0
expect_eq "a worker that was forked" "$(grep -c 'resource = "dff690d7.*in a worker' "$t/own")" 1
expect_eq "it is another process" "$(grep -o 'vpid = [0-9]*' "$t/own" | sort -u | wc -l)" 2
expect_eq "the request's id" "$(grep -c 'request_id = "req-1"' "$t/own")" 3
expect_eq "what there is none of is -" "$(grep -c 'global_request_id = "-"' "$t/own")" 4
expect_eq "an exception, with bytes that no trace can hold" \
	"$(grep -cF 'text = "Failed: x\?y\?\nTraceback' "$t/own")" 1
expect_eq "a long line is cut" "$(grep -o 'zzz*' "$t/own" | awk '{ print length }')" 32768
$vmsync layers --json --all "$t/trace" > "$t/json"
jq_is "layers: the instance's states" '[.tracks[] | select(.name == "instance") |
	.listed[0].states[].state] | join(" ")' "building/spawning active"
jq_is "layers: its name, which had escapes" '.tracks[] | select(.name == "instance") |
	.listed[0].name' 'naïve "vm"\\x'
jq_is "layers: it was building for 50 ms" '.tracks[] | select(.name == "instance") |
	.listed[0].states[0] | .until_ns - .from_ns | . >= 50000000' true
jq_is "layers: the request failed, and why first" '.tracks[] | select(.name == "request") |
	.listed[] | select(.key == "req-1") | "\(.failures) \(.cause | .[0:10]) \(.cause_place)"' \
	"1 Failed: x? nova-compute"
was_sent=$(cat "$t/out")
if grep -q oslo.messaging <<< "$was_sent"; then
	pass "notifications are sent by oslo.messaging"
else
	skip "notifications by oslo.messaging: not here (python3-oslo.messaging)"
fi
if grep -q osprofiler <<< "$was_sent"; then
	jq_is "spans: one is in the other" '[.tracks[] | select(.name == "call") |
		.listed[0].states[] | "\(.state) \(.depth) \(.self_ns / 1e7 | floor >= 2)"] | join(", ")' \
		"outer a.b 0 true, inner 1 true"
else
	skip "spans by osprofiler: not here (python3-osprofiler)"
fi

# record_again COMMAND...: into a trace of its own
record_again() {
	rm -rf "$t/trace"
	{
		lttng create again --output="$t/trace" &&
			lttng enable-event -u 'vmsync_cloud:*' &&
			lttng add-context -u -t vpid && lttng start &&
			"$@" && lttng destroy
	} > "$t/log" 2>&1
}
lines() { $vmsync cat --event='*:log' "$t/trace" | grep "$1"; }

# --- green threads, that take turns within a request; a native one; a forked worker
if $python -c 'import eventlet' 2> "$check_out"; then
	record_again service nova-green service_eventlet.py
	expect_eq "eventlet: recorded" "$? $(cat "$t/nova-green.err")" "0 "
	lines 'logger = "nova.green"' > "$t/own"
	expect_eq "eventlet: each step of each request, once" "$(grep -oE 'step [0-9]+ of [0-9]+' \
		"$t/own" | sort | uniq -c | awk '{ print $1 }' | sort | uniq -c | xargs)" "400 1"
	expect_eq "eventlet: by its own request" "$(grep -E 'step' "$t/own" |
		sed -E 's/.* request_id = "req-([0-9]+)".* of ([0-9]+)".*/\1 \2/' |
		awk '$1 != $2' | wc -l)" 0
	expect_eq "eventlet: they take turns" "$(grep -oE 'of [0-9]+' "$t/own" | uniq |
		wc -l | awk '{ print ($1 > 100) }')" 1
	expect_eq "eventlet: a native thread, before the fork and in the worker" \
		"$(grep -c 'request_id = "req-native"' "$t/own")" 20
	expect_eq "eventlet: by two processes, as they say" "$(sed -nE \
		's/.*vpid = ([0-9]+).* text = "([0-9]+) step.*/\1 \2/p' "$t/own" |
		awk '$1 == $2 { n[$1]++ } END { for (pid in n) print n[pid] }' | xargs)" "200 200"
else
	skip "eventlet: not here (python3-eventlet)"
fi

# --- an application in uWSGI, whose workers are forked in C
uwsgi=(uwsgi-core --plugins-dir /usr/lib/uwsgi/plugins --plugin python3 --master --processes 2
	--need-app --die-on-term --wsgi-file tests/gen/service_uwsgi.py)
# requests N: so many, of each of two clients at a time
requests() {
	local clients=() i
	for i in 1 2; do
		$python tests/gen/requests.py "$t/port" "$1" > "$t/answers.$i" \
			2> "$t/client.$i" &
		clients+=($!)
	done
	wait "${clients[@]}"
	cat "$t"/answers.*
}
if command -v uwsgi-core > "$check_out" && [ -e /usr/lib/uwsgi/plugins/python3_plugin.so ]; then
	SERVICE_LOGGING=$t/logging.conf PYTHONPATH=$modules "${uwsgi[@]}" \
		--http-socket 127.0.0.1:0 > "$t/uwsgi.log" 2>&1 &
	server=$!
	trap 'kill -9 $server 2> /dev/null; kill $daemon 2> /dev/null; wait $daemon; rm -rf "$check_tmp"' EXIT
	for _ in $(seq 100); do
		sed -nE 's/.*127\.0\.0\.1:([0-9]+) .*/\1/p' "$t/uwsgi.log" | head -n 1 > "$t/port"
		[ ! -s "$t/port" ] || ! requests 1 | grep -q . || break
		sleep 0.2
	done
	record_again requests 20
	expect_eq "uWSGI: recorded" $? 0
	expect_eq "uWSGI: forty were answered" "$(cat "$t"/answers.* | wc -l)" 40
	lines 'logger = "nova.api"' > "$t/own"
	expect_eq "uWSGI: all are told of, and what their workers forked" \
		"$(grep -c 'text = "request"' "$t/own") $(grep -c 'text = "forked"' "$t/own")" "40 40"
	expect_eq "uWSGI: each by the worker that answered" "$(grep 'text = "request"' "$t/own" |
		grep -oE 'vpid = [0-9]+' | grep -oE '[0-9]+' | sort | uniq -c | xargs)" \
		"$(cat "$t"/answers.* | sort | uniq -c | xargs)"
	expect_eq "uWSGI: the service is called as its application" \
		"$(grep -vc 'service = "service_uwsgi.py"' "$t/own")" 0
	kill $server
	wait $server
	expect_eq "uWSGI: it ends when told to" "$(tail -n 1 "$t/uwsgi.log")" "goodbye to uWSGI."
else
	skip "uWSGI: not here (uwsgi-core, uwsgi-plugin-python3)"
fi
finish
