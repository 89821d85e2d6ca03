/* SPDX-License-Identifier: MIT */
/*
 * Few messages: too few to tell how straight a clock runs, or what a message's
 * delay usually is. Each limits the offset at its own moment, and from there the
 * offset goes away no faster than two clocks can (drift.h): that is all that is
 * used, so the bound holds whatever the clocks did.
 */
#ifndef VMSYNC_SYNC_ESTIMATE_FEW_H
#define VMSYNC_SYNC_ESTIMATE_FEW_H

#include <stdbool.h>
#include <stdint.h>

#include "sync/map/map.h"

/* Exchanges that are few, and limits that are kept. */
#define VMSYNC_FEW	  32
#define VMSYNC_FEW_LIMITS (4 * VMSYNC_FEW)

/**
 * struct vmsync_few_limit - the offset, host less guest, is below or above
 * @ns:		guest time at which it is
 * @offset:	the limit
 * @upper:	else it is a lower one
 * @whole:	its exchange has both
 * @apart:	the limits before it say nothing of this one's time, nor it of theirs
 */
struct vmsync_few_limit {
	int64_t ns;
	int64_t offset;
	bool upper;
	bool whole;
	bool apart;
};

/**
 * struct vmsync_few - all limits, as long as they are few
 * @fixes:	exchanges, which have both limits
 * @many:	they are not few any more
 * @part:	the next limit begins a part of its own
 */
struct vmsync_few {
	struct vmsync_few_limit at[VMSYNC_FEW_LIMITS];
	unsigned int count;
	unsigned int fixes;
	bool many;
	bool part;
};

/**
 * vmsync_few_see - what an exchange leaves, or a message without an answer
 * @upper, @lower: limits that hold for sure, NULL where there is none
 *
 * Of limits that stand alone some may be left out, if they are many: then less is
 * known, but nothing wrong.
 */
void vmsync_few_see(struct vmsync_few *few, const struct vmsync_few_limit *upper,
		    const struct vmsync_few_limit *lower);

/** vmsync_few_cut - nothing is known of the time after @until; a part ends */
void vmsync_few_cut(struct vmsync_few *few, int64_t until);

/**
 * vmsync_few_map - the map that these limits leave
 * @drift:	the clocks drift apart by no more, ns per ns
 * @map:	empty; stays so where there are not limits of both kinds
 * Returns 0 or -ENOMEM.
 */
int vmsync_few_map(const struct vmsync_few *few, enum vmsync_method method,
		   double drift, struct vmsync_map *map);

#endif /* VMSYNC_SYNC_ESTIMATE_FEW_H */
