/* SPDX-License-Identifier: MIT */
/*
 * The stretches that entries and exits cut the time of one virtual CPU into
 * (sync/witness/contain.h), and in which of them some may be missing.
 */
#ifndef VMSYNC_FUSE_STRETCHES_H
#define VMSYNC_FUSE_STRETCHES_H

#include "fuse/owners.h"
#include "sync/witness/contain.h"

struct vmsync_stretches;

/**
 * vmsync_stretches_new() - of one virtual CPU
 * @s, @o:	they must outlive it
 * @parts:	whose runs are its own; NULL: it has none
 * Return: to be freed with vmsync_stretches_free(), or NULL if out of memory.
 */
struct vmsync_stretches *vmsync_stretches_new(const struct vmsync_session *s,
					      const struct vmsync_owners *o,
					      const vmsync_parts *parts);

/** vmsync_stretches_free() - NULL is fine */
void vmsync_stretches_free(struct vmsync_stretches *t);

/** vmsync_stretches_seek() - as vmsync_run_cursor_seek() */
int vmsync_stretches_seek(struct vmsync_stretches *t, int64_t ns,
			  struct vmsync_interval *s, struct ctf_error *e);

/** vmsync_stretches_next() - as vmsync_run_cursor_next() */
int vmsync_stretches_next(struct vmsync_stretches *t, struct vmsync_interval *s,
			  struct ctf_error *e);

/**
 * vmsync_stretches_judge() - fill in @s's lost, which takes longer than to find
 * @s Return: 0 or an error.
 */
int vmsync_stretches_judge(struct vmsync_stretches *t,
			   struct vmsync_interval *s, struct ctf_error *e);

#endif /* VMSYNC_FUSE_STRETCHES_H */
