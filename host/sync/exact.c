// SPDX-License-Identifier: MIT
/*
 * Walks the four timelines of a virtual CPU together. Between two changes the
 * chain is one affine map, a piece; where one or more parameters change is a
 * joint. A joint has a width where the moment of the change is known only to
 * lie in [from, sure]: the two pieces are bridged by a straight line there, and
 * how far they are apart is added to the bound of that bridge alone.
 * The figures are derived in Documentation/accuracy.rst.
 */
#include <errno.h>
#include <stdlib.h>

#include "sync/estimator.h"
#include "sync/pieces.h"
#include "uapi/vmsync.h"

/* How far apart the two points are that give a piece its slope, host cycles. */
#define SPAN ((int64_t)1 << 32)

/* A joint that is wider has its doubt on the new piece instead of a bridge. */
#define MAX_BRIDGE ((int64_t)1 << 18)

/* Beyond any time that a clock may show, q32. */
#define NO_TIME (Q32 << 64)

/* Two pieces that differ by less have no bridge, q32. */
#define NO_BRIDGE (Q32 / 16)

/* More than rounding takes from any reading, q32. */
#define ROUNDING (4 * Q32)

/* A guest clock set back by no more may have been read on both sides, q32. */
#define SMALL_STEP (1000000 * Q32)

/* KVM follows a TSC write up with a new page before it enters, host cycles. */
#define PAGE_FOLLOWS ((int64_t)1 << 27)

/* A step that a reader of the trace wants to know of, q32. */
#define EPOCH_STEP (2 * Q32)

/* Two lines of one clock part by no more: NTP's +-500 ppm, and a little. */
#define NTP_PPM 1100

/* A stretch in doubt that is longer follows the newer line, q32. */
#define LONGEST_MIDDLE ((int128)1 << 65)

/* No way from one line to another is longer, q32. */
#define FARTHEST (Q32 << 40)
#define FARTHEST_CYCLES ((int64_t)1 << 60)

/* How long a reading that was ahead may be held, host cycles. */
#define HELD 16384

/* Flag of a page: all CPUs have the same line. */
#define PV_STABLE 1

enum { HOST, GUEST, SCALING, PV, PARAMS };

/**
 * struct walk - where in the timelines we are
 * @at:		the steps in force
 * @others:	timelines of the guest's other CPUs, [facts->n_cpus], or NULL
 * @updates:	which of them may update the timekeeper
 * @joined:	nothing is missing between the last piece and the next one
 * @bridged:	the last piece is a bridge
 * @doubt_until: until here the line before the last change may be in force
 * @old:	these lines (HOST and GUEST, as all of these)
 * @confirmed:	the change's own record tells that it was not any more then
 * @spill_until: readings of lines before those may be ahead as far as here
 * @spill:	by so much, twice
 * @unknown_until: until here the lines in force are not known
 */
struct walk {
	const struct vmsync_facts *facts;
	uint32_t cpu;
	struct vmsync_axis *others;
	bool *updates;
	const struct vmsync_timeline *tl[PARAMS];
	size_t at[PARAMS];
	struct vmsync_map *map;
	uint32_t epoch;
	bool joined;
	bool bridged;
	int64_t doubt_until[2];
	const void *old[2];
	bool confirmed[2];
	int64_t spill_until;
	int128 spill;
	int64_t unknown_until;
};

/* A chain that can be evaluated, and its loss. */
struct link {
	struct vmsync_chain chain;
	uint64_t tsc_ref;
	int128 loss;
	bool valid;
};

struct point {
	int128 g;
	int128 h;
};


static const struct vmsync_step *step(const struct walk *w, int t)
{
	return &w->tl[t]->steps.at[w->at[t]];
}

static bool has_next(const struct walk *w, int t)
{
	return w->at[t] + 1 < w->tl[t]->steps.count;
}

/* Where the next change begins; false if none is to come. */
static bool next_change(const struct walk *w, int64_t *z0)
{
	bool any = false;

	for (int t = 0; t < PARAMS; t++) {
		if (!has_next(w, t))
			continue;
		if (!any || step(w, t)[1].from < *z0)
			*z0 = step(w, t)[1].from;
		any = true;
	}
	return any;
}

