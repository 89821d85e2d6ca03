// SPDX-License-Identifier: MIT
#include "sync/estimate/breakpoint.h"

#include <math.h>

static unsigned int kept(const struct vmsync_sights *s)
{
	return s->count < VMSYNC_SIGHTS ? s->count : VMSYNC_SIGHTS;
}

static int64_t begin_of(const struct vmsync_sight *s)
{
	return s->upper_ns < s->lower_ns ? s->upper_ns : s->lower_ns;
}

static int64_t end_of(const struct vmsync_sight *s)
{
	return s->upper_ns < s->lower_ns ? s->lower_ns : s->upper_ns;
}

/* Does the line of @other keep to the limits of @fix, which is one of @own? */
static bool keeps(const struct vmsync_stretch *other,
		  const struct vmsync_stretch *own,
		  const struct vmsync_sight *fix, double play_ns)
{
	double shift = (double)(other->offset - own->offset);

	return shift + vmsync_stretch_at(other, fix->upper_ns) <=
		       fix->upper + play_ns &&
	       shift + vmsync_stretch_at(other, fix->lower_ns) >=
		       fix->lower - play_ns;
}

/* All fixes that are kept of the two stretches' ends, in order. */
struct joint {
	const struct vmsync_stretch *a;
	const struct vmsync_stretch *b;
	const struct vmsync_sight *at[2 * VMSYNC_SIGHTS];
	unsigned int before;
	unsigned int count;
};

static void make_joint(struct joint *r, const struct vmsync_stretch *a,
		       const struct vmsync_stretch *b)
{
	unsigned int first = a->lasts.count - kept(&a->lasts);

	*r = (struct joint){ .a = a, .b = b };
	for (unsigned int i = first; i < a->lasts.count; i++)
		r->at[r->count++] = &a->lasts.at[i % VMSYNC_SIGHTS];
	r->before = r->count;
	for (unsigned int i = 0; i < kept(&b->firsts); i++)
		r->at[r->count++] = &b->firsts.at[i];
}

/*
 * Fixes on the other side of the breakpoint have to keep to both lines. The nearest on
 * either side that keep to one only enclose it.
 */
static bool one_breakpoint(const struct joint *r, double play_ns,
			   struct vmsync_breakpoint *breakpoint)
{
	bool ended = false;

	for (unsigned int i = 0; i < r->count; i++) {
		bool late = i >= r->before;
		const struct vmsync_stretch *own = late ? r->b : r->a;
		const struct vmsync_stretch *other = late ? r->a : r->b;
		int64_t begin = begin_of(r->at[i]), end = end_of(r->at[i]);
		bool both = keeps(other, own, r->at[i], play_ns);

		if (!both &&
		    (late ? begin < breakpoint->at : end > breakpoint->at))
			return false;
		if (!both && end <= breakpoint->at)
			breakpoint->before = end;
		if (!both && !ended && begin >= breakpoint->at) {
			breakpoint->after = begin;
			ended = true;
		}
	}
	return true;
}

static double longest_gap(const struct joint *r,
			  const struct vmsync_breakpoint *breakpoint)
{
	int64_t last = breakpoint->before;
	double gap = 0;

	for (unsigned int i = 0; i < r->count && last < breakpoint->after;
	     i++) {
		if (end_of(r->at[i]) <= last)
			continue;
		/* A fix may be long itself: two messages that are far apart. */
		gap = fmax(gap, fmax((double)(begin_of(r->at[i]) - last),
				     (double)(end_of(r->at[i]) -
					      begin_of(r->at[i]))));
		last = end_of(r->at[i]);
	}
	return gap;
}

bool vmsync_breakpoint_find(const struct vmsync_stretch *a,
			    const struct vmsync_stretch *b, double play_ns,
			    struct vmsync_breakpoint *breakpoint)
{
	double tilt = b->slope - a->slope, x;
	struct joint r;
	int64_t lo, hi;

	make_joint(&r, a, b);
	if (tilt == 0 || !r.before || r.before == r.count)
		return false;
	lo = end_of(r.at[0]);
	hi = begin_of(r.at[r.count - 1]);
	x = -vmsync_stretch_apart(a, b, lo) / tilt;
	if (!(x > 0 && x < (double)(hi - lo)))
		return false;
	*breakpoint = (struct vmsync_breakpoint){ .at = lo + (int64_t)x,
				      .before = lo, .after = hi };
	if (!one_breakpoint(&r, play_ns, breakpoint))
		return false;
	breakpoint->apart_before =
		fabs(vmsync_stretch_apart(a, b, breakpoint->before));
	breakpoint->apart_after =
		fabs(vmsync_stretch_apart(a, b, breakpoint->after));
	breakpoint->gap_ns = longest_gap(&r, breakpoint);
	return breakpoint->before < breakpoint->at &&
	       breakpoint->at < breakpoint->after;
}
