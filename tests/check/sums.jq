# What is 0 in every report of vmsync analyze, whatever was recorded. jq computes with
# doubles, which are exact for times of some days.
. as $all | [.vcpus[] |
	([.states_ns[]] | add) - ($all.until_ns - $all.from_ns),
	(.figures | .wanted_ns + .not_wanted_ns) - ([.states_ns[]] | add),
	(.figures | .wanted_ns - .got_ns - .denied_ns - .overhead_ns),
	.figures.steal_ns - ([.charges[].turns.total_ns] | add // 0),
	([.preempted_in_ns[]] | add) - .states_ns.preempted] | unique
