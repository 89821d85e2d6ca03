// SPDX-License-Identifier: MIT
/*
 * Two stretches meet where their lines cross, if that is between the last
 * evidence of the one and the first of the other, and halfway if they hardly
 * differ. In between the clock may have done what no evidence shows: that
 * stretch has its own, wider bound.
 */
#include "sync/estimate/polyline.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "sync/base/chain.h"
#include "sync/base/drift.h"
#include "sync/estimate/breakpoint.h"
#include "sync/map/quantize.h"

/* A guest or host clock that runs on does not do this: no joint, a new epoch. */
#define JUMP_NS 100000.0
#define JUMP_SLOPE 0.005

/* Breakpoints that are smaller are no breakpoints, but the play between the hulls. */
#define NO_TILT 0.0000005

void vmsync_polyline_init(struct vmsync_polyline *p, enum vmsync_method method)
{
	memset(p, 0, sizeof(*p));
	p->method = method;
	p->unseen.drift = VMSYNC_DRIFT;
	vmsync_map_init(&p->map);
}

void vmsync_polyline_free(struct vmsync_polyline *p)
{
	vmsync_map_free(&p->map);
}

static int128 q32(double v)
{
	double whole = floor(v);

	return (int128)whole * Q32 + (int128)((v - whole) * 4294967296.0);
}

/*
 * How far off the line of @s a piece gets that leaves @d0 for @d1, in @length ns:
 * what joins two lines that are apart is no steeper than clocks are.
 */
static double reach(const struct vmsync_polyline *p,
		    const struct vmsync_stretch *s, int64_t length, double d0,
		    double d1)
{
	double most = fmax(p->unseen.drift, fabs(s->slope));

	return fmin(fmax(d1, d0 + (-most - s->slope) * (double)length),
		    d0 + (most - s->slope) * (double)length);
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
		.h = ((int128)g0 + s->offset) * Q32 +
		     q32(vmsync_stretch_at(s, g0) + d0),
		.dg = (int128)span * Q32,
		.dh = (int128)span * Q32 + q32(slope * span),
		.g_end = (int128)g1 * Q32,
		.loss = 0,
		.error = q32(error + s->base_ns),
		.method = p->method,
		.epoch = p->epoch,
	};
	err = vmsync_quantize(map, &piece);
	return err == -EINVAL ? 0 : err;
}

static double stretch_error(const struct vmsync_stretch *s, double d0,
			    double d1)
{
	return fmax(vmsync_stretch_first_error(s) + fabs(d0),
		    vmsync_stretch_last_error(s) + fabs(d1));
}

/*
 * As put(), with what may hide between the fixes of @s: more in its gaps, if these
 * are longer than what makes it a short one.
 */
static int put_gaps(struct vmsync_polyline *p, const struct vmsync_stretch *s,
		    int64_t g0, int64_t g1, double d0, double d1, double error)
{
	double slope = g1 > g0 ? (d1 - d0) / (double)(g1 - g0) : 0, d = d0,
	       next;
	double hidden = vmsync_unseen_short_error(&p->unseen, s);
	int err = 0;

	for (unsigned int i = 0; !err && i < s->gaps.count; i++) {
		const struct vmsync_gap *gap = &s->gaps.at[i];
		int64_t from = gap->from > g0 ? gap->from : g0;
		int64_t until = gap->until < g1 ? gap->until : g1;
		double gap_error;

		if (from >= until)
			continue;
		next = d + slope * (double)(from - g0);
		err = put(&p->map, p, s, g0, from, d, next, error + hidden);
		d = next + slope * (double)(until - from);
		gap_error = vmsync_unseen_gap_error(&p->unseen, s, gap);
		if (!err)
			err = put(&p->map, p, s, from, until, next, d,
				  error + fmax(hidden, gap_error));
		g0 = until;
	}
	return err ? err : put(&p->map, p, s, g0, g1, d, d1, error + hidden);
}

static double end_error(const struct vmsync_polyline *p, int64_t g0, int64_t g1)
{
	return vmsync_unseen_end_error(&p->unseen, &p->tail, g0, g1);
}

/*
 * The tail up to @to, where the map is to be @off beside its line; p->from and
 * p->from_off are where it gets to.
 */
