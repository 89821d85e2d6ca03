// SPDX-License-Identifier: MIT
#include "sync/window/trail.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sync/base/drift.h"

/* Events that are enough to find the offset, or to give up. */
#define MAX_SEARCH 200000

/* Events after which an offset that fits fewer of them is not the one. */
#define SURE 100

/* Offsets that are one, when nothing else is possible. */
#define LOCKED_NS 50000

int vmsync_tracker_init(struct vmsync_tracker *t,
			const vmsync_guest_events *events,
			const struct vmsync_vm *vm)
{
	*t = (struct vmsync_tracker){ .events = events, .vm = vm };
	t->windows = calloc(events->count, sizeof(*t->windows));
	t->possible = calloc(events->count, sizeof(*t->possible));
	return t->windows && t->possible ? 0 : -ENOMEM;
}

void vmsync_tracker_free(struct vmsync_tracker *t)
{
	vmsync_candidates_free(&t->reach);
	vmsync_array_free(&t->stack);
	free(t->possible);
	free(t->windows);
}

void vmsync_trail_free(struct vmsync_trail *trail)
{
	vmsync_array_free(&trail->at_lock);
	vmsync_array_free(&trail->limits);
	vmsync_array_free(&trail->ahead);
	vmsync_array_free(&trail->behind);
}

static const struct vmsync_vcpu *vcpu_of(const struct vmsync_tracker *t,
					 size_t event)
{
	const struct vmsync_vcpu *v =
		vmsync_vm_find_vcpu(t->vm, t->events->at[event].cpu);

	return v && v->runs.count ? v : NULL;
}

static int64_t drift(const struct vmsync_tracker *t, size_t a, size_t b)
{
	int64_t d = t->events->at[b].ns - t->events->at[a].ns;

	return 1 + (int64_t)(VMSYNC_DRIFT * (double)(d < 0 ? -d : d));
}

/* The likeliest of what is left: it puts the most events into runs. */
static const struct vmsync_offsets *likeliest(const struct vmsync_candidates *r)
{
	const struct vmsync_offsets *best = NULL;

	for (size_t i = 0; i < r->now.count; i++)
		if (!best || r->now.at[i].inside > best->inside)
			best = &r->now.at[i];
	return best;
}

/*
 * Only offsets that put at least half as many events into runs as the best:
 * others put them beside all runs, where nothing speaks against them. Returns
 * the number.
 */
static size_t rivals(const struct vmsync_candidates *r)
{
	uint64_t most = likeliest(r)->inside;
	size_t n = 0;

	for (size_t i = 0; i < r->now.count; i++)
		n += r->now.at[i].inside >= most / 2;
	return n;
}

/* What is left of the offsets when others than @among are not meant. */
static void keep_among(struct vmsync_candidates *r,
		       const struct vmsync_offsets *among)
{
	size_t n = 0;

	for (size_t i = 0; i < r->now.count; i++)
		if (r->now.at[i].hi >= among->lo &&
		    r->now.at[i].lo <= among->hi)
			r->now.at[n++] = r->now.at[i];
	r->now.count = n;
}

/* All that is possible at event @i, or of that what puts most events into runs.
 */
static int lock(const struct vmsync_tracker *t, struct vmsync_trail *trail,
		size_t i)
{
	uint64_t most = likeliest(&t->reach)->inside;

	trail->lock = i;
	trail->at_lock.count = 0;
	for (size_t k = 0; k < t->reach.now.count; k++) {
		struct vmsync_offsets *o;

		if (t->reach.now.at[k].inside < most / 2)
			continue;
		o = vmsync_array_add(&trail->at_lock);
		if (!o)
			return -ENOMEM;
		*o = t->reach.now.at[k];
		o->inside = 0;
	}
	return 0;
}

/* Cuts what is possible at event @last by event @i; -ENOENT: nothing is left.
 */
static int cut(struct vmsync_tracker *t, size_t last, size_t i)
{
	vmsync_candidates_grow(&t->reach, drift(t, last, i));
	return vmsync_candidates_cut(&t->reach, vcpu_of(t, i),
				     t->events->at[i].ns);
}

/* One that puts events beside all runs is left where nothing else fits. */
static bool is_likely(const struct vmsync_candidates *r, size_t tried)
{
	return 2 * likeliest(r)->inside > tried;
}

