# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Sourced by the checks of what vmsync record recorded of libvirt's domains in the lab,
# with lab-judge.sh: what it says of itself, in $lab/$s.

# recorded EXPRESSION [NAME]: of what vmsync record said of itself
recorded() { jq -r "$1" "$lab/$s/${2-record}/record.json"; }

# uuid GUEST: libvirt's
uuid() { sed -n 's/.*<uuid>\(.*\)<\/uuid>.*/\1/p' "$lab/$s/$1.xml"; }

all_there() {
	expect_eq "$s: modules on the host, and the port" \
		"$(recorded '[.host.kernel, .host.module, .host.port] | all')" true
	expect_eq "$s: nothing lacks" \
		"$(recorded '.host.said, .guests[].said' | tr -d '\n')" ""
}

# domains NAME...: those in the order of sync's guests have libvirt's name and uuid
domains() {
	local n=0 name

	for name; do
		expect_eq "$s: the domain $name" \
			"$(of_guest "$n" '.domain + " " + .domain_uuid')" \
			"$name $(uuid "$name")"
		n=$((n + 1))
	done
}

# The map that it fused by is that of the traces.
fused_by() { # TRACE...
	expect "$s: the map that it fused by is the same" \
		"$vmsync" check -m "$lab/$s/record/vmsync-map.json" "$@"
}
