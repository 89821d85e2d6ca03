/* SPDX-License-Identifier: MIT */
/*
 * How far a kvm-clock page that nobody saw may be off. Without a master clock each
 * virtual CPU has a page of its own. When KVM writes one it says what kvm-clock is at
 * that moment, and from there it runs with the slope that KVM has for the TSC's
 * frequency in whole kHz, the same in all pages of a VM. So a page is the farther off
 * the older it is; and it is no older than kvm-clock itself, nor than KVM lets one get
 * whose virtual CPU runs.
 */
#ifndef VMSYNC_SYNC_FACTS_OLDER_H
#define VMSYNC_SYNC_FACTS_OLDER_H

#include "sync/facts/facts.h"

/**
 * struct vmsync_older - by how much of its age a page is off, ns per ns
 * @ahead:	of what a newer one reads
 * @behind:	or behind it
 */
struct vmsync_older {
	double ahead;
	double behind;
};

/**
 * vmsync_older_find - from the pages that a guest's virtual CPUs had one after the
 * other, and where there are none that are far enough apart from what KVM rounds
 */
struct vmsync_older vmsync_older_find(const struct vmsync_facts *f);

/** vmsync_older_most_ns - age of the oldest page there may be, ns */
double vmsync_older_most_ns(double kvmclock_ns);

#endif /* VMSYNC_SYNC_FACTS_OLDER_H */
