/* SPDX-License-Identifier: MIT */
/* The trace folders that the paths of a command line lead to, each once. */
#ifndef VMSYNC_FUSE_FOLDERS_H
#define VMSYNC_FUSE_FOLDERS_H

#include <stdbool.h>
#include <sys/types.h>

#include "ctf/ctf.h"

/**
 * struct vmsync_folder - a trace folder
 * @path:	as it was found
 * @dev, @ino:	of the folder: two paths may lead to one
 * @again:	an earlier one is the same folder
 * @gone:	it is a link to nothing that is there
 */
struct vmsync_folder {
	char *path;
	dev_t dev;
	ino_t ino;
	bool again;
	bool gone;
};

/** struct vmsync_folders - [@n] in the order of the command line */
struct vmsync_folders {
	struct vmsync_folder *folder;
	size_t n, cap;
};

/**
 * vmsync_folders_find() - find all of them
 * @paths:	[@n] trace folders, or folders that hold some
 * @out:	to be freed with vmsync_folders_free(), after an error too
 * @e:		why it failed
 *
 * Return: 0 or a negative errno.
 */
int vmsync_folders_find(char *const *paths, size_t n,
			struct vmsync_folders *out, struct ctf_error *e);

/** vmsync_folders_free() - free them */
void vmsync_folders_free(struct vmsync_folders *f);

#endif /* VMSYNC_FUSE_FOLDERS_H */
