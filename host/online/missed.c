// SPDX-License-Identifier: MIT
/* Maps that reach beyond what was lost are as they will be. */
#include "online/missed.h"

static host_time host_at(const struct vmsync_map *map, int64_t guest_ns)
{
	return vmsync_map_eval(map, (guest_time){ guest_ns });
}

/* Whether a map of @g reaches beyond what was lost of @m, or the guest ended before. */
static bool reaches(const struct online_guest *g, const struct vmsync_map *map,
		    const struct online_machine *m)
{
	const struct online_machine *own = g->machine;
	int64_t end_ns = map->segments[map->count - 1].guest_end.ns;

	if (g->ended && (end_ns >= own->end_ns ||
			 host_at(map, own->end_ns).ns < m->missed.from_ns))
		return true;
	return (m == own ? end_ns : host_at(map, end_ns).ns) >=
	       m->missed.until_ns;
}

static bool guest_reaches(const struct online_guest *g,
			  const struct online_machine *m)
{
	const struct vmsync_guest_map *maps = vmsync_guest_maps(g->guest);
	uint32_t cpu;

	for (cpu = 0; cpu < maps->vcpus; cpu++) {
		const struct vmsync_map *map = vmsync_guest_map_of(maps, cpu);

		if (map && map->count && !reaches(g, map, m))
			return false;
	}
	return true;
}

/* So long ago, by the host's clock, that nobody is waited for. */
static bool is_old(const struct online *o, const struct online_machine *m)
{
	const struct vmsync_map *map =
		m->maps ? vmsync_guest_map_of(m->maps, 0) : NULL;
	int64_t ns = map ? host_at(map, m->missed.from_ns).ns :
			   m->missed.from_ns;

	return o->pushed_ns - o->how.patience_ns > ns;
}

/* Of @m; @only: the one guest whose maps it is about, or NULL: all. */
static bool waits(struct online *o, struct online_machine *m,
		  const struct online_guest *only)
{
	size_t i;

	if (!m->missed.any)
		return false;
	m->missed.any = false;
	for (i = 0; i < o->guests.count; i++) {
		const struct online_guest *g = &o->guests.at[i];

		if (!g->left && (!only || g == only) && !guest_reaches(g, m))
			m->missed.any = !is_old(o, m);
	}
	return m->missed.any;
}

bool online_missed_any(struct online *o)
{
	bool any = waits(o, o->host, NULL);
	size_t i;

	for (i = 0; i < o->guests.count; i++) {
		const struct online_guest *g = &o->guests.at[i];

		any |= !g->left && waits(o, g->machine, g);
	}
	return any;
}
