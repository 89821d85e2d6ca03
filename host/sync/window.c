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

#include "sync/drift.h"
#include "sync/estimator.h"
#include "sync/reach.h"
#include "sync/slack.h"
#include "sync/winding.h"

/* Two clocks drift apart by less, ns per ns. */
#define MAX_DRIFT VMSYNC_DRIFT

/* Events in runs that are enough to believe in an offset. */
#define MIN_USED 50

/* Events that are enough to find the offset, or to give up. */
#define MAX_SEARCH 200000

/* Offsets that are one, when nothing else is possible. */
#define LOCKED_NS 50000

/* Where no offset fits, an event or a run is missing: start again this wide. */
#define RELOCK_NS   20000
#define MAX_RELOCKS 64

/*
 * And so rarely, or it is another VM: by chance an event fits as often as the
 * virtual CPU runs, mostly.
 */
#define FEW_RELOCKS	  2
#define EVENTS_PER_RELOCK 64

/* Waves and play as for beacons. */
#define WAVE_NS	   5.0
#define WAVE_SHARE 0.1

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
	struct event *e = vmsync_array_last(&s->events);

	/* Late by reordering between CPUs: as if at the same time. */
	if (e && e->ns > ev->stamp_ns)
		return 0;
	e = vmsync_array_add(&s->events);
	if (!e)
		return -ENOMEM;
	*e = (struct event){ev->stamp_ns, ev->vcpu};
	return 0;
}

/**
 * struct search - in one VM
 * @windows:	of all events
 * @possible:	how many intervals of each event are on the @stack
 * @used:	events that were put into runs that are on record
 * @relocks:	how often nothing fitted
 */
struct search {
	const struct state *s;
	const struct vmsync_vm *vm;
	struct vmsync_reach reach;
	struct window *windows;
	uint32_t *possible;
	uint64_t used;
	uint64_t relocks;
	VMSYNC_ARRAY(struct vmsync_offsets) stack;
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

/* What is possible at event @i, coming from one side. */
static int push(struct search *q, size_t i)
{
	const struct vmsync_reach *r = &q->reach;

	for (size_t k = 0; k < r->now.count; k++) {
		struct vmsync_offsets *o = vmsync_array_add(&q->stack);

		if (!o)
			return -ENOMEM;
		*o = r->now.at[k];
	}
	q->possible[i] = (uint32_t)r->now.count;
	return 0;
}

/* Of that, what is possible from the other side too, if anything is. */
static int pop(struct search *q, size_t i)
{
	q->stack.count -= q->possible[i];
	return vmsync_reach_meet(&q->reach, q->stack.at + q->stack.count,
				 q->possible[i]);
}

/* From the run that event @i is in by the least offset to that by the largest. */
static struct window window_of(struct search *q, size_t i)
{
	const struct vmsync_vcpu *v = vcpu_of(q, i);
	const struct vmsync_offsets *first = &q->reach.now.at[0];
	const struct vmsync_offsets *last = vmsync_array_last(&q->reach.now);
	int64_t ns = q->s->events.at[i].ns;
	struct window w = {
		v->runs.at[vmsync_run_at(v, ns + first->lo)].entry_ns - ns,
		v->runs.at[vmsync_run_at(v, ns + last->hi)].exit_ns - ns,
	};

