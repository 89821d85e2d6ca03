/* SPDX-License-Identifier: MIT */
/*
 * Which kvm-clock page a virtual CPU had when, of what its host tells and of what
 * its guest saw.
 */
#ifndef VMSYNC_SYNC_FACTS_PAGES_H
#define VMSYNC_SYNC_FACTS_PAGES_H

#include "sync/facts/facts.h"

/* KVM follows a TSC write up with a new page before it enters, host cycles. */
#define VMSYNC_PAGE_FOLLOWS ((int64_t)1 << 27)

/*
 * A change by more is no page's own, ns: the guest was stopped, or its clock set. KVM
 * does that to one virtual CPU after the other, and none runs meanwhile.
 */
#define VMSYNC_PAGE_SET_NS 1000000

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
