// SPDX-License-Identifier: MIT
/*
 * Walks the four timelines of a virtual CPU together. Between two changes the
 * chain is one affine map, a piece; where one or more parameters change is a
 * joint. A joint has a width where the moment of the change is known only to
 * lie in [from, sure] (doubt.c).
 * The figures are derived in Documentation/accuracy.rst.
 */
#include <errno.h>
#include <stdlib.h>

#include "sync/base/drift.h"
#include "sync/estimator.h"
#include "sync/exact/clip.h"
#include "sync/exact/doubt.h"
#include "sync/exact/fall.h"
#include "sync/facts/lag.h"
#include "sync/facts/pages.h"
#include "uapi/vmsync.h"

/* A step that a reader of the trace wants to know of, q32. */
#define EPOCH_STEP (2 * Q32)

/*
 * KVM set the guest's clock back by a little, from @a to @b at @z1: guest times
 * in between may have been read before the change or after it. After is
 * likelier: the virtual CPU had been stopped for a while when KVM made the
 * change. Whatever piece such a time comes to lie in, it may be meant from
 * before the change.
 */
static void join_back(struct vmsync_walk *w, const struct vmsync_link *q,
		      struct vmsync_point a, struct vmsync_point b, int64_t z1)
{
	int128 fall = a.g - b.g;
	struct vmsync_point d;
	int64_t until;

	if (!vmsync_link_direction(q, z1, &d))
		return;
	until = z1 + (int64_t)((fall + VMSYNC_ROUNDING) * VMSYNC_SPAN / d.g) + 1;
	if (w->spill_until <= z1)
		w->spill = 0;
	/* The lines before may have had other slopes. */
	w->spill += vmsync_link_by_slope(fall, &d) + wide_abs(b.h - a.h) +
		    fall * VMSYNC_DRIFT_PPM / 1000000 + VMSYNC_ROUNDING;
	if (w->spill_until < until)
		w->spill_until = until;
}

/*
 * What was before is not known, so @q counts from where it is sure. The clock
 * may have been slewed otherwise since @z0, and may have been a coarse one: so
 * far may its last readings be ahead of @q.
 */
static void join_unknown(struct vmsync_walk *w, const struct vmsync_link *q,
			 int64_t z0, int64_t *z1)
{
	struct vmsync_point d;
	int128 ahead;

	if (*z1 < vmsync_walk_doubt_until(w))
		*z1 = vmsync_walk_doubt_until(w);
	w->unknown_until = *z1;
	w->bridged = false;
	if (*z1 == z0 || !vmsync_link_direction(q, *z1, &d) || d.g < Q32)
		return;
	ahead = (int128)(*z1 - z0) * VMSYNC_DRIFT_PPM / 1000000 +
		VMSYNC_COARSE_NS * Q32 * VMSYNC_SPAN / d.g;
	if (ahead * d.g / VMSYNC_SPAN > VMSYNC_SMALL_STEP)
		return;
	if (w->spill_until < *z1)
		w->spill = 0;
	w->spill =
		vmsync_greater(w->spill, 2 * ahead * (d.h / VMSYNC_SPAN + 1));
	if (w->spill_until < *z1 + (int64_t)ahead)
		w->spill_until = *z1 + (int64_t)ahead;
}

/* On one side of the joint nothing is known, or on both. */
static void join_gap(struct vmsync_walk *w, const struct vmsync_link *q,
		     int64_t z0, int64_t *z1, bool jump)
{
	struct vmsync_point b;

	if (jump && w->jumped > z0)
		w->jumped = z0;
	vmsync_walk_fall(w);
	if (!q->valid) {
		vmsync_clip_coarse(w->map);
		return;
	}
	if (w->map->count)
		w->epoch += w->jumped != VMSYNC_AXIS_MAX;
	if (vmsync_link_at(q, *z1, &b))
		vmsync_clip_jump(w, q, *z1, b.g);
	join_unknown(w, q, z0, z1);
}