	/* Before the first run or after the last one nothing is known. */
	if (first->lo < w.lo || last->hi > w.hi)
		return (struct window){1, 0};
	q->used += !vmsync_vcpu_is_lost(v, vmsync_run_at(v, ns + first->lo));
	return w;
}

/* Follows the offset from event @from to one end: @step is 1 or -1. */
static int go(struct search *q, size_t from, int step)
{
	size_t n = q->s->events.count, last = from;
	unsigned int relocks = 0;

	for (size_t i = from; i < n; i += (size_t)step) {
		const struct vmsync_vcpu *v = vcpu_of(q, i);
		const struct vmsync_offsets *o;
		int err;

		q->possible[i] = 0;
		if (!v)
			continue;
		vmsync_reach_grow(&q->reach, drift(q, last, i));
		last = i;
		err = vmsync_reach_cut(&q->reach, v, q->s->events.at[i].ns);
		if (!err)
			err = push(q, i);
		if (err != -ENOENT) {
			if (err)
				return err;
			continue;
		}
		q->relocks++;
		if (++relocks > MAX_RELOCKS)
			return -ENOENT;
		o = q->reach.now.at;
		err = vmsync_reach_one(
			&q->reach, o->lo - RELOCK_NS,
			q->reach.now.at[q->reach.now.count - 1].hi +
				RELOCK_NS);
		if (err)
			return err;
	}
	return 0;
}

/* And back from there: what is left at each event leads to both ends. */
static int come_back(struct search *q, size_t from, int step)
{
	size_t i = step > 0 ? q->s->events.count : (size_t)-1;
	size_t last = i - (size_t)step;
	int err = 0;

	while (!err && i != from) {
		i -= (size_t)step;
		q->windows[i] = (struct window){1, 0};
		if (!q->possible[i])
			continue;
		vmsync_reach_grow(&q->reach, drift(q, last, i));
		last = i;
		err = pop(q, i);
		if (!err)
			q->windows[i] = window_of(q, i);
	}
	return err;
}

static int follow(struct search *q, size_t from, int step)
{
	int err = go(q, from, step);

	return err ? err : come_back(q, from, step);
}

static int search_vm(struct search *q)
{
	size_t at = 0;
	int err = find(q, q->s->events.count / 2, &at);

	if (err)
		err = find(q, 0, &at);
	if (err)
		return err;
	err = follow(q, at, 1);
	if (!err)
		err = follow(q, at, -1);
	if (!err && (q->used < MIN_USED ||
		     q->relocks > FEW_RELOCKS + q->used / EVENTS_PER_RELOCK))
		err = -ENOENT;
	return err;
}

/*
 * Limits in the order of time, one for each moment. Where two of them cannot
 * both hold, however the clocks drift, one of the clocks jumped.
 */
typedef VMSYNC_ARRAY(struct vmsync_between) limits;

/* @now: what is still possible, grown to the moment of @next and cut by it */
static bool follows(struct window *now, const struct vmsync_between *last,
		    const struct vmsync_between *next)
{
	int64_t away = next->guest_ns - last->guest_ns;
	int64_t grow = 1 + (int64_t)(MAX_DRIFT *
				     (double)(away < 0 ? -away : away));

	now->lo = now->lo - grow > next->lo ? now->lo - grow : next->lo;
	now->hi = now->hi + grow < next->hi ? now->hi + grow : next->hi;
	return now->lo <= now->hi;
}

/*
 * The clock jumped before limit @i, which nothing before it leads to. It may have
 * been earlier: at any of those before @i that @i leads back to. Return: the first
 * of these, or @i.
 */
static size_t first_in_doubt(const struct vmsync_between *e, size_t from,
			     size_t i)
{
	struct window now = {e[i].lo, e[i].hi};

	while (i > from && follows(&now, &e[i], &e[i - 1]))
		i--;
	return i;
}

/*
 * The clock at a jump, behind limit @a and not behind limit @b: as before or after
 * it, and it drifts besides. @before: what was possible at @a.
 */
static int put_jump(const struct window *before, const struct vmsync_between *a,
		    const struct vmsync_between *b, struct vmsync_map *map)
{
	int64_t lo = before->lo < b->lo ? before->lo : b->lo;
	int64_t hi = before->hi > b->hi ? before->hi : b->hi;
	struct vmsync_segment s, *last;

	if (!map->count)
		return 0;
	last = &map->segments[map->count - 1];
	s = (struct vmsync_segment){
		.guest_start = {a->guest_ns + 1},
		.guest_end = {b->guest_ns},
		.host_start =
			vmsync_map_eval(map, (guest_time){a->guest_ns + 1}),
		.slope = 1,
		.method = VMSYNC_METHOD_WINDOW,
		.bound_ns = hi - lo +
			    (int64_t)(MAX_DRIFT *
				      (double)(b->guest_ns - a->guest_ns)) +
			    2,
		.epoch = last->epoch + 1,
	};
	last->guest_end = s.guest_start;
	return vmsync_map_append(map, &s) == -ENOMEM ? -ENOMEM : 0;
}

/* What is possible at limit @to, coming from @from. */
static struct window possible_at(const struct vmsync_between *e, size_t from,
				 size_t to)
{
	struct window now = {e[from].lo, e[from].hi};

	for (size_t i = from + 1; i <= to; i++)
		follows(&now, &e[i - 1], &e[i]);
	return now;
}

/* The stretch of limits @from up to the jump before limit @i, and that. */
static int map_stretch(struct vmsync_winding *w, const struct vmsync_between *e,
		       size_t from, size_t i, struct vmsync_map *map)
{
	size_t end = first_in_doubt(e, from, i);
	struct window before;
	int err;

	/* The first one is always known by itself. */
	if (end == from)
		end++;
	before = possible_at(e, from, end - 1);
	err = vmsync_winding_map(w, &e[from], end - from, map);
	return err ? err : put_jump(&before, &e[end - 1], &e[i], map);
}

static int map_limits(struct vmsync_winding *w, const limits *all,
		      struct vmsync_map *map)
{
	const struct vmsync_between *e = all->at;
	struct window now = {e[0].lo, e[0].hi};
	size_t from = 0;
	int err = 0;

