/* SPDX-License-Identifier: MIT */
/*
 * A chart: one map as three panels over host time.
 */
#ifndef VMSYNC_FUSE_CHART_H
#define VMSYNC_FUSE_CHART_H

#include <stdio.h>

#include "fuse/legs.h"
#include "fuse/session.h"

/* In units of the picture: a title, its lines, and three panels below them. */
#define VMSYNC_CHART_WIDTH 1000
#define VMSYNC_CHART_TOP   96
#define VMSYNC_PANEL_HEIGHT 150
#define VMSYNC_PANEL_GAP    55
#define VMSYNC_CHART_HEIGHT \
	(VMSYNC_CHART_TOP + 3 * (VMSYNC_PANEL_HEIGHT + VMSYNC_PANEL_GAP))

/**
 * vmsync_chart_draw() - draw the map of one virtual CPU
 * @legs:	beacons that are shown beside it
 * @dots:	about as many of them are drawn, at most
 * @top:	where it begins in the picture
 * Return: 0 or -ENOMEM.
 */
int vmsync_chart_draw(FILE *f, const struct vmsync_session_guest *g,
		      uint32_t cpu, const struct vmsync_legs *legs, size_t dots,
		      double top);

#endif /* VMSYNC_FUSE_CHART_H */
