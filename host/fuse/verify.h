/* SPDX-License-Identifier: MIT */
/*
 * Verification of maps that were made elsewhere or earlier, against the traces:
 * every method's own map, the beacons, and the containment of all events.
 */
#ifndef VMSYNC_FUSE_VERIFY_H
#define VMSYNC_FUSE_VERIFY_H

#include "fuse/session.h"

/**
 * struct vmsync_verdict - what the witnesses say of one guest's maps
 * @compared:	by method: there was something to compare with
 * @difference_ns: by method: largest difference seen
 * @excess_ns:	by method: how much of it the two bounds do not explain; > 0
 *		is a contradiction
 * @causal_checked, @causal_violations: legs of beacons
 * @causal_worst_ns: largest violation beyond the bound
 */
struct vmsync_verdict {
	bool compared[VMSYNC_METHOD_COUNT];
	int64_t difference_ns[VMSYNC_METHOD_COUNT];
	int64_t excess_ns[VMSYNC_METHOD_COUNT];
	uint64_t causal_checked;
	uint64_t causal_violations;
	int64_t causal_worst_ns;
};

/**
 * vmsync_verify() - hold @g->maps against the evidence
 * @s:		after vmsync_session_sync()
 * @g:		a guest whose @maps are those to verify
 *
 * Containment is vmsync_session_contain(). Return: 0 or a negative errno.
 */
int vmsync_verify(const struct vmsync_session *s,
		  const struct vmsync_session_guest *g,
		  struct vmsync_verdict *v, struct ctf_error *e);

/** vmsync_verdict_agrees() - no contradiction in it */
bool vmsync_verdict_agrees(const struct vmsync_verdict *v);

#endif /* VMSYNC_FUSE_VERIFY_H */
