/* SPDX-License-Identifier: MIT */
/* Work that other threads do before its result is needed. */
#ifndef CTF_POOL_H
#define CTF_POOL_H

#include <stdatomic.h>
#include <stdbool.h>

#include "ctf/ctf.h"

enum task_state {
	TASK_IDLE,		/* nobody's: its owner may change it */
	TASK_PENDING,
	TASK_BUSY,
	TASK_DONE,
};

/**
 * struct task - something to be done
 * @run:	does it, or a part of it that does not take long: false where it has to
 *		be called again; in any thread, at no time twice
 * The rest is pool.c's.
 */
struct task {
	bool (*run)(struct task *t);
	atomic_uint state;	/* of enum task_state */
	struct task *next, *prev;
};

/* How many threads there are, besides the owner's. */
unsigned int pool_threads(const struct ctf_pool *p);
/* Have @t done some time. */
void pool_push(struct ctf_pool *p, struct task *t);
/*
 * Until @t, which was pushed, is done; by who owns the pool, or by a task. While others
 * are at it the caller does what else is pending.
 */
void pool_wait(struct ctf_pool *p, struct task *t);
/*
 * Another one that is pending and has the same @run, for a task that runs: it is better
 * done together with that one, unless another thread has nothing to do. NULL: there is
 * none. It goes back with pool_give(), @done or not.
 */
struct task *pool_also(struct ctf_pool *p, const struct task *t);
void pool_give(struct ctf_pool *p, struct task *t, bool done);
/* Whether another thread has nothing to do. */
bool pool_idle(const struct ctf_pool *p);
/* Not any more: it is forgotten, or has been done when this returns. */
void pool_cancel(struct ctf_pool *p, struct task *t);

#endif /* CTF_POOL_H */
