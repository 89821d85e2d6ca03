#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What tools/fleet has for many hosts: rules that promtool tests, and that fire in a real
# Prometheus, go through a real Alertmanager and reach a webhook; rules of PCP; TLS; units.
# The programs are Debian's, unpacked.

prom=build/prometheus tls=build/stunnel pcp=build/pcp
# fetch DIR: its programs; where they cannot be had that is said later
fetch() {
	case $1 in
	"$prom") set -- "$1" prometheus prometheus-alertmanager prometheus-node-exporter ;;
	"$tls") set -- "$1" stunnel4 ;;
	*) set -- "$1" pcp python3-requests ;;
	esac
	tests/fleet/fetch.sh "$@"
}
# A network of its own, where the programs listen at fixed ports, and mounts of its own:
# Alertmanager and PCP look for files at fixed places. There is nothing to be had there.
if [ -z "${FLEET_INSIDE:-}" ] && unshare -mn true 2> /dev/null; then
	for dir in $prom $tls $pcp; do
		fetch "$dir" > /dev/null 2>&1
	done
	FLEET_INSIDE=1 exec unshare -mn bash "$0"
fi
. tests/check/lib.sh

expect "the tool builds" make -s -j2 tool build/release/tests/contend
vmsync=build/vmsync
t=$check_tmp
build/release/tests/contend "$t/c" 600
[ -z "${FLEET_INSIDE:-}" ] || ip link set lo up
fleet=tools/fleet
pids=()
trap 'kill "${pids[@]}" 2> /dev/null; wait "${pids[@]}" 2> /dev/null
	rm -rf --one-file-system "$check_tmp"' EXIT

# soon TEXT COMMAND...: it succeeds within a minute
soon() {
	local end=$((SECONDS + 60))
	until "${@:2}" > "$t/soon" 2>&1 || [ $SECONDS -ge $end ]; do
		sleep 0.2
	done
	expect "$@"
}
# has DIR: its programs are unpacked, or it is said that they are not
has() {
	fetch "$1" > "$check_out" 2>&1 && return
	skip "$1 cannot be had: $(head -n 1 "$check_out")"
	return 1
}
# over DIR PLACE: what is below DIR is at PLACE, too, as if it was installed
over() {
	mkdir -p "$t/over$2/new" "$t/over$2/work" || return
	mount -t overlay overlay -o "lowerdir=$PWD/$1$2:$2,upperdir=$t/over$2/new,workdir=$t/over$2/work" \
		"$2"
}

# --- what units and settings say, as far as a program reads it
mkdir "$t/units"
for unit in "$fleet"/systemd/*; do
	# What is to be run lies elsewhere here.
	sed 's,^ExecStart=[^ ]*,ExecStart=/bin/true,' "$unit" > "$t/units/${unit##*/}"
done
expect_eq "units: systemd has no complaint" "$(cd "$t/units" && systemd-analyze --man=no verify \
	./*.service ./*.timer ./*.socket 2>&1 | grep -F vmsync-)" ""
has $prom || prom=
if [ -n "$prom" ]; then
	expect "promtool: rules" $prom/usr/bin/promtool check rules $fleet/prometheus/vmsync.rules.yml
	expect "promtool: the rules' tests" $prom/usr/bin/promtool test rules \
		$fleet/prometheus/vmsync.rules.test.yml
	sed -n 's/.*- alert: //p' $fleet/prometheus/vmsync.rules.yml > "$t/alerts.all"
	while read -r alert; do
		expect "$alert has a test in which it fires" grep -qzP \
			"alertname: $alert\n *eval_time: [0-9a-z]*\n *exp_alerts:\n" \
			$fleet/prometheus/vmsync.rules.test.yml
	done < "$t/alerts.all"
	expect "promtool: the example" $prom/usr/bin/promtool check config \
		$fleet/prometheus/prometheus.yml
	expect "amtool: the example" $prom/usr/bin/amtool check-config \
		$fleet/prometheus/alertmanager.yml
fi

