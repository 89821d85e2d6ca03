#!/bin/bash
# SPDX-License-Identifier: MIT
#
# verdict.sh DIR: judges the logs of one lab run in DIR. Prints the lines that
# matter, and leaves with
#	0	nothing wrong
#	1	failed: an oops, a WARN, a panic, or anything that names our modules
#	3	lost: the emulation locked up, which may be repeated
#
# DIR holds host.serial, and as far as the run came: host.dmesg, guest.log and
# guest2.log (guests' serial lines) and result (the host machine's last word).

set -u
dir=$1
show=60

logs=()
for f in host.serial host.dmesg guest.log guest2.log; do
	[ -e "$dir/$f" ] && logs+=("$dir/$f")
done

# The kernel's words for what is always a failure.
broken='WARNING: (CPU|possible|suspicious|inconsistent|bad unlock|at )'
broken+='|BUG: (unable|kernel|sleeping|scheduling|using|workqueue|[Bb]ad|KFENCE|KASAN|spinlock)'
broken+='|BUG .*(Objects remaining|Poison|Redzone|Freelist)|kernel BUG at'
broken+='|: [0-9a-f]{4} \[#[0-9]+\]|Oops: |Oops\b.*\[#|general protection fault|Kernel panic|double fault'
broken+='|refcount_t: |list_(add|del) corruption|Objects remaining'
broken+='|detected buffer overflow|stack-protector|invalid opcode'
broken+='|UBSAN: |KFENCE: |INFO: suspicious|still has .* refs|unregister_netdevice'

# What the debug kernel adds (debug.config): lockdep, with its WARNINGs about two
# kinds of context, DEBUG_OBJECTS, kmemleak, KCSAN. Each also says when it gives up.
broken+='|WARNING: .*(-safe -> .*-unsafe|[Ll]ock|RCU)|\[ BUG: |lock held (at|when)'
broken+='|still has locks held|INFO: trying to register non-static key'
broken+='|lockdep is turned off|turning off the locking|MAX_(LOCK|STACK)[A-Z_]* too low'
broken+='|ODEBUG: |BUG: KCSAN'
broken+='|kmemleak: ([0-9]+ new suspected|.*(disabled|exhausted|pool empty))'
# A watcher that ended for another reason: nothing was looked at.
broken+='|@lab (L1|guest2?) watch .*=off'

# A lock-up: of the emulation, as long as it does not name us.
stuck='soft lockup|hard LOCKUP|rcu.*(detected stalls|self-detected stall|kthread starved)'
stuck+='|blocked for more than|workqueue lockup|Marking clocksource .* as unstable'

# A frame of a stack, or an instruction pointer, in one of our modules.
ours='\[(vmsync|lttng_(probe|clock)_vmsync)[a-z_]*\]'

matching() {
	grep -a -hE "$1" "${logs[@]}" | grep -av 'Modules linked in:'
}

# The first report that matches, with what follows it.
report() {
	local f

	for f in "${logs[@]}"; do
		if grep -a -qE "$1" "$f"; then
			echo "--- ${f##*/}:"
			grep -a -m1 -E -A"$show" "$1" "$f" |
				grep -av '@lab .* beat'
			return
		fi
	done
}

fail() {
	echo "FAILED: $1"
	exit 1
}

lost() {
	echo "LOST: $1"
	exit 3
}

# Is the first report of an interrupt in KVM's run of a virtual CPU? SVM's global interrupt
# flag is 0 there: no processor takes one, which finds the guest's GS; QEMU's does at times.
no_processor() {
	local f

	for f in "${logs[@]}"; do
		grep -a -qE "$broken" "$f" || continue
		sed -n "$(grep -a -n -m1 -E "$broken" "$f" | cut -d: -f1),/end trace/p" "$f" |
			awk '
			irq && /RIP: [0-9a-f]*:__svm_vcpu_run\+/ { found = 1 }
			{ irq = / asm_(sysvec_[a-z_]*|common_interrupt|exc_nmi)\+/ }
			END { exit !found }'
		return
	done
	return 1
}

if no_processor; then
	report "$broken"
	lost "the emulated processor took an interrupt where none does"
fi
if [ -n "$(matching "$broken")" ]; then
	report "$broken"
	fail "$(matching "$broken" | head -1)"
fi
if [ -n "$(matching "$ours")" ]; then
	report "$stuck"
	report "$ours"
	fail "our modules are named: $(matching "$ours" | head -1)"
fi

# Bits of the kernel's taint: bad page 5, oops 7, WARN 9, soft lock-up 14.
for t in $(matching '@lab (L1|guest2?) tainted' |
		sed -n 's/.*tainted \([0-9]*\).*/\1/p'); do
	[ $((t & (1 << 5 | 1 << 7 | 1 << 9))) = 0 ] ||
		fail "a kernel is tainted ($t) by something that is in no log"
	[ $((t & 1 << 14)) = 0 ] || lost "soft lock-up (taint $t)"
done

if [ -n "$(matching "$stuck")" ]; then
	report "$stuck"
	lost "$(matching "$stuck" | head -1)"
fi

result=$(cat "$dir/result" 2>/dev/null)
case $result in
done)
	# All kernels must have told their taint, or nothing was looked at.
	for me in L1 $([ -n "$(matching '@lab L1 no guest')" ] || echo guest) \
			$([ ! -e "$dir/guest2.log" ] || echo guest2); do
		grep -a -q "@lab $me tainted" "${logs[@]}" ||
			fail "$me did not tell how it ended"
	done
	exit 0 ;;
lost*)
	tail -3 "$dir/guest.qemu" 2>/dev/null
	tail -5 "$dir/guest.log" 2>/dev/null
	lost "${result#lost }" ;;
fail*)
	tail -40 "$dir/guest.log" 2>/dev/null | grep -av '@lab .* beat'
	fail "${result#fail }" ;;
*)
	tail -5 "$dir/host.serial"
	cat "$dir/host.qemu" 2>/dev/null
	grep -A12 "Triple fault" "$dir/host.reset" 2>/dev/null
	lost "the host machine ended without a word" ;;
esac