/*
 * Whether times that the guest's clock fell back over, by @fall, may have been
 * read on both sides. By more than a little it falls because the guest was
 * stopped or restored, and it did not run meanwhile. But on clocksource tsc a
 * clock whose TSC is set back stands still at its last anchor until that has
 * caught up: what it read before it reads again, and a guest that does so for a
 * second is a restored one.
 */
static bool read_twice(const struct vmsync_link *q, int128 fall)
{
	return fall <= (q->chain.pv ? VMSYNC_SMALL_STEP :
				      VMSYNC_LONGEST_STAND_NS * Q32);
}

/* Whether the guest came to another VM at @at: it stood still until then. */
static bool arrives(const struct vmsync_walk *w, int64_t at)
{
	const struct vmsync_facts *f = w->facts;

	for (size_t i = 1; i < f->n_homes; i++) {
		bool told;
		int64_t ns = vmsync_facts_left(f, i, &told), came;

		if (told &&
		    vmsync_date_of_host(w->tl[HOST], f->tsc_ref, ns, &came) &&
		    came == at)
			return true;
	}
	return false;
}

/*
 * Between the end of @p at @z0 and the begin of @q at @z1; moves @z1. After a
 * @jump the virtual CPU had been out of guest mode: no guest time needs a map
 * there.
 */
static int join(struct vmsync_walk *w, const struct vmsync_link *p,
		const struct vmsync_link *q, int64_t z0, int64_t *z1, bool jump,
		int128 *error)
{
	bool known = p->valid && z0 >= w->unknown_until;
	struct vmsync_point a, b, at;
	int128 step;

	*error = 0;
	w->joined &= known && q->valid;
	if (!known || !q->valid) {
		join_gap(w, q, z0, z1, jump);
		return 0;
	}
	if (!vmsync_link_at(p, z0, &a) || !vmsync_link_at(q, *z1, &b) ||
	    !vmsync_link_at(p, *z1, &at))
		return 0;
	step = wide_abs(b.g - at.g);
	if (step > EPOCH_STEP && (jump || step > b.h - a.h))
		w->epoch++;
	if (!read_twice(q, a.g - b.g)) {
		/*
		 * Nor does it read again what lines before the jump read, but
		 * for a page by which it may have run until the stop.
		 */
		if (jump) {
			w->spill_until = VMSYNC_AXIS_MIN;
			vmsync_walk_fall(w);
		}
		return 0;
	}
	w->page = w->at[PV];
	if (!jump)
		return vmsync_walk_join_line(w, p, q, z0, z1, error);
	if (a.g - b.g > VMSYNC_SMALL_STEP &&
	    (arrives(w, z0) ||
	     vmsync_lag_stopped(w->facts, (int64_t)(b.h >> 32),
				(int64_t)((at.g - b.g) >> 32))))
		return 0;
	/* Another virtual CPU may have gone on to update the anchor meanwhile.
	 */
	if (!q->chain.pv)
		a = at;
	if (b.g < a.g)
		join_back(w, q, a, b, *z1);
	return 0;
}

/*
 * What the guest's clock read where it was known last: where a chain ended, or
 * at its last beacon. The map need not have got there: it leaves out what is in
 * doubt.
 */
static int128 last_read(const struct vmsync_walk *w)
{
	const struct vmsync_mark *answered = &w->facts->answered;

	return answered->host_ns > w->read.h >> 32 ?
		       answered->guest_ns * Q32 : w->read.g;
}

/* Whether KVM has set the virtual CPU's TSC between @p and @q. */
static bool tsc_set(const struct vmsync_link *p, const struct vmsync_link *q)
{
	return p->chain.scaling && q->chain.scaling &&
	       p->chain.scaling->offset != q->chain.scaling->offset;
}

/*
 * Whether the guest's boot was over before the change that leads to @q: no
 * beacon of it came later, and its clock would fall back, as with a reset, by more
 * than that of a guest which goes on, or another boot has answered since, or it had
 * told all that it recorded; or offsets that nobody saw lie in between. A reset sets
 * the TSC, but kvm-clock goes on. @known: the last link before @q that was one
 */
