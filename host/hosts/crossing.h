/* SPDX-License-Identifier: MIT */
/* When a guest left one host, and went on on the other, by both hosts' exits and entries. */
#ifndef VMSYNC_HOSTS_CROSSING_H
#define VMSYNC_HOSTS_CROSSING_H

#include "hosts/hosts.h"

/**
 * vmsync_crossings_find() - of one guest, which was on both
 * @g:		its crossings are filled in, in order
 * Return: 0 or a negative errno.
 */
int vmsync_crossings_find(struct vmsync_hosts *h, struct vmsync_hosts_guest *g,
			  struct ctf_error *e);

#endif /* VMSYNC_HOSTS_CROSSING_H */
