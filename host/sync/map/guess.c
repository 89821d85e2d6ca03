// SPDX-License-Identifier: MIT
#include "sync/map/guess.h"

int vmsync_map_guess(struct vmsync_map *map, const struct vmsync_map *like)
{
	int err = 0;

	map->extrapolation_ppb = VMSYNC_PPB_NONE;
	map->extrapolation_ns = 0;
	for (size_t i = 0; !err && i < like->count; i++) {
		struct vmsync_segment s = like->segments[i];

		s.guest_end = s.guest_start;
		s.bound_ns = VMSYNC_BOUND_NONE;
		err = vmsync_map_append(map, &s);
	}
	return err;
}

bool vmsync_map_is_guess(const struct vmsync_map *map)
{
	return map->count && map->segments[0].bound_ns == VMSYNC_BOUND_NONE;
}
