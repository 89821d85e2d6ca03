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

double vmsync_set_ns(struct vmsync_set *set, const struct vmsync_guest_cpu *cpu,
		     const struct vmsync_beacon *b, bool alone)
{
	struct vmsync_set last = *set;
	const struct vmsync_pvclock *pv;
	int128 was, is;

	if (!b->kvmclock || !b->gh || !b->gh_guest.valid ||
	    !b->gh_host.valid || !b->scaling.ratio)
		return 0;
	pv = page_of(cpu, b);
	if (!pv)
		return 0;
	*set = (struct vmsync_set){true, *pv, b->scaling};
	if (!last.any || (!alone && !(pv->flags & last.pv.flags & VMSYNC_PV_STABLE)))
		return 0;
	/* Where the TSC was written the page follows it. */
	if (!vmsync_chain_kvmclock(&last.scaling, &last.pv, b->gh_host.tsc,
				   &was) ||
	    !vmsync_chain_kvmclock(&b->scaling, pv, b->gh_host.tsc, &is))
		return 0;
	return fabs((double)(is - was)) / (double)Q32;
}
