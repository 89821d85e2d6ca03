/* SPDX-License-Identifier: MIT */
#ifndef VMSYNC_FUSE_FUSE_H
#define VMSYNC_FUSE_FUSE_H

#include "fuse/replace.h"
#include "fuse/session.h"

/**
 * struct vmsync_fused - one trace that was written
 * @path:	folder below the experiment's
 * @as_it_was:	its files were copied; else it was rewritten
 * @events_in, @events_out: events read and written; of files that were copied those
 *		of the packets that are in both
 * @grown:	packets that needed more room than they had
 */
struct vmsync_fused {
	char path[160];
	bool as_it_was;
	uint64_t events_in;
	uint64_t events_out;
	uint64_t grown;
	uint64_t discarded;
	uint64_t lost;
};

/**
 * struct vmsync_fuse_options - all 0 is the default
 * @force:	write even where the witnesses contradict the map
 * @link:	files that stay as they were are hard links, where the file system allows it
 * @keep:	the stamps of a guest that recorded by its host's clock stay as they are,
 *		where they are no farther than @keep_within_ns from where its map puts them
 */
struct vmsync_fuse_options {
	bool force;
	bool link;
	bool keep;
	int64_t keep_within_ns;
};

/**
 * vmsync_fuse() - check containment, write an experiment on the host's clock
 * @s:		after vmsync_session_sync(); containment is filled in
 * @out:	folder that must not exist; it appears when all is right
 * @progress:	may be NULL
 * @fused:	[] one entry per trace, to be freed by the caller
 * @n:		their number
 *
 * The host's traces are copied byte for byte, but for the clock's offset where
 * they differ in that. A guest's are rewritten; their clock keeps its uuid and
 * gets the host clock's offset. Those that are kept are copied, too, and their
 * clock's offset is the constant that they lack. The maps are saved
 * beside them, in vmsync-map.json, and which threads the virtual CPUs were, in
 * vmsync-experiment.json. The witness looks on
 * while they are written. A guest whose map the witnesses contradict is left out.
 * Return: 0; 1 where they contradict all maps, and nothing is written; a negative
 * errno, and nothing is left.
 */
int vmsync_fuse(struct vmsync_session *s, const char *out,
		const struct vmsync_fuse_options *opt,
		const struct vmsync_progress *progress,
		struct vmsync_fused **fused, size_t *n, struct ctf_error *e);

/** vmsync_kind_map - a file of maps, for vmsync_replace_check() */
extern const struct vmsync_kind vmsync_kind_map;

/** vmsync_maps_save() - the maps of all guests, as JSON, by vmsync_replace() */
int vmsync_maps_save(struct vmsync_session *s, const char *path,
		     struct ctf_error *e);

#endif /* VMSYNC_FUSE_FUSE_H */
