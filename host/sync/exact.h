/* SPDX-License-Identifier: MIT */
/*
 * The exact method: the chain of both clocks' own parameters.
 */
#ifndef VMSYNC_SYNC_EXACT_H
#define VMSYNC_SYNC_EXACT_H

#include "sync/facts.h"
#include "sync/map.h"

/**
 * vmsync_exact_map - the map of guest CPU @cpu where all parameters are known
 * @map:	initialised; its segments are replaced
 * Returns 0 or -ENOMEM.
 */
int vmsync_exact_map(const struct vmsync_facts *f, uint32_t cpu,
		     struct vmsync_map *map);

#endif /* VMSYNC_SYNC_EXACT_H */
