/* SPDX-License-Identifier: MIT */
/*
 * Estimators: each makes a map its own way. They see facts and matched beacons,
 * never a trace, and not each other.
 */
#ifndef VMSYNC_SYNC_ESTIMATOR_H
#define VMSYNC_SYNC_ESTIMATOR_H

#include "sync/facts/facts.h"
#include "sync/facts/match.h"
#include "sync/map/map.h"
#include "sync/options.h"

/**
 * struct vmsync_estimator - one method
 * @method:	its name and rank
 * @create:	state for one guest; NULL: it needs none
 * @destroy:	of what @create made; NULL is fine
 * @beacon:	the guest's next matched beacon; 0 or -ENOMEM; may be NULL
 * @guest_event: a guest event, in the order of time; 0 or -ENOMEM; may be NULL
 * @map:	write the map of @cpu as of now; @map is empty; @final: nothing
 *		more will come; 0 or -ENOMEM
 * @settled:	guest time up to which @map will not change any more; NULL: it
 *		is as far as both sides were pushed
 * @forget:	nothing before that guest time is asked for any more; NULL: it keeps
 *		nothing for long
 * @odd:	how often the clock did what an honest one hardly does: it jumped,
 *		or ran away; NULL: not looked at
 * @found:	the VM that CPU @cpu of the guest was found to be in without beacons, or
 *		NULL; may be NULL itself
 */
struct vmsync_estimator {
	enum vmsync_method method;
	void *(*create)(const struct vmsync_sync_options *opt);
	void (*destroy)(void *state);
	int (*beacon)(void *state, const struct vmsync_beacon *b);
	int (*guest_event)(void *state, const struct vmsync_evidence *ev);
	int (*map)(void *state, const struct vmsync_facts *f, uint32_t cpu,
		   bool final, struct vmsync_map *map);
	int64_t (*settled)(const void *state);
	void (*forget)(void *state, int64_t from_ns);
	uint64_t (*odd)(const void *state);
	const struct vmsync_vm *(*found)(const void *state, uint32_t cpu);
};

/** vmsync_estimators - by method; NULL where there is none */
extern const struct vmsync_estimator *const
	vmsync_estimators[VMSYNC_METHOD_COUNT];

extern const struct vmsync_estimator vmsync_exact_estimator;
extern const struct vmsync_estimator vmsync_tsc_pair_estimator;
extern const struct vmsync_estimator vmsync_beacon_estimator;
extern const struct vmsync_estimator vmsync_window_estimator;

#endif /* VMSYNC_SYNC_ESTIMATOR_H */
