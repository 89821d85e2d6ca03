// SPDX-License-Identifier: MIT
#include "sync/window/either.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

/*
 * A clock that steps back by less reads some times twice: so far from the step an
 * event may be of the other line.
 */
#define TWICE_NS 1000000

/** struct line - a span's own limits and more of them; @sign -1: time runs back */
struct line {
	const struct vmsync_span *span;
	int sign;
	struct vmsync_hulls c;
};

static double x_of(const struct line *l, int64_t ns)
{
	return (double)(l->sign * (ns - l->span->origin));
}

/* One more limit, if lines are left that keep it. */
static void keep(struct line *l, const struct vmsync_between *e)
{
	double x = x_of(l, e->guest_ns);
	double lo = (double)(e->lo - l->span->offset);
	double hi = (double)(e->hi - l->span->offset);

	if (vmsync_hulls_full(&l->c) ||
	    !vmsync_hulls_fits_lower(&l->c, x, lo) ||
	    !vmsync_hulls_upper(&l->c, x, hi))
		return;
	vmsync_hulls_lower(&l->c, x, lo);
}

static struct line *line_of(const struct vmsync_between *e,
			    const struct vmsync_span *span, int sign,
			    double steep)
{
	struct line *l = malloc(sizeof(*l));

	if (!l)
		return NULL;
	l->span = span;
	l->sign = sign;
	vmsync_hulls_init(&l->c, steep);
	for (size_t i = span->interior_first; i <= span->interior_last; i++)
		keep(l, &e[sign > 0 ? i :
				      span->interior_last -
					      (i - span->interior_first)]);
	return l;
}

static void widen(const struct line *l, int64_t ns, int64_t base, double *lo,
		  double *hi)
{
	double low, high, off = (double)(l->span->offset - base);

	if (!vmsync_hulls_span(&l->c, x_of(l, ns), &low, &high))
		return;
	*lo = fmin(*lo, low + off);
	*hi = fmax(*hi, high + off);
}

/* From the span on, limit by limit: what its line is between one and the next. */
static void go(struct vmsync_either *x, struct line *l, int64_t base)
{
	const struct vmsync_between *e = x->e;
	size_t n = x->at.count, kept = 0;

	for (size_t k = 0; k < n; k++) {
		size_t i = l->sign > 0 ? k : n - 1 - k;
		int64_t ends[] = {e[x->first + i].guest_ns,
				  e[x->first + i + 1].guest_ns};
		int64_t here = ends[l->sign < 0];

		for (; kept < k; kept++) {
			const struct vmsync_between *next =
				&e[l->sign > 0 ? x->first + kept + 1 :
						 x->first + n - kept - 1];

			if (l->sign * (here - next->guest_ns) < TWICE_NS)
				break;
			keep(l, next);
		}
		for (int end = 0; end < 2; end++)
			widen(l, ends[end], base, &x->at.at[i].lo[end],
			      &x->at.at[i].hi[end]);
	}
}

int vmsync_either_find(struct vmsync_either *x, const struct vmsync_between *e,
		       const struct vmsync_span *a, const struct vmsync_span *b,
		       double steep, int64_t base)
{
	struct line *before = line_of(e, a, 1, steep);
	struct line *behind = line_of(e, b, -1, steep);
	int err = before && behind ? 0 : -ENOMEM;

	x->e = e;
	x->first = a->interior_last;
	for (size_t i = x->first; !err && i < b->interior_first; i++) {
		struct vmsync_either_at *at = vmsync_array_add(&x->at);

		if (!at)
			err = -ENOMEM;
		else
			*at = (struct vmsync_either_at){
				{ INFINITY, INFINITY }, { -INFINITY, -INFINITY }
			};
	}
	if (!err) {
		go(x, before, base);
		go(x, behind, base);
	}
	free(before);
	free(behind);
	return err;
}

/* Lines are farthest apart at the ends of a stretch, what they reach is convex. */
static double error_at(const struct vmsync_either *x, size_t i, int64_t ns,
		       double off)
{
	const struct vmsync_either_at *at = &x->at.at[i];
	const struct vmsync_between *e = &x->e[x->first + i];
	double share = (double)(ns - e[0].guest_ns) /
		       (double)(e[1].guest_ns - e[0].guest_ns);

	return fmax(at->hi[0] + share * (at->hi[1] - at->hi[0]) - off,
		    off - at->lo[0] - share * (at->lo[1] - at->lo[0]));
}

double vmsync_either_error(const struct vmsync_either *x, int64_t a,
			   double at_a, int64_t b, double at_b)
{
	const struct vmsync_between *e = &x->e[x->first];
	double slope = (at_b - at_a) / (double)(b - a), error = 0;

	for (size_t i = 0; i < x->at.count; i++) {
		int64_t from = e[i].guest_ns > a ? e[i].guest_ns : a;
		int64_t until = e[i + 1].guest_ns < b ? e[i + 1].guest_ns : b;

		if (from > until)
			continue;
		error = fmax(error,
			     error_at(x, i, from,
				      at_a + slope * (double)(from - a)));
		error = fmax(error,
			     error_at(x, i, until,
				      at_a + slope * (double)(until - a)));
	}
	return error;
}

void vmsync_either_free(struct vmsync_either *x)
{
	vmsync_array_free(&x->at);
}
