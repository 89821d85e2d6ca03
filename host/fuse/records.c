// SPDX-License-Identifier: MIT
#include "fuse/records.h"

#include <stdlib.h>
#include <string.h>

/* vCPU threads that vmsync_vm named: more than any host has at once. */
#define MAX_THREADS 65536

struct vmsync_records_thread {
	int32_t tid;
	uint32_t vcpu_id;
	struct vmsync_vm_id vm;
};

void vmsync_records_free(struct vmsync_records *r)
{
	free(r->threads);
	vmsync_runner_free(r->runner);
}

/* The VM and vCPU of a thread, as KVM's own module named it; the last one. */
static void thread_learn(struct vmsync_records *r,
			 const struct vmsync_evidence *ev)
{
	struct vmsync_records_thread t = { ev->tid, ev->vcpu, ev->vm };
	struct vmsync_records_thread *p;
	size_t i;

	for (i = 0; i < r->n_threads; i++) {
		if (r->threads[i].tid == ev->tid) {
			r->threads[i] = t;
			return;
		}
	}
	if (r->n_threads == MAX_THREADS)
		return;
	p = realloc(r->threads, (r->n_threads + 1) * sizeof(*p));
	if (!p)
		return;
	r->threads = p;
	p[r->n_threads++] = t;
}

/*
 * Who ran on a CPU may have changed where something is missing: before a packet,
 * or anywhere in it. Return: whether that is so of all of it.
 */
static bool packet_see(struct vmsync_records *r,
		       struct vmsync_records_stream *from,
		       const struct ctf_event *held)
{
	const struct ctf_packet *p = held->packet;

	if (from->reached == p->offset + 1)
		return p->dropped;
	if (p->lost || p->dropped ||
	    (!from->reached && !(p->has & CTF_HAS_SEQ)))
		vmsync_runner_forget(r->runner, held->cpu);
	from->reached = p->offset + 1;
	return p->dropped;
}

static void run_record(const struct vmsync_records *r, bool entry,
		       const struct vmsync_run_of *who,
		       struct vmsync_evidence *ev)
{
	size_t i;

	ev->kind = entry ? VMSYNC_EV_ENTRY : VMSYNC_EV_EXIT;
	ev->tid = who->tid;
	ev->vm.pid = who->pid;
	ev->vcpu = (uint32_t)who->vcpu_id;
	/* Whose process is not known may be any VM's: it is one by itself. */
	if (who->pid <= 0)
		ev->vm.serial = (uint32_t)who->tid;
	for (i = 0; i < r->n_threads; i++) {
		if (r->threads[i].tid == who->tid) {
			ev->vm = r->threads[i].vm;
			ev->vcpu = r->threads[i].vcpu_id;
		}
	}
}

/* The old addons' host events do not say whose they are. */
static void answer_complete(struct vmsync_records *r,
			    const struct vmsync_role_class *c,
			    const struct ctf_event *held,
			    struct vmsync_evidence *ev)
{
	struct vmsync_run_of who;

	vmsync_runner_at(r->runner, c, held, &who);
	ev->tid = who.tid;
	ev->vm.pid = who.pid;
	ev->vcpu = (uint32_t)who.vcpu_id;
}

/* Evidence by itself. */
static void evidence(struct vmsync_records *r,
		     const struct vmsync_decoders *d,
		     const struct vmsync_role_class *c,
		     const struct ctf_event *held, struct vmsync_evidence *ev)
{
	vmsync_decode(d, held, ev);
	if (ev->kind == VMSYNC_EV_VM)
		thread_learn(r, ev);
	if (r->old && (ev->kind == VMSYNC_EV_GH_HOST ||
		       ev->kind == VMSYNC_EV_HG_HOST))
		answer_complete(r, c, held, ev);
}

int vmsync_records_take(struct vmsync_records *r,
			struct vmsync_records_stream *from,
			const struct ctf_event *held,
			struct vmsync_evidence *ev, struct ctf_error *e)
{
	const struct vmsync_role_class *c = &from->roles->cls[held->cls->index];
	bool lossy = r->runner && packet_see(r, from, held), run;
	struct vmsync_run_of who;

	if (vmsync_decoders_want(from->decoders)[held->cls->index]) {
		evidence(r, from->decoders, c, held, ev);
		return 1;
	}
	if (r->what == VMSYNC_READ_EVENTS) {
		memset(ev, 0, sizeof(*ev));
		ev->stamp_ns = (int64_t)held->clock;
		ev->kind = VMSYNC_EV_GUEST_EVENT;
		ev->vcpu = held->cpu;
		return 1;
	}
	run = vmsync_runner_event(r->runner, c, held, &who);
	if (lossy)
		vmsync_runner_forget(r->runner, held->cpu);
	if (!run)
		return 0;
	if (r->run && r->run(r->run_ctx, held, c, &who, e))
		return e->code;
	if (who.tid <= 0 || who.vcpu_id < 0 || r->what != VMSYNC_READ_RUNS)
		return 0;
	memset(ev, 0, sizeof(*ev));
	ev->stamp_ns = (int64_t)held->clock;
	run_record(r, c->role == VMSYNC_ROLE_ENTRY, &who, ev);
	return 1;
}
