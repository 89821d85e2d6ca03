/* SPDX-License-Identifier: MIT */
/*
 * Polylines: straight stretches, each with the points that it was found from,
 * made into a map that does not jump.
 */
#ifndef VMSYNC_SYNC_ESTIMATE_POLYLINE_H
#define VMSYNC_SYNC_ESTIMATE_POLYLINE_H

#include <stdbool.h>
#include <stdint.h>

#include "sync/estimate/breakpoint.h"
#include "sync/estimate/gaps.h"
#include "sync/estimate/recent.h"
#include "sync/map/map.h"

/**
 * struct vmsync_stretch - host minus guest clock as a line over guest time
 * @first, @last: guest times of the evidence, ns
 * @at:		guest time where the offset is @offset, ns
 * @slope:	ns per ns
 * @w_first, @w_last: how far off the line may be at the two ends, ns
 * @second, @before_last: guest times of the evidence next to the two ends
 * @play_first, @play_last: a breakpoint just inside an end may have gone unseen if it
 *		took the clock no further off than this, ns
 * @base_ns:	what it may be wrong by besides
 * @firsts, @lasts: fixes at its two ends
 * @gaps:	that are wide, between its fixes
 * @sure_ns:	how far off it may be by what the limits seen leave, all told
 * @hidden_ns:	what the clock may have done between the fixes, by the limits seen
 * @count:	beacons that it was found from
 * @borrowed: too few fixes tell a slope: it goes on with that of the one before
 * @between: it lies between two breakpoints, and need not be straight itself
 * @bent:	it ended because the next one did not fit, not for its length
 * @jumped:	it is known that the clock jumped between the one before and this
 * @set_ns:	it was set by no more than this in between, at any time
 */
struct vmsync_stretch {
	int64_t first;
	int64_t last;
	int64_t at;
	int64_t offset;
	double fraction;
	double slope;
	double w_first;
	double w_last;
	int64_t second;
	int64_t before_last;
	double play_first;
	double play_last;
	double base_ns;
	double sure_ns;
	double hidden_ns;
	struct vmsync_gaps gaps;
	struct vmsync_sights firsts;
	struct vmsync_sights lasts;
	unsigned int count;
	bool borrowed;
	bool between;
	bool bent;
	bool jumped;
	double set_ns;
};

/** vmsync_stretch_at - the offset of @s at guest time @g, less @s->offset */
double vmsync_stretch_at(const struct vmsync_stretch *s, int64_t g);

/**
 * struct vmsync_polyline - the map being written
 * @drift:	how fast the two clocks drift apart at most, ns per ns
 * @sure:	nothing is taken for granted of how long messages take, nor of how
 *		straight a clock is within what they leave
 * @play_ns:	how much wider than needed the hulls were taken apart
 * @fixes:	that all stretches so far were found from
 * @tail:	the last stretch, not yet written
 * @middle:	a short stretch behind @tail: what lies beside a breakpoint
 * @tilt:	the greatest breakpoint so far, ns per ns; @breakpoints: how many there were
 * @seen:	limits of late; to be added to by who calls
 * @play_until, @play_error: the begin of @tail, where a breakpoint may be hidden
 * @anew, @ended: no line comes before the tail, or behind it
 * @from, @from_off: where it begins: guest time, and offset less its own line's
 * @epoch, @told: jumps so far, and those of them that were known beforehand
 */
struct vmsync_polyline {
	enum vmsync_method method;
	double drift;
	bool sure;
	double play_ns;
	uint64_t fixes;
	struct vmsync_recent seen;
	struct vmsync_map map;
	struct vmsync_stretch tail;
	bool has_tail;
	struct vmsync_stretch middle;
	bool has_middle;
	double tilt;
	unsigned int breakpoints;
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
