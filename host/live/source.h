/* SPDX-License-Identifier: MIT */
/*
 * Where the sessions of one machine come from, for as long as it takes: a relayd
 * (relay.h), or a folder that a tracer writes to (folder.h). Whichever it is, it is
 * asked for streams, packets and metadata in turn (feeds.h), and what comes goes to a
 * store.
 */
#ifndef VMSYNC_LIVE_SOURCE_H
#define VMSYNC_LIVE_SOURCE_H

#include <pthread.h>

#include "live/link.h"
#include "live/store.h"
#include "live/url.h"

/* One stream of the session that is attached to. */
struct live_feed;

/**
 * struct live_from - who is asked; all as the functions of viewer.h, whose answers
 * they give
 * @packet:	into the source's buffer
 */
struct live_from {
	int (*new_streams)(void *ctx, const struct live_streams *streams,
			   struct ctf_error *e);
	int (*next_indexes)(void *ctx, const uint64_t *stream, size_t n,
			    struct live_index *out, struct ctf_error *e);
	int (*packet)(void *ctx, uint64_t stream, uint64_t offset, uint32_t n,
		      struct ctf_error *e);
	int (*metadata)(void *ctx, uint64_t stream,
			int (*take)(void *ctx, const uint8_t *bytes, size_t n,
				    struct ctf_error *e),
			void *take_ctx, struct ctf_error *e);
};

/**
 * struct live_state - how far it is
 * @attached:	a session is being read
 * @timer_us:	of that session
 * @sums:	of all that came
 * @lost:	packets that the relayd had no more
 * @failed:	connections that could not be made, or ended
 * @until:	of the session that is read: no event before it is still to come; raw
 *		clock value, of all its streams, idle ones too; 0: not known
 * @late:	packets that began before it nevertheless
 */
struct live_state {
	bool attached;
	uint32_t timer_us;
	struct live_sums sums;
	uint64_t lost;
	uint64_t failed;
	uint64_t until;
	uint64_t late;
};

/**
 * struct live_source - one machine's
 * @url:	where, and which session
 * @once:	end with the session
 * @settle_ns:	of a folder: what a tracer recorded is in it by then
 * @say:	is told, in a line, of whatever happens; from the thread that it is in
 * @say_ctx:	its first argument
 * @link:	its @stop is set
 * @store:	where what comes is kept
 * @ledger:	the store's; NULL: nobody reads it meanwhile
 * @lock:	initialised, for live_source_state()
 * @came:	a descriptor of eventfd() that is told when all is there up to a later time;
 *		-1: nobody wants to know
 *
 * The rest is live_source_run()'s. @unordered: a packet may come before its metadata,
 * and whether it has is to be seen.
 */
struct live_source {
	struct live_url url;
	bool once;
	int64_t settle_ns;
	void (*say)(void *ctx, const char *text);
	void *say_ctx;
	struct live_link link;
	struct live_store *store;
	struct live_ledger *ledger;
	pthread_mutex_t lock;
	int came;

	struct live_state state;
	struct live_state shown; /* by the lock */
	const struct live_from *from;
	void *from_ctx;
	bool unordered;
	struct ctf_trace *readable; /* live_readable()'s */
	uint8_t *buffer; /* [LIVE_PART] for what comes */
	struct live_wire wire;
	struct live_session session;
	VMSYNC_ARRAY(struct live_feed) feeds;
	bool told_own; /* that processes have buffers of their own */
	bool spoilt; /* it is the store that failed, not who is asked */
	char said[512];
};

/**
 * live_source_run() - until all is to end, or with @once the session
 * Return: 0, or a negative errno where nothing can be kept any more.
 */
int live_source_run(struct live_source *s, struct ctf_error *e);

/** live_source_show() - who looks on sees how far it is now */
void live_source_show(struct live_source *s, bool attached);

/** live_source_forget() - the next session is another one, perhaps of another boot */
void live_source_forget(struct live_source *s);

/** live_source_state() - as it was a moment ago; from any thread */
struct live_state live_source_state(struct live_source *s);

/** live_say() - once: what is waited for does not change every second */
void live_say(struct live_source *s, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif /* VMSYNC_LIVE_SOURCE_H */
