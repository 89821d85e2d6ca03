/* SPDX-License-Identifier: MIT */
/*
 * The legs of a guest's beacons: a guest time, and the host time that it is
 * before (request) or after (answer). Read from the traces, not from a session
 * of the sync library, so that they judge its maps from outside.
 */
#ifndef VMSYNC_FUSE_LEGS_H
#define VMSYNC_FUSE_LEGS_H

#include "fuse/session.h"
#include "sync/base/array.h"

/**
 * struct vmsync_leg - one message that both sides have on record
 * @cpu:	the guest kernel's number of the CPU
 * @request:	guest to host; else host to guest
 * @guest_ns:	guest's clock
 * @host_ns:	host's clock
 */
struct vmsync_leg {
	uint32_t cpu;
	bool request;
	int64_t guest_ns;
	int64_t host_ns;
};

struct vmsync_legs {
	VMSYNC_ARRAY(struct vmsync_leg) leg;
};

/**
 * vmsync_legs_read() - all legs of one guest
 * @legs:	0 at first; to be freed with vmsync_legs_free()
 * Return: 0 or a negative errno.
 */
int vmsync_legs_read(const struct vmsync_session *s,
		     const struct vmsync_session_guest *g,
		     struct vmsync_legs *legs, struct ctf_error *e);

/** vmsync_legs_free() - free what vmsync_legs_read() allocated */
void vmsync_legs_free(struct vmsync_legs *legs);

/**
 * vmsync_leg_slack_ns() - how far a leg is from contradicting a map, ns
 * Negative: it does, unless the map's bound there is larger.
 */
int64_t vmsync_leg_slack_ns(const struct vmsync_map *map,
			    const struct vmsync_leg *leg);

#endif /* VMSYNC_FUSE_LEGS_H */
