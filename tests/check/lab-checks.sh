# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Sourced by the checks of recordings that the lab made: what the tool makes of
# $lab/$s, with its files in $t.

# number EXPRESSION of the JSON report
number() { jq -r "$1" "$t/$s.json"; }

# The TSC offset that KVM shows in debugfs is the one in every gh_host, so the
# map does not only agree with itself.
truth_check() {
	local claimed shown
	shown=$(sed -n 's/.*vcpu_id=\([0-9]*\) tsc_offset=\(-\?[0-9]*\).*/\1 \2/p' \
		"$lab/$s/truth" | sort -u)
	claimed=$(babeltrace2 --no-delta "$lab/$s/host" |
		sed -n 's/.*vmsync_gh_host:.* vcpu_id = \([0-9]*\),.* tsc_offset = \(-\?[0-9]*\),.*/\1 \2/p' |
		sort -u)
	expect_eq "$s: TSC offsets are those in debugfs" "$claimed" "$shown"
}

# apart SIDE: the farthest that two lines of its clock were apart, in ns, when the
# new one was seen in force, and for how long any were in doubt. That is found
# late where the machine was held up.
apart() {
	babeltrace2 --clock-cycles --no-delta "$lab/$s/$1" |
		awk -f tests/check/apart.awk
}

# What a recording allows depends on how the machine was busy: until a line is
# seen in force, the clock is on it or on the one before, and the map lies in the
# middle. Where both kernels' are in doubt at once, it lies in the middle of one's,
# and the other's counts whole. Rounding takes some ns more, and slopes differ.
bound_check() {
	local allowed worst of_host of_guest share less
	read -r -a of_host <<< "$(apart host)"
	read -r -a of_guest <<< "$(apart guest)"
	less=$((of_host[0] < of_guest[0] ? of_host[0] : of_guest[0]))
	allowed=$(((of_host[0] + of_guest[0] + less) * 101 / 200 + 8))
	worst=$(number '.guests[0].bound_worst_ns')
	echo "$s: worst bound $worst ns, of events" \
		"$(number '.guests[0].bound_worst_events_ns') ns;" \
		"$allowed ns are what the recording allows"
	expect "$s: bound at most what the recording allows" \
		test "$worst" -le "$allowed"
	# Of 10 000 parts of the time that is covered.
	share=$(number "($((of_host[1] + of_guest[1])) * 10000 /
		(.guests[0] | .host_end_ns - .host_start_ns)) | ceil")
	if [ "$share" -lt 90 ]; then
		expect "$s: 99 % of the time 2 ns" \
			test "$(number '.guests[0].bound_p99_ns')" -le 2
	else
		pass "$s: lines are in doubt for $share of 10 000 parts of the time"
	fi
}

sync_check() {
	$vmsync sync --json "$lab/$s/host" "$lab/$s/guest" \
		> "$t/$s.json" 2> "$t/$s.err"
	expect_eq "$s: sync's exit status" $? 0
	cat "$t/$s.err"
	$vmsync sync "$lab/$s/host" "$lab/$s/guest" | head -n 22

	expect_eq "$s: at least 10 000 guest events" \
		"$(number '.guests[0].containment.events >= 10000')" true
	expect_eq "$s: guest events outside" \
		"$(number '.guests[0].containment.outside')" 0
	# What cannot be decided is at the edges only: 99 % is decided.
	expect_eq "$s: nearly all are decidable" \
		"$(number '.guests[0].containment | .inside * 100 >= .events * 99')" \
		true
	expect_eq "$s: beacons that violate causality" \
		"$(number '.guests[0].beacons.causality_violations')" 0
	# How many there are is the machine's affair: that of both sides, and all.
	expect_eq "$s: all beacons were checked" \
		"$(number '.guests[0].beacons | .whole > 0 and
			.causality_checked >= 2 * .whole')" true
	bound_check
	expect_eq "$s: methods" \
		"$(number '.guests[0].methods | keys | join(",")')" exact
	truth_check
}

