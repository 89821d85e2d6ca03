# SPDX-License-Identifier: MIT
#
# What "vmsync analyze --json" says as the metrics of vmsync live, as if the recording had
# happened $n times: counters of Prometheus. $quiet leaves out all waiting.

def s: . * $n / 1e9;
def sum(f): [.[] | f] | add // 0;
def states: .states_ns | {
	run: .guest,
	hypervisor: (.hypervisor + .host_irq + .polling),
	userspace: .user_space,
	preempted: (.preempted + .waking),
	blocked: .blocked,
	idle: (.halted + .guest_idle + .stopped + .unknown),
} | if $quiet then .idle += .preempted | .preempted = 0 else . end;

.vcpus as $all | .vcpus[] | "domain=\"\(.vm)\",uuid=\"\(.vm)\"" as $vm |
(states | to_entries[] | "vmsync_vcpu_state_seconds_total{\($vm),vcpu=\"0\",state=\"\(.key)\"} \(
	.value | s)"),
(states | "vmsync_vm_cpu_got_seconds_total{\($vm)} \(.run | s)",
	"vmsync_vm_cpu_demand_seconds_total{\($vm)} \(.run + .preempted | s)"),
(if $quiet then empty else .charges | group_by(.by, .vcpu)[] |
	(.[0].vcpu as $c | [$all[] | select(.number == $c).vm][0] // .[0].by) as $by |
	"vmsync_vm_preempted_by_seconds_total{\($vm),by=\"\($by)\"} \(sum(.turns.total_ns) | s)" end)
