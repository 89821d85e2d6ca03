// SPDX-License-Identifier: MIT
#include "sync/heard.h"

#include <string.h>

#include "sync/base/chain.h"

/* A beacon may be on its way when recording begins or ends, host ns. */
#define EDGE_NS 10000000

_Static_assert(VMSYNC_MAX_HOMES <= 64, "a bit of struct vmsync_heard's away each");

/* Whether records of the host are there around host time @ns. */
static bool recorded(const struct vmsync_sync *sync, int64_t ns)
{
	const struct vmsync_pushed *side = &sync->side;

	if (ns < side->first_ns + EDGE_NS || ns > side->last_ns - EDGE_NS)
		return false;
	for (size_t i = 0; i < sync->lost.count; i++)
		if (ns > sync->lost.at[i].from_ns - EDGE_NS &&
		    ns < sync->lost.at[i].until_ns + EDGE_NS)
			return false;
	return true;
}

/* Whether a beacon before home @h was not answered though the host recorded. */
static bool left(const struct vmsync_guest *guest, const struct vmsync_home *h)
{
	const struct vmsync_match *m = &guest->match;

	for (size_t i = 0; i < VMSYNC_SYNC_WINDOW; i++) {
		const struct vmsync_half *leg = &m->ring[i];
		int64_t since = leg->gh_ns - h[-1].last_guest_ns;

		if (vmsync_match_is_alone(m, leg) && since > 0 &&
		    leg->gh_ns < h->from_guest_ns &&
		    recorded(guest->sync, h[-1].last_ns + since))
			return true;
	}
	return false;
}

struct vmsync_heard vmsync_heard_find(const struct vmsync_guest *guest)
{
	const struct vmsync_match *m = &guest->match;
	struct vmsync_heard h = {INT64_MIN, INT64_MAX, guest->homes.at,
				 guest->homes.count, 0};

	for (size_t i = 1; i < h.n_homes; i++)
		if (h.homes[i].away && left(guest, &h.homes[i]))
			h.away |= 1ull << i;
	for (size_t i = 0; m->heard && i < VMSYNC_SYNC_WINDOW; i++) {
		const struct vmsync_half *leg = &m->ring[i];

		if (!vmsync_match_is_alone(m, leg))
			continue;
		if (leg->gh_ns > m->last_heard.guest_ns &&
		    recorded(guest->sync, m->last_heard.host_ns + leg->gh_ns -
						  m->last_heard.guest_ns))
			h.until_ns = m->last_heard.guest_ns;
		if (leg->gh_ns < m->first_heard.guest_ns &&
		    recorded(guest->sync, m->first_heard.host_ns + leg->gh_ns -
						  m->first_heard.guest_ns))
			h.from_ns = m->first_heard.guest_ns;
	}
	return h;
}

/* @s begins later; its line is the same. */
static void begin_later(struct vmsync_segment *s, int64_t guest_ns)
{
	int128 host = (int128)(guest_ns - s->guest_start.ns) * s->slope +
		      s->host_frac;

	s->host_start.ns += (int64_t)(host >> s->shift);
	s->host_frac = (uint64_t)(host & (((int128)1 << s->shift) - 1));
	s->guest_start.ns = guest_ns;
}

static void clip_begin(struct vmsync_map *map, int64_t from_ns)
{
	size_t n = 0;

	while (n < map->count && map->segments[n].guest_end.ns <= from_ns)
		n++;
	if (!map->count)
		return;
	map->count -= n;
	memmove(map->segments, map->segments + n,
		map->count * sizeof(*map->segments));
	if (map->count && map->segments[0].guest_start.ns < from_ns)
		begin_later(&map->segments[0], from_ns);
}

static void clip_end(struct vmsync_map *map, int64_t until_ns)
{
	while (map->count &&
	       map->segments[map->count - 1].guest_start.ns >= until_ns)
		map->count--;
	if (map->count &&
	    map->segments[map->count - 1].guest_end.ns > until_ns)
		map->segments[map->count - 1].guest_end.ns = until_ns;
}

/* Nothing is known in between. */
static int cut(struct vmsync_map *map, int64_t from_ns, int64_t until_ns)
{
	struct vmsync_map out;
	int err = 0;

	vmsync_map_init(&out);
	out.extrapolation_ppb = map->extrapolation_ppb;
	out.extrapolation_ns = map->extrapolation_ns;
	for (size_t i = 0; !err && i < map->count; i++) {
		struct vmsync_segment before = map->segments[i], after = before;

		if (before.guest_end.ns > from_ns)
			before.guest_end.ns = from_ns;
		if (before.guest_start.ns < from_ns)
			err = vmsync_map_append(&out, &before);
		if (after.guest_end.ns <= until_ns)
			continue;
		if (after.guest_start.ns < until_ns)
			begin_later(&after, until_ns);
		if (!err)
			err = vmsync_map_append(&out, &after);
	}
	if (err) {
		vmsync_map_free(&out);
		return err;
	}
	vmsync_map_free(map);
	*map = out;
	return 0;
}

int vmsync_heard_clip(const struct vmsync_heard *h, struct vmsync_map *map)
{
	int err = 0;

	if (h->from_ns != INT64_MIN)
		clip_begin(map, h->from_ns);
	if (h->until_ns != INT64_MAX)
		clip_end(map, h->until_ns);
	for (size_t i = 1; !err && map->count && i < h->n_homes; i++)
		if (h->away >> i & 1)
			err = cut(map, h->homes[i - 1].last_guest_ns,
				  h->homes[i].from_guest_ns);
	return err;
}

bool vmsync_heard_all(const struct vmsync_heard *h)
{
	return !h->away && h->from_ns == INT64_MIN && h->until_ns == INT64_MAX;
}
