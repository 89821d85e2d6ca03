// SPDX-License-Identifier: MIT
#include "sync/bend.h"

#include <math.h>

#include "sync/polyline.h"

void vmsync_sights_add(struct vmsync_sights *s, const struct vmsync_sight *fix)
{
	s->at[s->count++ % VMSYNC_BEND_SIGHTS] = *fix;
}

static unsigned int kept(const struct vmsync_sights *s)
{
	return s->count < VMSYNC_BEND_SIGHTS ? s->count : VMSYNC_BEND_SIGHTS;
}

static int64_t begin_of(const struct vmsync_sight *s)
{
	return s->upper_ns < s->lower_ns ? s->upper_ns : s->lower_ns;
}

static int64_t end_of(const struct vmsync_sight *s)
{
	return s->upper_ns < s->lower_ns ? s->lower_ns : s->upper_ns;
}

/* The line of @b less that of @a at @g, ns */
static double apart(const struct vmsync_stretch *a,
		    const struct vmsync_stretch *b, int64_t g)
{
	return (double)(b->offset - a->offset) + vmsync_stretch_at(b, g) -
	       vmsync_stretch_at(a, g);
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
struct row {
	const struct vmsync_stretch *a;
	const struct vmsync_stretch *b;
	const struct vmsync_sight *at[2 * VMSYNC_BEND_SIGHTS];
	unsigned int before;
	unsigned int count;
};

static void make_row(struct row *r, const struct vmsync_stretch *a,
		     const struct vmsync_stretch *b)
{
	unsigned int first = a->lasts.count - kept(&a->lasts);

	*r = (struct row){ .a = a, .b = b };
	for (unsigned int i = first; i < a->lasts.count; i++)
		r->at[r->count++] = &a->lasts.at[i % VMSYNC_BEND_SIGHTS];
	r->before = r->count;
	for (unsigned int i = 0; i < kept(&b->firsts); i++)
		r->at[r->count++] = &b->firsts.at[i];
}

/*
 * Fixes on the other side of the bend have to keep to both lines. The nearest on
 * either side that keep to one only enclose it.
 */
static bool one_bend(const struct row *r, double play_ns,
		     struct vmsync_bend *bend)
{
	bool ended = false;

	for (unsigned int i = 0; i < r->count; i++) {
		bool late = i >= r->before;
		const struct vmsync_stretch *own = late ? r->b : r->a;
		const struct vmsync_stretch *other = late ? r->a : r->b;
		int64_t begin = begin_of(r->at[i]), end = end_of(r->at[i]);
		bool both = keeps(other, own, r->at[i], play_ns);

		if (!both && (late ? begin < bend->at : end > bend->at))
			return false;
		if (!both && end <= bend->at)
			bend->before = end;
		if (!both && !ended && begin >= bend->at) {
			bend->after = begin;
			ended = true;
		}
	}
	return true;
}

static double longest_gap(const struct row *r, const struct vmsync_bend *bend)
{
	int64_t last = bend->before;
	double gap = 0;

	for (unsigned int i = 0; i < r->count && last < bend->after; i++) {
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

bool vmsync_bend_find(const struct vmsync_stretch *a,
		      const struct vmsync_stretch *b, double play_ns,
		      struct vmsync_bend *bend)
{
	double tilt = b->slope - a->slope, x;
	struct row r;
	int64_t lo, hi;

	make_row(&r, a, b);
	if (tilt == 0 || !r.before || r.before == r.count)
		return false;
	lo = end_of(r.at[0]);
	hi = begin_of(r.at[r.count - 1]);
	x = -apart(a, b, lo) / tilt;
	if (!(x > 0 && x < (double)(hi - lo)))
		return false;
	*bend = (struct vmsync_bend){ .at = lo + (int64_t)x,
				      .before = lo, .after = hi };
	if (!one_bend(&r, play_ns, bend))
		return false;
	bend->apart_before = fabs(apart(a, b, bend->before));
	bend->apart_after = fabs(apart(a, b, bend->after));
	bend->gap_ns = longest_gap(&r, bend);
	return bend->before < bend->at && bend->at < bend->after;
}