static int put_tail(struct vmsync_polyline *p, int64_t to, double want)
{
	const struct vmsync_stretch *s = &p->tail;
	double off = to > p->from ?
			     reach(p, s, to - p->from, p->from_off, want) :
			     p->from_off;
	double error = stretch_error(s, p->from_off, off);
	double slope = to > p->from ? (off - p->from_off) /
					      (double)(to - p->from) : 0;
	int64_t a = p->play_until, b = s->bent ? s->before_last : to;
	double off_a, off_b;
	int err;

	/* Ends beside a breakpoint are less sure than what lies between them. */
	a = a < p->from ? p->from : a > to ? to : a;
	b = b < a ? a : b > to ? to : b;
	off_a = p->from_off + slope * (double)(a - p->from);
	off_b = p->from_off + slope * (double)(b - p->from);
	err = put_gaps(p, s, p->from, a, p->from_off, off_a,
		       error + p->play_error +
			       (p->anew ? end_error(p, p->from, a) : 0));
	if (!err)
		err = put_gaps(p, s, a, b, off_a, off_b, error);
	if (!err)
		err = put_gaps(p, s, b, to, off_b, off,
			       error + s->play_last +
				       (p->ended ? end_error(p, b, to) : 0));
	if (to > p->from)
		p->from = to;
	p->from_off = off;
	return err;
}

/* Goes on to @to, @want beside the line of @s; what it was beside it counts. */
static int put_on(struct vmsync_polyline *p, const struct vmsync_stretch *s,
		  int64_t to, double want, double error)
{
	double off;
	int err;

	if (to <= p->from)
		return 0;
	off = reach(p, s, to - p->from, p->from_off, want);
	err = put(&p->map, p, s, p->from, to, p->from_off, off,
		  error + fmax(fabs(p->from_off), fabs(off)));
	p->from = to;
	p->from_off = off;
	return err;
}

/* From here on the map is told by what it is beside the line of @s. */
static void turn_to(struct vmsync_polyline *p, const struct vmsync_stretch *s)
{
	p->from_off -= vmsync_stretch_apart(&p->tail, s, p->from);
}

/* Where the lines cross, if that is in [@lo, @hi]. */
static bool crossing(const struct vmsync_stretch *a,
		     const struct vmsync_stretch *b, int64_t lo, int64_t hi,
		     int64_t *g)
{
	double tilt = b->slope - a->slope, x;

	if (tilt == 0)
		return false;
	x = -vmsync_stretch_apart(a, b, lo) / tilt;
	if (!(x >= 0 && x <= (double)(hi - lo)))
		return false;
	*g = lo + (int64_t)x;
	return true;
}

/* @s is the tail from where the map is. */
static int start(struct vmsync_polyline *p, const struct vmsync_stretch *s)
{
	p->tail = *s;
	p->has_tail = true;
	p->play_until = p->from;
	p->play_error = 0;
	p->anew = false;
	return 0;
}

/* No line came before @s: a breakpoint just inside its first fixes may go unseen. */
static int start_anew(struct vmsync_polyline *p, const struct vmsync_stretch *s)
{
	int err;

	p->from = s->first;
	p->from_off = 0;
	err = start(p, s);
	/* Else all that the limits leave is counted anyway, see vmsync_unseen_make_sure(). */
	if (!p->unseen.sure) {
		p->play_until = s->second;
		p->play_error = s->play_first;
		p->anew = true;
	}
	return err;
}

/* The clock jumped: the old line as far as it is known, then the new one. */
static int add_jump(struct vmsync_polyline *p, const struct vmsync_stretch *s)
{
	int err;

	/* It runs otherwise behind it: it may have bent before or after, too. */
	if (!p->tail.borrowed && !s->borrowed)
		vmsync_unseen_breakpoint(&p->unseen,
					 fabs(s->slope - p->tail.slope));
	err = put_tail(p, p->tail.last, 0);
	if (!err)
		err = put(&p->map, p, &p->tail, p->from, s->first, p->from_off,
			  p->from_off,
			  fabs(p->from_off) + vmsync_unseen_jump_error(
						      &p->unseen, &p->tail, s));
	p->epoch++;
	p->told += s->jumped;
	return err ? err : start_anew(p, s);
}

/*
 * Lines that hardly differ where they meet are one: the hulls have just met. A
 * slope that is another stretch's says nothing of that.
 */
static bool goes_on(const struct vmsync_polyline *p,
		    const struct vmsync_stretch *s, double tilt, double half)
{
	bool near = fabs(half) <= p->tail.w_last + s->w_first + p->play_ns;

	if (p->tail.borrowed || s->borrowed)
		return near && !p->tail.bent;
	return !p->tail.bent || (near && tilt < NO_TILT);
}

