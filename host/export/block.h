/* SPDX-License-Identifier: MIT */
/*
 * Blocks of records, made by one thread, turned into text by several, and
 * written in the order in which they were made.
 */
#ifndef VMSYNC_EXPORT_BLOCK_H
#define VMSYNC_EXPORT_BLOCK_H

#include <stdint.h>

#include "export/out.h"

#define BLOCK_PAD 64 /* bytes behind @end that may be read */

/**
 * struct record_block - a row of records
 * @start:	its first word
 * @p:		where the next record goes
 * @end:	where room ends
 * @last_ns:	for whoever fills it: stamp of the event before its first one
 * @has_last:	whether there is one
 * @out:	its text
 * @state:	internal
 */
struct record_block {
	uint64_t *start;
	uint64_t *p;
	uint64_t *end;
	int64_t last_ns;
	bool has_last;
	struct out out;
	int state;
};

struct blocks;

/**
 * blocks_new() - an empty row of blocks
 * @fd:		where to write the text
 * @jobs:	threads, with the one that fills blocks; 0: one per processor
 * @print:	makes block.out from the records of a block; must touch nothing
 *		else that changes
 *
 * Return: NULL where memory or threads are out.
 */
struct blocks *blocks_new(int fd, unsigned int jobs,
			  void (*print)(struct record_block *b));

/** blocks_free() - ends the threads; what was not flushed may be lost */
void blocks_free(struct blocks *bs);

/** blocks_now() - the block to fill */
struct record_block *blocks_now(struct blocks *bs);

/**
 * blocks_next() - hand the block over, get an empty one
 *
 * Return: 0, or -EIO where anything so far could not be written.
 */
int blocks_next(struct blocks *bs);

/** blocks_flush() - the same, and all is written when it returns */
int blocks_flush(struct blocks *bs);

#endif /* VMSYNC_EXPORT_BLOCK_H */