static bool is_one(const struct vmsync_candidates *r, size_t tried)
{
	const struct vmsync_offsets *best = likeliest(r);

	return tried > SURE && is_likely(r, tried) &&
	       best->hi - best->lo < LOCKED_NS && rivals(r) == 1;
}

int vmsync_trail_find(struct vmsync_tracker *t, size_t from, int step,
		      const struct vmsync_offsets *among,
		      struct vmsync_trail *trail, size_t *stop)
{
	size_t n = t->events->count, last, tried = 0;
	int err;

	while (from < n && !vcpu_of(t, from))
		from += (size_t)step;
	*stop = from;
	if (from >= n)
		return -ENOENT;
	err = vmsync_candidates_start(&t->reach, vcpu_of(t, from),
				      t->events->at[from].ns);
	keep_among(&t->reach, among);
	if (err || !t->reach.now.count)
		return err ? err : -ENOENT;
	last = from;
	for (size_t i = from + (size_t)step; i < n && tried < MAX_SEARCH;
	     i += (size_t)step) {
		*stop = i;
		if (!vcpu_of(t, i))
			continue;
		tried++;
		err = cut(t, last, i);
		if (err)
			return err;
		last = i;
		if (is_one(&t->reach, tried))
			return lock(t, trail, i);
	}
	if (tried == MAX_SEARCH || !is_likely(&t->reach, tried))
		return -ENOENT;
	*stop = step > 0 ? n : (size_t)-1;
	err = lock(t, trail, last);
	if (err)
		return err;
	/* Where runs are long it stays as wide as they allow, to the end. */
	return tried > SURE && rivals(&t->reach) == 1 ? 0 : -ENOENT;
}

/* What is possible at the lock, to begin with. */
static int start(struct vmsync_tracker *t, const struct vmsync_trail *trail)
{
	t->reach.now.count = 0;
	for (size_t i = 0; i < trail->at_lock.count; i++) {
		struct vmsync_offsets *o = vmsync_array_add(&t->reach.now);

		if (!o)
			return -ENOMEM;
		*o = trail->at_lock.at[i];
	}
	return 0;
}

static struct vmsync_offsets hull(const struct vmsync_candidates *r)
{
	return (struct vmsync_offsets){
		.lo = r->now.at[0].lo,
		.hi = vmsync_array_last(&r->now)->hi,
	};
}

/*
 * How far it leads to one side, before @end at most: sets @stop to the event
 * that it does not lead to, and @there to what is possible at the last one
 * before.
 */
static int extend(struct vmsync_tracker *t, const struct vmsync_trail *trail,
		  int step, size_t end, size_t *stop,
		  struct vmsync_offsets *there)
{
	size_t last = trail->lock, i;
	int err = start(t, trail);

	for (i = trail->lock; !err && i != end; i += (size_t)step) {
		if (!vcpu_of(t, i))
			continue;
		err = cut(t, last, i);
		if (err)
			break;
		last = i;
	}
	if (err && err != -ENOENT)
		return err;
	*stop = i;
	*there = hull(&t->reach);
	return 0;
}

int vmsync_trail_extend(struct vmsync_tracker *t, struct vmsync_trail *trail,
			size_t first, size_t end)
{
	size_t before;
	int err = extend(t, trail, 1, end, &trail->end, &trail->at_last);

	if (!err)
		err = extend(t, trail, -1, first - 1, &before,
			     &trail->at_first);
	if (!err)
		trail->first = before + 1;
	trail->from = trail->first;
	trail->until = trail->end;
	return err;
}

/* What is possible at event @i, coming from one side. */
static int push(struct vmsync_tracker *t, size_t i)
{
	const struct vmsync_candidates *r = &t->reach;

	for (size_t k = 0; k < r->now.count; k++) {
		struct vmsync_offsets *o = vmsync_array_add(&t->stack);

		if (!o)
			return -ENOMEM;
		*o = r->now.at[k];
	}
	t->possible[i] = (uint32_t)r->now.count;
	return 0;
}

/* Of that, what is possible from the other side too. */
static int pop(struct vmsync_tracker *t, size_t i)
{
	t->stack.count -= t->possible[i];
	return vmsync_candidates_meet(&t->reach, t->stack.at + t->stack.count,
				      t->possible[i]);
}

/* From the run that event @i is in by the least offset to that by the largest.
 */