/* Until when any kernel's line is in doubt. */
static int64_t doubt_until(const struct walk *w)
{
	return w->doubt_until[HOST] > w->doubt_until[GUEST] ?
		       w->doubt_until[HOST] : w->doubt_until[GUEST];
}

/* Whether records tell the end of all doubts that there are at @at. */
static bool confirmed(const struct walk *w, int64_t at)
{
	return (w->doubt_until[HOST] <= at || w->confirmed[HOST]) &&
	       (w->doubt_until[GUEST] <= at || w->confirmed[GUEST]);
}

static bool point_at(const struct link *l, int64_t at, struct point *p)
{
	uint64_t tsc = l->tsc_ref + (uint64_t)at;

	return vmsync_chain_guest(&l->chain, tsc, &p->g) &&
	       vmsync_chain_host(l->chain.host, tsc, &p->h) &&
	       wide_abs(p->g) < NO_TIME && wide_abs(p->h) < NO_TIME;
}

/* The direction of the piece, from far apart points. */
static bool direction(const struct link *l, int64_t at, struct point *d)
{
	struct point a, b;

	if (!point_at(l, at, &a) || !point_at(l, at + SPAN, &b))
		return false;
	d->g = b.g - a.g;
	d->h = b.h - a.h;
	return d->g > 0 && d->h > 0 && !(d->g >> 66) && !(d->h >> 66);
}

static struct link link_of(const struct walk *w, const struct vmsync_line *host,
			   const struct vmsync_line *guest)
{
	struct link l = {
		.chain = {
			.host = host,
			.guest = guest,
			.scaling = step(w, SCALING)->param,
			.pv = step(w, PV)->param,
		},
		.tsc_ref = w->facts->tsc_ref,
	};

	if (!l.chain.host || !l.chain.guest || !l.chain.scaling)
		return l;
	if (l.chain.guest->clocksource != VMSYNC_CLOCKSOURCE_KVMCLOCK)
		l.chain.pv = NULL;
	else if (!l.chain.pv)
		return l;
	l.valid = vmsync_chain_loss(&l.chain, &l.loss);
	return l;
}

static struct link current(const struct walk *w)
{
	return link_of(w, step(w, HOST)->param, step(w, GUEST)->param);
}

/* @guest ns (q32) in host ns (q32) by the slope of @d */
static int128 by_slope(int128 guest, const struct point *d)
{
	int128 dg = d->g, dh = d->h;

	while (dg >> 40 || dh >> 40) {
		dg >>= 1;
		dh >>= 1;
	}
	while (wide_abs(guest) >> 84) {
		guest >>= 1;
		dg >>= 1;
	}
	/* Nothing left of it: the slope is no clock's. */
	return dg ? guest * dh / dg : guest;
}

static int128 greater(int128 a, int128 b)
{
	return a > b ? a : b;
}

/* Whether a reading may be what CPU @i's counter says. */
static bool matters(const struct walk *w, const struct link *l, uint32_t i)
{
	return i != w->cpu && (l->chain.pv || w->updates[i]);
}

/*
 * A guest that reads its clock may get what another CPU's counter says. Without
 * a master clock every CPU's kvm-clock page runs by itself, and a reading is the
 * latest time that any CPU has read. On clocksource tsc a CPU whose TSC lags that
 * of the CPU that updates the timekeeper reads the anchor of the last update until
 * it has caught up. In both cases a reading is as far ahead of its own CPU's
 * counter as another CPU's is, at most.
 */
static int128 ahead_at(const struct walk *w, const struct link *l, int64_t at)
{
	int128 own, most = 0;
	struct point p;

	if (!point_at(l, at, &p))
		return 0;
	own = p.g;
	for (uint32_t i = 0; i < w->facts->n_cpus; i++) {
		struct link other = *l;

		if (!matters(w, l, i))
			continue;
		other.chain.scaling =
			vmsync_timeline_at(&w->others[i].scaling, at)->param;
		if (l->chain.pv)
			other.chain.pv = vmsync_timeline_at(&w->others[i].pv,
							    at)->param;
		if (other.chain.scaling && !other.chain.pv == !l->chain.pv &&
		    point_at(&other, at, &p))
			most = greater(most, p.g - own);
	}
	return most;
}

