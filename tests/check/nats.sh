#!/bin/bash
# SPDX-License-Identifier: MIT
#
# vmsync freeze --on-nats and --to-nats, over Debian's nats-server, unpacked: three servers
# of which one is killed, certificates on both sides, what a certificate may do, and a site
# whose server only dials out. What a message does once it is heard is in check freeze.
#
# In a network of its own, where servers listen at fixed ports.
nats=build/nats-server
if [ -z "${NATS_INSIDE:-}" ] && unshare -n true 2> /dev/null; then
	tests/fleet/fetch.sh $nats nats-server > /dev/null 2>&1
	NATS_INSIDE=1 exec unshare -n bash "$0"
fi
. tests/check/lib.sh
. tests/check/machines.sh

expect "the tool builds" make -s -j2 tool
vmsync=$PWD/build/vmsync
t=$check_tmp
pids=
trap 'kill $pids 2> /dev/null; wait 2> /dev/null; rm -rf "$check_tmp"' EXIT

if [ -z "${NATS_INSIDE:-}" ]; then
	skip "NATS: needs a network of its own"
	finish
fi
ip link set lo up
"$vmsync" freeze --on-nats=nats://127.0.0.1:1 > "$t/text" 2>&1
if grep -q "built without" "$t/text"; then
	skip "NATS: libnats-dev was not there as vmsync was built"
	finish
fi
expect "no server: said so" grep -q '^vmsync freeze: NATS at nats://127.0.0.1:1: ' "$t/text"
if ! tests/fleet/fetch.sh $nats nats-server > "$check_out" 2>&1; then
	skip "nats-server cannot be had: $(head -n 1 "$check_out")"
	finish
fi

# server NAME PORT: by $t/NAME.conf; $server is its process
server() {
	$nats/usr/sbin/nats-server -a 127.0.0.1 -p "$2" -c "$t/$1.conf" > "$t/$1.log" 2>&1 &
	server=$!
	pids="$pids $server"
	until_true "$1 runs" grep -q "Server is ready" "$t/$1.log"
}
# listens NAME OPTION...: what it heard is a line of NAME.err each, since no vmsyncd is there
# that could be asked; $listener is its process. It asks for ten freezes a second at most.
listens() {
	local name=$1

	shift
	"$vmsync" freeze --control="$t/none" "$@" > "$t/$name.out" 2> "$t/$name.err" &
	listener=$!
	pids="$pids $listener"
	until_true "$name listens" grep -q "listens to" "$t/$name.err"
}
# heard NAME: how many messages
heard() { grep -c 'start vmsyncd' "$t/$1.err"; }
# shellcheck disable=SC2317 # until_true calls it
has_heard() { [ "$(heard "$1")" -ge "$2" ]; }

# --- three servers

for n in 1 2 3; do
	cat > "$t/s$n.conf" <<-END
		cluster { name: site, listen: "127.0.0.1:625$n",
			routes: ["nats://127.0.0.1:6251", "nats://127.0.0.1:6252", "nats://127.0.0.1:6253"] }
		$([ $n != 2 ] || echo 'leafnodes { listen: "127.0.0.1:7422" }')
	END
	server s$n 422$n
	[ $n != 1 ] || first=$server
done
# The first one in the list is where it is: the library has an order of its own.
listens host1 --on-nats=nats://127.0.0.1:4221 --subject=vmsync.freeze.host1
tell() { "$vmsync" freeze --to-nats="$1" --subject="$2" --reason "$3"; }
until_true "routes are there" tell nats://127.0.0.1:4223 vmsync.freeze.host1 first
sleep 0.5
before=$(heard host1)
# More of them for a figure.
many=${NATS_MESSAGES:-30}
for n in $(seq "$many"); do
	tell nats://127.0.0.1:4223 vmsync.freeze.host1 "number $n"
	sleep 0.25
done > "$t/told" 2>&1
expect_eq "$many messages, from a server to another one" \
	"$(grep -c ': heard after' "$t/told")" "$many"
# It answers before it asks for a freeze.
until_true "... all are heard" has_heard host1 $((before + many))
expect_eq "... each once" $(($(heard host1) - before)) "$many"
sed 's/.*after //; s/ ms//' "$t/told" | sort -n | awk '{ v[NR] = $1 } END {
	printf "     told and answered: p50 %.1f ms, p99 %.1f ms, largest %.1f ms\n",
		v[int((NR + 1) / 2)], v[int((99 * NR + 99) / 100)], v[NR] }'
