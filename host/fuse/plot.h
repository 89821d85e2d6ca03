/* SPDX-License-Identifier: MIT */
#ifndef VMSYNC_FUSE_PLOT_H
#define VMSYNC_FUSE_PLOT_H

#include "fuse/session.h"

/**
 * vmsync_plot() - draw the maps of a session as an SVG picture
 * @s:		after vmsync_session_sync()
 * @path:	file to write; it appears whole or not at all
 * @e:		why it failed
 *
 * For every guest (and every virtual CPU whose map is another than the first
 * one's) three panels over host time: the offset less a straight line per
 * epoch, the bound, and how far each beacon is from contradicting the map.
 * They reach as far as the guest's events do; where these have no evidence the
 * panels are shaded and the bound grows. What covered.h tells is written above.
 * Reads the evidence once more. Return: 0 or a negative errno.
 */
int vmsync_plot(const struct vmsync_session *s, const char *path,
		struct ctf_error *e);

#endif /* VMSYNC_FUSE_PLOT_H */
