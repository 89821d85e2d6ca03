/* SPDX-License-Identifier: MIT */
/* How much of a trace was read: to know whether what was copied is the same. */
#ifndef CTF_PASSED_H
#define CTF_PASSED_H

#include "ctf/ctf.h"

/**
 * struct ctf_passed - what a reader came by
 * @events:	all of them, wanted or not
 * @packets:	their number
 * @bad_ends:	packets that end behind the begin of the next one, or before their own
 *		last event: other readers stop there
 * @heads:	a checksum of what the heads of these packets say, in any order
 */
struct ctf_passed {
	uint64_t events;
	uint64_t packets;
	uint64_t bad_ends;
	uint64_t heads;
};

/** ctf_passed_packet() - one packet more */
void ctf_passed_packet(struct ctf_passed *p, const struct ctf_packet *packet);

/** ctf_passed_add() - what another reader came by, too */
void ctf_passed_add(struct ctf_passed *p, const struct ctf_passed *more);

/** ctf_passed_same_packets() - were they the same ones? */
bool ctf_passed_same_packets(const struct ctf_passed *a,
			     const struct ctf_passed *b);

/**
 * ctf_stream_pass() - the heads of the packets in another file of a stream
 * @s:		the stream
 * @path:	a copy of its file
 * @p:		what is in it comes to that; no events are read
 * Return: 0 or a negative errno.
 */
int ctf_stream_pass(const struct ctf_stream *s, const char *path,
		    struct ctf_passed *p, struct ctf_error *e);

/**
 * ctf_merge_passed() - what a merge has read
 * @m:		merge, after its last event
 * @by_source:	what of each source comes to these
 */
void ctf_merge_passed(const struct ctf_merge *m, struct ctf_passed *by_source);

#endif /* CTF_PASSED_H */