/* The most of that where another CPU's parameter @tl changes in (@from, @until). */
static int128 ahead_where(const struct walk *w, const struct link *l,
			  const struct vmsync_timeline *tl, int64_t from,
			  int64_t until)
{
	const struct vmsync_step *s = vmsync_timeline_at(tl, from);
	const struct vmsync_step *end = tl->steps.at + tl->steps.count;
	int128 most = 0;

	for (s++; s < end && s->from < until; s++) {
		most = greater(most, ahead_at(w, l, s->from));
		most = greater(most, ahead_at(w, l, s->from - 1));
	}
	return most;
}

/* The most of that between two points: at them and where a CPU's line changes. */
static int128 ahead(const struct walk *w, const struct link *l, int64_t from,
		    int64_t until)
{
	int128 most;

	if (!w->others || (l->chain.pv && l->chain.pv->flags & PV_STABLE))
		return 0;
	/* What a CPU was ahead before its page changed is held as long. */
	if (l->chain.pv)
		from -= HELD;
	most = greater(ahead_at(w, l, from), ahead_at(w, l, until));
	for (uint32_t i = 0; i < w->facts->n_cpus; i++) {
		if (!matters(w, l, i))
			continue;
		most = greater(most, ahead_where(w, l, &w->others[i].scaling,
						 from, until));
		if (l->chain.pv)
			most = greater(most, ahead_where(w, l, &w->others[i].pv,
							 from, until));
	}
	/* Pages that differ by less are taken for the same line. */
	if (l->chain.pv)
		return most + 2 * Q32;
	/* The anchor and the reading are rounded each by itself. */
	return most ? most + ROUNDING : 0;
}

static int add_piece(struct walk *w, const struct link *l, int64_t from,
		     int64_t until, int128 error)
{
	struct point a, b, d;
	struct vmsync_piece p;
	int err;

	error += ahead(w, l, from, until);

	if (!point_at(l, from, &a) || !point_at(l, until, &b) ||
	    !direction(l, from, &d))
		return 0;
	p = (struct vmsync_piece){
		.g = a.g, .h = a.h, .dg = d.g, .dh = d.h, .g_end = b.g,
		.loss = l->loss, .error = error,
		.method = VMSYNC_METHOD_EXACT, .epoch = w->epoch,
		.joined = w->joined,
	};
	err = vmsync_pieces_add(w->map, &p);
	w->joined = !err;
	w->bridged = false;
	return err == -EINVAL ? 0 : err;
}

static int add_bridge(struct walk *w, const struct link *l, struct point a,
		      struct point b, int128 error)
{
	struct vmsync_piece p = {
		.g = a.g, .h = a.h, .dg = b.g - a.g, .dh = b.h - a.h,
		.g_end = b.g, .loss = l->loss, .error = error,
		.method = VMSYNC_METHOD_EXACT, .epoch = w->epoch,
		.joined = w->joined,
	};
	struct point own = { p.dg, p.dh }, d;
	int err;

	if (p.dg <= 0 || p.dh < 0)
		return 0;
	/* What rounding takes is worth as much where the bridge is flat. */
	if (direction(l, 0, &d) &&
	    by_slope(l->loss, &d) > by_slope(l->loss, &own))
		p.error += by_slope(l->loss, &d) - by_slope(l->loss, &own);
	err = vmsync_pieces_add(w->map, &p);
	return err == -EINVAL ? 0 : err;
}

/* How far the two pieces are apart at @at, in host ns. */
static bool apart(const struct link *p, const struct link *q, int64_t at,
		  int128 *out)
{
	struct point a, b, d;

	if (!point_at(p, at, &a) || !point_at(q, at, &b) ||
	    !direction(q, at, &d))
		return false;
	*out = wide_abs(by_slope(b.g - a.g, &d)) + wide_abs(b.h - a.h);
	/* The slope of @p is another one, by up to 1100 ppm. */
	*out += *out >> 9;
	return true;
}

/*
 * A guest time that both pieces may have given, that of @q at @at, in the middle
 * of the two host times that it then had.
 */
static bool between(const struct link *p, const struct link *q, int64_t at,
		    struct point *out)
{
	struct point a, b, d;

	if (!point_at(p, at, &a) || !point_at(q, at, &b) ||
	    !direction(q, at, &d))
		return false;
	out->g = b.g;
	out->h = b.h + (by_slope(b.g - a.g, &d) - (b.h - a.h)) / 2;
	return true;
}

