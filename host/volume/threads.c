// SPDX-License-Identifier: MIT
#include <errno.h>

#include "volume/threads.h"

static struct volume_thread *thread_add(struct volume_threads *t, int32_t tid,
					uint32_t guest, uint32_t cpu)
{
	uint32_t n = analysis_index_put(&t->tids, (uint32_t)tid);
	struct volume_thread *p;

	if (n == ANALYSIS_NONE)
		return NULL;
	p = n < t->at.count ? &t->at.at[n] : vmsync_array_add(&t->at);
	if (p)
		*p = (struct volume_thread){ .guest = guest, .cpu = cpu,
					     .exit_ns = INT64_MIN };
	return p;
}

int volume_threads_init(struct volume_threads *t, const struct vmsync_session *s)
{
	size_t i;
	uint32_t cpu;

	t->session = s;
	for (i = 0; i < s->n_guests; i++) {
		const struct vmsync_guest_report *r = s->guests[i].report;

		for (cpu = 0; cpu < r->n_cpus; cpu++) {
			if (r->cpus[cpu].known && r->cpus[cpu].tid > 0 &&
			    !thread_add(t, r->cpus[cpu].tid, (uint32_t)i, cpu))
				return -ENOMEM;
		}
	}
	return 0;
}

void volume_threads_rest(struct volume_threads *t)
{
	size_t i;

	for (i = 0; i < t->at.count; i++) {
		t->at.at[i].in_call = false;
		t->at.at[i].exit_ns = INT64_MIN;
	}
}

void volume_threads_free(struct volume_threads *t)
{
	analysis_index_free(&t->tids);
	vmsync_array_free(&t->at);
}

struct volume_thread *volume_thread_find(const struct volume_threads *t,
					 int32_t tid)
{
	uint32_t n = analysis_index_find(&t->tids, (uint32_t)tid);

	return n < t->at.count ? &t->at.at[n] : NULL;
}

static bool is_of(const struct volume_threads *t, size_t guest, int32_t pid)
{
	const struct vmsync_guest_report *r = t->session->guests[guest].report;

	return r->found && r->vm.pid == pid;
}

struct volume_thread *volume_thread_of(struct volume_threads *t,
				       const struct volume_event *ev)
{
	struct volume_thread *p = volume_thread_find(t, ev->tid);
	size_t i;

	if (ev->tid <= 0)
		return NULL;
	/* A number may be given to another process's thread. */
	if (p)
		return ev->pid && !is_of(t, p->guest, ev->pid) ? NULL : p;
	for (i = 0; ev->pid > 0 && i < t->session->n_guests; i++) {
		if (is_of(t, i, ev->pid))
			return t->at.count < VOLUME_MOST_THREADS ?
				       thread_add(t, ev->tid, (uint32_t)i,
						  ANALYSIS_NONE) :
				       NULL;
	}
	return NULL;
}
