# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Sourced by tests/check/cloud.sh: what vmsync layers says of the recording in $t/trace against
# the databases' rows in $t/TABLE.json, and services' logs. services.jq has what is compared.

# logged: lines of services' logs that tell of requests
logged() {
	local log

	for log in "$t"/log/{glance-api,keystone,neutron-server,placement,cinder-*,nova-{api,conductor,scheduler,compute-*}}.log; do
		log=${log##*/}
		log=${log%.log}
		jq -R -c -n --arg service "${log%-hv?}" -f tests/cloud/log-lines.jq "$t/log/$log.log"
	done
}

# listing: requests that the operator's program made to list servers, by its own debug output
listing() {
	sed -nE 's/.* call to ([a-z]+) for .* used request id (req-[0-9a-f-]+).*/["\1","\2"]/p' \
		"$t/log/answers.log"
}

judge_services() {
	local begin_ns kind text rest most_begin_us=0 most_end_us=0

	"$vmsync" layers --json --all "$t/trace" > "$t/json" 2> "$t/err"
	expect_eq "layers: no event was lost, nothing to remark" "$? $(cat "$t/err")" "0 "
	logged > "$t/logged.json"
	listing > "$t/listing.json"
	# As jq has no integers of 64 bits, whole seconds are taken off first.
	begin_ns=$(sed -nE 's/.*"begin_ns": *([0-9]+).*/\1/p' "$t/json")
	jq -r -n -f tests/cloud/services.jq --slurpfile all "$t/json" \
		--argjson second "${begin_ns:0:-9}" --argjson rest_us "$((10#${begin_ns: -9:6}))" \
		--slurpfile instances "$t/instances.json" \
		--slurpfile actions "$t/instance_actions.json" \
		--slurpfile events "$t/instance_actions_events.json" \
		--slurpfile faults "$t/instance_faults.json" \
		--slurpfile migrations "$t/migrations.json" \
		--slurpfile volumes "$t/volumes.json" \
		--slurpfile attachments "$t/volume_attachment.json" \
		--slurpfile lines "$t/logged.json" --slurpfile requests "$t/listing.json" > "$t/compared"
	expect_eq "databases are compared" $? 0
	while IFS=$'\t' read -r kind text rest; do
		IFS=$'\t' read -ra rest <<< "$rest"
		case $kind in
		eq) expect_eq "$text" "${rest[@]}" ;;
		in) within "$text, us" "${rest[@]}" ;;
		gap)
			[ "${rest[0]}" -le "$most_begin_us" ] || most_begin_us=${rest[0]}
			[ "${rest[1]}" -le "$most_end_us" ] || most_end_us=${rest[1]}
			;;
		esac
	done < "$t/compared"
	echo "Nova's databases have operations on compute nodes begin up to $most_begin_us us" \
		"before, and end up to $most_end_us us after they are told of"
}

# judge_answers: what the operator was answered is what became of it
judge_answers() {
	local name text

	while read -r name text; do
		case $name in
		list) expect_eq "the list of servers" "$text" "slow ACTIVE" ;;
		moved) expect_eq "where the moved one is" "$text" hv2 ;;
		volume) expect_eq "the volume's id" "$text" "$(jq -r .id "$t/volumes.json")" ;;
		*) expect_eq "$name: its id" "$text" "$(jq -r --arg name "$name" \
			'select(.display_name == $name).uuid' "$t/instances.json")" ;;
		esac
	done < "$t/answers"
	expect_eq "all were answered" "$(cut -d ' ' -f 1 "$t/answers" | xargs)" \
		"slow list giant broken moved volume large"
}
