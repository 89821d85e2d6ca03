/* SPDX-License-Identifier: MIT */
/*
 * When a vCPU was in the guest: stays that agree with what is known of it. A
 * guest's own record says that it was in, the host's answer to a beacon that it
 * was out, and so does a stop of the VM.
 */
#ifndef TESTS_PROPERTY_STAYS_H
#define TESTS_PROPERTY_STAYS_H

#include "rng.h"
#include "vm.h"

/** struct stays_known - the vCPU was in, or out, at host TSC @h */
struct stays_known {
	uint64_t h;
	bool in;
};

/** struct stay - from an entry to the next exit, host TSC */
struct stay {
	uint64_t entry;
	uint64_t exit;
};

/**
 * stays_make() - stays in [@from, @until]
 * @known:	[@n], in any order
 * @mean:	of a stay and of the time between two, cycles
 * @shows:	it is in the guest up to each moment at which it has to leave: what its
 *		clock reads then, others' clocks do not fall behind
 * @out:	to be freed
 * Return: their number.
 */
size_t stays_make(const struct sim_vcpu *v, struct stays_known *known, size_t n,
		  uint64_t from, uint64_t until, double mean, bool shows,
		  struct sim_rng *rng, struct stay **out);

#endif /* TESTS_PROPERTY_STAYS_H */
