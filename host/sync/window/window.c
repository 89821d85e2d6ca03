// SPDX-License-Identifier: MIT
/*
 * The window method: a guest event happened between an entry of its virtual
 * CPU and the next exit. No module, no beacon: two recordings that exist.
 *
 * First the offset is looked for, with nothing known: from an event in the
 * middle of the recording every run of its virtual CPU is possible, and the
 * events that follow leave one of them. From there the offset is followed to
 * both sides; where it does not lead on, the clock jumped, and it is looked for
 * again (trails.h). Then each event limits the offset from both sides, and what
 * the tightest of them leave is what hulls are made of, as for beacons.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sync/base/drift.h"
#include "sync/estimator.h"
#include "sync/window/jump.h"
#include "sync/window/slack.h"
#include "sync/window/stitch.h"
#include "sync/window/trails.h"

/* Two clocks drift apart by less, ns per ns. */
#define MAX_DRIFT VMSYNC_DRIFT

/* Waves and play as for beacons. */
#define WAVE_NS	   5.0
#define WAVE_SHARE 0.1

/*
 * Limits that may all be by chance, before that becomes as unlikely as this; and
 * no more than a quarter of all.
 */
#define CHANCE	  1e-6
#define MOST_PART 4

/* Runs without events come in a row: so many times what were unlikely if not. */
#define IN_A_ROW 3

/* Runs of several virtual CPUs that events tell of in turn. */
#define RECENT_RUNS 16

/* Events beyond all runs that are no more than the first or the last of all. */
#define FEW_BEYOND 1

/*
 * A stretch at an end of the recording in which no clock is taken to be set, ns:
 * until each CPU of a host has told who runs on it, virtual CPUs may run unseen.
 * If it were longer, a clock set there would go unnoticed.
 */
#define MOMENT_NS 1000000

/** struct state - one guest's events, and the map once it is made */
struct state {
	vmsync_guest_events events;
	bool made;
	struct vmsync_map made_map;
	const struct vmsync_vm *vm; /* that it was made with */
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
	struct vmsync_guest_event *e = vmsync_array_last(&s->events);

	/* Late by reordering between CPUs: as if at the same time. */
	if (e && e->ns > ev->stamp_ns)
		return 0;
	e = vmsync_array_add(&s->events);
	if (!e)
		return -ENOMEM;
	*e = (struct vmsync_guest_event){ev->stamp_ns, ev->vcpu};
	return 0;
}

/* The longest trail tells what the tightest limits leave, and usual ones. */
static int measure(const struct vmsync_trails *trails, struct vmsync_stitch *w)
{
	const vmsync_limits *most = &trails->all.at[0].limits;
	double median;
	int err;

	for (size_t i = 1; i < trails->all.count; i++)
		if (trails->all.at[i].limits.count > most->count)
			most = &trails->all.at[i].limits;
	if (!most->count)
		return 0;
	err = vmsync_slack(most->at, most->count, MAX_DRIFT, &w->least_ns,
			   &median);
	w->wave_ns = fmax(WAVE_NS, WAVE_SHARE * (median - w->least_ns));
	return err;
}

/* @next behind @map, never before it: what it is raised for that is in its bound. */
static int append(struct vmsync_map *map, const struct vmsync_map *next)
{
	int err = 0;

	for (size_t i = 0; err != -ENOMEM && i < next->count; i++) {
		struct vmsync_segment s = next->segments[i];
		int64_t floor_ns =
			map->count ? map->segments[map->count - 1].host_start.ns
				   : 0;

		if (s.host_start.ns < floor_ns) {
			s.bound_ns += floor_ns - s.host_start.ns;
			s.host_start.ns = floor_ns;
		}
		err = vmsync_map_append(map, &s);
	}
	return err == -ENOMEM ? err : 0;
}

