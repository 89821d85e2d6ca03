// SPDX-License-Identifier: MIT
/*
 * The beacon method: four time stamps of each exchange, and nothing else.
 *
 * Let D be the least that the two ways of an exchange take together. A line
 * halfway between the earliest and the latest that D allows lies under every
 * (gh_guest, gh_host - D/2) and over every (hg_guest, hg_host + D/2): with D
 * taken off, the corridor is as narrow as the jitter of the quick exchanges,
 * and slow ones do no harm. The corridor is followed as long as one line fits;
 * where none does, or it is long enough, a new stretch begins. How the line
 * lies to the truth: Documentation/accuracy.rst.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sync/corridor.h"
#include "sync/delay.h"
#include "sync/estimator.h"
#include "sync/polyline.h"

/* Blocks of beacons that D is learned from before the first line is drawn. */
#define WARM_UP 8

/* Rates of two clocks that differ by more are not two clocks. */
#define MAX_SLOPE 0.01

/* Lines are not straight: what dithering and small slews may hide, ns. */
#define WAVE_NS 5.0

/* The corridor is so much wider than needed, of an exchange's usual excess. */
#define WAVE_SHARE 0.05

/* An exchange that is slower says nothing that a usual one does not. */
#define SLOW 2
#define MAX_SLOW 32

/* A stretch has no more beacons than this, nor is it longer. */
#define MAX_BEACONS 200
#define MAX_LENGTH_NS 20000000000

/*
 * Of a quick exchange each way takes at least this share of D; of a slow one
 * (a port, an emulated machine) nothing is assumed.
 */
#define LEAST_SHARE (1.0 / 3)
#define QUICK_NS 5000

/**
 * struct beacon_state - one guest's
 * @delay:	learns D
 * @early:	the first beacons, while D is not known well
 * @origin, @origin_offset: of the corridor: guest time, host minus guest
 * @first, @second, @before_last, @last: guest times of whole beacons in it
 * @play_first, @play_last: see struct vmsync_stretch
 */
struct beacon_state {
	bool wide;
	struct vmsync_delay delay;
	struct vmsync_beacon early[WARM_UP * VMSYNC_DELAY_BLOCK];
	size_t n_early;
	bool warm;
	unsigned int slow;
	struct vmsync_corridor corridor;
	bool open;
	unsigned int count;
	int64_t origin;
	int64_t origin_offset;
	int64_t first;
	int64_t second;
	int64_t before_last;
	int64_t last;
	double play_first;
	double play_last;
	double last_slope;
	bool has_slope;
	struct vmsync_polyline line;
};

static void *create(const struct vmsync_sync_options *opt)
{
	struct beacon_state *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->wide = opt->wide;
	vmsync_delay_init(&s->delay);
	vmsync_polyline_init(&s->line, opt->wide ? VMSYNC_METHOD_PORT :
						   VMSYNC_METHOD_BEACON);
	return s;
}

static void destroy(void *state)
{
	struct beacon_state *s = state;

	if (s)
		vmsync_polyline_free(&s->line);
	free(s);
}

/* What the line may be wrong by as a whole. */
static double asymmetry(const struct beacon_state *s)
{
	double delay = vmsync_delay_ns(&s->delay);

	if (s->wide || delay > QUICK_NS)
		return delay / 2;
	return delay * (0.5 - LEAST_SHARE);
}

static double wave(const struct beacon_state *s)
{
	return fmax(WAVE_NS, WAVE_SHARE * vmsync_delay_excess_ns(&s->delay));
}

static bool too_slow(struct beacon_state *s, const struct vmsync_beacon *b)
{
	double delay = b->gh && b->hg ? vmsync_beacon_delay(b) : 0;
	double usual = vmsync_delay_ns(&s->delay) +
		       SLOW * fmax(WAVE_NS, vmsync_delay_excess_ns(&s->delay));

	if (delay >= 0 && delay <= usual)
		s->slow = 0;
	else if (++s->slow <= MAX_SLOW)
		return true;
	return delay < 0;
}

/* A small bend may hide in what a usual exchange leaves open. */
static double base_error(const struct beacon_state *s)
{
	return asymmetry(s) + wave(s) +
	       vmsync_delay_excess_ns(&s->delay) / 2;
}

static void open_corridor(struct beacon_state *s, const struct vmsync_beacon *b)
{
	vmsync_corridor_init(&s->corridor, MAX_SLOPE);
	s->open = true;
	s->count = 0;
	s->origin = b->gh ? b->gh_guest_ns : b->hg_guest_ns;
	s->origin_offset = b->gh ? b->gh_host_ns - b->gh_guest_ns :
				   b->hg_host_ns - b->hg_guest_ns;
	s->first = s->second = s->before_last = s->last = s->origin;
}

struct legs {
	double x_upper;
	double y_upper;
	double x_lower;
	double y_lower;
};

static struct legs legs_of(const struct beacon_state *s,
			   const struct vmsync_beacon *b)
{
	double half = vmsync_delay_ns(&s->delay) / 2 - wave(s);

	return (struct legs){
		(double)(b->gh_guest_ns - s->origin),
		(double)(b->gh_host_ns - b->gh_guest_ns - s->origin_offset) -
			half,
		(double)(b->hg_guest_ns - s->origin),
		(double)(b->hg_host_ns - b->hg_guest_ns - s->origin_offset) +
			half,
	};
}

static bool fits(const struct beacon_state *s, const struct vmsync_beacon *b)
{
	struct legs l = legs_of(s, b);

	return (!b->gh || vmsync_corridor_fits_upper(&s->corridor, l.x_upper,
						     l.y_upper)) &&
	       (!b->hg || vmsync_corridor_fits_lower(&s->corridor, l.x_lower,
						     l.y_lower));
}

