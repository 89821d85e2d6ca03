// SPDX-License-Identifier: MIT
#include "sync/exact/walk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sync/exact/clip.h"
#include "sync/facts/pages.h"
#include "sync/facts/whose.h"
#include "sync/map/quantize.h"
#include "uapi/vmsync.h"

/* Of how far another CPU's clock may be ahead: more than anything, q32. */
#define NOT_KNOWN (Q32 << 64)

/* No reading that was ahead is held for longer, host cycles: 1 ms at 4 GHz. */
#define HELD ((int64_t)1 << 22)

const struct vmsync_step *vmsync_walk_step(const struct vmsync_walk *w, int t)
{
	return &w->tl[t]->steps.at[w->at[t]];
}

bool vmsync_walk_has_next(const struct vmsync_walk *w, int t)
{
	return w->at[t] + 1 < w->tl[t]->steps.count;
}

bool vmsync_walk_next(const struct vmsync_walk *w, int64_t *z0)
{
	bool any = false;

	for (int t = 0; t < PARAMS; t++) {
		if (!vmsync_walk_has_next(w, t))
			continue;
		if (!any || vmsync_walk_step(w, t)[1].from < *z0)
			*z0 = vmsync_walk_step(w, t)[1].from;
		any = true;
	}
	return any;
}

int64_t vmsync_walk_doubt_until(const struct vmsync_walk *w)
{
	return w->doubt_until[HOST] > w->doubt_until[GUEST] ?
		       w->doubt_until[HOST] :
		       w->doubt_until[GUEST];
}

bool vmsync_walk_confirmed(const struct vmsync_walk *w, int64_t at)
{
	return (w->doubt_until[HOST] <= at || w->confirmed[HOST]) &&
	       (w->doubt_until[GUEST] <= at || w->confirmed[GUEST]);
}

