/* SPDX-License-Identifier: MIT */
/* What why.c keeps for why_tree.c. */
#ifndef VMSYNC_ANALYSIS_WHY_PARTS_H
#define VMSYNC_ANALYSIS_WHY_PARTS_H

#include "analysis/why.h"

/** enum why_state - of a thread of the guest, as its kernel sees it */
enum why_state {
	WHY_UNKNOWN,
	WHY_RUNS,
	WHY_READY, /* waits for @vcpu */
	WHY_SLEEPS,
};

/**
 * struct why_stay - a thread was in one state
 * @vcpu:	that it ran on or waited for; ANALYSIS_NONE: not known whose
 * @waker, @waker_vcpu: of WHY_SLEEPS, if @woken
 */
struct why_stay {
	uint32_t thread;
	enum why_state state;
	uint32_t vcpu;
	bool woken;
	uint32_t waker;
	uint32_t waker_vcpu;
	int64_t from_ns;
	int64_t until_ns;
};

struct analysis_why {
	const struct analysis_model *model;
	uint32_t machine;
	int32_t tid;
	int64_t from_ns;
	int64_t until_ns;
	VMSYNC_ARRAY(struct why_stay) open; /* by number of the thread */
	VMSYNC_ARRAY(uint32_t) runs;	    /* by vCPU: the thread, or NONE */
	VMSYNC_ARRAY(struct why_stay) threads;
	VMSYNC_ARRAY(struct analysis_stay) vcpus;
	VMSYNC_ARRAY(struct analysis_charge) charges;
	VMSYNC_ARRAY(struct analysis_exit) exits;
	size_t kept;
	int error; /* 0, -ENOMEM or -E2BIG */
};

#endif /* VMSYNC_ANALYSIS_WHY_PARTS_H */
