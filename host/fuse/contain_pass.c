// SPDX-License-Identifier: MIT
/*
 * The containment pass: guest events and KVM's entries and exits, merged in
 * host time, into the witness.
 *
 * An entry belongs to the virtual CPU whose thread made it. The thread is known
 * from the event's context "tid" or, without it, from the last sched_switch on
 * that CPU; where a trace has neither, from vcpu_id if there is one VM only.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuse/losses.h"
#include "fuse/reader.h"
#include "fuse/session.h"

#define NO_TID INT32_MIN

/* What an event class of the host means to this pass. */
enum role {
	ROLE_NONE,
	ROLE_ENTRY,
	ROLE_EXIT,
	ROLE_SWITCH,
};

struct host_class {
	enum role role;
	bool has_tid;
	struct ctf_field tid; /* context "tid", or next_tid of a switch */
	bool has_vcpu_id;
	struct ctf_field vcpu_id;
};

struct host_source {
	struct host_class *classes;
	uint8_t *want;
};

/* A vCPU's thread, and where its entries go. */
struct thread {
	int32_t tid;
	uint32_t guest;
	uint32_t cpu; /* the guest kernel's number */
};

/* The bound that holds in [from, until): events come in order of time. */
struct bound {
	int64_t from_ns;
	int64_t until_ns;
	int64_t bound_ns;
};

/* A stream of a guest, as a source of the merge. */
struct guest_source {
	uint32_t guest;
	const struct vmsync_map *map;
	struct bound bound;
};

struct pass {
	struct vmsync_session *session;
	struct ctf_merge *merge;
	struct vmsync_contain **contain; /* by guest */
	struct host_source *sources;	 /* by source of the merge, host's */
	struct guest_source *guest_sources; /* by source of the merge */
	uint32_t n_host_sources;
	struct thread *threads; /* sorted by tid */
	size_t n_threads;
	int32_t *running; /* by host CPU: tid after the last switch */
	uint32_t n_running;
	struct vmsync_losses losses;
	size_t next_loss;
};

static int thread_compare(const void *a, const void *b)
{
	const struct thread *x = a, *y = b;

	return (x->tid > y->tid) - (x->tid < y->tid);
}

static int threads_find(struct pass *p)
{
	struct vmsync_session *s = p->session;
	size_t i, n = 0;
	uint32_t c;

	for (i = 0; i < s->n_guests; i++)
		n += vmsync_guest_report_of(s->guests[i].guest)->n_cpus;
	p->threads = calloc(n + 1, sizeof(*p->threads));
	if (!p->threads)
		return -ENOMEM;
	for (i = 0; i < s->n_guests; i++) {
		const struct vmsync_guest_report *r =
			vmsync_guest_report_of(s->guests[i].guest);

		for (c = 0; c < r->n_cpus; c++) {
			if (!r->cpus[c].known || !r->cpus[c].tid)
				continue;
			p->threads[p->n_threads++] = (struct thread){
				.tid = r->cpus[c].tid,
				.guest = (uint32_t)i,
				.cpu = r->cpus[c].cpu,
			};
		}
	}
	qsort(p->threads, p->n_threads, sizeof(*p->threads), thread_compare);
	return 0;
}

static void host_class_init(struct host_class *hc, const struct ctf_class *cls)
{
	if (vmsync_class_is_entry(cls))
		hc->role = ROLE_ENTRY;
	else if (vmsync_class_is_exit(cls))
		hc->role = ROLE_EXIT;
	else if (!strcmp(cls->name, "sched_switch"))
		hc->role = ROLE_SWITCH;
	else
		return;
	if (hc->role == ROLE_SWITCH) {
		hc->has_tid = ctf_field_find(cls, CTF_PAYLOAD, "next_tid",
					     &hc->tid);
		return;
	}
	hc->has_tid = ctf_field_find(cls, CTF_STREAM_CONTEXT, "tid",
				     &hc->tid) ||
		      ctf_field_find(cls, CTF_EVENT_CONTEXT, "tid", &hc->tid);
	hc->has_vcpu_id = ctf_field_find(cls, CTF_PAYLOAD, "vcpu_id",
					 &hc->vcpu_id);
}

static int host_source_init(struct host_source *hs, const struct ctf_trace *t)
{
	size_t i, n = ctf_trace_classes(t);
	bool need_switches = false;

	hs->classes = calloc(n + 1, sizeof(*hs->classes));
	hs->want = calloc(n + 1, 1);
	if (!hs->classes || !hs->want)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		struct host_class *hc = &hs->classes[i];

		host_class_init(hc, ctf_trace_class(t, i));
		hs->want[i] = hc->role == ROLE_ENTRY || hc->role == ROLE_EXIT;
		need_switches |= hs->want[i] && !hc->has_tid;
	}
	for (i = 0; need_switches && i < n; i++)
		hs->want[i] |= hs->classes[i].role == ROLE_SWITCH;
	return 0;
}

