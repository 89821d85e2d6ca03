/* SPDX-License-Identifier: MIT */
/* A file without a name, for what need not be kept in memory. */
#ifndef VMSYNC_FUSE_SCRATCH_H
#define VMSYNC_FUSE_SCRATCH_H

#include <sys/types.h>

#include "ctf/ctf.h"

/**
 * scratch_open() - a new one, in $TMPDIR or else in /var/tmp
 * Return: a descriptor, or a negative errno.
 */
int scratch_open(struct ctf_error *e);

/** scratch_write() - 0 or a negative errno; from several threads at once */
int scratch_write(int fd, const void *p, size_t n, off_t at,
		  struct ctf_error *e);

/** scratch_read() - the same for reading, of what was written */
int scratch_read(int fd, void *p, size_t n, off_t at, struct ctf_error *e);

#endif /* VMSYNC_FUSE_SCRATCH_H */
