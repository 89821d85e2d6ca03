/* SPDX-License-Identifier: MIT */
/*
 * Polylines: straight stretches, each with the points that it was found from,
 * made into a map that does not jump.
 */
#ifndef VMSYNC_SYNC_ESTIMATE_POLYLINE_H
#define VMSYNC_SYNC_ESTIMATE_POLYLINE_H

#include <stdbool.h>
#include <stdint.h>

#include "sync/estimate/stretch.h"
#include "sync/estimate/unseen.h"
#include "sync/map/map.h"

/**
 * struct vmsync_polyline - the map being written
 * @unseen:	what was seen so far of how the clock runs
 * @play_ns:	how much wider than needed the hulls were taken apart
 * @tail:	the last stretch, not yet written
 * @play_until, @play_error: the begin of @tail, where a breakpoint may be hidden
 * @anew, @ended: no line comes before the tail, or behind it
 * @from, @from_off: where it begins: guest time, and offset less its own line's
 * @epoch, @told: jumps so far, and those of them that were known beforehand
 */
struct vmsync_polyline {
	enum vmsync_method method;
	struct vmsync_unseen unseen;
	double play_ns;
	struct vmsync_map map;
	struct vmsync_stretch tail;
	bool has_tail;
	int64_t play_until;
	double play_error;
	bool anew;
	bool ended;
	int64_t from;
	double from_off;
	uint32_t epoch;
	uint32_t told;
};

void vmsync_polyline_init(struct vmsync_polyline *p, enum vmsync_method method);
void vmsync_polyline_free(struct vmsync_polyline *p);

/** vmsync_polyline_add - the next stretch, after the last; 0 or -ENOMEM */
int vmsync_polyline_add(struct vmsync_polyline *p,
			const struct vmsync_stretch *s);

/** vmsync_polyline_cut - nothing is known of the time after @until */
void vmsync_polyline_cut(struct vmsync_polyline *p, int64_t until);

/** vmsync_polyline_end - nothing follows: @p->map is whole; 0 or -ENOMEM */
int vmsync_polyline_end(struct vmsync_polyline *p);

#endif /* VMSYNC_SYNC_ESTIMATE_POLYLINE_H */
