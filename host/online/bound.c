// SPDX-License-Identifier: MIT
#include "online/bound.h"

static int64_t of_map(const struct vmsync_map *map, host_time from,
		      host_time until)
{
	guest_time end;
	int64_t most_ns = 0;
	size_t i;

	if (!map->count)
		return 0;
	end = vmsync_map_inverse(map, until);
	for (i = vmsync_map_find(map, vmsync_map_inverse(map, from), 0);
	     i < map->count && map->segments[i].guest_start.ns < end.ns; i++) {
		if (map->segments[i].bound_ns > most_ns)
			most_ns = map->segments[i].bound_ns;
	}
	return most_ns;
}

int64_t online_bound_ns(const struct vmsync_guest_map *maps, host_time from,
			host_time until)
{
	int64_t most_ns = 0;
	uint32_t i;

	for (i = 0; i < maps->vcpus; i++) {
		int64_t ns = of_map(&maps->maps[i], from, until);

		if (ns > most_ns)
			most_ns = ns;
	}
	return most_ns;
}
