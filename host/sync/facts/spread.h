/* SPDX-License-Identifier: MIT */
/*
 * How far the kvm-clocks of a guest's virtual CPUs are apart that have no master
 * clock. Methods that take a guest's CPUs to have one clock follow any of them.
 */
#ifndef VMSYNC_SYNC_FACTS_SPREAD_H
#define VMSYNC_SYNC_FACTS_SPREAD_H

#include "sync/facts/facts.h"
#include "sync/map/map.h"

/** struct vmsync_spread - from host time @from_ns on they are @ns apart */
struct vmsync_spread {
	int64_t from_ns;
	int64_t ns;
};

typedef VMSYNC_ARRAY(struct vmsync_spread) vmsync_spreads;

/**
 * vmsync_spread_find - in the order of time; empty for guests with a master clock
 * What is in @spreads is dropped. Returns 0 or -ENOMEM.
 */
int vmsync_spread_find(const struct vmsync_facts *f, vmsync_spreads *spreads);

/** vmsync_spread_widen - makes the bounds of @map hold for each virtual CPU */
void vmsync_spread_widen(const vmsync_spreads *spreads, struct vmsync_map *map);

#endif /* VMSYNC_SYNC_FACTS_SPREAD_H */
