// SPDX-License-Identifier: MIT
/*
 * A page is told by the host when it changes, and seen by the guest in its beacons
 * and knots. What the host tells is a change at its moment. What the guest sees
 * was in force since the change before it, for the host would have told of another
 * one: but where some of the host's records are missing it cannot.
 */
#include "sync/facts/pages.h"

#include <errno.h>

#include "sync/facts/reading.h"
#include "uapi/vmsync.h"

/* A page that a record shows and one that the host tells may cross by this. */
#define SLACK 300000

/**
 * struct sighting - a page was in force from @from to @until
 * @pv: NULL: the guest left the VM that it was in
 * @told: by the host, at @until, the virtual CPU being out since @from
 * @own: of this virtual CPU, not of another one that has the same pages
 */
struct sighting {
	int64_t from;
	int64_t until;
	const struct vmsync_pvclock *pv;
	bool told;
	bool own;
};

/* Some of the host's records may be missing between two points of the axis. */
struct hole {
	int64_t from;
	int64_t until;
};

/**
 * struct pages - while they are put in order
 * @cur: the page that was in force at @seen; NULL: none is known yet
 * @came: the guest came to another VM at @seen, and nothing was told there yet
 * @next: the first hole that ends behind @seen
 */
struct pages {
	struct vmsync_timeline *tl;
	VMSYNC_ARRAY(struct sighting) all;
	VMSYNC_ARRAY(struct hole) holes;
	const struct vmsync_pvclock *cur;
	bool came;
	int64_t seen;
	size_t next;
};

/* -------------------------------------------------------------- collecting */

/*
 * The first page that a virtual CPU was told of, in a VM that had run nobody, has been
 * its own since the guest came: it has not run before.
 */
static int64_t told_since(const struct vmsync_facts *f,
			  const struct vmsync_dating *dating, size_t home,
			  size_t i, const struct vmsync_pvclock_span *s,
			  int64_t at)
{
	int64_t came_ns, came;
	bool told;

	if (home && !i) {
		came_ns = vmsync_facts_left(f, home, &told);
		if (told && came_ns <= s->stamp_ns &&
		    vmsync_date_of_host(&dating->host, f->tsc_ref, came_ns,
					&came) &&
		    came <= at)
			return came;
	}
	return vmsync_date_exit(f, &dating->host, s->exit_ns, at);
}

/* The pages that the host has told of a guest's stay in its home @home. */
static int collect_told(struct pages *p, const struct vmsync_facts *f,
			const struct vmsync_dating *dating, size_t home,
			uint32_t cpu, bool own)
{
	const struct vmsync_stay stay = vmsync_facts_stay(f, home, cpu);
	const struct vmsync_vcpu *v = stay.vcpu;
	int64_t until_ns = INT64_MAX;
	size_t i = 0;
	bool told;

	if (home + 1 < f->n_homes)
		until_ns = vmsync_facts_left(f, home + 1, &told);

	/* Where it arrives KVM writes a page, which may be the last one there. */
	while (home && v && i + 1 < v->pvclocks.count &&
	       v->pvclocks.at[i].stamp_ns <= stay.from_ns)
		i++;
	for (; v && i < v->pvclocks.count; i++) {
		const struct vmsync_pvclock_span *s = &v->pvclocks.at[i];
		struct sighting *new;
		int64_t at;

		if (s->stamp_ns >= until_ns)
			break;
		if (!own && !(s->pv.flags & VMSYNC_PV_STABLE))
			continue;
		if (!vmsync_date_of_host(&dating->host, f->tsc_ref,
					 s->stamp_ns > stay.from_ns ?
						 s->stamp_ns :
						 stay.sure_ns,
					 &at))
			continue;
		new = vmsync_array_add(&p->all);
		if (!new)
			return -ENOMEM;
		*new = (struct sighting){
			told_since(f, dating, home, i, s, at),
			at,
			&s->pv,
			true,
			own,
		};
	}
	return 0;
}

static int collect_homes(struct pages *p, const struct vmsync_facts *f,
			 const struct vmsync_dating *dating, uint32_t cpu,
			 bool own)
{
	int err = 0;

	for (size_t h = 0; !err && h < f->n_homes; h++)
		err = collect_told(p, f, dating, h, cpu, own);
	return err;
}

/*
 * Both ends of a run may be where nobody knows the TSC, as when the guest was recorded
 * for longer than its host: in between the page was in force all along.
 */
