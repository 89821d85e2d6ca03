/* SPDX-License-Identifier: MIT */
/*
 * How well events are known: a map's bound is small where it has evidence, and
 * grows outside. What is said of a map's bound is not true of all events that it
 * is applied to, unless these are counted by where they lie.
 */
#ifndef VMSYNC_SYNC_MAP_KNOWN_H
#define VMSYNC_SYNC_MAP_KNOWN_H

#include <stddef.h>
#include <stdint.h>

#include "sync/map/map.h"

/** enum vmsync_place - where an event lies, seen from the evidence of its map */
enum vmsync_place {
	VMSYNC_PLACE_INSIDE,
	VMSYNC_PLACE_BEFORE,	/* before all evidence */
	VMSYNC_PLACE_WITHIN,	/* between two stretches of it, in a hole */
	VMSYNC_PLACE_AFTER,	/* after all evidence */
	VMSYNC_PLACE_COUNT,
};

/**
 * struct vmsync_known_at - the events of one place
 * @events:	how many
 * @bound_ns:	the worst of their bounds, 0 if there is none
 * @away_ns:	how far the farthest of them is from the evidence, guest time
 * @nearest_ns:	the same of the nearest one, set if there is any
 */
struct vmsync_known_at {
	uint64_t events;
	int64_t bound_ns;
	int64_t away_ns;
	int64_t nearest_ns;
};

/**
 * struct vmsync_known - all events; all 0 is none
 * @first_ns, @last_ns: guest times of the first and the last one, set if there is
 *		any
 * @cpu_unknown: those that have the map of anyone; the caller counts them
 */
struct vmsync_known {
	struct vmsync_known_at at[VMSYNC_PLACE_COUNT];
	int64_t first_ns;
	int64_t last_ns;
	uint64_t cpu_unknown;
};

/**
 * vmsync_known_events - count events, by their guest times
 * @map:	that is applied to them; not empty
 * @clock:	[@n] in order
 * @near:	where the last ones were found in @map; at first, or for another
 *		map, anything
 *
 * Costs a comparison where all are in the segment that the last ones were in,
 * and a search for each segment else.
 */
void vmsync_known_events(struct vmsync_known *k, const struct vmsync_map *map,
			 const uint64_t *clock, size_t n, size_t *near);

/** vmsync_known_add - add what was counted elsewhere */
void vmsync_known_add(struct vmsync_known *k, const struct vmsync_known *more);

/** vmsync_known_unbound - no bound holds for those outside the evidence */
void vmsync_known_unbound(struct vmsync_known *k);

/** vmsync_known_total - how many events were counted */
uint64_t vmsync_known_total(const struct vmsync_known *k);

/** vmsync_known_outside - how many of them lie outside the evidence */
uint64_t vmsync_known_outside(const struct vmsync_known *k);

/** vmsync_known_outside_bound_ns - the worst bound of those, 0 if there is none */
int64_t vmsync_known_outside_bound_ns(const struct vmsync_known *k);

/** vmsync_known_nearest_ns - how far the nearest of those is from it, 0 if none */
int64_t vmsync_known_nearest_ns(const struct vmsync_known *k);

/** vmsync_known_bound_ns - the worst bound of all events */
int64_t vmsync_known_bound_ns(const struct vmsync_known *k);

#endif /* VMSYNC_SYNC_MAP_KNOWN_H */
