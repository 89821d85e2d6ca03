/* SPDX-License-Identifier: MIT */
#ifndef VMSYNC_FUSE_FAIL_H
#define VMSYNC_FUSE_FAIL_H

#include "ctf/ctf.h"

/**
 * vmsync_fail() - fill in an error
 * @code:	negative errno
 * @remedy:	one line that says what the user can do, or ""
 * @format:	one line that names the file
 * Return: @code, for the caller to hand on.
 */
int vmsync_fail(struct ctf_error *e, int code, const char *remedy,
		const char *format, ...) __attribute__((format(printf, 4, 5)));

/** vmsync_fail_file() - the same from an errno, with what helps where known */
int vmsync_fail_file(struct ctf_error *e, int code, const char *path);

/** vmsync_fail_output() - the same of a file, or a folder, that was to be made */
int vmsync_fail_output(struct ctf_error *e, int code, const char *path);

/** vmsync_fail_memory() - -ENOMEM */
int vmsync_fail_memory(struct ctf_error *e);

#endif /* VMSYNC_FUSE_FAIL_H */
