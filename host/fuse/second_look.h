/* SPDX-License-Identifier: MIT */
#ifndef VMSYNC_FUSE_SECOND_LOOK_H
#define VMSYNC_FUSE_SECOND_LOOK_H

#include "fuse/session.h"

/**
 * vmsync_second_look() - what the runs tell of when guests' lines changed
 * @s:		all evidence is read and pushed, and the maps are not made yet
 * Return: 0 or a negative errno.
 */
int vmsync_second_look(struct vmsync_session *s, struct ctf_error *e);

#endif /* VMSYNC_FUSE_SECOND_LOOK_H */
