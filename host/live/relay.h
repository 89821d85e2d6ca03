/* SPDX-License-Identifier: MIT */
/*
 * One relayd, for as long as it takes: connects, attaches to the session, keeps what
 * comes; and again, when the relayd, the network or the session went away.
 */
#ifndef VMSYNC_LIVE_RELAY_H
#define VMSYNC_LIVE_RELAY_H

#include <pthread.h>

#include "live/link.h"
#include "live/store.h"
#include "live/url.h"

/* One stream of the session that is attached to. */
struct live_feed;

/**
 * struct live_state - how far it is
 * @attached:	a session is being read
 * @sums:	of all that came
 * @lost:	packets that the relayd had no more
 * @failed:	connections that could not be made, or ended
 * @until:	of the session that is read: no event before it is still to come; raw
 *		clock value, of all its streams, idle ones too; 0: not known
 * @late:	packets that began before it nevertheless
 */
struct live_state {
	bool attached;
	struct live_sums sums;
	uint64_t lost;
	uint64_t failed;
	uint64_t until;
	uint64_t late;
};

/**
 * struct live_relay - one relayd
 * @url:	where, and which session
 * @once:	end with the session
 * @say:	is told, in a line, of whatever happens; from the thread that it is in
 * @say_ctx:	its first argument
 * @link:	its @stop is set
 * @store:	where what comes is kept
 * @ledger:	the store's; NULL: nobody reads it meanwhile
 * @lock:	initialised, for live_relay_state()
 *
 * The rest is live_relay_run()'s.
 */
struct live_relay {
	struct live_url url;
	bool once;
	void (*say)(void *ctx, const char *text);
	void *say_ctx;
	struct live_link link;
	struct live_store *store;
	struct live_ledger *ledger;
	pthread_mutex_t lock;

	struct live_state state;
	struct live_state shown; /* by the lock */
	struct live_wire wire;
	struct live_session session;
	VMSYNC_ARRAY(struct live_feed) feeds;
	bool spoilt; /* it is the store that failed, not the relayd */
	char said[512];
};

/**
 * live_relay_run() - until all is to end, or with @once the session
 * Return: 0, or a negative errno where nothing can be kept any more.
 */
int live_relay_run(struct live_relay *r, struct ctf_error *e);

/** live_relay_state() - as it was a moment ago; from any thread */
struct live_state live_relay_state(struct live_relay *r);

#endif /* VMSYNC_LIVE_RELAY_H */