# --- TLS with certificates on both sides: the settings, but for names of files and ports
key=(-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes)
authority() { # NAME
	openssl req -x509 "${key[@]}" -days 2 -keyout "$t/$1.key" -out "$t/$1.pem" -subj "/CN=$1"
}
certificate() { # NAME AUTHORITY SUBJECT
	openssl req "${key[@]}" -keyout "$t/$1.key" -out "$t/$1.csr" -subj "/CN=$3"
	openssl x509 -req -in "$t/$1.csr" -CA "$t/$2.pem" -CAkey "$t/$2.key" -days 2 \
		-extfile <(echo "subjectAltName=DNS:$3") -out "$t/$1.crt"
	cat "$t/$1.crt" "$t/$1.key" > "$t/$1.pem"
}
tunnel() { # CONF CERTIFICATE PORT [TLS-PORT]: what is 8123 there is PORT here
	local port=${4:-8443}
	sed "s,^cert = .*,cert = $t/$2.pem,; s,^CAfile = .*,CAfile = $t/site.pem,
		s,127[.]0[.]0[.]1:8123,127.0.0.1:$3,; s,^accept = 8443,accept = 127.0.0.1:$port,
		s,clickhouse.example.org:8443,127.0.0.1:$port," \
		"$fleet/stunnel/$1.conf" > "$t/$2.$3.conf"
	LD_LIBRARY_PATH=$tls/usr/lib/$(uname -m)-linux-gnu $tls/usr/bin/stunnel4 \
		"$t/$2.$3.conf" > "$t/$2.$3.log" 2>&1 &
	pids+=($!)
	soon "stunnel with $2's certificate runs" grep -q "Configuration successful" \
		"$t/$2.$3.log"
}
# sent TEXT PATTERN PORT: to a server that refuses, so that its words come back
sent() {
	expect_error "$1" "$2" $vmsync export clickhouse -o "http://127.0.0.1:$3/refuse" "$t/c"
}
tunnels_run() {
	node tests/fleet/server.mjs "$t/port" 0 > "$t/server.log" 2>&1 &
	pids+=($!)
	soon "a server runs" test -s "$t/port"
	for name in site other; do
		authority $name
	done > "$check_out" 2>&1
	certificate server site clickhouse.example.org > "$check_out" 2>&1
	certificate host site host1 > "$check_out" 2>&1
	certificate stranger other host1 > "$check_out" 2>&1
	tunnel server server "$(cat "$t/port")"
	tunnel host host 8123
	tunnel host stranger 8124
	sent "through two stunnels" "Too many parts" 8123
	sent "a stranger's certificate" "127.0.0.1:8124/refuse: [^T]" 8124
	expect "a stranger is refused" grep -q "certificate verify failed" "$t"/server.*.log
	# Another site's server, which has the right name.
	certificate false other clickhouse.example.org > "$check_out" 2>&1
	tunnel server false "$(cat "$t/port")" 8444
	tunnel host host 8125 8444
	sent "a false server" "127.0.0.1:8125/refuse: [^T]" 8125
	expect "a false server is refused" grep -q "certificate verify failed" "$t/host.8125.log"
}
if [ -z "${FLEET_INSIDE:-}" ]; then
	skip "stunnel: needs a network of its own"
elif has $tls; then
	tunnels_run
fi

# --- a host whose metrics are those of a recording, one after the other
$vmsync analyze --json "$t/c" > "$t/json"
# metrics DIR: a file of metrics each second; 25 recordings take about one
metrics() {
	local n quiet=true
	for ((n = 0; n < 300; n++)); do
		[ ! -e "$1/loud" ] || quiet=false
		jq -r --argjson n $((25 * n)) --argjson quiet $quiet -f tests/fleet/metrics.jq \
			"$t/json" > "$1/vmsync.new"
		mv "$1/vmsync.new" "$1/vmsync.prom"
		sleep 1
	done
}
query() { # PROMQL: values
	curl -sG --data-urlencode "query=$1" http://127.0.0.1:9090/api/v1/query |
		jq -r '.data.result[].value[1]'
}
prometheus_runs() {
	local bin=$prom/usr/bin
	mkdir "$t/prometheus"
	# The same rules, but not by the minute.
	sed 's/\[[15]m\]/[5s]/; s/for: .*/for: 1s/' $fleet/prometheus/vmsync.rules.yml \
		> "$t/prometheus/vmsync.rules.yml"
	sed "s/15s/1s/; s/'host1:9100', 'host2:9100'/'127.0.0.1:9100'/" \
		$fleet/prometheus/prometheus.yml > "$t/prometheus/prometheus.yml"
	sed 's/group_wait: .*/group_wait: 1s/; s/group_interval: .*/group_interval: 1s/' \
		$fleet/prometheus/alertmanager.yml > "$t/prometheus/alertmanager.yml"
	$bin/prometheus-node-exporter --collector.disable-defaults --collector.textfile \
		--collector.textfile.directory="$t/node" \
		--web.listen-address=127.0.0.1:9100 > "$t/exporter.log" 2>&1 &
	pids+=($!)
	$bin/prometheus-alertmanager --config.file="$t/prometheus/alertmanager.yml" \
		--storage.path="$t/alerts" --cluster.listen-address= \
		--web.listen-address=127.0.0.1:9093 > "$t/alertmanager.log" 2>&1 &
	pids+=($!)
	node tests/fleet/hook.mjs 9099 "$t/hook" > "$t/hook.log" 2>&1 &
	pids+=($!)
	$bin/prometheus --config.file="$t/prometheus/prometheus.yml" \
		--storage.tsdb.path="$t/prometheus/data" \
		--web.listen-address=127.0.0.1:9090 > "$t/prometheus.log" 2>&1 &
	pids+=($!)
	soon "node_exporter runs" curl -sf http://127.0.0.1:9100/metrics
	soon "Alertmanager runs" curl -sf http://127.0.0.1:9093/-/ready
	soon "Prometheus runs" curl -sf http://127.0.0.1:9090/-/ready
}
if [ -n "$prom" ] && [ -n "${FLEET_INSIDE:-}" ] && over $prom /usr/share; then
	mkdir "$t/node"
	metrics "$t/node" &
	pids+=($!)
	prometheus_runs
	# Ten rounds, or more.
	soon "quiet: rules are asked for" sh -c "curl -s http://127.0.0.1:9090/metrics |
		grep -qE '^prometheus_rule_group_iterations_total.* [0-9]{2,}$'"
	expect_eq "quiet: metrics are there" "$(query 'count(vmsync:vm_denied:ratio)')" 2
	expect_eq "quiet: nothing fires" "$(query 'count(ALERTS)') $(cat "$t/hook" 2> /dev/null)" " "
	touch "$t/node/loud"
	soon "preempted: people are told who is to blame" \
		grep -qx '/people firing VmsyncNoisyNeighbour vm0 vm1' "$t/hook"
	soon "preempted: programs are told that the VM is denied its CPU" \
		grep -qx '/programs firing VmsyncVmDenied vm0 -' "$t/hook"
	expect_eq "preempted: nothing else is told" "$(grep -vE \
		'^/(people|programs) firing (VmsyncNoisyNeighbour vm. (vm.|task|irq)|VmsyncVmDenied vm. -)$' \
		"$t/hook")" ""