/*
 * Cycles by which @p is ahead of @q at @at, and a few ns more for rounding:
 * so far a reading of the one may stand among those of the other.
 */
static int64_t overlap(const struct link *p, const struct link *q, int64_t at)
{
	struct point a, b, d;
	int128 ahead;

	if (!point_at(p, at, &a) || !point_at(q, at, &b) ||
	    !direction(q, at, &d))
		return 0;
	ahead = (a.g > b.g ? a.g - b.g : 0) + ROUNDING;
	return ahead > SMALL_STEP ? 0 : (int64_t)(ahead * SPAN / d.g);
}

/* Host cycles that the direction @d takes for @host ns (q32), and one. */
static int64_t cycles_of(int128 host, const struct point *d)
{
	int128 n = (host < FARTHEST ? host : FARTHEST) * SPAN / d->h;

	return n < FARTHEST_CYCLES ? (int64_t)n + 1 : FARTHEST_CYCLES;
}

/**
 * struct doubt - a kernel went from line @p to line @q, in [@z0, @z1]
 * @from:	readings of @q may be among those of @p from here on
 * @until:	readings of @p may be among those of @q up to here
 * @half:	the most that the middle of both is wrong by
 */
struct doubt {
	const struct link *p;
	const struct link *q;
	int64_t z0;
	int64_t z1;
	int64_t from;
	int64_t until;
	int128 half;
};

/*
 * Readings of a line @doubt away may be among those of whatever comes, up to
 * @until, even if that is beyond the next change.
 */
static void spill(struct walk *w, int64_t until, int128 doubt)
{
	int64_t next;

	if (!next_change(w, &next) || next >= until)
		return;
	if (w->spill_until <= next)
		w->spill = 0;
	w->spill += doubt;
	if (w->spill_until < until)
		w->spill_until = until;
}

/* From the map's end at @a, which moves, to @b. */
static int bridge_to(struct walk *w, const struct doubt *d, struct point *a,
		     struct point b, int128 error)
{
	struct point from = *a;

	*a = b;
	return add_bridge(w, d->q, from, b,
			  error + ahead(w, d->q, d->from, d->until));
}

/*
 * The lines may be far apart already where the doubt begins. If @q is ahead, none
 * of its readings is below its first one, and up to there the map goes to the
 * middle; if it is behind, it jumps; and if the host's clock fell back, it gets
 * there before the change, since it cannot go back itself. Moves @a.
 */
static int begin_middle(struct walk *w, const struct doubt *d, struct point *a)
{
	size_t n = w->map->count;
	struct point first, same, dir;
	int64_t early;

	if (!between(d->p, d->q, d->z0, &first) ||
	    !between(d->q, d->p, d->from, &same) ||
	    !direction(d->p, d->from, &dir))
		return 0;
	if (first.g - a->g > 2 * ROUNDING && first.h > a->h)
		return bridge_to(w, d, a, first, d->half);
	if (same.h < a->h) {
		early = d->from - cycles_of(2 * (a->h - same.h), &dir);
		if (!n || !point_at(d->p, early, a) ||
		    a->g >> 32 <= w->map->segments[n - 1].guest_start.ns)
			return point_at(d->p, d->from, a) ? 0 : -EINVAL;
		return bridge_to(w, d, a, same, d->half);
	}
	*a = same;
	return 0;
}

/* The same where the doubt ends, from the map's end at @a; moves @end. */
static int end_middle(struct walk *w, const struct doubt *d, struct point *a,
		      int64_t *end)
{
	struct point last, line, dir;
	int err = 0;

	*end = d->until;
	if (!between(d->q, d->p, d->z1, &last) ||
	    !point_at(d->q, d->until, &line) ||
	    !direction(d->q, d->until, &dir))
		return 0;
	if (line.g - last.g > 2 * ROUNDING) {
		/* Behind the last reading of @p there are only those of @q. */
		if (last.g > a->g && last.h > a->h && line.h > last.h)
			err = bridge_to(w, d, a, last, d->half);
		if (err || line.h > a->h)
			return err ? err : bridge_to(w, d, a, line, d->half);
	}
	if (!between(d->p, d->q, d->until, &last))
		return 0;
	err = bridge_to(w, d, a, last, d->half);
	if (err || last.h <= line.h)
		return err;
	*end += cycles_of(2 * (last.h - line.h), &dir);
	return point_at(d->q, *end, &line) ?
		       bridge_to(w, d, a, line, d->half) : 0;
}

