# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Sourced by the checks of vmsync live --analyze: what it found, beside what vmsync
# analyze finds in the same recording.

# series FILE: all that vmsync analyze finds, too, in order
series() {
	grep -E '^vmsync_(vcpu_state|vm_|exits|vcpu_preemption_seconds_[sc]|wakeup_delay_seconds_[sc])' \
		"$1" | grep -v 'by="other"} 0.000000000$' | LC_ALL=C sort
}

# wanted FOLDER...: the same of vmsync analyze
wanted() {
	"$vmsync" analyze --json -j 1 "$@" | jq -r -f tests/check/online.jq | LC_ALL=C sort
}
