/* SPDX-License-Identifier: MIT */
/*
 * The offset from a machine's clock to the time of day. Every tracing session
 * measures it anew, so those of one boot differ: by some ns at best, by seconds
 * where the time of day was set in between. What is written together has one.
 */
#ifndef VMSYNC_FUSE_OFFSETS_H
#define VMSYNC_FUSE_OFFSETS_H

#include "fuse/machine.h"

/**
 * vmsync_offsets_settle() - choose the offset of each machine
 *
 * Sets @clock to that of the machine's trace that begins first, and
 * @offset_spread_ns. Return: 0 or a negative errno.
 */
int vmsync_offsets_settle(struct vmsync_machines *m, struct ctf_error *e);

/** vmsync_offset_is() - has @t the offset of its machine @m? */
bool vmsync_offset_is(const struct vmsync_machine *m,
		      const struct ctf_trace *t);

/**
 * vmsync_offset_moved() - the offset of a clock that is @by_ns behind @c
 * Return: false where readers would not take it: it is negative, or too large.
 */
bool vmsync_offset_moved(const struct ctf_clock *c, int64_t by_ns,
			 int64_t *offset_s, int64_t *offset_ns);

/** vmsync_offsets_note() - one line about @offset_spread_ns, which is not 0 */
void vmsync_offsets_note(const struct vmsync_machine *m, char *text,
			 size_t size);

#endif /* VMSYNC_FUSE_OFFSETS_H */
