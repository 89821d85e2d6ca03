/* SPDX-License-Identifier: MIT */
/* What traces that are made of logs have in common: uuid, head and clock. */
#ifndef VMSYNC_IMPORT_TRACE_H
#define VMSYNC_IMPORT_TRACE_H

#include <stdio.h>

#include "import/clock.h"

/** struct import_uuid - of what was added to it: the same log makes the same trace,
 * by which it is known to be named twice */
struct import_uuid {
	uint64_t half[2];
	size_t n;
};

/** import_uuid_init() - of nothing yet */
void import_uuid_init(struct import_uuid *u);

/** import_uuid_add() - bytes of a log, or of what was made of it */
void import_uuid_add(struct import_uuid *u, const void *bytes, size_t n);

/** import_uuid_bytes() - as a trace has it */
void import_uuid_bytes(const struct import_uuid *u, uint8_t uuid[16]);

/**
 * import_metadata_open() - begin a trace's metadata: its head, and an environment that
 * is still open
 * @folder:	of the trace
 * @domain, @tracer: what wrote the log
 * Return: to be closed with import_metadata_close(), or NULL, and errno.
 */
FILE *import_metadata_open(const char *folder, const uint8_t uuid[16],
			   const char *domain, const char *tracer,
			   const struct import_clock *c);

/** import_env() - one more text of the environment, in which nothing can end it */
void import_env(FILE *f, const char *key, const char *value);

/** import_metadata_clock() - end the environment; then events may follow */
void import_metadata_clock(FILE *f, const struct import_clock *c);

/** import_metadata_close() - 0 or a negative errno */
int import_metadata_close(FILE *f);

#endif /* VMSYNC_IMPORT_TRACE_H */