static double usual_gap(const struct vmsync_stretch *s)
{
	return (double)(s->last - s->first + 1) / (s->count ? s->count : 1);
}

/*
 * How much the clock bent from the tail to @s. It has gone from the end of the one to
 * the begin of the other: lines that do not lead there, as one that has its slope from
 * another one, have bent more than their slopes tell.
 */
static double tilt_of(const struct vmsync_polyline *p,
		      const struct vmsync_stretch *s, double known)
{
	const struct vmsync_stretch *a = &p->tail;
	double gap = (double)(s->first - a->last);
	double off = fmax(fabs(vmsync_stretch_apart(a, s, a->last)),
			  fabs(vmsync_stretch_apart(a, s, s->first)));

	known += a->base_ns + s->base_ns + s->set_ns;
	return fmax(fabs(s->slope - a->slope), (off - known) / gap);
}

/* The joint at @g, off both lines by half of what they are apart there. */
static int add_breakpoint(struct vmsync_polyline *p,
			  const struct vmsync_stretch *s, int64_t g)
{
	double half = vmsync_stretch_apart(&p->tail, s, g) / 2;
	double tilt = fabs(s->slope - p->tail.slope);
	double gap = (double)(s->first - p->tail.last), hidden, known;
	int err;

	if (s->set_ns == 0 && !vmsync_gap_is_wide(gap, usual_gap(&p->tail)) &&
	    (!p->unseen.sure || gap <= vmsync_unseen_dark_ns(&p->unseen)) &&
	    goes_on(p, s, tilt, half)) {
		err = put_tail(p, g, half);
		turn_to(p, s);
		return err ? err : start(p, s);
	}
	known = fmax(vmsync_stretch_last_error(&p->tail) + p->tail.play_last,
		     vmsync_stretch_first_error(s) + s->play_first);
	vmsync_unseen_breakpoint(&p->unseen, tilt_of(p, s, 2 * known));
	hidden = vmsync_unseen_error(&p->unseen, &p->tail, s, gap,
				     vmsync_unseen_away(&p->unseen, &p->tail, s,
							p->tail.last, g,
							s->first, known));
	/* It may have been a step, anywhere between the two, or beside a breakpoint. */
	known += fabs(half) + s->set_ns;
	err = put_tail(p, p->tail.last, 0);
	if (!err)
		err = put_on(p, &p->tail, g, half, known + hidden);
	turn_to(p, s);
	if (!err)
		err = put_on(p, s, s->first, 0, known + hidden);
	if (!err)
		err = start(p, s);
	p->play_until = s->second;
	p->play_error = s->play_first;
	return err;
}

/*
 * The line of @s on to @until; that or the begin is the breakpoint: there both clocks
 * may have bent, each before or behind it, by no more than the lines are apart.
 */
static int put_side(struct vmsync_polyline *p, const struct vmsync_stretch *s,
		    int64_t until, double error0, double error1)
{
	int err = put_on(p, s, p->from + (until - p->from) / 2, 0, error0);

	return err ? err : put_on(p, s, until, 0, error1);
}

/* One breakpoint explains all: the old line up to it, the new one from it on. */
static int add_crossing(struct vmsync_polyline *p,
			const struct vmsync_stretch *s,
			const struct vmsync_breakpoint *breakpoint)
{
	double known = vmsync_stretch_last_error(&p->tail) +
		       vmsync_stretch_first_error(s) + s->set_ns,
	       error;
	double a = breakpoint->apart_before, b = breakpoint->apart_after;
	int64_t before =
		breakpoint->before > p->from ? breakpoint->before : p->from;
	double inner = fmax(a, b) / 2;
	int err;

	if (p->tail.bent)
		vmsync_unseen_breakpoint(&p->unseen,
					 fabs(s->slope - p->tail.slope));
	error = known + fmax(vmsync_unseen_short_error(&p->unseen, &p->tail),
			     vmsync_unseen_short_error(&p->unseen, s));
	/* In a long one the clocks may have bent more often than twice. */
	if (vmsync_unseen_is_dark(&p->unseen, breakpoint->gap_ns) ||
	    vmsync_unseen_is_vague(&p->unseen, &p->tail) ||
	    vmsync_unseen_is_vague(&p->unseen, s)) {
		error = known;
		a = b = inner = fmax(
			fmax(a, b),
			vmsync_unseen_away(&p->unseen, &p->tail, s,
					   breakpoint->before, breakpoint->at,
					   breakpoint->after, known));
	}
	p->tail.before_last = before;
	err = put_tail(p, before, 0);
	if (!err)
		err = put_side(p, &p->tail, breakpoint->at, error + a,
			       error + inner);
	turn_to(p, s);
	if (!err)
		err = put_side(p, s, breakpoint->after, error + inner,
			       error + b);
	return err ? err : start(p, s);
}

