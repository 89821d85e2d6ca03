// SPDX-License-Identifier: MIT
#include "sync/exact/doubt.h"

/* Two pieces that differ by less have no bridge, q32. */
#define NO_BRIDGE (Q32 / 16)

/* A stretch in doubt that is longer follows the newer line, q32. */
#define LONGEST_MIDDLE ((int128)1 << 65)

/**
 * struct doubt - a kernel went from line @p to line @q, in [@z0, @z1]
 * @from:	readings of @q may be among those of @p from here on
 * @until:	readings of @p may be among those of @q up to here
 * @half:	the most that the middle of both is wrong by
 */
struct doubt {
	const struct vmsync_link *p;
	const struct vmsync_link *q;
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
static void spill(struct vmsync_walk *w, int64_t until, int128 doubt)
{
	int64_t next;

	if (!vmsync_walk_next(w, &next) || next >= until)
		return;
	if (w->spill_until <= next)
		w->spill = 0;
	w->spill += doubt;
	if (w->spill_until < until)
		w->spill_until = until;
}

/*
 * What was read @ahead, in host ns by a clock's slope, is off by on the way from @a to
 * @b: more where that is steep, but no more than all of the way besides.
 */
static int128 ahead_between(int128 ahead, struct vmsync_point a,
			    struct vmsync_point b)
{
	struct vmsync_point way = { b.g - a.g, b.h - a.h };
	int128 steep;

	if (way.g <= 0 || way.h <= way.g)
		return ahead;
	steep = vmsync_link_by_slope(ahead, &way);
	return steep < way.h + ahead ? steep : way.h + ahead;
}

/* From the map's end at @a, which moves, to @b. */
static int bridge_to(struct vmsync_walk *w, const struct doubt *d,
		     struct vmsync_point *a, struct vmsync_point b,
		     int128 error)
{
	struct vmsync_point from = *a;
	int128 ahead = vmsync_walk_ahead(w, d->q, d->from, d->until);

	*a = b;
	return ahead < 0 ? 0 :
			   vmsync_walk_bridge(w, d->q, from, b,
					      error + ahead_between(ahead, from,
								    b));
}

/*
 * The lines may be far apart already where the doubt begins. If @q is ahead,
 * none of its readings is below its first one, and up to there the map goes to
 * the middle; if it is behind, it jumps; and if the host's clock fell back, it
 * gets there before the change, since it cannot go back itself. Moves @a, or
 * doubles what the stretch may be wrong by.
 */
static int begin_middle(struct vmsync_walk *w, struct doubt *d,
			struct vmsync_point *a)
{
	size_t n = w->map->count;
	struct vmsync_point first, same, dir;
	int64_t early;

	if (!vmsync_link_middle(d->p, d->q, d->z0, &first) ||
	    !vmsync_link_middle(d->q, d->p, d->from, &same) ||
	    !vmsync_link_direction(d->p, d->from, &dir))
		return 0;
	if (first.g - a->g > 2 * VMSYNC_ROUNDING && first.h > a->h)
		return bridge_to(w, d, a, first, d->half);
	if (same.h < a->h) {
		early = d->from - vmsync_link_cycles(2 * (a->h - same.h), &dir);
		if (n && vmsync_link_at(d->p, early, &first) &&
		    first.g >> 32 > w->map->segments[n - 1].guest_start.ns) {
			*a = first;
			return bridge_to(w, d, a, same, d->half);
		}
		d->half *= 2;
		return 0;
	}
	*a = same;
	return 0;
}

/* The same where the doubt ends, from the map's end at @a; moves @end. */
static int end_middle(struct vmsync_walk *w, const struct doubt *d,
		      struct vmsync_point *a, int64_t *end)
{
	struct vmsync_point last, line, dir;
	int err = 0;

