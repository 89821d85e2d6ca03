// SPDX-License-Identifier: MIT
#include "sync/estimate/few.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sync/base/chain.h"
#include "sync/base/drift.h"
#include "sync/base/envelope.h"
#include "sync/base/hulls.h"
#include "sync/map/quantize.h"

/* Stamps of both clocks are rounded down, and what the map says is. */
#define ROUND_NS 2.0

/* Between two moments the bound is stated so often. */
#define PARTS 8

static void keep(struct vmsync_few *few, const struct vmsync_few_limit *limit,
		 bool upper, bool whole)
{
	few->at[few->count] = *limit;
	few->at[few->count].upper = upper;
	few->at[few->count].whole = whole;
	few->at[few->count++].apart = few->part;
	few->part = false;
}

void vmsync_few_see(struct vmsync_few *few, const struct vmsync_few_limit *upper,
		    const struct vmsync_few_limit *lower)
{
	/* Room for the exchanges that may come. */
	unsigned int room = VMSYNC_FEW_LIMITS - few->count;
	unsigned int keeps = 2 * (VMSYNC_FEW - few->fixes);

	if (few->many)
		return;
	if (upper && lower)
		few->many = ++few->fixes == VMSYNC_FEW;
	else if (room <= keeps)
		return;
	if (upper)
		keep(few, upper, true, lower);
	if (lower)
		keep(few, lower, false, upper);
}

void vmsync_few_cut(struct vmsync_few *few, int64_t until)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < few->count; i++)
		if (few->at[i].ns <= until)
			few->at[n++] = few->at[i];
	few->count = n;
	few->part = true;
}

/**
 * struct moment - the offset is in [lo, hi] then, less the part's base
 * @whole:	some limit of it is of an exchange that has both
 */
struct moment {
	int64_t ns;
	double lo;
	double hi;
	bool whole;
};

/**
 * struct part - limits between which the clock did not jump
 * @at:		[@n] in the order of time, each time once
 * @base:	of all offsets
 * @drift:	what the limits are possible with
 * @loose:	more than was asked for: the clock may have stepped between any two
 * @envelope:	what is left at each moment
 * @y:		[@n] the map
 */
struct part {
	struct moment at[VMSYNC_FEW_LIMITS];
	unsigned int n;
	int64_t base;
	double drift;
	bool loose;
	struct vmsync_envelope envelope;
	double y[VMSYNC_FEW_LIMITS];
};

static int by_time(const void *a, const void *b)
{
	const struct vmsync_few_limit *x = a, *y = b;

	return (x->ns > y->ns) - (x->ns < y->ns);
}

/*
 * A clock that stands still gives limits at one of its times that contradict each other:
 * from the loosest on either side all of them hold.
 */
static void loosen(struct moment *m, int64_t base,
		   const struct vmsync_few_limit *limits, unsigned int n)
{
	m->lo = INFINITY;
	m->hi = -INFINITY;
	for (unsigned int i = 0; i < n; i++) {
		double y = (double)(limits[i].offset - base);

		if (limits[i].ns != m->ns)
			continue;
		if (limits[i].upper)
			m->hi = fmax(m->hi, y + ROUND_NS / 2);
		else
			m->lo = fmin(m->lo, y - ROUND_NS / 2);
	}
}

static void gather(struct part *p, struct vmsync_few_limit *limits,
		   unsigned int n)
{
	qsort(limits, n, sizeof(*limits), by_time);
	p->n = 0;
	p->base = limits[0].offset;
	for (unsigned int i = 0; i < n; i++) {
		double y = (double)(limits[i].offset - p->base);
		struct moment *m = &p->at[p->n];

		if (p->n && m[-1].ns == limits[i].ns)
			m--;
		else
			p->at[p->n++] = (struct moment){ limits[i].ns, -INFINITY,
							 INFINITY, false };
		m->whole |= limits[i].whole;
		if (limits[i].upper)
			m->hi = fmin(m->hi, y + ROUND_NS / 2);
		else
			m->lo = fmax(m->lo, y - ROUND_NS / 2);
	}
	for (unsigned int i = 0; i < p->n; i++)
		if (p->at[i].lo > p->at[i].hi)
			loosen(&p->at[i], p->base, limits, n);
}

/* What the moments leave, if no clock drifts by more; -ERANGE: nothing. */
static int surround(struct part *p, unsigned int first, unsigned int last,
		    double drift)
{
	struct vmsync_envelope *v = &p->envelope;
	int err = 0;

	v->at.count = 0;
	v->steep = drift;
	for (unsigned int i = first; !err && i <= last; i++)
		err = vmsync_envelope_add(v, p->at[i].ns, p->at[i].lo,
					  p->at[i].hi);
	if (err)
		return err;
	vmsync_envelope_close(v);
	for (size_t i = 0; i < v->at.count; i++)
		if (v->at.at[i].lo > v->at.at[i].hi)
			return -ERANGE;
	return 0;
}