expect_error "nobody listens" "vmsync.freeze.nobody: nobody answers there" \
	tell nats://127.0.0.1:4223 vmsync.freeze.nobody text
kill "$listener"

# The server of who listens is killed in the midst.
listens host2 --on-nats=nats://127.0.0.1:4221,nats://127.0.0.1:4222,nats://127.0.0.1:4223 \
	--subject=vmsync.freeze.host2
for n in $(seq 30); do
	[ "$n" != 15 ] || kill -KILL "$first"
	tell nats://127.0.0.1:4223,nats://127.0.0.1:4222 vmsync.freeze.host2 "number $n" ||
		echo "lost $n"
	sleep 0.25
done > "$t/told" 2>&1
expect_eq "a server is killed: none is lost" "$(grep -c ': heard after' "$t/told")" 30
until_true "... all are heard" has_heard host2 30
expect_eq "... and none twice" "$(heard host2)" 30
kill "$listener"

# --- a site whose server only dials out

echo 'leafnodes { remotes: [{ url: "nats-leaf://127.0.0.1:7422" }] }' > "$t/leaf.conf"
server leaf 4224
listens host3 --on-nats=nats://127.0.0.1:4224 --subject=vmsync.freeze.host3
until_true "a site that only dials out hears" tell nats://127.0.0.1:4223 vmsync.freeze.host3 text
kill "$listener"

# --- certificates on both sides

authority() { # NAME
	mkdir -p "$t/$1"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
		-keyout "$t/$1/ca.key" -out "$t/$1/ca.pem" -subj "/CN=$1"
}
certificate() { # NAME AUTHORITY
	mkdir -p "$t/$1"
	cp "$t/site/ca.pem" "$t/$1/ca.pem"
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
		-keyout "$t/$1/key.pem" -out "$t/$1/csr" -subj "/CN=$1"
	openssl x509 -req -in "$t/$1/csr" -CA "$t/$2/ca.pem" -CAkey "$t/$2/ca.key" -days 2 \
		-out "$t/$1/cert.pem" \
		-extfile <(if [ "$1" = server ]; then echo "subjectAltName=IP:127.0.0.1"; fi)
}
{
	authority site
	authority other
	for name in server host1 teller; do
		certificate $name site
	done
	certificate stranger other
} > "$check_out" 2>&1
# What each may, by the name in its certificate.
cat > "$t/tls.conf" <<-END
	tls { cert_file: "$t/server/cert.pem", key_file: "$t/server/key.pem",
		ca_file: "$t/site/ca.pem", verify_and_map: true }
	authorization { users: [
		{ user: "CN=host1", permissions: { publish: ["_INBOX.>"],
			subscribe: ["vmsync.freeze.host1"] } },
		{ user: "CN=teller", permissions: { publish: ["vmsync.freeze.>"],
			subscribe: ["_INBOX.>"] } } ] }
END
server tls 4225
url=tls://127.0.0.1:4225
listens tls --on-nats=$url --tls="$t/host1" --subject=vmsync.freeze.host1
expect "by certificates: heard" "$vmsync" freeze --to-nats=$url --tls="$t/teller" \
	--subject=vmsync.freeze.host1 --reason text
until_true "... and it was that one" has_heard tls 1
expect_error "another one's subject" "we may not use the subject vmsync.freeze.host2" \
	"$vmsync" freeze --on-nats=$url --tls="$t/host1" --subject=vmsync.freeze.host2
expect_error "who may only listen tells" "we may not use the subject vmsync.freeze.host1" \
	"$vmsync" freeze --to-nats=$url --tls="$t/host1" --subject=vmsync.freeze.host1
expect_error "a certificate of another authority" "NATS at $url: .*one authority" \
	"$vmsync" freeze --to-nats=$url --tls="$t/stranger" --subject=vmsync.freeze.host1
expect_error "no certificate" "NATS at nats://127.0.0.1:4225: " \
	"$vmsync" freeze --to-nats=nats://127.0.0.1:4225 --subject=vmsync.freeze.host1
expect_error "no such folder" "NATS at $url: " \
	"$vmsync" freeze --to-nats=$url --tls="$t/none" --subject=vmsync.freeze.host1
expect_eq "... none of them was heard" "$(heard tls)" 1
finish
