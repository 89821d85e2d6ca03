// SPDX-License-Identifier: MIT
#include "sync/estimate/unseen.h"

#include <math.h>

/*
 * Between two beacons a clock may bend twice, and what lies between the breakpoints
 * is not seen: it is taken to be no steeper than this many times the greatest
 * breakpoint that was seen, and this.
 */
#define HIDDEN_TILTS 2
#define HIDDEN_SLOPE 0.00002

/*
 * Where fixes are far apart that is not taken for granted until some breakpoints were
 * seen; and where they are so far apart never: there the limits that were seen
 * between them, and NTP's slope, say how far the clock can have gone. A breakpoint so many
 * times as steep as all before it is counted as the first: with a larger number one that is
 * the first of a slew is taken for as steep as they get, with a smaller one the bound between
 * fixes that are far apart is larger for longer.
 */
#define FAR_NS		50000000.0
#define FEW_BREAKPOINTS 8
#define MUCH_STEEPER	4
#define VERY_FAR_NS	200000000.0

/*
 * In stretches of fewer fixes breakpoints are not rare; between fixes that are far apart
 * more may hide.
 */
#define FEW_FIXES     8
#define FEW_FIXES_FAR 32

/*
 * A line leads through any two fixes, and through three by chance: that they lie on
 * one does not show that the clock has not bent between them, nor how much. So the
 * breakpoints that were seen tell of it only where they are many.
 */
#define LINE_FIXES 4

/* Over more than this, or if too little is known of a clock, anything is hidden. */
double vmsync_unseen_dark_ns(const struct vmsync_unseen *u)
{
	if (u->fixes < FEW_FIXES_FAR)
		return 0;
	return u->breakpoints < FEW_BREAKPOINTS ? FAR_NS : VERY_FAR_NS;
}

bool vmsync_unseen_is_dark(const struct vmsync_unseen *u, double gap_ns)
{
	return gap_ns > (u->sure ? vmsync_unseen_dark_ns(u) : VERY_FAR_NS);
}

/* What a breakpoint that no fix shows is no steeper than. */
static double hidden_slope(const struct vmsync_unseen *u)
{
	return HIDDEN_TILTS * u->tilt + HIDDEN_SLOPE;
}

/* Nobody knows how the clock went at @s: it tells no line, nor do other breakpoints. */
bool vmsync_unseen_is_vague(const struct vmsync_unseen *u,
		     const struct vmsync_stretch *s)
{
	return s->count < LINE_FIXES && u->breakpoints < FEW_BREAKPOINTS;
}

/*
 * What breakpoints that no fix shows may do to the clock over @length ns, which
 * @a and @b are beside; @away is as far as it can have gone.
 */
double vmsync_unseen_error(const struct vmsync_unseen *u,
			   const struct vmsync_stretch *a,
			   const struct vmsync_stretch *b, double length,
			   double away)
{
	if (length > vmsync_unseen_dark_ns(u) || vmsync_unseen_is_vague(u, a) ||
	    vmsync_unseen_is_vague(u, b))
		return away;
	return fmin(away, length / 4 * hidden_slope(u));
}

/* How far off its line a stretch may be at either end. */
static double worst(const struct vmsync_stretch *s)
{
	return fmax(vmsync_stretch_first_error(s),
		    vmsync_stretch_last_error(s));
}

/* How far it can have gone between @g0 and @g1, bent at @g from @a's line. */
double vmsync_unseen_away(const struct vmsync_unseen *u,
		   const struct vmsync_stretch *a,
		   const struct vmsync_stretch *b, int64_t g0, int64_t g,
		   int64_t g1, double known)
{
	struct vmsync_path path = {
		.g = { g0, g, g1 },
		.offset = a->offset,
		.y = { vmsync_stretch_at(a, g0),
		       vmsync_stretch_at(a, g) +
			       vmsync_stretch_apart(a, b, g) / 2,
		       vmsync_stretch_at(a, g1) +
			       vmsync_stretch_apart(a, b, g1) },
	};

	return vmsync_recent_away(&u->recent, &path, u->drift,
				  known + fmin(a->base_ns, b->base_ns));
}

void vmsync_unseen_breakpoint(struct vmsync_unseen *u, double tilt)
{
	/* One that is much steeper shows that those before did not tell the most. */
	if (tilt > MUCH_STEEPER * u->tilt)
		u->breakpoints = 0;
	u->breakpoints++;
	u->tilt = fmax(u->tilt, tilt);
}

