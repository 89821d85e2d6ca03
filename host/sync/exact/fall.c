// SPDX-License-Identifier: MIT
#include "sync/exact/fall.h"

#include <math.h>

#include "sync/base/drift.h"

/* The last parameter that is known before step @i of @tl, or NULL. */
static const void *before(const struct vmsync_timeline *tl, size_t i)
{
	while (i--)
		if (tl->steps.at[i].param)
			return tl->steps.at[i].param;
	return NULL;
}

/* The scaling that was in force with a page until @at, as far as it is known. */
static const struct vmsync_scaling *scaling_before(const struct vmsync_walk *w,
						   int64_t at)
{
	const struct vmsync_timeline *tl = w->tl[SCALING];
	const struct vmsync_step *s = vmsync_timeline_at(tl, at - 1);

	return s->param ? s->param : before(tl, (size_t)(s - tl->steps.at));
}

/*
 * How much a page may read ahead of what KVM says kvm-clock is at @is, q32: so much of
 * what was read by it is read again by the next one. One that nobody saw is as old as
 * any; with a master clock, by whose page KVM reads itself (get_kvmclock()), but for
 * how the frequency of a scaled TSC is rounded, as old as kvm-clock.
 */
static int128 ahead_of(const struct vmsync_walk *w,
		       const struct vmsync_scaling *scaling,
		       const struct vmsync_pvclock *pv, int128 is)
{
	double age_ns = fmax((double)(is >> 32), 0);

	if (!(pv->flags & VMSYNC_PV_STABLE))
		age_ns = vmsync_older_most_ns(age_ns);
	else if (vmsync_scaling_is_one(scaling))
		age_ns = 0;
	return (int128)(age_ns * w->older.ahead) * Q32 + Q32;
}

/*
 * By how much kvm-clock fell back where the page @s came, q32: from what the page
 * before read when its virtual CPU left the guest. One that nobody saw is as old as any,
 * where it has a slope of its own.
 */
static bool fall_of(const struct vmsync_walk *w, const struct vmsync_step *s,
		    const struct vmsync_scaling *scaling, int128 *fall)
{
	const struct vmsync_pvclock *pv = s->param;
	const struct vmsync_pvclock *last = before(w->tl[PV], w->at[PV]);
	uint64_t ref = w->facts->tsc_ref;
	int128 was, is;

	if (!vmsync_chain_kvmclock(scaling, pv, ref + (uint64_t)s->sure, &is))
		return false;
	if (last) {
		if (!vmsync_chain_kvmclock(scaling_before(w, s->from), last,
					   ref + (uint64_t)s->from, &was))
			return false;
		*fall = was - is;
		return true;
	}
	if (pv->flags & VMSYNC_PV_STABLE)
		return false;
	*fall = ahead_of(w, scaling, pv, is);
	return true;
}

void vmsync_walk_fall(struct vmsync_walk *w)
{
	const struct vmsync_step *s = vmsync_walk_step(w, PV);
	const struct vmsync_scaling *scaling =
		vmsync_timeline_at(w->tl[SCALING], s->sure)->param;
	int128 fall, again, is, later, out;
	int64_t until;
	bool stopped;

	if (w->page == w->at[PV] || !s->param || s->from <= VMSYNC_AXIS_MIN + 1)
		return;
	w->page = w->at[PV];
	if (!fall_of(w, s, scaling, &fall) || fall <= 0 ||
	    !vmsync_chain_kvmclock(scaling, s->param,
				   w->facts->tsc_ref + (uint64_t)s->sure, &is) ||
	    !vmsync_chain_kvmclock(scaling, s->param,
				   w->facts->tsc_ref + (uint64_t)s->sure +
					   (uint64_t)VMSYNC_SPAN,
				   &later) ||
	    later <= is)
		return;
	/* By so much it falls because the guest was stopped, nobody knows since when. */
	stopped = fall > VMSYNC_SMALL_STEP;
	if (stopped && s->from < s->sure)
		return;
	again = stopped ? ahead_of(w, scaling, s->param, is) : fall;
	until = s->sure + 1 +
		(int64_t)((again + VMSYNC_ROUNDING) * VMSYNC_SPAN / (later - is));
	out = (int128)(s->sure - s->from) * (later - is) / VMSYNC_SPAN;
	if (w->spill_until <= s->sure)
		w->spill = 0;
	w->spill += (int128)((1 + 2 * VMSYNC_DRIFT) * (double)(fall + out)) +
		    VMSYNC_ROUNDING;
	if (w->spill_until < until)
		w->spill_until = until;
}
