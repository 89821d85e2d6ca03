// SPDX-License-Identifier: MIT
#include "sync/fit.h"

#include <math.h>
#include <string.h>

#include "sync/drift.h"
#include "sync/mean.h"

/* Rates of two clocks that differ by more are not two clocks. */
#define MAX_SLOPE 0.01

/* Two clocks that NTP steers do not drift apart like this. */
#define STEEP 0.0025

/* A stretch has no more fixes than this, nor is it longer. */
#define MAX_FIXES 200
#define MAX_LENGTH_NS 20000000000

/* A fix that comes so many times later than usual, and this. */
#define LATE	16
#define LATE_NS 1000000

/* Clocks that drift too fast do so by no less than limits show, but by more. */
#define MORE 1.25

/* A stretch of fewer tells no slope of its own. */
#define MIN_FIXES 4

void vmsync_fit_init(struct vmsync_fit *fit, enum vmsync_method method)
{
	memset(fit, 0, sizeof(*fit));
	vmsync_polyline_init(&fit->line, method);
}

void vmsync_fit_machines(struct vmsync_fit *fit)
{
	fit->mean = fit->line.sure = true;
	fit->line.drift = VMSYNC_DRIFT_APART;
}

void vmsync_fit_free(struct vmsync_fit *fit)
{
	vmsync_polyline_free(&fit->line);
}

int vmsync_fit_own(struct vmsync_fit *fit)
{
	struct vmsync_map had = fit->line.map, *map = &fit->line.map;
	int err = 0;

	vmsync_map_init(map);
	map->extrapolation_ppb = had.extrapolation_ppb;
	for (size_t i = 0; !err && i < had.count; i++)
		err = vmsync_map_append(map, &had.segments[i]);
	if (err)
		vmsync_map_free(map);
	return err;
}

static const struct vmsync_limit *earlier_of(const struct vmsync_fix *fix)
{
	return fix->has_upper && (!fix->has_lower || fix->upper.guest_ns <=
						     fix->lower.guest_ns) ?
		       &fix->upper : &fix->lower;
}

static void open_corridor(struct vmsync_fit *fit, const struct vmsync_fix *fix)
{
	const struct vmsync_limit *l = earlier_of(fix);

	vmsync_corridor_init(&fit->corridor,
			     fit->mean ? fit->line.drift : MAX_SLOPE);
	fit->open = true;
	fit->count = 0;
	fit->origin = l->guest_ns;
	fit->offset = l->host_ns - l->guest_ns;
	fit->first = fit->second = l->guest_ns;
	fit->before_last = fit->last = l->guest_ns;
	fit->firsts.count = fit->lasts.count = 0;
	fit->gaps.count = 0;
	fit->first_set_ns = fit->set_ns;
}

static double x_of(const struct vmsync_fit *fit, const struct vmsync_limit *l)
{
	return (double)(l->guest_ns - fit->origin);
}

static double y_of(const struct vmsync_fit *fit, const struct vmsync_limit *l)
{
	return (double)(l->host_ns - l->guest_ns - fit->offset) + l->rest_ns;
}

static bool add_upper(struct vmsync_fit *fit, const struct vmsync_limit *l)
{
	return vmsync_corridor_upper(&fit->corridor, x_of(fit, l),
				     y_of(fit, l));
}

static bool add_lower(struct vmsync_fit *fit, const struct vmsync_limit *l)
{
	return vmsync_corridor_lower(&fit->corridor, x_of(fit, l),
				     y_of(fit, l));
}

/* Both limits in the order of time; none if one does not fit. */
static bool add_limits(struct vmsync_fit *fit, const struct vmsync_fix *fix)
{
	const struct vmsync_limit *u = &fix->upper, *l = &fix->lower;
	const struct vmsync_corridor *c = &fit->corridor;

	if (!fix->has_lower)
		return add_upper(fit, u);
	if (!fix->has_upper)
		return add_lower(fit, l);
	if (u->guest_ns <= l->guest_ns) {
		if (!vmsync_corridor_fits_lower(c, x_of(fit, l),
						y_of(fit, l)) ||
		    !add_upper(fit, u))
			return false;
		add_lower(fit, l);
	} else {
		if (!vmsync_corridor_fits_upper(c, x_of(fit, u),
						y_of(fit, u)) ||
		    !add_lower(fit, l))
			return false;
		add_upper(fit, u);
	}
	return true;
}