# One row a guest event that babeltrace2 read, in its order.
fuse_check() {
	local in out
	rm -rf "$t/$s.fused"
	expect "$s: fuse" "$vmsync" fuse -o "$t/$s.fused" "$lab/$s/host" \
		"$lab/$s/guest"
	babeltrace2 --clock-cycles --no-delta "$t/$s.fused" > "$t/$s.text" \
		2> "$t/$s.warnings"
	expect_eq "$s: babeltrace2's warnings" "$(cat "$t/$s.warnings")" ""
	out=$(wc -l < "$t/$s.text")
	in=$(($(babeltrace2 "$lab/$s/host" | wc -l) +
	      $(babeltrace2 "$lab/$s/guest" | wc -l)))
	expect_eq "$s: events in and out" "$out" "$in"
	expect "$s: in order" sh -c "sed 's/^\[\([0-9]*\)\].*/\1/' $t/$s.text |
		sort -n -C"
}

# The order around a beacon is what it must be: the guest calls, the host sees
# the exit and the call, enters again, the guest goes on.
golden_check() {
	local cnt
	# One in the middle of those that were answered: the guest recorded it, too.
	cnt=$(sed -n 's/.*vmsync_hg_guest:.* cnt = \([0-9]*\),.*/\1/p' "$t/$s.text" |
		awk '{ cnt[NR] = $1 } END { print cnt[int((NR + 1) / 2)] - 1 }')
	grep -E "(vmsync_[gh]*_(guest|host): .* cnt = ($cnt|$((cnt + 1))),|kvm_x86_(entry|exit))" \
		"$t/$s.text" |
		sed -n "/gh_guest: .* cnt = $cnt,/,/hg_guest: .* cnt = $((cnt + 1)),/p" \
		> "$t/around"
	# The vCPU's own thread only.
	sed 's/^\[[0-9]*\] \([^ ]*\) \([a-z0-9_]*\):.*/\2/' "$t/around" |
		grep vmsync > "$t/order"
	expect_eq "$s: a beacon's four events" "$(paste -sd' ' "$t/order")" \
		"vmsync_gh_guest vmsync_gh_host vmsync_hg_host vmsync_hg_guest"
	expect "$s: the exit is between call and answer" sh -c \
		"sed -n '/gh_guest/,/gh_host/p' $t/around | grep -q kvm_x86_exit"
	# KVM's own event and the answer are two probes of one tracepoint.
	expect "$s: the entry is between call and return" sh -c \
		"sed -n '/gh_host/,/hg_guest/p' $t/around | grep -q kvm_x86_entry"
}

# The map of $s with every host time moved by $1 ns. Not with jq, which makes
# doubles of 64-bit numbers.
shifted() {
	awk -v d="$1" '{
		out = ""
		while (match($0, /"host_start": [0-9]+/)) {
			n = substr($0, RSTART + 14, RLENGTH - 14)
			out = out substr($0, 1, RSTART + 13) sprintf("%.0f", n + d)
			$0 = substr($0, RSTART + RLENGTH)
		}
		print out $0
	}' "$t/$s.map" > "$t/shifted.map"
}

# caught D [PATTERN]: do the witnesses (those that PATTERN names) see a map that
# is wrong by D ns?
caught() {
	shifted "$1"
	$vmsync check -m "$t/shifted.map" "$lab/$s" > "$t/verdict"
	[ $? -eq 1 ] && grep -qE "${2:-.}" "$t/verdict"
}

# smallest SIGN PATTERN: the least wrong offset that is seen, ns
smallest() {
	local low=0 high=1
	while ! caught "$1$high" "$2"; do
		low=$high
		high=$((high * 2))
		[ "$high" -lt 100000000 ] || return
	done
	while [ $((high - low)) -gt 1 ]; do
		local mid=$(((low + high) / 2))
		if caught "$1$mid" "$2"; then high=$mid; else low=$mid; fi
	done
	echo "$high"
}

