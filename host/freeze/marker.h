/* SPDX-License-Identifier: MIT */
/*
 * The event that an agent leaves just before it has its guest's snapshot taken. The number
 * in it was drawn on the host, behind the time that was frozen, and nobody knew it before:
 * a trace that has it was written after that time, whatever its clock says.
 */
#ifndef VMSYNC_FREEZE_MARKER_H
#define VMSYNC_FREEZE_MARKER_H

#include "fuse/machine.h"

/** freeze_marker_find() - has a machine's trace the one of @snapshot? 0, or -errno and @e */
int freeze_marker_find(const struct vmsync_machine *m, uint32_t snapshot,
		       bool *found, struct ctf_error *e);

#endif /* VMSYNC_FREEZE_MARKER_H */
