// SPDX-License-Identifier: MIT
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "ctf/ctf.h"
#include "export/block.h"

#define RECORDS	 (32u << 10) /* bytes of a block */
#define TEXT	 (128u << 10) /* bytes that its text needs, as a rule */
#define MAX_JOBS 8	      /* more find nothing to do */

enum state {
	EMPTY,
	FULL,	/* to be printed */
	BUSY,	/* being printed */
	PRINTED,
};

/*
 * A ring: blocks are filled, taken and written in order, each counted since
 * the beginning. written <= taken <= filled <= written + n.
 */
struct blocks {
	int fd;
	void (*print)(struct record_block *b);
	size_t n;
	struct record_block *ring;
	uint64_t filled;
	uint64_t taken;
	uint64_t written;
	bool writing; /* somebody is */
	bool stop;
	int error;
	pthread_mutex_t lock;
	pthread_cond_t work;  /* a block is full, or it is over */
	pthread_cond_t space; /* a block was written */
	unsigned int n_threads;
	pthread_t threads[MAX_JOBS];
};

static struct record_block *at(const struct blocks *bs, uint64_t i)
{
	return &bs->ring[i % bs->n];
}

/* One that was large keeps no more than others. */
static void empty(struct record_block *b)
{
	if (b->out.end - b->out.start > 4 * (long)TEXT) {
		out_free(&b->out);
		out_new(&b->out, TEXT, -1);
	}
	b->p = b->start;
	b->state = EMPTY;
}

/* Writes what is next in order. Called with the lock, which is let go of. */
static void write_printed(struct blocks *bs)
{
	struct record_block *b;

	if (bs->writing)
		return; /* who writes sees this one, too */
	bs->writing = true;
	while (bs->written < bs->taken &&
	       (b = at(bs, bs->written))->state == PRINTED) {
		int error = bs->error;

		pthread_mutex_unlock(&bs->lock);
		if (!error)
			error = out_write(&b->out, bs->fd);
		empty(b);
		pthread_mutex_lock(&bs->lock);
		bs->error = error;
		bs->written++;
		pthread_cond_signal(&bs->space);
	}
	bs->writing = false;
}

/* Prints the next full block; with the lock. */
static void print_one(struct blocks *bs)
{
	struct record_block *b = at(bs, bs->taken++);

	b->state = BUSY;
	pthread_mutex_unlock(&bs->lock);
	bs->print(b);
	pthread_mutex_lock(&bs->lock);
	b->state = PRINTED;
	write_printed(bs);
}

static void *run(void *arg)
{
	struct blocks *bs = arg;

	pthread_mutex_lock(&bs->lock);
	for (;;) {
		while (bs->taken == bs->filled && !bs->stop)
			pthread_cond_wait(&bs->work, &bs->lock);
		if (bs->stop)
			break;
		print_one(bs);
	}
	pthread_mutex_unlock(&bs->lock);
	return NULL;
}

static unsigned int limit(unsigned int jobs)
{
	jobs = ctf_jobs(jobs);
	return jobs > MAX_JOBS ? MAX_JOBS : jobs;
}

static bool ring_new(struct blocks *bs)
{
	size_t i;

	bs->ring = calloc(bs->n, sizeof(*bs->ring));
	for (i = 0; bs->ring && i < bs->n; i++) {
		struct record_block *b = &bs->ring[i];

		b->start = b->p = calloc(1, RECORDS + BLOCK_PAD);
		if (!b->start || !out_new(&b->out, TEXT, -1))
			return false;
		b->end = b->start + RECORDS / sizeof(*b->start);
	}
	return bs->ring;
}

struct blocks *blocks_new(int fd, unsigned int jobs,
			  void (*print)(struct record_block *b))
{
	struct blocks *bs = calloc(1, sizeof(*bs));

	if (!bs)
		return NULL;
	bs->fd = fd;
	bs->print = print;
	jobs = limit(jobs);
	bs->n = jobs == 1 ? 1 : 3 * jobs;
	pthread_mutex_init(&bs->lock, NULL);
	pthread_cond_init(&bs->work, NULL);
	pthread_cond_init(&bs->space, NULL);
	if (!ring_new(bs)) {
		blocks_free(bs);
		return NULL;
	}
	/* Without a thread it is the caller who prints. */
	while (bs->n_threads + 1 < jobs &&
	       !pthread_create(&bs->threads[bs->n_threads], NULL, run, bs))
		bs->n_threads++;
	return bs;
}

void blocks_free(struct blocks *bs)
{
	size_t i;

	if (!bs)
		return;
	pthread_mutex_lock(&bs->lock);
	bs->stop = true;
	pthread_cond_broadcast(&bs->work);
	pthread_mutex_unlock(&bs->lock);
	for (i = 0; i < bs->n_threads; i++)
		pthread_join(bs->threads[i], NULL);
	for (i = 0; bs->ring && i < bs->n; i++) {
		free(bs->ring[i].start);
		out_free(&bs->ring[i].out);
	}
	free(bs->ring);
	pthread_cond_destroy(&bs->space);
	pthread_cond_destroy(&bs->work);
	pthread_mutex_destroy(&bs->lock);
	free(bs);
}

struct record_block *blocks_now(struct blocks *bs)
{
	return at(bs, bs->filled);
}

/* Fills in until no more than @most blocks are on their way. */
static int hand_over(struct blocks *bs, uint64_t most)
{
	int error;

	pthread_mutex_lock(&bs->lock);
	at(bs, bs->filled++)->state = FULL;
	pthread_cond_signal(&bs->work);
	while (bs->filled - bs->written > most) {
		if (bs->taken < bs->filled)
			print_one(bs);
		else
			pthread_cond_wait(&bs->space, &bs->lock);
	}
	error = bs->error;
	pthread_mutex_unlock(&bs->lock);
	return error;
}

int blocks_next(struct blocks *bs)
{
	return hand_over(bs, bs->n - 1);
}

int blocks_flush(struct blocks *bs)
{
	return hand_over(bs, 0);
}
