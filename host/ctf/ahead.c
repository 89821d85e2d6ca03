// SPDX-License-Identifier: MIT
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "ctf/ahead.h"

struct ahead {
	pthread_mutex_t lock;
	pthread_cond_t work;	/* something is pending, or the end */
	pthread_cond_t done;	/* something is done */
	struct task list;	/* pending tasks, a ring */
	unsigned int pending;
	unsigned int wake;	/* so many are worth waking a thread for */
	unsigned int asleep;	/* threads that wait for work */
	bool waiting;		/* the owner does, for a task to be done */
	bool ended;
	unsigned int n;
	pthread_t thread[];
};

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

static void *work(void *arg)
{
	struct ahead *a = arg;

	pthread_mutex_lock(&a->lock);
	while (!a->ended) {
		if (a->pending) {
			run(a, a->list.next);
			continue;
		}
		a->asleep++;
		pthread_cond_wait(&a->work, &a->lock);
		a->asleep--;
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
		} else {
			a->waiting = true;
			pthread_cond_wait(&a->done, &a->lock);
			a->waiting = false;
		}
	}
	t->state = TASK_IDLE;
	pthread_mutex_unlock(&a->lock);
}