/* Whether no other change is so near that it cuts off the way onto @q. */
static bool has_room(const struct walk *w, const struct doubt *d)
{
	struct point dir;
	int64_t next;

	return !next_change(w, &next) ||
	       (direction(d->q, d->until, &dir) &&
		next - d->until > cycles_of(2 * d->half, &dir));
}

/*
 * A kernel went from line @p to line @q, somewhere in [@z0, @z1]. Sets where the
 * piece of @q begins and what it may be wrong by.
 *
 * An update hardly ever takes long, so that @q is the likelier one in between; but
 * where its end was looked for, and late, it did, and then the middle of both is
 * wrong by half as much at most.
 */
static int join_line(struct walk *w, const struct link *p,
		     const struct link *q, int64_t z0, int64_t *z1,
		     int128 *error)
{
	struct doubt d = {
		.p = p, .q = q, .z0 = z0, .z1 = *z1,
		.from = z0 - overlap(p, q, z0),
		.until = *z1 + overlap(p, q, *z1),
	};
	int128 d0, d1, apart_most;
	struct point a, b;
	bool middle;
	int err = 0;

	/* The moment is known, and no reading of the one is among the other's. */
	if (*z1 == z0 && overlap(p, q, z0) <= overlap(q, p, z0))
		return 0;
	if (!point_at(p, d.from, &a) || !point_at(q, d.until, &b) ||
	    !apart(p, q, d.from, &d0) || !apart(p, q, d.until, &d1))
		return 0;
	d.half = greater(d0, d1);
	if (d.half <= NO_BRIDGE) {
		*error = d.half;
		*z1 = z0;
		return 0;
	}
	*z1 = d.until;
	apart_most = d.half;
	middle = confirmed(w, z0) || b.h <= a.h;
	if (confirmed(w, z0) && has_room(w, &d))
		d.half /= 2;
	if (d.from < w->spill_until)
		d.half += w->spill;
	if (middle)
		err = begin_middle(w, &d, &a);
	if (!err && middle && doubt_until(w) <= d.z1)
		err = end_middle(w, &d, &a, z1);
	else if (!err && (!middle || between(p, q, d.until, &b)))
		err = bridge_to(w, &d, &a, b, d.half);
	spill(w, *z1, apart_most);
	w->bridged = true;
	return err;
}

/*
 * KVM set the guest's clock back by a little, from @a to @b: guest times in
 * between may have been read before the change or after it. After is likelier:
 * the virtual CPU had been stopped for a while when KVM made the change.
 */
static int join_back(struct walk *w, const struct link *q, struct point a,
		     struct point b, int64_t *z1)
{
	int128 fall = a.g - b.g;
	struct point d;
	int64_t until;
	int err;

	if (!direction(q, *z1, &d))
		return 0;
	until = *z1 + (int64_t)(fall * SPAN / d.g) + 1;
	err = add_piece(w, q, *z1, until, by_slope(fall, &d) + b.h - a.h);
	*z1 = until;
	return err;
}

/*
 * What comes is not known. It may be a counter that stands still for a while: a
 * guest's clock then reads again what it read before.
 */
static void clip_coarse(struct vmsync_map *map)
{
	struct vmsync_segment *last;

	if (!map->count)
		return;
	last = &map->segments[map->count - 1];
	last->guest_end.ns -= VMSYNC_COARSE_NS;
	if (last->guest_end.ns < last->guest_start.ns)
		last->guest_end = last->guest_start;
}

/*
 * What was before is not known, so @q counts from where it is sure. The clock may
 * have been slewed otherwise since @z0, and may have been a coarse one: so far may
 * its last readings be ahead of @q.
 */
