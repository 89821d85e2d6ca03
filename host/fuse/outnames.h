/* SPDX-License-Identifier: MIT */
/* Where in an experiment the machines' traces go. */
#ifndef VMSYNC_FUSE_OUTNAMES_H
#define VMSYNC_FUSE_OUTNAMES_H

#include "fuse/session.h"

/** struct vmsync_outname - the name of a machine's folder */
struct vmsync_outname {
	char name[96];
};

/**
 * vmsync_outnames_new() - a folder for each machine, no two of one name
 *
 * host-NAME, guest-NAME; a number follows where a machine named before has that
 * name already, one that no machine's name has. Names that differ in the case
 * of letters only are one name: so they are on some file systems.
 *
 * Return: [0] the host's, [1 + i] that of guest i; to be freed with free(). NULL
 * if out of memory.
 */
struct vmsync_outname *vmsync_outnames_new(const struct vmsync_session *s);

#endif /* VMSYNC_FUSE_OUTNAMES_H */
