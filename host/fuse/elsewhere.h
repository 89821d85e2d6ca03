/* SPDX-License-Identifier: MIT */
/*
 * Whether a thread of a guest may have run on another of its virtual CPUs than the one
 * that its event names. The tracer of user space takes the buffer of the CPU that the
 * thread is on, and then reads the clock: between the two it may be moved.
 */
#ifndef VMSYNC_FUSE_ELSEWHERE_H
#define VMSYNC_FUSE_ELSEWHERE_H

#include <stdbool.h>

#include "fuse/owners.h"
#include "sync/map/map.h"

struct vmsync_elsewhere;

/**
 * vmsync_elsewhere_new() - look at all virtual CPUs of a guest but one
 * @s, @o:	they must outlive it
 * @guest:	its number
 * @cpu:	the one, by its kernel's number
 *
 * Of a thread that is nobody's it is not known that it is not the guest's: that may have
 * virtual CPUs that recorded nothing. Return: to be freed with vmsync_elsewhere_free(),
 * or NULL if out of memory.
 */
struct vmsync_elsewhere *vmsync_elsewhere_new(const struct vmsync_session *s,
					      const struct vmsync_owners *o,
					      size_t guest, uint32_t cpu);

/** vmsync_elsewhere_free() - NULL is fine */
void vmsync_elsewhere_free(struct vmsync_elsewhere *w);

/**
 * vmsync_elsewhere_ran() - whether any of these was in the guest, or may have been
 * @at:		what its clock read, which each one's map puts on the host's
 * @ran:	filled in
 * Return: 0 or an error.
 */
int vmsync_elsewhere_ran(struct vmsync_elsewhere *w, guest_time at, bool *ran,
			 struct ctf_error *e);

#endif /* VMSYNC_FUSE_ELSEWHERE_H */