static void join_unknown(struct walk *w, const struct link *q, int64_t z0,
			 int64_t *z1)
{
	struct point d;
	int128 ahead;

	if (*z1 < doubt_until(w))
		*z1 = doubt_until(w);
	w->unknown_until = *z1;
	w->bridged = false;
	if (*z1 == z0 || !direction(q, *z1, &d) || d.g < Q32)
		return;
	ahead = (int128)(*z1 - z0) * NTP_PPM / 1000000 +
		VMSYNC_COARSE_NS * Q32 * SPAN / d.g;
	if (ahead * d.g / SPAN > SMALL_STEP)
		return;
	if (w->spill_until < *z1)
		w->spill = 0;
	w->spill = greater(w->spill, 2 * ahead * (d.h / SPAN + 1));
	if (w->spill_until < *z1 + (int64_t)ahead)
		w->spill_until = *z1 + (int64_t)ahead;
}

/*
 * Between the end of @p at @z0 and the begin of @q at @z1; moves @z1. After a
 * @jump the virtual CPU had been out of guest mode: no guest time needs a map
 * there.
 */
static int join(struct walk *w, const struct link *p, const struct link *q,
		int64_t z0, int64_t *z1, bool jump, int128 *error)
{
	bool known = p->valid && z0 >= w->unknown_until;
	struct point a, b, at;
	int128 step;

	*error = 0;
	w->joined &= known && q->valid;
	if (!known || !q->valid) {
		if (q->valid && w->map->count)
			w->epoch += jump;
		if (q->valid)
			join_unknown(w, q, z0, z1);
		else
			clip_coarse(w->map);
		return 0;
	}
	if (!point_at(p, z0, &a) || !point_at(q, *z1, &b) ||
	    !point_at(p, *z1, &at))
		return 0;
	step = wide_abs(b.g - at.g);
	if (step > EPOCH_STEP && (jump || step > b.h - a.h))
		w->epoch++;
	if (a.g - b.g > SMALL_STEP)
		return 0;
	if (!jump)
		return join_line(w, p, q, z0, z1, error);
	return b.g < a.g ? join_back(w, q, a, b, z1) : 0;
}

/*
 * Whether the guest's boot was over before the change that leads to @q: no beacon
 * of it came later, and its clock has told all that it recorded and would fall
 * back, as with a reset, or offsets that nobody saw lie in between.
 */
static bool over(const struct walk *w, const struct link *p,
		 const struct link *q, int64_t z0, int64_t z1)
{
	const struct vmsync_facts *f = w->facts;
	struct point a, b;

	if (has_next(w, GUEST) || !w->map->count || !q->valid ||
	    !f->n_marks || !point_at(q, z1, &b) ||
	    (b.h >> 32) <= f->answered_ns)
		return false;
	if (!p->valid)
		return !p->chain.scaling;
	return point_at(p, z0, &a) && (a.g >> 32) >= f->guest_until_ns &&
	       a.g - b.g > SMALL_STEP;
}

/* When KVM's change of @t, just taken, is over. */
static int64_t jump_end(const struct walk *w, int t)
{
	const struct vmsync_line *guest = step(w, GUEST)->param;
	int64_t end = step(w, t)->sure;

	if (t == SCALING && guest &&
	    guest->clocksource == VMSYNC_CLOCKSOURCE_KVMCLOCK &&
	    has_next(w, PV) && step(w, PV)[1].from - end < PAGE_FOLLOWS)
		return step(w, PV)[1].from;
	return end;
}

/*
 * A kernel's change of its line, just taken: returns when it is over. At the next
 * one the timekeeper had done with this one.
 */
static int64_t line_end(struct walk *w, int t)
{
	int64_t from = step(w, t)->from, end = step(w, t)->sure;

	if (has_next(w, t) && end > step(w, t)[1].from)
		end = step(w, t)[1].from;
	w->confirmed[t] = step(w, t)->told;
	w->doubt_until[t] = end;
	return end > from + MAX_BRIDGE ? from + MAX_BRIDGE : end;
}

static bool next_jump(const struct walk *w, int64_t *from)
{
	bool any = false;

	for (int t = SCALING; t < PARAMS; t++) {
		if (!has_next(w, t) || !step(w, t)[1].jump)
			continue;
		if (!any || step(w, t)[1].from < *from)
			*from = step(w, t)[1].from;
		any = true;
	}
	return any;
}

/* The earliest change not taken yet that begins at @z1 at the latest, or -1. */
static int next_overlapping(const struct walk *w, int64_t z1, bool jumps)
{
	int found = -1;

	for (int t = 0; t < PARAMS; t++) {
		if (!has_next(w, t) || step(w, t)[1].from > z1 ||
		    (!jumps && step(w, t)[1].jump))
			continue;
		if (found < 0 || step(w, t)[1].from < step(w, found)[1].from)
			found = t;
	}
	return found;
}

