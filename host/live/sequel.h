/* SPDX-License-Identifier: MIT */
/*
 * Files of a limited size (lttng enable-channel --tracefile-size) are one stream: where
 * one ends another one goes on, by the numbers of their packets. The oldest one may be
 * written over (--tracefile-count), and then what was not read of it is lost.
 */
#ifndef VMSYNC_LIVE_SEQUEL_H
#define VMSYNC_LIVE_SEQUEL_H

#include "live/growing.h"

/** live_sequel_look() - see of which streams the files are; 0 or a negative errno */
int live_sequel_look(struct live_growing *g, struct ctf_error *e);

/** live_sequel_is_here() - some file of a stream that was told of is in the folder */
bool live_sequel_is_here(const struct live_growing *g, const struct live_growing_file *f);

/**
 * live_sequel_next() - the file in which a stream goes on is the one that is read now
 * Where that is another one, all of the one before was told. false: there is none.
 */
bool live_sequel_next(struct live_growing *g, size_t stream);

/** live_sequel_begins() - the first packet of a file is told: what is lost before it? */
void live_sequel_begins(struct live_growing *g, const struct live_growing_file *stream,
			const struct ctf_packet *p);

#endif /* VMSYNC_LIVE_SEQUEL_H */
