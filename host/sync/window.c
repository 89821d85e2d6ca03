// SPDX-License-Identifier: MIT
/*
 * The window method: a guest event happened between an entry of its virtual
 * CPU and the next exit. No module, no beacon: two recordings that exist.
 *
 * First the offset is looked for, with nothing known: from an event in the
 * middle of the recording every run of its virtual CPU is possible, and the
 * events that follow leave one of them. From there the offset is followed to
 * both ends, so that for every event it is known in which run it happened.
 * Then each event limits the offset from both sides, and what the tightest of
 * them leave is a corridor as for beacons.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "sync/estimator.h"
#include "sync/fit.h"
#include "sync/reach.h"

/* Two clocks that NTP steers drift apart by less, ns per ns. */
#define MAX_DRIFT 0.0011

/* Events that are enough to find the offset, or to give up. */
#define MAX_SEARCH 200000

/* Offsets that are one, when nothing else is possible. */
#define LOCKED_NS 50000

/* Where no offset fits, an event or a run is missing: start again this wide. */
#define RELOCK_NS 20000
#define MAX_RELOCKS 64

/* Events that make one fix: the tightest of their limits. */
#define GROUP_NS 10000000

/* Slopes in a group are told apart to this, ns per ns. */
#define SLOPE_STEP 0.000002

/* Waves and play as for beacons. */
#define WAVE_NS	   5.0
#define WAVE_SHARE 0.05

struct event {
	int64_t ns;
	uint32_t cpu;
};

/** struct window - an event's limits of the offset; none if lo > hi */
struct window {
	int64_t lo;
	int64_t hi;
};

/** struct state - one guest's events, and the map once it is made */
struct state {
	VMSYNC_ARRAY(struct event) events;
	bool made;
	struct vmsync_map made_map;
};

static void *create(const struct vmsync_sync_options *opt)
{
	(void)opt;
	return calloc(1, sizeof(struct state));
}

static void destroy(void *state)
{
	struct state *s = state;

	if (s) {
		vmsync_array_free(&s->events);
		vmsync_map_free(&s->made_map);
	}
	free(s);
}

static int guest_event(void *state, const struct vmsync_evidence *ev)
{
	struct state *s = state;
	struct event *e = vmsync_array_last(&s->events);

	/* Late by reordering between CPUs: as if at the same time. */
	if (e && e->ns > ev->stamp_ns)
		return 0;
	e = vmsync_array_add(&s->events);
	if (!e)
		return -ENOMEM;
	*e = (struct event){ ev->stamp_ns, ev->vcpu };
	return 0;
}

/* The search in one VM: its virtual CPUs by guest CPU, and the reach. */
struct search {
	const struct state *s;
	const struct vmsync_vm *vm;
	struct vmsync_reach reach;
	struct window *windows;
};

static const struct vmsync_vcpu *vcpu_of(const struct search *q, size_t event)
{
	const struct vmsync_vcpu *v =
		vmsync_vm_find_vcpu(q->vm, q->s->events.at[event].cpu);

	return v && v->runs.count ? v : NULL;
}

static int64_t drift(const struct search *q, size_t a, size_t b)
{
	int64_t d = q->s->events.at[b].ns - q->s->events.at[a].ns;

	return 1 + (int64_t)(MAX_DRIFT * (double)(d < 0 ? -d : d));
}

/* The likeliest of what is left: it puts the most events into runs. */
static const struct vmsync_offsets *likeliest(const struct vmsync_reach *r)
{
	const struct vmsync_offsets *best = NULL;

	for (size_t i = 0; i < r->now.count; i++)
		if (!best || r->now.at[i].inside > best->inside)
			best = &r->now.at[i];
	return best;
}

/* Only offsets that put at least half as many events into runs as the best. */
static size_t rivals(const struct vmsync_reach *r)
{
	const struct vmsync_offsets *best = likeliest(r);
	size_t n = 0;

	for (size_t i = 0; i < r->now.count; i++)
		n += r->now.at[i].inside >= best->inside / 2;
	return n;
}

/*
 * From event @from on until one narrow interval is left; sets the event where
 * that was. -ENOENT: nothing fits, or it stays ambiguous.
 */
static int find(struct search *q, size_t from, size_t *locked)
{
	size_t n = q->s->events.count, last = from, tried = 0;
	int err;

	while (from < n && !vcpu_of(q, from))
		from++;
	if (from == n)
		return -ENOENT;
	err = vmsync_reach_start(&q->reach, vcpu_of(q, from),
				 q->s->events.at[from].ns);
	for (size_t i = from + 1; !err && i < n && tried < MAX_SEARCH; i++) {
		const struct vmsync_vcpu *v = vcpu_of(q, i);
		const struct vmsync_offsets *best;

		if (!v)
			continue;
		tried++;
		vmsync_reach_grow(&q->reach, drift(q, last, i));
		last = i;
		err = vmsync_reach_cut(&q->reach, v, q->s->events.at[i].ns);
		if (err)
			return err;
		best = likeliest(&q->reach);
		if (tried > 100 && rivals(&q->reach) == 1 &&
		    best->hi - best->lo < LOCKED_NS) {
			*locked = i;
			return vmsync_reach_one(&q->reach, best->lo, best->hi);
		}
	}
	return err ? err : -ENOENT;
}