static struct vmsync_link link_of(const struct vmsync_walk *w,
				  const struct vmsync_line *host,
				  const struct vmsync_line *guest)
{
	struct vmsync_link l = {
		.chain =
			{
				.host = host,
				.guest = guest,
				.scaling = vmsync_walk_step(w, SCALING)->param,
				.pv = vmsync_walk_step(w, PV)->param,
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

struct vmsync_link vmsync_walk_now(const struct vmsync_walk *w)
{
	return link_of(w, vmsync_walk_step(w, HOST)->param,
		       vmsync_walk_step(w, GUEST)->param);
}

static const void *line_before(const struct vmsync_walk *w, int t, int64_t at)
{
	return w->doubt_until[t] > at ? w->old[t] :
					vmsync_walk_step(w, t)->param;
}

struct vmsync_link vmsync_walk_before(const struct vmsync_walk *w, int64_t at)
{
	return link_of(w, line_before(w, HOST, at), line_before(w, GUEST, at));
}

/* Whether a reading may be what CPU @i's counter says. */
static bool matters(const struct vmsync_walk *w, const struct vmsync_link *l,
		    uint32_t i)
{
	return i != w->cpu && (l->chain.pv || w->updates[i]);
}

/*
 * What was in force at @at, or where nobody knows before it and behind it: KVM
 * takes all pages of a guest from one clock, so that one which nobody saw is not
 * farther from it than those around. False where there are none on both sides.
 */
static bool around(const struct vmsync_timeline *tl, int64_t at,
		   const void *param[2])
{
	const struct vmsync_step *s = vmsync_timeline_at(tl, at), *next = s;
	bool both;

	while (s > tl->steps.at && !s->param)
		s--;
	while (next + 1 < tl->steps.at + tl->steps.count && !next->param)
		next++;
	both = s->param && next->param;
	param[0] = s->param ? s->param : next->param;
	param[1] = next->param ? next->param : s->param;
	return both;
}

/*
 * May CPU @i have run at @at with a page that nobody knows? The host tells of one that
 * no record of the guest's names when it enters, unless that record is missing.
 */
static bool may_run(const struct vmsync_walk *w, uint32_t i, int64_t at)
{
	return w->all.cpus[i].seen ||
	       (vmsync_facts_vcpu(&w->all, i) && w->lost_from <= at);
}

/*
 * How far the counter of CPU @i is ahead of what this one's says, @own; NOT_KNOWN
 * where its page, or the TSC that it counts, may be any.
 */
static int128 ahead_of(const struct vmsync_walk *w, const struct vmsync_link *l,
		       uint32_t i, int64_t at, int128 own)
{
	const void *scaling[2], *pv[2] = { 0 };
	struct vmsync_link other = *l;
	struct vmsync_point p, first = { 0 };
	bool any = false;
	int128 most = 0;

	around(&w->others[i].scaling, at, scaling);
	if (l->chain.pv && !around(&w->others[i].pv, at, pv) &&
	    may_run(w, i, at))
		return NOT_KNOWN;
	if (!scaling[0] && (!l->chain.pv || pv[0]))
		return NOT_KNOWN;
	for (int k = 0; k < 4; k++) {
		other.chain.scaling = scaling[k & 1];
		other.chain.pv = pv[k >> 1];
		if (!other.chain.scaling || !other.chain.pv != !l->chain.pv ||
		    !vmsync_link_at(&other, at, &p))
			continue;
		most = vmsync_greater(most, p.g - own);
		/* Where kvm-clock was set in between they do not enclose any. */
		if (any && k == 3 && l->chain.pv &&
		    wide_abs(p.g - first.g) > VMSYNC_PAGE_SET_NS * Q32)
			return NOT_KNOWN;
		first = any ? first : p;
		any = true;
	}
	return most;
}

/*
 * A guest that reads its clock may get what another CPU's counter says. Without
 * a master clock every CPU's kvm-clock page runs by itself, and a reading is
 * the latest time that any CPU has read. On clocksource tsc a CPU whose TSC
 * lags that of the CPU that updates the timekeeper reads the anchor of the last
 * update until it has caught up. In both cases a reading is as far ahead of its
 * own CPU's counter as another CPU's is, at most.
 */
static int128 ahead_at(const struct vmsync_walk *w, const struct vmsync_link *l,
		       int64_t at)
{
	int128 own, most = 0;
	struct vmsync_point p;

	if (!vmsync_link_at(l, at, &p))
		return 0;
	own = p.g;
	for (uint32_t i = 0; i < w->all.n_cpus; i++)
		if (matters(w, l, i))
			most = vmsync_greater(most,
					      ahead_of(w, l, i, at, own));
	return most;
}

/* By how much a page that nobody saw is ahead at @at, at most. */
static int128 oldest(const struct vmsync_walk *w, const struct vmsync_link *l,
		     int64_t at)
{
	int128 kvmclock = 0;

	vmsync_chain_kvmclock(l->chain.scaling, l->chain.pv,
			      w->facts->tsc_ref + (uint64_t)at, &kvmclock);
	return (int128)(w->older.ahead *
			vmsync_older_most_ns((double)(kvmclock >> 32))) * Q32 +
	       Q32;
}

/*
 * What was read @ahead at @at, before @from, stands among what is read from there on, if
 * it reaches so far; it is held until this CPU's clock has got there.
 */
static int128 held(const struct vmsync_walk *w, const struct vmsync_link *l,
		   int128 ahead, int64_t at, int64_t from)
{
	struct vmsync_point a, b;

	if (!vmsync_link_at(l, at, &a) || !vmsync_link_at(l, from, &b))
		return 0;
	if (ahead >= NOT_KNOWN)
		ahead = oldest(w, l, at);
	return ahead + VMSYNC_ROUNDING < b.g - a.g ? 0 : ahead;
}

/*
 * The most of that where another CPU's parameter @tl changes in (@from, @until), and
 * what is held of changes before.
 */
static int128 ahead_where(const struct vmsync_walk *w,
			  const struct vmsync_link *l,
			  const struct vmsync_timeline *tl, int64_t from,
			  int64_t until)
{
	int64_t early = l->chain.pv ? from - HELD : from;
	const struct vmsync_step *s = vmsync_timeline_at(tl, early);
	const struct vmsync_step *end = tl->steps.at + tl->steps.count;
	int128 most = 0;

	for (s++; s < end && s->from < until; s++) {
		int128 ahead = vmsync_greater(ahead_at(w, l, s->from),
					      ahead_at(w, l, s->from - 1));

		if (s->from <= from)
			ahead = held(w, l, ahead, s->from, from);
		most = vmsync_greater(most, ahead);
	}
	return most;
}

/* The most of that between two points: at them and where a CPU's line changes.
 */
int128 vmsync_walk_ahead(const struct vmsync_walk *w,
			 const struct vmsync_link *l, int64_t from,
			 int64_t until)
{
	struct vmsync_point d;
	int128 most;

	if (l->chain.pv && l->chain.pv->flags & VMSYNC_PV_STABLE)
		return 0;
	/* A page that differs by up to 1 ns is taken for the one before. */
	if (!w->others)
		return l->chain.pv ? Q32 : 0;
	most = vmsync_greater(ahead_at(w, l, from), ahead_at(w, l, until));
	for (uint32_t i = 0; i < w->all.n_cpus; i++) {
		if (!matters(w, l, i))
			continue;
		most = vmsync_greater(most,
				      ahead_where(w, l, &w->others[i].scaling,
						  from, until));
		if (l->chain.pv)
			most = vmsync_greater(
				most, ahead_where(w, l, &w->others[i].pv, from,
						  until));
	}
	if (most >= NOT_KNOWN)
		return -1;
	if (vmsync_link_direction(l, from, &d))
		most = vmsync_link_by_slope(most, &d);
	/* Pages that differ by less are taken for the same line. */
	if (l->chain.pv)
		return most + 2 * Q32;
	/* The anchor and the reading are rounded each by itself. */
	return most ? most + VMSYNC_ROUNDING : 0;
}

int vmsync_walk_piece(struct vmsync_walk *w, const struct vmsync_link *l,
		      int64_t from, int64_t until, int128 error)
{
	struct vmsync_point a, b, d;
	struct vmsync_piece p;
	int128 ahead = vmsync_walk_ahead(w, l, from, until);
	int err;

	if (ahead < 0)
		w->joined = false;
	if (!vmsync_link_at(l, from, &a) || !vmsync_link_at(l, until, &b) ||
	    !vmsync_link_direction(l, from, &d))
		return 0;
	if (ahead < 0) {
		/* If the clock was set back, it reads again what it read before. */
		vmsync_clip_from(w->map, (int64_t)(a.g >> 32));
		return 0;
	}
	p = (struct vmsync_piece){
		.g = a.g,
		.h = a.h,
		.dg = d.g,
		.dh = d.h,
		.g_end = b.g,
		.loss = l->loss,
		.error = error + ahead,
		.method = VMSYNC_METHOD_EXACT,
		.epoch = w->epoch,
		.joined = w->joined,
	};
	err = vmsync_quantize(w->map, &p);
	w->joined = !err;
	w->bridged = false;
	return err == -EINVAL ? 0 : err;
}

int vmsync_walk_bridge(struct vmsync_walk *w, const struct vmsync_link *l,
		       struct vmsync_point a, struct vmsync_point b,
		       int128 error)
{
	struct vmsync_piece p = {
		.g = a.g,
		.h = a.h,
		.dg = b.g - a.g,
		.dh = b.h - a.h,
		.g_end = b.g,
		.loss = l->loss,
		.error = error,
		.method = VMSYNC_METHOD_EXACT,
		.epoch = w->epoch,
		.joined = w->joined,
	};
	struct vmsync_point own = { p.dg, p.dh }, d;
	int err;

	if (p.dg <= 0 || p.dh < 0)
		return 0;
	/* What rounding takes is worth as much where the bridge is flat. */
	if (vmsync_link_direction(l, 0, &d) &&
	    vmsync_link_by_slope(l->loss, &d) >
		    vmsync_link_by_slope(l->loss, &own))
		p.error += vmsync_link_by_slope(l->loss, &d) -
			   vmsync_link_by_slope(l->loss, &own);
	err = vmsync_quantize(w->map, &p);
	return err == -EINVAL ? 0 : err;
}

/* When the first of the host's records may be missing. */
static int64_t lost_from(const struct vmsync_walk *w)
{
	const struct vmsync_facts *f = w->facts;
	int64_t at;

	if (!f->n_lost)
		return VMSYNC_AXIS_MAX;
	if (!vmsync_date_of_host(w->tl[HOST], f->tsc_ref, f->lost[0].from_ns, &at))
		return VMSYNC_AXIS_MIN;
	return vmsync_date_earliest(w->tl[HOST], at);
}

static int name_all(struct vmsync_walk *w)
{
	const struct vmsync_facts *f = w->facts;
	size_t most = f->n_cpus + (f->vm ? f->vm->vcpus.count : 0);
	struct vmsync_guest_cpu *cpus = calloc(most + 1, sizeof(*cpus));

	if (!cpus)
		return -ENOMEM;
	memcpy(cpus, f->cpus, f->n_cpus * sizeof(*cpus));
	w->all = *f;
	w->all.n_cpus = vmsync_whose_unnamed(f, cpus);
	w->all.cpus = cpus;
	return 0;
}

int vmsync_walk_others_make(struct vmsync_walk *w)
{
	int err = name_all(w);

	if (err)
		return err;
	w->lost_from = lost_from(w);
	w->others = calloc(w->all.n_cpus, sizeof(*w->others));
	w->updates = calloc(w->all.n_cpus, sizeof(*w->updates));
	if (!w->others || !w->updates)
		return -ENOMEM;
	for (uint32_t i = 0; i < w->all.n_cpus; i++)
		w->updates[i] = vmsync_facts_updates(w->facts, i);
	for (uint32_t i = 0; !err && i < w->all.n_cpus; i++)
		if (i != w->cpu)
			err = vmsync_dating_init(&w->others[i], &w->all, i);
	for (uint32_t i = 0; i < w->all.n_cpus; i++) {
		/* A CPU of which nothing is known has empty timelines. */
		if (!err && !w->others[i].pv.steps.count)
			err = vmsync_timeline_init(&w->others[i].pv);
		if (!err && !w->others[i].scaling.steps.count)
			err = vmsync_timeline_init(&w->others[i].scaling);
	}
	return err;
}

void vmsync_walk_others_free(struct vmsync_walk *w)
{
	for (uint32_t i = 0; w->others && i < w->all.n_cpus; i++)
		vmsync_dating_free(&w->others[i]);
	free(w->others);
	free(w->updates);
	free((void *)w->all.cpus);
}