/*
 * Takes the change at @z0 and all that overlap it; returns their end. A change
 * of KVM's making (@jump) is kept apart from one of a kernel's that it falls
 * into, and a second change of a kernel from its first: what is left of that is in
 * doubt behind it.
 */
static int64_t take_changes(struct walk *w, int64_t z0, bool *jump)
{
	int64_t z1 = z0, end, limit = VMSYNC_AXIS_MAX;
	bool taken[PARAMS] = { 0 };
	int t;

	*jump = next_jump(w, &limit) && limit <= z0;
	if (*jump)
		limit = VMSYNC_AXIS_MAX;
	for (t = HOST; t <= GUEST; t++)
		if (w->doubt_until[t] <= z0)
			w->old[t] = step(w, t)->param;
	while ((t = next_overlapping(w, z1, *jump)) >= 0) {
		if ((t == HOST || t == GUEST) && taken[t] && !*jump) {
			limit = step(w, t)[1].from;
			break;
		}
		taken[t] = true;
		w->at[t]++;
		if (t == HOST || t == GUEST)
			end = line_end(w, t);
		else
			end = jump_end(w, t);
		if ((t == HOST || t == GUEST) && *jump)
			end = z1;
		if (end > limit)
			end = limit;
		if (end > z1)
			z1 = end;
	}
	return z1 < limit ? z1 : limit;
}

/*
 * The part of @now's piece until @until in which @old, @doubt apart at its end, may
 * hold. Moves @until where the map needs longer to get onto @now.
 */
static int add_middle(struct walk *w, const struct link *old,
		      const struct link *now, int64_t from, int64_t *until,
		      int128 error, int128 doubt)
{
	struct doubt d = {
		.p = old, .q = now, .z0 = from, .z1 = doubt_until(w),
		.from = from, .until = *until, .half = error + doubt / 2,
	};
	struct point a, b;

	if (!confirmed(w, from) || !between(old, now, from, &a) ||
	    !between(old, now, *until, &b) || b.g - a.g >= LONGEST_MIDDLE ||
	    b.h <= a.h)
		return add_piece(w, now, from, *until, error + doubt);
	return end_middle(w, &d, &a, until);
}

/* The line that may still be in force at @at instead of that of now. */
static const void *line_before(const struct walk *w, int t, int64_t at)
{
	return w->doubt_until[t] > at ? w->old[t] : step(w, t)->param;
}

/* A piece whose first part may be under the lines before the last change. */
static int add_doubtful(struct walk *w, const struct link *now, int64_t from,
			int64_t until, int128 error)
{
	struct link old = link_of(w, line_before(w, HOST, from),
				  line_before(w, GUEST, from));
	int64_t sure = doubt_until(w);
	int128 doubt;
	int err;

	if (!old.valid || sure <= from)
		return add_piece(w, now, from, until, error);
	sure += overlap(&old, now, sure);
	if (!apart(&old, now, sure, &doubt) || 2 * doubt <= NO_BRIDGE)
		return add_piece(w, now, from, until, error);
	if (sure > until) {
		/* Ahead even of the next line's first readings. */
		w->spill_until = sure;
		w->spill = 2 * doubt;
		return add_piece(w, now, from, until, error + doubt);
	}
	err = add_middle(w, &old, now, from, &sure, error, doubt);
	if (!err && sure < until)
		err = add_piece(w, now, sure, until, error);
	return err;
}

/* The same where the lines before those in doubt may reach into it. */
static int add_spilled(struct walk *w, const struct link *now, int64_t from,
		       int64_t until, int128 error)
{
	int64_t end = w->spill_until < until ? w->spill_until : until;
	int err;

	if (end > from) {
		err = add_doubtful(w, now, from, end, error + w->spill);
		if (err || end == until)
			return err;
		from = end;
	}
	return add_doubtful(w, now, from, until, error);
}

