/* SPDX-License-Identifier: MIT */
/*
 * A timeline: which parameter was in force when, on the axis of host TSC.
 *
 * The axis is int64_t: host TSC less a reference of the session, so that it
 * may pass 2^64. A timeline has no holes: where nothing is known, the
 * parameter is NULL.
 */
#ifndef VMSYNC_SYNC_BASE_TIMELINE_H
#define VMSYNC_SYNC_BASE_TIMELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "sync/base/array.h"

#define VMSYNC_AXIS_MIN (INT64_MIN / 2)
#define VMSYNC_AXIS_MAX (INT64_MAX / 2)

/**
 * struct vmsync_step - @param came into force in [@from, @sure]
 * @jump:	no clock runs on across it: a new epoch begins
 * @told:	@sure is when the change's own record was made
 */
struct vmsync_step {
	int64_t from;
	int64_t sure;
	const void *param;
	bool jump;
	bool told;
};

struct vmsync_timeline {
	VMSYNC_ARRAY(struct vmsync_step) steps;
};

/** vmsync_timeline_init - nothing known, ever; 0 or -ENOMEM */
int vmsync_timeline_init(struct vmsync_timeline *tl);
void vmsync_timeline_free(struct vmsync_timeline *tl);

/**
 * vmsync_timeline_add - one more step, in order
 * One that would begin before the last one begins no earlier than that.
 */
int vmsync_timeline_add(struct vmsync_timeline *tl, int64_t from, int64_t sure,
			const void *param, bool jump);

/** vmsync_timeline_add_line - the same, of a kernel's line; see @told above */
int vmsync_timeline_add_line(struct vmsync_timeline *tl, int64_t from,
			     int64_t sure, const void *line, bool told);

/** vmsync_timeline_at - the step in force at @at */
const struct vmsync_step *vmsync_timeline_at(const struct vmsync_timeline *tl,
					     int64_t at);

#endif /* VMSYNC_SYNC_BASE_TIMELINE_H */