/* What breakpoints between the fixes of a short stretch may do to it. */
double vmsync_unseen_short_error(const struct vmsync_unseen *u,
			  const struct vmsync_stretch *s)
{
	double apart = (double)(s->last - s->first) /
		       (s->count > 2 ? s->count - 1 : 1);

	return s->count < (apart > FAR_NS ? FEW_FIXES_FAR : FEW_FIXES) ?
		       vmsync_unseen_error(u, s, s, apart, s->hidden_ns) : 0;
}

/* What may hide in a gap between the fixes of a stretch. */
double vmsync_unseen_gap_error(const struct vmsync_unseen *u,
			const struct vmsync_stretch *s,
			const struct vmsync_gap *gap)
{
	return vmsync_unseen_error(u, s, s, (double)gap->length,
			    vmsync_unseen_away(u, s, s, gap->from,
				 gap->from + (gap->until - gap->from) / 2,
				 gap->until,
				 worst(s)));
}

/* How far a clock may get from the line of @s in @length ns, if it bends as it did. */
static double drifts(const struct vmsync_unseen *u,
		     const struct vmsync_stretch *s, double length, double tilt)
{
	double most = (u->drift + fabs(s->slope)) * length;
	double bent = HIDDEN_TILTS * fmax(u->tilt, tilt) + HIDDEN_SLOPE;

	return length > vmsync_unseen_dark_ns(u) ||
			       vmsync_unseen_is_vague(u, s) ?
		       most :
		       fmin(most, bent * length);
}

/*
 * How far off the line of @a the clock may be up to @s, before which it jumped: it
 * is as far from the line of @a as it drifted, or from that of @s as it drifts until
 * then. Both change by time alone, and are the most at an end.
 */
double vmsync_unseen_jump_error(const struct vmsync_unseen *u,
			 const struct vmsync_stretch *a,
			 const struct vmsync_stretch *s)
{
	double length = (double)(s->first - a->last);
	double known = vmsync_stretch_last_error(a) + a->play_last;
	double next = vmsync_stretch_first_error(s) + s->play_first +
		      fmax(0, s->base_ns - a->base_ns);
	double tilt = fabs(s->slope - a->slope);
	double before = known + drifts(u, a, length, tilt);
	double behind = next + fabs(vmsync_stretch_apart(a, s, a->last)) +
			drifts(u, s, length, tilt);

	return fmax(fmax(before, behind),
		    next + fabs(vmsync_stretch_apart(a, s, s->first)));
}

/*
 * Where no line comes before the first fix, or behind the last one, what the clock did
 * between it and the next one may have brought it to where the others' line passes: a
 * fix alone does not tell.
 */
double vmsync_unseen_end_error(const struct vmsync_unseen *u,
			       const struct vmsync_stretch *s, int64_t g0,
			       int64_t g1)
{
	double off;

	if (u->sure || g1 <= g0)
		return 0;
	off = vmsync_unseen_error(u, s, s, (double)(g1 - g0),
				  vmsync_unseen_away(u, s, s, g0,
						     g0 + (g1 - g0) / 2, g1,
						     worst(s)));
	/* That of a short one counts for all of it. */
	return fmax(0, off - vmsync_unseen_short_error(u, s));
}

/* The clock may be anywhere that the limits seen of late leave. */
void vmsync_unseen_make_sure(const struct vmsync_unseen *u,
			     struct vmsync_stretch *s)
{
	const struct vmsync_straight line = {
		.first = s->first,
		.last = s->last,
		.offset = s->offset,
		.y = vmsync_stretch_at(s, s->first),
		.slope = s->slope,
	};
	double drift = fmax(u->drift, fabs(s->slope)), gap, off;

	off = vmsync_recent_sure(&u->recent, &line, drift, hidden_slope(u),
				 vmsync_unseen_dark_ns(u), &gap);
	s->sure_ns =
		fmax(s->sure_ns,
		     off + vmsync_unseen_error(u, s, s, gap, gap / 2 * drift));
}

void vmsync_unseen_take(struct vmsync_unseen *u, struct vmsync_stretch *s)
{
	if (s->count < FEW_FIXES_FAR)
		s->hidden_ns = vmsync_unseen_away(u, s, s, s->first, s->last,
						  s->last, worst(s));
	u->fixes += s->count;
	if (u->sure)
		vmsync_unseen_make_sure(u, s);
}
