/* SPDX-License-Identifier: MIT */
/*
 * Whose runs are whose. An entry belongs to the virtual CPU whose thread made it
 * (runner.h); where the thread is not known, to the vCPU of that number if there is
 * one VM only.
 */
#ifndef VMSYNC_FUSE_OWNERS_H
#define VMSYNC_FUSE_OWNERS_H

#include <stddef.h>
#include <stdint.h>

#include "fuse/session.h"
#include "sync/base/array.h"

/* Parts of the session's runs, by number (runs.h). */
typedef VMSYNC_ARRAY(uint32_t) vmsync_parts;

/** struct vmsync_owner - a guest: the parts of its [@n] CPUs, by the kernel's number */
struct vmsync_owner {
	vmsync_parts *cpus;
	uint32_t n;
};

/**
 * struct vmsync_stray - runs of one virtual CPU that is nobody's
 * @tid:	its thread; 0: not known, but no other thread is number @vcpu_id
 */
struct vmsync_stray {
	int32_t tid;
	int32_t vcpu_id;
	vmsync_parts parts;
};

/**
 * struct vmsync_owners - of a session's runs
 * @guests:	[@n]
 * @anyones:	runs of threads that are not known
 * @strays:	those of virtual CPUs that no guest is known to have
 */
struct vmsync_owners {
	struct vmsync_owner *guests;
	size_t n;
	vmsync_parts anyones;
	VMSYNC_ARRAY(struct vmsync_stray) strays;
};

/**
 * vmsync_owners_find() - who ran, and when
 * @o:		all 0; to be freed with vmsync_owners_free(), whatever is returned
 * @s:		its runs are settled
 * Return: 0 or -ENOMEM.
 */
int vmsync_owners_find(struct vmsync_owners *o, const struct vmsync_session *s);

/** vmsync_owners_parts() - the runs of a guest's CPU; NULL if there is no such one */
const vmsync_parts *vmsync_owners_parts(const struct vmsync_owners *o,
					size_t guest, uint32_t cpu);

/** vmsync_owners_one_vm() - whether two guests are known to be boots of one VM */
bool vmsync_owners_one_vm(const struct vmsync_session_guest *a,
			  const struct vmsync_session_guest *b);

/** vmsync_owners_free() - and of what it is made of */
void vmsync_owners_free(struct vmsync_owners *o);

#endif /* VMSYNC_FUSE_OWNERS_H */