# KVM's entries and exits say the right vCPU, and why.
kvm_check() {
	local entries
	entries=$(grep -cE 'kvm_x86_(entry|exit): ' "$t/$s.text")
	expect_eq "$s: vcpu_id is the thread's, all of $entries" \
		"$(grep -E 'kvm_x86_(entry|exit): ' "$t/$s.text" |
			grep -cE 'procname = "CPU ([0-9]+)/KVM" .* vcpu_id = \1[, ]')" \
		"$entries"
	# VMMCALL of SVM is exit 129, VMCALL of VMX 18.
	expect "$s: a beacon's exit is a hypercall" sh -c \
		"sed -n '/gh_guest/,/gh_host/p' $t/around |
			grep -qE 'exit_reason = (129|18),'"
}

# A map that is wrong is seen: by the map that each method makes by itself, and
# by what knows no TSC offset at all, causality and containment.
wrong_check() {
	expect "$s: the map is saved" "$vmsync" sync -o "$t/$s.map" "$lab/$s"
	expect "$s: check agrees with it" \
		"$vmsync" check -m "$t/$s.map" "$lab/$s"
	if caught 1000 && caught -1000; then
		pass "$s: a map that is wrong by 1 us is caught"
	else
		fail "$s: a map that is wrong by 1 us is not caught"
	fi
	any=$(smallest "" .) any_back=$(smallest - .)
	apart="[1-9][0-9]* (outside|violations)"
	physical=$(smallest "" "$apart") physical_back=$(smallest - "$apart")
	echo "$s: smallest wrong offset that is caught:" \
		"+$any -$any_back ns by any witness," \
		"+$physical -$physical_back ns by causality and containment alone"
	# By more than the least slack some event leaves its run.
	entry=$(number '.guests[0].containment.entry_slack_ns')
	exit=$(number '.guests[0].containment.exit_slack_ns')
	more=$(($(number '.guests[0].bound_worst_ns') + 2))
	expect "$s: causality and containment catch what is outside a run" \
		test "${physical:-$never}" -le $((exit + more)) -a \
		"${physical_back:-$never}" -le $((entry + more))
	slack_check
}

never=999999999

