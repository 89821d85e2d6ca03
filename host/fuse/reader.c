// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuse/decode.h"
#include "fuse/fail.h"
#include "fuse/losses.h"
#include "fuse/reader.h"
#include "fuse/runner.h"

/* vCPU threads that vmsync_vm named: more than any host has at once. */
#define MAX_THREADS 65536

struct thread {
	int32_t tid;
	uint32_t vcpu_id;
	struct vmsync_vm_id vm;
};

struct vmsync_reader {
	enum vmsync_reading what;
	struct vmsync_runs *runs;
	struct vmsync_runner *runner;
	bool old; /* only the thread tells whose a host's answer is */
	struct thread *threads;
	size_t n_threads;
	uint8_t **want; /* by source of the merge */
	struct ctf_merge *merge;
	struct vmsync_decoders **decoders; /* by source of the merge */
	size_t n;
	struct vmsync_losses losses;
	size_t next_loss;
	const struct ctf_event *held; /* read already, but a loss comes first */
};

static void raw_time(void *ctx, const uint64_t *in, uint64_t *out, size_t n)
{
	(void)ctx;
	memcpy(out, in, n * sizeof(*out));
}

const struct ctf_map vmsync_raw_map = { .fn = raw_time };

/* Whether it matters who runs on which CPU. */
static bool follows_threads(const struct vmsync_reader *r)
{
	return r->runner &&
	       (r->what == VMSYNC_READ_RUNS || r->old || r->runs);
}

/* One byte per class: evidence, and what else is to be read. */
static uint8_t *want_of(struct vmsync_reader *r, const struct ctf_trace *t,
			const struct vmsync_decoders *d)
{
	size_t i, n = ctf_trace_classes(t);
	uint8_t *want = malloc(n + 1), *runs = calloc(n + 1, 1);
	int ret = want && runs ? 0 : -ENOMEM;

	if (!ret && r->runner)
		ret = (r->old ? vmsync_runner_add_all : vmsync_runner_add)(
			r->runner, t, runs);
	if (ret) {
		free(want);
		free(runs);
		return NULL;
	}
	if (r->what == VMSYNC_READ_EVENTS)
		memset(want, 1, n);
	else
		memcpy(want, vmsync_decoders_want(d), n);
	for (i = 0; i < n && follows_threads(r); i++)
		want[i] |= runs[i];
	free(runs);
	return want;
}

static int add_trace(struct vmsync_reader *r, const struct ctf_trace *t,
		     struct ctf_error *e)
{
	struct vmsync_decoders *d = vmsync_decoders_new(t);
	int source;

	if (!d)
		return vmsync_fail_memory(e);
	r->decoders[r->n] = d;
	r->old |= vmsync_decoders_old(d);
	r->want[r->n] = want_of(r, t, d);
	if (!r->want[r->n++])
		return vmsync_fail_memory(e);
	source = ctf_merge_add_want(r->merge, t, &vmsync_raw_map,
				    r->want[r->n - 1], e);
	if (source < 0)
		return source;
	if (r->runner)
		ctf_merge_digest(r->merge, source, vmsync_runner_digest,
				 r->runner);
	return vmsync_losses_find(&r->losses, t, e);
}

struct vmsync_reader *vmsync_reader_new(struct ctf_trace *const *traces,
					size_t n,
					const struct vmsync_reader_options *options,
					struct ctf_error *e)
{
	struct vmsync_reader *r = calloc(1, sizeof(*r));
	size_t i;

	if (!r) {
		vmsync_fail_memory(e);
		return NULL;
	}
	r->what = options->what;
	r->runs = options->runs;
	r->merge = ctf_merge_new();
	r->decoders = calloc(n + 1, sizeof(*r->decoders));
	r->want = calloc(n + 1, sizeof(*r->want));
	if (r->what != VMSYNC_READ_EVENTS)
		r->runner = vmsync_runner_new();
	if (!r->merge || !r->decoders || !r->want ||
	    (r->what != VMSYNC_READ_EVENTS && !r->runner)) {
		vmsync_fail_memory(e);
		goto fail;
	}
	ctf_merge_jobs(r->merge, options->jobs);
	for (i = 0; i < n; i++) {
		if (add_trace(r, traces[i], e))
			goto fail;
	}
	return r;
fail:
	vmsync_reader_free(r);
	return NULL;
}

void vmsync_reader_free(struct vmsync_reader *r)
{
	size_t i;

	if (!r)
		return;
	ctf_merge_free(r->merge);
	for (i = 0; i < r->n; i++) {
		vmsync_decoders_free(r->decoders[i]);
		free(r->want[i]);
	}
	free(r->decoders);
	free(r->want);
	free(r->threads);
	vmsync_runner_free(r->runner);
	vmsync_losses_free(&r->losses);
	free(r);
}

