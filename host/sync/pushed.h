/* SPDX-License-Identifier: MIT */
/*
 * Pushed: how far the records of one side, the host's or a guest's, have come, and
 * whether any are missing that would have shown another line of its clock.
 */
#ifndef VMSYNC_SYNC_PUSHED_H
#define VMSYNC_SYNC_PUSHED_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct vmsync_pushed - how far one side has been pushed
 * @lost_until_ns: the recording lacks something up to here, or lacked; 0: never
 * @unsure_ns:	since the record that showed the clock's line last, another line
 *		may have come unnoticed from here on; INT64_MAX: it may not
 */
struct vmsync_pushed {
	bool any;
	bool ended;
	int64_t first_ns;
	int64_t last_ns;
	int64_t lost_until_ns;
	int64_t unsure_ns;
	uint64_t lost;
	uint64_t packets_lost;
};

/** vmsync_pushed_seen - something was recorded at @stamp_ns */
void vmsync_pushed_seen(struct vmsync_pushed *side, int64_t stamp_ns);

/** vmsync_pushed_lost - events of [@from_ns, @until_ns) may be missing */
void vmsync_pushed_lost(struct vmsync_pushed *side, int64_t from_ns,
			int64_t until_ns);

/**
 * vmsync_pushed_line - the clock's line that is in force was shown at @stamp_ns
 * Nothing is unsure, but what may follow.
 */
void vmsync_pushed_line(struct vmsync_pushed *side, int64_t stamp_ns);

/** vmsync_pushed_complete_ns - no change of the clock's line was missed before */
int64_t vmsync_pushed_complete_ns(const struct vmsync_pushed *side);

#endif /* VMSYNC_SYNC_PUSHED_H */
