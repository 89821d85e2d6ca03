# SPDX-License-Identifier: MIT
#
# Reads `babeltrace2 FUSED` twice and shows the longest preemption of a virtual
# CPU: what the guest did before, who took the CPU, what the guest did after.
#
#	awk -f preemption.awk fused.txt fused.txt

function field(name,   s) {
	if (!match($0, name " = (\"[^\"]*\"|-?[0-9a-fA-Fx]+)"))
		return ""
	s = substr($0, RSTART + length(name) + 3, RLENGTH - length(name) - 3)
	gsub(/"/, "", s)
	return s
}

function seconds(   t) {
	split(substr($1, 2), t, /[:\]]/)
	return t[1] * 3600 + t[2] * 60 + t[3]
}

# One event in one short line.
function show(mark,   rest) {
	rest = $0
	sub(/.*: \{ cpu_id = [0-9]+ \}, /, "", rest)
	if (rest ~ /^\{ pid = /)
		sub(/^\{[^}]*\}, /, "", rest)
	gsub(/[{}"]/, "", rest)
	gsub(/prev_prio = [0-9]+, |, next_prio = [0-9]+/, "", rest)
	printf "%s %s  %-5s CPU %s  %s\n", mark, substr($1, 8, 12), $3,
		field("cpu_id"), substr($4 rest, 1, 62)
}

# What the host sees of the vCPU's thread, and the guest's own events there.
function of_vcpu() {
	if ($3 == "guest")
		return field("cpu_id") == vcpu
	return field("tid") == tid || (/sched_switch/ && field("next_tid") == tid)
}

FNR == 1 { pass++ }

pass == 1 && $3 == "host" && /sched_switch/ {
	if (field("prev_comm") ~ /^CPU [0-9]+\/KVM$/ &&
	    field("prev_state") == 0) {
		out[field("prev_tid")] = seconds()
		line[field("prev_tid")] = FNR
		comm[field("prev_tid")] = field("prev_comm")
	}
	t = field("next_tid")
	if (t in out) {
		long = seconds() - out[t]
		if (long > best) {
			best = long
			first = line[t]
			last = FNR
			tid = t
			vcpu = substr(comm[t], 5) + 0
		}
		delete out[t]
	}
}

pass == 2 && FNR == 1 && !best { print "no vCPU was preempted"; exit }

pass == 2 && of_vcpu() {
	if (FNR < first) {
		for (i = 5; i > 1; i--)
			before[i] = before[i - 1]
		before[1] = $0
	} else if (FNR == first) {
		thief = field("next_comm")
		now = $0
		for (i = 5; i >= 1; i--) {
			$0 = before[i]
			show(" ")
		}
		$0 = now
		show("-")
		printf "  ... %.3f ms: vCPU %d wanted to run, %s had its CPU ...\n",
			best * 1000, vcpu, thief
	} else if (FNR >= last && after++ < 6) {
		show(FNR == last ? "+" : " ")
	}
}
