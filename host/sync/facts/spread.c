// SPDX-License-Identifier: MIT
#include "sync/facts/spread.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sync/base/drift.h"
#include "sync/facts/older.h"
#include "sync/facts/pages.h"
#include "sync/facts/undated.h"
#include "sync/facts/whose.h"
#include "uapi/vmsync.h"

/* What two pieces of one line differ in, ns per ns. */
#define ROUNDED_SLOPE 1e-9

/**
 * struct finder - of one guest
 * @facts:	with the virtual CPUs that no record of the guest's names
 * @axes:	[@facts->n_cpus], empty for CPUs that no record names on either side
 * @times:	of the axis, where a page or a TSC changes
 * @most_ns:	the greatest change of a page
 * @older, @oldest_ns: how far a page that nobody saw may be off, and the oldest
 */
struct finder {
	const struct vmsync_facts *facts;
	struct vmsync_dating *axes;
	VMSYNC_ARRAY(int64_t) times;
	int64_t most_ns;
	struct vmsync_older older;
	int64_t oldest_ns;
};

static bool is_unstable(const struct vmsync_timeline *pv)
{
	for (size_t i = 0; i < pv->steps.count; i++) {
		const struct vmsync_pvclock *page = pv->steps.at[i].param;

		if (page && !(page->flags & VMSYNC_PV_STABLE))
			return true;
	}
	return false;
}

static bool read_page(const struct finder *f,
		      const struct vmsync_scaling *scaling,
		      const struct vmsync_pvclock *page, int64_t at, int64_t *ns)
{
	int128 q32;

	if (!vmsync_chain_kvmclock(scaling, page,
				   f->facts->tsc_ref + (uint64_t)at, &q32))
		return false;
	*ns = (int64_t)(q32 >> 32);
	return true;
}

static int add_times(struct finder *f, const struct vmsync_timeline *tl)
{
	for (size_t i = 1; i < tl->steps.count; i++) {
		const struct vmsync_step *s = &tl->steps.at[i];
		const int64_t both[] = { s->from, s->sure };

		for (int k = 0; k < 2; k++) {
			int64_t *at = vmsync_array_add(&f->times);

			if (!at)
				return -ENOMEM;
			*at = both[k];
		}
	}
	return 0;
}

/*
 * How much a page differs from the one before it that is known, where that is its own
 * doing.
 */
static void see_changes(struct finder *f, const struct vmsync_dating *dating)
{
	const struct vmsync_pvclock *last = NULL;

	for (size_t i = 1; i < dating->pv.steps.count; i++) {
		const struct vmsync_step *s = &dating->pv.steps.at[i];
		const struct vmsync_pvclock *was = last;
		const struct vmsync_scaling *scaling =
			vmsync_timeline_at(&dating->scaling, s->sure)->param;
		int64_t a, b;

		last = s->param ? s->param : last;
		if (!read_page(f, scaling, was, s->sure, &a) ||
		    !read_page(f, scaling, s->param, s->sure, &b) ||
		    llabs(a - b) > VMSYNC_PAGE_SET_NS)
			continue;
		if (llabs(a - b) > f->most_ns)
			f->most_ns = llabs(a - b);
	}
}

/* What was in force at @at, or before and behind it where that is not known. */
static void around(const struct vmsync_timeline *tl, int64_t at,
		   const struct vmsync_step *steps[2])
{
	const struct vmsync_step *s = vmsync_timeline_at(tl, at), *next = s;

	while (s > tl->steps.at && !s->param)
		s--;
	while (next + 1 < tl->steps.at + tl->steps.count && !next->param)
		next++;
	steps[0] = s;
	steps[1] = next;
}

/*
 * The TSC that a page counts, where it is not known whether it was in force at @at: that
 * of when it came. The TSC may have been written since, and another page followed.
 */
static const void *scaling_of(const struct vmsync_dating *dating,
			      const struct vmsync_step *page, int64_t at, int k)
{
	const struct vmsync_step *in_force = vmsync_timeline_at(&dating->pv, at);
	const struct vmsync_step *steps[2];

	around(&dating->scaling, page == in_force ? at : page->sure, steps);
	return steps[k]->param;
}

