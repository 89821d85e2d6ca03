/* SPDX-License-Identifier: MIT */
/* What the answer and the tables of the text share. */
#ifndef VMSYNC_ANALYSIS_TEXT_H
#define VMSYNC_ANALYSIS_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "analysis/analysis.h"

/** analysis_ms_text - @ns in milliseconds, to the microsecond */
void analysis_ms_text(int64_t ns, char *buf, size_t size);

/**
 * analysis_culprits_of - those of one virtual CPU, the worst first
 * @vcpu:	ANALYSIS_NONE: of all that are reported
 * @n:		how many there are
 * Returns a list that the caller frees; NULL: no memory.
 */
const struct analysis_culprit **analysis_culprits_of(const struct analysis *a,
						     uint32_t vcpu, size_t *n);

#endif /* VMSYNC_ANALYSIS_TEXT_H */
