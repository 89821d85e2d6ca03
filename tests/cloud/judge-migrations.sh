# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Sourced by tests/check/cloud.sh: what vmsync migration says of QEMU's logs against what QEMU
# told monitor.py, and against Nova.

# monitored HOST DOMAIN: what libvirtd said by a monitor while the QEMU of that domain ran
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
	cp "$t/qemu-$who.jsonl" "$t/$who.jsonl"
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

# syncs LOG: between which two of its events QEMU read its clock for the first round, and then at
# the end of each one's looking for dirty pages, in us; an object a line
syncs() {
	awk '{
		split($0, field, /[@:]/)
		thread = field[1]
		us = field[2] * 1000000
		if (open[thread]) {
			print "{\"from\": " open[thread] ", \"until\": " us "}"
			open[thread] = 0
		}
		if (field[3] ~ /^migration_bitmap_sync_start/ && !begun++)
			print "{\"from\": " last[thread] ", \"until\": " us "}"
		if (field[3] ~ /^migration_bitmap_sync_end/)
			open[thread] = us
		last[thread] = us
	}' CONVFMT=%.0f OFMT=%.0f "$1"
}

# judge_cancelled SOURCE DESTINATION: the second one. Of its dirty pages QEMU told, for each
# round, how many a second: it reads its clock, in whole ms, between two events that it logs.
# While it looks for dirty pages it counts the new round already, and still tells the rate of the
# one before: which one it is of is known by the event that came last.
judge_cancelled() {
	jq_is "large: its guest was never down" '.migrations[1].downtime_ns' null
	expect_eq "large: its destination never ran" "$(stamp "$2" 'runstate_set .*\(running\)$')" ""
	jq_is "large: why" '.migrations[1].source.why.verdict' "too much was left"
	syncs "$t/$1.log" > "$t/syncs"
	expect_eq "large: its dirty pages make the rates that QEMU told, of most rounds" \
		"$(jq -r -n --slurpfile all "$t/json" --slurpfile said "$t/$1.jsonl" \
		--slurpfile syncs "$t/syncs" '
		$all[0].migrations[1].source.rounds as $rounds |
		[foreach $said[] as $it ({}; if $it.event == "MIGRATION_PASS" then {n: $it.data.pass}
			else .rate = ($it | .return.ram?."dirty-pages-rate"? // 0) end) |
			select(.rate > 0)] | unique |
		map(.rate as $rate | $rounds[.n - 1].dirty_pages as $pages | $syncs[.n] as $this |
			$syncs[if .n == 2 then 0 else .n - 1 end] as $before |
			(($this.until - $before.from) / 1000 + 1) as $most_ms |
			(($this.from - $before.until) / 1000 - 1) as $least_ms |
			($pages * 1000 / $most_ms | floor) <= $rate and
			$rate <= ($pages * 1000 / $least_ms | ceil)) |
		"\(all) \(length * 2 > ($rounds | length))"')" "true true"
}
