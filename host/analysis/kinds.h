/* SPDX-License-Identifier: MIT */
/* Which classes of a trace matter to the analysis, and their fields. */
#ifndef VMSYNC_ANALYSIS_KINDS_H
#define VMSYNC_ANALYSIS_KINDS_H

#include <stdbool.h>

#include "analysis/event.h"
#include "ctf/ctf.h"

struct analysis_kinds;

/**
 * analysis_kinds_new() - look at the classes of a trace
 * @host:	it is the host's: any event tells that the kernel ran, but
 *vmsync's own, which are made at the very entries and exits Return: to be freed
 *with analysis_kinds_free(); NULL if out of memory.
 */
struct analysis_kinds *analysis_kinds_new(const struct ctf_trace *t, bool host);

/** analysis_kinds_free() - NULL is fine */
void analysis_kinds_free(struct analysis_kinds *k);

/** analysis_kinds_want() - one byte a class: those that matter */
const uint8_t *analysis_kinds_want(const struct analysis_kinds *k);

/** analysis_kinds_have() - is there a class of that kind? */
bool analysis_kinds_have(const struct analysis_kinds *k,
			 enum analysis_kind kind);

/**
 * analysis_kinds_decode() - what an event tells
 * @out:	filled in, but for @ns and @machine. A name lives as long as @ev
 */
void analysis_kinds_decode(const struct analysis_kinds *k,
			   const struct ctf_event *ev,
			   struct analysis_event *out);

#endif /* VMSYNC_ANALYSIS_KINDS_H */