/* Which run event @i is in, if the offsets leave one only. */
static struct window window_of(const struct search *q, size_t i)
{
	const struct vmsync_vcpu *v = vcpu_of(q, i);
	const struct vmsync_offsets *o = &q->reach.now.at[0];
	int64_t ns = q->s->events.at[i].ns;
	const struct vmsync_run *run;
	struct window none = { 1, 0 };
	size_t k;

	if (q->reach.now.count != 1)
		return none;
	k = vmsync_run_at(v, ns + o->hi);
	run = &v->runs.at[k];
	if (ns + o->lo < run->entry_ns - (o->hi - o->lo) - 1 ||
	    ns + o->lo > run->exit_ns || ns + o->hi < run->entry_ns)
		return none;
	return (struct window){ run->entry_ns - ns, run->exit_ns - ns };
}

/* Follows the offset from event @from to one end; @step is 1 or -1. */
static int follow(struct search *q, size_t from, int step)
{
	size_t n = q->s->events.count, last = from;
	unsigned int relocks = 0;

	for (size_t i = from; i < n; i += (size_t)step) {
		const struct vmsync_vcpu *v = vcpu_of(q, i);
		const struct vmsync_offsets *o;
		int err;

		q->windows[i] = (struct window){ 1, 0 };
		if (!v)
			continue;
		vmsync_reach_grow(&q->reach, drift(q, last, i));
		last = i;
		err = vmsync_reach_cut(&q->reach, v, q->s->events.at[i].ns);
		if (err == -ENOENT) {
			if (++relocks > MAX_RELOCKS)
				return -ENOENT;
			o = &q->reach.now.at[0];
			err = vmsync_reach_one(
				&q->reach, o->lo - RELOCK_NS,
				q->reach.now.at[q->reach.now.count - 1].hi +
					RELOCK_NS);
			if (err)
				return err;
			continue;
		}
		if (err)
			return err;
		q->windows[i] = window_of(q, i);
	}
	return 0;
}

static int search_vm(struct search *q)
{
	struct vmsync_offsets lock;
	size_t at = 0;
	int err = find(q, q->s->events.count / 2, &at);

	if (err)
		err = find(q, 0, &at);
	if (err)
		return err;
	lock = q->reach.now.at[0];
	err = follow(q, at, 1);
	if (!err)
		err = vmsync_reach_one(&q->reach, lock.lo, lock.hi);
	return err ? err : follow(q, at, -1);
}

/**
 * struct group - the tightest limits of the events of a group
 * @gap_ns:	what they leave, along the slope that leaves most
 */
struct group {
	struct vmsync_limit upper;
	struct vmsync_limit lower;
	double gap_ns;
};

typedef VMSYNC_ARRAY(struct group) groups;

/* Events [@begin, @end) and, for a slope, the tightest of their limits. */
struct members {
	const struct search *q;
	size_t begin;
	size_t end;
	size_t upper;
	size_t lower;
};

static bool usable(const struct search *q, size_t i)
{
	return q->windows[i].lo <= q->windows[i].hi;
}

static double gap_at(struct members *m, double slope)
{
	const struct event *e = m->q->s->events.at;
	const struct window *w = m->q->windows;
	int64_t base = w[m->begin].lo, origin = e[m->begin].ns;
	double upper = INFINITY, lower = -INFINITY;

	for (size_t i = m->begin; i < m->end; i++) {
		double tilt = slope * (double)(e[i].ns - origin);
		double hi = (double)(w[i].hi - base) - tilt;
		double lo = (double)(w[i].lo - base) - tilt;

		if (!usable(m->q, i))
			continue;
		if (hi < upper) {
			upper = hi;
			m->upper = i;
		}
		if (lo > lower) {
			lower = lo;
			m->lower = i;
		}
	}
	return upper - lower;
}

/* The gap is concave in the slope. */
static struct group group_of(struct members *m)
{
	const struct search *q = m->q;
	const struct event *e = q->s->events.at;
	double a = -MAX_DRIFT, b = MAX_DRIFT;
	struct group g;

