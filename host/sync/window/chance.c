// SPDX-License-Identifier: MIT
#include "sync/window/chance.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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

/*
 * Whether more than one event is between these times, of whatever virtual CPU: also
 * one that nothing is on record of tells that the guest, and its clock, went on.
 */
static bool any_events(const vmsync_guest_events *events, int64_t from_ns,
		       int64_t until_ns)
{
	size_t n = 0;

	for (size_t i = 0; i < events->count; i++)
		n += events->at[i].ns > from_ns && events->at[i].ns < until_ns;
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
void vmsync_chance_drop(const vmsync_guest_events *events,
			const struct vmsync_vm *vm, struct vmsync_trails *trails)
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
	     any_events(events, last->at[last->count - 1].guest_ns, INT64_MAX)))
		last->count -= c.limits;
	c = by_runs(vm, first, false, runs);
	if (!first->count ||
	    (c.silent_ns <= MOMENT_NS &&
	     !is_silent(vm, first, 0, c.limits + 1, silent) &&
	     !any_events(events, INT64_MIN, first->at[0].guest_ns)))
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
bool vmsync_chance_alone(const struct vmsync_vm *vm,
			 const struct vmsync_trails *trails)
{
	double share = share_of_runs(vm), offsets = 1;

	for (size_t i = 0; i < vm->vcpus.count; i++)
		offsets = fmax(offsets, (double)vm->vcpus.at[i]->runs.count);
	return share >= 1 ||
	       (share > 0 && (double)runs_told(vm, trails) <
				     log(CHANCE / offsets) / log(share));
}
