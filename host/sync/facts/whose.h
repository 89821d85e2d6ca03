/* SPDX-License-Identifier: MIT */
#ifndef VMSYNC_SYNC_FACTS_WHOSE_H
#define VMSYNC_SYNC_FACTS_WHOSE_H

#include "sync/facts/facts.h"

/**
 * vmsync_whose_find - which virtual CPUs a guest's CPUs may be
 * @f:		of the guest
 * @cpus:	[@f->n_cpus] its CPUs: vcpu_id and sure of those that are not known
 *
 * A matched beacon ties a CPU to its virtual CPU. Those without one are some of the
 * virtual CPUs that are left: one that is left alone is sure. Else each gets
 * another one of them, so that among all there are all that it may be.
 */
void vmsync_whose_find(const struct vmsync_facts *f,
		       struct vmsync_guest_cpu *cpus);

/**
 * vmsync_whose_unnamed - put the virtual CPUs behind that no CPU of the guest's may be
 * @f:		of the guest
 * @cpus:	[@f->n_cpus and as many as its VM has] the guest's CPUs, and then these
 * Returns how many there are of both.
 */
uint32_t vmsync_whose_unnamed(const struct vmsync_facts *f,
			      struct vmsync_guest_cpu *cpus);

#endif /* VMSYNC_SYNC_FACTS_WHOSE_H */