static bool over(const struct vmsync_walk *w, const struct vmsync_link *known,
		 const struct vmsync_link *p, const struct vmsync_link *q,
		 int64_t z0, int64_t z1)
{
	const struct vmsync_facts *f = w->facts;
	int128 read = last_read(w);
	struct vmsync_point a, b;

	if (!q->valid || !f->n_marks || !vmsync_link_at(q, z1, &b) ||
	    (b.h >> 32) <= f->answered.host_ns)
		return false;
	/* It may have run until the change was over, for all that is known. */
	if (p->valid && vmsync_link_at(p, z0 < z1 ? z1 : z0, &a))
		read = a.g;
	if (read - b.g > VMSYNC_LONGEST_STAND_NS * Q32 ||
	    (f->succeeded &&
	     (read - b.g > VMSYNC_SMALL_STEP || tsc_set(known, q))))
		return true;
	if (vmsync_walk_has_next(w, GUEST))
		return false;
	if (!p->valid && !p->chain.scaling)
		return known->valid;
	/* By the old line it seems to go on while it is stopped. */
	if (q->chain.pv && known->valid && !tsc_set(known, q))
		return false;
	return (read >> 32) >= f->guest_until_ns &&
	       read - b.g > VMSYNC_SMALL_STEP;
}

/* When KVM's change of @t, just taken, is over. */
static int64_t jump_end(const struct vmsync_walk *w, int t)
{
	const struct vmsync_line *guest = vmsync_walk_step(w, GUEST)->param;
	int64_t end = vmsync_walk_step(w, t)->sure;

	if (t == SCALING && guest &&
	    guest->clocksource == VMSYNC_CLOCKSOURCE_KVMCLOCK &&
	    vmsync_walk_has_next(w, PV) &&
	    vmsync_walk_step(w, PV)[1].from - end < VMSYNC_PAGE_FOLLOWS)
		return vmsync_walk_step(w, PV)[1].from;
	return end;
}

/*
 * A kernel's change of its line, just taken: returns when it is over. At the
 * next one the timekeeper had done with this one.
 */
static int64_t line_end(struct vmsync_walk *w, int t)
{
	int64_t from = vmsync_walk_step(w, t)->from,
		end = vmsync_walk_step(w, t)->sure;

	if (vmsync_walk_has_next(w, t) && end > vmsync_walk_step(w, t)[1].from)
		end = vmsync_walk_step(w, t)[1].from;
	w->confirmed[t] = vmsync_walk_step(w, t)->told;
	w->doubt_until[t] = end;
	return end > from + VMSYNC_MAX_BRIDGE ? from + VMSYNC_MAX_BRIDGE : end;
}

static bool next_jump(const struct vmsync_walk *w, int64_t *from)
{
	bool any = false;

	for (int t = SCALING; t < PARAMS; t++) {
		if (!vmsync_walk_has_next(w, t) ||
		    !vmsync_walk_step(w, t)[1].jump)
			continue;
		if (!any || vmsync_walk_step(w, t)[1].from < *from)
			*from = vmsync_walk_step(w, t)[1].from;
		any = true;
	}
	return any;
}

/* The earliest change not taken yet that begins at @z1 at the latest, or -1. */
static int next_overlapping(const struct vmsync_walk *w, int64_t z1, bool jumps)
{
	int found = -1;

	for (int t = 0; t < PARAMS; t++) {
		if (!vmsync_walk_has_next(w, t) ||
		    vmsync_walk_step(w, t)[1].from > z1 ||
		    (!jumps && vmsync_walk_step(w, t)[1].jump))
			continue;
		if (found < 0 || vmsync_walk_step(w, t)[1].from <
					 vmsync_walk_step(w, found)[1].from)
			found = t;
	}
	return found;
}

/*
 * Takes the change at @z0 and all that overlap it; returns their end. A change
 * of KVM's making (@jump) is kept apart from one of a kernel's that it falls
 * into, and a second change of a kernel from its first: what is left of that is
 * in doubt behind it.
 */
