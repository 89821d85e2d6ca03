/* SPDX-License-Identifier: MIT */
/* Work that other threads do before its result is needed. */
#ifndef CTF_AHEAD_H
#define CTF_AHEAD_H

#include <stdatomic.h>

struct ahead;

enum task_state {
	TASK_IDLE,		/* nobody's: its owner may change it */
	TASK_PENDING,
	TASK_BUSY,
	TASK_DONE,
};

/**
 * struct task - something to be done
 * @run:	does it; called in any thread, at no time twice
 * The rest is ahead.c's.
 */
struct task {
	void (*run)(struct task *t);
	atomic_uint state;	/* of enum task_state */
	struct task *next, *prev;
};

/*
 * With @threads threads beside the caller's, for @tasks tasks that are pushed
 * again and again. NULL where none can be had.
 */
struct ahead *ahead_new(unsigned int threads, unsigned int tasks);
/* Waits for what has begun and forgets what has not. NULL is fine. */
void ahead_free(struct ahead *a);
/* Have @t done some time. */
void ahead_push(struct ahead *a, struct task *t);
/*
 * Until @t, which was pushed, is done. While others are at it the caller does
 * what else is pending.
 */
void ahead_wait(struct ahead *a, struct task *t);

#endif /* CTF_AHEAD_H */