# slack_check: the slacks are those of the recording. An event of virtual CPU n,
# CPU n of the guest, comes after an entry of it and before an exit.
slack_check() {
	local got
	got=$(awk '
		function less(a, b) { return a == "" || b < a ? b : a }
		{ time = substr($1, 2) + 0 }
		/kvm_x86_(entry|exit): / {
			match($0, / vcpu_id = [0-9]+/)
			v = substr($0, RSTART + 11, RLENGTH - 11)
			out = /kvm_x86_exit: /
			if (out && v in last)
				exit_slack = less(exit_slack, time - last[v])
			delete last[v]
			if (out) delete entry[v]
			else entry[v] = time
			next
		}
		$2 == "guest" {
			match($0, /cpu_id = [0-9]+/)
			v = substr($0, RSTART + 9, RLENGTH - 9)
			if (v in entry)
				entry_slack = less(entry_slack, time - entry[v])
			last[v] = time
		}
		END { printf "%.0f %.0f\n", entry_slack, exit_slack }' "$t/$s.text")
	expect_eq "$s: the least slacks, after an entry and before an exit" \
		"$entry $exit" "$got"
}

# differs METHOD: how far that method's map is from the one held against it, ns
differs() { sed -n "s/^ *$1 *differs by at most \([0-9]*\) ns.*/\1/p" "$t/verdict"; }

# Each method alone, against the exact map: no contradiction within the bounds.
methods_check() {
	expect "$s: the map" "$vmsync" sync -o "$t/$s.map" "$lab/$s"
	$vmsync check -m "$t/$s.map" "$lab/$s" > "$t/verdict"
	expect_eq "$s: all methods agree" $? 0
	expect "$s: beacon was compared" test -n "$(differs beacon)"
	expect "$s: pair was compared" test -n "$(differs pair)"
	echo "$s: beacon differs from exact by at most $(differs beacon) ns," \
		"pair by $(differs pair) ns"
}

# The same recordings, with no event left that is called vmsync.
window_check() {
	local stripped=$t/$s.stripped bound
	cp -r "$lab/$s" "$stripped"
	sed -i 's/vmsync_/former_/g' "$stripped"/{host,guest}/metadata
	# Where the machine had other load, slacks may be too wide to find the
	# offset by: then it is refused, in a line that says so.
	if ! $vmsync sync --json -o "$t/$s.window" "$stripped" \
			> "$check_out" 2> "$t/why" &&
	   grep -q "its events fit no VM" "$t/why"; then
		pass "$s: without vmsync's events: refused"
		echo "$s: window finds no offset"
		rm -rf "$stripped"
		return
	fi
	expect_eq "$s: without vmsync's events: the method" \
		"$(jq -r '.guests[0].methods | keys | join(",")' "$check_out")" \
		window
	bound=$(jq '.guests[0].bound_worst_ns' "$check_out")
	$vmsync check -m "$t/$s.window" "$lab/$s" > "$t/verdict"
	expect_eq "$s: window agrees with exact" $? 0
	expect "$s: window was compared" test -n "$(differs exact)"
	echo "$s: window differs from exact by at most $(differs exact) ns," \
		"its bound is $bound ns"
	rm -rf "$stripped"
}

# Messages over the port alone, as if neither side had a module, against the exact
# map of the same time.
port_check() {
	local ust="$lab/$s/host/ust $lab/$s/guest/ust" bound
	# shellcheck disable=SC2086 # two folders
	$vmsync sync --json -o "$t/$s.port" $ust > "$t/$s.json" 2> "$t/$s.err"
	expect "$s: sync's exit status" test $? -le 1
	cat "$t/$s.err"
	expect_eq "$s: methods" \
		"$(number '.guests[0].methods | keys | join(",")')" port
	expect "$s: beacons over the port" \
		test "$(number .guests[0].beacons.whole)" -ge 50
	expect_eq "$s: ... that violate causality" \
		"$(number .guests[0].beacons.causality_violations)" 0
	# 1: the kernel's events begin before the first message is answered.
	$vmsync check -m "$t/$s.port" "$lab/$s/host" "$lab/$s/guest" \
		> "$t/verdict"
	expect "$s: check's exit status" test $? -le 1
	bound=$(number .guests[0].bound_worst_ns)
	expect "$s: the port's map is within its bound of exact" \
		test "$(differs exact)" -le "$bound"
	expect "$s: no witness contradicts it" grep -q " 0 violations" "$t/verdict"
	expect "$s: no event is outside" grep -q " 0 outside" "$t/verdict"
	echo "$s: port differs from exact by at most $(differs exact) ns," \
		"its bound is $bound ns"
	# All of it at once: what the modules say is better.
	# shellcheck disable=SC2086 # two folders
	$vmsync sync --json "$lab/$s"/{host,guest} $ust > "$t/$s.json"
	expect_eq "$s: with both: exact" \
		"$(number '.guests[0].methods | keys | join(",")')" exact
}

# The analysis of real kernels' traces: sums agree to the ns, each exit counts, and
# somebody is charged where virtual CPUs compete with the lab's own load.
analyze_check() {
	local n
	$vmsync analyze --json "$lab/$s" > "$t/$s.analysis"
	expect_eq "$s: analyze: exit status" $? 0
	expect_eq "$s: analyze: all sums agree" \
		"$(jq -cf tests/check/sums.jq "$t/$s.analysis")" "[0]"
	for n in $(jq '.vcpus[].vcpu_id' "$t/$s.analysis"); do
		expect_eq "$s: analyze: exits of vCPU $n" \
			"$(jq "[.vcpus[] | select(.vcpu_id == $n).exits[].count] | add" \
				"$t/$s.analysis")" \
			"$(grep 'host kvm_x86_exit: ' "$t/$s.text" |
				grep -c " vcpu_id = ${n}[, ]")"
	done
	expect "$s: analyze: a host's task had a CPU that a vCPU waited for" \
		jq -e '[.vcpus[].charges[] | select(.by == "task")] | length > 0' \
		"$t/$s.analysis"
	expect "$s: analyze: threads of the guest have names and ran" jq -e \
		'[.threads[] | select(.thread.name != "" and .states_ns.guest > 0)] |
			length > 3' "$t/$s.analysis"
	$vmsync analyze "$lab/$s" | head -n 3
}
