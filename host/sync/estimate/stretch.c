// SPDX-License-Identifier: MIT
#include "sync/estimate/stretch.h"

#include <math.h>

void vmsync_sights_add(struct vmsync_sights *s, const struct vmsync_sight *fix)
{
	s->at[s->count++ % VMSYNC_SIGHTS] = *fix;
}

double vmsync_stretch_at(const struct vmsync_stretch *s, int64_t g)
{
	return s->fraction + s->slope * (double)(g - s->at);
}

double vmsync_stretch_apart(const struct vmsync_stretch *a,
		    const struct vmsync_stretch *b, int64_t g)
{
	return (double)(b->offset - a->offset) + vmsync_stretch_at(b, g) -
	       vmsync_stretch_at(a, g);
}

double vmsync_stretch_first_error(const struct vmsync_stretch *s)
{
	return fmax(s->w_first, s->sure_ns - s->base_ns);
}

double vmsync_stretch_last_error(const struct vmsync_stretch *s)
{
	return fmax(s->w_last, s->sure_ns - s->base_ns);
}

void vmsync_stretch_cut(struct vmsync_stretch *s, double drift, int64_t until)
{
	if (s->last <= until)
		return;
	/* From its begin the line may go away as fast as any. */
	if (s->first > until) {
		s->w_first += 2 * drift * (double)(s->first - until);
		s->w_last = s->w_first;
		s->first = until;
	}
	s->last = until;
	if (s->before_last > until)
		s->before_last = until;
	s->lasts.count = 0;
}
