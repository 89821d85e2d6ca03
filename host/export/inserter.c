// SPDX-License-Identifier: MIT
#ifdef VMSYNC_SQLITE
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "export/inserter.h"

#define MOST 8 /* blocks on their way */

/*
 * @full:	a ring of @count blocks, in order, from @first on: the inserter's turn;
 *		the first one may be with it
 * @empty:	[@n_empty] used before: each is here, on its way, or one of those that
 *		are filled, one a table
 * @result:	of what failed first
 */
struct inserter {
	pthread_t thread;
	bool apart;
	pthread_mutex_t lock;	/* of what follows */
	pthread_cond_t more;	/* for the thread: a block, or the end */
	pthread_cond_t less;	/* for who waits: one block fewer */
	struct bulk_rows *full[MOST];
	unsigned int first, count;
	struct bulk_rows *empty[MOST + EXPORT_TABLES];
	unsigned int n_empty;
	int result;
	bool ended;
};

/* The first block goes into its table; with the lock held, but not while it does. */
static void insert_first(struct inserter *n)
{
	struct bulk_rows *rows = n->full[n->first];
	int result = n->result;

	if (!result) {
		pthread_mutex_unlock(&n->lock);
		result = bulk_insert(rows);
		pthread_mutex_lock(&n->lock);
		n->result = result;
	}
	bulk_rows_clear(rows);
	n->first = (n->first + 1) % MOST;
	n->count--;
	n->empty[n->n_empty++] = rows;
	pthread_cond_signal(&n->less);
}

static void *insert_all(void *arg)
{
	struct inserter *n = arg;

	pthread_mutex_lock(&n->lock);
	while (n->count || !n->ended) {
		if (n->count)
			insert_first(n);
		else
			pthread_cond_wait(&n->more, &n->lock);
	}
	pthread_mutex_unlock(&n->lock);
	return NULL;
}

/* Signals are for the thread that called: see ctf/pool.c. */
static bool start(struct inserter *n)
{
	sigset_t all, before;
	int ret;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	ret = pthread_create(&n->thread, NULL, insert_all, n);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return !ret;
}

struct inserter *inserter_new(bool apart)
{
	struct inserter *n = calloc(1, sizeof(*n));

	if (!n)
		return NULL;
	pthread_mutex_init(&n->lock, NULL);
	pthread_cond_init(&n->more, NULL);
	pthread_cond_init(&n->less, NULL);
	n->apart = apart && start(n);
	return n;
}

/* @result: nothing more is inserted if it is not 0 */
static int stop(struct inserter *n, int result)
{
	pthread_mutex_lock(&n->lock);
	n->ended = true;
	if (!n->result)
		n->result = result;
	result = n->result;
	pthread_cond_signal(&n->more);
	pthread_mutex_unlock(&n->lock);
	if (n->apart) {
		pthread_join(n->thread, NULL);
		result = n->result;
	}
	n->apart = false;
	return result;
}

void inserter_free(struct inserter *n)
{
	if (!n)
		return;
	stop(n, SQLITE_ABORT);
	while (n->n_empty)
		bulk_rows_free(n->empty[--n->n_empty]);
	pthread_mutex_destroy(&n->lock);
	pthread_cond_destroy(&n->more);
	pthread_cond_destroy(&n->less);
	free(n);
}

/* Takes over @rows as soon as there is room; with the lock held. */
static void put(struct inserter *n, struct bulk_rows *rows)
{
	while (n->count == MOST)
		pthread_cond_wait(&n->less, &n->lock);
	n->full[(n->first + n->count++) % MOST] = rows;
	if (n->apart)
		pthread_cond_signal(&n->more);
	else
		insert_first(n);
}

int inserter_put(struct inserter *n, struct bulk_rows **rows)
{
	int result;

	pthread_mutex_lock(&n->lock);
	if (*rows)
		put(n, *rows);
	*rows = NULL;
	result = n->result;
	if (!result && n->n_empty)
		*rows = n->empty[--n->n_empty];
	pthread_mutex_unlock(&n->lock);
	if (result || *rows)
		return result;
	*rows = bulk_rows_new();
	return *rows ? SQLITE_OK : SQLITE_NOMEM;
}

int inserter_end(struct inserter *n)
{
	return stop(n, SQLITE_OK);
}

#endif /* VMSYNC_SQLITE */