	while (b - a > SLOPE_STEP) {
		double x = a + (b - a) / 3, y = b - (b - a) / 3;

		if (gap_at(m, x) < gap_at(m, y))
			a = x;
		else
			b = y;
	}
	g.gap_ns = gap_at(m, (a + b) / 2);
	g.upper = (struct vmsync_limit){
		e[m->upper].ns, e[m->upper].ns + q->windows[m->upper].hi, 0
	};
	g.lower = (struct vmsync_limit){
		e[m->lower].ns, e[m->lower].ns + q->windows[m->lower].lo, 0
	};
	return g;
}

static int make_groups(const struct search *q, groups *all)
{
	const struct event *e = q->s->events.at;
	size_t n = q->s->events.count, i = 0;

	while (i < n) {
		struct members m = { .q = q, .begin = i };
		struct group *slot;

		if (!usable(q, i)) {
			i++;
			continue;
		}
		while (i < n && e[i].ns - e[m.begin].ns < GROUP_NS)
			i++;
		m.end = i;
		slot = vmsync_array_add(all);
		if (!slot)
			return -ENOMEM;
		*slot = group_of(&m);
	}
	return 0;
}

static int by_gap(const void *a, const void *b)
{
	const struct group *x = a, *y = b;

	return x->gap_ns < y->gap_ns ? -1 : x->gap_ns > y->gap_ns;
}

/* The least gap and the median one; slower drift within a group is the same. */
static int gaps_of(const groups *all, double *least, double *median)
{
	groups sorted = { 0 };

	for (size_t i = 0; i < all->count; i++) {
		struct group *g = vmsync_array_add(&sorted);

		if (!g) {
			vmsync_array_free(&sorted);
			return -ENOMEM;
		}
		*g = all->at[i];
	}
	qsort(sorted.at, sorted.count, sizeof(*sorted.at), by_gap);
	*least = fmax(0, sorted.at[sorted.count / 50].gap_ns);
	*median = fmax(0, sorted.at[sorted.count / 2].gap_ns);
	vmsync_array_free(&sorted);
	return 0;
}

static int fit_groups(const groups *all, struct vmsync_map *map)
{
	double least, median, wave, half;
	struct vmsync_fit fit;
	int err = gaps_of(all, &least, &median);

	if (err)
		return err;
	wave = fmax(WAVE_NS, WAVE_SHARE * (median - least));
	half = least / 2 - wave;
	vmsync_fit_init(&fit, VMSYNC_METHOD_WINDOW);
	fit.wave_ns = wave;
	fit.base_ns = least / 2 + wave + (median - least) / 2;
	for (size_t i = 0; !err && i < all->count; i++) {
		struct vmsync_fix fix = {
			.has_upper = true,
			.has_lower = true,
			.upper = all->at[i].upper,
			.lower = all->at[i].lower,
		};

		fix.play_ns = fmax(0, (all->at[i].gap_ns - least) / 2);
		if (2 * fix.play_ns > 2 * (median - least) + 4 * wave)
			continue;
		fix.upper.rest_ns = -half;
		fix.lower.rest_ns = half;
		err = vmsync_fit_add(&fit, &fix);
	}
	if (!err)
		err = vmsync_fit_map(&fit, map);
	vmsync_fit_free(&fit);
	return err;
}

static int map_vm(const struct state *s, const struct vmsync_vm *vm,
		  struct vmsync_map *map)
{
	struct search q = { .s = s, .vm = vm };
	groups all = { 0 };
	int err = -ENOMEM;

	q.windows = calloc(s->events.count, sizeof(*q.windows));
	if (!q.windows)
		return -ENOMEM;
	err = search_vm(&q);
	if (!err)
		err = make_groups(&q, &all);
	if (!err && all.count)
		err = fit_groups(&all, map);
	vmsync_array_free(&all);
	vmsync_reach_free(&q.reach);
	free(q.windows);
	return err;
}

static int make(struct state *s, const struct vmsync_facts *f)
{
	int err = -ENOENT;

	if (f->vm)
		err = map_vm(s, f->vm, &s->made_map);
	for (size_t i = 0; err == -ENOENT && !f->vm && i < f->n_vms; i++)
		err = map_vm(s, f->vms[i], &s->made_map);
	return err == -ENOENT ? 0 : err;
}

/* One map for all CPUs, made when all events are there. */
static int map(void *state, const struct vmsync_facts *f, uint32_t cpu,
	       bool final, struct vmsync_map *map)
{
	struct state *s = state;
	int err = 0;

	(void)cpu;
	if (!final || !s->events.count)
		return 0;
	if (!s->made)
		err = make(s, f);
	s->made = true;
	for (size_t i = 0; !err && i < s->made_map.count; i++)
		err = vmsync_map_append(map, &s->made_map.segments[i]);
	return err;
}

const struct vmsync_estimator vmsync_window_estimator = {
	.method = VMSYNC_METHOD_WINDOW,
	.create = create,
	.destroy = destroy,
	.guest_event = guest_event,
	.map = map,
};