static int add_host(struct pass *p, struct ctf_error *e)
{
	const struct vmsync_machine *m = p->session->host;
	size_t i;
	int ret;

	p->sources = calloc(m->n + 1, sizeof(*p->sources));
	if (!p->sources)
		return -ENOMEM;
	for (i = 0; i < m->n; i++) {
		if (host_source_init(&p->sources[i], m->traces[i]))
			return -ENOMEM;
		p->n_host_sources++;
		ret = ctf_merge_add_want(p->merge, m->traces[i],
					 &vmsync_raw_map, p->sources[i].want,
					 e);
		if (ret < 0)
			return ret;
		ret = vmsync_losses_find(&p->losses, m->traces[i], e);
		if (ret)
			return ret;
	}
	return 0;
}

/* A CPU has its own map: each stream is added by itself. */
static int add_stream(struct pass *p, const struct vmsync_session_guest *g,
		      const struct ctf_stream *stream, struct ctf_error *e)
{
	struct ctf_packet packet;
	struct ctf_map map;
	struct guest_source *sources;
	int ret = ctf_stream_packet(stream, NULL, &packet, e);

	if (ret <= 0)
		return ret;
	map = vmsync_stream_map(g, packet.cpu);
	ret = ctf_merge_add_stream(p->merge, stream, &map, NULL, e);
	if (ret < 0)
		return ret;
	sources = realloc(p->guest_sources,
			  (size_t)(ret + 1) * sizeof(*sources));
	if (!sources)
		return -ENOMEM;
	p->guest_sources = sources;
	sources[ret] = (struct guest_source){
		.guest = (uint32_t)(g - p->session->guests),
		.map = map.ctx,
	};
	return 0;
}

static int add_guest(struct pass *p, const struct vmsync_session_guest *g,
		     struct ctf_error *e)
{
	size_t i, j;
	int ret = 0;

	for (i = 0; !ret && i < g->machine->n; i++) {
		const struct ctf_trace *t = g->machine->traces[i];

		for (j = 0; !ret && j < ctf_trace_streams(t); j++)
			ret = add_stream(p, g, ctf_trace_stream(t, j), e);
	}
	return ret;
}

static int32_t *running_on(struct pass *p, uint32_t cpu)
{
	/* A CPU number is a claim of the trace: no table of any size. */
	static int32_t none = NO_TID;
	int32_t *running;

	if (cpu < p->n_running)
		return &p->running[cpu];
	if (cpu > 65535)
		return &none;
	running = realloc(p->running, (cpu + 1) * sizeof(*running));
	if (!running)
		return &none;
	p->running = running;
	while (p->n_running <= cpu)
		running[p->n_running++] = NO_TID;
	return &running[cpu];
}

static const struct thread *thread_by_tid(const struct pass *p, int32_t tid)
{
	struct thread key = { .tid = tid };

	return bsearch(&key, p->threads, p->n_threads, sizeof(key),
		       thread_compare);
}

static const struct thread *thread_of(struct pass *p,
				      const struct host_class *hc,
				      const struct ctf_event *ev)
{
	uint64_t value;
	int32_t tid;
	size_t i;

	if (hc->has_tid && ctf_get_u64(ev, &hc->tid, &value))
		return thread_by_tid(p, (int32_t)value);
	tid = *running_on(p, ev->cpu);
	if (tid != NO_TID)
		return thread_by_tid(p, tid);
	if (p->session->n_guests != 1 || !hc->has_vcpu_id ||
	    !ctf_get_u64(ev, &hc->vcpu_id, &value))
		return NULL;
	for (i = 0; i < p->n_threads; i++) {
		const struct vmsync_guest_report *r = vmsync_guest_report_of(
			p->session->guests[0].guest);
		uint32_t cpu = p->threads[i].cpu;

		if (cpu < r->n_cpus && r->cpus[cpu].vcpu_id == value)
			return &p->threads[i];
	}
	return NULL;
}

static int host_event(struct pass *p, const struct ctf_event *ev)
{
	const struct host_class *hc =
		&p->sources[ev->source].classes[ev->cls->index];
	host_time at = { (int64_t)ev->time };
	const struct thread *t;
	uint64_t tid;

	if (hc->role == ROLE_SWITCH) {
		if (hc->has_tid && ctf_get_u64(ev, &hc->tid, &tid))
			*running_on(p, ev->cpu) = (int32_t)tid;
		return 0;
	}
	t = thread_of(p, hc, ev);
	if (!t)
		return 0;
	if (hc->role == ROLE_ENTRY)
		return vmsync_contain_entry(p->contain[t->guest], t->cpu, at);
	return vmsync_contain_exit(p->contain[t->guest], t->cpu, at);
}

