// SPDX-License-Identifier: MIT
/*
 * A span is found with tightened limits: a line that keeps them is in the middle
 * of what the limits allow, and a breakpoint shows soon. Where it can have been at
 * the earliest and at the latest is then found with the limits as they are: as far
 * as no line at all goes on from the middle of the one span into the other, the
 * clocks were not on one line.
 */
#include "sync/window/spans.h"

#include <errno.h>
#include <math.h>

/*
 * Durations in units of what the tightest limits leave, over what two clocks
 * may drift apart: a clock that leaves its line is seen to in one unit, if a
 * limit is there that is tight.
 */
#define UNIT_MIN_NS 100000.0

/* A span is not longer: what is left alone drifts a little, too. */
#define MAX_LENGTH    2000
#define MAX_LENGTH_NS 20000000000.0

/* A limit that comes so many times later than usual, and this. */
#define LATE	   16
#define LATE_UNITS 12
#define LATE_MIN   4

/* Spans of fewer limits, or whose line may be so much farther off, tell none. */
#define SOLID	   32
#define SOLID_PLAY 4

/* So many limits that are near the line on either side end a interior. */
#define NEAR	  3
#define NEAR_PLAY 2

/* Beside a span that tells no line: a breakpoint that is farther is a small one. */
#define BESIDE 20

/* Halvings of the slopes among which the best is. */
#define STEPS 60

static double unit_of(double steep, double half)
{
	return fmax(2 * half / steep, UNIT_MIN_NS);
}

static void add(struct vmsync_hulls *c, const struct vmsync_between *e,
		int64_t origin, int64_t offset, double half, int sign,
		bool *fits)
{
	double x = (double)(e->guest_ns - origin) * sign;
	double hi = (double)(e->hi - offset) - half;
	double lo = (double)(e->lo - offset) + half;

	/* What has no room is left out: then more lines pass, not fewer. */
	*fits = true;
	if (vmsync_hulls_full(c))
		return;
	*fits = lo <= hi && vmsync_hulls_fits_upper(c, x, hi) &&
		vmsync_hulls_fits_lower(c, x, lo);
	if (*fits)
		*fits = vmsync_hulls_upper(c, x, hi) &&
			vmsync_hulls_lower(c, x, lo);
}

/* So much later than usual that the clocks may have bent meanwhile. */
static bool is_late(const struct vmsync_between *e, size_t first, size_t i,
		    double unit)
{
	size_t count = i - first;
	double usual;

	if (count < LATE_MIN)
		return false;
	usual = (double)(e[i - 1].guest_ns - e[first].guest_ns) / (double)count;
	return (double)(e[i].guest_ns - e[i - 1].guest_ns) >
	       LATE * usual + LATE_UNITS * unit;
}

/* The span that begins at @first. */
static struct vmsync_span row_from(const struct vmsync_between *e, size_t n,
				   size_t first, double steep, double half)
{
	struct vmsync_span r = {
		.first = first,
		.last = first,
		.origin = e[first].guest_ns,
		.offset = e[first].lo,
	};
	double unit = unit_of(steep, half);
	double length = fmin(MAX_LENGTH * unit, MAX_LENGTH_NS);
	struct vmsync_hulls c;
	bool fits;

	vmsync_hulls_init(&c, steep);
	add(&c, &e[first], r.origin, r.offset, half, 1, &fits);
	for (size_t i = first + 1; i < n; i++) {
		if ((double)(e[i].guest_ns - r.origin) > length ||
		    vmsync_hulls_full(&c))
			break;
		r.gap = is_late(e, first, i, unit);
		if (r.gap)
			break;
		add(&c, &e[i], r.origin, r.offset, half, 1, &fits);
		r.bent = !fits;
		if (r.bent)
			break;
		r.last = i;
	}
	r.interior_first = r.first;
	r.interior_last = r.last;
	return r;
}

/*
 * From limit @from towards @to, as far as any line goes: the first that none
 * reaches, or @none.
 */
static size_t reach(const struct vmsync_between *e, size_t from, size_t to,
		    double steep, double half, size_t none)
{
	int sign = from < to ? 1 : -1;
	struct vmsync_hulls c;
	bool fits;

	vmsync_hulls_init(&c, steep);
	for (size_t i = from;; i += (size_t)sign) {
		add(&c, &e[i], e[from].guest_ns, e[from].lo, half, sign, &fits);
		if (!fits)
			return i;
		if (i == to || vmsync_hulls_full(&c))
			return none;
	}
}