static void keep_sight(struct vmsync_fit *fit, const struct vmsync_fix *fix)
{
	struct vmsync_sight sight = {
		.upper_ns = fix->upper.guest_ns,
		.lower_ns = fix->lower.guest_ns,
		.upper = y_of(fit, &fix->upper),
		.lower = y_of(fit, &fix->lower),
	};

	if (fit->firsts.count < VMSYNC_BEND_SIGHTS)
		vmsync_sights_add(&fit->firsts, &sight);
	vmsync_sights_add(&fit->lasts, &sight);
}

/* Follows @fix, if the corridor leaves room for it. */
static bool take(struct vmsync_fit *fit, const struct vmsync_fix *fix)
{
	const struct vmsync_limit *u = &fix->upper, *l = &fix->lower;
	int64_t begin, end;

	if (!add_limits(fit, fix))
		return false;
	/* Of one limit alone nobody knows how near it is. */
	if (!fix->has_upper || !fix->has_lower)
		return true;
	begin = u->guest_ns < l->guest_ns ? u->guest_ns : l->guest_ns;
	end = u->guest_ns < l->guest_ns ? l->guest_ns : u->guest_ns;
	keep_sight(fit, fix);
	fit->count++;
	if (fit->count == 1) {
		fit->first = fit->second = begin;
		fit->play_first = fix->play_ns;
	} else if (fit->count == 2) {
		fit->second = begin;
	}
	if (end > fit->last || fit->count == 1) {
		fit->before_last = fit->last;
		fit->last = end;
		fit->play_last = fix->play_ns;
	}
	return true;
}

/*
 * The slopes that pass and that two clocks have. If none is both, the clocks are
 * others than those, and what passes counts.
 */
struct slopes {
	double min;
	double max;
};

static struct slopes slopes_of(const struct vmsync_fit *fit)
{
	const struct vmsync_corridor *c = &fit->corridor;
	struct slopes s = { fmax(c->slope_min, -fit->line.drift),
			    fmin(c->slope_max, fit->line.drift) };

	if (s.min > s.max)
		s = (struct slopes){ c->slope_min, c->slope_max };
	return s;
}

