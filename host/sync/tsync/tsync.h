/* SPDX-License-Identifier: MIT */
/*
 * The tsync method: somebody compared the two clocks while they were recorded, as
 * trace-cmd's agent does, and stored samples of the offset. Nothing says how good they
 * are, so none is believed: what entries and exits leave of the offset (the window
 * method's map) bears a sample out or contradicts it, and the bound is what they leave.
 */
#ifndef VMSYNC_SYNC_TSYNC_TSYNC_H
#define VMSYNC_SYNC_TSYNC_TSYNC_H

#include <stdbool.h>
#include <stdint.h>

#include "sync/base/array.h"
#include "sync/map/map.h"

/**
 * struct vmsync_tsync_sample - at @guest_ns the host's clock is said to read @host_ns
 * @slope:	and to pass so many ns for each of the guest's, << @shift, from then on
 * @shift:	0..56
 */
struct vmsync_tsync_sample {
	int64_t guest_ns;
	int64_t host_ns;
	uint64_t slope;
	uint32_t shift;
};

typedef VMSYNC_ARRAY(struct vmsync_tsync_sample) vmsync_tsync_samples;

/**
 * struct vmsync_tsync - all that was stored for one guest
 * @cpus:	by the number of the guest's CPU; in the order of guest time
 * @unusable:	why what is there is not used, or NULL; not owned
 */
struct vmsync_tsync {
	VMSYNC_ARRAY(vmsync_tsync_samples) cpus;
	const char *unusable;
};

/**
 * struct vmsync_tsync_verdict - what entries and exits said of the samples
 * @contradicted_ns: guest time for which no sample can be right, all CPUs
 * @first_ns:	guest time where that begins
 * @excess_ns:	how far beyond the bound they are there, at most
 */
struct vmsync_tsync_verdict {
	int64_t contradicted_ns;
	int64_t first_ns;
	int64_t excess_ns;
};

/**
 * vmsync_tsync_add - one more sample of CPU @cpu, behind the others in guest time
 * Returns 0, -ENOMEM, or -EINVAL where it is of no clock.
 */
int vmsync_tsync_add(struct vmsync_tsync *t, uint32_t cpu,
		     const struct vmsync_tsync_sample *s);

void vmsync_tsync_free(struct vmsync_tsync *t);

/**
 * vmsync_tsync_map - append what @window, a map of CPU @cpu, bears out of its samples
 * @verdict:	what it contradicts is added
 * A sample's line holds up to the next one. If it does not lead there, the clock jumped
 * in between, and the one of them is taken that the other is contradicted beside.
 * Returns 0 or -ENOMEM.
 */
int vmsync_tsync_map(const struct vmsync_tsync *t, uint32_t cpu,
		     const struct vmsync_map *window, struct vmsync_map *map,
		     struct vmsync_tsync_verdict *verdict);

#endif /* VMSYNC_SYNC_TSYNC_TSYNC_H */
