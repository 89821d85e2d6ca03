// SPDX-License-Identifier: MIT
#include "sync/exact/clip.h"

#include "sync/base/drift.h"
#include "uapi/vmsync.h"

void vmsync_clip_coarse(struct vmsync_map *map)
{
	struct vmsync_segment *last;

	if (!map->count)
		return;
	last = &map->segments[map->count - 1];
	last->guest_end.ns -= VMSYNC_COARSE_NS;
	if (last->guest_end.ns < last->guest_start.ns)
		last->guest_end = last->guest_start;
}

void vmsync_clip_from(struct vmsync_map *map, int64_t first_ns)
{
	while (map->count) {
		struct vmsync_segment *last = &map->segments[map->count - 1];

		if (last->guest_start.ns < first_ns) {
			if (last->guest_end.ns > first_ns)
				last->guest_end.ns = first_ns;
			return;
		}
		map->count--;
	}
}

void vmsync_clip_jump(struct vmsync_walk *w, const struct vmsync_link *l,
		      int64_t at, int128 g)
{
	struct vmsync_point d;
	int128 since = (int128)at - w->jumped;

	if (w->jumped == VMSYNC_AXIS_MAX)
		return;
	w->jumped = VMSYNC_AXIS_MAX;
	if (since < 0 || !vmsync_link_direction(l, at, &d))
		return;
	since += since * VMSYNC_DRIFT_PPM / 1000000 + 1;
	vmsync_clip_from(w->map, (int64_t)((g - since * d.g / VMSYNC_SPAN) >> 32) -
				  VMSYNC_COARSE_NS);
}

/* At host time @host_ns the clock read @guest_ns, and it jumped at @jumped_ns. */
static void clip_before(struct vmsync_map *map, int64_t jumped_ns, int64_t host_ns,
			int64_t guest_ns)
{
	int64_t since_ns = host_ns - jumped_ns;

	since_ns += (int64_t)(2 * VMSYNC_DRIFT * (double)since_ns) + 1;
	vmsync_clip_from(map, guest_ns - since_ns - VMSYNC_COARSE_NS);
}

/* The guest's line that was known last, if it counts kvm-clock; or NULL. */
static const struct vmsync_line *last_line(const struct vmsync_walk *w)
{
	const struct vmsync_timeline *tl = w->tl[GUEST];

	for (size_t i = tl->steps.count; i--;) {
		const struct vmsync_line *line = tl->steps.at[i].param;

		if (line)
			return line->clocksource == VMSYNC_CLOCKSOURCE_KVMCLOCK ?
				       line : NULL;
	}
	return NULL;
}

/*
 * Pages that the host told behind the jump say what kvm-clock was then, and so what the
 * guest's clock was, though it is not known for how long they held.
 */
static void clip_by_pages(struct vmsync_walk *w, const struct vmsync_vcpu *v,
			  const struct vmsync_line *line, int64_t jumped_ns)
{
	for (size_t i = v->pvclocks.count; i--;) {
		const struct vmsync_pvclock_span *s = &v->pvclocks.at[i];
		int128 q32;

		if (s->stamp_ns < jumped_ns)
			return;
		if (vmsync_line_read(line, &s->pv, s->pv.tsc_timestamp, &q32))
			clip_before(w->map, jumped_ns, s->stamp_ns,
				    (int64_t)(q32 >> 32));
	}
}

void vmsync_clip_last_jump(struct vmsync_walk *w)
{
	const struct vmsync_facts *f = w->facts;
	const struct vmsync_line *line = last_line(w);
	int64_t jumped_ns = (int64_t)(w->read.h >> 32);

	if (w->jumped == VMSYNC_AXIS_MAX)
		return;
	for (size_t i = 0; line && f->vm && i < f->vm->vcpus.count; i++)
		clip_by_pages(w, f->vm->vcpus.at[i], line, jumped_ns);
	for (size_t i = 0; i < f->n_marks; i++) {
		if (f->marks[i].host_ns < jumped_ns)
			continue;
		clip_before(w->map, jumped_ns, f->marks[i].host_ns,
			    f->marks[i].guest_ns);
		return;
	}
}

void vmsync_clip_left(struct vmsync_map *map, int64_t left_ns)
{
	while (map->count) {
		struct vmsync_segment *last = &map->segments[map->count - 1];
		int128 host_ns = (int128)left_ns - last->host_start.ns +
				 last->bound_ns + 1;
		int128 guest_ns;

		if (host_ns > 0) {
			guest_ns = (host_ns << last->shift) / last->slope + 1;
			if (guest_ns < last->guest_end.ns - last->guest_start.ns)
				last->guest_end.ns = last->guest_start.ns +
						     (int64_t)guest_ns;
			return;
		}
		map->count--;
	}
}

void vmsync_clip_end(struct vmsync_map *map, int64_t guest_until_ns)
{
	struct vmsync_segment *last;

	/* What the host knows of changes there is not all. */
	while (map->count > 1 &&
	       map->segments[map->count - 1].guest_start.ns > guest_until_ns)
		map->count--;
	if (!map->count)
		return;
	last = &map->segments[map->count - 1];
	if (last->guest_end.ns > guest_until_ns)
		last->guest_end.ns = guest_until_ns;
	if (last->guest_end.ns < last->guest_start.ns)
		last->guest_end = last->guest_start;
}
