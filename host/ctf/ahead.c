// SPDX-License-Identifier: MIT
/*
 * A task takes some ten microseconds, and so does what is done between two of
 * them; to wake a thread that sleeps can take longer. So whoever has to wait
 * looks for a while before it sleeps. That is of no use, and takes time from
 * others, where threads share a processor: then nobody looks, and nobody looks
 * long who has looked in vain.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include "ctf/ahead.h"
#include "ctf/ctf.h"

#define LOOK_MAX_NS	50000
#define LOOK_MIN_NS	1000
#define LOOKS		16	/* between those at the clock */

struct ahead {
	pthread_mutex_t lock;
	pthread_cond_t work;	/* something is pending, or the end */
	pthread_cond_t done;	/* something is done */
	struct task list;	/* pending tasks, a ring */
	atomic_uint pending;
	unsigned int wake;	/* so many are worth waking a thread for */
	unsigned int asleep;	/* threads that wait for work */
	bool looking;		/* one of them is not asleep yet */
	bool waiting;		/* the owner does, for a task to be done */
	bool ended;
	bool alone;		/* each thread has a processor */
	int64_t work_ns, done_ns;	/* how long to look for either */
	unsigned int n;
	pthread_t thread[];
};

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

/* Whether *@x is not @x0 any more, some time in the next @ns. */
static bool changes(const atomic_uint *x, unsigned int x0, int64_t ns)
{
	int64_t end = now_ns() + ns;
	int i;

	do {
		for (i = 0; i < LOOKS; i++) {
			if (atomic_load_explicit(x, memory_order_relaxed) != x0)
				return true;
			__builtin_ia32_pause();
		}
	} while (now_ns() < end);
	return false;
}

/* With the lock held, but not while it looks. */
static bool look(struct ahead *a, const atomic_uint *x, unsigned int x0,
		 int64_t *ns)
{
	bool seen;

	if (!a->alone)
		return false;
	pthread_mutex_unlock(&a->lock);
	seen = changes(x, x0, *ns);
	pthread_mutex_lock(&a->lock);
	if (seen && *ns < LOOK_MAX_NS)
		*ns *= 2;
	if (!seen && *ns > LOOK_MIN_NS)
		*ns /= 2;
	return seen;
}

static void take(struct ahead *a, struct task *t)
{
	t->next->prev = t->prev;
	t->prev->next = t->next;
	a->pending--;
	t->state = TASK_BUSY;
}

/* With the lock held, but not while it runs. */
static void run(struct ahead *a, struct task *t)
{
	take(a, t);
	pthread_mutex_unlock(&a->lock);
	t->run(t);
	pthread_mutex_lock(&a->lock);
	t->state = TASK_DONE;
	if (a->waiting)
		pthread_cond_signal(&a->done);
}

/* Until something is pending, perhaps. One thread that looks is enough. */
static void rest(struct ahead *a)
{
	bool seen;

	if (!a->looking) {
		a->looking = true;
		seen = look(a, &a->pending, 0, &a->work_ns);
		a->looking = false;
		if (seen || a->pending || a->ended)
			return;
	}
	a->asleep++;
	pthread_cond_wait(&a->work, &a->lock);
	a->asleep--;
}

static void *work(void *arg)
{
	struct ahead *a = arg;

	pthread_mutex_lock(&a->lock);
	while (!a->ended) {
		if (a->pending)
			run(a, a->list.next);
		else
			rest(a);
	}
	pthread_mutex_unlock(&a->lock);
	return NULL;
}

struct ahead *ahead_new(unsigned int threads, unsigned int tasks)
{
	struct ahead *a;

	if (!threads)
		return NULL;
	a = calloc(1, sizeof(*a) + threads * sizeof(a->thread[0]));
	if (!a)
		return NULL;
	a->list.next = a->list.prev = &a->list;
	a->wake = (tasks + 1) / 2;
	a->alone = threads < ctf_jobs(0);
	a->work_ns = a->done_ns = LOOK_MAX_NS;
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->work, NULL);
	pthread_cond_init(&a->done, NULL);
	while (a->n < threads &&
	       !pthread_create(&a->thread[a->n], NULL, work, a))
		a->n++;
	if (a->n)
		return a;
	ahead_free(a);
	return NULL;
}

void ahead_free(struct ahead *a)
{
	unsigned int i;

	if (!a)
		return;
	pthread_mutex_lock(&a->lock);
	a->ended = true;
	pthread_cond_broadcast(&a->work);
	pthread_mutex_unlock(&a->lock);
	for (i = 0; i < a->n; i++)
		pthread_join(a->thread[i], NULL);
	pthread_mutex_destroy(&a->lock);
	pthread_cond_destroy(&a->work);
	pthread_cond_destroy(&a->done);
	free(a);
}

void ahead_push(struct ahead *a, struct task *t)
{
	pthread_mutex_lock(&a->lock);
	t->state = TASK_PENDING;
	t->next = &a->list;
	t->prev = a->list.prev;
	t->prev->next = t;
	a->list.prev = t;
	a->pending++;
	if (a->asleep && a->pending >= a->wake)
		pthread_cond_signal(&a->work);
	pthread_mutex_unlock(&a->lock);
}

void ahead_wait(struct ahead *a, struct task *t)
{
	pthread_mutex_lock(&a->lock);
	while (t->state != TASK_DONE) {
		if (t->state == TASK_PENDING) {
			run(a, t);
		} else if (a->pending) {
			run(a, a->list.next);
		} else if (!look(a, &t->state, TASK_BUSY, &a->done_ns) &&
			   t->state == TASK_BUSY) {
			a->waiting = true;
			pthread_cond_wait(&a->done, &a->lock);
			a->waiting = false;
		}
	}
	t->state = TASK_IDLE;
	pthread_mutex_unlock(&a->lock);
}
