// SPDX-License-Identifier: MIT
/*
 * A task takes some ten microseconds, and so does what is done between two of
 * them; to wake a thread that sleeps can take longer, and costs who wakes it ten
 * more. So whoever has to wait looks for a while before it sleeps. That is of no
 * use, and takes time from others, where threads share a processor: then nobody
 * looks, and nobody looks as long who has looked in vain.
 *
 * Threads help where they have a processor of their own. Beside another program the
 * system may leave one on the processor of the owner for as long as that program runs:
 * the tasks that it does there the owner would do sooner, without switching from one to
 * the other and back for each. A thread that finds itself there keeps away for a while.
 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include "ctf/pool.h"

/*
 * How long at most, and at least for more work: waits are up to as long where a thread
 * has less to do than the others. Who looked shorter would sleep in each of them, and
 * come late to the next task. For what is to be done by another thread there is no
 * such least: where that has lost its processor, looking takes one from it.
 */
#define LOOK_MAX_NS	200000
#define WORK_MIN_NS	50000
#define DONE_MIN_NS	1000
#define LOOKS		16	/* between those at the clock */

/*
 * For how long, the first time, and twice as long each time that it is still so. To find
 * that out costs the owner two switches, some 10 us, so that at the most they are nothing;
 * where it was only for a moment help is missed for no longer than that took.
 */
#define AWAY_LEAST_NS	50000
#define AWAY_MOST_NS	20000000

struct ctf_pool {
	pthread_mutex_t lock;
	pthread_cond_t work;	/* something is pending, or the end */
	pthread_cond_t done;	/* something is done */
	pthread_cond_t end;	/* for those that keep away */
	struct task list;	/* pending tasks, a ring */
	atomic_uint pending;
	atomic_uint idle;	/* threads that look for work, or sleep */
	unsigned int asleep;	/* threads that wait for work */
	bool looking;		/* one of them is not asleep yet */
	unsigned int waiting;	/* threads that wait for a task to be done */
	bool ended;
	bool alone;		/* each thread has a processor */
	int64_t work_ns, done_ns;	/* how long to look for either */
	int cpu;		/* that the owner was on last */
	bool sleeps;		/* the owner does, and needs none */
	unsigned int n;
	pthread_t thread[];
};

static _Thread_local bool is_helper;	/* else it is the owner */

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
static bool look(struct ctf_pool *p, const atomic_uint *x, unsigned int x0,
		 int64_t *ns, int64_t least_ns)
{
	int64_t most = *ns;
	bool seen;

	if (!p->alone)
		return false;
	pthread_mutex_unlock(&p->lock);
	seen = changes(x, x0, most);
	pthread_mutex_lock(&p->lock);
	if (seen && *ns < LOOK_MAX_NS)
		*ns *= 2;
	if (!seen && *ns > least_ns)
		*ns /= 2;
	return seen;
}

static void unlink_task(struct ctf_pool *p, struct task *t)
{
	t->next->prev = t->prev;
	t->prev->next = t->next;
	p->pending--;
}

/* With the lock held: behind all that is pending. */
static void append(struct ctf_pool *p, struct task *t)
{
	t->state = TASK_PENDING;
	t->next = &p->list;
	t->prev = p->list.prev;
	t->prev->next = t;
	p->list.prev = t;
	p->pending++;
	if (p->asleep)
		pthread_cond_signal(&p->work);
}

static void take(struct ctf_pool *p, struct task *t)
{
	unlink_task(p, t);
	t->state = TASK_BUSY;
}

/* With the lock held: as far as it goes now it was run. */
static void put(struct ctf_pool *p, struct task *t, bool done)
{
	if (done)
		t->state = TASK_DONE;
	else
		append(p, t);
	if (!p->waiting)
		return;
	p->sleeps = false;
	pthread_cond_broadcast(&p->done);
}

/* With the lock held, but not while it runs. */
static void run(struct ctf_pool *p, struct task *t)
{
	bool done;

	take(p, t);
	pthread_mutex_unlock(&p->lock);
	done = t->run(t);
	pthread_mutex_lock(&p->lock);
	put(p, t, done);
}

bool pool_idle(const struct ctf_pool *p)
{
	return atomic_load_explicit(&p->idle, memory_order_relaxed);
}

struct task *pool_also(struct ctf_pool *p, const struct task *t)
{
	struct task *other = NULL;

	pthread_mutex_lock(&p->lock);
	if (p->pending && !pool_idle(p) && p->list.next->run == t->run) {
		other = p->list.next;
		take(p, other);
	}
	pthread_mutex_unlock(&p->lock);
	return other;
}

void pool_give(struct ctf_pool *p, struct task *t, bool done)
{
	pthread_mutex_lock(&p->lock);
	put(p, t, done);
	pthread_mutex_unlock(&p->lock);
}

/* The owner that sleeps leaves its processor to others, until it is woken. */
static bool is_in_the_way(const struct ctf_pool *p)
{
	return !p->sleeps && p->cpu == sched_getcpu();
}

