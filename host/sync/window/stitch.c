// SPDX-License-Identifier: MIT
/*
 * Spans' lines meet where they cross. The interior of a span is as sure as the lines
 * that pass between its limits are near to each other. Between two interiors the
 * clocks bent, once or more often: there the offset is only known to be in the
 * envelope, and what the map says has the envelope's distance as its bound.
 */
#include "sync/window/stitch.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "sync/base/chain.h"
#include "sync/base/envelope.h"
#include "sync/map/quantize.h"
#include "sync/window/either.h"

/* Stamps of both clocks are rounded down, and what the map says is. */
#define ROUND_NS 2.0

/* Between two interiors the bound is stated anew so often, if that is worth it. */
#define PARTS 32

/*
 * Where it takes longer to see a breakpoint it is a small one, and the clock is on
 * the one line or on the other: as in a span, nothing steep goes unseen there.
 */
#define SMALL_BREAKPOINT 50

/* A limit that the line leaves gets a breakpoint; so do those that this leaves. */
#define MAX_DEPTH 64

/** struct corner - the map goes through @off, less the base, at @ns */
struct corner {
	int64_t ns;
	double off;
};

/**
 * struct joint - between two interiors; without @a or @b, at an end of the map
 * @base:	of all offsets
 * @a_lines, @b_lines: that pass the interiors
 * @small:	the clock is on one of the two lines
 * @step:	the lines do not cross: it may have stepped from one to the other
 * @either:	what is known of both then
 */
struct joint {
	const struct vmsync_stitch *w;
	const struct vmsync_span *a;
	const struct vmsync_span *b;
	int64_t base;
	const struct vmsync_hulls *a_lines;
	const struct vmsync_hulls *b_lines;
	bool small;
	bool step;
	struct vmsync_either either;
	VMSYNC_ARRAY(struct corner) corners;
	struct vmsync_envelope envelope;
};

static int128 q32(double v)
{
	double whole = floor(v);

	return (int128)whole * Q32 + (int128)((v - whole) * 4294967296.0);
}

static int put(const struct vmsync_stitch *w, int64_t base,
	       const struct corner *a, const struct corner *b, double error,
	       struct vmsync_map *map)
{
	const double span = 1 << 30;
	double slope;
	struct vmsync_piece piece;
	int err;

	if (b->ns <= a->ns)
		return 0;
	slope = (b->off - a->off) / (double)(b->ns - a->ns);
	piece = (struct vmsync_piece){
		.g = (int128)a->ns * Q32,
		.h = ((int128)a->ns + base) * Q32 + q32(a->off),
		.dg = (int128)span * Q32,
		.dh = (int128)span * Q32 + q32(slope * span),
		.g_end = (int128)b->ns * Q32,
		.error = q32(error + w->wave_ns + ROUND_NS),
		.method = w->method,
		.epoch = w->epoch,
	};
	err = vmsync_quantize(map, &piece);
	return err == -EINVAL ? 0 : err;
}

/* How far off @off lines that pass the interior of @span can be at @ns. */
static double apart(const struct vmsync_span *span,
		    const struct vmsync_hulls *lines, int64_t base,
		    const struct corner *at)
{
	double off = at->off - (double)(span->offset - base), low, high;

	if (!vmsync_hulls_span(lines, (double)(at->ns - span->origin), &low,
			       &high))
		return 0;
	return fmax(high - off, off - low);
}

static struct corner corner_of(const struct vmsync_span *span, int64_t ns,
			       int64_t base)
{
	return (struct corner){ns, vmsync_span_at(span, ns, base)};
}

/* What lines can be at most off each other is at an end: they are lines. */
static int put_core(const struct vmsync_stitch *w,
		    const struct vmsync_between *e,
		    const struct vmsync_span *span,
		    const struct vmsync_hulls *lines, struct vmsync_map *map)
{
	struct corner a =
		corner_of(span, e[span->interior_first].guest_ns, span->offset);
	struct corner b =
		corner_of(span, e[span->interior_last].guest_ns, span->offset);

	return put(w, span->offset, &a, &b,
		   fmax(apart(span, lines, span->offset, &a),
			apart(span, lines, span->offset, &b)),
		   map);
}

static int add_corner(struct joint *j, struct corner c)
{
	struct corner *last = vmsync_array_last(&j->corners);

	if (last && last->ns >= c.ns)
		return 0;
	last = vmsync_array_add(&j->corners);
	if (!last)
		return -ENOMEM;
	*last = c;
	return 0;
}

/* Where the lines cross, if that is between @lo and @hi. */
static bool crossing(const struct joint *j, const struct vmsync_span *a,
		     const struct vmsync_span *b, int64_t lo, int64_t hi,
		     struct corner *at)
{
	double tilt = b->slope - a->slope, x;

