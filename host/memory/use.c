// SPDX-License-Identifier: MIT
#include "memory/use.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK 4096ull
#define MOST_ORDER 10 /* of any kernel on x86 */
#define MOST_SAMPLES 1000000 /* some 70 MiB; windows behind are not told, and that is */
#define MOST_USERS (1u << 24)

/* What is known of a page; from IN_USE on who has it. */
enum { UNKNOWN, RELEASED, FREE, IN_USE };

/* And whether the host was seen to give it. */
#define GIVEN (1u << 31)

static uint32_t state_of(uint32_t page)
{
	return page & ~GIVEN;
}

int memory_use_init(struct memory_use *u, int64_t window_ns)
{
	*u = (struct memory_use){ .window_ns = window_ns };
	u->chunk = calloc(MEMORY_USE_PAGES / CHUNK, sizeof(*u->chunk));
	return u->chunk ? 0 : -ENOMEM;
}

void memory_use_free(struct memory_use *u)
{
	size_t i;

	for (i = 0; u->chunk && i < MEMORY_USE_PAGES / CHUNK; i++)
		free(u->chunk[i]);
	free(u->chunk);
	vmsync_array_free(&u->users);
	vmsync_array_free(&u->user_of);
	vmsync_array_free(&u->samples);
	analysis_index_free(&u->pids);
	*u = (struct memory_use){ 0 };
}

static uint32_t *user_of(struct memory_use *u, int32_t pid)
{
	uint32_t n = analysis_index_put(&u->pids, (uint32_t)pid);

	while (n != ANALYSIS_NONE && u->user_of.count <= n) {
		uint32_t *p = vmsync_array_add(&u->user_of);

		if (!p)
			return NULL;
		*p = ANALYSIS_NONE;
	}
	return n == ANALYSIS_NONE ? NULL : &u->user_of.at[n];
}

uint32_t memory_use_user(struct memory_use *u, int32_t pid)
{
	uint32_t *n = user_of(u, pid);
	struct memory_user *p;

	if (n && *n != ANALYSIS_NONE)
		return *n;
	p = n && u->users.count < MOST_USERS ? vmsync_array_add(&u->users) : NULL;
	if (!p) {
		u->failed_memory = true;
		return ANALYSIS_NONE;
	}
	*p = (struct memory_user){ .pid = pid };
	return *n = (uint32_t)u->users.count - 1;
}

void memory_use_gone(struct memory_use *u, int32_t pid)
{
	uint32_t *n = user_of(u, pid);

	if (n)
		*n = ANALYSIS_NONE;
	else
		u->failed_memory = true;
}

/* Where it is told who has a page; NULL: it is not followed. */
static uint32_t *page_of(struct memory_use *u, uint64_t page)
{
	uint32_t **chunk;

	if (page >= MEMORY_USE_PAGES)
		return NULL;
	chunk = &u->chunk[page / CHUNK];
	if (!*chunk) {
		*chunk = calloc(CHUNK, sizeof(**chunk));
		if (!*chunk) {
			u->failed_memory = true;
			return NULL;
		}
	}
	return &(*chunk)[page % CHUNK];
}

/* Stamps may be anything. */
static int64_t later(int64_t ns, int64_t by_ns)
{
	return ns > INT64_MAX - by_ns ? INT64_MAX : ns + by_ns;
}

/* A window ends where the first event after it comes; empty ones are told, too. */
bool memory_use_is_cut(const struct memory_use *u)
{
	return u->samples.count == MOST_SAMPLES;
}

static void sample_end(struct memory_use *u)
{
	struct memory_sample *p;

	if (memory_use_is_cut(u))
		return;
	p = vmsync_array_add(&u->samples);
	if (!p) {
		u->failed_memory = true;
		return;
	}
	u->open.in_use = u->in_use;
	u->open.released = u->released;
	u->open.certain = u->certain;
	*p = u->open;
	u->open = (struct memory_sample){ .ns = later(u->open.ns, u->window_ns) };
}

static void event_at(struct memory_use *u, int64_t ns)
{
	if (!u->events++) {
		u->begin_ns = u->end_ns = ns;
		u->open.ns = later(ns, u->window_ns);
	}
	if (ns > u->end_ns)
		u->end_ns = ns;
	while (u->window_ns && ns >= u->open.ns && !u->failed_memory &&
	       !memory_use_is_cut(u))
		sample_end(u);
}

