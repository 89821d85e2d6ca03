/* SPDX-License-Identifier: MIT */
/*
 * How far KVM has set a guest's kvm-clock between two of its beacons: each shows the
 * page that was in force. Without a master clock KVM sets it at every new page, with
 * one when the host's clocks were updated. Methods that follow a clock by messages
 * would take the step for a breakpoint of it.
 */
#ifndef VMSYNC_SYNC_FACTS_SET_H
#define VMSYNC_SYNC_FACTS_SET_H

#include <stdbool.h>
#include <stdint.h>

#include "sync/facts/facts.h"
#include "sync/facts/match.h"

/**
 * struct vmsync_set - the page of the last beacon that showed one
 * @any:	there was one
 * @pv, @scaling: it, and the TSC that it counts
 */
struct vmsync_set {
	bool any;
	struct vmsync_pvclock pv;
	struct vmsync_scaling scaling;
};

/**
 * vmsync_set_ns - by how much since the last call, in the order of the beacons
 * @cpu:	that sent @b, with the pages that it saw
 * @alone:	the guest has no other CPU
 *
 * Of several CPUs that have each a page of their own the clock is nobody's; how far
 * these are apart is another matter (spread.h), and 0 is returned, as where nothing is
 * known. A clock that stands still while its guest is stopped jumps by itself.
 */
double vmsync_set_ns(struct vmsync_set *set, const struct vmsync_guest_cpu *cpu,
		     const struct vmsync_beacon *b, bool alone);

#endif /* VMSYNC_SYNC_FACTS_SET_H */
