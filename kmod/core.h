/* SPDX-License-Identifier: GPL-2.0-only */
/* Between the files of vmsync.ko. */
#ifndef _VMSYNC_CORE_H
#define _VMSYNC_CORE_H

#include "events.h"

/* line.c: the timekeeper's observer. */
int vmsync_line_init(void);
void vmsync_line_exit(void);

/* knot.c: from the observer to the tracers. */
void vmsync_knot_init(void);
void vmsync_knot_exit(void);

/**
 * vmsync_knot_announce() - a knot will be pushed before interrupts are on again
 *
 * Called under the timekeeper's lock, interrupts off.
 */
void vmsync_knot_announce(void);

/**
 * vmsync_knot_push() - a line has just begun
 * @line: the new line
 * @prev: the line that it ends, all zeros where there was none
 * @why: VMSYNC_KNOT_*
 *
 * Called after vmsync_knot_announce(), as that is. The event follows after the
 * timekeeper's update.
 */
void vmsync_knot_push(const struct vmsync_line *line,
		      const struct vmsync_line *prev, u32 why);

/* Knots that found the ring full, since load. */
u32 vmsync_knots_lost(void);

#endif /* _VMSYNC_CORE_H */
