// SPDX-License-Identifier: MIT
#include "sync/exact/link.h"

/* Beyond any time that a clock may show, q32. */
#define NO_TIME (Q32 << 64)

/* No way from one line to another is longer, q32. */
#define FARTHEST	(Q32 << 40)
#define FARTHEST_CYCLES ((int64_t)1 << 60)

bool vmsync_link_at(const struct vmsync_link *l, int64_t at,
		    struct vmsync_point *p)
{
	uint64_t tsc = l->tsc_ref + (uint64_t)at;

	return vmsync_chain_guest(&l->chain, tsc, &p->g) &&
	       vmsync_chain_host(l->chain.host, tsc, &p->h) &&
	       wide_abs(p->g) < NO_TIME && wide_abs(p->h) < NO_TIME;
}

bool vmsync_link_direction(const struct vmsync_link *l, int64_t at,
			   struct vmsync_point *d)
{
	struct vmsync_point a, b;

	if (!vmsync_link_at(l, at, &a) ||
	    !vmsync_link_at(l, at + VMSYNC_SPAN, &b))
		return false;
	d->g = b.g - a.g;
	d->h = b.h - a.h;
	return d->g > 0 && d->h > 0 && !(d->g >> 66) && !(d->h >> 66);
}

int128 vmsync_link_by_slope(int128 guest, const struct vmsync_point *d)
{
	int128 dg = d->g, dh = d->h;

	while (dg >> 40 || dh >> 40) {
		dg >>= 1;
		dh >>= 1;
	}
	while (wide_abs(guest) >> 84) {
		guest >>= 1;
		dg >>= 1;
	}
	/* Nothing left of it: the slope is no clock's. */
	return dg ? guest * dh / dg : guest;
}

bool vmsync_link_apart(const struct vmsync_link *p, const struct vmsync_link *q,
		       int64_t at, int128 *out)
{
	struct vmsync_point a, b, d;

	if (!vmsync_link_at(p, at, &a) || !vmsync_link_at(q, at, &b) ||
	    !vmsync_link_direction(q, at, &d))
		return false;
	*out = wide_abs(vmsync_link_by_slope(b.g - a.g, &d)) +
	       wide_abs(b.h - a.h);
	/* The slope of @p is another one, by up to 1100 ppm. */
	*out += *out >> 9;
	return true;
}

bool vmsync_link_middle(const struct vmsync_link *p,
			const struct vmsync_link *q, int64_t at,
			struct vmsync_point *out)
{
	struct vmsync_point a, b, d;

	if (!vmsync_link_at(p, at, &a) || !vmsync_link_at(q, at, &b) ||
	    !vmsync_link_direction(q, at, &d))
		return false;
	out->g = b.g;
	out->h = b.h + (vmsync_link_by_slope(b.g - a.g, &d) - (b.h - a.h)) / 2;
	return true;
}

int64_t vmsync_link_overlap(const struct vmsync_link *p,
			    const struct vmsync_link *q, int64_t at)
{
	struct vmsync_point a, b, d;
	int128 ahead;

	if (!vmsync_link_at(p, at, &a) || !vmsync_link_at(q, at, &b) ||
	    !vmsync_link_direction(q, at, &d))
		return 0;
	ahead = (a.g > b.g ? a.g - b.g : 0) + VMSYNC_ROUNDING;
	return ahead > VMSYNC_SMALL_STEP ? 0 :
					   (int64_t)(ahead * VMSYNC_SPAN / d.g);
}

int64_t vmsync_link_cycles(int128 host, const struct vmsync_point *d)
{
	int128 n = (host < FARTHEST ? host : FARTHEST) * VMSYNC_SPAN / d->h;

	return n < FARTHEST_CYCLES ? (int64_t)n + 1 : FARTHEST_CYCLES;
}