static bool across(const struct vmsync_facts *f,
		   const struct vmsync_dating *dating,
		   const struct vmsync_pv_run *r, int64_t *from, int64_t *until)
{
	const struct vmsync_timeline *tl = &dating->scaling;
	const struct vmsync_scaling *scaling = NULL;
	uint64_t begin, end;

	*from = *until = VMSYNC_AXIS_MAX;
	for (size_t i = 0; i < tl->steps.count; i++) {
		const struct vmsync_step *s = &tl->steps.at[i];

		if (!s->param)
			continue;
		/* A TSC that was written may have read the same before. */
		if (scaling && !vmsync_scaling_same(scaling, s->param))
			return false;
		if (!scaling)
			*from = s->sure;
		scaling = s->param;
		*until = i + 1 < tl->steps.count ? s[1].from : VMSYNC_AXIS_MAX;
	}
	if (!scaling || *from <= VMSYNC_AXIS_MIN + 1 || *until == VMSYNC_AXIS_MAX)
		return false;
	begin = vmsync_scaling_guest(scaling, f->tsc_ref + (uint64_t)*from);
	end = vmsync_scaling_guest(scaling, f->tsc_ref + (uint64_t)*until);
	return (int64_t)(begin - r->first.tsc) >= 0 &&
	       (int64_t)(r->last.tsc - end) >= 0;
}

/* Where only one end of a run can be dated, the page was seen there. */
static bool dated(const struct vmsync_facts *f,
		  const struct vmsync_dating *dating,
		  const struct vmsync_pv_run *r, int64_t *from, int64_t *until)
{
	bool first = vmsync_reading_at(f, &dating->scaling, &dating->host,
				       &r->first, from);
	bool last = vmsync_reading_at(f, &dating->scaling, &dating->host, &r->last,
				      until);

	if (!first)
		*from = *until;
	if (!last)
		*until = *from;
	return first || last || across(f, dating, r, from, until);
}

/* What a page was in one VM is nothing in the next. */
static int collect_leaves(struct pages *p, const struct vmsync_facts *f,
			  const struct vmsync_dating *dating)
{
	for (size_t h = 1; h < f->n_homes; h++) {
		struct sighting *new;
		int64_t at;
		bool told;

		if (!vmsync_date_of_host(&dating->host, f->tsc_ref,
					 vmsync_facts_left(f, h, &told), &at))
			continue;
		new = vmsync_array_add(&p->all);
		if (!new)
			return -ENOMEM;
		*new = (struct sighting){ .from = at, .until = at };
	}
	return 0;
}

/* The pages that @cpu saw; @own: which is the one that they are wanted of. */
static int collect_seen(struct pages *p, const struct vmsync_facts *f,
			const struct vmsync_dating *dating, uint32_t cpu,
			bool own)
{
	for (size_t i = 0; cpu < f->n_cpus && i < f->cpus[cpu].pvs.count; i++) {
		const struct vmsync_pv_run *r = &f->cpus[cpu].pvs.at[i];
		struct sighting *new;
		int64_t from, until;

		if (!own && !(r->pv.flags & VMSYNC_PV_STABLE))
			continue;
		if (!dated(f, dating, r, &from, &until))
			continue;
		new = vmsync_array_add(&p->all);
		if (!new)
			return -ENOMEM;
		*new = (struct sighting){from, until, &r->pv, false, own};
	}
	return 0;
}

/*
 * With a master clock KVM gives all virtual CPUs the same page, and lets none run
 * meanwhile: what another one sees is in force here too. What the host tells of
 * another one is taken only where it has told nothing of this one.
 */
static int collect(struct pages *p, const struct vmsync_facts *f,
		   const struct vmsync_dating *dating, uint32_t cpu)
{
	int err = collect_homes(p, f, dating, cpu, true);
	bool told = p->all.count;

	if (!err)
		err = collect_leaves(p, f, dating);
	if (!err)
		err = collect_seen(p, f, dating, cpu, true);
	for (uint32_t i = 0; !err && i < f->n_cpus; i++) {
		if (i == cpu)
			continue;
		if (!told)
			err = collect_homes(p, f, dating, i, false);
		if (!err)
			err = collect_seen(p, f, dating, i, false);
	}
	return err;
}

static int collect_holes(struct pages *p, const struct vmsync_facts *f,
			 const struct vmsync_dating *dating)
{
	for (size_t i = 0; i < f->n_lost; i++) {
		struct hole h, *last = vmsync_array_last(&p->holes);

		if (!vmsync_date_of_host(&dating->host, f->tsc_ref,
					 f->lost[i].from_ns, &h.from) ||
		    !vmsync_date_of_host(&dating->host, f->tsc_ref,
					 f->lost[i].until_ns, &h.until))
			continue;
		/* Their ends are in order as well, so that one can be found. */
		if (last && h.until <= last->until)
			continue;
		last = vmsync_array_add(&p->holes);
		if (!last)
			return -ENOMEM;
		*last = h;
	}
	return 0;
}

/* ----------------------------------------------------------------- ordering */

static int by_from(const void *a, const void *b)
{
	const struct sighting *x = a, *y = b;

	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	if (!x->pv != !y->pv)
		return x->pv ? 1 : -1;
	if (x->told != y->told)
		return y->told - x->told;
	return y->own - x->own;
}