/* @t behind @last, if there is any before it, and the jump in between. */
static int map_trail(const struct vmsync_stitch *w,
		     const struct vmsync_trail *last,
		     const struct vmsync_trail *t, struct vmsync_map *map)
{
	struct vmsync_map next;
	int err;

	vmsync_map_init(&next);
	err = vmsync_stitch_map(w, t->limits.at, t->limits.count, &next);
	if (!err && last)
		err = vmsync_jump_map(last, t, MAX_DRIFT, &next, map);
	if (!err)
		err = append(map, &next);
	vmsync_map_free(&next);
	return err;
}

static int map_trails(const struct vmsync_trails *trails,
		      struct vmsync_map *map)
{
	struct vmsync_stitch w = {
		.method = VMSYNC_METHOD_WINDOW,
		.steep = MAX_DRIFT,
	};
	const struct vmsync_trail *last = NULL;
	int err = measure(trails, &w);

	for (size_t i = 0; !err && i < trails->all.count; i++) {
		const struct vmsync_trail *t = &trails->all.at[i];

		if (!t->limits.count)
			continue;
		if (last)
			w.epoch += 2;
		err = map_trail(&w, last, t, map);
		last = t;
	}
	return err;
}

/* How likely a guest event is in a run by chance. */
static double share_of_runs(const struct vmsync_vm *vm)
{
	double in = 0, all = 0;

	for (size_t i = 0; i < vm->vcpus.count; i++) {
		const struct vmsync_vcpu *v = vm->vcpus.at[i];
		const struct vmsync_run *r = v->runs.at;
		size_t n = v->runs.count;

		for (size_t k = 0; k < n; k++)
			in += (double)(r[k].exit_ns - r[k].entry_ns);
		if (n)
			all += (double)(r[n - 1].exit_ns - r[0].entry_ns);
	}
	return all > 0 ? in / all : 1;
}

/* Whether more than one event of virtual CPUs that ran are between these times. */
static bool any_events(const struct state *s, const struct vmsync_vm *vm,
		       int64_t from_ns, int64_t until_ns)
{
	size_t n = 0;

	for (size_t i = 0; i < s->events.count; i++) {
		const struct vmsync_guest_event *e = &s->events.at[i];
		const struct vmsync_vcpu *v = vmsync_vm_find_vcpu(vm, e->cpu);

		n += e->ns > from_ns && e->ns < until_ns && v && v->runs.count;
	}
	return n > FEW_BEYOND;
}

/* Whether run @k of @v, and what is around it, is on record. */
static bool is_known(const struct vmsync_vcpu *v, size_t k)
{
	return !vmsync_vcpu_is_lost(v, k) &&
	       (!k || !vmsync_vcpu_is_lost(v, k - 1)) &&
	       (k + 1 >= v->runs.count || !vmsync_vcpu_is_lost(v, k + 1));
}

/*
 * Whether @b is of one run that is on record. Where the virtual CPU may have run
 * unseen all the time in between, an event in it tells nothing: it would have been
 * in a run in any case.
 */
static bool of_run(const struct vmsync_vm *vm, const struct vmsync_between *b)
{
	for (size_t i = 0; i < vm->vcpus.count; i++) {
		const struct vmsync_vcpu *v = vm->vcpus.at[i];
		size_t k = vmsync_run_at(v, b->guest_ns + b->lo);

		if (k < v->runs.count && is_known(v, k) &&
		    v->runs.at[k].entry_ns == b->guest_ns + b->lo &&
		    v->runs.at[k].exit_ns == b->guest_ns + b->hi)
			return true;
	}
	return false;
}

static bool is_unknown(const struct vmsync_vcpu *v, size_t k)
{
	return !is_known(v, k);
}

/* Whether @b is of a run of which @is holds. */
static bool of_such(const struct vmsync_vm *vm, const struct vmsync_between *b,
		    bool (*is)(const struct vmsync_vcpu *v, size_t k))
{
	for (size_t i = 0; i < vm->vcpus.count; i++) {
		const struct vmsync_vcpu *v = vm->vcpus.at[i];
		size_t k = vmsync_run_at(v, b->guest_ns + b->lo);

		if (k < v->runs.count && is(v, k) &&
		    v->runs.at[k].entry_ns == b->guest_ns + b->lo)
			return true;
	}
	return false;
}

