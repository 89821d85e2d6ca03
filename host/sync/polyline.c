// SPDX-License-Identifier: MIT
/*
 * Two stretches meet where their lines cross, if that is between the last
 * evidence of the one and the first of the other, and halfway if they hardly
 * differ. In between the clock may have done what no evidence shows: that
 * stretch has its own, wider bound.
 */
#include "sync/polyline.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "sync/chain.h"
#include "sync/pieces.h"

/* A guest or host clock that runs on does not do this: no joint, a new epoch. */
#define JUMP_NS 100000.0
#define JUMP_SLOPE 0.005

/* What a clock may be slewed by between two beacons without being seen. */
#define HIDDEN_SLOPE 0.0005

void vmsync_polyline_init(struct vmsync_polyline *p, enum vmsync_method method)
{
	memset(p, 0, sizeof(*p));
	p->method = method;
	vmsync_map_init(&p->map);
}

void vmsync_polyline_free(struct vmsync_polyline *p)
{
	vmsync_map_free(&p->map);
}

/* Offset of @s at guest time @g, ns, less @s->offset. */
static double offset_at(const struct vmsync_stretch *s, int64_t g)
{
	return s->fraction + s->slope * (double)(g - s->at);
}

/* @b's line less @a's at guest time @g, ns */
static double apart(const struct vmsync_stretch *a,
		    const struct vmsync_stretch *b, int64_t g)
{
	return (double)(b->offset - a->offset) + offset_at(b, g) -
	       offset_at(a, g);
}

static int128 q32(double v)
{
	double whole = floor(v);

	return (int128)whole * Q32 + (int128)((v - whole) * 4294967296.0);
}

/*
 * Writes [@g0, @g1]: a straight line that is @d0 and @d1 off the line of @s at
 * its two ends.
 */
static int put(struct vmsync_map *map, const struct vmsync_polyline *p,
	       const struct vmsync_stretch *s, int64_t g0, int64_t g1,
	       double d0, double d1, double error)
{
	const double span = 1 << 30;
	double slope = s->slope;
	struct vmsync_piece piece;
	int err;

	if (g1 <= g0)
		return 0;
	slope += (d1 - d0) / (double)(g1 - g0);
	piece = (struct vmsync_piece){
		.g = (int128)g0 * Q32,
		.h = ((int128)g0 + s->offset) * Q32 + q32(offset_at(s, g0) + d0),
		.dg = (int128)span * Q32,
		.dh = (int128)span * Q32 + q32(slope * span),
		.g_end = (int128)g1 * Q32,
		.loss = 0,
		.error = q32(error + p->base_ns),
		.method = p->method,
		.epoch = p->epoch,
	};
	err = vmsync_pieces_add(map, &piece);
	return err == -EINVAL ? 0 : err;
}

static double stretch_error(const struct vmsync_stretch *s, double d0,
			    double d1)
{
	return fmax(s->w_first + fabs(d0), s->w_last + fabs(d1));
}

/* The tail up to @to, where the map is @off beside its line. */
static int put_tail(struct vmsync_map *map, const struct vmsync_polyline *p,
		    int64_t to, double off)
{
	const struct vmsync_stretch *s = &p->tail;

	return put(map, p, s, p->from, to, p->from_off, off,
		   stretch_error(s, p->from_off, off));
}

/* Where the lines cross, if that is in [@lo, @hi]. */
static bool crossing(const struct vmsync_stretch *a,
		     const struct vmsync_stretch *b, int64_t lo, int64_t hi,
		     int64_t *g)
{
	double tilt = b->slope - a->slope, x;

	if (tilt == 0)
		return false;
	x = -apart(a, b, lo) / tilt;
	if (!(x >= 0 && x <= (double)(hi - lo)))
		return false;
	*g = lo + (int64_t)x;
	return true;
}

static int start(struct vmsync_polyline *p, const struct vmsync_stretch *s,
		 int64_t from, double off)
{
	p->tail = *s;
	p->has_tail = true;
	p->from = from;
	p->from_off = off;
	return 0;
}

/* The clock jumped: the old line as far as it is known, then the new one. */
static int add_jump(struct vmsync_polyline *p, const struct vmsync_stretch *s,
		    double jump)
{
	int err = put_tail(&p->map, p, p->tail.last, 0);

	if (!err)
		err = put(&p->map, p, &p->tail, p->tail.last, s->first, 0, 0,
			  fabs(jump) + p->tail.w_last + s->w_first);
	p->epoch++;
	return err ? err : start(p, s, s->first, 0);
}

/* The joint at @g, off both lines by half of what they are apart there. */
static int add_bend(struct vmsync_polyline *p, const struct vmsync_stretch *s,
		    int64_t g)
{
	double half = apart(&p->tail, s, g) / 2;
	double tilt = fabs(s->slope - p->tail.slope);
	double gap = (double)(s->first - p->tail.last);
	double hidden = 0, error;
	int err;

	if (p->tail.bent && tilt > 1e-6)
		hidden = gap / 2 * fmax(tilt, HIDDEN_SLOPE);
	error = fmax(p->tail.w_last, s->w_first) + fabs(half) + hidden;
	if (!hidden) {
		err = put_tail(&p->map, p, g, half);
		return err ? err : start(p, s, g, -half);
	}
	err = put_tail(&p->map, p, p->tail.last, 0);
	if (!err)
		err = put(&p->map, p, &p->tail, p->tail.last, g, 0, half, error);
	if (!err)
		err = put(&p->map, p, s, g, s->first, -half, 0, error);
	return err ? err : start(p, s, s->first, 0);
}

int vmsync_polyline_add(struct vmsync_polyline *p,
			const struct vmsync_stretch *s)
{
	int64_t lo, hi, g;
	double jump;

	if (!p->has_tail)
		return start(p, s, s->first, 0);
	lo = p->tail.last;
	hi = s->first;
	g = lo + (hi - lo) / 2;
	jump = apart(&p->tail, s, g);
	if (fabs(jump) > JUMP_NS + JUMP_SLOPE * (double)(hi - lo))
		return add_jump(p, s, jump);
	crossing(&p->tail, s, lo, hi, &g);
	return add_bend(p, s, g);
}

int vmsync_polyline_map(const struct vmsync_polyline *p, struct vmsync_map *map)
{
	int err = 0;

	for (size_t i = 0; !err && i < p->map.count; i++)
		err = vmsync_map_append(map, &p->map.segments[i]);
	if (!err && p->has_tail)
		err = put_tail(map, p, p->tail.last, 0);
	return err;
}
