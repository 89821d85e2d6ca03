/* SPDX-License-Identifier: MIT */
/* Events of any kind, of a small world: few CPUs, threads and guests. */
#ifndef TESTS_UNIT_ANALYSIS_ANY_H
#define TESTS_UNIT_ANALYSIS_ANY_H

#include "analysis/model.h"
#include "check.h"

#define MAX_VCPUS 4
#define THREADS	  12 /* of the host, besides 0 */
#define CPUS	  3
#define GUESTS	  2

static inline int32_t any_thread(void)
{
	return (int32_t)check_range(0, THREADS);
}

static inline int64_t any_state(void)
{
	static const int64_t states[] = { 0, 0, 256, 1, 1, 1, 2, 4, 16, 128 };

	return states[check_range(0, sizeof(states) / sizeof(states[0]) - 1)];
}

static inline struct analysis_event any_event(int64_t ns)
{
	bool guest = check_range(0, 3) == 0;
	struct analysis_event ev = {
		.ns = ns,
		.machine = guest ? (uint32_t)check_range(1, GUESTS) :
				   ANALYSIS_HOST,
		.cpu = (uint32_t)check_range(0, CPUS - 1),
		.kind = (uint8_t)check_range(0, ANALYSIS_EV_KINDS - 1),
		.current = check_range(0, 3) ? ANALYSIS_NOT_SAID : any_thread(),
		.tid = any_thread(),
		.isa = (uint32_t)check_range(0, ANALYSIS_ISA_SVM + 1),
		.named = 1,
		.name = "name",
	};

	/* Losses end all that is known: few of them. */
	if (ev.kind == ANALYSIS_EV_LOST && check_range(0, 9))
		ev.kind = ANALYSIS_EV_SWITCH;
	if (ev.kind == ANALYSIS_EV_SWITCH)
		ev.current = any_thread();
	if (ev.kind == ANALYSIS_EV_EXIT || ev.kind == ANALYSIS_EV_USER_EXIT ||
	    ev.kind == ANALYSIS_EV_HALTED || ev.kind == ANALYSIS_EV_POLL)
		ev.reason = check_range(0, 1) ? 0x78 : 12;
	if (ev.kind == ANALYSIS_EV_SWITCH)
		ev.prev_state = any_state();
	else if (ev.kind == ANALYSIS_EV_LOST)
		ev.until_ns = ns + (int64_t)check_range(0, 40);
	else if (ev.kind == ANALYSIS_EV_ENTRY || ev.kind == ANALYSIS_EV_EXIT)
		ev.vcpu_id = (int64_t)check_range(0, 3);
	else if (ev.kind == ANALYSIS_EV_HALTED || ev.kind == ANALYSIS_EV_POLL)
		ev.halt_ns = (int64_t)check_range(0, 60) - 5;
	else
		ev.target = check_range(0, 9) ? (int64_t)check_range(0, CPUS) :
						UINT32_MAX;
	return ev;
}

static inline void any_vcpus(struct analysis_model *m)
{
	uint32_t i, n = (uint32_t)check_range(0, MAX_VCPUS);

	for (i = 0; i < n; i++) {
		struct analysis_vcpu_id id = {
			.tid = (int32_t)check_range(1, THREADS),
			.vcpu_id = (int32_t)i,
			.machine = (uint32_t)check_range(0, GUESTS),
			.cpu = (uint32_t)check_range(0, CPUS - 1),
		};

		CHECK(analysis_model_vcpu(m, &id) != ANALYSIS_NONE);
	}
}

#endif /* TESTS_UNIT_ANALYSIS_ANY_H */
