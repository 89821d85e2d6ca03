/* SPDX-License-Identifier: MIT */
/*
 * Pages that a machine's kernel gave out and took back while it was recorded, by
 * process: what its trace tells by kmem_mm_page_alloc and kmem_mm_page_free. Memory
 * grows with the machine's, at most MEMORY_USE_PAGES of it, and with its processes.
 *
 * Of a page that no event told of nothing is known, but for a look of vmsync-agent's
 * (pages.h) that lies within the recording.
 */
#ifndef VMSYNC_MEMORY_USE_H
#define VMSYNC_MEMORY_USE_H

#include <stdbool.h>

#include "analysis/index.h"
#include "ctf/ctf.h"
#include "memory/pages.h"
#include "sync/base/array.h"

/* Pages that are followed: 1 TiB. Those of more are counted, and no more. */
#define MEMORY_USE_PAGES (1ull << 28)
#define MEMORY_USE_NAME	 16

/**
 * struct memory_user - a process; pages
 * @pid:	-1: not known who it was; 0: the kernel's idle threads
 * @name:	the last one it had; may be anything
 * @allocated, @freed: by it
 * @held:	of those that it allocated, still there
 * @most:	the most that @held was
 */
struct memory_user {
	int32_t pid;
	char name[MEMORY_USE_NAME + 1];
	uint64_t allocated;
	uint64_t freed;
	uint64_t held;
	uint64_t most;
};

/**
 * struct memory_sample - at some time; pages
 * @ns:		of the trace
 * @allocated, @freed: since the sample before
 * @in_use, @released, @certain: as of struct memory_use
 */
struct memory_sample {
	int64_t ns;
	uint64_t allocated;
	uint64_t freed;
	uint64_t in_use;
	uint64_t released;
	uint64_t certain;
};

/**
 * struct memory_use - of one machine
 * @begin_ns, @end_ns: first and last event of pages
 * @in_use:	pages that were allocated in the recording, and not freed
 * @most:	the most that they were
 * @released:	pages that were in use some time in the recording and are free: the host
 *		holds them, unless they were reported to it
 * @certain:	of @released, those that the host was seen to give (@given)
 * @reused:	pages that were released, and allocated again
 * @given:	pages that the host gave the guest in the recording, at its first touch of
 *		them; where it gives 2 MiB at once only that one of them is known
 * @given_again: of pages that it had given before: it had taken them back, or watches
 *		who writes to them
 * @failed:	allocations that got nothing
 * @odd:	pages that were allocated while in use, or freed while free: events are
 *		missing
 * @beyond:	pages that are not followed, and in no other sum
 * @chunk:	who has each page
 * @window_ns:	one sample for each, 0: none
 */
struct memory_use {
	int64_t begin_ns;
	int64_t end_ns;
	uint64_t events;
	uint64_t allocated;
	uint64_t freed;
	uint64_t in_use;
	uint64_t most;
	uint64_t released;
	uint64_t certain;
	uint64_t reused;
	uint64_t given;
	uint64_t given_again;
	uint64_t failed;
	uint64_t odd;
	uint64_t beyond;
	VMSYNC_ARRAY(struct memory_user) users;
	struct analysis_index pids;
	VMSYNC_ARRAY(uint32_t) user_of; /* by number of the pid, ANALYSIS_NONE: gone */
	VMSYNC_ARRAY(struct memory_sample) samples;
	int64_t window_ns;
	struct memory_sample open;
	uint32_t **chunk;
	bool failed_memory;
};

/** memory_use_init() - nothing is known; 0 or -ENOMEM */
int memory_use_init(struct memory_use *u, int64_t window_ns);

/** memory_use_free() - all 0 is fine */
void memory_use_free(struct memory_use *u);

/** memory_use_user() - the number of a process, made where it is new; ANALYSIS_NONE */
uint32_t memory_use_user(struct memory_use *u, int32_t pid);

/**
 * memory_use_gone() - the process has ended: who has its number from now on is another
 * one
 */
void memory_use_gone(struct memory_use *u, int32_t pid);

/** struct memory_block - 2^@order pages from @page, of which an event told at @ns */
struct memory_block {
	int64_t ns;
	uint64_t page;
	uint32_t order;
};

/** memory_use_alloc() - @user got a block; UINT64_MAX for its page: it got none */
void memory_use_alloc(struct memory_use *u, const struct memory_block *b,
		      uint32_t user);

/** memory_use_freed() - @user gave it back */
void memory_use_freed(struct memory_use *u, const struct memory_block *b,
		      uint32_t user);

/** memory_use_given() - the host gave the guest a page, at @ns */
void memory_use_given(struct memory_use *u, int64_t ns, uint64_t page);

/** memory_use_look() - a look at all pages: those are free */
void memory_use_look(struct memory_use *u, const struct memory_pages *free);

/**
 * struct memory_held_against - what events and a look say of the same pages
 * @both:	free by both
 * @events:	free by events only: the kernel has lists of free pages, for each CPU, of
 *		which a look does not know
 * @look:	free by the look only, though events say that they are in use
 * @unknown:	free by the look, of which nothing was known
 */
struct memory_held_against {
	uint64_t both;
	uint64_t events;
	uint64_t look;
	uint64_t unknown;
};

/** memory_use_against() - @but: pages that are left out */
struct memory_held_against memory_use_against(const struct memory_use *u,
					      const struct memory_pages *free,
					      const struct memory_pages *but);

/** memory_use_is_cut() - there are more windows than @samples can have */
bool memory_use_is_cut(const struct memory_use *u);

/**
 * memory_use_end() - no more events: @users are in the order of what they allocated from
 * now on, and are not to be found by their numbers
 * Return: 0, or -ENOMEM if memory was out at some time.
 */
int memory_use_end(struct memory_use *u);

#endif /* VMSYNC_MEMORY_USE_H */
