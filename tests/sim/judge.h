/* SPDX-License-Identifier: MIT */
/*
 * The maps against the truth.
 */
#ifndef VMSYNC_SIM_JUDGE_H
#define VMSYNC_SIM_JUDGE_H

#include "session.h"

/** struct sim_worst - one event time, the worst of its sort */
struct sim_worst {
	double at_s;
	int guest;
	uint32_t cpu;
	int64_t error_ns;
	int64_t bound_ns;
};

/**
 * struct sim_verdict - what one run came to
 * @events:	event times judged
 * @broken:	those whose error was above the stated bound
 * @broken_worst: the one that was farthest above
 * @outside:	the same outside of the evidence, up to 1 s before and after it
 * @outside_broken: ... and above the bound that grows there
 * @accused:	honest guests that were called suspect, disagreeing or acausal
 * @flagged:	the liar was
 * @others_same: the other guests' maps are the same bits without the lie
 * @order_same:	all maps are the same bits in another order of pushing
 * @unsettled:	settled times of which the final map says something else
 * @unmapped:	virtual CPUs without a map
 * @uncontained: guest events outside of their vCPU's entry and exit
 * @uncaught:	a map wrong by limit.caught was not contradicted
 * @unsplit:	steps at which no segment begins
 * @share:	of guest time, that the method asked for covers
 * @slacks:	largest error towards an event's entry over the least entry slack,
 *		or towards its exit over the least exit slack
 * @why:	limits that were broken, as text; empty: none
 */
struct sim_verdict {
	uint64_t events;
	double p50_ns;
	double p99_ns;
	double max_ns;
	double bound_p50_ns;
	double bound_p99_ns;
	double bound_max_ns;
	double ratio;
	uint64_t broken;
	struct sim_worst worst;
	struct sim_worst broken_worst;
	uint64_t outside;
	uint64_t outside_broken;
	int accused;
	bool flagged;
	bool others_same;
	bool order_same;
	uint64_t unsettled;
	int unmapped;
	uint64_t uncontained;
	bool uncaught;
	int unsplit;
	double share;
	double slacks;
	size_t segments;
	double cpu_s;
	size_t records;
	char why[256];
};

/**
 * sim_judge - compare
 * @honest:	the same recording without the lie, finished; NULL: no lie
 * @other:	the same recording, pushed in another order; NULL: not asked
 */
void sim_judge(struct sim_verdict *v, const struct sim_world *w,
	       const struct sim_recording *rec, const struct sim_session *s,
	       const struct sim_session *honest,
	       const struct sim_session *other, const char *method);

/** sim_map_difference - first segment that differs, SIZE_MAX: none */
size_t sim_map_difference(const struct vmsync_map *a,
			  const struct vmsync_map *b);

/**
 * sim_judge_limits - fill @v->why
 * @own: the method is the scenario's own, so that its limits in ns hold
 */
void sim_judge_limits(struct sim_verdict *v, const struct sim_scenario *sc,
		      bool own);

#endif /* VMSYNC_SIM_JUDGE_H */
