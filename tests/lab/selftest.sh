#!/bin/bash
# SPDX-License-Identifier: MIT
#
# selftest.sh: is verdict.sh's judgement right? Each case is a pair of logs that
# a run could have left; the last line says how many were judged as they should.

set -u
here=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
passed=0 failed=0

# judged WANTED TEXT: of the logs in $dir
judged() {
	local got=0

	"$here/verdict.sh" "$dir" > "$dir/said" 2>&1 || got=$?
	if [ "$got" = "$1" ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAIL verdict: $2: $got, wanted $1"
		sed 's/^/     /' "$dir/said"
	fi
}

# A run that went well; a case adds its lines to it.
good() {
	rm -f "$dir"/*
	printf '%s\n' '@lab L1 up 6.1.0' '@lab L1 tainted 12288' \
		'@lab L1 result done' > "$dir/host.serial"
	printf '%s\n' '[    8.1] vmsync: loading out-of-tree module taints kernel.' \
		'[   16.7] kvm [142]: vcpu0, guest rIP: 0x8787e744 Unhandled WRMSR(0xc0010007) = 0xffff' \
		> "$dir/host.dmesg"
	printf '%s\n' '@lab guest up 6.1.0' '@lab guest tainted 12288' '@lab guest end' \
		> "$dir/guest.log"
	echo "done" > "$dir/result"
}

# case WANTED LOG LINE...
case_of() {
	local wanted=$1 log=$2

	shift 2
	good
	printf '%s\n' "$@" >> "$dir/$log"
	judged "$wanted" "$1"
}

stall='[   51.4] rcu: INFO: rcu_preempt self-detected stall on CPU'
lockup='[   91.0] watchdog: BUG: soft lockup - CPU#1 stuck for 26s! [CPU 1/KVM:150]'
linked='[   91.1] Modules linked in: vmsync_host(OE) vmsync(OE) lttng_probe_vmsync(OE) kvm_amd'
ours='[   91.2]  vmsync_beacon+0x10/0x90 [vmsync_guest]'

good
judged 0 "nothing wrong"
case_of 0 host.dmesg "$linked"
case_of 1 host.dmesg '[   12.0] WARNING: CPU: 0 PID: 9 at kernel/x.c:1 y+0x1/0x2'
case_of 1 guest.log '[   12.0] BUG: unable to handle page fault for address: ffff'
case_of 1 guest.log '[   12.0] BUG: kernel NULL pointer dereference, address: 0'
case_of 1 guest.log '[   12.0] BUG: scheduling while atomic: a/1/0x2'
case_of 1 guest.log '[   12.0] Oops: 0002 [#1] PREEMPT SMP NOPTI'
case_of 1 host.serial '[   12.0] int3: 0000 [#1] PREEMPT SMP NOPTI' \
	'[   12.2] Kernel panic - not syncing: Fatal exception in interrupt'
case_of 1 host.serial '[   12.0] stack segment: 0000 [#1] PREEMPT SMP NOPTI' \
	'[   12.2] Kernel panic - not syncing: Fatal exception in interrupt'
case_of 1 host.serial '[   12.0] Kernel panic - not syncing: Fatal exception'
case_of 1 host.serial '[   12.0] general protection fault, probably for x'
case_of 1 host.serial '[   12.0] kernel BUG at mm/slub.c:1'
case_of 1 host.dmesg '[   12.0] BUG vmsync_vm (Tainted: G): Objects remaining in x'
case_of 1 host.dmesg '[   12.0] refcount_t: underflow; use-after-free.'
# The debug kernel's.
case_of 1 host.dmesg '[   12.0] BUG: KASAN: use-after-free in vcpu_find+0x1/0x2 [vmsync_host]'
case_of 1 guest.log '[   12.0] WARNING: possible circular locking dependency detected'
case_of 1 guest.log '[   12.0] WARNING: HARDIRQ-safe -> HARDIRQ-unsafe lock order detected'
case_of 1 guest.log '[   12.0] WARNING: Nested lock was not taken'
case_of 1 host.dmesg '[   12.0] WARNING: held lock freed!'
case_of 1 host.dmesg '[   12.0] WARNING: suspicious RCU usage'
case_of 1 host.dmesg '[   12.0] [ BUG: Invalid wait context ]'
case_of 1 host.dmesg '[   12.0] BUG: rmmod/9 still has locks held!'
case_of 1 host.dmesg '[   12.0] INFO: trying to register non-static key.'
case_of 1 host.dmesg '[   12.0] turning off the locking correctness validator.'
case_of 1 host.dmesg '[   12.0] BUG: MAX_LOCKDEP_CHAINS too low!'
case_of 1 host.dmesg '[   12.0] BUG: MAX_STACK_TRACE_ENTRIES too low!'
case_of 1 host.dmesg '[   12.0] BUG: sleeping function called from invalid context at x.c:1'
case_of 1 guest.log '[   12.0] BUG: using smp_processor_id() in preemptible [00000000] code: a/1'
case_of 1 guest.log '[   12.0] ODEBUG: free active (active state 0) object type: work_struct'
case_of 1 guest.log '[   12.0] ODEBUG: Out of memory. ODEBUG disabled'
case_of 1 guest.log '[   12.0] kmemleak: 2 new suspected memory leaks (see /sys/kernel/debug/kmemleak)'
case_of 1 host.dmesg '[   12.0] kmemleak: Kernel memory leak detector disabled'
case_of 1 host.dmesg '[   12.0] kmemleak: Memory pool empty, consider increasing x'
case_of 1 host.dmesg '[   12.0] BUG: KCSAN: data-race in a / b'
case_of 1 host.serial '@lab L1 watch kcsan=off looked=3'
case_of 0 host.serial '@lab L1 watch kcsan=on looked=30000'
case_of 1 host.serial '@lab L1 watch lockdep=off kmemleak=on'
case_of 0 host.serial '@lab L1 watch lockdep=on kmemleak=on'
case_of 0 host.dmesg '[    0.3] kmemleak: Kernel memory leak detector initialized (mem pool available: 15850)'
case_of 0 host.dmesg '[    0.3] Running RCU self tests' '[    0.0] ... MAX_LOCKDEP_CHAINS: 65536'
case_of 0 host.dmesg '[    0.3] Lock dependency validator: Copyright (c) 2006 Red Hat, Inc., Ingo Molnar'
case_of 3 host.dmesg "$stall"
case_of 3 host.dmesg "$lockup" "$linked"
case_of 3 guest.log '[  242.0] INFO: task a:1 blocked for more than 120 seconds.'
case_of 3 guest.log "[   9.0] clocksource: Marking clocksource 'tsc' as unstable because"
case_of 1 host.dmesg "$lockup" "$linked" "$ours"
case_of 1 guest.log "$stall" "$ours"
case_of 1 host.dmesg "$lockup" '[   91.2] RIP: 0010:probe+0x1/0x2 [lttng_probe_vmsync_kvm]'
# A WARN beside a lock-up is a WARN.
case_of 1 host.dmesg "$lockup" '[   92.0] WARNING: CPU: 0 PID: 9 at kernel/x.c:1 y+0x1/0x2'
# An interrupt where the processor takes none; elsewhere, or behind a WARN, it is not that.
oops='[  145.2] stack guard page: 0000 [#1] PREEMPT SMP NOPTI'
irq='[  145.2]  asm_sysvec_reschedule_ipi+0x16/0x20'
run='[  145.2] RIP: 0010:__svm_vcpu_run+0x9c/0x210 [kvm_amd]'
case_of 3 host.serial "$oops" "$linked" "$irq" "$run" '[  145.3] ---[ end trace 0000 ]---'
case_of 1 host.serial "$oops" "$irq" '[  145.2] RIP: 0010:vcpu_put+0x1/0x2 [kvm]' "$run"
case_of 1 host.serial "$oops" "$run" "$irq"
case_of 1 host.serial "$oops" '[  145.3] ---[ end trace 0000 ]---' "$irq" "$run"
case_of 1 host.serial '[   12.0] WARNING: CPU: 0 PID: 9 at kernel/x.c:1 y+0x1/0x2' \
	'[   12.0] ---[ end trace 0000 ]---' "$oops" "$irq" "$run"
case_of 1 host.serial '@lab L1 tainted 12800'
case_of 1 guest.log '@lab guest tainted 12416'
case_of 3 guest.log '@lab guest tainted 28672'

good
echo 'lost guest died while waiting for ready' > "$dir/result"
judged 3 "a guest that died without a word"
good
echo 'fail guest: lttng start' > "$dir/result"
judged 1 "a step that failed"
good
rm "$dir/result"
judged 3 "a host that ended without a word"
good
sed -i /tainted/d "$dir/guest.log"
judged 1 "a guest that did not tell its taint"
good
rm "$dir/guest.log"
judged 1 "a guest that is not there"
echo '@lab L1 no guest' >> "$dir/host.serial"
judged 0 "a host without a guest"
sed -i '/tainted/d' "$dir/host.serial"
judged 1 "one that did not tell its taint"
good
sed s/guest/guest2/ "$dir/guest.log" > "$dir/guest2.log"
judged 0 "two guests"
good
sed 's/guest/guest2/; /tainted/d' "$dir/guest.log" > "$dir/guest2.log"
judged 1 "a second guest that did not tell its taint"
good
sed 's/guest/guest2/; s/tainted .*/tainted 512/' "$dir/guest.log" > "$dir/guest2.log"
judged 1 "a second guest with a WARN"

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
