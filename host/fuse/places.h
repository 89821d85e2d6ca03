/* SPDX-License-Identifier: MIT */
/* When guests were recorded, in the host's time. */
#ifndef VMSYNC_FUSE_PLACES_H
#define VMSYNC_FUSE_PLACES_H

#include "fuse/session.h"

/**
 * vmsync_place_find() - find out when a guest was recorded
 * Return: 0 or a negative errno.
 */
int vmsync_place_find(struct vmsync_session_guest *g, struct ctf_error *e);

/**
 * vmsync_places_find() - the same of all guests that were mapped
 * Those of one name, as a VM's boots are, are put in the order of time.
 */
int vmsync_places_find(struct vmsync_session *s, struct ctf_error *e);

#endif /* VMSYNC_FUSE_PLACES_H */
