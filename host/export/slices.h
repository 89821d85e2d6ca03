/* SPDX-License-Identifier: MIT */
/*
 * What the rows of a timeline show: slices without gaps, in the order of time.
 * When they become too many, short ones are put together, so that memory and
 * the page have a limit: a group of them is drawn as what most of it was.
 */
#ifndef VMSYNC_EXPORT_SLICES_H
#define VMSYNC_EXPORT_SLICES_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "analysis/state.h"
#include "sync/base/array.h"

/** enum slice_code - what a slice shows: a state, or one of these */
enum slice_code {
	SLICE_READY =
		ANALYSIS_STATES, /* a guest's thread: woken, does not run */
	SLICE_TASK,		 /* a CPU: a thread of the host */
	SLICE_VCPU,		 /* a virtual CPU */
	SLICE_IDLE,
	SLICE_NONE, /* nothing to show, or not known */
	SLICE_CODES,
};

/**
 * struct slice - ends where the next one begins
 * @thread:	that it is about, number plus 1, or 0
 */
struct slice {
	int64_t until_ns;
	uint32_t thread;
	uint8_t code;
};

/** struct slices_row - a row; begins at struct slices' @from_ns */
struct slices_row {
	VMSYNC_ARRAY(struct slice) slices;
};

/**
 * struct slices - all rows
 * @most:	slices that may be kept
 * @shortest_ns: shorter ones were put together; 0: none was
 */
struct slices {
	int64_t from_ns;
	int64_t until_ns;
	size_t most;
	size_t count;
	int64_t shortest_ns;
	VMSYNC_ARRAY(struct slices_row) rows;
};

/** slices_row() - one more; its number, or -ENOMEM */
int slices_row(struct slices *s);

/**
 * slices_add() - what a row shows from @from_ns until @until_ns
 * Before that, where nothing was said, it shows SLICE_NONE. Return: 0 or
 * -ENOMEM.
 */
int slices_add(struct slices *s, uint32_t row, enum slice_code code,
	       uint32_t thread, int64_t from_ns, int64_t until_ns);

/** slices_fit() - put more of them together until slices_write() needs no more
 * than @bytes for all rows, or there is nothing left to put together */
void slices_fit(struct slices *s, size_t bytes);

/**
 * slices_write() - a row in base64: of each slice its length in ns, 7 bits a
 * byte, the lowest first; a byte with its code, plus 32 if the thread is
 * another one than before, which follows then, 7 bits a byte.
 */
void slices_write(const struct slices *s, uint32_t row, FILE *f);

/** slices_free() - free what is in it */
void slices_free(struct slices *s);

#endif /* VMSYNC_EXPORT_SLICES_H */
