/* SPDX-License-Identifier: MIT */
/* The files that what a relayd sends is kept in; what is wrong names the file. */
#ifndef VMSYNC_LIVE_FILE_H
#define VMSYNC_LIVE_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "ctf/ctf.h"

/** live_file_open() - a descriptor, or a negative errno with @e filled in */
int live_file_open(const char *path, int flags, struct ctf_error *e);

/** live_file_close() - @ret if that is an error, or what closing says */
int live_file_close(const char *path, int fd, int ret, struct ctf_error *e);

/** live_file_write() - all @n bytes, at byte @at. Return: 0 or a negative errno. */
int live_file_write(const char *path, int fd, const uint8_t *bytes, size_t n,
		    uint64_t at, struct ctf_error *e);

/**
 * live_file_same() - whether the @n bytes at byte @at are these
 * Return: 0; -ESTALE: they are others, of another session; a negative errno.
 */
int live_file_same(const char *path, int fd, const uint8_t *bytes, size_t n,
		   uint64_t at, struct ctf_error *e);

#endif /* VMSYNC_LIVE_FILE_H */
