// SPDX-License-Identifier: MIT
#include "online/ends.h"

#include <errno.h>
#include <stdlib.h>

#include "fuse/runs.h"
#include "sync/left.h"
#include "sync/second.h"

struct online_end {
	int64_t ns;
	unsigned int what;
};

void online_ends_free(struct online_ends *all)
{
	size_t i;

	for (i = 0; i < all->threads.count; i++)
		free(all->threads.at[i].end);
	vmsync_array_free(&all->threads);
}

static struct online_thread *thread_new(struct online_ends *all, int32_t tid)
{
	struct online_end *end = calloc(ONLINE_ENDS, sizeof(*end));
	struct online_thread *t = end ? vmsync_array_add(&all->threads) : NULL;

	if (!t) {
		free(end);
		return NULL;
	}
	*t = (struct online_thread){ .tid = tid, .vcpu_id = -1, .end = end };
	return t;
}

static struct online_thread *thread_of(struct online_ends *all, int32_t tid)
{
	size_t i;

	if (all->last < all->threads.count &&
	    all->threads.at[all->last].tid == tid)
		return &all->threads.at[all->last];
	for (i = 0; i < all->threads.count; i++) {
		if (all->threads.at[i].tid == tid) {
			all->last = i;
			return &all->threads.at[i];
		}
	}
	return thread_new(all, tid);
}

int online_ends_add(struct online_ends *all, int32_t tid, int32_t vcpu_id,
		    int64_t ns, unsigned int what)
{
	struct online_thread *t;

	if (tid <= 0)
		return 0;
	t = thread_of(all, tid);
	if (!t)
		return -ENOMEM;
	if (vcpu_id >= 0)
		t->vcpu_id = vcpu_id;
	t->end[t->n++ % ONLINE_ENDS] = (struct online_end){ ns, what };
	return 0;
}

/* The oldest one that is kept. */
static uint64_t oldest(const struct online_thread *t)
{
	return t->n > ONLINE_ENDS ? t->n - ONLINE_ENDS : 0;
}

/*
 * The first end behind @ns, as a number of @t; t->n: there is none. Whether what is
 * kept goes back that far.
 */
static bool behind(const struct online_thread *t, int64_t ns, uint64_t *number)
{
	uint64_t lo = oldest(t), hi = t->n;

	while (lo < hi) {
		uint64_t mid = lo + (hi - lo) / 2;

		if (t->end[mid % ONLINE_ENDS].ns <= ns)
			lo = mid + 1;
		else
			hi = mid;
	}
	*number = lo;
	return lo > oldest(t) || !oldest(t);
}

/*
 * All threads that were the guest's CPU, one after the other: a guest that moves has
 * several.
 */
static int first_open(void *ctx, const struct vmsync_guest *guest, uint32_t cpu,
		      int64_t after_ns, int64_t until_ns, int64_t *exit_ns)
{
	const struct online_ends *all = ctx;
	bool found = false;
	uint64_t n;
	size_t i;

	*exit_ns = until_ns;
	for (i = 0; i < all->threads.count; i++) {
		const struct online_thread *t = &all->threads.at[i];

		if (!vmsync_guest_has_thread(guest, cpu, t->tid) ||
		    !behind(t, after_ns, &n))
			continue;
		for (; n < t->n && t->end[n % ONLINE_ENDS].ns < *exit_ns; n++) {
			if (t->end[n % ONLINE_ENDS].what != VMSYNC_RUNS_OPEN)
				continue;
			*exit_ns = t->end[n % ONLINE_ENDS].ns;
			found = true;
			break;
		}
	}
	return found;
}

static int last_exit(void *ctx, const struct vmsync_guest *guest, uint32_t cpu,
		     int64_t ns, int64_t *exit_ns)
{
	const struct online_ends *all = ctx;
	struct online_end last = { INT64_MIN, VMSYNC_RUNS_ENTRY };
	uint64_t n;
	size_t i;

	for (i = 0; i < all->threads.count; i++) {
		const struct online_thread *t = &all->threads.at[i];

		if (!vmsync_guest_has_thread(guest, cpu, t->tid) ||
		    !behind(t, ns, &n) || n == oldest(t))
			continue;
		if (t->end[(n - 1) % ONLINE_ENDS].ns > last.ns)
			last = t->end[(n - 1) % ONLINE_ENDS];
	}
	*exit_ns = last.ns;
	return !(last.what & VMSYNC_RUNS_ENTRY);
}

int online_ends_look(struct online_ends *all, struct vmsync_guest *guest)
{
	int ret = vmsync_guest_second_look(guest, first_open, all);

	return ret ? ret : vmsync_guest_left(guest, last_exit, all);
}
