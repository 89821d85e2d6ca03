/* SPDX-License-Identifier: MIT */
/*
 * What the events of a stream tell, written down as they are decoded: then their
 * bytes are in the processor's cache, and several threads do so.
 */
#ifndef VMSYNC_ANALYSIS_NOTES_H
#define VMSYNC_ANALYSIS_NOTES_H

#include "analysis/kinds.h"
#include "analysis/quiet.h"

/**
 * struct analysis_notes - of a stream
 * @kinds:	of its trace
 * @quiet:	leaves out what tells nothing, NULL: nothing does
 */
struct analysis_notes {
	const struct analysis_kinds *kinds;
	uint32_t machine;
	uint32_t cpu;
	struct analysis_quiet *quiet;
};

/**
 * analysis_notes_take() - for ctf_merge_take(), with struct analysis_notes as @ctx
 * The note of each event that is kept is a struct analysis_event, but for its time.
 */
int analysis_notes_take(void *ctx, struct ctf_some *some, struct ctf_error *e);

#endif /* VMSYNC_ANALYSIS_NOTES_H */
