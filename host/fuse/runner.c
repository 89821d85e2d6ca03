// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "fuse/runner.h"

/* A trace may claim any CPU number and any number of threads. */
#define MAX_CPUS    65536
#define MAX_THREADS (1u << 20)
#define MAX_VCPU_ID 4096	/* KVM_MAX_VCPU_IDS */

struct thread {
	int32_t tid; /* 0: free slot */
	int32_t pid;
	int32_t vcpu_id; /* by its name, -1: not known */
	int32_t said_id; /* by its entries and exits, -1: not known */
};

struct vmsync_runner {
	int32_t *running; /* by host CPU, 0: not known */
	uint32_t n_running;
	struct thread *threads; /* open addressing, a power of two */
	uint32_t n_slots;
	uint32_t n_threads;
};

struct vmsync_runner *vmsync_runner_new(void)
{
	return calloc(1, sizeof(struct vmsync_runner));
}

void vmsync_runner_free(struct vmsync_runner *r)
{
	if (!r)
		return;
	free(r->running);
	free(r->threads);
	free(r);
}

static struct thread *slot_of(struct thread *threads, uint32_t n, int32_t tid)
{
	uint32_t i = (uint32_t)tid * 2654435761u & (n - 1);

	while (threads[i].tid && threads[i].tid != tid)
		i = (i + 1) & (n - 1);
	return &threads[i];
}

static bool threads_grow(struct vmsync_runner *r)
{
	uint32_t i, n = r->n_slots ? 2 * r->n_slots : 256;
	struct thread *threads;

	if (n > MAX_THREADS)
		return false;
	threads = calloc(n, sizeof(*threads));
	if (!threads)
		return false;
	for (i = 0; i < r->n_slots; i++) {
		if (r->threads[i].tid)
			*slot_of(threads, n, r->threads[i].tid) = r->threads[i];
	}
	free(r->threads);
	r->threads = threads;
	r->n_slots = n;
	return true;
}

/* What is known of a thread; a thread without a slot stays unknown. */
static struct thread *thread_of(struct vmsync_runner *r, int32_t tid)
{
	static struct thread nobody;
	struct thread *t;

	if (tid <= 0 ||
	    (2 * r->n_threads >= r->n_slots && !threads_grow(r))) {
		nobody = (struct thread){ .vcpu_id = -1, .said_id = -1 };
		return &nobody;
	}
	t = slot_of(r->threads, r->n_slots, tid);
	if (!t->tid) {
		t->tid = tid;
		t->vcpu_id = t->said_id = -1;
		r->n_threads++;
	}
	return t;
}

static void thread_learn(struct vmsync_runner *r, int32_t tid, int32_t pid,
			 int32_t vcpu_id)
{
	struct thread *t = thread_of(r, tid);

	if (pid > 0)
		t->pid = pid;
	if (vcpu_id >= 0)
		t->vcpu_id = vcpu_id;
}

static int32_t *running_on(struct vmsync_runner *r, uint32_t cpu)
{
	static int32_t nobody;
	int32_t *running;

	if (cpu < r->n_running)
		return &r->running[cpu];
	nobody = 0;
	if (cpu >= MAX_CPUS)
		return &nobody;
	running = realloc(r->running, (cpu + 1) * sizeof(*running));
	if (!running)
		return &nobody;
	r->running = running;
	while (r->n_running <= cpu)
		running[r->n_running++] = 0;
	return &running[cpu];
}

void vmsync_runner_forget(struct vmsync_runner *r, uint32_t cpu)
{
	if (cpu < r->n_running)
		r->running[cpu] = 0;
}

/*
 * On kernels from 5.10 on LTTng records the low half of a pointer instead of the
 * number: it is far from any number that KVM gives.
 */
static int32_t said_by(const struct vmsync_role_class *c,
		       const struct ctf_event *ev)
{
	int32_t id = vmsync_role_number(c, VMSYNC_ROLE_VCPU, ev, -1);

	return id < MAX_VCPU_ID ? id : -1;
}

/* The thread's name first; what it says itself for want of something better. */
void vmsync_runner_at(struct vmsync_runner *r,
		      const struct vmsync_role_class *c,
		      const struct ctf_event *ev, struct vmsync_run_of *who)
{
	struct thread *known;
	int32_t said = said_by(c, ev);

	who->tid = vmsync_role_number(c, VMSYNC_ROLE_TID, ev,
				      *running_on(r, ev->cpu));
	known = thread_of(r, who->tid);
	if (said >= 0)
		known->said_id = said;
	who->pid = vmsync_role_number(c, VMSYNC_ROLE_PID, ev, known->pid);
	who->vcpu_id = vmsync_role_named(c, ev);
	if (who->vcpu_id < 0)
		who->vcpu_id = known->vcpu_id;
	if (who->vcpu_id < 0)
		who->vcpu_id = known->said_id;
}

bool vmsync_runner_event(struct vmsync_runner *r,
			 const struct vmsync_role_class *c,
			 const struct ctf_event *ev,
			 struct vmsync_run_of *who)
{
	int32_t tid;

	switch (c->role) {
	case VMSYNC_ROLE_ENTRY:
	case VMSYNC_ROLE_EXIT:
		vmsync_runner_at(r, c, ev, who);
		return true;
	case VMSYNC_ROLE_SWITCH:
		tid = vmsync_role_number(c, VMSYNC_ROLE_TID, ev, 0);
		*running_on(r, ev->cpu) = tid;
		thread_learn(r, tid, 0, vmsync_role_named(c, ev));
		break;
	case VMSYNC_ROLE_DUMP:
		thread_learn(r, vmsync_role_number(c, VMSYNC_ROLE_TID, ev, 0),
			     vmsync_role_number(c, VMSYNC_ROLE_PID, ev, 0),
			     vmsync_role_named(c, ev));
		break;
	case VMSYNC_ROLE_NONE:
		break;
	}
	return false;
}
