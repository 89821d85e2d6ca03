// SPDX-License-Identifier: MIT
#include "sync/estimate/segmentation.h"

#include <math.h>
#include <string.h>

#include "sync/base/drift.h"
#include "sync/estimate/mean.h"

/* Rates of two clocks that differ by more are not two clocks. */
#define MAX_SLOPE 0.01

/* Two clocks that NTP steers do not drift apart like this. */
#define STEEP 0.0025

/* A stretch has no more fixes than this, nor is it longer. */
#define MAX_FIXES 200
#define MAX_LENGTH_NS 20000000000

/* Clocks that drift too fast do so by no less than limits show, but by more. */
#define MORE 1.25

/* A stretch of fewer tells no slope of its own. */
#define MIN_FIXES 4

void vmsync_segmentation_init(struct vmsync_segmentation *seg,
			      enum vmsync_method method)
{
	memset(seg, 0, sizeof(*seg));
	vmsync_polyline_init(&seg->line, method);
}

void vmsync_segmentation_machines(struct vmsync_segmentation *seg)
{
	seg->mean = seg->line.unseen.sure = true;
	seg->line.unseen.drift = VMSYNC_DRIFT_APART;
}

void vmsync_segmentation_free(struct vmsync_segmentation *seg)
{
	vmsync_polyline_free(&seg->line);
}

