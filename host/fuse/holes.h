/* SPDX-License-Identifier: MIT */
/* Stretches of time about which nothing is known. */
#ifndef VMSYNC_FUSE_HOLES_H
#define VMSYNC_FUSE_HOLES_H

#include <stdbool.h>
#include <stdint.h>

#include "sync/base/array.h"

/**
 * struct vmsync_hole - raw clock values
 * @from_ns:	what was recorded at this moment was before it; INT64_MIN: always
 * @until_ns:	and what at this one, behind it; INT64_MAX: for ever
 */
struct vmsync_hole {
	int64_t from_ns;
	int64_t until_ns;
};

/** struct vmsync_holes - in the order of time; they do not touch each other */
struct vmsync_holes {
	VMSYNC_ARRAY(struct vmsync_hole) hole;
};

/** vmsync_holes_free() - free what the functions below allocated */
void vmsync_holes_free(struct vmsync_holes *h);

/**
 * vmsync_holes_add() - one more, which does not begin before the last one
 * One that is empty is left out. Return: 0 or -ENOMEM.
 */
int vmsync_holes_add(struct vmsync_holes *h, int64_t from_ns, int64_t until_ns);

/** vmsync_holes_join() - @h becomes what is in @h or in @more; 0 or -ENOMEM */
int vmsync_holes_join(struct vmsync_holes *h, const struct vmsync_holes *more);

/** vmsync_holes_meet() - @h becomes what is in both; 0 or -ENOMEM */
int vmsync_holes_meet(struct vmsync_holes *h, const struct vmsync_holes *other);

/** vmsync_holes_in() - whether there is any between @from_ns and @until_ns */
bool vmsync_holes_in(const struct vmsync_holes *h, int64_t from_ns,
		     int64_t until_ns);

/**
 * vmsync_holes_none() - whether there is none between @from_ns and @until_ns
 * @none:	if so, the whole stretch around it without any
 */
bool vmsync_holes_none(const struct vmsync_holes *h, int64_t from_ns,
		       int64_t until_ns, struct vmsync_hole *none);

#endif /* VMSYNC_FUSE_HOLES_H */