/* Out of guest mode while KVM changes something: it reads nothing. */
static bool is_out(const struct vmsync_dating *dating, int64_t at)
{
	const struct vmsync_step *scaling =
		vmsync_timeline_at(&dating->scaling, at);
	const struct vmsync_step *pv = vmsync_timeline_at(&dating->pv, at);
	bool more = pv + 1 < dating->pv.steps.at + dating->pv.steps.count;

	if (pv->sure > at || scaling->sure > at)
		return true;
	/* The page is to follow a write of the TSC. */
	return more && scaling->jump && pv->from < scaling->from &&
	       pv[1].from - scaling->sure < VMSYNC_PAGE_FOLLOWS;
}

/* What kvm-clock read where the last page of all was written, or 0. */
static int64_t last_kvmclock(const struct finder *f)
{
	int64_t most = 0;

	for (uint32_t i = 0; i < f->facts->n_cpus; i++) {
		const struct vmsync_timeline *pv = &f->axes[i].pv;

		for (size_t k = 0; k < pv->steps.count; k++) {
			const struct vmsync_pvclock *page = pv->steps.at[k].param;

			if (page && (int64_t)page->system_time_ns > most)
				most = (int64_t)page->system_time_ns;
		}
	}
	return most;
}

/* How far the oldest page that there may be is off the newest one. */
static int64_t find_oldest(const struct finder *f)
{
	double age = vmsync_older_most_ns((double)last_kvmclock(f));

	return (int64_t)(age * (f->older.ahead + f->older.behind)) + 1;
}

/**
 * struct range - what the virtual CPUs' kvm-clocks read at a moment
 * @lo, @hi:	none is below or above, ns, but for those that are not known
 * @seen_lo, @seen_hi: by pages that were seen alone
 * @known:	there are no such
 * @old:	there are such as may be older than all that were seen
 */
struct range {
	int64_t lo;
	int64_t hi;
	int64_t seen_lo;
	int64_t seen_hi;
	bool known;
	bool old;
};

static void see_reading(struct range *r, int64_t ns)
{
	r->lo = ns < r->lo ? ns : r->lo;
	r->hi = ns > r->hi ? ns : r->hi;
}

/*
 * Where the page of a virtual CPU is not known it is one from between those before and
 * behind. With none behind it may be as new as @at: what @page had gone off is not in
 * it. Before the host told of the first page of one that no record of the guest's names
 * it had not run, unless a record of the host's is missing.
 */
static void see_cpu(struct range *r, const struct finder *f, uint32_t cpu, int64_t at)
{
	const struct vmsync_dating *dating = &f->axes[cpu];
	const struct vmsync_step *page[2];
	const struct vmsync_pvclock *before;
	double age;
	int64_t ns;

	around(&dating->pv, at, page);
	before = page[0]->param;
	if (!before && !f->facts->cpus[cpu].seen && !f->facts->n_lost)
		return;
	r->known &= before && page[1]->param;
	r->old |= !before;
	for (int k = 0; k < 2; k++) {
		if (!read_page(f, scaling_of(dating, page[k], at, k), page[k]->param,
			       at, &ns))
			continue;
		see_reading(r, ns);
		r->seen_lo = ns < r->seen_lo ? ns : r->seen_lo;
		r->seen_hi = ns > r->seen_hi ? ns : r->seen_hi;
	}
	if (!before || page[1]->param ||
	    !read_page(f, scaling_of(dating, page[0], at, 0), before, at, &ns))
		return;
	age = (double)ns - (double)before->system_time_ns;
	see_reading(r, ns - (int64_t)(f->older.ahead * age));
	see_reading(r, ns + (int64_t)(f->older.behind * age));
}

static int64_t width(int64_t lo, int64_t hi)
{
	return hi > lo ? hi - lo + 1 : 0;
}

/* How far the pages are apart at @at, at most; @seen_ns: those that were seen. */
static int64_t spread_at(const struct finder *f, int64_t at, int64_t *seen_ns)
{
	struct range r = { INT64_MAX, INT64_MIN, INT64_MAX,
			   INT64_MIN, true,	 false };
	int64_t ns;

	for (uint32_t i = 0; i < f->facts->n_cpus; i++)
		if (f->axes[i].pv.steps.count && !is_out(&f->axes[i], at))
			see_cpu(&r, f, i, at);
	ns = width(r.lo, r.hi);
	*seen_ns = width(r.seen_lo, r.seen_hi);
	if (*seen_ns > VMSYNC_PAGE_SET_NS)
		*seen_ns = 0;
	if (ns > VMSYNC_PAGE_SET_NS)
		return 0;
	if (r.old && ns < f->oldest_ns)
		ns = f->oldest_ns;
	/* One that nobody saw changes no more than those that were seen. */
	return r.known ? ns : ns + f->most_ns;
}