int vmsync_segmentation_own(struct vmsync_segmentation *seg)
{
	struct vmsync_map had = seg->line.map, *map = &seg->line.map;
	int err = 0;

	vmsync_map_init(map);
	map->extrapolation_ppb = had.extrapolation_ppb;
	map->extrapolation_ns = had.extrapolation_ns;
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

static void begin_line(struct vmsync_segmentation *seg,
		       const struct vmsync_fix *fix)
{
	const struct vmsync_limit *l = earlier_of(fix);

	vmsync_hulls_init(&seg->hulls,
			  seg->mean ? seg->line.unseen.drift : MAX_SLOPE);
	seg->open = true;
	seg->count = 0;
	seg->origin = l->guest_ns;
	seg->offset = l->host_ns - l->guest_ns;
	seg->first = seg->second = l->guest_ns;
	seg->before_last = seg->last = l->guest_ns;
	seg->firsts.count = seg->lasts.count = 0;
	seg->gaps.count = 0;
	seg->first_set_ns = seg->set_ns;
}

static double x_of(const struct vmsync_segmentation *seg,
		   const struct vmsync_limit *l)
{
	return (double)(l->guest_ns - seg->origin);
}

static double y_of(const struct vmsync_segmentation *seg,
		   const struct vmsync_limit *l)
{
	return (double)(l->host_ns - l->guest_ns - seg->offset) + l->rest_ns;
}

static bool add_upper(struct vmsync_segmentation *seg,
		      const struct vmsync_limit *l)
{
	return vmsync_hulls_upper(&seg->hulls, x_of(seg, l), y_of(seg, l));
}

static bool add_lower(struct vmsync_segmentation *seg,
		      const struct vmsync_limit *l)
{
	return vmsync_hulls_lower(&seg->hulls, x_of(seg, l), y_of(seg, l));
}

/* Both limits in the order of time; none if one does not seg. */
static bool add_limits(struct vmsync_segmentation *seg,
		       const struct vmsync_fix *fix)
{
	const struct vmsync_limit *u = &fix->upper, *l = &fix->lower;
	const struct vmsync_hulls *c = &seg->hulls;

	if (!fix->has_lower)
		return add_upper(seg, u);
	if (!fix->has_upper)
		return add_lower(seg, l);
	if (u->guest_ns <= l->guest_ns) {
		if (!vmsync_hulls_fits_lower(c, x_of(seg, l), y_of(seg, l)) ||
		    !add_upper(seg, u))
			return false;
		add_lower(seg, l);
	} else {
		if (!vmsync_hulls_fits_upper(c, x_of(seg, u), y_of(seg, u)) ||
		    !add_lower(seg, l))
			return false;
		add_upper(seg, u);
	}
	return true;
}

static void keep_sight(struct vmsync_segmentation *seg,
		       const struct vmsync_fix *fix)
{
	struct vmsync_sight sight = {
		.upper_ns = fix->upper.guest_ns,
		.lower_ns = fix->lower.guest_ns,
		.upper = y_of(seg, &fix->upper),
		.lower = y_of(seg, &fix->lower),
	};

	if (seg->firsts.count < VMSYNC_SIGHTS)
		vmsync_sights_add(&seg->firsts, &sight);
	vmsync_sights_add(&seg->lasts, &sight);
}

/* Follows @fix, if the hulls leave room for it. */
static bool take(struct vmsync_segmentation *seg, const struct vmsync_fix *fix)
{
	const struct vmsync_limit *u = &fix->upper, *l = &fix->lower;
	int64_t begin, end;

	if (!add_limits(seg, fix))
		return false;
	/* Of one limit alone nobody knows how near it is. */
	if (!fix->has_upper || !fix->has_lower)
		return true;
	begin = u->guest_ns < l->guest_ns ? u->guest_ns : l->guest_ns;
	end = u->guest_ns < l->guest_ns ? l->guest_ns : u->guest_ns;
	keep_sight(seg, fix);
	seg->count++;
	if (seg->count == 1) {
		seg->first = seg->second = begin;
		seg->play_first = fix->play_ns;
	} else if (seg->count == 2) {
		seg->second = begin;
	}
	if (end > seg->last || seg->count == 1) {
		seg->before_last = seg->last;
		seg->last = end;
		seg->play_last = fix->play_ns;
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

static struct slopes slopes_of(const struct vmsync_segmentation *seg)
{
	const struct vmsync_hulls *c = &seg->hulls;
	struct slopes s = {fmax(c->slope_min, -seg->line.unseen.drift),
			   fmin(c->slope_max, seg->line.unseen.drift)};

	if (s.min > s.max)
		s = (struct slopes){ c->slope_min, c->slope_max };
	return s;
}

/* How far off @y at @x lines may be that pass: by the extreme slopes. */
static double width_at(const struct vmsync_hulls *c, struct slopes s, double x,
		       double y)
{
	const double slopes[] = { s.min, s.max, (s.min + s.max) / 2 };
	double low, high, w = 0;

	for (int i = 0; i < 3; i++) {
		if (!vmsync_hulls_range(c, slopes[i], &low, &high))
			return 0;
		low += slopes[i] * x;
		high += slopes[i] * x;
		w = fmax(w, fmax(y - low, high - y));
	}
	return w;
}

/*
 * Line and truth both keep to what the fix at an end leaves, on either side of it: so
 * far apart they may be there, where it leaves more than is counted everywhere.
 */
static double end_play(const struct vmsync_segmentation *seg, double play_ns)
{
	return fmax(play_ns, 2 * play_ns - seg->base_ns);
}

static bool line_of(const struct vmsync_segmentation *seg,
		    struct vmsync_stretch *out)
{
	const struct vmsync_hulls *c = &seg->hulls;
	struct slopes s = slopes_of(seg);
	double a = (s.min + s.max) / 2, low, high, b, x0, x1;
	bool borrowed = seg->count < MIN_FIXES && seg->has_slope;

	if (!seg->open || !seg->count)
		return false;
	/* A short stretch goes on with the last slope, if that may be. */
	if (borrowed)
		a = fmin(fmax(seg->last_slope, s.min), s.max);
	if (!vmsync_hulls_range(c, a, &low, &high))
		return false;
	b = (low + high) / 2;
	x0 = (double)(seg->first - seg->origin);
	x1 = (double)(seg->last - seg->origin);
	*out = (struct vmsync_stretch){
		.first = seg->first,
		.last = seg->last,
		.at = seg->origin,
		.offset = seg->offset,
		.fraction = b,
		.slope = a,
		.w_first = width_at(c, s, x0, b + a * x0),
		.w_last = width_at(c, s, x1, b + a * x1),
		.count = seg->count,
		.borrowed = borrowed,
		.jumped = seg->jumped,
		.set_ns = seg->first_set_ns,
		.second = seg->second,
		.before_last = seg->before_last,
		.play_first = end_play(seg, seg->play_first),
		.play_last = end_play(seg, seg->play_last),
		.base_ns = seg->base_ns,
		.gaps = seg->gaps,
		.firsts = seg->firsts,
		.lasts = seg->lasts,
	};
	vmsync_gaps_wide(&out->gaps, seg->last - seg->first, seg->count);
	return true;
}

static int close_hulls(struct vmsync_segmentation *seg, bool bent)
{
	struct vmsync_stretch line;
	bool good = line_of(seg, &line);

	if (seg->hulls.slope_min > STEEP || seg->hulls.slope_max < -STEEP)
		seg->steep++;
	seg->open = false;
	if (!good)
		return 0;
	line.bent = bent;
	seg->jumped = false;
	seg->last_slope = line.slope;
	seg->has_slope = true;
	seg->line.play_ns = seg->wave_ns;
	return vmsync_polyline_add(&seg->line, &line);
}

int vmsync_segmentation_break(struct vmsync_segmentation *seg)
{
	return close_hulls(seg, true);
}

static void cut(struct vmsync_segmentation *seg, int64_t until)
{
	if (seg->mean)
		until += seg->mean_less_guest;
	vmsync_few_cut(&seg->few, until);
	vmsync_polyline_cut(&seg->line, until);
	if (!seg->open || seg->last <= until)
		return;
	if (seg->first >= until && seg->line.has_tail)
		seg->open = false;
	seg->last = until > seg->first ? until : seg->first;
	if (seg->before_last > until)
		seg->before_last = until;
	seg->lasts.count = 0;
}

int vmsync_segmentation_jump(struct vmsync_segmentation *seg, int64_t until)
{
	int err;

	cut(seg, until);
	err = seg->open ? close_hulls(seg, true) : 0;
	seg->jumped = true;
	return err;
}

/* The same limits over the time that is used. */
static struct vmsync_fix over_axis(struct vmsync_segmentation *seg,
				   const struct vmsync_fix *fix)
{
	struct vmsync_fix f = *fix;
	const struct vmsync_limit *l = f.has_upper ? &f.upper : &f.lower;

	if (!seg->mean)
		return f;
	seg->mean_less_guest = (l->host_ns - l->guest_ns) / 2;
	vmsync_mean_limit(&f.upper.guest_ns, &f.upper.host_ns);
	vmsync_mean_limit(&f.lower.guest_ns, &f.lower.host_ns);
	return f;
}

/*
 * A limit that two clocks cannot keep that drift no faster: they are of another kind,
 * and from here on drift as fast as explains it. What no drift explains is a jump.
 */
static void check_drift(struct vmsync_segmentation *seg, int64_t ns,
			int64_t offset, bool upper)
{
	struct vmsync_range *r = &seg->range;
	double y, drift;

	if (!r->any)
		*r = (struct vmsync_range){ true, ns, offset, -INFINITY,
					    INFINITY };
	if (ns < r->ns)
		return;
	y = (double)(offset - r->base);
	drift = seg->line.unseen.drift * (double)(ns - r->ns);
	r->hi = upper ? fmin(r->hi + drift, y) : r->hi + drift;
	r->lo = upper ? r->lo - drift : fmax(r->lo - drift, y);
	r->ns = ns;
	if (r->lo <= r->hi + 2)
		return;
	drift = vmsync_recent_drift(&seg->line.unseen.recent);
	if (drift > VMSYNC_DRIFT_TICKS)
		memset(&seg->line.unseen.recent, 0,
		       sizeof(seg->line.unseen.recent));
	else if (drift > seg->line.unseen.drift)
		seg->line.unseen.drift = MORE * drift;
	r->any = false;
}

/* An exchange that is too slow to be a fix has seen the clock, too. */
static void see_gap(struct vmsync_segmentation *seg,
		    const struct vmsync_fix *fix)
{
	int64_t ns = earlier_of(fix)->guest_ns;

	if (seg->open && seg->count)
		vmsync_gaps_add(&seg->gaps, seg->seen_ns, ns);
	if (ns > seg->seen_ns)
		seg->seen_ns = ns;
}

void vmsync_segmentation_see(struct vmsync_segmentation *seg,
			     const struct vmsync_fix *limits)
{
	struct vmsync_fix fix = over_axis(seg, limits);
	const struct vmsync_limit *u = &fix.upper, *l = &fix.lower;
	int64_t up = u->host_ns + (int64_t)ceil(u->rest_ns);
	int64_t low = l->host_ns + (int64_t)floor(l->rest_ns);
	struct vmsync_few_limit upper = { .ns = u->guest_ns,
					  .offset = up - u->guest_ns };
	struct vmsync_few_limit lower = { .ns = l->guest_ns,
					  .offset = low - l->guest_ns };

	see_gap(seg, &fix);
	if (fix.has_upper)
		vmsync_recent_upper(&seg->line.unseen.recent, u->guest_ns, up);
	if (fix.has_lower)
		vmsync_recent_lower(&seg->line.unseen.recent, l->guest_ns, low);
	if (seg->mean && fix.has_upper)
		check_drift(seg, u->guest_ns, up - u->guest_ns, true);
	if (seg->mean && fix.has_lower)
		check_drift(seg, l->guest_ns, low - l->guest_ns, false);
	vmsync_few_see(&seg->few, fix.has_upper ? &upper : NULL,
		       fix.has_lower ? &lower : NULL);
}

/* The clock was set, by more than a line's own bound has room for. */
static bool is_set(const struct vmsync_segmentation *seg)
{
	return seg->set_ns > seg->base_ns / 2;
}

void vmsync_segmentation_set(struct vmsync_segmentation *seg, double ns)
{
	seg->set_ns += ns;
	/* Few limits say nothing across it. */
	if (ns > 0 && is_set(seg))
		seg->few.part = true;
}

void vmsync_segmentation_bent(struct vmsync_segmentation *seg, unsigned int times,
			      double tilt)
{
	seg->bends += times;
	seg->tilt += tilt;
	seg->line.unseen.tilt = fmax(seg->line.unseen.tilt, tilt);
}

/*
 * One bend shows itself. Two may cancel: then the clock is where it would be without,
 * and was as far off between as its slopes can take it there and back. The first of them
 * may be in the gap before, so near to the fix there that it hardly shows: it goes away
 * by what bent it then, at most, and back by the rest.
 */
static void take_bends(struct vmsync_segmentation *seg, const struct vmsync_fix *fix)
{
	double length = (double)(earlier_of(fix)->guest_ns - seg->last);
	double away = seg->tilt / 2;

	if (seg->bends < 2)
		away = fmin(away, seg->tilt_before);
	if (seg->open && seg->count && seg->tilt > 0 && length > 0)
		seg->set_ns += length * away * (seg->tilt - away) / seg->tilt;
	seg->tilt_before = seg->tilt;
	seg->bends = 0;
	seg->tilt = 0;
}

int vmsync_segmentation_add(struct vmsync_segmentation *seg,
			    const struct vmsync_fix *exchange)
{
	struct vmsync_fix own = over_axis(seg, exchange), *fix = &own;
	int err = 0;

	take_bends(seg, fix);
	if (!seg->open || is_set(seg) || !take(seg, fix)) {
		if (seg->open)
			err = close_hulls(seg, true);
		begin_line(seg, fix);
		take(seg, fix);
	}
	seg->set_ns = 0;
	if (!err && (seg->count >= MAX_FIXES ||
		     seg->last - seg->first > MAX_LENGTH_NS ||
		     vmsync_hulls_full(&seg->hulls)))
		err = close_hulls(seg, false);
	return err;
}

/* Fewer segments are not worth it to be forgotten. */
#define FORGET 64

/* The last segment that begins at or before @from_ns, or the first. */
static size_t first_segment(const struct vmsync_map *map, int64_t from_ns)
{
	size_t i = map->count;

	while (i > 0 && map->segments[i - 1].guest_start.ns > from_ns)
		i--;
	return i ? i - 1 : 0;
}

void vmsync_segmentation_forget(struct vmsync_segmentation *seg, int64_t from_ns)
{
	struct vmsync_map *map = &seg->line.map;
	size_t first = seg->mean ? 0 : first_segment(map, from_ns);

	/* So that each is moved once or twice, however many there are. */
	if (first < FORGET || first < map->count / 2)
		return;
	map->count -= first;
	memmove(map->segments, map->segments + first,
		map->count * sizeof(*map->segments));
}

/* As if nothing more came, over the time that is used. */
static int map_of(const struct vmsync_segmentation *seg, int64_t from_ns,
		  struct vmsync_map *map)
{
	const struct vmsync_map *made = &seg->line.map;
	struct vmsync_polyline copy = seg->line;
	struct vmsync_stretch line;
	int err = 0;

	if (seg->few.fixes &&
	    (!seg->few.many || !(seg->count + seg->line.unseen.fixes)))
		return vmsync_few_map(
			&seg->few, seg->line.method,
			seg->mean ? VMSYNC_DRIFT_APART : VMSYNC_DRIFT, map);
	copy.map = *map;
	for (size_t i = first_segment(made, from_ns); !err && i < made->count;
	     i++)
		err = vmsync_map_append(&copy.map, &made->segments[i]);
	if (!err && line_of(seg, &line))
		err = vmsync_polyline_add(&copy, &line);
	if (!err)
		err = vmsync_polyline_end(&copy);
	*map = copy.map;
	return err;
}

int vmsync_segmentation_map(const struct vmsync_segmentation *seg, int64_t from_ns,
			    struct vmsync_map *map)
{
	struct vmsync_map mean;
	int err;

	if (!seg->mean)
		return map_of(seg, from_ns, map);
	vmsync_map_init(&mean);
	err = map_of(seg, INT64_MIN, &mean);
	if (!err)
		err = vmsync_mean_map(&mean, map);
	vmsync_map_free(&mean);
	return err;
}

/* Behind it the next stretch may still hold the map down. */
#define MARGIN_NS 10000000

int64_t vmsync_segmentation_final_until(const struct vmsync_segmentation *seg)
{
	int64_t from = seg->line.from - MARGIN_NS;

	if (!seg->few.many || !seg->line.has_tail)
		return 0;
	return seg->mean ? from - seg->mean_less_guest : from;
}

uint64_t vmsync_segmentation_odd(const struct vmsync_segmentation *seg)
{
	return seg->steep + seg->line.epoch - seg->line.told;
}
