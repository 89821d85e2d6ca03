// SPDX-License-Identifier: MIT
#include "sync/map/quantize.h"

#include <errno.h>

#include "sync/base/chain.h"

/* Times beyond are no times; differences of two below fit everywhere. */
#define LIMIT (Q32 << 62)

/* dh / dg as slope and shift, as many bits as fit: slope below 2^63. */
static int slope_of(int128 dg, int128 dh, uint64_t *slope, uint32_t *shift)
{
	const int128 limit = (int128)1 << 63;
	uint128 quotient;

	if (dg <= 0 || dh < 0 || dg >> 66 || dh >> 66)
		return -EINVAL;
	for (int s = 62; s >= 0; s--) {
		/* dh << s may not fit: divide whole part and rest apart. */
		int128 whole = dh / dg, rest = dh % dg;

		if (whole >= limit >> s)
			continue;
		while (rest >> (126 - s)) {
			rest >>= 1;
			dg >>= 1;
		}
		quotient = ((uint128)whole << s) + ((uint128)rest << s) / dg;
		*slope = quotient ? (uint64_t)quotient : 1;
		*shift = (uint32_t)s;
		return 0;
	}
	return -EINVAL;
}

/* @v q32 times slope, rounded down; |v| below 2^95 */
static int128 scale(int128 v, uint64_t slope, uint32_t shift)
{
	int128 hi = (v >> 32) * slope;
	int128 lo = (v & (Q32 - 1)) * (int128)slope;

	/* (hi << 32) >> shift without losing what hi has below */
	if (shift <= 32)
		return (hi << (32 - shift)) + (lo >> shift);
	return (hi >> (shift - 32)) +
	       ((((hi & (((int128)1 << (shift - 32)) - 1)) << 32) + lo) >>
		shift);
}

static int64_t whole_up(int128 q32)
{
	int128 v = -(-q32 >> 32);

	if (v < 0)
		return 0;
	return v > INT64_MAX ? INT64_MAX : (int64_t)v;
}

int vmsync_quantize(struct vmsync_map *map, const struct vmsync_piece *p)
{
	int128 half = p->loss / 2, host, error, below = 0;
	bool joined = p->joined;
	struct vmsync_segment seg = {
		.guest_left = { INT64_MIN },
		.method = p->method,
		.epoch = p->epoch,
	};

	if (p->g < -LIMIT || p->g > LIMIT || p->h < -LIMIT || p->h > LIMIT ||
	    slope_of(p->dg, p->dh, &seg.slope, &seg.shift))
		return -EINVAL;
	seg.guest_start.ns = whole_up(p->g - half);
	seg.guest_end.ns = whole_up(p->g_end - half);
	if (seg.guest_end.ns < seg.guest_start.ns)
		seg.guest_end.ns = seg.guest_start.ns;
	/* Before what is dropped there may have been a hole. */
	while (map->count && map->segments[map->count - 1].guest_start.ns >=
				     seg.guest_start.ns) {
		map->count--;
		joined = false;
	}
	host = p->h + scale(seg.guest_start.ns * Q32 + half - p->g, seg.slope,
			    seg.shift);
	if (map->count) {
		struct vmsync_segment *last = &map->segments[map->count - 1];

		/* Never back: then the piece is off by what it is raised. */
		below = last->host_start.ns * Q32 - host;
		if (below > 0)
			host += below;
		if (joined && last->guest_end.ns <= seg.guest_start.ns)
			last->guest_left = last->guest_end;
		if (joined || last->guest_end.ns > seg.guest_start.ns)
			last->guest_end = seg.guest_start;
	}
	if (host < 0 || host >> 32 > INT64_MAX)
		return -EINVAL;
	seg.host_start.ns = (int64_t)(host >> 32);
	seg.host_frac = (uint64_t)(((host & (Q32 - 1)) << seg.shift) >> 32);
	error = scale(half, seg.slope, seg.shift) + 1 + p->error;
	if (below > 0)
		error += below;
	seg.bound_ns = whole_up(error);
	return vmsync_map_append(map, &seg);
}
