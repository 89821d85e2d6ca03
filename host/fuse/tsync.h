/* SPDX-License-Identifier: MIT */
/*
 * What trace-cmd's agent stored with a guest's recording of the difference between
 * the two clocks (Documentation/ctf.rst, "Recordings of trace-cmd"), for the session.
 */
#ifndef VMSYNC_FUSE_TSYNC_H
#define VMSYNC_FUSE_TSYNC_H

#include "fuse/machine.h"
#include "sync/sync.h"

/**
 * vmsync_tsync_read() - hand @guest what is stored in its traces for this host's
 * Where that cannot be used the guest is told why; and that its virtual CPUs have
 * clocks of their own, if their counters are its clock. Return: 0 or -ENOMEM.
 */
int vmsync_tsync_read(const struct vmsync_machine *host,
		      const struct vmsync_machine *m, struct vmsync_guest *guest);

/** vmsync_tsync_stored() - whether anything is stored in a machine's traces */
bool vmsync_tsync_stored(const struct vmsync_machine *m);

#endif /* VMSYNC_FUSE_TSYNC_H */