	x = vmsync_span_at(a, lo, j->base) - vmsync_span_at(b, lo, j->base);
	x /= tilt;
	if (!(x >= 0 && x <= (double)(hi - lo)))
		return false;
	*at = corner_of(a, lo + (int64_t)x, j->base);
	return true;
}

static int surround(struct joint *j, const struct vmsync_between *e,
		    size_t first, size_t last)
{
	struct vmsync_envelope *v = &j->envelope;
	double low, high;
	int err = 0;

	v->steep = j->w->steep;
	for (size_t i = first; !err && i <= last; i++)
		err = vmsync_envelope_add(v, e[i].guest_ns,
					  (double)(e[i].lo - j->base),
					  (double)(e[i].hi - j->base));
	if (err)
		return err;
	if (j->a &&
	    vmsync_hulls_span(j->a_lines,
			      (double)(e[first].guest_ns - j->a->origin), &low,
			      &high)) {
		struct vmsync_envelope_at *at = &v->at.at[0];
		double off = (double)(j->a->offset - j->base);

		at->lo = fmax(at->lo, low + off);
		at->hi = fmin(at->hi, high + off);
	}
	if (j->b && vmsync_hulls_span(j->b_lines,
				      (double)(e[last].guest_ns - j->b->origin),
				      &low, &high)) {
		struct vmsync_envelope_at *at = vmsync_array_last(&v->at);
		double off = (double)(j->b->offset - j->base);

		at->lo = fmax(at->lo, low + off);
		at->hi = fmin(at->hi, high + off);
	}
	vmsync_envelope_close(v);
	return 0;
}

/* How far the line from @a to @b leaves limit @e; @to: what would be on it */
static double excess(const struct joint *j, const struct vmsync_between *e,
		     const struct corner *a, const struct corner *b,
		     struct corner *to)
{
	double half = j->w->least_ns / 2 - j->w->wave_ns;
	double lo = (double)(e->lo - j->base), hi = (double)(e->hi - j->base);
	double share = (double)(e->guest_ns - a->ns) / (double)(b->ns - a->ns);
	double off = a->off + share * (b->off - a->off);

	half = fmin(half, (hi - lo) / 2);
	*to = (struct corner){e->guest_ns,
			      off < lo + half ? lo + half : hi - half};
	return fmax(lo + half - off, off - (hi - half));
}

/* From the last corner to @b: bent where a limit is left the most. */
static int add_breakpoints(struct joint *j, const struct vmsync_between *e,
			   size_t first, size_t last, struct corner b,
			   unsigned int depth)
{
	struct corner a = *vmsync_array_last(&j->corners), worst = b, to;
	double most = 2 * j->w->wave_ns;
	size_t at = 0;
	int err;

	for (size_t i = first; depth && i <= last; i++) {
		double x;

		if (e[i].guest_ns <= a.ns || e[i].guest_ns >= b.ns)
			continue;
		x = excess(j, &e[i], &a, &b, &to);
		if (x <= most)
			continue;
		most = x;
		worst = to;
		at = i;
	}
	if (worst.ns == b.ns)
		return add_corner(j, b);
	err = add_breakpoints(j, e, first, at, worst, depth - 1);
	return err ? err : add_breakpoints(j, e, at, last, b, depth - 1);
}

static struct corner middle(const struct joint *j, size_t i)
{
	const struct vmsync_envelope_at *at = &j->envelope.at.at[i];

	return (struct corner){at->ns, (at->lo + at->hi) / 2};
}

/*
 * From span to span: to where their lines cross, and from there on. Where they do
 * not cross in time, or tell no line, the limits alone bend what is straight.
 */
static int wind(struct joint *j, const struct vmsync_between *e,
		const struct vmsync_span *a, const struct vmsync_span *b,
		size_t first, size_t last)
{
	int64_t lo = e[first].guest_ns, hi = e[last].guest_ns;
	struct corner from =
		a->solid ? corner_of(a, lo, j->base) : middle(j, 0);
	struct corner to = b->solid ? corner_of(b, hi, j->base) :
				      middle(j, j->envelope.at.count - 1);
	struct corner at;
	int err = add_corner(j, from);

	for (const struct vmsync_span *r = a; !err && r < b; r++) {
		if (!crossing(j, r, r + 1,
			      r == j->a ? lo : e[r->first].guest_ns,
			      r + 1 == j->b ? hi : e[r[1].last].guest_ns, &at))
			continue;
		err = add_breakpoints(j, e, first, last, at, MAX_DEPTH);
	}
	return err ? err : add_breakpoints(j, e, first, last, to, MAX_DEPTH);
}

