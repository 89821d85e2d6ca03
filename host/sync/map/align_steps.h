/* SPDX-License-Identifier: MIT */
#ifndef VMSYNC_SYNC_MAP_ALIGN_STEPS_H
#define VMSYNC_SYNC_MAP_ALIGN_STEPS_H

#include <stdint.h>

#include "sync/map/map.h"

/**
 * vmsync_align_steps - date a guest's steps the same on all its virtual CPUs
 * @maps:	[@n], of one guest
 *
 * A guest that was stopped goes on one virtual CPU after the other, and the
 * evidence of each dates the step when that one goes on. But the guest has one
 * clock: what is after the step on one of them is after it on all. So each step
 * forward in host time is dated as on the CPU that was first; a CPU had no
 * events in between, since it did not run. But what a CPU read before it was stopped
 * may be more than that: KVM goes on with what it takes kvm-clock to be, by the host's
 * frequency in whole kHz, and a guest whose TSC is scaled reads it by another one.
 */
void vmsync_align_steps(struct vmsync_map *maps, uint32_t n);

#endif /* VMSYNC_SYNC_MAP_ALIGN_STEPS_H */
