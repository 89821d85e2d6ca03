/* SPDX-License-Identifier: MIT */
/*
 * How far the kvm-clocks of a guest's virtual CPUs are apart that have no master
 * clock. Methods that take a guest's CPUs to have one clock follow any of them.
 */
#ifndef VMSYNC_SYNC_FACTS_SPREAD_H
#define VMSYNC_SYNC_FACTS_SPREAD_H

#include "sync/facts/facts.h"
#include "sync/map/map.h"

/**
 * struct vmsync_spread - from host time @from_ns on they are @ns apart
 * @seen_ns:	those of them whose pages were seen
 */
struct vmsync_spread {
	int64_t from_ns;
	int64_t ns;
	int64_t seen_ns;
};

/**
 * struct vmsync_spreads - of one guest; empty and 0 where it has a master clock
 * @all:	in the order of time
 * @outside_ns:	how far its clock may be off a page that went out of sight: another
 *		CPU's may be ahead of it, and it may have been replaced
 */
struct vmsync_spreads {
	VMSYNC_ARRAY(struct vmsync_spread) all;
	int64_t outside_ns;
};

/**
 * vmsync_spread_find - what was in @spreads is dropped; 0 or -ENOMEM
 */
int vmsync_spread_find(const struct vmsync_facts *f,
		       struct vmsync_spreads *spreads);
void vmsync_spread_free(struct vmsync_spreads *spreads);

/** vmsync_spread_widen - makes the bounds of @map hold for each virtual CPU */
void vmsync_spread_widen(const struct vmsync_spreads *spreads,
			 struct vmsync_map *map);

#endif /* VMSYNC_SYNC_FACTS_SPREAD_H */