	for (size_t i = 1; !err && i < all->count; i++) {
		if (follows(&now, &e[i - 1], &e[i]))
			continue;
		err = map_stretch(w, e, from, i, map);
		now = (struct window){e[i].lo, e[i].hi};
		w->epoch += 2;
		from = i;
	}
	return err ? err
		   : vmsync_winding_map(w, &e[from], all->count - from, map);
}

static int gather(const struct search *q, limits *all)
{
	for (size_t i = 0; i < q->s->events.count; i++) {
		struct vmsync_between *last = vmsync_array_last(all);
		int64_t ns = q->s->events.at[i].ns;
		const struct window *w = &q->windows[i];

		if (w->lo > w->hi)
			continue;
		if (last && last->guest_ns == ns && w->lo <= last->hi &&
		    w->hi >= last->lo) {
			last->lo = w->lo > last->lo ? w->lo : last->lo;
			last->hi = w->hi < last->hi ? w->hi : last->hi;
			continue;
		}
		if (last && last->guest_ns == ns)
			continue;
		last = vmsync_array_add(all);
		if (!last)
			return -ENOMEM;
		*last = (struct vmsync_between){ns, w->lo, w->hi};
	}
	return 0;
}

/*
 * Where the search started again the clock may have jumped by as much as it was
 * widened, and events beside the jump may have been put into a run of the other
 * side's offset.
 */
static void widen(struct vmsync_map *map, int64_t ns)
{
	for (size_t i = 0; i < map->count; i++)
		map->segments[i].bound_ns += ns;
}

static int map_found(const struct search *q, struct vmsync_map *map)
{
	struct vmsync_winding w = {
		.method = VMSYNC_METHOD_WINDOW,
		.steep = MAX_DRIFT,
	};
	limits all = {0};
	double median;
	int err = gather(q, &all);

	if (!err && all.count)
		err = vmsync_slack(all.at, all.count, MAX_DRIFT, &w.least_ns,
				   &median);
	if (!err && all.count) {
		w.wave_ns = fmax(WAVE_NS, WAVE_SHARE * (median - w.least_ns));
		err = map_limits(&w, &all, map);
		widen(map, (int64_t)q->relocks * RELOCK_NS);
	}
	vmsync_array_free(&all);
	return err;
}

static int map_vm(const struct state *s, const struct vmsync_vm *vm,
		  struct vmsync_map *map)
{
	struct search q = {.s = s, .vm = vm};
	int err = -ENOMEM;

	q.windows = calloc(s->events.count, sizeof(*q.windows));
	q.possible = calloc(s->events.count, sizeof(*q.possible));
	if (q.windows && q.possible)
		err = search_vm(&q);
	if (!err)
		err = map_found(&q, map);
	vmsync_reach_free(&q.reach);
	vmsync_array_free(&q.stack);
	free(q.possible);
	free(q.windows);
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
