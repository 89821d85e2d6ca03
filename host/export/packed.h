/* SPDX-License-Identifier: MIT */
/*
 * Numbers in few bits, as Parquet has them. See
 * https://github.com/apache/parquet-format/blob/master/Encodings.md
 */
#ifndef VMSYNC_EXPORT_PACKED_H
#define VMSYNC_EXPORT_PACKED_H

#include <stdint.h>

#include "export/out.h"

#define PACKED_ROOM 4096 /* that out_new() has to be asked for, at least */

/**
 * packed_delta() - DELTA_BINARY_PACKED: the first one, and then what each is
 * more than the one before, in as many bits as the largest of 32 needs
 * @v:		[@n]; differences are modulo 2^64
 */
void packed_delta(struct out *o, const int64_t *v, size_t n);

/**
 * packed_runs() - RLE: runs of the same, and else @width bits for each
 * @v:		[@n], below 2^@width
 * @width:	1 to 32
 */
void packed_runs(struct out *o, const uint32_t *v, size_t n,
		 unsigned int width);

/** packed_width() - of numbers from 0 to @most: at least 1 */
static inline unsigned int packed_width(uint32_t most)
{
	return most ? 32 - (unsigned int)__builtin_clz(most) : 1;
}

#endif /* VMSYNC_EXPORT_PACKED_H */
