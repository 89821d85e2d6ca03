/* SPDX-License-Identifier: MIT */
/*
 * The stretch of the host's time that a machine's snapshot holds: all of its events in
 * it are there, of every CPU, as far as its packets prove it.
 *
 * A stream holds from the first of those packets between which none is missing. Before
 * the very first one that its tracer made there was no event; so it holds from where
 * its session does. Behind a last one that is not full there was none before the
 * snapshot, which was not before the latest end of a packet of the same session, nor before
 * what is known of it otherwise. What a guest says of its clock is made earlier or later by
 * the bound of its map, whichever proves less.
 */
#ifndef VMSYNC_FREEZE_WINDOW_H
#define VMSYNC_FREEZE_WINDOW_H

#include "fuse/session.h"

/**
 * struct freeze_window - it
 * @from_ns, @until_ns: host time; @from_ns > @until_ns: it holds nothing
 * @bound_ns:	the larger of the map's bounds at the two
 * @streams:	that have packets
 * @discarded:	events that the tracer discarded
 * @lost:	packets that are missing
 */
struct freeze_window {
	int64_t from_ns;
	int64_t until_ns;
	int64_t bound_ns;
	size_t streams;
	uint64_t discarded;
	uint64_t lost;
};

/**
 * freeze_window_find() - of a machine
 * @m:		its traces, of an open session
 * @maps:	of its guest; NULL: it is the host
 * @after_ns:	the snapshot is known to be taken then or later, in host time; 0: it is not
 * Return: 0 or a negative errno and @e.
 */
int freeze_window_find(struct freeze_window *w, const struct vmsync_machine *m,
		       const struct vmsync_guest_map *maps, int64_t after_ns,
		       struct ctf_error *e);

#endif /* VMSYNC_FREEZE_WINDOW_H */
