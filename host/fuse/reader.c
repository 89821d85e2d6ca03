// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuse/decode.h"
#include "fuse/fail.h"
#include "fuse/lane.h"
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

/*
 * One of the machine's traces. @like: all is that of the source before it, which
 * has the same classes, as the chunks of a session do.
 */
struct source {
	bool like;
	struct vmsync_decoders *decoders;
	struct vmsync_roles *roles;
	uint8_t *want; /* by class */
};

struct vmsync_reader {
	enum vmsync_reading what;
	struct vmsync_runs_lane *runs; /* where the runner's go, or NULL */
	struct vmsync_runner *runner;  /* NULL: who runs does not matter here */
	struct vmsync_lane **lanes;    /* by stream of the merge, or NULL */
	bool old; /* only the thread tells whose a host's answer is */
	struct thread *threads;
	size_t n_threads;
	struct ctf_merge *merge;
	struct source *sources; /* by trace */
	size_t n;
	uint32_t *source_of; /* by stream of the merge */
	size_t n_streams;
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

/* One byte per class: evidence, and what else is to be read. */
static int want_make(struct vmsync_reader *r, const struct ctf_trace *t,
		     struct source *s)
{
	size_t n = ctf_trace_classes(t);

	if (s->like) {
		s->want = s[-1].want;
		return 0;
	}
	s->want = malloc(n + 1);
	if (!s->want)
		return -ENOMEM;
	if (r->what == VMSYNC_READ_EVENTS)
		memset(s->want, 1, n);
	else
		memcpy(s->want, vmsync_decoders_want(s->decoders), n);
	if (r->runner || r->lanes)
		vmsync_roles_want(s->roles, r->old, s->want);
	return 0;
}

static int lane_add(struct vmsync_reader *r, struct vmsync_runs *runs,
		    const struct vmsync_roles *roles, int stream)
{
	struct vmsync_lane *l = calloc(1, sizeof(*l));

	r->lanes[stream] = l;
	if (!l)
		return -ENOMEM;
	l->roles = roles;
	l->runs = vmsync_runs_lane(runs);
	if (!l->runs)
		return -ENOMEM;
	ctf_merge_take(r->merge, stream, vmsync_lane_take, l);
	return 0;
}

static int add_trace(struct vmsync_reader *r, const struct ctf_trace *t,
		     size_t trace, struct vmsync_runs *runs,
		     struct ctf_error *e)
{
	struct source *s = &r->sources[trace];
	size_t i;

	if (want_make(r, t, s))
		return vmsync_fail_memory(e);
	for (i = 0; i < ctf_trace_streams(t); i++) {
		int stream = ctf_merge_add_stream(r->merge,
						  ctf_trace_stream(t, i),
						  &vmsync_raw_map, s->want, e);

		if (stream < 0)
			return stream;
		r->source_of[stream] = (uint32_t)trace;
		if (r->lanes && lane_add(r, runs, s->roles, stream))
			return vmsync_fail_memory(e);
	}
	return vmsync_losses_find(&r->losses, t, e);
}

/*
 * Who enters and leaves is found out stream by stream where that can be, and
 * where nobody needs it in the order of time.
 */
static int who_runs(struct vmsync_reader *r, struct ctf_trace *const *traces,
		    struct vmsync_runs *runs, struct ctf_error *e)
{
	struct vmsync_roles **roles;
	size_t i;
	int ret = 0;

	if (r->what == VMSYNC_READ_EVENTS ||
	    (r->what == VMSYNC_READ_EVIDENCE && !r->old && !runs))
		return 0;
	if (r->what == VMSYNC_READ_EVIDENCE && !r->old) {
		roles = calloc(r->n + 1, sizeof(struct vmsync_roles *));
		if (!roles)
			return -ENOMEM;
		for (i = 0; i < r->n; i++)
			roles[i] = r->sources[i].roles;
		ret = vmsync_lanes_suffice(traces, roles, r->n, e);
		free(roles);
	}
	if (ret < 0)
		return ret;
	if (ret) {
		r->lanes = calloc(r->n_streams + 1,
				  sizeof(struct vmsync_lane *));
		return r->lanes ? 0 : -ENOMEM;
	}
	r->runner = vmsync_runner_new();
	r->runs = runs ? vmsync_runs_lane(runs) : NULL;
	return r->runner && (!runs || r->runs) ? 0 : -ENOMEM;
}

static bool same_classes(const struct ctf_trace *a, const struct ctf_trace *b)
{
	return ctf_trace_class(a, 0) == ctf_trace_class(b, 0);
}

static int sources_find(struct vmsync_reader *r,
			struct ctf_trace *const *traces, size_t n)
{
	size_t i;

