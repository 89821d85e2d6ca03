/* SPDX-License-Identifier: MIT */
/*
 * Records of evidence: what one machine's events, in the order of time, come to.
 * Where they come from is told by reader.h.
 */
#ifndef VMSYNC_FUSE_RECORDS_H
#define VMSYNC_FUSE_RECORDS_H

#include "fuse/decode.h"
#include "fuse/runner.h"
#include "sync/base/evidence.h"

/**
 * enum vmsync_wanted - what to give besides beacons, knots, TSC, pvclock, VM,
 * drop and loss records
 * @VMSYNC_READ_EVIDENCE: nothing
 * @VMSYNC_READ_RUNS:	a host's entries and exits
 * @VMSYNC_READ_EVENTS: each other event of a guest, as VMSYNC_EV_GUEST_EVENT
 */
enum vmsync_wanted {
	VMSYNC_READ_EVIDENCE,
	VMSYNC_READ_RUNS,
	VMSYNC_READ_EVENTS,
};

struct vmsync_records_thread;

/**
 * struct vmsync_records - of one machine
 * @what:	see above
 * @old:	only the thread tells whose a host's answer is
 * @runner:	NULL: who runs does not matter here
 * @run:	told of each entry and exit; NULL: nobody is. 0 or a negative errno
 * @run_ctx:	its first argument
 *
 * The rest is records.c's.
 */
struct vmsync_records {
	enum vmsync_wanted what;
	bool old;
	struct vmsync_runner *runner;
	int (*run)(void *ctx, const struct ctf_event *ev,
		   const struct vmsync_role_class *c,
		   const struct vmsync_run_of *who, struct ctf_error *e);
	void *run_ctx;
	struct vmsync_records_thread *threads;
	size_t n_threads;
};

/**
 * struct vmsync_records_stream - that events are in
 * @decoders, @roles: of its trace
 * @reached:	its packet, as byte offset + 1; 0: none
 */
struct vmsync_records_stream {
	const struct vmsync_decoders *decoders;
	const struct vmsync_roles *roles;
	uint64_t reached;
};

/** vmsync_records_free() - what records.c has allocated, and the runner */
void vmsync_records_free(struct vmsync_records *r);

/**
 * vmsync_records_take() - the next event
 * Return: 1 if it makes a record, 0, or a negative errno.
 */
int vmsync_records_take(struct vmsync_records *r,
			struct vmsync_records_stream *from,
			const struct ctf_event *event,
			struct vmsync_evidence *ev, struct ctf_error *e);

#endif /* VMSYNC_FUSE_RECORDS_H */
