/* SPDX-License-Identifier: MIT */
/* What layers found, added up: how often and how long, and the objects worth a
 * look. */
#ifndef VMSYNC_LAYERS_REPORT_H
#define VMSYNC_LAYERS_REPORT_H

#include <stdio.h>

#include "analysis/hist.h"
#include "analysis/index.h"
#include "analysis/layers/engine.h"

#define LAYERS_LISTED \
	8u /* objects of a track, of either kind, unless all are asked for */
#define LAYERS_KEPT_SPANS (1u << 19)

/**
 * struct layers_sum - of a state, at a place
 * @hist:	of those that ended
 * @unfinished, @failed: how many; @hist knows nothing of the former
 * @total_ns, @self_ns: of all
 */
struct layers_sum {
	uint32_t track;
	uint32_t name;
	uint32_t place;
	bool nested;
	uint64_t unfinished;
	uint64_t failed;
	int64_t total_ns;
	int64_t self_ns;
	struct analysis_hist hist;
};

/**
 * struct layers_listed - of a track: those that failed first, and the longest
 * @kept:	so many that are listed in any case, @failed: of the others
 */
struct layers_listed {
	VMSYNC_ARRAY(struct layers_object *) objects;
	uint64_t kept;
	uint64_t failed;
};

/**
 * struct layers_report - a sink of @engine
 * @all:	every object is listed
 * @wanted:	only objects that are called so, or linked to one, are listed;
 * NULL: any
 * @keep:	whether an object is listed in any case, by @ctx; may be NULL
 * @sums:	in the order of struct layers_sum's first three, at the end
 * @listed:	[tracks of the engine]
 * @crowded:	spans of states that were not told apart any more
 */
struct layers_report {
	struct layers_engine *engine;
	bool all;
	const char *wanted;
	bool (*keep)(const void *ctx, const struct layers_object *obj);
	const void *ctx;
	struct analysis_index index;
	VMSYNC_ARRAY(struct layers_sum) sums;
	struct layers_listed *listed;
	uint64_t crowded;
};

/** layers_report_init() - to be the sink of @g, which has all its layers */
int layers_report_init(struct layers_report *r, struct layers_engine *g);

/** layers_report_end() - the engine has ended: put all in order */
void layers_report_end(struct layers_report *r);

void layers_report_free(struct layers_report *r);

/** layers_report_text(), layers_report_json() - print it */
void layers_report_text(FILE *f, const struct layers_report *r);
void layers_report_json(FILE *f, const struct layers_report *r);

/** layers_said() - what a track's figures do not have; false: nothing */
bool layers_said(const struct layers_track *t, char *buf, size_t size);

#endif /* VMSYNC_LAYERS_REPORT_H */
