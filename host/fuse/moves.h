/* SPDX-License-Identifier: MIT */
/*
 * Guests that went on in another VM of the host: moved while they ran, or saved and
 * restored. For how long they stood still is seen in the host's entries and exits.
 */
#ifndef VMSYNC_FUSE_MOVES_H
#define VMSYNC_FUSE_MOVES_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "ctf/ctf.h"

struct vmsync_session;
struct vmsync_session_guest;

/**
 * struct vmsync_moved - one of a guest's moves
 * @left_ns:	the last exit of any of its virtual CPUs in the old VM, host time
 * @arrived_ns:	the first entry of any in the new one
 * @guest_ns:	what the guest's clock counted in between
 * @at_most:	the guest may have run on after @left_ns, or before @arrived_ns: the
 *		times are those of beacons, or some of the host's records are missing
 */
struct vmsync_moved {
	int64_t left_ns;
	int64_t arrived_ns;
	int64_t guest_ns;
	bool at_most;
};

/**
 * vmsync_moves_find() - of all guests, into the session
 * The runs of the session are settled. Return: 0 or a negative errno.
 */
int vmsync_moves_find(struct vmsync_session *s, struct ctf_error *e);

/** vmsync_moves_text() - lines of the report; nothing for who was not moved */
void vmsync_moves_text(FILE *f, const struct vmsync_session_guest *g);

/** vmsync_moves_json() - ", "moves": [...]" */
void vmsync_moves_json(FILE *f, const struct vmsync_session_guest *g);

#endif /* VMSYNC_FUSE_MOVES_H */
