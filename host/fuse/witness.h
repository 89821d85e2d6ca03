/* SPDX-License-Identifier: MIT */
/*
 * The witness: every event of the guests, as a map puts it into host time,
 * against KVM's entries and exits (sync/contain.h), and against what that map has
 * evidence of (sync/known.h). It looks on while a guest's trace is rewritten, or
 * where nothing is to be written, while it is read.
 */
#ifndef VMSYNC_FUSE_WITNESS_H
#define VMSYNC_FUSE_WITNESS_H

#include "ctf/rewrite.h"
#include "fuse/session.h"

struct vmsync_witness;

/**
 * vmsync_witness_new() - a witness of a session's maps
 * @s:		after vmsync_session_sync(), or with maps from elsewhere: then the
 *		host's trace is read here
 * @e:		why it failed
 * Return: to be freed with vmsync_witness_free(), or NULL.
 */
struct vmsync_witness *vmsync_witness_new(struct vmsync_session *s,
					  struct ctf_error *e);

/** vmsync_witness_free() - NULL is fine */
void vmsync_witness_free(struct vmsync_witness *w);

/**
 * vmsync_witness_watch() - have it see what a rewrite of a trace of @g's sees
 * @trace:	its number among those of @g->machine
 * @how:	its map has to be @g's; @w must outlive the rewrite
 */
void vmsync_witness_watch(struct vmsync_witness *w,
			  const struct vmsync_session_guest *g, size_t trace,
			  struct ctf_rewrite *how);

/** vmsync_witness_tell() - put what was seen into the session's guests */
int vmsync_witness_tell(const struct vmsync_witness *w, struct ctf_error *e);

/**
 * vmsync_session_contain() - check every guest event against the host's trace
 * @progress:	may be NULL
 *
 * Reads all events of the guests and puts the result into @s. Return: 0 or a
 * negative errno.
 */
int vmsync_session_contain(struct vmsync_session *s,
			   const struct vmsync_progress *progress,
			   struct ctf_error *e);

#endif /* VMSYNC_FUSE_WITNESS_H */