/* How far off @y at @x lines may be that pass: by the extreme slopes. */
static double width_at(const struct vmsync_corridor *c, struct slopes s,
		       double x, double y)
{
	const double slopes[] = { s.min, s.max, (s.min + s.max) / 2 };
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

static bool line_of(const struct vmsync_fit *fit, struct vmsync_stretch *out)
{
	const struct vmsync_corridor *c = &fit->corridor;
	struct slopes s = slopes_of(fit);
	double a = (s.min + s.max) / 2, low, high, b, x0, x1;
	bool borrowed = fit->count < MIN_FIXES && fit->has_slope;

	if (!fit->open || !fit->count)
		return false;
	/* A short stretch goes on with the last slope, if that may be. */
	if (borrowed)
		a = fmin(fmax(fit->last_slope, s.min), s.max);
	if (!vmsync_corridor_range(c, a, &low, &high))
		return false;
	b = (low + high) / 2;
	x0 = (double)(fit->first - fit->origin);
	x1 = (double)(fit->last - fit->origin);
	*out = (struct vmsync_stretch){
		.first = fit->first,
		.last = fit->last,
		.at = fit->origin,
		.offset = fit->offset,
		.fraction = b,
		.slope = a,
		.w_first = width_at(c, s, x0, b + a * x0),
		.w_last = width_at(c, s, x1, b + a * x1),
		.count = fit->count,
		.borrowed = borrowed,
		.jumped = fit->jumped,
		.set_ns = fit->first_set_ns,
		.second = fit->second,
		.before_last = fit->before_last,
		.play_first = fit->play_first,
		.play_last = fit->play_last,
		.base_ns = fit->base_ns,
		.gaps = fit->gaps,
		.firsts = fit->firsts,
		.lasts = fit->lasts,
	};
	vmsync_gaps_wide(&out->gaps, fit->last - fit->first, fit->count);
	return true;
}

static int close_corridor(struct vmsync_fit *fit, bool bent)
{
	struct vmsync_stretch line;
	bool good = line_of(fit, &line);

	if (fit->corridor.slope_min > STEEP || fit->corridor.slope_max < -STEEP)
		fit->steep++;
	fit->open = false;
	if (!good)
		return 0;
	line.bent = bent;
	fit->jumped = false;
	fit->last_slope = line.slope;
	fit->has_slope = true;
	fit->line.play_ns = fit->wave_ns;
	return vmsync_polyline_add(&fit->line, &line);
}

int vmsync_fit_break(struct vmsync_fit *fit)
{
	return close_corridor(fit, true);
}

static void cut(struct vmsync_fit *fit, int64_t until)
{
	if (fit->mean)
		until += fit->mean_less_guest;
	vmsync_few_cut(&fit->few, until);
	vmsync_polyline_cut(&fit->line, until);
	if (!fit->open || fit->last <= until)
		return;
	if (fit->first >= until && fit->line.has_tail)
		fit->open = false;
	fit->last = until > fit->first ? until : fit->first;
	if (fit->before_last > until)
		fit->before_last = until;
	fit->lasts.count = 0;
}

int vmsync_fit_jump(struct vmsync_fit *fit, int64_t until)
{
	int err;

	cut(fit, until);
	err = fit->open ? close_corridor(fit, true) : 0;
	fit->jumped = true;
	return err;
}

/* So much later than usual that the clocks may have bent meanwhile. */
static bool is_late(const struct vmsync_fit *fit, const struct vmsync_fix *fix)
{
	const struct vmsync_limit *l = earlier_of(fix);
	double usual = (double)(fit->last - fit->first) / fit->count;

	return fit->count >= MIN_FIXES &&
	       (double)(l->guest_ns - fit->last) > LATE * usual + LATE_NS;
}

/* The same limits over the time that is used. */
static struct vmsync_fix over_axis(struct vmsync_fit *fit,
				   const struct vmsync_fix *fix)
{
	struct vmsync_fix f = *fix;
	const struct vmsync_limit *l = f.has_upper ? &f.upper : &f.lower;

	if (!fit->mean)
		return f;
	fit->mean_less_guest = (l->host_ns - l->guest_ns) / 2;
	vmsync_mean_limit(&f.upper.guest_ns, &f.upper.host_ns);
	vmsync_mean_limit(&f.lower.guest_ns, &f.lower.host_ns);
	return f;
}

/*
 * A limit that two clocks cannot keep that drift no faster: they are of another kind,
 * and from here on drift as fast as explains it. What no drift explains is a jump.
 */
static void check_drift(struct vmsync_fit *fit, int64_t ns, int64_t offset,
			bool upper)
{
	struct vmsync_range *r = &fit->range;
	double y, drift;

	if (!r->any)
		*r = (struct vmsync_range){ true, ns, offset, -INFINITY,
					    INFINITY };
	if (ns < r->ns)
		return;
	y = (double)(offset - r->base);
	drift = fit->line.drift * (double)(ns - r->ns);
	r->hi = upper ? fmin(r->hi + drift, y) : r->hi + drift;
	r->lo = upper ? r->lo - drift : fmax(r->lo - drift, y);
	r->ns = ns;
	if (r->lo <= r->hi + 2)
		return;
	drift = vmsync_seen_drift(&fit->line.seen);
	if (drift > VMSYNC_DRIFT_TICKS)
		memset(&fit->line.seen, 0, sizeof(fit->line.seen));
	else if (drift > fit->line.drift)
		fit->line.drift = MORE * drift;
	r->any = false;
}

/* An exchange that is too slow to be a fix has seen the clock, too. */
static void see_gap(struct vmsync_fit *fit, const struct vmsync_fix *fix)
{
	int64_t ns = earlier_of(fix)->guest_ns;

	if (fit->open && fit->count)
		vmsync_gaps_add(&fit->gaps, fit->seen_ns, ns);
	if (ns > fit->seen_ns)
		fit->seen_ns = ns;
}

void vmsync_fit_see(struct vmsync_fit *fit, const struct vmsync_fix *limits)
{
	struct vmsync_fix fix = over_axis(fit, limits);
	const struct vmsync_limit *u = &fix.upper, *l = &fix.lower;
	int64_t up = u->host_ns + (int64_t)ceil(u->rest_ns);
	int64_t low = l->host_ns + (int64_t)floor(l->rest_ns);
	struct vmsync_few_limit upper = { .ns = u->guest_ns,
					  .offset = up - u->guest_ns };
	struct vmsync_few_limit lower = { .ns = l->guest_ns,
					  .offset = low - l->guest_ns };

	see_gap(fit, &fix);
	if (fix.has_upper)
		vmsync_seen_upper(&fit->line.seen, u->guest_ns, up);
	if (fix.has_lower)
		vmsync_seen_lower(&fit->line.seen, l->guest_ns, low);
	if (fit->mean && fix.has_upper)
		check_drift(fit, u->guest_ns, up - u->guest_ns, true);
	if (fit->mean && fix.has_lower)
		check_drift(fit, l->guest_ns, low - l->guest_ns, false);
	vmsync_few_see(&fit->few, fix.has_upper ? &upper : NULL,
		       fix.has_lower ? &lower : NULL);
}

/* The clock was set, by more than a line's own bound has room for. */
static bool is_set(const struct vmsync_fit *fit)
{
	return fit->set_ns > fit->base_ns / 2;
}

void vmsync_fit_set(struct vmsync_fit *fit, double ns)
{
	fit->set_ns += ns;
	/* Few limits say nothing across it. */
	if (ns > 0 && is_set(fit))
		fit->few.part = true;
}

int vmsync_fit_add(struct vmsync_fit *fit, const struct vmsync_fix *exchange)
{
	struct vmsync_fix own = over_axis(fit, exchange), *fix = &own;
	int err = 0;

	if (!fit->open || is_set(fit) || is_late(fit, fix) || !take(fit, fix)) {
		if (fit->open)
			err = close_corridor(fit, true);
		open_corridor(fit, fix);
		take(fit, fix);
	}
	fit->set_ns = 0;
	if (!err && (fit->count >= MAX_FIXES ||
		     fit->last - fit->first > MAX_LENGTH_NS ||
		     vmsync_corridor_full(&fit->corridor)))
		err = close_corridor(fit, false);
	return err;
}

/* The last segment that begins at or before @from_ns, or the first. */
static size_t first_segment(const struct vmsync_map *map, int64_t from_ns)
{
	size_t i = map->count;

	while (i > 0 && map->segments[i - 1].guest_start.ns > from_ns)
		i--;
	return i ? i - 1 : 0;
}

/* As if nothing more came, over the time that is used. */
static int map_of(const struct vmsync_fit *fit, int64_t from_ns,
		  struct vmsync_map *map)
{
	const struct vmsync_map *made = &fit->line.map;
	struct vmsync_polyline copy = fit->line;
	struct vmsync_stretch line;
	int err = 0;

	if (fit->few.fixes &&
	    (!fit->few.many || !(fit->count + fit->line.fixes)))
		return vmsync_few_map(&fit->few, fit->line.method,
				      fit->mean ? VMSYNC_DRIFT_APART :
						  VMSYNC_DRIFT,
				      map);
	copy.map = *map;
	for (size_t i = first_segment(made, from_ns); !err && i < made->count;
	     i++)
		err = vmsync_map_append(&copy.map, &made->segments[i]);
	if (!err && line_of(fit, &line))
		err = vmsync_polyline_add(&copy, &line);
	if (!err)
		err = vmsync_polyline_end(&copy);
	*map = copy.map;
	return err;
}

int vmsync_fit_map_from(const struct vmsync_fit *fit, int64_t from_ns,
			struct vmsync_map *map)
{
	struct vmsync_map mean;
	int err;

	if (!fit->mean)
		return map_of(fit, from_ns, map);
	vmsync_map_init(&mean);
	err = map_of(fit, INT64_MIN, &mean);
	if (!err)
		err = vmsync_mean_map(&mean, map);
	vmsync_map_free(&mean);
	return err;
}

int vmsync_fit_map(const struct vmsync_fit *fit, struct vmsync_map *map)
{
	return vmsync_fit_map_from(fit, INT64_MIN, map);
}

/* Behind it the next stretch may still hold the map down. */
#define MARGIN_NS 10000000

int64_t vmsync_fit_settled(const struct vmsync_fit *fit)
{
	int64_t from = fit->line.from - MARGIN_NS;

	if (!fit->few.many || !fit->line.has_tail)
		return 0;
	return fit->mean ? from - fit->mean_less_guest : from;
}

uint64_t vmsync_fit_odd(const struct vmsync_fit *fit)
{
	return fit->steep + fit->line.epoch - fit->line.told;
}
