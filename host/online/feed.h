/* SPDX-License-Identifier: MIT */
/*
 * What analysis/feed.h is where all traces are there: events of all machines as one
 * row on the host's clock, with what was lost among them, as far as it is settled.
 */
#ifndef VMSYNC_ONLINE_FEED_H
#define VMSYNC_ONLINE_FEED_H

#include "analysis/event.h"
#include "online/machine.h"

/** struct online_lost - events of a CPU may be missing, host time */
struct online_lost {
	int64_t from_ns;
	int64_t until_ns;
	uint32_t machine;
	uint32_t cpu;
};

/**
 * struct online_feed - all 0 is empty, but for @gather
 * @lost:	not given yet, in order
 * @given_ns:	time of the last one that was given
 * @sources:	how many there were
 * @wakeups:	the host's recording has sched_wakeup
 */
struct online_feed {
	struct ctf_gather *gather;
	VMSYNC_ARRAY(struct online_lost) lost;
	int64_t given_ns;
	uint32_t sources;
	bool wakeups;
};

/** online_feed_free() - free what it owns */
void online_feed_free(struct online_feed *f);

/**
 * online_feed_ready() - have all read that came of a machine
 * @limit_ns:	what is from there on waits, raw clock value; a guest's
 * Return: 0 or a negative errno.
 */
int online_feed_ready(struct online_feed *f, struct online_machine *m,
		      int64_t limit_ns, struct ctf_error *e);

/** online_feed_lost() - events may be missing, host time; 0 or -ENOMEM */
int online_feed_lost(struct online_feed *f, const struct online_lost *l);

/**
 * online_feed_give() - all that there is before @until_ns, host time
 * @take:	told of each
 * Return: 0 or a negative errno.
 */
int online_feed_give(struct online_feed *f, int64_t until_ns,
		     void (*take)(void *ctx, struct analysis_event *ev),
		     void *ctx, struct ctf_error *e);

#endif /* VMSYNC_ONLINE_FEED_H */
