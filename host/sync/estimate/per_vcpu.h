/* SPDX-License-Identifier: MIT */
/*
 * Virtual CPUs whose clocks are not one. A guest whose clock is made of its TSCs
 * has as many clocks as these differ, and a line through the messages of all its
 * CPUs would be none of theirs. As long as the host's evidence does not show that
 * they differ, a method follows one clock; from there on each CPU's own.
 */
#ifndef VMSYNC_SYNC_ESTIMATE_PER_VCPU_H
#define VMSYNC_SYNC_ESTIMATE_PER_VCPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sync/base/array.h"
#include "sync/estimate/segmentation.h"
#include "sync/facts/facts.h"
#include "sync/facts/match.h"
#include "sync/options.h"

/**
 * struct vmsync_follow - how a method follows one clock
 * @size:	of its state, which begins with a struct vmsync_segmentation and points to
 *		nothing besides
 * @init:	the state is all 0 before
 * @beacon:	the clock's next beacon; 0 or -ENOMEM
 * @end:	nothing more will come; 0 or -ENOMEM; may be NULL
 */
struct vmsync_follow {
	size_t size;
	void (*init)(void *state, const struct vmsync_sync_options *opt);
	int (*beacon)(void *state, const struct vmsync_beacon *b);
	int (*end)(void *state);
};

/**
 * struct vmsync_per_vcpu_cpu - a virtual CPU
 * @vcpu:	KVM's number of it
 * @scaling:	of its TSC, as last seen
 * @since_ns:	guest time of its first beacon; 0: it had a part in the common clock
 * @last_ns:	guest time when it last had @scaling
 * @set_ns:	by so much was its clock set since its last beacon, as others show
 * @state:	what follows its clock; NULL while it is that of all
 * @odd:	of @state's oddities those that it had from the common clock when it began
 */
struct vmsync_per_vcpu_cpu {
	uint32_t vcpu;
	struct vmsync_scaling scaling;
	int64_t since_ns;
	int64_t last_ns;
	double set_ns;
	void *state;
	uint64_t odd;
};

/**
 * struct vmsync_per_vcpu - of one guest
 * @named:	the host's evidence has TSC offsets and ratios
 * @kvmclock:	the guest's clock is made of kvm-clock, which is one for all
 * @common:	the state that follows the clock of all; NULL once they differ
 */
struct vmsync_per_vcpu {
	const struct vmsync_follow *how;
	struct vmsync_sync_options opt;
	bool named;
	bool kvmclock;
	void *common;
	uint64_t common_odd;
	VMSYNC_ARRAY(struct vmsync_per_vcpu_cpu) cpus;
};

/** vmsync_per_vcpu_new - one clock for now; NULL if out of memory */
struct vmsync_per_vcpu *
vmsync_per_vcpu_new(const struct vmsync_follow *how,
		    const struct vmsync_sync_options *opt);

/** vmsync_per_vcpu_free - @apart is of vmsync_per_vcpu_new(), or NULL */
void vmsync_per_vcpu_free(void *apart);

/* What struct vmsync_estimator asks for. */
int vmsync_per_vcpu_beacon(void *apart, const struct vmsync_beacon *b);
int vmsync_per_vcpu_map(void *apart, const struct vmsync_facts *f, uint32_t cpu,
			bool final, struct vmsync_map *map);
int64_t vmsync_per_vcpu_final_until(const void *apart);
void vmsync_per_vcpu_forget(void *apart, int64_t from_ns);
uint64_t vmsync_per_vcpu_odd(const void *apart);

#endif /* VMSYNC_SYNC_ESTIMATE_PER_VCPU_H */
