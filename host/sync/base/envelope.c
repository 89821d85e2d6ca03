// SPDX-License-Identifier: MIT
#include "sync/base/envelope.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

int vmsync_envelope_add(struct vmsync_envelope *v, int64_t ns, double lo,
			double hi)
{
	struct vmsync_envelope_at *last = vmsync_array_last(&v->at);

	if (last && last->ns == ns) {
		last->lo = fmax(last->lo, lo);
		last->hi = fmin(last->hi, hi);
		return 0;
	}
	last = vmsync_array_add(&v->at);
	if (!last)
		return -ENOMEM;
	*last = (struct vmsync_envelope_at){ns, lo, hi};
	return 0;
}

static void limit(const struct vmsync_envelope *v, size_t by, size_t i)
{
	const struct vmsync_envelope_at *from = &v->at.at[by];
	struct vmsync_envelope_at *to = &v->at.at[i];
	double drift = v->steep * fabs((double)(to->ns - from->ns));

	to->lo = fmax(to->lo, from->lo - drift);
	to->hi = fmin(to->hi, from->hi + drift);
}

void vmsync_envelope_close(struct vmsync_envelope *v)
{
	for (size_t i = 1; i < v->at.count; i++)
		limit(v, i - 1, i);
	for (size_t i = v->at.count; i-- > 1;)
		limit(v, i, i - 1);
}

/* Between two moments the offset is below both their cones. */
static double error_at(const struct vmsync_envelope *v, size_t i, int64_t ns,
		       double line)
{
	const struct vmsync_envelope_at *p = &v->at.at[i];
	double drift = v->steep * fabs((double)(ns - p->ns));
	double hi = p->hi + drift, lo = p->lo - drift;

	if (i + 1 < v->at.count) {
		p++;
		drift = v->steep * fabs((double)(p->ns - ns));
		hi = fmin(hi, p->hi + drift);
		lo = fmax(lo, p->lo - drift);
	}
	return fmax(hi - line, line - lo);
}

/* Where two cones meet: the offset can be farthest there. */
static int64_t meet(const struct vmsync_envelope *v, size_t i, bool high)
{
	const struct vmsync_envelope_at *p = &v->at.at[i], *q = p + 1;
	double step = high ? q->hi - p->hi : p->lo - q->lo;

	return p->ns +
	       (int64_t)(((double)(q->ns - p->ns) + step / v->steep) / 2);
}

double vmsync_envelope_error(const struct vmsync_envelope *v, int64_t a,
			     double at_a, int64_t b, double at_b, size_t *i)
{
	double slope = b > a ? (at_b - at_a) / (double)(b - a) : 0;
	double error = error_at(v, *i, a, at_a);

	for (;; (*i)++) {
		bool last = *i + 1 >= v->at.count;
		int64_t end = last || v->at.at[*i + 1].ns > b ?
				      b :
				      v->at.at[*i + 1].ns;

		for (int high = 0; !last && high < 2; high++) {
			int64_t t = meet(v, *i, high);

			if (t > a && t < end)
				error = fmax(
					error,
					error_at(v, *i, t,
						 at_a + slope * (double)(t -
									 a)));
		}
		error = fmax(error, error_at(v, *i, end,
					     at_a + slope * (double)(end - a)));
		if (last || v->at.at[*i + 1].ns > b)
			return error;
	}
}

void vmsync_envelope_free(struct vmsync_envelope *v)
{
	vmsync_array_free(&v->at);
}