static int64_t take_changes(struct vmsync_walk *w, int64_t z0, bool *jump)
{
	int64_t z1 = z0, end, limit = VMSYNC_AXIS_MAX;
	bool taken[PARAMS] = { 0 };
	int t;

	w->earlier = vmsync_walk_before(w, z0);
	w->earlier_until = vmsync_walk_doubt_until(w);
	*jump = next_jump(w, &limit) && limit <= z0;
	if (*jump)
		limit = VMSYNC_AXIS_MAX;
	while ((t = next_overlapping(w, z1, *jump)) >= 0) {
		if ((t == HOST || t == GUEST) && taken[t] && !*jump) {
			limit = vmsync_walk_step(w, t)[1].from;
			break;
		}
		/*
		 * A line's doubt ends where the next one begins: what may still
		 * be in force is the one that is replaced, not any before it.
		 */
		if (t <= GUEST)
			w->old[t] = vmsync_walk_step(w, t)->param;
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

static int walk(struct vmsync_walk *w)
{
	struct vmsync_link known = { 0 }, before = { 0 },
			   now = vmsync_walk_now(w);
	int64_t from = VMSYNC_AXIS_MIN, until = VMSYNC_AXIS_MAX, bridged;
	int128 error = 0;
	int err = 0;
	bool jump;

	w->doubt_until[HOST] = w->doubt_until[GUEST] = VMSYNC_AXIS_MIN;
	w->spill_until = VMSYNC_AXIS_MIN;
	w->unknown_until = VMSYNC_AXIS_MIN;
	w->jumped = VMSYNC_AXIS_MAX;
	for (;;) {
		bool more = vmsync_walk_next(w, &until);

		if (!more)
			until = VMSYNC_AXIS_MAX;
		if (now.valid && until > from)
			err = vmsync_walk_piece_in_doubt(w, &now, from, until,
							 error);
		if (!more)
			vmsync_clip_last_jump(w);
		if (err || !more)
			return err;
		/* until < from where a bridge reached beyond the next change.
		 */
		before = now;
		if (now.valid) {
			known = now;
			vmsync_link_at(&now, until, &w->read);
		}
		bridged = from;
		from = take_changes(w, until, &jump);
		now = vmsync_walk_now(w);
		/* A hole is not to be crossed with the slope of a bridge. */
		if (w->bridged && before.valid && !now.valid)
			err = vmsync_walk_piece(w, &before, bridged,
						bridged + 1, error);
		if (err)
			return err;
		if (over(w, &known, &before, &now, until, from))
			return 0;
		err = join(w, &before, &now, until, &from, jump, &error);
		if (err)
			return err;
	}
}

static bool any_unstable(const struct vmsync_timeline *pv)
{
	for (size_t i = 0; i < pv->steps.count; i++) {
		const struct vmsync_pvclock *page = pv->steps.at[i].param;

		if (page && !(page->flags & VMSYNC_PV_STABLE))
			return true;
	}
	return false;
}

/* Virtual CPUs that no record of the guest's names are there as well. */
static bool has_others(const struct vmsync_facts *f)
{
	return f->n_cpus > 1 || (f->vm && f->vm->vcpus.count > 1);
}

static int map(void *state, const struct vmsync_facts *f, uint32_t cpu,
	       bool final, struct vmsync_map *map)
{
	struct vmsync_walk w = { .facts = f, .cpu = cpu, .map = map };
	struct vmsync_dating dating;
	int err = vmsync_dating_init(&dating, f, cpu);

	(void)state;
	(void) final;
	w.tl[HOST] = &dating.host;
	w.tl[GUEST] = &dating.guest;
	w.tl[SCALING] = &dating.scaling;
	w.tl[PV] = &dating.pv;
	if (!err && has_others(f) &&
	    (any_unstable(&dating.pv) || !vmsync_facts_tscs_alike(f)))
		err = vmsync_walk_others_make(&w);
	if (!err) {
		w.older = vmsync_older_find(f);
		err = walk(&w);
		vmsync_clip_left(map, f->left_ns);
		vmsync_clip_end(map, f->guest_until_ns);
	}
	vmsync_walk_others_free(&w);
	vmsync_dating_free(&dating);
	return err;
}

const struct vmsync_estimator vmsync_exact_estimator = {
	.method = VMSYNC_METHOD_EXACT,
	.map = map,
};