/* With the lock held, but not while it sleeps. */
static void keep_away(struct ctf_pool *p, int64_t ns)
{
	int64_t back_ns = now_ns() + ns;
	struct timespec back = { .tv_sec = back_ns / 1000000000,
				 .tv_nsec = back_ns % 1000000000 };

	/* Another one may have slept, while this one was woken for what is pending. */
	if (p->asleep)
		pthread_cond_signal(&p->work);
	while (!p->ended && !pthread_cond_clockwait(&p->end, &p->lock,
						    CLOCK_MONOTONIC, &back))
		;
}

/* Until something is pending, perhaps. One thread that looks is enough. */
static void rest(struct ctf_pool *p)
{
	bool seen;

	p->idle++;
	if (!p->looking) {
		p->looking = true;
		seen = look(p, &p->pending, 0, &p->work_ns, WORK_MIN_NS);
		p->looking = false;
		if (seen || p->pending || p->ended) {
			p->idle--;
			return;
		}
	}
	p->asleep++;
	pthread_cond_wait(&p->work, &p->lock);
	p->asleep--;
	p->idle--;
}

static void *work(void *arg)
{
	struct ctf_pool *p = arg;
	int64_t away_ns = AWAY_LEAST_NS;

	is_helper = true;
	pthread_mutex_lock(&p->lock);
	while (!p->ended) {
		if (!p->pending) {
			rest(p);
		} else if (is_in_the_way(p)) {
			keep_away(p, away_ns);
			if (away_ns < AWAY_MOST_NS)
				away_ns *= 2;
		} else {
			run(p, p->list.next);
			away_ns = AWAY_LEAST_NS;
		}
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

/*
 * Signals are for the thread that called: one that it blocks, to remove what is
 * half written, must not end the process by way of another thread.
 */
static void start(struct ctf_pool *p, unsigned int threads)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (p->n < threads &&
	       !pthread_create(&p->thread[p->n], NULL, work, p))
		p->n++;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

struct ctf_pool *ctf_pool_new(unsigned int jobs)
{
	unsigned int threads = ctf_jobs(jobs) - 1;
	struct ctf_pool *p;

	if (!threads)
		return NULL;
	p = calloc(1, sizeof(*p) + threads * sizeof(p->thread[0]));
	if (!p)
		return NULL;
	p->list.next = p->list.prev = &p->list;
	p->alone = threads < ctf_jobs(0);
	p->work_ns = p->done_ns = LOOK_MAX_NS;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->work, NULL);
	pthread_cond_init(&p->done, NULL);
	pthread_cond_init(&p->end, NULL);
	start(p, threads);
	if (p->n)
		return p;
	ctf_pool_free(p);
	return NULL;
}

void ctf_pool_free(struct ctf_pool *p)
{
	unsigned int i;

	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	p->ended = true;
	pthread_cond_broadcast(&p->work);
	pthread_cond_broadcast(&p->end);
	pthread_mutex_unlock(&p->lock);
	for (i = 0; i < p->n; i++)
		pthread_join(p->thread[i], NULL);
	pthread_mutex_destroy(&p->lock);
	pthread_cond_destroy(&p->work);
	pthread_cond_destroy(&p->done);
	pthread_cond_destroy(&p->end);
	free(p);
}

unsigned int pool_threads(const struct ctf_pool *p)
{
	return p->n;
}

/* With the lock held: where the owner is. */
static void tell_cpu(struct ctf_pool *p)
{
	if (is_helper)
		return;
	p->cpu = sched_getcpu();
	p->sleeps = false;
}

void pool_push(struct ctf_pool *p, struct task *t)
{
	pthread_mutex_lock(&p->lock);
	tell_cpu(p);
	append(p, t);
	pthread_mutex_unlock(&p->lock);
}

void pool_wait(struct ctf_pool *p, struct task *t)
{
	pthread_mutex_lock(&p->lock);
	while (t->state != TASK_DONE) {
		tell_cpu(p);
		if (t->state == TASK_PENDING) {
			run(p, t);
		} else if (p->pending) {
			run(p, p->list.next);
		} else if (!look(p, &t->state, TASK_BUSY, &p->done_ns, DONE_MIN_NS) &&
			   t->state == TASK_BUSY) {
			p->waiting++;
			if (!is_helper)
				p->sleeps = true;
			pthread_cond_wait(&p->done, &p->lock);
			p->waiting--;
		}
	}
	t->state = TASK_IDLE;
	pthread_mutex_unlock(&p->lock);
}

void pool_cancel(struct ctf_pool *p, struct task *t)
{
	pthread_mutex_lock(&p->lock);
	while (t->state == TASK_BUSY) {
		p->waiting++;
		pthread_cond_wait(&p->done, &p->lock);
		p->waiting--;
	}
	/* It may be so again, where it had to be called again. */
	if (t->state == TASK_PENDING)
		unlink_task(p, t);
	t->state = TASK_IDLE;
	pthread_mutex_unlock(&p->lock);
}
