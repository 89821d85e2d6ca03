/* SPDX-License-Identifier: MIT */
/*
 * Stamps that are the host's clock already, but for a constant and some ns: a guest's
 * that were made by vmsync-clock.ko. They can stay as they were recorded, where that is
 * near enough, and the metadata say the constant.
 *
 * All traces of a guest stay or none does: kernel and processes keep their order.
 */
#ifndef VMSYNC_FUSE_KEEP_H
#define VMSYNC_FUSE_KEEP_H

#include <stdio.h>

#include "fuse/session.h"

/**
 * struct vmsync_keep - how far a guest's stamps are from the host's clock
 * @constant_ns: what is added to them: half way between the least and the most that they
 *		lack while the guest was recorded
 * @off_ns:	they are then no farther from where the guest's maps put them
 * @least_at_ns, @most_at_ns: host time where they are so far, ahead of it and behind
 * @hole:	there is no evidence somewhere in between: nothing says how far
 * @hole_at_ns:	host time where that begins
 * @no_offset:	no metadata can say the constant
 * @kept:	they are written as they are
 * @maps:	that say so, where they are kept: a constant, with bounds that are larger by
 *		what the stamps are off
 */
struct vmsync_keep {
	int64_t constant_ns;
	int64_t off_ns;
	int64_t least_at_ns;
	int64_t most_at_ns;
	bool hole;
	int64_t hole_at_ns;
	bool no_offset;
	bool kept;
	struct vmsync_guest_map maps;
};

/**
 * vmsync_keep_find() - find out, and keep what is near enough
 * @g:		sets @keep, unless its stamps are of another clock; and where they are
 *		kept @maps
 * @host:	the host's clock
 * @within_ns:	so near; < 0: none is
 * Return: 0 or a negative errno.
 */
int vmsync_keep_find(struct vmsync_session_guest *g, const struct ctf_clock *host,
		     int64_t within_ns, struct ctf_error *e);

/** vmsync_is_kept() - whether a guest's stamps are written as they are */
bool vmsync_is_kept(const struct vmsync_session_guest *g);

/**
 * vmsync_keep_text() - what became of a guest's stamps, and why: a line, or none
 * @asked:	somebody wanted them to be kept
 */
void vmsync_keep_text(FILE *f, const struct vmsync_session_guest *g, bool asked);

/** vmsync_keep_json() - the same, as a member of an object, with a comma first */
void vmsync_keep_json(FILE *f, const struct vmsync_session_guest *g);

/** vmsync_keep_unbound() - no bound holds outside the evidence */
void vmsync_keep_unbound(struct vmsync_keep *k);

/** vmsync_keep_free() - NULL is fine */
void vmsync_keep_free(struct vmsync_keep *k);

#endif /* VMSYNC_FUSE_KEEP_H */
