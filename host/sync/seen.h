/* SPDX-License-Identifier: MIT */
/*
 * What was seen of late: every limit of the offset between two clocks, also those
 * of messages too slow to tell a line from. Each holds at its own moment, and from
 * there the offset goes away no faster than two clocks can (drift.h).
 */
#ifndef VMSYNC_SYNC_SEEN_H
#define VMSYNC_SYNC_SEEN_H

#include <stdint.h>

/* Limits of each kind that are kept. */
#define VMSYNC_SEEN 256

/**
 * struct vmsync_seen_limit - at @guest_ns host minus guest clock is not beyond it
 * @offset:	ns; of a lower limit negated
 */
struct vmsync_seen_limit {
	int64_t guest_ns;
	int64_t offset;
};

struct vmsync_seen_side {
	struct vmsync_seen_limit at[VMSYNC_SEEN];
	unsigned int count;
};

struct vmsync_seen {
	struct vmsync_seen_side upper;
	struct vmsync_seen_side lower;
};

/**
 * struct vmsync_path - two straight pieces of a map
 * @g:		guest times of its begin, its bend and its end; they do not fall
 * @offset, @y: host minus guest clock is @offset + @y there, ns
 */
struct vmsync_path {
	int64_t g[3];
	int64_t offset;
	double y[3];
};

/**
 * vmsync_seen_upper, vmsync_seen_lower - a limit; left out if it is not after the
 * last of its kind
 */
void vmsync_seen_upper(struct vmsync_seen *s, int64_t guest_ns,
		       int64_t host_ns);
void vmsync_seen_lower(struct vmsync_seen *s, int64_t guest_ns,
		       int64_t host_ns);

/**
 * vmsync_seen_away - how far off @path the clock may have been in between, ns
 * @drift:	what the clocks drift apart, ns per ns
 * @known:	it is no farther off at both ends
 * Returns what is to be added to @known.
 */
double vmsync_seen_away(const struct vmsync_seen *s,
			const struct vmsync_path *path, double drift,
			double known);

/**
 * vmsync_seen_drift - the slowest drift that explains the limits, ns per ns
 * INFINITY: none does, the clock jumped.
 */
double vmsync_seen_drift(const struct vmsync_seen *s);

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
 * vmsync_seen_sure - how far off a line the clock can be where limits were seen
 * @drift:	what the clocks drift apart, ns per ns
 * @bent:	what they bend beside the line at most, if no more goes unseen
 * @far_ns:	more does, over more than this
 * @gap_ns:	set to the longest time between two limits
 *
 * At its ends and at the moments of all limits in between; INFINITY if there are
 * none of one kind. Where limits come so often that a clock can wander between them
 * unseen, @drift counts; where it would have to come back to each of them, @bent.
 */
double vmsync_seen_sure(const struct vmsync_seen *s,
			const struct vmsync_straight *line, double drift,
			double bent, double far_ns, double *gap_ns);

#endif /* VMSYNC_SYNC_SEEN_H */