/* Whether a change may have been missed behind @seen and before @at, and where. */
static bool missed(struct pages *p, int64_t at, struct hole *where)
{
	const struct hole *h = p->holes.at;
	size_t i;

	while (p->next < p->holes.count && h[p->next].until <= p->seen)
		p->next++;
	i = p->next;
	if (i == p->holes.count || h[i].from >= at)
		return false;
	where->from = h[i].from > p->seen ? h[i].from : p->seen + 1;
	while (i + 1 < p->holes.count && h[i + 1].from < at)
		i++;
	where->until = h[i].until < at ? h[i].until : at;
	return true;
}

static int unknown(const struct pages *p, int64_t from)
{
	return p->cur ? vmsync_timeline_add(p->tl, from, from, NULL, true) : 0;
}

static int take(struct pages *p, int64_t from, int64_t sure,
		const struct vmsync_pvclock *pv)
{
	int err = vmsync_timeline_add(p->tl, from, sure, pv, p->cur != NULL);

	p->cur = pv;
	p->came = false;
	return err;
}

static int take_told(struct pages *p, const struct sighting *s)
{
	struct hole hole;
	bool lost = missed(p, s->until, &hole);
	int err = lost ? unknown(p, hole.from) : 0;

	if (err)
		return err;
	if (p->came && !lost)
		return take(p, s->from, s->from, s->pv);
	if (lost || !p->cur)
		return take(p, s->until, s->until, s->pv);
	return take(p, s->from, s->until, s->pv);
}

/* The host's word comes: the guest has seen the page just before its stamp. */
static bool comes(const struct pages *p, const struct sighting *s)
{
	const struct sighting *end = p->all.at + p->all.count, *next;

	for (next = s + 1; next < end && next->from - s->from < SLACK; next++)
		if (next->told && next->until - s->from < SLACK &&
		    vmsync_pvclock_same(next->pv, s->pv))
			return true;
	return false;
}

/* Another page than the one that was in force, and the host's word was lost. */
static int take_other(struct pages *p, const struct sighting *s)
{
	int err = unknown(p, p->seen);

	return err ? err : take(p, s->from, s->from, s->pv);
}

/*
 * Behind a hole: the host would have told of a change on this virtual CPU since. But
 * one that is out, as where a guest was moved, is told when it enters again, while
 * others see the new page.
 */
static int take_behind(struct pages *p, const struct sighting *s,
		       const struct hole *hole)
{
	int64_t since = s->own ? hole->until : s->from;
	int err = unknown(p, hole->from);

	return err ? err : take(p, since, since, s->pv);
}

static int take_seen(struct pages *p, const struct sighting *s)
{
	struct hole hole = { 0 };
	bool lost = missed(p, s->from, &hole);
	int err;

	if (p->cur && vmsync_pvclock_same(p->cur, s->pv)) {
		if (s->until > p->seen)
			p->seen = s->until;
		return 0;
	}
	if (comes(p, s))
		return 0;
	if (!p->cur && !lost) {
		err = take(p, p->seen, p->seen, s->pv);
	} else if (lost) {
		err = take_behind(p, s, &hole);
	} else if (s->own) {
		err = take_other(p, s);
	} else {
		/* This one has been out since, and will be told of it. */
		return 0;
	}
	if (p->cur == s->pv)
		p->seen = s->until;
	return err;
}

static int leave(struct pages *p, int64_t at)
{
	int err = unknown(p, at);

	p->cur = NULL;
	p->came = true;
	p->seen = at;
	return err;
}

static int order(struct pages *p)
{
	struct hole hole;
	int err = 0;

	p->seen = VMSYNC_AXIS_MIN + 1;
	for (size_t i = 0; !err && i < p->all.count; i++) {
		const struct sighting *s = &p->all.at[i];

		if (!s->pv)
			err = leave(p, s->from);
		else
			err = s->told ? take_told(p, s) : take_seen(p, s);
		if (s->told)
			p->seen = s->until;
	}
	if (!err && missed(p, VMSYNC_AXIS_MAX, &hole))
		err = unknown(p, hole.from);
	return err;
}

/*
 * KVM writes pages for a guest that counts its TSC, too, and tells of them; that
 * one's clock does not change with them.
 */
static bool counts_tsc(const struct vmsync_lines *lines)
{
	for (size_t i = 0; i < lines->spans.count; i++)
		if (lines->spans.at[i].line.clocksource !=
		    VMSYNC_CLOCKSOURCE_TSC)
			return false;
	return lines->spans.count > 0;
}

int vmsync_pages_timeline(struct vmsync_timeline *tl,
			  const struct vmsync_facts *f,
			  const struct vmsync_dating *dating, uint32_t cpu)
{
	struct pages p = { .tl = tl };
	int err = vmsync_timeline_init(tl);

	if (err || counts_tsc(f->guest_lines))
		return err;
	err = collect(&p, f, dating, cpu);
	if (!err)
		err = collect_holes(&p, f, dating);
	if (p.all.count > 1)
		qsort(p.all.at, p.all.count, sizeof(*p.all.at), by_from);
	if (!err)
		err = order(&p);
	vmsync_array_free(&p.all);
	vmsync_array_free(&p.holes);
	return err;
}
