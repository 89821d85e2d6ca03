/* SPDX-License-Identifier: MIT */
/*
 * A file that is written over what was there, where that was of the same kind.
 *
 * A name that is given may be anything by mistake, a recording's metadata too: what
 * is no earlier result stays as it is.
 */
#ifndef VMSYNC_FUSE_REPLACE_H
#define VMSYNC_FUSE_REPLACE_H

#include <stdio.h>

#include "ctf/ctf.h"

/**
 * struct vmsync_kind - what is written
 * @name:	as a message calls it: "map"
 * @begins:	how each file of it begins, and no other does
 * @option:	that names the file
 */
struct vmsync_kind {
	const char *name;
	const char *begins;
	const char *option;
};

/**
 * vmsync_replace_check() - may @path be written?
 *
 * Not a folder, no regular file that is of another kind, and no link to nothing.
 * Changes nothing and opens nothing but regular files. Return: 0 or a negative errno.
 */
int vmsync_replace_check(const char *path, const struct vmsync_kind *kind,
			 struct ctf_error *e);

/**
 * vmsync_replace() - write a file, new or in the place of one of its kind
 * @write:	writes it; returns 0, or a negative errno with or without an error
 *		in @e
 *
 * It appears whole or not at all. Symbolic links are followed and stay. What is no
 * regular file, a fifo or a device, is opened and written. Return: 0 or a negative
 * errno.
 */
int vmsync_replace(const char *path, const struct vmsync_kind *kind,
		   int (*write)(FILE *f, void *ctx, struct ctf_error *e),
		   void *ctx, struct ctf_error *e);

#endif /* VMSYNC_FUSE_REPLACE_H */
