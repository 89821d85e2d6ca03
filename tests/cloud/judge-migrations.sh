# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Sourced by tests/check/cloud.sh: what vmsync migration says of QEMU's logs against what QEMU
# told libvirt by its monitor, which libvirtd logged, and against Nova.

# monitored HOST DOMAIN: what was said by the monitor while the QEMU of that domain ran
monitored() {
	local log=$t/qemu-$1-$2.log from until

	from=$(date -u -d "@$(sed -nE 's/^[0-9]+@([0-9]+)\..*/\1/p' "$log" | head -n 1)" +'%F %T')
	until=$(date -u -d "@$(sed -nE 's/^[0-9]+@([0-9]+)\..*/\1/p' "$log" | tail -n 1)" +'%F %T')
	awk -v from="$from" -v until="$until.999" '$1 " " $2 >= from && $1 " " $2 <= until' \
		"$t/libvirtd-$1.log"
}

# import_side HOST DOMAIN: as $t/qemu/HOST-DOMAIN; its log and what QMP said beside it
import_side() {
	local who=$1-$2

	cp "$t/qemu-$who.log" "$t/$who.log"
	monitored "$1" "$2" | sed -nE 's/.* QEMU_MONITOR_RECV_(REPLY|EVENT): mon=[^ ]+ (reply|event)=//p' \
		> "$t/$who.jsonl"
	expect "$who: import" "$vmsync" import qemu-log -o "$t/qemu/$who" --qmp="$t/$who.jsonl" \
		--clock="$t/trace" --libvirt="$t/log/libvirt-$1/qemu/$2.log" "$t/$who.log"
}

# domain_of NAME: libvirt's name of what Nova calls so; that of a row's id by its template
domain_of() {
	jq -r --arg name "$1" 'select(.display_name == $name) | .id' "$t/instances.json" |
		xargs printf 'instance-%08x\n'
}

# asked WHO HOST DOMAIN: when libvirtd told QEMU to migrate, ns, cut off at the ms
asked() {
	date -u -d "$(monitored "$2" "$3" | grep -F 'msg={"execute":"migrate",' |
		cut -c 1-23)" +%s%N > "$t/$1.told"
}

# shellcheck disable=SC2034 # first and pages are query-migrate.sh's
judge_migrations() {
	local n name domain src

	rm -rf "$t/qemu"
	mkdir "$t/qemu"
	for name in slow large; do
		domain=$(domain_of "$name")
		import_side hv1 "$domain"
		import_side hv2 "$domain"
	done
	"$vmsync" migration --json "$t/qemu" > "$t/json" 2> "$t/err"
	expect_eq "migration: nothing to remark" "$? $(cat "$t/err")" "0 "
	jq_is "two migrations, of either host" '[.migrations[] |
		.result, .candidates, .source.process != .destination.process] | join(" ")' \
		"completed 1 true cancelled 1 true"
	first=$(sed -nE 's/.*"first_event_ns": ?([0-9]+).*/\1/p' "$t/json")
	n=0
	for name in slow large; do
		domain=$(domain_of "$name")
		src=hv1-$domain
		asked "$src" hv1 "$domain"
		pages=$(jq -r '.return.ram?.total // empty | . / 4096' "$t/$src.jsonl" | tail -n 1)
		jq_is "$name: it is Nova's" "[.processes[.migrations[$n].source.process,
			.migrations[$n].destination.process] | .name] | unique | join(\" \")" "$domain"
		jq_is "$name: its states are those that QMP told" "[.migrations[$n].source.stages[].state] |
			join(\" \")" "$(jq -r 'select(.event == "MIGRATION").data.status' "$t/$src.jsonl" |
			xargs)"
		jq_is "$name: and its rounds" ".migrations[$n].source.rounds | length" \
			"$(jq 'select(.event == "MIGRATION_PASS").data.pass' "$t/$src.jsonl" | tail -n 1)"
		n=$((n + 1))
	done
	judge_converged "hv1-$(domain_of slow)" "hv2-$(domain_of slow)"
	judge_cancelled "hv1-$(domain_of large)" "hv2-$(domain_of large)"
}

# judge_converged SOURCE DESTINATION: the first one
judge_converged() {
	as_qemu_says 0 "$1"
	down_as_the_guest_says 0 "$1" "$2"
	jq_is "slow: it converged" '.migrations[0].source.why.verdict' converged
}

# judge_cancelled SOURCE DESTINATION: the second one. Of its dirty pages QEMU told, for each
# round, how many a second; it measures the time in whole ms, that of the second round from where
# it first began to look for them.
judge_cancelled() {
	jq_is "large: its guest was never down" '.migrations[1].downtime_ns' null
	expect_eq "large: its destination never ran" "$(stamp "$2" 'runstate_set .*\(running\)$')" ""
	jq_is "large: why" '.migrations[1].source.why.verdict' "too much was left"
	expect_eq "large: its dirty pages make the rates that QEMU told, of some rounds" \
		"$(jq -r -n --slurpfile all "$t/json" --slurpfile said "$t/$1.jsonl" '
		$all[0].migrations[1].source.rounds as $rounds |
		[$said[].return | objects | .ram? // empty | select(.["dirty-pages-rate"] > 0) |
			{rate: .["dirty-pages-rate"], n: .["dirty-sync-count"]}] | unique |
		map(.rate as $rate | $rounds[.n - 1] as $this | $rounds[.n - 2] as $before |
			($this.begin_ns - $before.begin_ns +
				if .n == 2 then $before.asked_ns else 0 end) / 1e6 | . as $ms |
			($this.dirty_pages * 1000 / ($ms + 1) | floor) <= $rate and
			$rate <= ($this.dirty_pages * 1000 / ($ms - 1) | ceil)) |
		"\(all) \(length > 2)"')" "true true"
}
