/* SPDX-License-Identifier: MIT */
/* The heads of packets in a file that grows, which may be another file by the next time. */
#ifndef VMSYNC_LIVE_HEAD_H
#define VMSYNC_LIVE_HEAD_H

#include "live/growing.h"

/** live_head_path() - of a file, or with @name NULL of its trace; to be freed, or NULL */
char *live_head_path(const struct live_growing *g, size_t trace, const char *name);

/** live_head_leave() - all that is known of what is in the file goes */
void live_head_leave(struct live_growing_file *f);

/**
 * live_head_next() - the packet behind @f->at, if all of it is there
 * Return: 1; 0: nothing of it is, or the file has gone or is another one, which is left;
 * -EAGAIN: not all that it takes, with the reason; or another negative errno.
 */
int live_head_next(struct live_growing *g, struct live_growing_file *f,
		   struct ctf_packet *p, struct ctf_error *e);

/** live_head_is_written() - somebody wrote to it, or to another one of its name, since then */
bool live_head_is_written(const struct live_growing *g, const struct live_growing_file *f);

/**
 * live_head_is_old() - it has begun anew since then, or is another one
 * LTTng (2.13) empties a file that it writes over. By the time that this is looked for it
 * may be as long as it was: then its first packet tells.
 */
bool live_head_is_old(const struct live_growing *g, const struct live_growing_file *f);

/** live_head_open() - the file itself, to read a packet; -1: it is gone, or is another one */
int live_head_open(const struct live_growing *g, const struct live_growing_file *f);

#endif /* VMSYNC_LIVE_HEAD_H */
