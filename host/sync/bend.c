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

/* A fix that is on the other side of the bend has to keep to both lines. */
static bool one_bend(const struct row *r, double play_ns,
		     struct vmsync_bend *bend)
{
	for (unsigned int i = 0; i < r->count; i++) {
		bool late = i >= r->before;
		const struct vmsync_stretch *own = late ? r->b : r->a;
		const struct vmsync_stretch *other = late ? r->a : r->b;
		int64_t g = late ? begin_of(r->at[i]) : end_of(r->at[i]);

		if (late ? g >= bend->at : g <= bend->at)
			continue;
		if (!keeps(other, own, r->at[i], play_ns))
			return false;
		bend->apart_ns = fmax(bend->apart_ns,
				      fabs(apart(own, other, g)));
	}
	return true;
}

/* The fixes around [@from, @to], and the longest gap between any two there. */
static void surround(const struct row *r, int64_t from, int64_t to,
		     struct vmsync_bend *bend)
{
	unsigned int first = 0, last = r->count - 1;

	while (first < r->before && first + 1 < r->count &&
	       end_of(r->at[first + 1]) <= from)
		first++;
	while (last > r->before && last > first + 1 &&
	       begin_of(r->at[last - 1]) >= to)
		last--;
	bend->before = end_of(r->at[first]);
	bend->after = begin_of(r->at[last]);
	for (unsigned int i = first; i < last; i++)
		bend->gap_ns = fmax(bend->gap_ns,
				    (double)(begin_of(r->at[i + 1]) -
					     end_of(r->at[i])));
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
	*bend = (struct vmsync_bend){ .at = lo + (int64_t)x };
	if (!one_bend(&r, play_ns, bend))
		return false;
	surround(&r, bend->at, bend->at, bend);
	return bend->before < bend->at && bend->at < bend->after;
}