static double one_of_two(const struct joint *j, const struct corner *at)
{
	return fmax(apart(j->a, j->a_lines, j->base, at),
		    apart(j->b, j->b_lines, j->base, at));
}

/* From corner to corner, in parts. */
static int put_edge(const struct joint *j, struct corner a,
		    const struct corner *end, int64_t part, size_t *i,
		    struct vmsync_map *map)
{
	double slope = (end->off - a.off) / (double)(end->ns - a.ns);
	int err = 0;

	while (!err && a.ns < end->ns) {
		struct corner b = *end;
		double error;

		if (end->ns - a.ns > part)
			b = (struct corner){a.ns + part,
					    a.off + slope * (double)part};
		error = vmsync_envelope_error(&j->envelope, a.ns, a.off, b.ns,
					      b.off, i);
		if (j->step)
			error = fmax(error, vmsync_either_error(&j->either, a.ns,
								a.off, b.ns,
								b.off));
		else if (j->small)
			error = fmin(error, fmax(one_of_two(j, &a),
						 one_of_two(j, &b)));
		err = put(j->w, j->base, &a, &b, error, map);
		a = b;
	}
	return err;
}

static int put_corners(const struct joint *j, struct vmsync_map *map)
{
	const struct corner *c = j->corners.at;
	size_t n = j->corners.count, at = 0;
	double part;
	int err = 0;

	if (n < 2)
		return 0;
	/* In less than that the envelope grows by less than the tightest limits leave. */
	part = fmax((double)(c[n - 1].ns - c[0].ns) / PARTS,
		    j->w->least_ns / j->w->steep / 2);
	for (size_t i = 1; !err && i < n; i++)
		err = put_edge(j, c[i - 1], &c[i], (int64_t)part + 1, &at,
			       map);
	return err;
}

/* From span @a to span @b of all, those between are not solid. */
static int put_joint(struct joint *j, const struct vmsync_between *e,
		     const struct vmsync_span *a, const struct vmsync_span *b,
		     struct vmsync_map *map)
{
	size_t first = j->a ? a->interior_last : a->first;
	size_t last = j->b ? b->interior_first : b->last;
	struct corner at;
	int err;

	j->base = a->offset;
	j->small = j->a && j->b && b == a + 1 && !a->gap &&
		   (double)(e[last].guest_ns - e[first].guest_ns) >
			   SMALL_BREAKPOINT * j->w->least_ns / j->w->steep;
	j->step = j->a && j->b && !crossing(j, a, b, e[first].guest_ns,
					     e[last].guest_ns, &at);
	err = surround(j, e, first, last);
	if (!err && j->step)
		err = vmsync_either_find(&j->either, e, a, b, j->w->steep,
					 j->base);
	if (!err)
		err = wind(j, e, a, b, first, last);
	if (!err)
		err = put_corners(j, map);
	vmsync_array_free(&j->corners);
	vmsync_envelope_free(&j->envelope);
	vmsync_either_free(&j->either);
	return err;
}

static int put_spans(const struct vmsync_stitch *w,
		     const struct vmsync_between *e, const vmsync_spans *spans,
		     struct vmsync_hulls lines[2], struct vmsync_map *map)
{
	const struct vmsync_span *from = spans->at, *last = NULL;
	const struct vmsync_span *end = from + spans->count;
	unsigned int now = 0;
	int err = 0;

	for (const struct vmsync_span *r = from; !err && r < end; r++) {
		struct joint j = { .w = w, .a = last, .b = r };

		if (!r->solid)
			continue;
		vmsync_span_hull(e, r, w->steep, &lines[now]);
		j.b_lines = &lines[now];
		j.a_lines = &lines[!now];
		err = put_joint(&j, e, from, r, map);
		if (!err)
			err = put_core(w, e, r, &lines[now], map);
		from = last = r;
		now = !now;
	}
	if (!err) {
		struct joint j = { .w = w, .a = last, .a_lines = &lines[!now] };

		err = put_joint(&j, e, from, end - 1, map);
	}
	return err;
}

int vmsync_stitch_map(const struct vmsync_stitch *w,
		      const struct vmsync_between *e, size_t n,
		      struct vmsync_map *map)
{
	struct vmsync_hulls *lines;
	vmsync_spans spans = { 0 };
	int err;

	if (!n)
		return 0;
	lines = malloc(2 * sizeof(*lines));
	if (!lines)
		return -ENOMEM;
	err = vmsync_spans_find(e, n, w->steep,
				fmax(0, w->least_ns / 2 - w->wave_ns), &spans);
	if (!err)
		err = put_spans(w, e, &spans, lines, map);
	vmsync_array_free(&spans);
	free(lines);
	return err;
}
