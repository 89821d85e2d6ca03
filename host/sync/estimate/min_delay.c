// SPDX-License-Identifier: MIT
#include "sync/estimate/min_delay.h"

#include <math.h>
#include <string.h>

/*
 * While one side keeps an exchange the two clocks drift apart: after longer
 * stays its delay is not a delay any more.
 */
#define MAX_STAY_NS 200000

/* Blocks after which the usual delay is looked at again. */
#define REFRESH 8

void vmsync_min_delay_init(struct vmsync_min_delay *d, bool crossing)
{
	memset(d, 0, sizeof(*d));
	d->crossing = crossing;
	d->least_ns = d->block_least = INFINITY;
}

double vmsync_beacon_delay(const struct vmsync_beacon *b, bool crossing)
{
	int64_t guest = b->hg_guest_ns - b->gh_guest_ns;
	int64_t host = b->hg_host_ns - b->gh_host_ns;

	return (host < 0 && !crossing) || guest < host ?
		       -1 : (double)(guest - host);
}

/*
 * How long the one who answers kept it. If the guest answers, the last leg came
 * first and both differences are negative; if nobody does, they cross.
 */
static int64_t stay_of(const struct vmsync_beacon *b)
{
	int64_t guest = b->hg_guest_ns - b->gh_guest_ns;
	int64_t host = b->hg_host_ns - b->gh_host_ns;

	return host >= 0 ? host : guest <= 0 ? -guest : 0;
}

/* Few values: insertion is the quickest sort. */
static double median(const double *values, size_t n)
{
	double sorted[VMSYNC_MIN_DELAY_BLOCKS];

	for (size_t i = 0; i < n; i++) {
		size_t k = i;

		for (; k && sorted[k - 1] > values[i]; k--)
			sorted[k] = sorted[k - 1];
		sorted[k] = values[i];
	}
	return sorted[n / 2];
}

static void end_block(struct vmsync_min_delay *d)
{
	d->medians[d->next] = median(d->block, d->n_block);
	d->next = (d->next + 1) % VMSYNC_MIN_DELAY_BLOCKS;
	if (d->n_medians < VMSYNC_MIN_DELAY_BLOCKS)
		d->n_medians++;
	if (d->n_medians < VMSYNC_MIN_DELAY_BLOCKS || d->next % REFRESH == 0)
		d->usual_ns = median(d->medians, d->n_medians);
	d->n_block = 0;
	d->least[d->n_least++ % VMSYNC_MIN_DELAY_RECENT] = d->block_least;
	d->block_least = d->least_ns = INFINITY;
	for (size_t i = 0; i < VMSYNC_MIN_DELAY_RECENT && i < d->n_least; i++)
		d->least_ns = fmin(d->least_ns, d->least[i]);
}

void vmsync_min_delay_learn(struct vmsync_min_delay *d,
			    const struct vmsync_beacon *b)
{
	double delay = b->gh && b->hg ? vmsync_beacon_delay(b, d->crossing) : -1;

	if (delay < 0 || stay_of(b) > MAX_STAY_NS)
		return;
	d->block_least = fmin(d->block_least, delay);
	d->least_ns = fmin(d->least_ns, delay);
	d->block[d->n_block++] = delay;
	if (d->n_block == VMSYNC_MIN_DELAY_BLOCK)
		end_block(d);
}

void vmsync_min_delay_flush(struct vmsync_min_delay *d)
{
	if (!d->n_medians && d->n_block)
		end_block(d);
}

double vmsync_min_delay_ns(const struct vmsync_min_delay *d)
{
	return isinf(d->least_ns) ? 0 : d->least_ns;
}

double vmsync_min_delay_excess_ns(const struct vmsync_min_delay *d)
{
	double excess = d->usual_ns - vmsync_min_delay_ns(d);

	return excess > 0 ? excess : 0;
}