static struct vmsync_between window_of(const struct vmsync_tracker *t, size_t i)
{
	const struct vmsync_vcpu *v = vcpu_of(t, i);
	struct vmsync_offsets o = hull(&t->reach);
	int64_t ns = t->events->at[i].ns;
	struct vmsync_between w = {
		ns,
		v->runs.at[vmsync_run_at(v, ns + o.lo)].entry_ns - ns,
		v->runs.at[vmsync_run_at(v, ns + o.hi)].exit_ns - ns,
	};

	/* Before the first run or after the last one nothing is known. */
	if (o.lo < w.lo || o.hi > w.hi)
		return (struct vmsync_between){ns, 1, 0};
	return w;
}

/* From the lock to @end, which is not part of it any more. */
static int go(struct vmsync_tracker *t, const struct vmsync_trail *trail,
	      int step, size_t end)
{
	size_t last = trail->lock;
	int err = 0;

	for (size_t i = last; !err && i != end; i += (size_t)step) {
		t->possible[i] = 0;
		if (!vcpu_of(t, i))
			continue;
		err = cut(t, last, i);
		last = i;
		if (!err)
			err = push(t, i);
	}
	return err;
}

/* And back from there: what is left at each event leads to both ends. */
static int come_back(struct vmsync_tracker *t, const struct vmsync_trail *trail,
		     int step, size_t end)
{
	size_t i = end, last = end - (size_t)step;
	int err = 0;

	while (!err && i != trail->lock) {
		i -= (size_t)step;
		t->windows[i] = (struct vmsync_between){0, 1, 0};
		if (!t->possible[i])
			continue;
		vmsync_candidates_grow(&t->reach, drift(t, last, i));
		last = i;
		err = pop(t, i);
		if (!err)
			t->windows[i] = window_of(t, i);
	}
	return err;
}

/* One limit for each moment. */
static int gather(const struct vmsync_tracker *t, struct vmsync_trail *trail)
{
	for (size_t i = trail->first; i < trail->end; i++) {
		struct vmsync_between *last = vmsync_array_last(&trail->limits);
		const struct vmsync_between *w = &t->windows[i];

		if (w->lo > w->hi)
			continue;
		if (last && last->guest_ns == w->guest_ns) {
			if (w->lo > last->hi || w->hi < last->lo)
				continue;
			last->lo = w->lo > last->lo ? w->lo : last->lo;
			last->hi = w->hi < last->hi ? w->hi : last->hi;
			continue;
		}
		last = vmsync_array_add(&trail->limits);
		if (!last)
			return -ENOMEM;
		*last = *w;
	}
	return 0;
}

int vmsync_trail_follow(struct vmsync_tracker *t, struct vmsync_trail *trail)
{
	int err;

	if (trail->lock < trail->first || trail->lock >= trail->end)
		return -ENOENT;
	err = start(t, trail);
	if (!err)
		err = go(t, trail, 1, trail->end);
	if (!err)
		err = come_back(t, trail, 1, trail->end);
	if (!err)
		err = go(t, trail, -1, trail->first - 1);
	if (!err)
		err = come_back(t, trail, -1, trail->first - 1);
	return err ? err : gather(t, trail);
}

/* What is possible at event @i, as far as the way there from the lock tells. */
static int note(struct vmsync_tracker *t, size_t i, int step,
		vmsync_limits *notes)
{
	struct vmsync_offsets o = hull(&t->reach);
	struct vmsync_between *last = vmsync_array_last(notes);
	int64_t ns = step * t->events->at[i].ns;

	if (!last || last->guest_ns != ns)
		last = vmsync_array_add(notes);
	if (!last)
		return -ENOMEM;
	*last = (struct vmsync_between){ns, o.lo, o.hi};
	return 0;
}

int vmsync_trail_beyond(struct vmsync_tracker *t, struct vmsync_trail *trail,
			int step)
{
	vmsync_limits *notes = step > 0 ? &trail->ahead : &trail->behind;
	size_t stop = step > 0 ? trail->until : trail->from - 1;
	size_t last = trail->lock;
	int err = start(t, trail);

	for (size_t i = last; !err && i != stop; i += (size_t)step) {
		if (!vcpu_of(t, i))
			continue;
		err = cut(t, last, i);
		last = i;
		if (!err && (step > 0 ? i + 1 >= trail->end : i <= trail->first))
			err = note(t, i, step, notes);
	}
	return err == -ENOENT ? 0 : err;
}
