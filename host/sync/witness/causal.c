// SPDX-License-Identifier: MIT
#include "sync/witness/causal.h"

#include "sync/base/chain.h"

/* A ratio rounds to a guest cycle, which may be a few of the host's. */
#define ROUNDING 8

/*
 * @first must not be after @second, both host ns; differences fit. What is not
 * between the first evidence and the last (@spanned) contradicts nothing.
 */
static void check_pair(struct vmsync_causal *c, int64_t first, int64_t second,
		       int64_t bound, bool spanned)
{
	int64_t excess;
	bool fits = __builtin_sub_overflow(first - second, bound, &excess) ||
		    excess <= 0;

	c->checked += fits || spanned;
	if (fits || !spanned)
		return;
	c->violations++;
	if (excess > c->worst_ns)
		c->worst_ns = excess;
}

void vmsync_causal_check(struct vmsync_causal *c, const struct vmsync_map *map,
			 const struct vmsync_times *b)
{
	size_t *near = &c->near;
	int64_t bound, h;

	if (b->gh) {
		const guest_time g = {b->gh_guest_ns};

		h = vmsync_map_eval_near(map, g, near, &bound).ns;
		check_pair(c, h, b->gh_host_ns, bound,
			   vmsync_map_spans(map, g));
	}
	if (b->hg) {
		const guest_time g = {b->hg_guest_ns};

		h = vmsync_map_eval_near(map, g, near, &bound).ns;
		check_pair(c, b->hg_host_ns, h, bound,
			   vmsync_map_spans(map, g));
	}
}

/* Host TSC of a guest's reading, less the host's own; false if unknown. */
static bool ahead_of(const struct vmsync_beacon *b,
		     const struct vmsync_pair *guest,
		     const struct vmsync_pair *host, int64_t *cycles)
{
	uint64_t tsc;

	if (!guest->valid || !host->valid ||
	    !vmsync_scaling_host(&b->scaling, guest->tsc, host->tsc, &tsc))
		return false;
	*cycles = (int64_t)(tsc - host->tsc);
	return true;
}

void vmsync_causal_tsc(struct vmsync_causal *c, const struct vmsync_beacon *b)
{
	int64_t ahead;

	if (b->gh && ahead_of(b, &b->gh_guest, &b->gh_host, &ahead)) {
		c->tsc_checked++;
		c->tsc_violations += ahead > (int128)b->gh_host.bracket +
						     ROUNDING;
	}
	if (b->hg && ahead_of(b, &b->hg_guest, &b->hg_host, &ahead)) {
		c->tsc_checked++;
		c->tsc_violations += ahead + (int128)b->hg_guest.bracket <
				     -ROUNDING;
	}
}