static int by_value(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static bool host_ns(const struct finder *f, int64_t at, int64_t *ns)
{
	const struct vmsync_dating *dating = f->axes;
	const struct vmsync_line *line;
	int128 h;

	while (!dating->host.steps.count)
		dating++;
	line = vmsync_timeline_at(&dating->host, at)->param;
	if (!line || !vmsync_chain_host(
			     line, f->facts->tsc_ref + (uint64_t)at, &h))
		return false;
	*ns = (int64_t)(h >> 32);
	return true;
}

static int put_all(struct finder *f, struct vmsync_spreads *spreads)
{
	for (size_t i = 0; i < f->times.count; i++) {
		struct vmsync_spread *last = vmsync_array_last(&spreads->all);
		int64_t seen_ns, ns = spread_at(f, f->times.at[i], &seen_ns);
		int64_t from_ns = INT64_MIN;

		/* The first one goes back to the begin of all. */
		if (last && !host_ns(f, f->times.at[i], &from_ns)) {
			last->ns = ns > last->ns ? ns : last->ns;
			if (seen_ns > last->seen_ns)
				last->seen_ns = seen_ns;
			continue;
		}
		last = vmsync_array_add(&spreads->all);
		if (!last)
			return -ENOMEM;
		*last = (struct vmsync_spread){from_ns, ns, seen_ns};
	}
	return 0;
}

/*
 * What is known of pages ends where the evidence does. Out there the CPUs' are
 * taken to be no farther apart than they ever were, and a page to be replaced by
 * one that differs by no more than those that were seen; or before it was one that
 * was as old as any.
 */
static int64_t outside_ns(const struct finder *f,
			  const struct vmsync_spreads *spreads)
{
	int64_t most = 0;

	for (size_t i = 0; i < spreads->all.count; i++)
		if (spreads->all.at[i].ns > most)
			most = spreads->all.at[i].ns;
	most += f->most_ns;
	if (most < f->oldest_ns)
		most = f->oldest_ns;
	return most + (int64_t)(VMSYNC_DRIFT * (double)most);
}

/* Virtual CPUs that no record of the guest's names may be ahead of the others, too. */
static struct vmsync_guest_cpu *name_all(const struct vmsync_facts *facts,
					 struct vmsync_facts *all)
{
	size_t most = facts->n_cpus + (facts->vm ? facts->vm->vcpus.count : 0);
	struct vmsync_guest_cpu *cpus = calloc(most, sizeof(*cpus));

	if (!cpus)
		return NULL;
	memcpy(cpus, facts->cpus, facts->n_cpus * sizeof(*cpus));
	*all = *facts;
	all->n_cpus = vmsync_whose_unnamed(facts, cpus);
	all->cpus = cpus;
	return cpus;
}

static int find(struct finder *f, struct vmsync_spreads *spreads)
{
	const struct vmsync_facts *facts = f->facts;
	bool unstable = false;
	int err = 0;

	for (uint32_t i = 0; !err && i < facts->n_cpus; i++) {
		if (!facts->cpus[i].seen && !facts->cpus[i].known &&
		    !vmsync_facts_vcpu(facts, i))
			continue;
		err = vmsync_dating_init(&f->axes[i], facts, i);
		unstable |= !err && is_unstable(&f->axes[i].pv);
	}
	for (uint32_t i = 0; unstable && !err && i < facts->n_cpus; i++) {
		see_changes(f, &f->axes[i]);
		if (facts->n_cpus > 1)
			err = add_times(f, &f->axes[i].pv);
		if (!err && facts->n_cpus > 1)
			err = add_times(f, &f->axes[i].scaling);
	}
	if (f->times.count)
		qsort(f->times.at, f->times.count, sizeof(*f->times.at), by_value);
	if (unstable) {
		f->older = vmsync_older_find(facts);
		f->oldest_ns = find_oldest(f);
	}
	if (!err)
		err = put_all(f, spreads);
	if (!err && unstable)
		spreads->outside_ns = outside_ns(f, spreads);
	return err;
}

int vmsync_spread_find(const struct vmsync_facts *facts,
		       struct vmsync_spreads *spreads)
{
	struct vmsync_facts all;
	struct finder f = { .facts = &all };
	struct vmsync_guest_cpu *cpus;
	int err;

	spreads->all.count = 0;
	spreads->outside_ns = 0;
	if (!facts->n_cpus)
		return 0;
	if (!facts->host_lines->spans.count)
		return vmsync_undated_find(facts, spreads);
	cpus = name_all(facts, &all);
	if (!cpus)
		return -ENOMEM;
	f.axes = calloc(all.n_cpus, sizeof(*f.axes));
	err = f.axes ? find(&f, spreads) : -ENOMEM;
	for (uint32_t i = 0; f.axes && i < all.n_cpus; i++)
		vmsync_dating_free(&f.axes[i]);
	vmsync_array_free(&f.times);
	free(f.axes);
	free(cpus);
	return err;
}

/* The spread in force at host time @ns, or the first one. */
static size_t find_at(const struct vmsync_spreads *spreads, int64_t ns)
{
	size_t lo = 0, hi = spreads->all.count;

	while (hi - lo > 1) {
		size_t mid = lo + (hi - lo) / 2;

		if (spreads->all.at[mid].from_ns <= ns)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

/* The most that they are apart between two host times, or that was seen of it. */
static int64_t most_between(const struct vmsync_spreads *spreads,
			    int64_t from_ns, int64_t until_ns, bool seen)
{
	const struct vmsync_spread *all = spreads->all.at;
	int64_t most = 0;

	for (size_t i = find_at(spreads, from_ns);
	     i < spreads->all.count && all[i].from_ns <= until_ns; i++) {
		int64_t ns = seen ? all[i].seen_ns : all[i].ns;

		most = ns > most ? ns : most;
	}
	return most;
}

void vmsync_spread_free(struct vmsync_spreads *spreads)
{
	vmsync_array_free(&spreads->all);
}

/* Pieces of one line differ in slope by what is rounded. */
static bool is_one_line(const struct vmsync_segment *a,
			const struct vmsync_segment *b)
{
	double x = ldexp((double)a->slope, -(int)a->shift);
	double y = ldexp((double)b->slope, -(int)b->shift);

	return fabs(x - y) < ROUNDED_SLOPE;
}

/* The first segment behind @i that is not of its line. */
static size_t line_end(const struct vmsync_map *map, size_t i)
{
	const struct vmsync_segment *s = map->segments;

	while (i < map->count && ++i < map->count && is_one_line(&s[i - 1], &s[i]))
		;
	return i;
}

/* Host time at which the segments before @next end. */
static int64_t end_of(const struct vmsync_map *map, size_t next)
{
	return next < map->count ? map->segments[next].host_start.ns : INT64_MAX;
}

/*
 * A line is drawn from what was seen anywhere in it, however many pieces it is written
 * as, and in its neighbours, which are where it begins and ends. A CPU that was seen has
 * shown its page; what others may have been off meanwhile is not in the line, and counts
 * beside it alone.
 */
void vmsync_spread_widen(const struct vmsync_spreads *spreads,
			 struct vmsync_map *map)
{
	struct vmsync_segment *s = map->segments;
	int64_t line_from = INT64_MIN, from = INT64_MIN;
	size_t end;

	for (size_t i = 0; spreads->all.count && i < map->count; i = end) {
		int64_t until, seen;

		end = line_end(map, i);
		until = end_of(map, line_end(map, end));
		seen = most_between(spreads, line_from, until, true);
		line_from = s[i].host_start.ns;
		for (size_t k = i; k < end; k++) {
			int64_t ns = most_between(spreads, from,
						  end_of(map, k + 2), false);

			ns = seen > ns ? seen : ns;
			s[k].bound_ns += ns + (int64_t)(VMSYNC_DRIFT * (double)ns);
			from = s[k].host_start.ns;
		}
	}
}
