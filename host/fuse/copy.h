/* SPDX-License-Identifier: MIT */
#ifndef VMSYNC_FUSE_COPY_H
#define VMSYNC_FUSE_COPY_H

#include <stdbool.h>

#include "ctf/ctf.h"

/**
 * vmsync_trace_copy() - copy a trace folder, byte for byte
 * @from:	trace folder; its regular files and those of its folder "index"
 * @to:		folder to make
 * @link:	hard links instead of copies, where the file system allows
 * @progress:	called now and then with the bytes copied so far, or NULL
 * @ctx:	its first argument
 * @e:		why it failed
 *
 * Return: 0 or a negative errno; @to is then incomplete.
 */
int vmsync_trace_copy(const char *from, const char *to, bool link,
		      void (*progress)(void *ctx, uint64_t done), void *ctx,
		      struct ctf_error *e);

#endif /* VMSYNC_FUSE_COPY_H */
