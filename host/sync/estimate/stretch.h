/* SPDX-License-Identifier: MIT */
/*
 * A stretch: fixes that one straight line keeps to, and that line.
 */
#ifndef VMSYNC_SYNC_ESTIMATE_STRETCH_H
#define VMSYNC_SYNC_ESTIMATE_STRETCH_H

#include <stdbool.h>
#include <stdint.h>

#include "sync/estimate/gaps.h"

/* Fixes that are kept of either end of a stretch. */
#define VMSYNC_SIGHTS 16

/**
 * struct vmsync_sight - a fix: limits of the offset, less the stretch's own
 * @upper_ns, @lower_ns: guest times of the two limits
 * @upper, @lower: ns
 */
struct vmsync_sight {
	int64_t upper_ns;
	int64_t lower_ns;
	double upper;
	double lower;
};

/**
 * struct vmsync_sights - some fixes of a stretch: its first or its last ones
 * @count:	how many were added; the last VMSYNC_SIGHTS are kept
 */
struct vmsync_sights {
	struct vmsync_sight at[VMSYNC_SIGHTS];
	unsigned int count;
};

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
	bool bent;
	bool jumped;
	double set_ns;
};

/** vmsync_sights_add - one more; the oldest goes where there is no room */
void vmsync_sights_add(struct vmsync_sights *s, const struct vmsync_sight *fix);

/** vmsync_stretch_at - the offset of @s at guest time @g, less @s->offset */
double vmsync_stretch_at(const struct vmsync_stretch *s, int64_t g);

/** vmsync_stretch_apart - the line of @b less that of @a at guest time @g, ns */
double vmsync_stretch_apart(const struct vmsync_stretch *a,
			    const struct vmsync_stretch *b, int64_t g);

/**
 * vmsync_stretch_first_error, vmsync_stretch_last_error - how far off the line may
 * be at its begin and at its end, ns; less @s->base_ns
 */
double vmsync_stretch_first_error(const struct vmsync_stretch *s);
double vmsync_stretch_last_error(const struct vmsync_stretch *s);

/**
 * vmsync_stretch_cut - nothing is known of the time after guest time @until
 * @drift:	how fast the two clocks drift apart at most, ns per ns
 */
void vmsync_stretch_cut(struct vmsync_stretch *s, double drift, int64_t until);

#endif /* VMSYNC_SYNC_ESTIMATE_STRETCH_H */