static int walk(struct walk *w)
{
	struct link before = { 0 }, now = current(w);
	int64_t from = VMSYNC_AXIS_MIN, until = VMSYNC_AXIS_MAX, bridged;
	int128 error = 0;
	int err = 0;
	bool jump;

	w->doubt_until[HOST] = w->doubt_until[GUEST] = VMSYNC_AXIS_MIN;
	w->spill_until = VMSYNC_AXIS_MIN;
	w->unknown_until = VMSYNC_AXIS_MIN;
	for (;;) {
		bool more = next_change(w, &until);

		if (!more)
			until = VMSYNC_AXIS_MAX;
		if (now.valid && until > from)
			err = add_spilled(w, &now, from, until, error);
		if (err || !more)
			return err;
		/* until < from where a bridge reached beyond the next change. */
		before = now;
		bridged = from;
		from = take_changes(w, until, &jump);
		now = current(w);
		/* A hole is not to be crossed with the slope of a bridge. */
		if (w->bridged && !now.valid)
			err = add_piece(w, &before, bridged, bridged + 1, error);
		if (err)
			return err;
		if (over(w, &before, &now, until, from))
			return 0;
		err = join(w, &before, &now, until, &from, jump, &error);
		if (err)
			return err;
	}
}

/* Beyond its own records the guest may have changed its line. */
static void clip_end(struct vmsync_map *map, int64_t guest_until_ns)
{
	struct vmsync_segment *last;

	/* What the host knows of changes there is not all. */
	while (map->count > 1 &&
	       map->segments[map->count - 1].guest_start.ns > guest_until_ns)
		map->count--;
	if (!map->count)
		return;
	last = &map->segments[map->count - 1];
	if (last->guest_end.ns > guest_until_ns)
		last->guest_end.ns = guest_until_ns;
	if (last->guest_end.ns < last->guest_start.ns)
		last->guest_end = last->guest_start;
}

static bool any_unstable(const struct vmsync_timeline *pv)
{
	for (size_t i = 0; i < pv->steps.count; i++) {
		const struct vmsync_pvclock *page = pv->steps.at[i].param;

		if (page && !(page->flags & PV_STABLE))
			return true;
	}
	return false;
}

static int make_others(struct walk *w)
{
	int err = 0;

	w->others = calloc(w->facts->n_cpus, sizeof(*w->others));
	w->updates = calloc(w->facts->n_cpus, sizeof(*w->updates));
	if (!w->others || !w->updates)
		return -ENOMEM;
	for (uint32_t i = 0; i < w->facts->n_cpus; i++)
		w->updates[i] = vmsync_facts_updates(w->facts, i);
	for (uint32_t i = 0; !err && i < w->facts->n_cpus; i++)
		if (i != w->cpu)
			err = vmsync_axis_init(&w->others[i], w->facts, i);
	for (uint32_t i = 0; i < w->facts->n_cpus; i++) {
		/* A CPU of which nothing is known has empty timelines. */
		if (!err && !w->others[i].pv.steps.count)
			err = vmsync_timeline_init(&w->others[i].pv);
		if (!err && !w->others[i].scaling.steps.count)
			err = vmsync_timeline_init(&w->others[i].scaling);
	}
	return err;
}

static void free_others(struct walk *w)
{
	for (uint32_t i = 0; w->others && i < w->facts->n_cpus; i++)
		vmsync_axis_free(&w->others[i]);
	free(w->others);
	free(w->updates);
}

static int map(void *state, const struct vmsync_facts *f, uint32_t cpu,
	       bool final, struct vmsync_map *map)
{
	struct walk w = { .facts = f, .cpu = cpu, .map = map };
	struct vmsync_axis axis;
	int err = vmsync_axis_init(&axis, f, cpu);

	(void)state;
	(void)final;
	if (!err && f->n_cpus > 1 &&
	    (any_unstable(&axis.pv) || !vmsync_facts_tscs_alike(f)))
		err = make_others(&w);
	if (!err) {
		w.tl[HOST] = &axis.host;
		w.tl[GUEST] = &axis.guest;
		w.tl[SCALING] = &axis.scaling;
		w.tl[PV] = &axis.pv;
		err = walk(&w);
		clip_end(map, f->guest_until_ns);
	}
	free_others(&w);
	vmsync_axis_free(&axis);
	return err;
}

const struct vmsync_estimator vmsync_exact_estimator = {
	.method = VMSYNC_METHOD_EXACT,
	.map = map,
};
