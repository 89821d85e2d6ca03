// SPDX-License-Identifier: MIT
#include "sync/window/trails.h"

#include <errno.h>
#include <stdlib.h>

#include "sync/facts/lag.h"

/* How often nothing may lead on. Each time costs a search through all runs. */
#define MAX_SEARCHES 64

/*
 * And no more often, or it is another VM: by chance an event fits as often as
 * the virtual CPU runs, mostly.
 */
#define FEW_SEARCHES	  4
#define EVENTS_PER_SEARCH 512

/*
 * A clock that falls back by more than a little does so because its guest was
 * stopped, and so did not read it meanwhile. If the guest runs, its TSC was set
 * back: its clock stands still until that has caught up, or the guest was
 * restored.
 */
#define LITTLE_NS 1000000

struct finder {
	struct vmsync_tracker t;
	struct vmsync_trails *trails;
	unsigned int searches;
};

void vmsync_trails_free(struct vmsync_trails *trails)
{
	for (size_t i = 0; i < trails->all.count; i++)
		vmsync_trail_free(&trails->all.at[i]);
	vmsync_array_free(&trails->all);
}

static int64_t ns_of(const struct finder *f, size_t event)
{
	return f->t.events->at[event].ns;
}

/* The first event from @i on that is no part of a jump before @i any more. */
static size_t behind_jump(const struct finder *f, size_t i, int step)
{
	size_t n = f->t.events->count, k = i;

	while (k < n && llabs(ns_of(f, k) - ns_of(f, i)) <= LITTLE_NS)
		k += (size_t)step;
	return k < n ? k : i;
}

/*
 * What the offset may be on the other side of a jump, when it was @known at
 * event
 * @lock: no event there happened before one here, going forward; nor after,
 * back.
 */
static struct vmsync_offsets order(const struct finder *f, size_t lock,
				   const struct vmsync_offsets *known,
				   size_t there, int step)
{
	int64_t away = ns_of(f, there) - ns_of(f, lock);

	return step > 0 ? (struct vmsync_offsets){ known->lo - away, INT64_MAX,
						   0 } :
			  (struct vmsync_offsets){ INT64_MIN, known->hi - away,
						   0 };
}

static int count_search(struct finder *f, size_t events)
{
	f->searches++;
	return f->searches > MAX_SEARCHES ||
			       f->searches >
				       FEW_SEARCHES +
					       events / EVENTS_PER_SEARCH ?
		       -ENOENT :
		       0;
}

/*
 * The trail that begins where @side ends. What remains of the recording may be
 * too short to tell one offset; then it is a trail of all that are possible
 * there.
 */
static int find_next(struct finder *f, const struct vmsync_trail *side,
		     int step, struct vmsync_trail *next)
{
	size_t i = step > 0 ? side->end : side->first - 1;
	size_t n = f->t.events->count;
	int err;

	for (i = behind_jump(f, i, step); i < n; i += (size_t)step) {
		struct vmsync_offsets among =
			order(f, side->lock, &side->at_lock.at[0], i, step);
		size_t away = step > 0 ? i - side->lock : side->lock - i;
		size_t stop;

		err = count_search(f, away);
		if (err)
			return err;
		err = vmsync_trail_find(&f->t, i, step, &among, next, &stop);
		if (err != -ENOENT)
			return err;
		i = stop < n ? behind_jump(f, stop, step) : stop;
	}
	return next->at_lock.count ? 0 : -ENOENT;
}

/* Puts @trail before or behind all others. */
static int put(struct vmsync_trails *trails, const struct vmsync_trail *trail,
	       int step)
{
	struct vmsync_trail *last = vmsync_array_add(&trails->all);

	if (!last)
		return -ENOMEM;
	for (; step < 0 && last != trails->all.at; last--)
		*last = last[-1];
	*last = *trail;
	return 0;
}

/* From the outermost trail to the end of the recording on that side. */
static int go_on(struct finder *f, int step)
{
	size_t n = f->t.events->count;

	for (;;) {
		const struct vmsync_trail *side =
			step > 0 ? vmsync_array_last(&f->trails->all) :
				   f->trails->all.at;
		struct vmsync_trail next = { 0 };
		int err;

		if (step > 0 ? side->end == n : !side->first)
			return 0;
		err = find_next(f, side, step, &next);
		if (!err)
			err = step > 0 ?
				      vmsync_trail_extend(&f->t, &next,
							  side->lock + 1, n) :
				      vmsync_trail_extend(&f->t, &next, 0,
							  side->lock);
		if (!err)
			err = put(f->trails, &next, step);
		if (err) {
			vmsync_trail_free(&next);
			return err;
		}
	}
}

/* The first run of any virtual CPU that ends behind @ns, or NULL. */
static const struct vmsync_run *next_run(const struct vmsync_vm *vm, int64_t ns)
{
	const struct vmsync_run *first = NULL;

	for (size_t i = 0; i < vm->vcpus.count; i++) {
		const struct vmsync_vcpu *v = vm->vcpus.at[i];
		size_t k = v->runs.count ? vmsync_run_at(v, ns) : 0;

		while (k < v->runs.count && v->runs.at[k].exit_ns <= ns)
			k++;
		if (k < v->runs.count &&
		    (!first || v->runs.at[k].entry_ns < first->entry_ns))
			first = &v->runs.at[k];
	}
	return first;
}

