/* SPDX-License-Identifier: MIT */
/* What follows a packet, before it is read. */
#ifndef CTF_AHEAD_H
#define CTF_AHEAD_H

#include "ctf/internal.h"

/* Of one stream; begins as zeroes. */
struct ahead {
	struct ctf_packet next;	/* behind the packet given last, where @peeked */
	bool peeked;
	struct ctf_packet busy;	/* the first one behind it with events */
	bool searched;		/* @busy was looked for */
	uint64_t first;		/* time of its first event, or UINT64_MAX */
	uint8_t *buf;
	size_t cap;
};

/*
 * The packet behind @prev (NULL: the first one), which is that of the call
 * before: 1, 0 where there is none, or an error.
 */
int ahead_next(struct ahead *a, const struct ctf_stream *s,
	       const struct ctf_packet *prev, struct ctf_packet *out,
	       struct ctf_error *e);

/*
 * What the packet given last must not end behind: the begin of the next packet,
 * and the next event, which may be earlier. UINT64_MAX where nothing follows.
 */
uint64_t ahead_limit(struct ahead *a, const struct ctf_stream *s);
void ahead_free(struct ahead *a);

#endif /* CTF_AHEAD_H */
