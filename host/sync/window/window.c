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

#include "sync/base/drift.h"
#include "sync/estimator.h"
#include "sync/window/chance.h"
#include "sync/window/jump.h"
#include "sync/window/slack.h"
#include "sync/window/stitch.h"
#include "sync/window/trails.h"

/* Two clocks drift apart by less, ns per ns. */
#define MAX_DRIFT VMSYNC_DRIFT

/* Waves and play as for beacons. */
#define WAVE_NS	   5.0
#define WAVE_SHARE 0.1

/**
 * struct made - the map of one CPU, or of all where they have one clock
 * @vm:		that it was made with
 */
struct made {
	bool made;
	struct vmsync_map map;
	const struct vmsync_vm *vm;
};

/** struct state - one guest's events, and maps once they are made: by CPU if @apart */
struct state {
	vmsync_guest_events events;
	bool apart;
	VMSYNC_ARRAY(struct made) made;
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
		for (size_t i = 0; i < s->made.count; i++)
			vmsync_map_free(&s->made.at[i].map);
		vmsync_array_free(&s->made);
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
			map->count ?
				map->segments[map->count - 1].host_start.ns :
				0;

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

static int map_vm(const vmsync_guest_events *events,
		  const struct vmsync_vm *vm, struct vmsync_map *map)
{
	struct vmsync_trails trails = { 0 };
	int err = vmsync_trails_find(events, vm, &trails);

	if (!err && vmsync_chance_alone(vm, &trails))
		err = -ENOENT;
	if (!err) {
		vmsync_chance_drop(events, vm, &trails);
		err = map_trails(&trails, map);
	}
	vmsync_trails_free(&trails);
	return err;
}

static int make(const vmsync_guest_events *events, const struct vmsync_facts *f,
		const struct vmsync_vm *vm, struct made *m)
{
	int err = -ENOENT;

	if (vm)
		err = map_vm(events, vm, &m->map);
	for (size_t i = 0; err == -ENOENT && !vm && i < f->n_vms; i++) {
		err = map_vm(events, f->vms[i], &m->map);
		if (!err)
			m->vm = f->vms[i];
	}
	return err == -ENOENT ? 0 : err;
}

/* The VM of the others, if that is known to be one; threads may be by themselves. */
static const struct vmsync_vm *vm_of_others(const struct state *s)
{
	for (size_t i = 0; i < s->made.count; i++)
		if (s->made.at[i].vm && s->made.at[i].vm->id.pid > 0)
			return s->made.at[i].vm;
	return NULL;
}

/* The same by the events of @cpu alone. */
static int make_apart(const struct state *s, const struct vmsync_facts *f,
		      uint32_t cpu, struct made *m)
{
	vmsync_guest_events own = { 0 };
	int err = 0;

	for (size_t i = 0; !err && i < s->events.count; i++) {
		struct vmsync_guest_event *e;

		if (s->events.at[i].cpu != cpu)
			continue;
		e = vmsync_array_add(&own);
		if (e)
			*e = s->events.at[i];
		else
			err = -ENOMEM;
	}
	if (!err && own.count)
		err = make(&own, f, f->vm ? f->vm : vm_of_others(s), m);
	vmsync_array_free(&own);
	return err;
}

static struct made *made_of(struct state *s, uint32_t cpu)
{
	while (s->made.count <= cpu) {
		struct made *m = vmsync_array_add(&s->made);

		if (!m)
			return NULL;
		*m = (struct made){0};
	}
	return &s->made.at[cpu];
}

/* One map for all CPUs that have one clock, made when all events are there. */
static int map(void *state, const struct vmsync_facts *f, uint32_t cpu,
	       bool final, struct vmsync_map *map)
{
	struct state *s = state;
	struct made *m;
	int err = 0;

	if (!final || !s->events.count)
		return 0;
	s->apart = f->apart;
	m = made_of(s, s->apart ? cpu : 0);
	if (!m)
		return -ENOMEM;
	if (!m->made)
		err = s->apart ? make_apart(s, f, cpu, m) :
				 make(&s->events, f, f->vm, m);
	m->made = true;
	for (size_t i = 0; !err && i < m->map.count; i++)
		err = vmsync_map_append(map, &m->map.segments[i]);
	return err;
}

static const struct vmsync_vm *found(const void *state, uint32_t cpu)
{
	const struct state *s = state;

	if (!s->apart)
		cpu = 0;
	return cpu < s->made.count ? s->made.at[cpu].vm : NULL;
}

const struct vmsync_estimator vmsync_window_estimator = {
	.method = VMSYNC_METHOD_WINDOW,
	.create = create,
	.destroy = destroy,
	.guest_event = guest_event,
	.map = map,
	.found = found,
};
