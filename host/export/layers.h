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
 * @clock:	of the first trace, set before anything is told; NULL: it has none
 * @host:	which machine recorded that, ""
 * @offset_ns:	less than the engine's times: of @clock to the epoch
 * @numbers:	of objects, given so far; and of states that have a track each
 * @state:	the format's, where it does not write to @out
 * @why:	it failed, in words; "": errno says all
 * @said:	what is to be known though it did not
 */
struct layers_export {
	struct layers_engine *engine;
	const struct layers_format *format;
	struct out out;
	const struct ctf_clock *clock;
	const char *host;
	int64_t offset_ns;
	uint32_t numbers;
	uint32_t slices;
	void *state;
	char why[200];
	char said[100];
};

/**
 * struct layers_format - @span and @object are as of struct layers_sink
 * @output_check, @begin, @end, @free: of one that opens the file itself, or what it
 * has instead of one, or NULL. As of struct export_format
 */
struct layers_format {
	const char *name;
	int (*span)(void *ctx, const struct layers_object *obj,
		    const struct layers_span *span);
	int (*object)(void *ctx, struct layers_object *obj);
	const char *(*output_check)(const char *output);
	int (*begin)(struct layers_export *x, const char *path);
	int (*end)(struct layers_export *x);
	void (*free)(struct layers_export *x);
};

extern const struct layers_format layers_clickhouse;
extern const struct layers_format layers_jsonl;
extern const struct layers_format layers_parquet;
extern const struct layers_format layers_perfetto;
extern const struct layers_format layers_sqlite; /* may be built without */

/**
 * layers_export_begin() - be the sink of @g
 * @path:	the file, which is there; with @output_check what was named instead
 * Return: 0 or a negative errno; layers_export_free() either way.
 */
int layers_export_begin(struct layers_export *x, struct layers_engine *g,
			const struct layers_format *f, const char *path);

/** layers_export_end() - all was told: write the rest; 0 or a negative errno */
int layers_export_end(struct layers_export *x);

void layers_export_free(struct layers_export *x);

#endif /* VMSYNC_EXPORT_LAYERS_H */
