/* SPDX-License-Identifier: MIT */
/*
 * Guests that cannot be put on the host's clock: they are left out, and the
 * others are not held up by them. Whoever reports on a session names them.
 */
#ifndef VMSYNC_FUSE_OMIT_H
#define VMSYNC_FUSE_OMIT_H

#include "fuse/session.h"

/**
 * vmsync_machine_usable() - can a guest's traces be put on the host's clock?
 * @m:		not the host
 * @why:	filled in where the answer is no
 * @e:		why that could not be found out
 * Return: 1, 0, or a negative errno.
 */
int vmsync_machine_usable(const struct vmsync_session *s,
			  const struct vmsync_machine *m, struct ctf_error *why,
			  struct ctf_error *e);

/**
 * vmsync_omit_machine() - a machine that does not become a guest
 * @s:		its @left_out has room for all machines
 */
void vmsync_omit_machine(struct vmsync_session *s, struct vmsync_machine *m,
			 const struct ctf_error *why);

/**
 * vmsync_omit_unmapped() - leave out all guests that have no map
 * Sets the others' @maps. Return: 0, or a negative errno where none is left.
 */
int vmsync_omit_unmapped(struct vmsync_session *s, struct ctf_error *e);

/**
 * vmsync_omit_contradicted() - leave out all guests that the witnesses contradict
 * @drop:	called for each, before it moves, where not NULL
 */
void vmsync_omit_contradicted(struct vmsync_session *s,
			      void (*drop)(void *ctx, size_t guest), void *ctx);

#endif /* VMSYNC_FUSE_OMIT_H */
