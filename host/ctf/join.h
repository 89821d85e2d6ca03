/* SPDX-License-Identifier: MIT */
/*
 * A recording is streams of a session, and not files. A stream may be spread over
 * many of them: chunks of a rotated session, snapshots, files of a limited size,
 * in one folder or in several; and snapshots share packets. Files are of one
 * stream if their traces have the same uuid, and they the same stream class and
 * stream instance, or where there is no such number the same CPU.
 */
#ifndef CTF_JOIN_H
#define CTF_JOIN_H

#include "ctf/ctf.h"

struct ctf_joined;

/** ctf_joined_new() - no trace so far; NULL if out of memory */
struct ctf_joined *ctf_joined_new(void);

/** ctf_joined_free() - NULL is fine; the traces stay as they are */
void ctf_joined_free(struct ctf_joined *j);

/**
 * ctf_joined_add() - add a trace
 * @t:		must outlive @j
 * @e:		why it failed
 *
 * Reads the heads of its packets, and the content of those that are in another
 * file as well. Return: 1; 0 if one of its streams cannot be the one of the same
 * name among those that are there, because packets of one number have different
 * content: it is of another recording and was not added; or a negative errno.
 */
int ctf_joined_add(struct ctf_joined *j, struct ctf_trace *t,
		   struct ctf_error *e);

/**
 * ctf_joined_end() - all traces are there: from now on each packet is read once
 *
 * Cursors, merges, ctf_stream_packet() and rewrites of these traces pass over
 * packets that are read in another file, and count what was lost since the
 * packet before it in the session, whatever file that is in. Before this, no
 * cursor may be made. Return: 0 or a negative errno.
 */
int ctf_joined_end(struct ctf_joined *j, struct ctf_error *e);

/** ctf_joined_again() - packets that were in another file as well */
uint64_t ctf_joined_again(const struct ctf_joined *j);

/** ctf_traces_share_uuid() - whether both have one, and it is the same */
bool ctf_traces_share_uuid(const struct ctf_trace *a,
			   const struct ctf_trace *b);

/** ctf_trace_is_partial() - whether some of its packets are read elsewhere */
bool ctf_trace_is_partial(const struct ctf_trace *t);

/** ctf_trace_is_again() - whether all packets of a trace are read elsewhere */
bool ctf_trace_is_again(const struct ctf_trace *t);

/** ctf_joined_streams() - number of streams of sessions */
size_t ctf_joined_streams(const struct ctf_joined *j);

/**
 * struct ctf_joined_stream - a stream of a session
 * @session:	the same number for all streams of one session, from 0
 * @file:	the last file of it; its metadata is the most complete
 */
struct ctf_joined_stream {
	size_t session;
	const struct ctf_stream *file;
};

/** ctf_joined_stream() - the i-th one, after ctf_joined_end() */
struct ctf_joined_stream ctf_joined_stream(const struct ctf_joined *j,
					   size_t i);

/**
 * struct ctf_joined_at - a place in a stream of a session, all 0 at first
 * @packet:	that it is at
 */
struct ctf_joined_at {
	struct ctf_packet packet;
	bool started;
	size_t piece;
};

/**
 * ctf_joined_packet() - go to the next packet of a stream, whatever file it is in
 * @i:		the stream
 * Return: 1; 0 at the end; or a negative errno.
 */
int ctf_joined_packet(const struct ctf_joined *j, size_t i,
		      struct ctf_joined_at *at, struct ctf_error *e);

#endif /* CTF_JOIN_H */