/** struct told - runs that events told of; @n of them, each counted once */
struct told {
	int64_t entry_ns[RECENT_RUNS];
	size_t n;
};

/* Does @b tell of a run on record, and not of one that was just told of? */
static bool is_new(const struct told *t, const struct vmsync_vm *vm,
		   const struct vmsync_between *b)
{
	if (!of_run(vm, b))
		return false;
	for (size_t i = 0; i < RECENT_RUNS && i < t->n; i++)
		if (t->entry_ns[i] == b->guest_ns + b->lo)
			return false;
	return true;
}

static void tell(struct told *t, const struct vmsync_between *b)
{
	t->entry_ns[t->n++ % RECENT_RUNS] = b->guest_ns + b->lo;
}

/**
 * struct chance - limits at one end of a trail that may all be by chance
 * @limits:	how many
 * @silent:	those of them that would be in a run in any case
 * @silent_ns:	guest time from the end to the farthest of these while records are
 *		missing: the runs beside those are on record
 */
struct chance {
	size_t limits;
	size_t silent;
	int64_t silent_ns;
};

/*
 * At one end (@back: the last one) those that @runs runs give: events that share a
 * run are in it by one and the same chance, and where records are missing they are
 * in one whatever the offset.
 */
static struct chance by_runs(const struct vmsync_vm *vm, const vmsync_limits *l,
			     bool back, double runs)
{
	size_t most = l->count / MOST_PART;
	struct chance c = {0};
	struct told told = {0};
	int64_t end_ns = 0;

	if (l->count)
		end_ns = l->at[back ? l->count - 1 : 0].guest_ns;
	for (; c.limits < l->count && c.limits - c.silent < most; c.limits++) {
		const struct vmsync_between *b =
			&l->at[back ? l->count - 1 - c.limits : c.limits];

		c.silent += of_such(vm, b, is_unknown);
		if (of_such(vm, b, vmsync_vcpu_is_lost))
			c.silent_ns = llabs(b->guest_ns - end_ns);
		if (!is_new(&told, vm, b))
			continue;
		if ((double)told.n >= runs)
			break;
		tell(&told, b);
	}
	return c;
}

/* How many runs events were in. */
static size_t runs_told(const struct vmsync_vm *vm,
			const struct vmsync_trails *trails)
{
	struct told told = {0};

	for (size_t i = 0; i < trails->all.count; i++) {
		const vmsync_limits *l = &trails->all.at[i].limits;

		for (size_t k = 0; k < l->count; k++)
			if (is_new(&told, vm, &l->at[k]))
				tell(&told, &l->at[k]);
	}
	return told.n;
}

/* How many runs are on record that begin between these times. */
static size_t runs_between(const struct vmsync_vm *vm, int64_t from_ns,
			   int64_t until_ns)
{
	size_t n = 0;

	for (size_t i = 0; i < vm->vcpus.count && from_ns < until_ns; i++) {
		const struct vmsync_vcpu *v = vm->vcpus.at[i];

		if (v->runs.count)
			n += vmsync_run_at(v, until_ns) -
			     vmsync_run_at(v, from_ns);
	}
	return n;
}

/*
 * So many runs without an event one after the other are not by chance: from what
 * share of the runs between the first limit and the last one has events.
 */
static double silent_runs(const struct vmsync_vm *vm,
			  const struct vmsync_trails *trails)
{
	const vmsync_limits *first = &trails->all.at[0].limits;
	const vmsync_limits *last = &vmsync_array_last(&trails->all)->limits;
	const struct vmsync_between *a = first->at, *b;
	double all, told = (double)runs_told(vm, trails);

	if (!first->count || !last->count)
		return INFINITY;
	b = &last->at[last->count - 1];
	all = (double)runs_between(vm, a->guest_ns + a->lo,
				   b->guest_ns + b->hi);
	return told < all ? IN_A_ROW * ceil(log(CHANCE) / log(1 - told / all)) :
			    IN_A_ROW;
}

/*
 * Whether virtual CPUs ran for long without an event somewhere in @n limits of @l
 * from @from on. So it looks where the guest's clock was set ahead: the time that it
 * left out was none.
 */
