/* SPDX-License-Identifier: MIT */
/*
 * What was seen of late: every limit of the offset between two clocks, also those
 * of messages too slow to tell a line from. Each holds at its own moment, and from
 * there the offset goes away no faster than two clocks can (drift.h).
 */
#ifndef VMSYNC_SYNC_ESTIMATE_RECENT_H
#define VMSYNC_SYNC_ESTIMATE_RECENT_H

#include <stdint.h>

/* Limits of each kind that are kept. */
#define VMSYNC_RECENT 256

/**
 * struct vmsync_recent_limit - at @guest_ns host minus guest clock is not beyond it
 * @offset:	ns; of a lower limit negated
 */
struct vmsync_recent_limit {
	int64_t guest_ns;
	int64_t offset;
};

struct vmsync_recent_side {
	struct vmsync_recent_limit at[VMSYNC_RECENT];
	unsigned int count;
};

struct vmsync_recent {
	struct vmsync_recent_side upper;
	struct vmsync_recent_side lower;
};

/**
 * struct vmsync_path - two straight pieces of a map
 * @g:		guest times of its begin, its breakpoint and its end; they do not fall
 * @offset, @y: host minus guest clock is @offset + @y there, ns
 */
struct vmsync_path {
	int64_t g[3];
	int64_t offset;
	double y[3];
};

/**
 * vmsync_recent_upper, vmsync_recent_lower - a limit; left out if it is not after the
 * last of its kind
 */
void vmsync_recent_upper(struct vmsync_recent *s, int64_t guest_ns,
			 int64_t host_ns);
void vmsync_recent_lower(struct vmsync_recent *s, int64_t guest_ns,
			 int64_t host_ns);

/**
 * vmsync_recent_away - how far off @path the clock may have been in between, ns
 * @drift:	what the clocks drift apart, ns per ns
 * @known:	it is no farther off at both ends
 * Returns what is to be added to @known.
 */
double vmsync_recent_away(const struct vmsync_recent *s,
			  const struct vmsync_path *path, double drift,
			  double known);

/**
 * vmsync_recent_drift - the slowest drift that explains the limits, ns per ns
 * INFINITY: none does, the clock jumped.
 */
double vmsync_recent_drift(const struct vmsync_recent *s);

/**
 * struct vmsync_straight - a straight line over some time
 * @first, @last: guest times of its ends
 * @offset, @y, @slope: host minus guest clock is @offset + @y at @first
 */
struct vmsync_straight {
	int64_t first;
	int64_t last;
	int64_t offset;
	double y;
	double slope;
};

/**
 * vmsync_recent_sure - how far off a line the clock can be where limits were seen
 * @drift:	what the clocks drift apart, ns per ns
 * @bent:	what they bend beside the line at most, if no more goes unseen
 * @far_ns:	more does, over more than this
 * @gap_ns:	set to the longest time between two limits
 *
 * At its ends and at the moments of all limits in between; INFINITY if there are
 * none of one kind. Where limits come so often that a clock can wander between them
 * unseen, @drift counts; where it would have to come back to each of them, @bent.
 */
double vmsync_recent_sure(const struct vmsync_recent *s,
			  const struct vmsync_straight *line, double drift,
			  double bent, double far_ns, double *gap_ns);

#endif /* VMSYNC_SYNC_ESTIMATE_RECENT_H */
