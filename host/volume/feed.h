/* SPDX-License-Identifier: MIT */
/* The events of a session that tell of requests, in the order of host time. */
#ifndef VMSYNC_VOLUME_FEED_H
#define VMSYNC_VOLUME_FEED_H

#include "fuse/session.h"
#include "volume/event.h"

struct volume_feed;

/**
 * volume_feed_new() - from the beginning
 * @s:		its maps are made; must outlive the feed
 *
 * Guest number i of @s is machine i + 1. Return: to be freed with
 * volume_feed_free(), or NULL.
 */
struct volume_feed *volume_feed_new(const struct vmsync_session *s,
				    struct ctf_error *e);

/** volume_feed_free() - NULL is fine */
void volume_feed_free(struct volume_feed *f);

/**
 * volume_feed_next() - the next event
 * Return: 1 with @out filled in, 0 at the end, or a negative errno.
 */
int volume_feed_next(struct volume_feed *f, struct volume_event *out,
		     struct ctf_error *e);

/** volume_feed_lost() - may events of the host or a guest be missing there? */
bool volume_feed_lost(const struct volume_feed *f, uint32_t machine,
		      int64_t from_ns, int64_t until_ns);

/** volume_feed_begin_ns() - of the host's recording: its first event */
int64_t volume_feed_begin_ns(const struct volume_feed *f);

#endif /* VMSYNC_VOLUME_FEED_H */
