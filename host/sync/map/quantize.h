/* SPDX-License-Identifier: MIT */
/*
 * Pieces: a map written from real-valued lines (q32), one segment at a time.
 *
 * What a method knows is a real-valued function; what the map holds are whole
 * ns and 64-bit slopes. All rounding between the two is here.
 */
#ifndef VMSYNC_SYNC_MAP_QUANTIZE_H
#define VMSYNC_SYNC_MAP_QUANTIZE_H

#include <stdint.h>

#include "sync/base/wide.h"
#include "sync/map/map.h"

/**
 * struct vmsync_piece - host clock as a line over guest clock, both real
 * @g, @h:	a point of it, q32
 * @dg, @dh:	its direction, q32, > 0 and below 2^66; far apart is precise
 * @g_end:	last guest time it is good for, q32
 * @loss:	a reading of a guest time x is in (x - loss, x], q32; the piece
 *		is laid through the middle
 * @error:	what can be wrong besides, host ns, q32
 * @joined:	no guest time between the last piece and this one was ever read
 */
struct vmsync_piece {
	int128 g;
	int128 h;
	int128 dg;
	int128 dh;
	int128 g_end;
	int128 loss;
	int128 error;
	enum vmsync_method method;
	uint32_t epoch;
	bool joined;
};

/**
 * vmsync_quantize - write @p behind, or over the end of, what @map holds
 * Segments of @map that begin at or after @p are taken back. Returns 0,
 * -ENOMEM, or -EINVAL where the piece cannot be a segment; it is left out then.
 */
int vmsync_quantize(struct vmsync_map *map, const struct vmsync_piece *p);

#endif /* VMSYNC_SYNC_MAP_QUANTIZE_H */
