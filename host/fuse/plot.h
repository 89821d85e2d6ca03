/* SPDX-License-Identifier: MIT */
#ifndef VMSYNC_FUSE_PLOT_H
#define VMSYNC_FUSE_PLOT_H

#include <stdio.h>

#include "fuse/replace.h"
#include "fuse/session.h"

/* Beacons of a chart that are drawn, at most: the others would hide each other. */
#define VMSYNC_PLOT_DOTS 4000

/** vmsync_kind_plot - a file of vmsync_plot(), for vmsync_replace_check() */
extern const struct vmsync_kind vmsync_kind_plot;

/**
 * vmsync_plot() - draw the maps of a session as an SVG picture
 * @s:		after vmsync_session_sync()
 * @path:	file to write, by vmsync_replace()
 * @e:		why it failed
 *
 * For every guest (and every virtual CPU whose map is another than the first
 * one's) three panels over host time: the offset less a straight line per
 * epoch, the bound, and how far each beacon is from contradicting the map.
 * They reach as far as the guest's events do; where these have no evidence the
 * panels are shaded and the bound grows. What covered.h tells is written above.
 * Reads the evidence once more. Return: 0 or a negative errno.
 */
int vmsync_plot(struct vmsync_session *s, const char *path,
		struct ctf_error *e);

/**
 * vmsync_plot_guest() - the same of one guest, as a part of a page of HTML
 * @guest:	number of the guest in @s
 * @dots:	as VMSYNC_PLOT_DOTS
 * @attributes:	of the picture
 *
 * Without vmsync_session_contain() it tells nothing of events, and reaches as far
 * as the evidence does.
 *
 * Its size grows with the epochs and with the stretches without evidence, but not
 * with the length of the recording. Return: 0 or a negative errno.
 */
int vmsync_plot_guest(FILE *f, const struct vmsync_session *s, size_t guest,
		      size_t dots, const char *attributes, struct ctf_error *e);

#endif /* VMSYNC_FUSE_PLOT_H */
