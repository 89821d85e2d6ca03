# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Sourced by the checks that put our text beside trace-cmd report's.

# as_report: our text as trace-cmd report -R -t has it: seconds, CPU, thread, names and
# fields as the kernel has them; as_lines makes the same of that
as_report() {
	sed -E 's/^\[([0-9]+):([0-9]+):([0-9]+)\.([0-9]+)\] \([^)]*\) [^ ]+ ([^:]+): \{ cpu_id = ([0-9]+) \}, \{ tid = (-?[0-9]+) \}, \{ ?/\1 \2 \3 \4 \6 \7 \5 /
		s/ \}$//; s/ = /=/g; s/, / /g; s/"//g; s/0x[0-9A-F]+/\L&/g
		s/ irq_softirq_/ softirq_/; s/ syscall_entry_/ sys_enter_/
		s/ syscall_exit_/ sys_exit_/; s/ x86_exceptions_/ /
		/ sched_/s/([ _])tid=/\1pid=/g' |
	awk '{ s = ($1 * 60 + $2) * 60 + $3 "." $4
		sub(/^[^ ]+ [^ ]+ [^ ]+ [^ ]+ /, ""); print s, $0 }' | sort
}

as_lines() {
	grep -av '^cpus=' | sed -E 's/^.*-(-?[0-9]+) +\[0*([0-9]+)\] +([0-9]+\.[0-9]+): +([^:]+): */\3 \2 \1 \4 /
		s/ target_cpu=0+([0-9])/ target_cpu=\1/' | sort
}
