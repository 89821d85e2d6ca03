/* SPDX-License-Identifier: (GPL-2.0-only WITH Linux-syscall-note) OR MIT */
/*
 * vmsync: the contract between guest, host and tool.
 *
 * The guest sends a *beacon*: one hypercall, bracketed by two events in the
 * guest's trace (vmsync_gh_guest before, vmsync_hg_guest after it) and marked
 * by two events in the host's (vmsync_gh_host when KVM sees the hypercall,
 * vmsync_hg_host when the virtual CPU enters the guest again). In real time
 *
 *	gh_guest <= gh_host <= hg_host <= hg_guest
 *
 * always holds, whatever happens in between: preemption, migration of the
 * thread to another CPU, a slow hypervisor.
 *
 * The hypercall is VMMCALL on AMD and VMCALL on Intel, with KVM's own register
 * convention:
 *
 *	register	contents
 *	rax		VMSYNC_HC_BEACON
 *	rbx (a0)	cnt: sequence number k of the beacon, 32 bits, even
 *	rcx (a1)	vm_uid: random, nonzero, below 2^63, new at each load
 *	rdx (a2)	the guest's TSC at gh_guest
 *	rsi (a3)	the guest's CLOCK_MONOTONIC at gh_guest, ns
 *
 * KVM knows no such call and answers -KVM_ENOSYS (-1000) in rax; the guest
 * takes that for success. KVM needs no patch: vmsync-host.ko listens at KVM's
 * own tracepoint. No memory of the guest is ever read.
 *
 * KVM fires that tracepoint before it looks at the privilege level, so any
 * process in a guest can make any number of these with any contents. A process
 * is answered -KVM_EPERM (-1): by that answer, in rax at the next entry, the host
 * tells the two apart, and takes nothing from a process. Both events of the host
 * are therefore recorded at the entry, gh_host with what was read at the
 * hypercall. All four registers are claims. The host takes the identity of the
 * VM and of the virtual CPU, and the TSC's offset and ratio, from KVM alone; it
 * limits the rate per VM and counts what it drops (vmsync_drop).
 *
 * Events, field by field: Documentation/protocol.rst.
 */
#ifndef _UAPI_VMSYNC_H
#define _UAPI_VMSYNC_H

/* "VSNC": far above KVM's own numbers (1..12), and none of Hyper-V or Xen. */
#define VMSYNC_HC_BEACON	0x56534e43

/*
 * "VSCA": a guest's kernel asks for the host's CLOCK_MONOTONIC, registers as above, rbx,
 * rcx and rdx 0. A host with parameter answer_clock of vmsync-host.ko puts in there a TSC
 * of the calling virtual CPU, the clock at that TSC in ns, and the fraction of a ns that
 * it lacks, << 32; rax is KVM's answer as ever. Where rcx is 0, nobody answered.
 */
#define VMSYNC_HC_CLOCK		0x56534341

/* cnt is k in the two gh events of a beacon, k + 1 in its two hg events. */
#define VMSYNC_CNT_STEP		2

/* vmsync_*.clocksource: the counter under CLOCK_MONOTONIC. */
#define VMSYNC_CLOCKSOURCE_OTHER	0
#define VMSYNC_CLOCKSOURCE_TSC		1
#define VMSYNC_CLOCKSOURCE_KVMCLOCK	2

/* vmsync_knot.why */
#define VMSYNC_KNOT_FIRST	1	/* first line seen since load, nothing changed */
#define VMSYNC_KNOT_SLOPE	2	/* mult or shift changed, time is continuous */
#define VMSYNC_KNOT_STEP	3	/* time is not continuous at cycle_last */
#define VMSYNC_KNOT_CLOCKSOURCE	4	/* another counter */

/* vmsync_tsc.why, vmsync_pvclock.why, vmsync_vm.why */
#define VMSYNC_WHY_FIRST	1	/* first sight, or repeated for tracers */
#define VMSYNC_WHY_WRITE	2	/* KVM wrote it */
#define VMSYNC_WHY_RESTORE	3	/* found changed, no write was seen */

/* vmsync_gh_host.suspect, bits */
#define VMSYNC_SUSPECT_TSC	1	/* claimed TSC is not in the vCPU's recent past */
#define VMSYNC_SUSPECT_UID	2	/* vm_uid is 0, above 2^63, or not that VM's last */

#endif /* _UAPI_VMSYNC_H */
