/* SPDX-License-Identifier: MIT */
/*
 * What is told of a host while it runs: counters by VM, and by virtual CPU. A sink of
 * the model. They only grow, by the ns; what goes on counts once it has ended. Memory
 * grows with virtual CPUs, reasons of exits and names, not with time.
 */
#ifndef VMSYNC_ONLINE_SUMS_H
#define VMSYNC_ONLINE_SUMS_H

#include "analysis/model.h"
#include "sync/base/array.h"

/* Bounds of the histograms' buckets: 10 us, 100 us ... 1 s, and what is longer. */
#define ONLINE_BUCKETS 7

/** struct online_hist - how long things took */
struct online_hist {
	uint64_t count[ONLINE_BUCKETS];
	int64_t sum_ns;
};

/** online_hist_bound_ns() - of bucket @i; INT64_MAX: the last one */
int64_t online_hist_bound_ns(int i);

/**
 * struct online_vcpu_sums - of a virtual CPU
 * @ns:		by state
 * @preempted:	each time that it lost its CPU, until it got one or was to sleep
 * @preempted_ns: it has lost it, so long by now; -1: it has not
 */
struct online_vcpu_sums {
	int64_t ns[ANALYSIS_STATES];
	struct online_hist preempted;
	int64_t preempted_ns;
};

/** struct online_exit_sums - exits of a virtual CPU */
struct online_exit_sums {
	uint32_t vcpu;
	enum analysis_isa isa;
	uint32_t reason;
	uint64_t count;
};

/** struct online_charge_sums - what a virtual CPU waited for one who had its CPU */
struct online_charge_sums {
	uint32_t vcpu;
	struct analysis_who who;
	int64_t ns;
};

/**
 * struct online_sums - all of it; all 0 is empty
 * @vcpus:	by number of the model
 * @wakes:	of guests' threads until they ran, by machine
 * @failed:	memory was out
 */
struct online_sums {
	VMSYNC_ARRAY(struct online_vcpu_sums) vcpus;
	struct analysis_index exit_index;
	VMSYNC_ARRAY(struct online_exit_sums) exits;
	struct analysis_index charge_index;
	struct analysis_index who_index;
	VMSYNC_ARRAY(struct online_charge_sums) charges;
	VMSYNC_ARRAY(struct online_hist) wakes;
	const struct analysis_model *model;
	bool failed;
};

/** online_sums_sink() - for analysis_model_sink() of @model */
struct analysis_sink online_sums_sink(struct online_sums *s,
				      const struct analysis_model *model);

/** online_sums_end() - the model has ended: so has what went on */
void online_sums_end(struct online_sums *s);

/** online_sums_free() - free what it owns */
void online_sums_free(struct online_sums *s);

#endif /* VMSYNC_ONLINE_SUMS_H */
