/* SPDX-License-Identifier: MIT */
/* Several sources at once, each in a thread of its own. */
#ifndef VMSYNC_LIVE_GROUP_H
#define VMSYNC_LIVE_GROUP_H

#include <pthread.h>

#include "live/source.h"

/**
 * struct live_member - one of them
 * @source:	its url, once, say and say_ctx are set by who makes the group
 * @ret, @why:	of live_source_run()
 *
 * The rest is live_group_run()'s, but for what is live_stalls_look()'s.
 */
struct live_member {
	struct live_source source;
	int ret;
	struct ctf_error why;
	pthread_t thread;
	int ended;

	uint64_t until; /* live_stalls_look()'s: as of @came_ns */
	int64_t came_ns;
	bool stalled;
};

/**
 * struct live_tick - what is to be done about every @every_ns meanwhile, when something
 * came of the member that is followed (pace.h), if it did, and at the end
 */
struct live_tick {
	int64_t every_ns;
	void (*fn)(void *ctx);
	void *ctx;
};

/**
 * live_group_run() - until SIGINT or SIGTERM, for @ns, or until all have ended
 * @m:		[@n], whose stores are there
 * @ns:		0: for any time
 * @tick:	NULL: nothing
 *
 * A second signal is no longer taken: it ends the program, whatever a thread waits
 * for. Return: 0, or a negative errno where it could not begin.
 */
int live_group_run(struct live_member *m, size_t n, int64_t ns,
		   const struct live_tick *tick, struct ctf_error *e);

#endif /* VMSYNC_LIVE_GROUP_H */
