/* SPDX-License-Identifier: MIT */
/*
 * Which kvm-clock page a virtual CPU had when, of what its host tells and of what
 * its guest saw.
 */
#ifndef VMSYNC_SYNC_FACTS_PAGES_H
#define VMSYNC_SYNC_FACTS_PAGES_H

#include "sync/facts/facts.h"

/**
 * vmsync_pages_timeline - make the timeline of guest CPU @cpu's pages
 * @tl:		struct vmsync_pvclock, NULL where nobody knows
 * @dating:	whose host and scaling are made already
 * Returns 0 or -ENOMEM.
 */
int vmsync_pages_timeline(struct vmsync_timeline *tl,
			  const struct vmsync_facts *f,
			  const struct vmsync_dating *dating, uint32_t cpu);

#endif /* VMSYNC_SYNC_FACTS_PAGES_H */
