/* SPDX-License-Identifier: MIT */
/*
 * One trace of an experiment, as it is written: files as they were, or rewritten.
 */
#ifndef VMSYNC_FUSE_WRITE_H
#define VMSYNC_FUSE_WRITE_H

#include <pthread.h>

#include "fuse/fuse.h"
#include "fuse/outnames.h"
#include "fuse/witness.h"

/**
 * struct vmsync_writing - an experiment that is being written
 * @out:	its folder
 * @link:	what stays as it was is linked, where the file system allows it
 * @lock:	of what follows
 * @done, @total: bytes of all traces
 */
struct vmsync_writing {
	const struct vmsync_session *session;
	const char *out;
	bool link;
	struct vmsync_outname *outname;
	struct vmsync_witness *witness;
	const struct vmsync_progress *progress;
	pthread_mutex_t lock;
	uint64_t done;
	uint64_t total;
};

/**
 * vmsync_write_host() - write a trace of the host
 * @trace:	its number among the machine's
 * @path:	folder to make
 * @fused:	filled in, but for its path
 *
 * From two threads at once. Return: 0 or a negative errno.
 */
int vmsync_write_host(struct vmsync_writing *w, size_t trace, const char *path,
		      struct vmsync_fused *fused, struct ctf_error *e);

/** vmsync_write_guest() - the same of a guest's, with the witness looking on */
int vmsync_write_guest(struct vmsync_writing *w,
		       const struct vmsync_session_guest *g, size_t trace,
		       const char *path, struct vmsync_fused *fused,
		       struct ctf_error *e);

#endif /* VMSYNC_FUSE_WRITE_H */
