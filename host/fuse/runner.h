/* SPDX-License-Identifier: MIT */
/*
 * Who runs on which CPU of a host, event after event in the order of time: what
 * roles.h tells, put together over all CPUs.
 */
#ifndef VMSYNC_FUSE_RUNNER_H
#define VMSYNC_FUSE_RUNNER_H

#include "fuse/roles.h"

struct vmsync_runner;

/**
 * struct vmsync_run_of - who enters or leaves the guest
 * @tid:	host thread, 0: not known
 * @pid:	its process, 0: not known
 * @vcpu_id:	by the thread's name ("CPU 3/KVM"), or by what its entries and
 *		exits say, -1: unknown
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
 * vmsync_runner_at() - who made an event
 * @c:		its class's role
 * @who:	filled in, as far as it is known
 */
void vmsync_runner_at(struct vmsync_runner *r,
		      const struct vmsync_role_class *c,
		      const struct ctf_event *ev, struct vmsync_run_of *who);

/** vmsync_runner_forget() - who runs on a CPU is not known any more */
void vmsync_runner_forget(struct vmsync_runner *r, uint32_t cpu);

/**
 * vmsync_runner_event() - take note of an event, in the order of time
 * @c:		its class's role
 * @who:	filled in if it is an entry or exit
 * Return: whether it is.
 */
bool vmsync_runner_event(struct vmsync_runner *r,
			 const struct vmsync_role_class *c,
			 const struct ctf_event *ev,
			 struct vmsync_run_of *who);

#endif /* VMSYNC_FUSE_RUNNER_H */
