/* SPDX-License-Identifier: MIT */
/*
 * A random case: what happened in the world, and how it was recorded.
 */
#ifndef TESTS_PROPERTY_SHAPE_H
#define TESTS_PROPERTY_SHAPE_H

#include "record.h"
#include "scenario.h"

#define SHAPE_STEPS 8
#define SHAPE_TEXT  64

/**
 * struct shape_cut - how a machine's trace is re-cut
 * @step:	[@n] for tests/gen/carve, or none: the trace as it is
 * @links:	its stream files are symbolic links
 * @linked:	its folder is one
 */
struct shape_cut {
	char step[SHAPE_STEPS][SHAPE_TEXT];
	int n;
	bool links;
	bool linked;
};

/**
 * struct shape - a case
 * @cut:	of the host, and behind it of each guest
 * @first:	the machine that is named first
 * @gaps:	some machine's recording is not whole: evidence may be missing
 */
struct shape {
	uint64_t seed;
	struct sim_scenario sc;
	struct record_plan plan;
	struct shape_cut cut[1 + SIM_MAX_GUESTS];
	int first;
	bool gaps;
};

/** shape_make() - the case of @seed; its plan has no folder yet */
void shape_make(struct shape *s, uint64_t seed);

/** shape_steps() - whether a guest's clock steps somewhere */
bool shape_steps(const struct shape *s);

/** shape_held() - why a case of this shape is known to fail; NULL: it is not */
const char *shape_held(const struct shape *s);

/** shape_print() - what it is, in a line or two */
void shape_print(const struct shape *s);

#endif /* TESTS_PROPERTY_SHAPE_H */