/* Does a clock that drifts no faster than any get from the tail's line to @s? */
static bool in_reach(const struct vmsync_polyline *p,
		     const struct vmsync_stretch *s, double gap)
{
	double most = fmax(p->unseen.drift,
			   fmax(fabs(p->tail.slope), fabs(s->slope)));
	double known = vmsync_stretch_last_error(&p->tail) + p->tail.base_ns +
		       p->tail.play_last + vmsync_stretch_first_error(s) +
		       s->base_ns + s->play_first;

	return fabs(vmsync_stretch_apart(&p->tail, s, s->first) +
		    p->tail.slope * gap) <= most * gap + known;
}

/*
 * Lines that are farther apart are not of one clock that runs on: few that run have
 * a breakpoint of JUMP_SLOPE, and what those make of a long gap others do by a jump.
 */
static bool is_jump(const struct vmsync_polyline *p,
		    const struct vmsync_stretch *s, double gap, double jump)
{
	/* Between machines messages may take as long: then it is no sign. */
	double known = JUMP_NS + p->tail.sure_ns + s->sure_ns;

	return fabs(jump) > known + JUMP_SLOPE * gap ||
	       (fabs(jump) > known && !in_reach(p, s, gap));
}

static int add_joint(struct vmsync_polyline *p, const struct vmsync_stretch *s)
{
	struct vmsync_stretch next = *s;
	int64_t lo = p->tail.last, hi, g;
	struct vmsync_breakpoint breakpoint;
	double jump;

	/* Late legs may make two stretches overlap. */
	if (next.first <= lo)
		next.first = lo + 1;
	hi = next.first;
	g = lo + (hi - lo) / 2;
	jump = vmsync_stretch_apart(&p->tail, &next, g);
	if (next.jumped || is_jump(p, &next, (double)(hi - lo), jump))
		return add_jump(p, &next);
	if (fabs(next.slope - p->tail.slope) >= NO_TILT &&
	    vmsync_breakpoint_find(&p->tail, &next, p->play_ns, &breakpoint) &&
	    breakpoint.at > p->from)
		return add_crossing(p, &next, &breakpoint);
	crossing(&p->tail, &next, lo, hi, &g);
	return add_breakpoint(p, &next, g);
}

int vmsync_polyline_add(struct vmsync_polyline *p,
			const struct vmsync_stretch *next)
{
	struct vmsync_stretch own = *next, *s = &own;

	vmsync_unseen_take(&p->unseen, s);
	/* The clocks may have turned out to be of another kind since then. */
	if (p->unseen.sure && p->has_tail)
		vmsync_unseen_make_sure(&p->unseen, &p->tail);
	if (!p->has_tail)
		return start_anew(p, s);
	return add_joint(p, s);
}

/* The tail goes on from where the map has got to, wherever its own line is. */
static double map_off(const struct vmsync_polyline *p)
{
	const struct vmsync_stretch *s = &p->tail;
	int64_t host;

	if (!p->map.count)
		return 0;
	host = vmsync_map_eval(&p->map, (guest_time){p->from}).ns;
	return (double)(host - p->from - s->offset) -
	       vmsync_stretch_at(s, p->from);
}

void vmsync_polyline_cut(struct vmsync_polyline *p, int64_t until)
{
	struct vmsync_map *map = &p->map;

	if (!p->has_tail)
		return;
	vmsync_stretch_cut(&p->tail, p->unseen.drift, until);
	if (p->from <= until)
		return;
	p->from = p->play_until = until;
	while (map->count && map->segments[map->count - 1].guest_start.ns >=
			     until)
		map->count--;
	if (map->count && map->segments[map->count - 1].guest_end.ns > until)
		map->segments[map->count - 1].guest_end.ns = until;
	p->from_off = map_off(p);
}

int vmsync_polyline_end(struct vmsync_polyline *p)
{
	int err = 0;

	/* Nor is one known that comes behind. */
	p->tail.bent |= !p->unseen.sure;
	p->ended = true;
	if (!err && p->has_tail)
		err = put_tail(p, p->tail.last, 0);
	return err;
}
