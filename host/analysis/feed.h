/* SPDX-License-Identifier: MIT */
/*
 * The traces of a session as one row of events on the host's clock, with what
 * was lost among them.
 */
#ifndef VMSYNC_ANALYSIS_FEED_H
#define VMSYNC_ANALYSIS_FEED_H

#include "analysis/event.h"
#include "ctf/take.h"
#include "fuse/session.h"

struct analysis_feed;

/**
 * analysis_feed_new() - from the beginning
 * @s:		its maps are made; must outlive the feed
 * @e:		why it failed
 *
 * Guest number i of @s is machine i + 1. Return: to be freed with
 * analysis_feed_free(), or NULL.
 */
struct analysis_feed *analysis_feed_new(const struct vmsync_session *s,
					struct ctf_error *e);

/** analysis_feed_free() - NULL is fine */
void analysis_feed_free(struct analysis_feed *f);

/**
 * analysis_feed_wakeups() - does the host's recording have sched_wakeup?
 * Where it has not, sched_waking is all that tells of a wake-up.
 */
bool analysis_feed_wakeups(const struct analysis_feed *f);

/**
 * analysis_feed_some() - the next events
 * @out:	these, for analysis_feed_event(), valid until the next call
 * Return: how many, 0 at the end, or a negative errno.
 */
int analysis_feed_some(struct analysis_feed *f, const struct ctf_noted **out,
		       struct ctf_error *e);

/** analysis_feed_event() - one of them */
static inline const struct analysis_event *
analysis_feed_event(const struct ctf_noted *noted)
{
	struct analysis_event *ev = noted->note;

	ev->ns = (int64_t)noted->time;
	return ev;
}

#endif /* VMSYNC_ANALYSIS_FEED_H */
