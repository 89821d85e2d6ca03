/* SPDX-License-Identifier: MIT */
/* Whether a packet that came can be read by the metadata that came before it. */
#ifndef VMSYNC_LIVE_READABLE_H
#define VMSYNC_LIVE_READABLE_H

#include "live/store.h"

/**
 * live_readable() - of the packet that comes, when all of it did
 * @like:	what was compiled for the one before, NULL at first; to be closed with
 *		ctf_trace_close()
 * Return: 1; 0 where it is not, with the reason; or a negative errno.
 */
int live_readable(const struct live_store *s, struct ctf_trace **like,
		  struct ctf_error *e);

#endif /* VMSYNC_LIVE_READABLE_H */