static bool is_silent(const struct vmsync_vm *vm, const vmsync_limits *l,
		      size_t from, size_t n, double runs)
{
	for (size_t i = from; i + 1 < from + n && i + 1 < l->count; i++) {
		const struct vmsync_between *a = &l->at[i], *b = &a[1];

		if ((double)runs_between(vm, a->guest_ns + a->hi,
					 b->guest_ns + b->lo) >= runs)
			return true;
	}
	return false;
}

/*
 * Events that lie before the first run or behind the last one fit any offset, and
 * so do those where a virtual CPU may have run unseen. If the clock was set near
 * there, only those between that and the begin of the runs could tell, and each of
 * them is in a run by chance as often as the virtual CPU runs: as many as that may
 * be limit nothing. If only one lies beyond, it is the first or the last of all,
 * and no clock is taken to be set just there, unless a time without events tells
 * that it may have been.
 */
static void drop_chance(const struct state *s, const struct vmsync_vm *vm,
			struct vmsync_trails *trails)
{
	vmsync_limits *first = &trails->all.at[0].limits;
	vmsync_limits *last = &vmsync_array_last(&trails->all)->limits;
	double share = share_of_runs(vm), runs = INFINITY;
	double silent = silent_runs(vm, trails);
	struct chance c;

	if (share < 1)
		runs = share > 0 ? ceil(log(CHANCE) / log(share)) : 1;
	c = by_runs(vm, last, true, runs);
	if (last->count &&
	    (c.silent_ns > MOMENT_NS ||
	     is_silent(vm, last, last->count - c.limits - (c.limits < last->count),
		       c.limits + 1, silent) ||
	     any_events(s, vm, last->at[last->count - 1].guest_ns, INT64_MAX)))
		last->count -= c.limits;
	c = by_runs(vm, first, false, runs);
	if (!first->count ||
	    (c.silent_ns <= MOMENT_NS &&
	     !is_silent(vm, first, 0, c.limits + 1, silent) &&
	     !any_events(s, vm, INT64_MIN, first->at[0].guest_ns)))
		return;
	first->count -= c.limits;
	memmove(first->at, first->at + c.limits,
		first->count * sizeof(*first->at));
}

/*
 * Could trails be in runs by chance alone? There are about as many offsets to choose
 * from as a virtual CPU has runs. One of them may put the few events that are not
 * beyond the recording into runs of any VM.
 */
static bool by_chance(const struct vmsync_vm *vm,
		      const struct vmsync_trails *trails)
{
	double share = share_of_runs(vm), offsets = 1;

	for (size_t i = 0; i < vm->vcpus.count; i++)
		offsets = fmax(offsets, (double)vm->vcpus.at[i]->runs.count);
	return share >= 1 ||
	       (share > 0 && (double)runs_told(vm, trails) <
				     log(CHANCE / offsets) / log(share));
}

static int map_vm(const struct state *s, const struct vmsync_vm *vm,
		  struct vmsync_map *map)
{
	struct vmsync_trails trails = {0};
	int err = vmsync_trails_find(&s->events, vm, &trails);

	if (!err && by_chance(vm, &trails))
		err = -ENOENT;
	if (!err) {
		drop_chance(s, vm, &trails);
		err = map_trails(&trails, map);
	}
	vmsync_trails_free(&trails);
	return err;
}

static int make(struct state *s, const struct vmsync_facts *f)
{
	int err = -ENOENT;

	if (f->vm)
		err = map_vm(s, f->vm, &s->made_map);
	for (size_t i = 0; err == -ENOENT && !f->vm && i < f->n_vms; i++) {
		err = map_vm(s, f->vms[i], &s->made_map);
		if (!err)
			s->vm = f->vms[i];
	}
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

static const struct vmsync_vm *found(const void *state)
{
	const struct state *s = state;

	return s->vm;
}

const struct vmsync_estimator vmsync_window_estimator = {
	.method = VMSYNC_METHOD_WINDOW,
	.create = create,
	.destroy = destroy,
	.guest_event = guest_event,
	.map = map,
	.found = found,
};
