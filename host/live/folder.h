/* SPDX-License-Identifier: MIT */
/*
 * A folder that a tracer writes to, in the place of a relayd: a trace that grows, or
 * the chunks of a session that is rotated, each of which comes whole. It is read where
 * it is and kept like what a relayd sends, so that neither lttng clear nor who tidies
 * up takes away what is being read.
 */
#ifndef VMSYNC_LIVE_FOLDER_H
#define VMSYNC_LIVE_FOLDER_H

#include "live/source.h"

/** live_folder_run() - live_source_run() of a folder */
int live_folder_run(struct live_source *s, struct ctf_error *e);

#endif /* VMSYNC_LIVE_FOLDER_H */
