/* SPDX-License-Identifier: MIT */
/*
 * Clones: traces of one clock uuid that are not of one machine, because VMs were
 * restored from one memory snapshot.
 */
#ifndef VMSYNC_FUSE_CLONES_H
#define VMSYNC_FUSE_CLONES_H

#include "fuse/machine.h"

/**
 * struct vmsync_sorted - a trace and whose it is
 * @side:	by the events that it holds
 * @beacons:	bits VMSYNC_BEACONS_* of these
 * @clone:	set by vmsync_clones_find(): of traces of one clock uuid only those
 *		with the same number may be of one machine
 */
struct vmsync_sorted {
	struct ctf_trace *trace;
	enum vmsync_side side;
	unsigned int beacons;
	uint32_t clone;
};

/**
 * vmsync_clones_find() - tell clones apart
 * @list:	[@n] all traces that were named
 * @any:	wherever two traces of one clock hold beacons
 *
 * Else only where something says that there may be some: several sessions with
 * beacons on one clock, or packets of one session that do not follow on each
 * other. Then it is found out who of the host's VMs answered the beacons of each
 * trace. A trace without beacons, or without answers, goes with those that lie in
 * the nearest folder. Return: 0 or a negative errno.
 */
int vmsync_clones_find(struct vmsync_sorted *list, size_t n, bool any,
		       struct ctf_error *e);

#endif /* VMSYNC_FUSE_CLONES_H */
