/* SPDX-License-Identifier: MIT */
#ifndef VMSYNC_FUSE_REPORT_H
#define VMSYNC_FUSE_REPORT_H

#include <stdio.h>

#include "fuse/fuse.h"

/**
 * vmsync_report_text() - what the session found, for people: 80 columns
 * @all_segments: list them all, not only the first ones
 */
void vmsync_report_text(FILE *f, const struct vmsync_session *s,
			bool all_segments);

/**
 * vmsync_report_json() - the same and all segments, for programs
 * @fused:	[@n] the traces that were written, or NULL
 */
void vmsync_report_json(FILE *f, const struct vmsync_session *s,
			const struct vmsync_fused *fused, size_t n);

#endif /* VMSYNC_FUSE_REPORT_H */
