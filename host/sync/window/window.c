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

static int map_vm(const struct state *s, const struct vmsync_vm *vm,
		  struct vmsync_map *map)
{
	struct vmsync_trails trails = {0};
	int err = vmsync_trails_find(&s->events, vm, &trails);

	if (!err && vmsync_chance_alone(vm, &trails))
		err = -ENOENT;
	if (!err) {
		vmsync_chance_drop(&s->events, vm, &trails);
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