	*end = d->until;
	if (!vmsync_link_middle(d->q, d->p, d->z1, &last) ||
	    !vmsync_link_at(d->q, d->until, &line) ||
	    !vmsync_link_direction(d->q, d->until, &dir))
		return 0;
	if (line.g - last.g > 2 * VMSYNC_ROUNDING && line.h > last.h) {
		/* Behind the last reading of @p there are only those of @q. */
		if (last.g > a->g && last.h > a->h)
			err = bridge_to(w, d, a, last, d->half);
		if (err || line.h > a->h)
			return err ? err : bridge_to(w, d, a, line, d->half);
	}
	if (!vmsync_link_middle(d->p, d->q, d->until, &last))
		return 0;
	err = bridge_to(w, d, a, last, d->half);
	if (err || last.h <= line.h)
		return err;
	*end += vmsync_link_cycles(2 * (last.h - line.h), &dir);
	return vmsync_link_at(d->q, *end, &line) ?
		       bridge_to(w, d, a, line, d->half) :
		       0;
}

/* Whether no other change is so near that it cuts off the way onto @q. */
static bool has_room(const struct vmsync_walk *w, const struct doubt *d)
{
	struct vmsync_point dir;
	int64_t next;

	return !vmsync_walk_next(w, &next) ||
	       (vmsync_link_direction(d->q, d->until, &dir) &&
		next - d->until > vmsync_link_cycles(2 * d->half, &dir));
}

/*
 * Up to where readings from before @at may be among those of @now: they are of
 * @old, or ahead of it by as much as another CPU's clock may be.
 */
static int64_t read_until(const struct vmsync_walk *w,
			  const struct vmsync_link *old,
			  const struct vmsync_link *now, int64_t from,
			  int64_t at)
{
	int128 ahead = vmsync_walk_ahead(w, now, from, at);
	struct vmsync_point dir;

	at += vmsync_link_overlap(old, now, at);
	if (ahead > 0 && vmsync_link_direction(now, at, &dir))
		at += vmsync_link_cycles(ahead, &dir);
	return at;
}

/* Whether an earlier change is in doubt in it as well. */
static bool has_earlier(const struct vmsync_walk *w, const struct doubt *d)
{
	return w->earlier.valid && w->earlier_until > d->z0;
}

/* Where the readings of what may be in force before it end. */
static int64_t doubt_end(const struct vmsync_walk *w, const struct doubt *d)
{
	int64_t end = read_until(w, d->p, d->q, d->z0, d->z1), other;

	if (!has_earlier(w, d))
		return end;
	other = read_until(w, &w->earlier, d->q, d->z0, d->z1);
	return other > end ? other : end;
}

/* How far from @p what an earlier change leaves in doubt may be. */
static int128 earlier_apart(const struct vmsync_walk *w, const struct doubt *d)
{
	int64_t at = w->earlier_until < d->until ? w->earlier_until : d->until;
	int128 apart;

	return has_earlier(w, d) && vmsync_link_apart(&w->earlier, d->p, at,
						      &apart) ?
		       apart :
		       0;
}

/*
 * A kernel went from line @p to line @q, somewhere in [@z0, @z1]. Sets where
 * the piece of @q begins and what it may be wrong by.
 *
 * An update hardly ever takes long, so that @q is the likelier one in between;
 * but where its end was looked for, and late, it did, and then the middle of
 * both is wrong by half as much at most.
 */
int vmsync_walk_join_line(struct vmsync_walk *w, const struct vmsync_link *p,
			  const struct vmsync_link *q, int64_t z0, int64_t *z1,
			  int128 *error)
{
	struct doubt d = {
		.p = p,
		.q = q,
		.z0 = z0,
		.z1 = *z1,
		.from = z0 - vmsync_link_overlap(p, q, z0),
	};
	int128 d0, d1, earlier, apart_most;
	struct vmsync_point a, b;
	bool middle;
	int err = 0;

	d.until = doubt_end(w, &d);
	/* The moment is known, and their readings are apart. */
	if (*z1 == z0 &&
	    vmsync_link_overlap(p, q, z0) <= vmsync_link_overlap(q, p, z0))
		return 0;
	if (!vmsync_link_at(p, d.from, &a) || !vmsync_link_at(q, d.until, &b) ||
	    !vmsync_link_apart(p, q, d.from, &d0) ||
	    !vmsync_link_apart(p, q, d.until, &d1))
		return 0;
	d.half = vmsync_greater(d0, d1);
	earlier = earlier_apart(w, &d);
	if (d.half <= NO_BRIDGE && earlier <= NO_BRIDGE) {
		*error = d.half;
		*z1 = z0;
		return 0;
	}
	*z1 = d.until;
	apart_most = d.half;
	middle = vmsync_walk_confirmed(w, z0) || b.h <= a.h;
	if (vmsync_walk_confirmed(w, z0) && has_room(w, &d))
		d.half /= 2;
	d.half += vmsync_greater(d.from < w->spill_until ? w->spill : 0, earlier);
	if (middle)
		err = begin_middle(w, &d, &a);
	if (!err && middle && vmsync_walk_doubt_until(w) <= d.z1)
		err = end_middle(w, &d, &a, z1);
	else if (!err && (!middle || vmsync_link_middle(p, q, d.until, &b)))
		err = bridge_to(w, &d, &a, b, d.half);
	spill(w, *z1, apart_most);
	w->bridged = true;
	return err;
}

/*
 * The part of @now's piece until @until in which @old, @doubt apart at its end,
 * may hold. If that @ends there, @until moves to where the map is on @now.
 */
static int add_middle(struct vmsync_walk *w, const struct vmsync_link *old,
		      const struct vmsync_link *now, int64_t from,
		      int64_t *until, bool ends, int128 error, int128 doubt)
{
	struct doubt d = {
		.p = old,
		.q = now,
		.z0 = from,
		.z1 = vmsync_walk_doubt_until(w),
		.from = from,
		.until = *until,
		.half = error + (ends ? doubt / 2 : doubt),
	};
	struct vmsync_point a, b;

	if (!vmsync_walk_confirmed(w, from) ||
	    !vmsync_link_middle(old, now, from, &a) ||
	    !vmsync_link_middle(old, now, *until, &b) ||
	    b.g - a.g >= LONGEST_MIDDLE || b.h <= a.h)
		return vmsync_walk_piece(w, now, from, *until, error + doubt);
	return ends ? end_middle(w, &d, &a, until) :
		      bridge_to(w, &d, &a, b, d.half);
}

/* A piece whose first part may be under the lines before the last change. */
static int add_doubtful(struct vmsync_walk *w, const struct vmsync_link *now,
			int64_t from, int64_t until, int128 error)
{
	struct vmsync_link old = vmsync_walk_before(w, from);
	int64_t sure = vmsync_walk_doubt_until(w);
	int128 doubt;
	int err;

	if (!old.valid || sure <= from)
		return vmsync_walk_piece(w, now, from, until, error);
	sure = read_until(w, &old, now, from, sure);
	if (!vmsync_link_apart(&old, now, sure, &doubt) ||
	    2 * doubt <= NO_BRIDGE)
		return vmsync_walk_piece(w, now, from, until, error);
	if (sure > until) {
		/* Ahead even of the next line's first readings. */
		w->spill_until = sure;
		w->spill = 2 * doubt;
		return add_middle(w, &old, now, from, &until, false, error,
				  doubt);
	}
	err = add_middle(w, &old, now, from, &sure, true, error, doubt);
	if (!err && sure < until)
		err = vmsync_walk_piece(w, now, sure, until, error);
	return err;
}

int vmsync_walk_piece_in_doubt(struct vmsync_walk *w,
			       const struct vmsync_link *now, int64_t from,
			       int64_t until, int128 error)
{
	struct vmsync_link old = vmsync_walk_before(w, from);
	int64_t end = w->spill_until;
	int err;

	if (end > from && old.valid)
		end = read_until(w, &old, now, from, end);
	if (end > until)
		end = until;
	if (end > from) {
		err = add_doubtful(w, now, from, end, error + w->spill);
		if (err || end == until)
			return err;
		from = end;
	}
	return add_doubtful(w, now, from, until, error);
}