/* A straight line, if one passes: in the middle of all that do. */
static bool straight(struct part *p, unsigned int first, unsigned int last)
{
	struct vmsync_hulls *c = malloc(sizeof(*c));
	double slope, low, high;
	bool fits = c;

	if (c)
		vmsync_hulls_init(c, p->drift);
	for (unsigned int i = first; fits && i <= last; i++) {
		double x = (double)(p->at[i].ns - p->at[first].ns);

		if (!isinf(p->at[i].hi))
			fits = vmsync_hulls_upper(c, x, p->at[i].hi);
		if (fits && !isinf(p->at[i].lo))
			fits = vmsync_hulls_lower(c, x, p->at[i].lo);
	}
	slope = fits ? (c->slope_min + c->slope_max) / 2 : 0;
	fits = fits && vmsync_hulls_range(c, slope, &low, &high);
	for (unsigned int i = first; fits && i <= last; i++)
		p->y[i] = (low + high) / 2 +
			  slope * (double)(p->at[i].ns - p->at[first].ns);
	free(c);
	return fits;
}

/*
 * The middle of what is left at each moment: neither of its edges is steeper than
 * the clocks, so that it is not either.
 */
static void stitch(struct part *p, unsigned int first, unsigned int last)
{
	for (unsigned int i = first; i <= last; i++) {
		const struct vmsync_envelope_at *at =
			&p->envelope.at.at[i - first];

		p->y[i] = (at->lo + at->hi) / 2;
	}
}

static int128 q32(double v)
{
	double whole = floor(v);

	return (int128)whole * Q32 + (int128)((v - whole) * 4294967296.0);
}

/* From (@a, @at_a) to (@b, @at_b), which may be one moment. */
static int put(const struct part *p, int64_t a, double at_a, int64_t b,
	       double at_b, double error, struct vmsync_piece *piece,
	       struct vmsync_map *map)
{
	const double span = 1 << 30;
	double slope = b > a ? (at_b - at_a) / (double)(b - a) : 0;
	int err;

	piece->g = (int128)a * Q32;
	piece->h = ((int128)a + p->base) * Q32 + q32(at_a);
	piece->dg = (int128)span * Q32;
	piece->dh = (int128)span * Q32 + q32(slope * span);
	piece->g_end = (int128)b * Q32;
	piece->error = q32(error + ROUND_NS);
	err = vmsync_quantize(map, piece);
	return err == -EINVAL ? 0 : err;
}

/*
 * The clock stepped somewhere between two moments: it was at either's edges. What has
 * a limit of one side may have been before the step, or behind it.
 */
static double stepped(const struct part *p, unsigned int i, unsigned int first)
{
	const struct vmsync_envelope_at *at = p->envelope.at.at;
	unsigned int a = i - first, b = a + 1;
	double drift, hi, lo;

	while (a && !p->at[first + a].whole)
		a--;
	while (b + 1 < p->envelope.at.count && !p->at[first + b].whole)
		b++;
	drift = p->drift * (double)(at[b].ns - at[a].ns);
	hi = fmax(at[a].hi, at[b].hi) + drift;
	lo = fmin(at[a].lo, at[b].lo) - drift;
	return fmax(hi - fmin(p->y[i], p->y[i + 1]),
		    fmax(p->y[i], p->y[i + 1]) - lo);
}

/* Between moments @i and the next one. */
static int put_edge(const struct part *p, unsigned int i, unsigned int first,
		    struct vmsync_piece *piece, struct vmsync_map *map)
{
	int64_t from = p->at[i].ns, length = p->at[i + 1].ns - from, a = from;
	double rise = p->y[i + 1] - p->y[i];
	size_t near = i - first;
	int err = 0;

	for (int k = 1; !err && k <= PARTS; k++) {
		int64_t b = from + length / PARTS * k;
		double at_a, at_b, error;

		if (k == PARTS)
			b = from + length;
		at_a = p->y[i] + rise * (double)(a - from) / (double)length;
		at_b = p->y[i] + rise * (double)(b - from) / (double)length;
		error = vmsync_envelope_error(&p->envelope, a, at_a, b, at_b,
					      &near);
		if (p->loose)
			error = fmax(error, stepped(p, i, first));
		err = put(p, a, at_a, b, at_b, error, piece, map);
		a = b;
	}
	return err;
}

/* From the end of one part to the begin of the next one: it jumped in between. */
static int put_jump(const struct part *p, unsigned int i,
		    const struct vmsync_envelope_at *before, double y_before,
		    struct vmsync_piece *piece, struct vmsync_map *map)
{
	const struct vmsync_envelope_at *at = &p->envelope.at.at[0];
	double drift = p->drift * (double)(at->ns - before->ns);
	double hi = fmax(before->hi, at->hi), lo = fmin(before->lo, at->lo);
	int err;