/* The bound grows outside the evidence: there it is asked for each event. */
static void bound_find(struct guest_source *gs, int64_t g)
{
	const struct vmsync_map *map = gs->map;
	bool extrapolated;
	size_t i;

	gs->bound = (struct bound){
		.from_ns = g,
		.until_ns = g + 1,
		.bound_ns = vmsync_map_bound_ns(map, (guest_time){ g },
						&extrapolated),
	};
	for (i = map->count; !extrapolated && i--;) {
		const struct vmsync_segment *s = &map->segments[i];

		if (s->guest_start.ns > g)
			continue;
		if (s->guest_end.ns > g) {
			gs->bound.from_ns = s->guest_start.ns;
			gs->bound.until_ns = s->guest_end.ns;
		}
		return;
	}
}

static int guest_event(struct pass *p, const struct ctf_event *ev)
{
	struct guest_source *gs = &p->guest_sources[ev->source];
	int64_t g = (int64_t)ev->clock;

	p->session->guests[gs->guest].events++;
	if (g < gs->bound.from_ns || g >= gs->bound.until_ns)
		bound_find(gs, g);
	return vmsync_contain_event(p->contain[gs->guest], ev->cpu,
				    (host_time){ (int64_t)ev->time },
				    gs->bound.bound_ns);
}

static void losses_until(struct pass *p, int64_t now_ns)
{
	size_t i;

	while (p->next_loss < p->losses.n &&
	       p->losses.loss[p->next_loss].from_ns <= now_ns) {
		const struct vmsync_loss *loss =
			&p->losses.loss[p->next_loss++];

		for (i = 0; i < p->session->n_guests; i++)
			vmsync_contain_lost(p->contain[i],
					    (host_time){ loss->from_ns },
					    (host_time){ loss->until_ns });
	}
}

static int walk(struct pass *p, const struct vmsync_progress *progress,
		struct ctf_error *e)
{
	const struct ctf_event *ev;
	uint64_t n = 0;
	int ret;

	while ((ret = ctf_merge_next(p->merge, &ev, e)) > 0) {
		if (p->next_loss < p->losses.n)
			losses_until(p, (int64_t)ev->time);
		ret = ev->source < p->n_host_sources ? host_event(p, ev) :
						       guest_event(p, ev);
		if (ret)
			return ret;
		if (progress && progress->show && !(++n & 0xffff))
			progress->show(progress->ctx, "events checked", n, 0);
	}
	return ret;
}

static int pass_init(struct pass *p, struct ctf_error *e)
{
	size_t i;
	int ret;

	p->merge = ctf_merge_new();
	p->contain = calloc(p->session->n_guests, sizeof(*p->contain));
	if (!p->merge || !p->contain || threads_find(p))
		return -ENOMEM;
	ret = add_host(p, e);
	for (i = 0; !ret && i < p->session->n_guests; i++) {
		p->contain[i] = vmsync_contain_new();
		ret = p->contain[i] ? add_guest(p, &p->session->guests[i], e) :
				      -ENOMEM;
	}
	return ret;
}

static void pass_free(struct pass *p)
{
	size_t i;

	for (i = 0; p->contain && i < p->session->n_guests; i++)
		vmsync_contain_free(p->contain[i]);
	for (i = 0; i < p->n_host_sources; i++) {
		free(p->sources[i].classes);
		free(p->sources[i].want);
	}
	free(p->sources);
	free(p->contain);
	free(p->guest_sources);
	free(p->threads);
	free(p->running);
	vmsync_losses_free(&p->losses);
	ctf_merge_free(p->merge);
}

int vmsync_session_contain(struct vmsync_session *s,
			   const struct vmsync_progress *progress,
			   struct ctf_error *e)
{
	struct pass p = { .session = s };
	size_t i;
	int ret;

	memset(e, 0, sizeof(*e));
	ret = pass_init(&p, e);
	if (!ret)
		ret = walk(&p, progress, e);
	for (i = 0; !ret && i < s->n_guests; i++) {
		vmsync_contain_finish(p.contain[i]);
		vmsync_contain_result(p.contain[i], &s->guests[i].contain);
	}
	pass_free(&p);
	if (ret == -ENOMEM && !e->code) {
		e->code = -ENOMEM;
		strcpy(e->msg, "out of memory");
	}
	return ret;
}
