// SPDX-License-Identifier: MIT
#include "sync/delay.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Rates differ by less. */
#define MAX_SLOPE 0.01

/* Of the blocks' margins this one: some blocks have a bend, and less margin. */
#define SHARE 0.85

void vmsync_delay_init(struct vmsync_delay *d)
{
	memset(d, 0, sizeof(*d));
}

double vmsync_delay_ns(const struct vmsync_delay *d)
{
	return d->delay_ns;
}

/* How far apart the two sides are along lines of slope @a; may be negative. */
static double margin_at(const struct vmsync_delay *d, double a)
{
	const struct vmsync_beacon *o = &d->block[0];
	int64_t x0 = o->gh_guest_ns, y0 = o->gh_host_ns - o->gh_guest_ns;
	double upper = INFINITY, lower = -INFINITY;

	for (size_t i = 0; i < d->n_block; i++) {
		const struct vmsync_beacon *b = &d->block[i];
		double x1 = (double)(b->gh_guest_ns - x0);
		double x2 = (double)(b->hg_guest_ns - x0);
		double y1 = (double)(b->gh_host_ns - b->gh_guest_ns - y0);
		double y2 = (double)(b->hg_host_ns - b->hg_guest_ns - y0);

		upper = fmin(upper, y1 - a * x1);
		lower = fmax(lower, y2 - a * x2);
	}
	return upper - lower;
}

/* The widest margin over all slopes; it is concave in the slope. */
static double widest_margin(const struct vmsync_delay *d)
{
	double lo = -MAX_SLOPE, hi = MAX_SLOPE;

	while (hi - lo > 1e-10) {
		double a = lo + (hi - lo) / 3, b = hi - (hi - lo) / 3;

		if (margin_at(d, a) < margin_at(d, b))
			lo = a;
		else
			hi = b;
	}
	return margin_at(d, (lo + hi) / 2);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* The value that @share of the @n of @values are below. */
static double quantile(const double *values, size_t n, double share)
{
	double sorted[VMSYNC_DELAY_BLOCKS];

	memcpy(sorted, values, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), by_value);
	return sorted[(size_t)(share * (double)(n - 1))];
}

double vmsync_beacon_delay(const struct vmsync_beacon *b)
{
	int64_t guest = b->hg_guest_ns - b->gh_guest_ns;
	int64_t host = b->hg_host_ns - b->gh_host_ns;

	return host < 0 || guest < host ? -1 : (double)(guest - host);
}

static double median_delay(const struct vmsync_delay *d)
{
	double delays[VMSYNC_DELAY_BLOCK];

	for (size_t i = 0; i < d->n_block; i++)
		delays[i] = vmsync_beacon_delay(&d->block[i]);
	return quantile(delays, d->n_block, 0.5);
}

static void end_block(struct vmsync_delay *d)
{
	double margin = widest_margin(d), median = median_delay(d);

	d->n_block = 0;
	if (margin <= 0)
		return;
	d->margins[d->next] = margin;
	d->excesses[d->next] = median;
	d->next = (d->next + 1) % VMSYNC_DELAY_BLOCKS;
	if (d->n_margins < VMSYNC_DELAY_BLOCKS)
		d->n_margins++;
	d->delay_ns = quantile(d->margins, d->n_margins, SHARE);
	d->excess_ns = quantile(d->excesses, d->n_margins, 0.5) - d->delay_ns;
}

double vmsync_delay_excess_ns(const struct vmsync_delay *d)
{
	return d->excess_ns > 0 ? d->excess_ns : 0;
}

void vmsync_delay_learn(struct vmsync_delay *d, const struct vmsync_beacon *b)
{
	if (!b->gh || !b->hg || vmsync_beacon_delay(b) < 0)
		return;
	d->block[d->n_block++] = *b;
	if (d->n_block == VMSYNC_DELAY_BLOCK)
		end_block(d);
}

void vmsync_delay_flush(struct vmsync_delay *d)
{
	if (!d->n_margins && d->n_block >= 2)
		end_block(d);
}