static size_t third(const struct vmsync_span *r, unsigned int n)
{
	return r->first + (r->last - r->first) * n / 3;
}

/* Two spans that tell a line: as far as the one's reaches into the other. */
static void part_solid(const struct vmsync_between *e, double steep,
		       double half, struct vmsync_span *a,
		       struct vmsync_span *b)
{
	size_t from = third(a, 1), to = third(b, 2);

	/* That it was long enough does not mean that it is straight. */
	if (!a->bent && !a->gap)
		a->bent = reach(e, from, to, steep, half, to) != to;
	if (!a->bent && !a->gap)
		return;
	/* A gap is a gap; where a breakpoint is nowhere to be seen it is small. */
	a->interior_last = reach(e, to, third(a, 2), steep, 0,
				 a->gap ? a->last : third(a, 2));
	b->interior_first = reach(e, from, third(b, 1), steep, 0,
				  a->gap ? b->first : third(b, 1));
}

/* What of two neighbours may be the other one's: it is not in their interiors. */
static void part(const struct vmsync_between *e, double steep, double half,
		 struct vmsync_span *a, struct vmsync_span *b)
{
	double beside = BESIDE * unit_of(steep, half);

	if (a->solid && b->solid) {
		part_solid(e, steep, half, a, b);
	} else if (a->solid) {
		while (a->interior_last > third(a, 2) &&
		       (double)(e[a->last].guest_ns -
				e[a->interior_last].guest_ns) < beside)
			a->interior_last--;
	} else if (b->solid) {
		while (b->interior_first < third(b, 1) &&
		       (double)(e[b->interior_first].guest_ns -
				e[b->first].guest_ns) < beside)
			b->interior_first++;
	}
}

double vmsync_span_at(const struct vmsync_span *span, int64_t ns, int64_t base)
{
	return (double)(span->offset - base) + span->fraction +
	       span->slope * (double)(ns - span->origin);
}

void vmsync_span_hull(const struct vmsync_between *e,
		      const struct vmsync_span *span, double steep,
		      struct vmsync_hulls *c)
{
	bool fits;

	vmsync_hulls_init(c, steep);
	for (size_t i = span->interior_first; i <= span->interior_last; i++)
		add(c, &e[i], span->origin, span->offset, 0, 1, &fits);
}

/* What slope @a leaves; @middle of it at x = 0 */
static double gap_at(const struct vmsync_hulls *c, double a, double *middle)
{
	double low, high;

	if (!vmsync_hulls_range(c, a, &low, &high))
		return -INFINITY;
	*middle = (low + high) / 2;
	return high - low;
}

/* The line with the most room on both its sides. */
static void draw(const struct vmsync_between *e, double steep,
		 struct vmsync_span *span)
{
	struct vmsync_hulls c;
	double a, b, ignored;

	vmsync_span_hull(e, span, steep, &c);
	a = c.slope_min;
	b = c.slope_max;
	for (int i = 0; i < STEPS && b > a; i++) {
		double x = a + (b - a) / 3, y = b - (b - a) / 3;
		double at_x = gap_at(&c, x, &ignored);
		double at_y = gap_at(&c, y, &ignored);

		if (at_x <= at_y)
			a = x;
		if (at_y <= at_x)
			b = y;
	}
	span->slope = (a + b) / 2;
	gap_at(&c, span->slope, &span->fraction);
}

/* How high lines of slope @a can be at @x. */
static double top_at(const struct vmsync_hulls *c, double a, double x,
		     bool high)
{
	double lo, hi;

	if (!vmsync_hulls_range(c, a, &lo, &hi))
		return -INFINITY;
	return high ? hi + a * x : -(lo + a * x);
}

/* Concave in the slope. */
static double top(const struct vmsync_hulls *c, double x, bool high)
{
	double a = c->slope_min, b = c->slope_max;

	for (int i = 0; i < STEPS && b > a; i++) {
		double p = a + (b - a) / 3, q = b - (b - a) / 3;

		if (top_at(c, p, x, high) < top_at(c, q, x, high))
			a = p;
		else
			b = q;
	}
	return fmax(top_at(c, a, x, high), top_at(c, b, x, high));
}

