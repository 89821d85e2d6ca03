/* SPDX-License-Identifier: MIT */
/*
 * Maps of one clock by way of another: guest to the host that it is on, that host to the
 * other one. And one map of a guest that was on both, of its stretches on each.
 */
#ifndef VMSYNC_HOSTS_COMPOSE_H
#define VMSYNC_HOSTS_COMPOSE_H

#include <stdint.h>

#include "sync/base/array.h"
#include "sync/map/map.h"

/**
 * struct vmsync_visit - guest time with one line and bound
 * @host:	number of the host that the guest was on
 */
struct vmsync_visit {
	struct vmsync_segment segment;
	int host;
};

/* In any order. */
typedef VMSYNC_ARRAY(struct vmsync_visit) vmsync_visits;

/**
 * vmsync_compose() - add all of @inner by way of @outer
 * @inner:	from a guest's clock to that of host number @host
 * @outer:	from that host's clock to another one's; NULL: it is that already
 *
 * Only where both have evidence. The bound is the sum of both, @inner's by the slope of
 * @outer, and some ns for the rounding of each. Return: 0 or -ENOMEM.
 */
int vmsync_compose(vmsync_visits *to, const struct vmsync_map *inner,
		   const struct vmsync_map *outer, int host);

/**
 * vmsync_compose_before() - the same of a line that begins before its evidence
 * @inner:	a segment of a map from a guest's clock to that of host number @host
 * @h:		when it begins, on that host's clock
 */
int vmsync_compose_before(vmsync_visits *to, const struct vmsync_segment *inner,
			  const struct vmsync_map *outer, int host, host_time h);

/**
 * vmsync_visits_map() - make a map of them
 * @map:	initialized; its extrapolation is the caller's
 * @contradicted_ns: how much the worst of them begins before the end of one on the other
 *		host, by more than the bounds of both; 0: none does
 *
 * What the guest did later happened later: within the bounds, a stretch on the other host
 * is put behind the one before it, and its bound is larger by as much. Return: 0 or a
 * negative errno.
 */
int vmsync_visits_map(vmsync_visits *from, struct vmsync_map *map,
			 int64_t *contradicted_ns);

#endif /* VMSYNC_HOSTS_COMPOSE_H */
