# SPDX-License-Identifier: MIT
#
# Reads `babeltrace2 FUSED` twice and shows the longest preemption of a virtual
# CPU in the middle of the guest's work: what the guest did before, who had the
# CPU, what the guest did after.
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

# One event in one short line; the guest's are set to the right.
function show(   rest) {
	rest = $0
	sub(/.*: \{ cpu_id = [0-9]+ \}(, )?/, "", rest)
	sub(/^\{ pid = [^}]*\}(, )?/, "", rest)
	gsub(/[{}"]/, "", rest)
	gsub(/(prev|next)_prio = [0-9]+(, )?|guest_rip = [^ ]*/, "", rest)
	sub(/, *isa = .*/, "", rest)
	gsub(/prev_comm = /, "", rest)
	gsub(/, prev_tid = [0-9]+, prev_state = [0-9]+, next_comm = /, " -> ", rest)
	gsub(/,? *next_tid = [0-9]+,? */, "", rest)
	sub(/[, ]+$/, "", rest)
	printf "%s  %s%s\n", substr($1, 8, 12),
		$3 == "guest" ? "          guest CPU " field("cpu_id") "  " : \
				"host CPU " field("cpu_id") "  ",
		substr($4 rest, 1, $3 == "guest" ? 42 : 53)
}

# What the host sees of the vCPU's thread, and the guest's own events there.
function of_vcpu() {
	if ($3 == "guest")
		return field("cpu_id") == vcpu
	if (/sched_switch/)
		return field("prev_tid") == tid || field("next_tid") == tid
	return /kvm_x86_(entry|exit)/ && field("tid") == tid
}

FNR == 1 { pass++ }

pass == 1 && $3 == "guest" {
	now = seconds()
	cpu = field("cpu_id")
	seen[cpu] = now
	# The guest goes on at once: a preemption in the middle of something.
	if (cpu in back && now - back[cpu] < 0.001 && long[cpu] > best) {
		best = long[cpu]
		first = from[cpu]
		last = until[cpu]
		tid = thread[cpu]
		vcpu = cpu
	}
	delete back[cpu]
}

pass == 1 && $3 == "host" && /sched_switch/ {
	now = seconds()
	if (field("prev_comm") ~ /^CPU [0-9]+\/KVM$/ &&
	    field("prev_state") == 0) {
		t = field("prev_tid")
		cpu = substr(field("prev_comm"), 5) + 0
		of[t] = cpu
		out[t] = now
		if (now - seen[cpu] > 0.0005)
			delete out[t]
		line[t] = FNR
	}
	t = field("next_tid")
	if (t in out) {
		cpu = of[t]
		back[cpu] = now
		long[cpu] = now - out[t]
		from[cpu] = line[t]
		until[cpu] = FNR
		thread[cpu] = t
		delete out[t]
	}
}

pass == 2 && FNR == 1 && !best { print "no vCPU was preempted"; exit }

pass == 2 && of_vcpu() {
	if (FNR < first) {
		for (i = 6; i > 1; i--)
			before[i] = before[i - 1]
		before[1] = $0
	} else if (FNR == first) {
		thief = field("next_comm")
		now = $0
		for (i = 6; i >= 1; i--) {
			$0 = before[i]
			show()
		}
		$0 = now
		show()
		printf "   ... %.3f ms: vCPU %d was ready, %s got its CPU ...\n",
			best * 1000, vcpu, thief
	} else if (FNR >= last && after++ < 7) {
		show()
	}
}
