/* SPDX-License-Identifier: MIT */
#ifndef VMSYNC_FUSE_COPY_H
#define VMSYNC_FUSE_COPY_H

#include <stdbool.h>

#include "ctf/passed.h"

/**
 * struct vmsync_copy - how to copy a trace
 * @link:	hard links instead of copies, where the file system allows
 * @read:	what was found in it when it was read
 * @own_metadata: all but the file metadata, which the caller writes
 * @progress:	called now and then with the bytes copied so far, or NULL
 * @progress_ctx: its first argument
 */
struct vmsync_copy {
	bool link;
	bool own_metadata;
	const struct ctf_passed *read;
	void (*progress)(void *ctx, uint64_t done);
	void *progress_ctx;
};

/**
 * vmsync_trace_copy() - copy a trace's folder, byte for byte
 * @t:		its files, and those of its folder "index"; symbolic links to
 *		files become files
 * @to:		folder to make
 * @how:	see above
 * @e:		why it failed
 *
 * Each stream that @t has is there afterwards, with the packets that were read, or
 * it is an error. Return: 0 or
 * a negative errno; @to is then incomplete.
 */
int vmsync_trace_copy(const struct ctf_trace *t, const char *to,
		      const struct vmsync_copy *how, struct ctf_error *e);

#endif /* VMSYNC_FUSE_COPY_H */
