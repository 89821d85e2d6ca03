/* SPDX-License-Identifier: MIT */
/*
 * A kdamond, the kernel's thread that watches memory for DAMON, of our own. All who use
 * DAMON's files share one number, nr_kdamonds, and who writes it removes what others made:
 * it is written only where it is 0. A process that does nothing else makes the kdamond,
 * and removes it again when we let go of it, or end, however that is.
 */
#ifndef VMSYNC_MEMORY_KDAMOND_H
#define VMSYNC_MEMORY_KDAMOND_H

#include <signal.h>
#include <stdint.h>
#include <sys/types.h>

#include "ctf/ctf.h"

/**
 * struct memory_kdamond - one
 * @dir:	its folder
 * @context:	the folder of its only context
 * @keeper:	who removes it
 * @hold:	what the keeper waits for the end of
 * @signals:	as they were before; Ctrl-C and its like wait for memory_kdamond_end()
 * @signal:	one that came, 0: none
 */
struct memory_kdamond {
	int dir;
	int context;
	pid_t keeper;
	int hold;
	sigset_t signals;
	int signal;
};

/** memory_kdamond_check() - could there be one? Changes nothing; 0, or -errno and @e */
int memory_kdamond_check(struct ctf_error *e);

/** memory_kdamond_begin() - make it, with one context that is empty; 0, or -errno and @e */
int memory_kdamond_begin(struct memory_kdamond *k, struct ctf_error *e);

/** memory_kdamond_end() - remove it; if a signal came, it has its usual effect now */
void memory_kdamond_end(struct memory_kdamond *k);

/** memory_kdamond_put() - a text into a file of its context; 0, or -errno and @e */
int memory_kdamond_put(struct memory_kdamond *k, const char *value, struct ctf_error *e,
		       const char *path, ...) __attribute__((format(printf, 4, 5)));

/** memory_kdamond_number() - a number into a file of its context; as above */
int memory_kdamond_number(struct memory_kdamond *k, uint64_t value, struct ctf_error *e,
			  const char *path, ...) __attribute__((format(printf, 4, 5)));

/** memory_kdamond_get() - a number of such a file; as above */
int memory_kdamond_get(struct memory_kdamond *k, uint64_t *value, struct ctf_error *e,
		       const char *path, ...) __attribute__((format(printf, 4, 5)));

/** memory_kdamond_state() - tell it to be "on", and so on; as above */
int memory_kdamond_state(struct memory_kdamond *k, const char *word, struct ctf_error *e);

/** memory_kdamond_wait() - let it work so long; 0, or -EINTR and @e: a signal came */
int memory_kdamond_wait(struct memory_kdamond *k, int64_t ns, struct ctf_error *e);

/** memory_kdamond_cpu_ns() - CPU time that it has used; -1: not known */
int64_t memory_kdamond_cpu_ns(struct memory_kdamond *k);

#endif /* VMSYNC_MEMORY_KDAMOND_H */
