/* SPDX-License-Identifier: MIT */
/*
 * Reach: the offsets (host minus guest clock) that are possible at a moment, as
 * a list of intervals. Each guest event cuts away those that would put it where
 * its virtual CPU was not in the guest; time lets the rest grow by what two
 * clocks may drift apart.
 */
#ifndef VMSYNC_SYNC_WINDOW_CANDIDATES_H
#define VMSYNC_SYNC_WINDOW_CANDIDATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sync/base/array.h"
#include "sync/facts/vm.h"

/**
 * struct vmsync_offsets - offsets @lo..@hi, both possible
 * @inside:	events that they put inside a run, not beside all of them
 */
struct vmsync_offsets {
	int64_t lo;
	int64_t hi;
	uint64_t inside;
};

/**
 * struct vmsync_candidates - sorted, not overlapping
 * @spare:	room for the next list
 */
struct vmsync_candidates {
	VMSYNC_ARRAY(struct vmsync_offsets) now;
	VMSYNC_ARRAY(struct vmsync_offsets) spare;
};

/** vmsync_candidates_start - all offsets that put @guest_ns into a run of @vcpu */
int vmsync_candidates_start(struct vmsync_candidates *r,
			    const struct vmsync_vcpu *vcpu, int64_t guest_ns);

/**
 * vmsync_candidates_meet - keep what is among @o, [@n], sorted, too
 * Those alone, if nothing is both. Returns 0 or -ENOMEM.
 */
int vmsync_candidates_meet(struct vmsync_candidates *r,
			   const struct vmsync_offsets *o, size_t n);

/** vmsync_candidates_grow - by @ns on both sides */
void vmsync_candidates_grow(struct vmsync_candidates *r, int64_t ns);

/**
 * vmsync_candidates_cut - keep the offsets that put @guest_ns into a run of @vcpu,
 * or before its first or after its last one, where nothing is known
 * Returns 0, -ENOMEM, or -ENOENT, with @r as it was, if none is left.
 */
int vmsync_candidates_cut(struct vmsync_candidates *r,
			  const struct vmsync_vcpu *vcpu, int64_t guest_ns);

void vmsync_candidates_free(struct vmsync_candidates *r);

/** vmsync_run_at - index of the last run that begins at or before @host_ns */
size_t vmsync_run_at(const struct vmsync_vcpu *vcpu, int64_t host_ns);

#endif /* VMSYNC_SYNC_WINDOW_CANDIDATES_H */
