/* SPDX-License-Identifier: MIT */
/*
 * Readings: at which point of the axis a virtual CPU's TSC read what a record
 * of the guest says. A TSC that is written, or reset with its guest, reads some
 * values more than once.
 */
#ifndef VMSYNC_SYNC_FACTS_READING_H
#define VMSYNC_SYNC_FACTS_READING_H

#include "sync/facts/facts.h"

/**
 * vmsync_reading_at - where a record was made
 * @scaling:	of the virtual CPU that made it
 * @at:		of all points where its TSC read that, the nearest to the record's
 *		time by the guest's clock
 * Returns false where there is none, or none that can be told.
 */
bool vmsync_reading_at(const struct vmsync_facts *f,
		       const struct vmsync_timeline *scaling,
		       const struct vmsync_timeline *host,
		       const struct vmsync_reading *r, int64_t *at);

/**
 * vmsync_reading_before - the last point not after @limit where the TSC read @tsc
 * Or where it came to be past it. Returns false where there is none.
 */
bool vmsync_reading_before(const struct vmsync_facts *f,
			   const struct vmsync_timeline *scaling, uint64_t tsc,
			   int64_t limit, int64_t *at);

#endif /* VMSYNC_SYNC_FACTS_READING_H */