	(void)i;
	err = put(p, before->ns, y_before, at->ns, y_before,
		  fmax(hi - y_before, y_before - lo) + drift, piece, map);
	piece->epoch++;
	return err;
}

/*
 * Two moments between which no clock that drifts gets from one to the other: @from
 * and @to. It jumped anywhere in between, where limits of one side may fit both.
 */
static void steepest(const struct part *p, unsigned int first,
		     unsigned int last, unsigned int *from, unsigned int *to)
{
	double most = 0;

	*from = first;
	*to = first + 1;

	for (unsigned int i = first; i < last; i++) {
		for (unsigned int k = i + 1; k <= last; k++) {
			double need = fmax(p->at[k].lo - p->at[i].hi,
					   p->at[i].lo - p->at[k].hi);

			need /= (double)(p->at[k].ns - p->at[i].ns);
			/* The nearest two of them enclose it. */
			if (need > most) {
				most = need;
				*from = i;
				*to = k;
			}
		}
	}
}

/**
 * struct writer - of the parts of a map
 * @has_last:	something is written
 * @last, @last_y: how it ended, base and all
 */
struct writer {
	struct vmsync_piece piece;
	struct vmsync_map *map;
	bool has_last;
	struct vmsync_envelope_at last;
	double last_y;
	int64_t last_base;
};

static int write_join(struct part *p, struct writer *w, unsigned int first)
{
	struct vmsync_envelope_at before = w->last;
	double shift = (double)(w->last_base - p->base);

	if (!w->has_last || p->at[first].ns <= w->last.ns)
		return 0;
	before.lo += shift;
	before.hi += shift;
	return put_jump(p, first, &before, w->last_y + shift, &w->piece, w->map);
}

static int write_range(struct part *p, struct writer *w, unsigned int first,
		       unsigned int last)
{
	const struct vmsync_envelope_at *end;
	int err;

	if (!straight(p, first, last))
		stitch(p, first, last);
	err = write_join(p, w, first);
	for (unsigned int i = first; !err && i < last; i++)
		err = put_edge(p, i, first, &w->piece, w->map);
	end = &p->envelope.at.at[last - first];
	if (!err && first == last)
		err = put(p, end->ns, p->y[last], end->ns, p->y[last],
			  fmax(end->hi - p->y[last], p->y[last] - end->lo),
			  &w->piece, w->map);
	w->has_last = true;
	w->last = *end;
	w->last_y = p->y[last];
	w->last_base = p->base;
	return err;
}

static bool both_kinds(const struct part *p, unsigned int first,
		       unsigned int last)
{
	bool upper = false, lower = false;

	for (unsigned int i = first; i <= last; i++) {
		upper |= !isinf(p->at[i].hi);
		lower |= !isinf(p->at[i].lo);
	}
	return upper && lower;
}

/*
 * It begins and ends with an exchange: a limit of one side alone does not show that
 * the clock was not set before it.
 * Where the limits contradict what two clocks can, they are two of another kind, or
 * one stepped. By no drift that there is: it jumped.
 */
static int write_part(struct part *p, struct writer *w, unsigned int first,
		      unsigned int last, double drift)
{
	unsigned int from, to;
	double d;
	int err;

	while (first < last && !p->at[first].whole)
		first++;
	while (last > first && !p->at[last].whole)
		last--;
	if (!both_kinds(p, first, last))
		return 0;
	err = surround(p, first, last, drift);
	for (d = 2 * drift; err == -ERANGE && d <= VMSYNC_DRIFT_TICKS; d *= 2)
		err = surround(p, first, last, d);
	p->drift = p->envelope.steep;
	p->loose = p->drift > drift;
	if (err != -ERANGE)
		return err ? err : write_range(p, w, first, last);
	steepest(p, first, last, &from, &to);
	err = write_part(p, w, first, from, drift);
	return err ? err : write_part(p, w, to, last, drift);
}

int vmsync_few_map(const struct vmsync_few *few, enum vmsync_method method,
		   double drift, struct vmsync_map *map)
{
	struct writer w = { .piece.method = method, .map = map };
	struct vmsync_few limits = *few;
	struct part *p = calloc(1, sizeof(*p));
	unsigned int first = 0;
	int err = p ? 0 : -ENOMEM;

	for (unsigned int i = 1; !err && i <= limits.count; i++) {
		if (i < limits.count && !limits.at[i].apart)
			continue;
		gather(p, limits.at + first, i - first);
		err = write_part(p, &w, 0, p->n - 1, drift);
		first = i;
	}
	if (p)
		vmsync_envelope_free(&p->envelope);
	free(p);
	return err;
}
