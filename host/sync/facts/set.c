// SPDX-License-Identifier: MIT
#include "sync/facts/set.h"

#include <math.h>

#include "sync/base/chain.h"

/* The record that showed a page and the beacon's own reading may be so far apart. */
#define RECORD_NS 1000000

/* The page that @cpu had when it sent @b; NULL: it showed none. */
static const struct vmsync_pvclock *page_of(const struct vmsync_guest_cpu *cpu,
					    const struct vmsync_beacon *b)
{
	for (size_t i = cpu->pvs.count; i--;) {
		const struct vmsync_pv_run *r = &cpu->pvs.at[i];

		/* What a liar says may be any number. */
		if ((int128)r->first.ns - b->gh_guest_ns <= RECORD_NS &&
		    (int64_t)(b->gh_guest.tsc - r->first.tsc) >= 0)
			return &r->pv;
	}
	return NULL;
}

/*
 * What the host told last before @b reached it. The old addons' beacons bring none, nor
 * do they say what the guest counts: it may be that.
 */
static const struct vmsync_pvclock *told_of(const struct vmsync_vcpu *vcpu,
					    const struct vmsync_beacon *b)
{
	for (size_t i = vcpu ? vcpu->pvclocks.count : 0; i--;)
		if (vcpu->pvclocks.at[i].stamp_ns <= b->gh_host_ns)
			return &vcpu->pvclocks.at[i].pv;
	return NULL;
}

/* By how much two lines of kvm-clock differ when @b reached the host. */
static double step(const struct vmsync_shown *from, const struct vmsync_shown *to,
		   const struct vmsync_beacon *b)
{
	int128 was, is;

	/* Where the TSC was written the page follows it. */
	if (!vmsync_chain_kvmclock(&from->scaling, &from->pv, b->gh_host.tsc,
				   &was) ||
	    !vmsync_chain_kvmclock(&to->scaling, &to->pv, b->gh_host.tsc, &is))
		return 0;
	return fabs((double)(is - was)) / (double)Q32;
}

/* Whether KVM has written what is shown @now when @last was not yet there. */
static bool is_new(const struct vmsync_shown *now, const struct vmsync_shown *last)
{
	uint64_t then = vmsync_scaling_guest(&now->scaling, last->host_tsc);

	return (int64_t)(now->pv.tsc_timestamp - then) > 0;
}

double vmsync_set_ns(struct vmsync_set *set, struct vmsync_guest_cpu *cpu,
		     const struct vmsync_vcpu *vcpu, const struct vmsync_beacon *b,
		     bool alone)
{
	const struct vmsync_shown last = set->last, own = cpu->shown;
	const struct vmsync_pvclock *pv;
	struct vmsync_shown now;

	if (!b->gh || !b->gh_guest.valid || !b->gh_host.valid || !b->scaling.ratio)
		return 0;
	pv = b->guest_seq ? page_of(cpu, b) : told_of(vcpu, b);
	if (!pv || (b->guest_seq && !b->kvmclock))
		return 0;
	now = (struct vmsync_shown){true, *pv, b->scaling, b->gh_host.tsc};
	set->last = cpu->shown = now;
	if (!last.any)
		return 0;
	if (alone || !own.any || pv->flags & last.pv.flags & VMSYNC_PV_STABLE)
		return step(&last, &now, b);
	return is_new(&now, &last) ? step(&own, &now, b) : 0;
}
