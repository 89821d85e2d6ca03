/* SPDX-License-Identifier: MIT */
/* Threads of the host that belong to a guest's QEMU, and what each is about. */
#ifndef VMSYNC_VOLUME_THREADS_H
#define VMSYNC_VOLUME_THREADS_H

#include "analysis/index.h"
#include "fuse/session.h"
#include "volume/event.h"

/* More of them are not known. */
#define VOLUME_MOST_THREADS 65536

/**
 * struct volume_thread - one
 * @guest:	whose QEMU it is of, from 0
 * @cpu:	of the guest, that it is; ANALYSIS_NONE: a thread of QEMU's own
 * @exit_ns:	it left the guest, the last time
 * @in_call:	it is in a system call, that began with @call
 * @request:	of the guest, that the call was seen to be for; 0: of none
 * @bio:	blocks that it handed to the block layer, the last time
 */
struct volume_thread {
	uint32_t guest;
	uint32_t cpu;
	int64_t exit_ns;
	bool in_call;
	struct volume_event call;
	uint64_t request;
	struct volume_event bio;
};

/** struct volume_threads - all 0 at first */
struct volume_threads {
	const struct vmsync_session *session;
	struct analysis_index tids;
	VMSYNC_ARRAY(struct volume_thread) at;
};

/** volume_threads_init() - the virtual CPUs of @s's guests; 0 or -ENOMEM */
int volume_threads_init(struct volume_threads *t, const struct vmsync_session *s);

/** volume_threads_rest() - the traces are read anew: what they are about is not known */
void volume_threads_rest(struct volume_threads *t);

void volume_threads_free(struct volume_threads *t);

/** volume_thread_find() - a thread of which an event was seen, or NULL */
struct volume_thread *volume_thread_find(const struct volume_threads *t,
					 int32_t tid);

/**
 * volume_thread_of() - the one that made an event of the host, if it is QEMU's
 * NULL where it is not, or memory is out; the others may have moved.
 */
struct volume_thread *volume_thread_of(struct volume_threads *t,
				       const struct volume_event *ev);

#endif /* VMSYNC_VOLUME_THREADS_H */
