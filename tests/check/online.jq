# SPDX-License-Identifier: MIT
#
# What vmsync analyze --json found, as the series that vmsync live --analyze writes of
# it, and of no more culprits than have a name there:
#
#	jq -r -f online.jq analyze.json
def seconds:
	"\(. / 1000000000 | floor).\(. % 1000000000 + 1000000000 | tostring[1:])";
def total(f): map(f) | add // 0;
def name($all):
	if .by == "task" then "task:" + .thread.name
	elif .by == "vcpu" then "vm:" + $all[.vcpu].vm
	elif .by == "irq" then "interrupt"
	else .by end;

. as $a
| (.vcpus | map({ key: (.number | tostring), value: . }) | from_entries) as $of
| ([range(0; [.vcpus[].number] | max + 1) | $of[tostring]]) as $all
| (.vcpus | group_by(.vm)[]) as $vm
| ($vm[0].vm | "domain=\"\(.)\"") as $domain
| ($vm[0].machine) as $machine
| ($vm | map(.states_ns | to_entries[]) | group_by(.key)[]
	| "vmsync_vcpu_state_seconds_total{\($domain),state=\"\(.[0].key)\"} \(total(.value) | seconds)"),
  "vmsync_vm_cpu_demand_seconds_total{\($domain)} \($vm | total(.figures.wanted_ns) | seconds)",
  "vmsync_vm_cpu_got_seconds_total{\($domain)} \($vm | total(.figures.got_ns) | seconds)",
  ($vm | map(.charges[] | { by: name($all), ns: .turns.total_ns }) | group_by(.by)[]
	| "vmsync_vm_preempted_by_seconds_total{\($domain),by=\"\(.[0].by)\"} \(total(.ns) | seconds)"),
  ($vm | map(.exits[]) | group_by([.name])[]
	| "vmsync_exits_total{\($domain),reason=\"\(.[0].name)\"} \(total(.count))"),
  "vmsync_vcpu_preemption_seconds_sum{\($domain)} \($vm | total(.states_ns.preempted) | seconds)",
  "vmsync_vcpu_preemption_seconds_count{\($domain)} \($vm | total(.times.preempted))",
  ([$a.threads[] | select(.thread.machine == $machine and $machine > 0) | .wakes]
	| "vmsync_wakeup_delay_seconds_sum{\($domain)} \(total(.total_ns) | seconds)",
	  "vmsync_wakeup_delay_seconds_count{\($domain)} \(total(.count))")
