// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guests that ask for the host's clock, where the host's administrator wants them to
 * know it: its time since boot and its rate, which KVM itself does not tell.
 *
 * As with beacons, KVM's tracepoint comes before KVM looks at the privilege level. So
 * the clock is read at the hypercall, and is put into the virtual CPU's registers at
 * its next entry, if KVM's own answer was to a kernel. It is a pair of that virtual
 * CPU's TSC and the clock, which waiting does not make wrong. Nothing is recorded,
 * nothing of the guest's is read, and its registers are of its own thread.
 */
#include <linux/kvm_para.h>
#include <linux/module.h>
#include <linux/moduleparam.h>

#include "host.h"

bool host_answers_clock;
module_param_named(answer_clock, host_answers_clock, bool, 0444);
MODULE_PARM_DESC(answer_clock, "tell guests' kernels that ask this host's CLOCK_MONOTONIC (default N)");

void host_clock_asked(struct host_vcpu *v)
{
	struct host_asked *a = &v->asked;
	struct vmsync_line line;
	unsigned __int128 at;
	unsigned long flags;
	u64 tsc;

	local_irq_save(flags);
	vmsync_line_get(&line);
	tsc = rdtsc_ordered();
	local_irq_restore(flags);
	if (line.clocksource != VMSYNC_CLOCKSOURCE_TSC || line.shift > 32)
		return;
	at = (unsigned __int128)(tsc - line.cycle_last) * line.mult +
	     line.xtime_nsec;
	a->session = host_session;
	a->tsc = vmsync_guest_tsc(v->vcpu, tsc);
	a->ns = line.base_ns + (u64)(at >> line.shift);
	a->frac = ((u64)at << (32 - line.shift)) & U32_MAX;
	host_look_again(v);
}

void host_clock_answer(struct host_vcpu *v)
{
	unsigned long *regs = v->vcpu->arch.regs;
	struct host_asked *a = &v->asked;
	u32 session = a->session;

	a->session = 0;
	if (session != host_session || !host_kvm_refused_kernel(v->vcpu))
		return;
	regs[VCPU_REGS_RBX] = a->tsc;
	regs[VCPU_REGS_RCX] = a->ns;
	regs[VCPU_REGS_RDX] = a->frac;
}
