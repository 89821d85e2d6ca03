/* SPDX-License-Identifier: MIT */
/* Why a guest was left, in words. */
#ifndef VMSYNC_ANALYSIS_REASONS_H
#define VMSYNC_ANALYSIS_REASONS_H

#include <stddef.h>
#include <stdint.h>

#include "analysis/event.h"

/**
 * analysis_reason_text() - "npf", "EPT_VIOLATION"; "svm:0x7c" where it has no
 * name
 * @buf:	[@size], 48 bytes are enough
 */
void analysis_reason_text(enum analysis_isa isa, uint32_t reason, char *buf,
			  size_t size);

#endif /* VMSYNC_ANALYSIS_REASONS_H */
