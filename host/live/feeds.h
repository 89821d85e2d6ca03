/* SPDX-License-Identifier: MIT */
/*
 * The streams of the session that a relayd is attached to: what comes of each is asked
 * for in turn, and goes to the store.
 */
#ifndef VMSYNC_LIVE_FEEDS_H
#define VMSYNC_LIVE_FEEDS_H

#include "live/source.h"
#include "live/viewer.h"

/* What comes of a turn, a round or an attachment, if it is no error. */
enum live_outcome {
	LIVE_QUIET,	/* nothing came */
	LIVE_BUSY,	/* something did */
	LIVE_ENDED,	/* nothing will any more */
};

/** live_streams_to() - takes the streams that the relayd tells of */
struct live_streams live_streams_to(struct live_source *r);

/** live_fetch_streams() - new ones. 0, 1 where the session has ended, or an error. */
int live_fetch_streams(struct live_source *r, struct ctf_error *e);

/** live_round() - all streams' turns. An outcome, or a negative errno. */
int live_round(struct live_source *r, struct ctf_error *e);

/** live_kept() - passes @ret on: the store's errors are not the relayd's */
int live_kept(struct live_source *r, int ret);

#endif /* VMSYNC_LIVE_FEEDS_H */
