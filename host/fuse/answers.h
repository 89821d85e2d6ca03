/* SPDX-License-Identifier: MIT */
/*
 * Answers: which VM of the host a trace's beacons reached. Clones of one memory
 * snapshot share the uuid of their clock, their vm_uid and their counters; what
 * tells them apart is who answered.
 */
#ifndef VMSYNC_FUSE_ANSWERS_H
#define VMSYNC_FUSE_ANSWERS_H

#include "ctf/ctf.h"
#include "sync/base/evidence.h"

/**
 * struct vmsync_answered - a trace and who answered it
 * @trace:	set by the caller
 * @known:	@vm is; false: no beacon of the trace is among the host's
 * @several:	the host heard several VMs by the name that its beacons bear
 * @vm:		the last one that did
 */
struct vmsync_answered {
	const struct ctf_trace *trace;
	bool known;
	bool several;
	struct vmsync_vm_id vm;
};

/* What two traces' beacons say of each other, if anything. */
enum vmsync_beside {
	VMSYNC_BESIDE_UNKNOWN,
	VMSYNC_BESIDE_SAME,  /* one beacon is in both */
	VMSYNC_BESIDE_OTHER, /* beacons of one name and number differ */
};

/* The beacons of the traces, a bounded sample of each. */
struct vmsync_samples;

/**
 * vmsync_answers_find() - fill in who answered
 * @host:	[@n_host] the host's traces
 * @list:	[@n]
 * @out:	for vmsync_answers_beside(); the caller frees it
 *
 * Reads the beacons of all these traces. An answer counts where the TSC and the
 * clock that the host heard are those that the guest recorded. Return: 0 or a
 * negative errno.
 */
int vmsync_answers_find(struct ctf_trace *const *host, size_t n_host,
			struct vmsync_answered *list, size_t n,
			struct vmsync_samples **out, struct ctf_error *e);

/**
 * vmsync_answers_beside() - compare trace number @i with all others
 * @beside:	[@n] filled in
 *
 * One machine numbers its beacons once only. Of the traces of two machines some
 * beacons have the same number, if they lie beside each other in time.
 */
void vmsync_answers_beside(const struct vmsync_samples *a, size_t i,
			   enum vmsync_beside *beside);

void vmsync_answers_free(struct vmsync_samples *a);

#endif /* VMSYNC_FUSE_ANSWERS_H */
