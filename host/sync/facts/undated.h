/* SPDX-License-Identifier: MIT */
/*
 * How far the kvm-clocks of a guest's virtual CPUs are apart where no line of the host
 * is on record, by which spread.c dates their pages: the old addons' beacons tell of
 * none. What the host tells of pages comes with a stamp, and says by how much of its
 * age a page is off (older.h). So no two of them are farther apart than the oldest is
 * off; and as long as a virtual CPU's first one has not come, it may be as old as any.
 */
#ifndef VMSYNC_SYNC_FACTS_UNDATED_H
#define VMSYNC_SYNC_FACTS_UNDATED_H

#include "sync/facts/spread.h"

/**
 * vmsync_undated_find - fills in @spreads, which is empty; 0 or -ENOMEM
 * It stays so where the pages are one, or none is told.
 */
int vmsync_undated_find(const struct vmsync_facts *f,
			struct vmsync_spreads *spreads);

#endif /* VMSYNC_SYNC_FACTS_UNDATED_H */
