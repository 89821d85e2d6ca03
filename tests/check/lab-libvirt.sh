#!/bin/bash
# SPDX-License-Identifier: MIT
#
# A domain of libvirt's with KVM, prepared by vmsync setup and recorded by vmsync
# record in the lab (tests/lab/scenarios/libvirt.sh): what it made of it is as good as
# what is recorded by hand, by the modules and by the port alone. Run by its name, some
# minutes; needs the modules (tests/check/modules.sh). LAB_REUSE=1 takes the recording
# that is there.
. tests/check/lib.sh
. tests/check/record.sh
. tests/check/lab-checks.sh

expect "the tool builds" make -s -j2 tool
vmsync=build/vmsync
t=$check_tmp
s=libvirt
dir=$lab/$s

lab_ready || finish
if record $s; then
	pass "$s recorded"
else
	fail "$s: the lab failed, see $dir"
	finish
fi

# --- what the one command says

recorded() { jq -r "$1" "$dir/record/record.json"; }
expect_eq "by its agent" "$(recorded '.guests[] | .name + ":" + .how')" guest:agent
expect_eq "modules on both sides, and the port" \
	"$(recorded '[.host.kernel, .host.module, .host.port] | all')" true
expect_eq "nothing lacks" "$(recorded '.host.said + .guests[0].said')" ""
expect_eq "libvirt's uuid" "$(recorded '.guests[0].uuid')" \
	"$(sed -n 's/.*<uuid>\(.*\)<\/uuid>.*/\1/p' "$dir/guest.xml")"
expect "its report" grep -q '^guest guest$' "$dir/record/report.txt"
expect "its analysis" grep -q . "$dir/record/analysis.txt"

# --- as recorded by hand

sync_check
expect_eq "$s: the domain" "$(number '.guests[0] | .domain + " " + .domain_uuid')" \
	"guest $(recorded '.guests[0].uuid')"
fuse_check
golden_check
kvm_check
analyze_check
wrong_check
methods_check
window_check
expect "$s: the map that it fused by is the same" \
	$vmsync check -m "$dir/record/vmsync-map.json" "$dir/host" "$dir/guest"

# --- by the port alone, beside the exact map of the same time

port_check

finish