/* Whether no virtual CPU ran for @ns, some time from host time @from to @until.
 */
static bool was_stopped(const struct finder *f, int64_t from, int64_t until,
			int64_t ns)
{
	while (from < until) {
		const struct vmsync_run *run = next_run(f->t.vm, from);

		if (!run || run->entry_ns - from >= ns)
			return true;
		from = run->exit_ns;
	}
	return false;
}

/*
 * Over how much time the clock may have fallen back between @a and @b and been
 * read twice; -1: over more than can be.
 */
static int64_t fall(const struct finder *f, const struct vmsync_trail *a,
		    const struct vmsync_trail *b)
{
	int64_t most = b->at_first.hi - a->at_last.lo;
	int64_t least = b->at_first.lo - a->at_last.hi;

	if (most <= 0)
		return 0;
	if (most <= LITTLE_NS)
		return most;
	if (least > LITTLE_NS &&
	    was_stopped(f, ns_of(f, b->first - 1) + a->at_last.lo,
			ns_of(f, a->end) + b->at_first.hi, least - least / 8))
		return 0;
	return most <= VMSYNC_LONGEST_STAND_NS ? most : -1;
}

/*
 * Leaves to either side of a jump what is surely its own. If the last event
 * that is surely old is behind the first one that is surely new, by more than
 * the clock fell, something else was between, of which nothing is known.
 */
static int part(const struct finder *f, struct vmsync_trail *a,
		struct vmsync_trail *b)
{
	int64_t fell = fall(f, a, b);
	int64_t new_ns = ns_of(f, a->end), old_ns = ns_of(f, b->first - 1);

	if (fell < 0 || old_ns > new_ns + fell)
		return -ENOENT;
	b->fell = fell;
	if (!fell) {
		size_t end = a->end;

		a->end = b->first < a->end ? b->first : a->end;
		b->first = b->first > end ? b->first : end;
		return 0;
	}
	while (a->end > a->first &&
	       (a->end > b->first || ns_of(f, a->end - 1) >= old_ns - fell))
		a->end--;
	while (b->first < b->end && ns_of(f, b->first) <= new_ns + fell)
		b->first++;
	return 0;
}

static int follow_all(struct finder *f)
{
	struct vmsync_trail *trails = f->trails->all.at;
	size_t n = f->trails->all.count;
	int err = 0;

	for (size_t i = 1; !err && i < n; i++)
		err = part(f, &trails[i - 1], &trails[i]);
	for (size_t i = 0; !err && i < n; i++)
		err = vmsync_trail_follow(&f->t, &trails[i]);
	for (size_t i = 1; !err && i < n; i++) {
		err = vmsync_trail_beyond(&f->t, &trails[i - 1], 1);
		if (!err)
			err = vmsync_trail_beyond(&f->t, &trails[i], -1);
	}
	return err;
}

/* From an event in the middle, if the clock does not jump just there. */
static int find_first(struct finder *f, struct vmsync_trail *trail)
{
	static const struct vmsync_offsets any = { INT64_MIN, INT64_MAX, 0 };
	size_t n = f->t.events->count, stop;
	const size_t from[] = { n / 2, 0, n / 4, n - n / 4 };
	int err = -ENOENT;

	for (size_t i = 0; err == -ENOENT && i < 4 && from[i] < n; i++)
		err = vmsync_trail_find(&f->t, from[i], 1, &any, trail, &stop);
	return err ? err : vmsync_trail_extend(&f->t, trail, 0, n);
}

/* Some of the host's records are missing, or its recording begins late. */
static bool is_holed(const struct vmsync_vm *vm)
{
	for (size_t i = 0; i < vm->vcpus.count; i++)
		if (vm->vcpus.at[i]->lost.count)
			return true;
	return false;
}

/*
 * Where records are missing nearly any offset leads through, and what looks like a
 * jump may be a wrong offset before it: then all has to lie on one trail.
 */
static bool may_jump(const struct finder *f)
{
	const struct vmsync_trail *only = &f->trails->all.at[0];

	return !is_holed(f->t.vm) ||
	       (!only->first && only->end == f->t.events->count);
}

static int find_all(struct finder *f)
{
	struct vmsync_trail first = { 0 };
	int err = find_first(f, &first);

	if (!err)
		err = put(f->trails, &first, 1);
	if (err) {
		vmsync_trail_free(&first);
		return err;
	}
	err = may_jump(f) ? go_on(f, 1) : -ENOENT;
	if (!err)
		err = go_on(f, -1);
	return err ? err : follow_all(f);
}

int vmsync_trails_find(const vmsync_guest_events *events,
		       const struct vmsync_vm *vm, struct vmsync_trails *trails)
{
	struct finder f = { .trails = trails };
	int err = vmsync_tracker_init(&f.t, events, vm);

	if (!err)
		err = find_all(&f);
	vmsync_tracker_free(&f.t);
	return err;
}
