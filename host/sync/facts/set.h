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
 * struct vmsync_set - of a guest
 * @last:	what the last beacon of any CPU that showed a page did
 */
struct vmsync_set {
	struct vmsync_shown last;
};

/**
 * vmsync_set_ns - by how much since the last call, in the order of the beacons
 * @cpu:	that sent @b, with the pages that it saw
 * @vcpu:	the virtual CPU that it is, with those that the host told, or NULL
 * @alone:	the guest has no other CPU
 *
 * Where CPUs have each a page of their own, it is by how much that of @cpu has changed,
 * if that was since the last beacon: else another one has shown it. How far the pages
 * are apart is another matter (spread.h). 0 is returned where nothing is known. A clock
 * that stands still while its guest is stopped jumps by itself.
 */
double vmsync_set_ns(struct vmsync_set *set, struct vmsync_guest_cpu *cpu,
		     const struct vmsync_vcpu *vcpu, const struct vmsync_beacon *b,
		     bool alone);

#endif /* VMSYNC_SYNC_FACTS_SET_H */