/* Half of what one exchange leaves open, beyond D. */
static double play_of(const struct beacon_state *s,
		      const struct vmsync_beacon *b)
{
	double over = vmsync_beacon_delay(b) - vmsync_delay_ns(&s->delay);

	return over > 0 ? over / 2 : 0;
}

static void take(struct beacon_state *s, const struct vmsync_beacon *b)
{
	struct legs l = legs_of(s, b);

	if (b->gh)
		vmsync_corridor_upper(&s->corridor, l.x_upper, l.y_upper);
	if (b->hg)
		vmsync_corridor_lower(&s->corridor, l.x_lower, l.y_lower);
	/* Of one way alone nobody knows how long it took. */
	if (!b->gh || !b->hg)
		return;
	s->count++;
	if (s->count == 1) {
		s->first = s->second = b->gh_guest_ns;
		s->play_first = play_of(s, b);
	} else if (s->count == 2) {
		s->second = b->gh_guest_ns;
	}
	if (b->hg_guest_ns > s->last) {
		s->before_last = s->last;
		s->last = b->hg_guest_ns;
		s->play_last = play_of(s, b);
	}
}

/* How far off @y at @x lines may be that pass: by the extreme slopes. */
static double width_at(const struct vmsync_corridor *c, double x, double y)
{
	const double slopes[] = { c->slope_min, c->slope_max,
				  (c->slope_min + c->slope_max) / 2 };
	double low, high, w = 0;

	for (int i = 0; i < 3; i++) {
		if (!vmsync_corridor_range(c, slopes[i], &low, &high))
			return 0;
		low += slopes[i] * x;
		high += slopes[i] * x;
		w = fmax(w, fmax(y - low, high - y));
	}
	return w;
}

static bool line_of(const struct beacon_state *s, struct vmsync_stretch *out)
{
	const struct vmsync_corridor *c = &s->corridor;
	double a = (c->slope_min + c->slope_max) / 2, low, high, b, x0, x1;

	if (!s->open || !s->count || !c->upper.count || !c->lower.count)
		return false;
	/* A short stretch tells no slope: go on with the last one. */
	if (s->count < 4 && s->has_slope)
		a = fmin(fmax(s->last_slope, c->slope_min), c->slope_max);
	if (!vmsync_corridor_range(c, a, &low, &high))
		return false;
	b = (low + high) / 2;
	x0 = (double)(s->first - s->origin);
	x1 = (double)(s->last - s->origin);
	*out = (struct vmsync_stretch){
		.first = s->first,
		.last = s->last,
		.at = s->origin,
		.offset = s->origin_offset,
		.fraction = b,
		.slope = a,
		.w_first = width_at(c, x0, b + a * x0),
		.w_last = width_at(c, x1, b + a * x1),
		.count = s->count,
		.second = s->second,
		.before_last = s->before_last,
		.play_first = s->play_first,
		.play_last = s->play_last,
	};
	return true;
}

static int close_corridor(struct beacon_state *s, bool bent)
{
	struct vmsync_stretch line;
	bool good = line_of(s, &line);

	s->open = false;
	if (!good)
		return 0;
	line.bent = bent;
	s->last_slope = line.slope;
	s->has_slope = true;
	s->line.base_ns = base_error(s);
	s->line.play_ns = wave(s);
	return vmsync_polyline_add(&s->line, &line);
}

static int use(struct beacon_state *s, const struct vmsync_beacon *b)
{
	int err = 0;

	if (too_slow(s, b))
		return 0;
	if (s->open && !fits(s, b))
		err = close_corridor(s, true);
	if (!err && !s->open)
		open_corridor(s, b);
	take(s, b);
	if (!err && (s->count >= MAX_BEACONS ||
		     s->last - s->first > MAX_LENGTH_NS ||
		     vmsync_corridor_full(&s->corridor)))
		err = close_corridor(s, false);
	return err;
}

static int warm_up(struct beacon_state *s)
{
	int err = 0;

	s->warm = true;
	vmsync_delay_flush(&s->delay);
	for (size_t i = 0; !err && i < s->n_early; i++)
		err = use(s, &s->early[i]);
	return err;
}

static int beacon(void *state, const struct vmsync_beacon *b)
{
	struct beacon_state *s = state;

	vmsync_delay_learn(&s->delay, b);
	if (s->warm)
		return use(s, b);
	s->early[s->n_early++] = *b;
	return s->n_early == WARM_UP * VMSYNC_DELAY_BLOCK ? warm_up(s) : 0;
}

static int map(void *state, const struct vmsync_facts *f, uint32_t cpu,
	       bool final, struct vmsync_map *map)
{
	struct beacon_state *s = state;
	struct vmsync_stretch line;
	struct vmsync_polyline copy;
	int err = 0;

	(void)f;
	(void)cpu;
	if (final && !s->warm)
		err = warm_up(s);
	if (err)
		return err;
	/* The open corridor, on a copy: it may go on. */
	copy = s->line;
	copy.map = *map;
	for (size_t i = 0; !err && i < s->line.map.count; i++)
		err = vmsync_map_append(&copy.map, &s->line.map.segments[i]);
	if (!err && line_of(s, &line)) {
		copy.base_ns = base_error(s);
		err = vmsync_polyline_add(&copy, &line);
	}
	if (!err)
		err = vmsync_polyline_end(&copy);
	*map = copy.map;
	return err;
}

const struct vmsync_estimator vmsync_beacon_estimator = {
	.method = VMSYNC_METHOD_BEACON,
	.create = create,
	.destroy = destroy,
	.beacon = beacon,
	.map = map,
};
