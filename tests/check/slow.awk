# SPDX-License-Identifier: MIT
#
# From babeltrace2's text of a host whose vmsync-host.ko had a limit of 1 ms: do its
# vmsync_slow events tell of the waits that sched_switch and sched_wakeup show? @tids are
# those of virtual CPUs. Prints key=value:
#
#	told		vmsync_slow events
#	wrong		of those, not of one of @tids, or the switch that it is in the middle
#			of is not to that thread
#	short		for less than the limit
#	strangers	not by the thread that this switch is from
#	apart_ns	the most that their ns are off what the other events say: a wait begins
#			where the thread is queued, between sched_waking and sched_wakeup
#	waits		waits above 1.2 ms of @tids, as the other events say, that began and
#			ended while the thread was in KVM
function number(key) {
	if (!match($0, key " = -?[0-9]+"))
		return ""
	return substr($0, RSTART + length(key) + 3, RLENGTH - length(key) - 3) + 0
}
function woken(    rest) {
	match($0, /comm = ".*/)
	rest = substr($0, RSTART)
	sub(/.* tid = /, "", rest)
	return rest + 0
}
# A number, or what LTTng calls it with the number behind.
function prev_state(    state) {
	match($0, /prev_state = [^,]*/)
	state = substr($0, RSTART + 13, RLENGTH - 13)
	gsub(/[^0-9]/, "", state)
	return state + 0
}
# The switch that ended the wait told of on @cpu: from @prev to @next_tid, which when the
# tracer saw the switch had waited for @ns (0: nobody knows) to @most. An emulated machine
# may stand still between that and vmsync_slow, @apart_by later or, below 0, earlier.
function judge(cpu, prev, next_tid, ns, most, apart_by,    off) {
	if (slow_tid[cpu] != next_tid)
		wrong++
	if (slow_by[cpu] != prev)
		strangers++
	off = slow_ns[cpu] - ns
	if (off > 0)
		off = slow_ns[cpu] > most ? slow_ns[cpu] - most : 0
	if (apart_by < 0)
		off = -off
	if (off > 0)
		off = off > abs(apart_by) ? off - abs(apart_by) : 0
	if (ns && abs(off) > apart)
		apart = abs(off)
	delete slow_tid[cpu]
}
function abs(x) { return x < 0 ? -x : x }
BEGIN {
	n = split(tids, list)
	for (i = 1; i <= n; i++)
		vcpu[list[i]] = 1
	told = wrong = short = strangers = apart = waits = 0
}
{
	now = substr($1, 2) + 0
}
/ kvm_x86_entry: / { in_kvm[number(" tid")] = 1 }
/ kvm_userspace_exit: / { in_kvm[number(" tid")] = 0 }
/ sched_waking: / {
	tid = woken()
	if (tid in vcpu && !(tid in since))
		asked[tid] = now
}
/ sched_wakeup: / {
	tid = woken()
	if (tid in vcpu && !(tid in since))
		since[tid] = now
}
/ vmsync_slow: / {
	told++
	cpu = number("cpu_id")
	match($0, /vm_pid = .*/)
	rest = substr($0, RSTART)
	sub(/.* tid = /, "", rest)
	slow_tid[cpu] = rest + 0
	slow_ns[cpu] = number(" ns")
	slow_by[cpu] = number(" by")
	if (!(slow_tid[cpu] in vcpu))
		wrong++
	if (slow_ns[cpu] <= 1000000)
		short++
	# The thread that goes is still the current one. Which probe of a switch is called
	# first, vmsync's or the tracer's, is which was attached first: where the last switch
	# on this CPU was from the current thread, it is this one.
	if (cpu in last_prev && last_prev[cpu] == number(" tid"))
		judge(cpu, last_prev[cpu], last_next[cpu], last_ns[cpu], last_most[cpu],
		      now - last_at[cpu])
	else
		slow_at[cpu] = now
}
/ sched_switch: / {
	cpu = number("cpu_id")
	prev = number("prev_tid")
	next_tid = number("next_tid")
	ns = next_tid in since ? now - since[next_tid] : 0
	most = next_tid in asked ? now - asked[next_tid] : ns
	if (cpu in slow_tid)
		judge(cpu, prev, next_tid, ns, most, slow_at[cpu] - now)
	last_prev[cpu] = prev
	last_next[cpu] = next_tid
	last_ns[cpu] = ns
	last_most[cpu] = most
	last_at[cpu] = now
	if (next_tid in vcpu && ns > 1200000 && in_kvm[next_tid])
		waits++
	delete since[next_tid]
	delete asked[next_tid]
	delete asked[prev]
	if (prev in vcpu && (prev_state() == 0 || prev_state() == 256))
		since[prev] = now
}
END {
	printf "told=%d\nwrong=%d\nshort=%d\nstrangers=%d\napart_ns=%d\nwaits=%d\n",
		told, wrong, short, strangers, apart, waits
}
