/* SPDX-License-Identifier: MIT */
#ifndef VMSYNC_FUSE_FUSE_H
#define VMSYNC_FUSE_FUSE_H

#include "fuse/session.h"

/**
 * struct vmsync_fused - one trace that was written
 * @path:	folder below the experiment's
 * @events_in, @events_out: a guest's events read and written; the host's are
 *		copied unread and both are 0
 * @grown:	packets that needed more room than they had
 */
struct vmsync_fused {
	char path[160];
	uint64_t events_in;
	uint64_t events_out;
	uint64_t grown;
	uint64_t discarded;
	uint64_t lost;
};

/**
 * vmsync_fuse() - write an experiment: all traces on the host's clock
 * @s:		after vmsync_session_sync()
 * @out:	folder that must not exist; it appears when all is right
 * @jobs:	threads, 0: one per processor
 * @fused:	[] one entry per trace, to be freed by the caller
 * @n:		their number
 *
 * The host's traces are copied byte for byte. A guest's are rewritten; their
 * clock keeps its uuid and gets the host clock's offset. The maps are saved
 * beside them, in vmsync-map.json. Return: 0 or a negative errno, and then
 * nothing is left.
 */
int vmsync_fuse(const struct vmsync_session *s, const char *out,
		unsigned int jobs,
		const struct vmsync_progress *progress,
		struct vmsync_fused **fused, size_t *n, struct ctf_error *e);

/** vmsync_maps_save() - the maps of all guests, as JSON, into @path */
int vmsync_maps_save(const struct vmsync_session *s, const char *path,
		     struct ctf_error *e);

#endif /* VMSYNC_FUSE_FUSE_H */
