/* SPDX-License-Identifier: MIT */
/*
 * Breakpoints: where two straight stretches meet. The hulls meet some fixes after
 * the clock has bent, so what ends it is not where the breakpoint is. Once the line
 * behind it is known the fixes beside it tell: one breakpoint explains all of them
 * where those before the crossing of the two lines keep to the first one and
 * those after it to the second.
 */
#ifndef VMSYNC_SYNC_ESTIMATE_BREAKPOINT_H
#define VMSYNC_SYNC_ESTIMATE_BREAKPOINT_H

#include <stdbool.h>
#include <stdint.h>

#include "sync/estimate/stretch.h"

/**
 * struct vmsync_breakpoint - where the clock bent
 * @at:		guest time at which the two lines cross
 * @before, @after: guest times of the fixes next to it that keep to one of the
 *		lines only
 * @apart_before, @apart_after: how far apart the lines are there, ns
 * @gap_ns:	longest time without a fix between the two
 */
struct vmsync_breakpoint {
	int64_t at;
	int64_t before;
	int64_t after;
	double apart_before;
	double apart_after;
	double gap_ns;
};

/** vmsync_breakpoint_find - false where one does not explain both stretches */
bool vmsync_breakpoint_find(const struct vmsync_stretch *a,
			    const struct vmsync_stretch *b, double play_ns,
			    struct vmsync_breakpoint *breakpoint);

#endif /* VMSYNC_SYNC_ESTIMATE_BREAKPOINT_H */
