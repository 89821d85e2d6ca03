/* SPDX-License-Identifier: MIT */
/*
 * What layers find (analysis/layers/engine.h), written to a file for other
 * programs as it comes: times are those of the first trace's clock, without its
 * offset to the epoch, as in what vmsync export writes of the same machine.
 */
#ifndef VMSYNC_EXPORT_LAYERS_H
#define VMSYNC_EXPORT_LAYERS_H

#include "analysis/layers/engine.h"
#include "export/out.h"

/**
 * struct layers_export - an export that goes on, the sink of @engine
 * @offset_ns:	less than the engine's times
 * @numbers:	of objects, given so far; and of states that have a track each
 */
struct layers_export {
	struct layers_engine *engine;
	struct out out;
	int64_t offset_ns;
	uint32_t numbers;
	uint32_t slices;
};

/** struct layers_format - @span and @object are as of struct layers_sink */
struct layers_format {
	const char *name;
	int (*span)(void *ctx, const struct layers_object *obj,
		    const struct layers_span *span);
	int (*object)(void *ctx, struct layers_object *obj);
};

extern const struct layers_format layers_jsonl;
extern const struct layers_format layers_perfetto;

/**
 * layers_export_begin() - be the sink of @g
 * @path:	the file, which is there
 * Return: 0 or a negative errno; layers_export_free() either way.
 */
int layers_export_begin(struct layers_export *x, struct layers_engine *g,
			const struct layers_format *f, const char *path);

/** layers_export_end() - all was told: write the rest; 0 or a negative errno */
int layers_export_end(struct layers_export *x);

void layers_export_free(struct layers_export *x);

#endif /* VMSYNC_EXPORT_LAYERS_H */
