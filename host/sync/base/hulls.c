// SPDX-License-Identifier: MIT
/*
 * A line of slope a passes if the greatest of (y - a x) over the lower points
 * is not above the least over the upper ones, that is, if no lower point is
 * above the line of slope a through an upper one. So every pair of a lower and
 * an upper point bounds the slope, from above where the upper point is the
 * later one and from below where the lower one is; and a line exists as long as
 * the bounds leave a slope. Only hull points can give the tightest bound; a
 * later point can only need those from the last tangent point on.
 */
#include "sync/base/hulls.h"

#include <math.h>
#include <string.h>

void vmsync_hulls_init(struct vmsync_hulls *c, double limit)
{
	c->upper.count = c->lower.count = 0;
	c->slope_min = -limit;
	c->slope_max = limit;
}

bool vmsync_hulls_full(const struct vmsync_hulls *c)
{
	return c->upper.count == VMSYNC_HULLS_MAX ||
	       c->lower.count == VMSYNC_HULLS_MAX;
}

/* Is @b above the line from @a to @p, or on it? */
static bool is_above(const struct vmsync_hulls_point *a,
		     const struct vmsync_hulls_point *b,
		     const struct vmsync_hulls_point *p)
{
	return (b->y - a->y) * (p->x - a->x) >= (p->y - a->y) * (b->x - a->x);
}

/* The hull from below: what lines under all points can touch. */
static void hull_add(struct vmsync_hull *h, struct vmsync_hulls_point p)
{
	while (h->count >= 2 && is_above(&h->at[h->count - 2],
					 &h->at[h->count - 1], &p))
		h->count--;
	h->at[h->count++] = p;
}

/*
 * The steepest line that can come from under @other (points whose y is negated:
 * it must stay above them) up to @p: the least slope from any of its points.
 * Points before the one that gives it are of no use to later ones.
 */
static bool steepest(const struct vmsync_hull *other,
		     struct vmsync_hulls_point p, double *slope,
		     size_t *tangent)
{
	const struct vmsync_hulls_point *q = other->at;
	size_t n = other->count;
	double least = INFINITY;

	for (; n && q[n - 1].x >= p.x; n--)
		if (q[n - 1].x == p.x && -q[n - 1].y > p.y)
			return false;
	*tangent = 0;
	/* Along a hull the slopes fall and then rise. */
	for (size_t i = 0; i < n; i++) {
		double s = (p.y + q[i].y) / (p.x - q[i].x);

		if (s > least)
			break;
		least = s;
		*tangent = i;
	}
	*slope = least;
	return true;
}

static void drop_before(struct vmsync_hull *h, size_t n)
{
	if (!n)
		return;
	memmove(h->at, h->at + n, (h->count - n) * sizeof(*h->at));
	h->count -= n;
}

/* An upper point of @own; with both y negated, a lower one. */
static bool add(struct vmsync_hull *own, struct vmsync_hull *other,
		struct vmsync_hulls_point p, double *max, double min)
{
	size_t tangent;
	double slope;

	if (!steepest(other, p, &slope, &tangent) || slope < min)
		return false;
	if (own->count && p.x <= own->at[own->count - 1].x)
		return true;
	/* Only where the point tightened it is the tangent a new one. */
	if (slope < *max) {
		*max = slope;
		drop_before(other, tangent);
	}
	hull_add(own, p);
	return true;
}

bool vmsync_hulls_upper(struct vmsync_hulls *c, double x, double y)
{
	struct vmsync_hulls_point p = {x, y};

	return add(&c->upper, &c->lower, p, &c->slope_max, c->slope_min);
}

bool vmsync_hulls_lower(struct vmsync_hulls *c, double x, double y)
{
	struct vmsync_hulls_point p = {x, -y};
	double max = -c->slope_min;
	bool ok = add(&c->lower, &c->upper, p, &max, -c->slope_max);

	c->slope_min = -max;
	return ok;
}

bool vmsync_hulls_fits_upper(const struct vmsync_hulls *c, double x, double y)
{
	struct vmsync_hulls_point p = {x, y};
	size_t tangent;
	double slope;

	return steepest(&c->lower, p, &slope, &tangent) &&
	       slope >= c->slope_min;
}

bool vmsync_hulls_fits_lower(const struct vmsync_hulls *c, double x, double y)
{
	struct vmsync_hulls_point p = {x, -y};
	size_t tangent;
	double slope;

	return steepest(&c->upper, p, &slope, &tangent) &&
	       slope >= -c->slope_max;
}

static double least(const struct vmsync_hull *h, double a)
{
	double v = INFINITY;

	for (size_t i = 0; i < h->count; i++)
		v = fmin(v, h->at[i].y - a * h->at[i].x);
	return v;
}

bool vmsync_hulls_range(const struct vmsync_hulls *c, double a, double *low,
			double *high)
{
	if (!c->upper.count || !c->lower.count)
		return false;
	*high = least(&c->upper, a);
	*low = -least(&c->lower, -a);
	return true;
}
