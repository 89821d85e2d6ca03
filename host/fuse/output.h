/* SPDX-License-Identifier: MIT */
/*
 * The output, a folder or a file: it appears whole or not at all.
 *
 * All is written into a temporary folder or file beside it, which is renamed at
 * the end. An error, SIGINT, SIGTERM or SIGHUP removes that.
 */
#ifndef VMSYNC_FUSE_OUTPUT_H
#define VMSYNC_FUSE_OUTPUT_H

#include "ctf/ctf.h"

/**
 * vmsync_output_begin() - make the temporary folder
 * @path:	the folder that shall appear; must not exist, its parent must
 * @e:		why it failed
 *
 * One output at a time in a process; call it before any thread is started
 * (from here on the signals named above are taken by a thread of ours). Return:
 * the temporary folder's path, valid until commit or abort, or NULL.
 */
const char *vmsync_output_begin(const char *path, struct ctf_error *e);

/**
 * vmsync_output_file() - the same of a single file, which is made empty
 * Return: the temporary file's path.
 */
const char *vmsync_output_file(const char *path, struct ctf_error *e);

/**
 * vmsync_output_commit() - let the folder appear under its name
 * Return: 0 or a negative errno, and then the temporary folder is gone.
 */
int vmsync_output_commit(struct ctf_error *e);

/** vmsync_output_drop() - remove @name again from the temporary folder */
void vmsync_output_drop(const char *name);

/** vmsync_output_abort() - remove the temporary folder, if there is one */
void vmsync_output_abort(void);

#endif /* VMSYNC_FUSE_OUTPUT_H */
