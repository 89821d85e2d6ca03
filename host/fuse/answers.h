/* SPDX-License-Identifier: MIT */
/*
 * Answers: which VM of the host a trace's beacons reached. Clones of one memory
 * snapshot share the uuid of their clock, their vm_uid and their counters; what
 * tells them apart is who answered.
 */
#ifndef VMSYNC_FUSE_ANSWERS_H
#define VMSYNC_FUSE_ANSWERS_H

#include "ctf/ctf.h"
#include "sync/evidence.h"

/**
 * struct vmsync_answered - a trace and who answered it
 * @trace:	set by the caller
 * @known:	@vm is; false: no beacon of the trace is among the host's
 * @vm:		the last one that did
 */
struct vmsync_answered {
	const struct ctf_trace *trace;
	bool known;
	struct vmsync_vm_id vm;
};

/**
 * vmsync_answers_find() - fill in who answered
 * @host:	[@n_host] the host's traces
 * @list:	[@n]
 *
 * Reads the beacons of all these traces. An answer counts where the TSC and the
 * clock that the host heard are those that the guest recorded. Return: 0 or a
 * negative errno.
 */
int vmsync_answers_find(struct ctf_trace *const *host, size_t n_host,
			struct vmsync_answered *list, size_t n,
			struct ctf_error *e);

#endif /* VMSYNC_FUSE_ANSWERS_H */
