/* SPDX-License-Identifier: MIT */
/*
 * Where what comes of one relayd is kept: CTF, as LTTng itself would have written it,
 *
 *	DIR/HOSTNAME/SESSION/ust/uid/0/64-bit/{metadata, channel0_0, ...}
 *
 * for every other command to read. The next session of that name is beside it, as
 * SESSION-2. All names are the relayd's: in ours, _ stands for what is no letter or
 * digit and none of "-+.", and no name begins with a dot.
 *
 * A session that is attached to once more comes from its beginning. It is known by its
 * metadata, and of its packets by their time; what is there already is not kept twice.
 * A packet is there when all of it is: one that was cut off is taken back.
 */
#ifndef VMSYNC_LIVE_STORE_H
#define VMSYNC_LIVE_STORE_H

#include "ctf/part.h"
#include "live/ledger.h"
#include "live/viewer.h"

struct live_store;

/**
 * live_store_new() - for one relayd
 * @dir:	is there; must outlive the store
 * @limit:	so many bytes may come at most, 0: any
 */
struct live_store *live_store_new(const char *dir, uint64_t limit);

/** live_store_ledger() - have written down what is whole; @l must outlive the store */
void live_store_ledger(struct live_store *s, struct live_ledger *l);

/** live_store_free() - NULL is fine */
void live_store_free(struct live_store *s);

/**
 * live_store_begin() - a session is attached to: its streams come
 *
 * Into the folder of the session before, if that was not told to be over by
 * live_store_forget(), else, with the first of them, into a new one. Return: 0 or a
 * negative errno.
 */
int live_store_begin(struct live_store *s, const struct live_session *session,
		     struct ctf_error *e);

/** live_store_forget() - the next session is another one */
void live_store_forget(struct live_store *s);

/**
 * live_store_stream() - a stream came
 * @file:	its number from now on
 * Return: 0 or a negative errno.
 */
int live_store_stream(struct live_store *s, const struct live_stream *stream,
		      size_t *file, struct ctf_error *e);

/**
 * live_store_metadata() - of the trace that @file is in, from its beginning
 * Return: 0, -ESTALE where it is not the session that it was, or a negative errno.
 */
int live_store_metadata(struct live_store *s, size_t file, const uint8_t *bytes,
			size_t n, struct ctf_error *e);

/** live_store_readable() - whether metadata of that trace came since it began */
bool live_store_readable(const struct live_store *s, size_t file);

/** live_store_has() - whether the packet is there already, or known to be lost */
bool live_store_has(const struct live_store *s, size_t file,
		    const struct live_index *packet);

/**
 * live_store_open() - a packet comes
 * live_store_part() - the next bytes of it; 0 or a negative errno
 * live_store_close() - it is whole, or it is not and is taken back
 *
 * One packet at a time.
 */
int live_store_open(struct live_store *s, size_t file, struct ctf_error *e);
int live_store_part(struct live_store *s, const uint8_t *bytes, size_t n,
		    struct ctf_error *e);
int live_store_close(struct live_store *s, const struct live_index *packet,
		     bool whole, struct ctf_error *e);

/**
 * live_store_coming() - the packet that comes, as far as it did
 * @part:	of its file
 * Return: the folder of its trace.
 */
const char *live_store_coming(const struct live_store *s, struct ctf_part *part);

/** live_store_pass() - the packet is lost: when it comes again it is not missed again */
void live_store_pass(struct live_store *s, size_t file,
		     const struct live_index *packet);

/** live_store_folder() - of the session, "" before the first one */
const char *live_store_folder(const struct live_store *s);

/**
 * struct live_sums - of a session, or of all that came
 * @discarded:	events that the tracer had no room for
 */
struct live_sums {
	uint64_t sessions;
	uint64_t packets;
	uint64_t bytes;
	uint64_t discarded;
};

/** live_store_sums() - of all that came */
struct live_sums live_store_sums(const struct live_store *s);

#endif /* VMSYNC_LIVE_STORE_H */
