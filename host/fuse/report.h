/* SPDX-License-Identifier: MIT */
#ifndef VMSYNC_FUSE_REPORT_H
#define VMSYNC_FUSE_REPORT_H

#include <stdio.h>

#include "fuse/session.h"

/**
 * vmsync_report_text() - what the session found, for people: 80 columns
 * @all_segments: list them all, not only the first ones
 */
void vmsync_report_text(FILE *f, const struct vmsync_session *s,
			bool all_segments);

/** vmsync_report_json() - the same and all segments, for programs */
void vmsync_report_json(FILE *f, const struct vmsync_session *s);

#endif /* VMSYNC_FUSE_REPORT_H */
