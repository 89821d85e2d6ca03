/* SPDX-License-Identifier: MIT */
/*
 * Chance: a guest event is in a run of its virtual CPU by chance as often as that
 * one runs. What few events tell may be nothing.
 */
#ifndef VMSYNC_SYNC_WINDOW_CHANCE_H
#define VMSYNC_SYNC_WINDOW_CHANCE_H

#include <stdbool.h>

#include "sync/window/trails.h"

/** vmsync_chance_alone - could all of @trails be in runs of @vm by chance? */
bool vmsync_chance_alone(const struct vmsync_vm *vm,
			 const struct vmsync_trails *trails);

/**
 * vmsync_chance_drop - leave out limits at the two ends that may be by chance
 * @events:	all of the guest's
 */
void vmsync_chance_drop(const vmsync_guest_events *events,
			const struct vmsync_vm *vm, struct vmsync_trails *trails);

#endif /* VMSYNC_SYNC_WINDOW_CHANCE_H */
