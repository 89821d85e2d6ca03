/* SPDX-License-Identifier: MIT */
/*
 * Whose entry is it? KVM's event says at best the number of the virtual CPU,
 * and on kernels from 5.10 on LTTng's own even that wrong; the thread does not
 * lie. It is known from the contexts recorded with the event (tid, pid,
 * procname), or without them from the last sched_switch on that CPU and from
 * LTTng's state dump.
 */
#ifndef VMSYNC_FUSE_RUNNER_H
#define VMSYNC_FUSE_RUNNER_H

#include <stdbool.h>

#include "ctf/ctf.h"

struct vmsync_runner;

enum vmsync_run {
	VMSYNC_RUN_NONE,	/* not an entry or exit */
	VMSYNC_RUN_ENTRY,
	VMSYNC_RUN_EXIT,
};

/**
 * struct vmsync_run_of - who enters or leaves the guest
 * @tid:	host thread, 0: not known
 * @pid:	its process, 0: not known
 * @vcpu_id:	by the thread's name ("CPU 3/KVM") or by the event, -1: unknown
 */
struct vmsync_run_of {
	int32_t tid;
	int32_t pid;
	int32_t vcpu_id;
};

/** vmsync_runner_new() - for the traces of one host; NULL if out of memory */
struct vmsync_runner *vmsync_runner_new(void);

/** vmsync_runner_free() - NULL is fine */
void vmsync_runner_free(struct vmsync_runner *r);

/**
 * vmsync_runner_add() - prepare for the events of one more trace
 * @want:	[classes of @t] set to 1 for each class whose events
 *		vmsync_runner_event() must see; others are left alone
 * Return: 0 or -ENOMEM.
 */
int vmsync_runner_add(struct vmsync_runner *r, const struct ctf_trace *t,
		      uint8_t *want);

/**
 * vmsync_runner_add_all() - the same, for who asks vmsync_runner_at()
 * Then who runs on a CPU is followed even where entries and exits say it
 * themselves.
 */
int vmsync_runner_add_all(struct vmsync_runner *r, const struct ctf_trace *t,
			  uint8_t *want);

/**
 * vmsync_runner_at() - who runs on a CPU of the host, as of the last event
 * @who:	filled in, as far as it is known
 */
void vmsync_runner_at(struct vmsync_runner *r, uint32_t cpu,
		      struct vmsync_run_of *who);

/**
 * vmsync_runner_digest() - for ctf_merge_digest(), with the runner as @ctx
 * The merge's sources have to be the traces in the order of vmsync_runner_add().
 */
void vmsync_runner_digest(void *ctx, struct ctf_event *ev);

/**
 * vmsync_runner_event() - take note of an event, in the order of time
 * @ev:		its digest is vmsync_runner_digest()'s
 * @who:	filled in if it is an entry or exit
 */
enum vmsync_run vmsync_runner_event(struct vmsync_runner *r,
				    const struct ctf_event *ev,
				    struct vmsync_run_of *who);

#endif /* VMSYNC_FUSE_RUNNER_H */
