/* SPDX-License-Identifier: MIT */
/* Reads the runs of one virtual CPU, stretch by stretch (sync/contain.h). */
#ifndef VMSYNC_FUSE_RUN_CURSOR_H
#define VMSYNC_FUSE_RUN_CURSOR_H

#include "fuse/runs.h"
#include "sync/witness/contain.h"

struct vmsync_run_cursor;

/**
 * vmsync_run_cursor_new() - read the runs of one virtual CPU
 * @r:		settled
 * @parts:	[@n] of it: mostly one for each CPU of the host that it ran on
 *
 * Several cursors may be used in different threads. Return: to be freed with
 * vmsync_run_cursor_free(), or NULL if out of memory.
 */
struct vmsync_run_cursor *vmsync_run_cursor_new(const struct vmsync_runs *r,
						const uint32_t *parts,
						size_t n);

/** vmsync_run_cursor_of() - the same of all that thread @tid of the host ran; 0: none */
struct vmsync_run_cursor *vmsync_run_cursor_of(const struct vmsync_runs *r,
					       int32_t tid);

/** vmsync_run_cursor_free() - NULL is fine */
void vmsync_run_cursor_free(struct vmsync_run_cursor *c);

/**
 * vmsync_run_cursor_seek() - to the stretch that @ns lies in
 * @s:		filled in but for its lost; its begin is the last end at or before
 *		@ns
 * Fast where @ns is a little behind the last stretch. Return: 0 or an error.
 */
int vmsync_run_cursor_seek(struct vmsync_run_cursor *c, int64_t ns,
			   struct vmsync_interval *s, struct ctf_error *e);

/**
 * vmsync_run_cursor_next() - to the stretch behind @s, which ends somewhere
 * Return: 0 or an error.
 */
int vmsync_run_cursor_next(struct vmsync_run_cursor *c,
			   struct vmsync_interval *s, struct ctf_error *e);

#endif /* VMSYNC_FUSE_RUN_CURSOR_H */
