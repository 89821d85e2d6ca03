/* SPDX-License-Identifier: MIT */
/* What online.c shares with the files that do its parts, and with nobody else. */
#ifndef VMSYNC_ONLINE_PARTS_H
#define VMSYNC_ONLINE_PARTS_H

#include "online/feed.h"
#include "online/machine.h"
#include "online/online.h"

/**
 * struct online_guest - one of the host's
 * @until:	all records before it were pushed, guest time
 * @begun:	the session knows when it begins
 * @ended:	and that it has ended
 * @joined:	its events are analysed
 * @left:	nobody waits for it, and nothing of it is analysed
 * @closed:	the analysis knows that it has ended
 * @bound_ns:	of its map, at most, where it was analysed
 */
struct online_guest {
	struct online_machine *machine;
	struct vmsync_guest *guest;
	uint64_t until;
	bool begun;
	bool ended;
	bool joined;
	bool left;
	bool closed;
	int64_t bound_ns;
};

/**
 * struct online - see online.h
 * @l:		[@n] ledgers
 * @session:	[@n] the host's, and the next one of each guest
 * @host:	NULL: nothing came yet
 * @pushed_ns:	host time up to which all its records were pushed
 * @host_ended:	there are no more
 * @settled_ns:	up to which maps will not change
 * @given_ns:	up to which all was analysed; 0: nothing was
 * @over:	all was
 */
struct online {
	struct live_ledger *const *l;
	size_t n;
	size_t *session;
	struct online_how how;
	struct online_machine *host;
	VMSYNC_ARRAY(struct online_guest) guests;
	struct online_ends ends;
	struct vmsync_sync *sync;
	int64_t pushed_ns;
	bool host_ended;
	int64_t settled_ns;
	struct online_feed feed;
	struct analysis_model *model;
	struct online_sums sums;
	int64_t given_ns;
	bool over;
};

/* push.c */

/**
 * online_push() - the next stretch of evidence
 * @all:	nothing more comes
 * Return: 1: there may be more to push; 0; or a negative errno.
 */
int online_push(struct online *o, bool all, struct ctf_error *e);

/* analyse.c */

/** online_analyse() - all that is settled; 0 or a negative errno */
int online_analyse(struct online *o, struct ctf_error *e);

/** online_close() - nothing more comes: the rest; 0 or a negative errno */
int online_close(struct online *o, struct ctf_error *e);

/* online.c */

/** online_say() - in a line */
void online_say(const struct online *o, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** online_leave() - a guest is given up, and that is said */
void online_leave(struct online *o, struct online_guest *g, const char *why);

#endif /* VMSYNC_ONLINE_PARTS_H */