	r->merge = ctf_merge_new();
	r->sources = calloc(n + 1, sizeof(*r->sources));
	if (!r->merge || !r->sources)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		struct source *s = &r->sources[r->n++];

		s->like = i && same_classes(traces[i], traces[i - 1]);
		s->decoders = s->like ? s[-1].decoders :
					vmsync_decoders_new(traces[i]);
		s->roles = s->like ? s[-1].roles : vmsync_roles_new(traces[i]);
		if (!s->decoders || !s->roles)
			return -ENOMEM;
		r->old |= vmsync_decoders_old(s->decoders);
		r->n_streams += ctf_trace_streams(traces[i]);
	}
	r->source_of = calloc(r->n_streams + 1, sizeof(*r->source_of));
	return r->source_of ? 0 : -ENOMEM;
}

static int reader_init(struct vmsync_reader *r, struct ctf_trace *const *traces,
		       size_t n, const struct vmsync_reader_options *options,
		       struct ctf_error *e)
{
	size_t i;
	int ret;

	r->what = options->what;
	ret = sources_find(r, traces, n);
	if (!ret)
		ret = who_runs(r, traces, options->runs, e);
	if (ret)
		return ret == -ENOMEM ? vmsync_fail_memory(e) : ret;
	ctf_merge_pool(r->merge, options->pool);
	for (i = 0; !ret && i < n; i++)
		ret = add_trace(r, traces[i], i, options->runs, e);
	return ret;
}

struct vmsync_reader *vmsync_reader_new(struct ctf_trace *const *traces,
					size_t n,
					const struct vmsync_reader_options *options,
					struct ctf_error *e)
{
	struct vmsync_reader *r = calloc(1, sizeof(*r));

	if (!r) {
		vmsync_fail_memory(e);
		return NULL;
	}
	if (!reader_init(r, traces, n, options, e))
		return r;
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
		if (r->sources[i].like)
			continue;
		vmsync_decoders_free(r->sources[i].decoders);
		free(r->sources[i].roles);
		free(r->sources[i].want);
	}
	for (i = 0; r->lanes && i < r->n_streams; i++)
		free(r->lanes[i]);
	free(r->lanes);
	free(r->sources);
	free(r->source_of);
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

static int run_keep(struct vmsync_reader *r, bool entry,
		    const struct vmsync_run_of *who, struct ctf_error *e)
{
	uint32_t number;

	if (vmsync_runs_number(r->runs, who->tid, who->vcpu_id, &number))
		return vmsync_fail_memory(e);
	return vmsync_runs_put(r->runs, number, (int64_t)r->held->clock, entry,
			       e);
}

static void run_record(const struct vmsync_reader *r, bool entry,
		       const struct vmsync_run_of *who,
		       struct vmsync_evidence *ev)
{
	size_t i;

	ev->kind = entry ? VMSYNC_EV_ENTRY : VMSYNC_EV_EXIT;
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
	const struct source *s = &r->sources[r->source_of[held->source]];
	const struct vmsync_decoders *d = s->decoders;
	const struct vmsync_role_class *c = &s->roles->cls[held->cls->index];
	bool entry = c->role == VMSYNC_ROLE_ENTRY;
	struct vmsync_run_of who;

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
	if (!vmsync_runner_event(r->runner, c, held, &who))
		return 0;
	if (r->runs && run_keep(r, entry, &who, e))
		return e->code;
	if (who.tid <= 0 || who.vcpu_id < 0 || r->what != VMSYNC_READ_RUNS)
		return 0;
	memset(ev, 0, sizeof(*ev));
	ev->stamp_ns = (int64_t)held->clock;
	run_record(r, entry, &who, ev);
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
