/* SPDX-License-Identifier: MIT */
#ifndef VMSYNC_SIM_EVIDENCE_CHECK_H
#define VMSYNC_SIM_EVIDENCE_CHECK_H

#include "scenario.h"

#include <stdint.h>

/**
 * struct sim_evidence_result - a recording against its own lines and offsets
 * @pairs, @misfits: pairs with a line, and those whose clock is not on it
 * @beacons, @acausal: beacons whole on both sides, and those whose TSC
 *		readings are not in order
 */
struct sim_evidence_result {
	uint64_t pairs;
	uint64_t misfits;
	uint64_t beacons;
	uint64_t acausal;
	bool in_order;
};

/** sim_evidence_check - record @sc without its lie, and check the records */
void sim_evidence_check(struct sim_evidence_result *result,
			const struct sim_scenario *sc, uint64_t seed);

#endif /* VMSYNC_SIM_EVIDENCE_CHECK_H */
