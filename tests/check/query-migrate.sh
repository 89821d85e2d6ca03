# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Sourced by checks of live migrations that QEMU's monitor told of as well: what vmsync
# migration said, in $t/json, against QEMU's answer to query-migrate. $t/WHO.log is the
# source's log, $t/WHO.told when it was asked to migrate, $first the time of the first event
# of all, $pages the guest's.

now_ns() { echo "$(tr -d . <<< "$EPOCHREALTIME")000"; }

# stamp WHO PATTERN [WHICH]: time of day of a line of the log, ns: the first or last one
stamp() {
	sed -nE "s/^[0-9]+@([0-9]+)\.([0-9]+):$2.*/\1\2000/p" "$t/$1.log" |
		if [ "${3:-first}" = last ]; then tail -n 1; else head -n 1; fi
}

# qmp_stamp WHO EVENT: when QMP first told of it, ns
qmp_stamp() {
	jq -r "select(.event == \"$2\").timestamp | .seconds * 1000000 + .microseconds" \
		"$t/$1.jsonl" | sed 's/$/000/' | head -n 1
}

# told N SIDE KEY: a time of migration N, as time of day
told() {
	echo $(($(json ".migrations[$1].$2.$3") + first))
}

# as_qemu_says N SOURCE: figures of migration N are those of query-migrate. QEMU reads
# its clock before and after what it logs: its figures are between two spans, in whole ms.
as_qemu_says() {
	local n=$1 who=$2 answer=".migrations[$1].source.query_migrate" ms own
	expect_eq "$who: rounds are QEMU's" \
		"$(json ".migrations[$n].source.rounds | length")" \
		"$(json "$answer.dirty_sync_count")"
	expect_eq "$who: and those that QMP told" \
		"$(json ".migrations[$n].source.qmp_passes")" \
		"$(json "$answer.dirty_sync_count")"
	ms=1000000
	# It reads its clock for the first time after it said that it begins.
	within "$who: the time in all" $(($(told "$n" source end_ns) - \
		$(stamp "$who" savevm_state_setup) - ms)) \
		"$(($(json "$answer.total_time_ms") * ms))" \
		$(($(stamp "$who" 'runstate_set .*postmigrate') - $(cat "$t/$who.told") + ms))
	own=$(($(told "$n" source end_ns) - $(told "$n" source stop_ns)))
	within "$who: QEMU's own figure of downtime" $((own - ms)) \
		"$(($(json "$answer.downtime_ms") * ms))" \
		$(($(stamp "$who" 'runstate_set .*postmigrate') - \
			$(stamp "$who" migration_thread_low_pending) + ms))
	# Every page was sent once, and once more whenever it was found dirty.
	# A round that ended within a ms of QEMU's second does not tell how many it found,
	# and the sum is null then: it is one of two for each such round.
	expect_eq "$who: dirty pages are null where a round's are" \
		"$(json ".migrations[$n].source | .dirty_pages == null")" \
		"$(json ".migrations[$n].source | any(.rounds[]; .dirty_pages == null)")"
	expect "$who: dirty pages are those sent again" test true = "$(json "
		($answer | .normal_pages + .duplicate_pages - $pages) as \$again |
		.migrations[$n].source.rounds | . as \$all |
		[foreach range(length) as \$i (null; \$all[\$i]; [.dirty_pages //
			(.printed_pages, .printed_pages -
			(if \$i > 0 then \$all[\$i - 1].printed_pages else 0 end))])] |
		[combinations | add] | any(. == \$again)")"
}

# down_as_the_guest_says N SOURCE DESTINATION: it wrote to its serial port while it ran
down_as_the_guest_says() {
	local n=$1 src=$2 dst=$3 down stopped last first_ns
	down=$(json ".migrations[$n].downtime_ns")
	stopped=$(told "$n" source stopped_ns)
	last=$(stamp "$src" serial_write last)
	first_ns=$(stamp "$dst" serial_write)
	expect_eq "$src: the time from stop to run" "$down" \
		"$(($(stamp "$dst" 'runstate_set .*\(running\)$') - \
			$(stamp "$src" 'runstate_set .*\(finish-migrate\)$')))"
	within "$src: the guest's last sign of life" 0 "$last" "$stopped"
	within "$dst: and its first" "$(stamp "$dst" 'runstate_set .*\(running\)$')" \
		"$first_ns" "$(now_ns)"
	within "$src: it was down" 0 $((down - $(json \
		".migrations[$n].stopping_ns"))) $((first_ns - last))
	within "$src: by QMP" $(($(qmp_stamp "$dst" RESUME) - \
		$(qmp_stamp "$src" STOP))) "$down" $((first_ns - last + \
		$(json ".migrations[$n].stopping_ns")))
}
