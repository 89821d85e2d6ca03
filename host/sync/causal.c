// SPDX-License-Identifier: MIT
#include "sync/causal.h"

/* @first must not be after @second, both host ns; differences fit. */
static void check_pair(struct vmsync_causal *c, int64_t first, int64_t second,
		       int64_t bound)
{
	int64_t excess;

	c->checked++;
	if (__builtin_sub_overflow(first - second, bound, &excess) ||
	    excess <= 0)
		return;
	c->violations++;
	if (excess > c->worst_ns)
		c->worst_ns = excess;
}

void vmsync_causal_check(struct vmsync_causal *c, const struct vmsync_map *map,
			 const struct vmsync_beacon *b)
{
	guest_time sent = { b->gh_guest_ns }, back = { b->hg_guest_ns };

	if (b->gh)
		check_pair(c, vmsync_map_eval(map, sent).ns, b->gh_host_ns,
			   vmsync_map_bound_ns(map, sent, NULL));
	if (b->hg)
		check_pair(c, b->hg_host_ns, vmsync_map_eval(map, back).ns,
			   vmsync_map_bound_ns(map, back, NULL));
}
