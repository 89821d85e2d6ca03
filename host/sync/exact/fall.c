// SPDX-License-Identifier: MIT
#include "sync/exact/fall.h"

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
	double age;

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
	age = vmsync_older_most_ns((double)(is >> 32));
	*fall = (int128)(age * w->older.ahead) * Q32 + Q32;
	return true;
}

void vmsync_walk_fall(struct vmsync_walk *w)
{
	const struct vmsync_step *s = vmsync_walk_step(w, PV);
	const struct vmsync_scaling *scaling =
		vmsync_timeline_at(w->tl[SCALING], s->sure)->param;
	int128 fall, is, later, out;
	int64_t until;

	if (w->page == w->at[PV] || !s->param || s->from <= VMSYNC_AXIS_MIN + 1)
		return;
	w->page = w->at[PV];
	if (!fall_of(w, s, scaling, &fall) || fall <= 0 ||
	    fall > VMSYNC_SMALL_STEP ||
	    !vmsync_chain_kvmclock(scaling, s->param,
				   w->facts->tsc_ref + (uint64_t)s->sure, &is) ||
	    !vmsync_chain_kvmclock(scaling, s->param,
				   w->facts->tsc_ref + (uint64_t)s->sure +
					   (uint64_t)VMSYNC_SPAN,
				   &later) ||
	    later <= is)
		return;
	until = s->sure + 1 +
		(int64_t)((fall + VMSYNC_ROUNDING) * VMSYNC_SPAN / (later - is));
	out = (int128)(s->sure - s->from) * (later - is) / VMSYNC_SPAN;
	if (w->spill_until <= s->sure)
		w->spill = 0;
	w->spill += (int128)((1 + 2 * VMSYNC_DRIFT) * (double)(fall + out)) +
		    VMSYNC_ROUNDING;
	if (w->spill_until < until)
		w->spill_until = until;
}