else
	skip "Prometheus: needs a network and mounts of its own"
fi

# --- the same in PCP
pcp_runs() {
	local dir=/var/lib/pcp/pmdas
	over $pcp /usr && over $pcp /etc && over $pcp /var && mount -t tmpfs none /run || return
	ldconfig
	echo "pcp:x:990:990::/var/lib/pcp:/bin/false" >> /etc/passwd
	echo "pcp:x:990:" >> /etc/group
	mkdir -p /run/pcp /var/log/pcp/pmcd /var/lib/pcp/tmp
	chown -R 990:990 /run/pcp /var/log/pcp /var/lib/pcp/tmp
	chmod 755 "$t"
	sed "s,/run/vmsync-live,$t/pcp," $fleet/pcp/vmsync.url > $dir/openmetrics/config.d/vmsync.url
	printf 'openmetrics 144 pipe binary notready %s %s\n' /usr/bin/python3 \
		$dir/openmetrics/pmdaopenmetrics.python > "$t/pmcd.conf"
	printf 'root {\n\topenmetrics\t144:*:*\n}\n' > "$t/pmns"
	# The agent has its log where it is started.
	(cd "$t" && exec /usr/lib/pcp/bin/pmcd -f -q 60 -t 60 -n "$t/pmns" -c "$t/pmcd.conf" \
		-l "$t/pmcd.log" -A > "$t/pmcd.out" 2>&1) &
	pids+=($!)
	soon "pcp: metrics are there" sh -c \
		"pminfo -f openmetrics.vmsync | grep 'domain:vm1 state:preempted'"
	sed 's/15 sec/1 sec/; s/syslog 10 min/print/' $fleet/pcp/vmsync.pmie > "$t/rules.pmie"
	pmie -v -c "$t/rules.pmie" > "$t/pmie.log" 2>&1 &
	pids+=($!)
	soon "pcp, quiet: rules are asked for" sh -c "[ \$(grep -c 'false' '$t/pmie.log') -gt 5 ]"
	expect_eq "pcp, quiet: nothing is said" "$(grep "waits for" "$t/pmie.log")" ""
	touch "$t/pcp/loud"
	soon "pcp, preempted: it is said which virtual CPU waits" grep \
		"a virtual CPU waits for its CPU: .*domain:vm0 state:preempted" "$t/pmie.log"
	expect_eq "pcp, preempted: nothing is said of other states" "$(grep "waits for" "$t/pmie.log" |
		grep -o "state:[a-z]*" | sort -u)" state:preempted
}
if [ -z "${FLEET_INSIDE:-}" ]; then
	skip "PCP: needs a network and mounts of its own"
elif has $pcp; then
	mkdir "$t/pcp"
	metrics "$t/pcp" &
	pids+=($!)
	pcp_runs || skip "PCP: cannot be put where it looks for its files"
fi
finish