static void loss_record(const struct vmsync_loss *loss,
			struct vmsync_evidence *ev)
{
	memset(ev, 0, sizeof(*ev));
	ev->kind = VMSYNC_EV_LOST;
	ev->stamp_ns = loss->from_ns;
	ev->until_ns = loss->until_ns;
	ev->count = loss->count;
}

/* The VM and vCPU of a thread, as KVM's own module named it; the last one. */
static void thread_learn(struct vmsync_reader *r,
			 const struct vmsync_evidence *ev)
{
	struct thread t = { ev->tid, ev->vcpu, ev->vm };
	struct thread *p;
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

static int run_keep(struct vmsync_reader *r, enum vmsync_run run,
		    const struct vmsync_run_of *who, struct ctf_error *e)
{
	struct vmsync_run_end end = {
		.ns = (int64_t)r->held->clock,
		.tid = who->tid,
		.vcpu_id = who->vcpu_id,
		.entry = run == VMSYNC_RUN_ENTRY,
	};

	return vmsync_runs_add(r->runs, &end, e);
}

static void run_record(const struct vmsync_reader *r, enum vmsync_run run,
		       const struct vmsync_run_of *who,
		       struct vmsync_evidence *ev)
{
	size_t i;

	ev->kind = run == VMSYNC_RUN_ENTRY ? VMSYNC_EV_ENTRY : VMSYNC_EV_EXIT;
	ev->tid = who->tid;
	ev->vm.pid = who->pid;
	ev->vcpu = (uint32_t)who->vcpu_id;
	for (i = 0; i < r->n_threads; i++) {
		if (r->threads[i].tid == who->tid) {
			ev->vm = r->threads[i].vm;
			ev->vcpu = r->threads[i].vcpu_id;
		}
	}
}

/* The old addons' host events do not say whose they are. */
static void answer_complete(struct vmsync_reader *r, uint32_t cpu,
			    struct vmsync_evidence *ev)
{
	struct vmsync_run_of who;

	vmsync_runner_at(r->runner, cpu, &who);
	ev->tid = who.tid;
	ev->vm.pid = who.pid;
	ev->vcpu = (uint32_t)who.vcpu_id;
}

/* Return: 1 if the event that is held makes a record, 0, or an error. */
static int held_record(struct vmsync_reader *r, struct vmsync_evidence *ev,
		       struct ctf_error *e)
{
	const struct ctf_event *held = r->held;
	const struct vmsync_decoders *d = r->decoders[held->source];
	struct vmsync_run_of who;
	enum vmsync_run run;

	if (vmsync_decoders_want(d)[held->cls->index]) {
		vmsync_decode(d, held, ev);
		if (ev->kind == VMSYNC_EV_VM)
			thread_learn(r, ev);
		if (r->old && (ev->kind == VMSYNC_EV_GH_HOST ||
			       ev->kind == VMSYNC_EV_HG_HOST))
			answer_complete(r, held->cpu, ev);
		return 1;
	}
	if (r->what == VMSYNC_READ_EVENTS) {
		memset(ev, 0, sizeof(*ev));
		ev->stamp_ns = (int64_t)held->clock;
		ev->kind = VMSYNC_EV_GUEST_EVENT;
		ev->vcpu = held->cpu;
		return 1;
	}
	run = vmsync_runner_event(r->runner, held, &who);
	if (run == VMSYNC_RUN_NONE)
		return 0;
	if (r->runs && run_keep(r, run, &who, e))
		return e->code;
	if (who.tid <= 0 || who.vcpu_id < 0 || r->what != VMSYNC_READ_RUNS)
		return 0;
	memset(ev, 0, sizeof(*ev));
	ev->stamp_ns = (int64_t)held->clock;
	run_record(r, run, &who, ev);
	return 1;
}

/* The next event, 1 or 0 or an error; it stays until it is taken. */
static int hold_next(struct vmsync_reader *r, struct ctf_error *e)
{
	int ret = ctf_merge_next(r->merge, &r->held, e);

	if (ret <= 0)
		r->held = NULL;
	return ret;
}

int vmsync_reader_next(struct vmsync_reader *r, struct vmsync_evidence *ev,
		       struct ctf_error *e)
{
	const struct vmsync_loss *loss;
	int ret;

	for (;;) {
		if (!r->held && hold_next(r, e) < 0)
			return e->code;
		loss = r->next_loss < r->losses.loss.count ?
			       &r->losses.loss.at[r->next_loss] :
			       NULL;
		if (loss &&
		    (!r->held || (int64_t)r->held->clock >= loss->from_ns)) {
			loss_record(loss, ev);
			r->next_loss++;
			return 1;
		}
		if (!r->held)
			return 0;
		ret = held_record(r, ev, e);
		r->held = NULL;
		if (ret)
			return ret;
	}
}
