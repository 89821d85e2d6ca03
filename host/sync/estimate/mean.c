// SPDX-License-Identifier: MIT
#include "sync/estimate/mean.h"

#include <errno.h>

#include "sync/base/chain.h"
#include "sync/base/drift.h"
#include "sync/base/wide.h"
#include "sync/map/quantize.h"

/* Mean ns between the two points that give a piece its slope. */
#define SPAN ((int128)1 << 30)

/* Maps know no times below 0; mean and offset may make one. */
#define BIAS_NS ((int64_t)1 << 61)

void vmsync_mean_limit(int64_t *axis_ns, int64_t *host_ns)
{
	int64_t offset, mean;

	mean = (int64_t)(((int128)*axis_ns + *host_ns) >> 1);
	if (__builtin_sub_overflow(*host_ns, *axis_ns, &offset) ||
	    __builtin_add_overflow(mean, offset, &offset) ||
	    __builtin_add_overflow(offset, BIAS_NS, host_ns))
		*host_ns = offset;
	*axis_ns = mean;
}

/* Offset of @s's line at mean time @at, q32. */
static int128 offset_at(const struct vmsync_segment *s, int128 at)
{
	int128 p = (at - s->guest_start.ns) * s->slope + s->host_frac;

	p = s->shift > 32 ? p >> (s->shift - 32) : p << (32 - s->shift);
	return p + (int128)(s->host_start.ns - BIAS_NS - at) * Q32;
}

static int128 greater(int128 a, int128 b)
{
	return a > b ? a : b;
}

/*
 * At a guest's time the truth is at another mean than the line is, by half of the
 * error: that is where the neighbour's error may be, and the clocks drift between, by
 * @drift, q32.
 */
static int128 error_of(const struct vmsync_map *mean, size_t i, int128 drift)
{
	int128 own = mean->segments[i].bound_ns, most = own;

	if (i && mean->segments[i - 1].epoch == mean->segments[i].epoch)
		most = greater(most, mean->segments[i - 1].bound_ns);
	if (i + 1 < mean->count &&
	    mean->segments[i + 1].epoch == mean->segments[i].epoch)
		most = greater(most, mean->segments[i + 1].bound_ns);
	return own * Q32 + (own + most) * drift;
}

int vmsync_mean_map(const struct vmsync_map *mean, struct vmsync_map *map)
{
	int err = 0;

	for (size_t i = 0; !err && i < mean->count; i++) {
		const struct vmsync_segment *s = &mean->segments[i];
		int128 a = offset_at(s, s->guest_start.ns);
		int128 b = offset_at(s, s->guest_end.ns);
		int128 rise = offset_at(s, s->guest_start.ns + SPAN) - a;
		struct vmsync_piece p = {
			.g = s->guest_start.ns * Q32 - a / 2,
			.h = s->guest_start.ns * Q32 + a / 2,
			.dg = SPAN * Q32 - rise / 2,
			.dh = SPAN * Q32 + rise / 2,
			.g_end = s->guest_end.ns * Q32 - b / 2,
			.error = error_of(mean, i,
					  greater(wide_abs(rise) / SPAN,
						  (int128)(VMSYNC_DRIFT_APART *
							   Q32))),
			.method = s->method,
			.epoch = s->epoch,
		};

		err = vmsync_quantize(map, &p);
		err = err == -EINVAL ? 0 : err;
	}
	return err;
}