/* It is nobody's any more. */
static void leave(struct memory_use *u, uint32_t *page)
{
	uint32_t state = state_of(*page);

	if (state >= IN_USE) {
		u->users.at[state - IN_USE].held--;
		u->in_use--;
	} else if (state == RELEASED) {
		u->released--;
		u->certain -= *page != state;
	}
	*page &= GIVEN;
}

static void page_alloc(struct memory_use *u, uint32_t *page, uint32_t user)
{
	struct memory_user *p = &u->users.at[user];

	u->odd += state_of(*page) >= IN_USE;
	u->reused += state_of(*page) == RELEASED;
	leave(u, page);
	*page |= IN_USE + user;
	u->in_use++;
	if (++p->held > p->most)
		p->most = p->held;
}

/* A block that no kernel has tells nothing. Return: its pages. */
static uint64_t pages_of(struct memory_use *u, const struct memory_block *b)
{
	event_at(u, b->ns);
	if (b->page == UINT64_MAX) {
		u->failed++;
		return 0;
	}
	if (b->order > MOST_ORDER) {
		u->odd++;
		return 0;
	}
	if (b->page >= MEMORY_USE_PAGES) {
		u->beyond += 1ull << b->order;
		return 0;
	}
	return 1ull << b->order;
}

void memory_use_alloc(struct memory_use *u, const struct memory_block *b,
		      uint32_t user)
{
	uint64_t n = pages_of(u, b), i;
	uint32_t *page;

	if (user == ANALYSIS_NONE)
		return;
	u->allocated += n;
	u->open.allocated += n;
	u->users.at[user].allocated += n;
	for (i = 0; i < n; i++) {
		page = page_of(u, b->page + i);
		if (page)
			page_alloc(u, page, user);
		else
			u->beyond++;
	}
	if (u->in_use > u->most)
		u->most = u->in_use;
}

void memory_use_freed(struct memory_use *u, const struct memory_block *b,
		      uint32_t user)
{
	uint64_t n = pages_of(u, b), i;
	uint32_t *page;

	if (user == ANALYSIS_NONE)
		return;
	u->freed += n;
	u->open.freed += n;
	u->users.at[user].freed += n;
	for (i = 0; i < n; i++) {
		page = page_of(u, b->page + i);
		if (!page) {
			u->beyond++;
			continue;
		}
		u->odd += state_of(*page) == RELEASED || state_of(*page) == FREE;
		leave(u, page);
		u->certain += !!*page;
		u->released++;
		*page |= RELEASED;
	}
}

void memory_use_given(struct memory_use *u, int64_t ns, uint64_t number)
{
	uint32_t *page = page_of(u, number);

	event_at(u, ns);
	if (!page)
		return;
	if (*page & GIVEN) {
		u->given_again++;
		return;
	}
	u->given++;
	u->certain += *page == RELEASED;
	*page |= GIVEN;
}

void memory_use_look(struct memory_use *u, const struct memory_pages *free)
{
	uint64_t at = 0, n, i;
	uint32_t *page;

	for (; (n = memory_pages_next(free, &at)); at += n) {
		for (i = at; i < at + n; i++) {
			page = page_of(u, i);
			/* What events have told since is later. */
			if (page && state_of(*page) == UNKNOWN)
				*page |= FREE;
		}
	}
}

struct memory_held_against memory_use_against(const struct memory_use *u,
					      const struct memory_pages *free,
					      const struct memory_pages *but)
{
	struct memory_held_against a = { 0 };
	uint64_t i;

	for (i = 0; i < free->n && i < MEMORY_USE_PAGES; i++) {
		const uint32_t *chunk = u->chunk[i / CHUNK];
		uint32_t page = chunk ? state_of(chunk[i % CHUNK]) : UNKNOWN;
		bool look = memory_pages_has(free, i);

		if (memory_pages_has(but, i))
			continue;
		if (page == UNKNOWN)
			a.unknown += look;
		else if (page >= IN_USE)
			a.look += look;
		else if (look)
			a.both++;
		else
			a.events++;
	}
	return a;
}

static int by_allocated(const void *a, const void *b)
{
	const struct memory_user *x = a, *y = b;

	if (x->allocated != y->allocated)
		return x->allocated < y->allocated ? 1 : -1;
	return x->pid < y->pid ? -1 : x->pid > y->pid;
}

int memory_use_end(struct memory_use *u)
{
	if (u->events && u->window_ns)
		sample_end(u);
	if (u->users.count)
		qsort(u->users.at, u->users.count, sizeof(*u->users.at), by_allocated);
	return u->failed_memory ? -ENOMEM : 0;
}