bool vmsync_hulls_span(const struct vmsync_hulls *c, double x, double *low,
		       double *high)
{
	if (!c->upper.count || !c->lower.count)
		return false;
	*high = top(c, x, true);
	*low = -top(c, x, false);
	return true;
}

/* How far lines that pass are off the span's own at its two ends. */
static double play(const struct vmsync_between *e,
		   const struct vmsync_span *span, const struct vmsync_hulls *c)
{
	const int64_t ends[] = {e[span->interior_first].guest_ns,
				e[span->interior_last].guest_ns};
	double low, high, most = 0;

	for (int i = 0; i < 2; i++) {
		double off = vmsync_span_at(span, ends[i], span->offset);

		if (!vmsync_hulls_span(c, (double)(ends[i] - span->origin),
				       &low, &high))
			return INFINITY;
		most = fmax(most, fmax(high - off, off - low));
	}
	return most;
}

static void judge(const struct vmsync_between *e, double steep, double half,
		  struct vmsync_span *span)
{
	struct vmsync_hulls c;

	if (span->last - span->first < SOLID)
		return;
	draw(e, steep, span);
	vmsync_span_hull(e, span, steep, &c);
	span->solid = play(e, span, &c) <= SOLID_PLAY * half;
}

/*
 * Beside a breakpoint the line must have been seen to be in force: by limits that the
 * clock on any other line would soon have left, on both sides, or for long.
 */
static bool shrink(const struct vmsync_between *e, double steep, double half,
		   struct vmsync_span *span, int step)
{
	size_t *i = step > 0 ? &span->interior_first : &span->interior_last;
	double beside = BESIDE * unit_of(steep, half);
	size_t edge = step > 0 ? span->first : span->last;
	size_t end = third(span, step > 0 ? 1 : 2);
	unsigned int upper = 0, lower = 0;

	while (upper < NEAR || lower < NEAR) {
		double off = vmsync_span_at(span, e[*i].guest_ns, 0);

		if (step > 0 ? *i >= end : *i <= end)
			return (double)(e[end].guest_ns - e[edge].guest_ns) *
				       step >
			       beside;
		upper += (double)e[*i].hi - off < NEAR_PLAY * half;
		lower += off - (double)e[*i].lo < NEAR_PLAY * half;
		*i += (size_t)step;
	}
	return true;
}

/* What tells no line may begin earlier, where the last span has it already. */
static void stretch(const struct vmsync_between *e, double steep, double half,
		    const struct vmsync_span *last, struct vmsync_span *span)
{
	size_t to = last->solid ? third(last, 2) : last->first;

	span->interior_first = reach(e, span->last, to, steep, half, to);
	if (span->interior_first < span->first)
		span->interior_first++;
}

/* Returns whether a span turned out to have no interior. */
static bool find_interiors(const struct vmsync_between *e, double steep,
			   double half, vmsync_spans *spans)
{
	struct vmsync_span *r = spans->at;
	size_t n = spans->count;
	bool lost = false;

	for (size_t i = 0; i < n; i++) {
		r[i].interior_first = r[i].first;
		r[i].interior_last = r[i].last;
	}
	for (size_t i = 0; i + 1 < n; i++)
		part(e, steep, half, &r[i], &r[i + 1]);
	for (size_t i = 0; i < n; i++) {
		if (!r[i].solid && i && !r[i - 1].gap)
			stretch(e, steep, half, &r[i - 1], &r[i]);
		draw(e, steep, &r[i]);
	}
	for (size_t i = 0; i < n; i++) {
		bool from = !i || r[i - 1].bent || r[i - 1].gap;
		bool to = i + 1 == n || r[i].bent || r[i].gap;

		if (!r[i].solid)
			continue;
		if ((from && !shrink(e, steep, half, &r[i], 1)) ||
		    (to && !shrink(e, steep, half, &r[i], -1))) {
			r[i].solid = false;
			lost = true;
		}
	}
	return lost;
}

int vmsync_spans_find(const struct vmsync_between *e, size_t n, double steep,
		      double half, vmsync_spans *spans)
{
	for (size_t i = 0; i < n;) {
		struct vmsync_span *r = vmsync_array_add(spans);

		if (!r)
			return -ENOMEM;
		*r = row_from(e, n, i, steep, half);
		i = r->last + 1;
	}
	for (size_t i = 0; i < spans->count; i++)
		judge(e, steep, half, &spans->at[i]);
	while (find_interiors(e, steep, half, spans))
		;
	return 0;
}
