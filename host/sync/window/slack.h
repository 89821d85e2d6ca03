/* SPDX-License-Identifier: MIT */
/*
 * Slack: what the tightest limits of an offset leave between them.
 */
#ifndef VMSYNC_SYNC_WINDOW_SLACK_H
#define VMSYNC_SYNC_WINDOW_SLACK_H

#include "sync/window/spans.h"

/**
 * vmsync_slack - what limits leave
 * @e, @n:	the limits, at least one; times rise
 * @steep:	two clocks do not drift apart by more, ns per ns
 * @least:	what the tightest of them leave, ns
 * @median: what those of a few ms leave
 * Returns 0 or -ENOMEM.
 */
int vmsync_slack(const struct vmsync_between *e, size_t n, double steep,
		 double *least, double *median);

#endif /* VMSYNC_SYNC_WINDOW_SLACK_H */
