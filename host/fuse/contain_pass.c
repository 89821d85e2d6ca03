// SPDX-License-Identifier: MIT
/*
 * The containment pass: guest events, merged in host time, beside KVM's entries
 * and exits (runs.h), into the witness.
 *
 * An entry belongs to the virtual CPU whose thread made it (runner.h); where
 * the thread is not known, to the vCPU of that number if there is one guest only.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuse/fail.h"
#include "fuse/losses.h"
#include "fuse/reader.h"
#include "fuse/session.h"

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
	struct guest_source *guest_sources; /* by source of the merge */
	struct vmsync_run_end run; /* the next one */
	bool runs_end;		   /* or none */
	struct thread *threads; /* sorted by tid */
	size_t n_threads;
	bool any_tid;
	struct vmsync_losses losses;
	size_t next_loss;
	int64_t next_ns; /* when the host has something to say again */
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
			if (r->found && !r->cpus[c].known)
				continue;
			p->any_tid |= r->cpus[c].tid > 0;
			p->threads[p->n_threads++] = (struct thread){
				.tid = r->cpus[c].tid,
				.guest = (uint32_t)i,
				.cpu = c,
			};
		}
	}
	qsort(p->threads, p->n_threads, sizeof(*p->threads), thread_compare);
	return 0;
}

static int losses_find(struct pass *p, struct ctf_error *e)
{
	const struct vmsync_machine *m = p->session->host;
	size_t i;
	int ret = 0;

	for (i = 0; !ret && i < m->n; i++)
		ret = vmsync_losses_find(&p->losses, m->traces[i], e);
	return ret;
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

/* Without a word of which vCPU is which, QEMU's number is the guest's. */
static uint32_t vcpu_id_of(const struct vmsync_guest_report *r, uint32_t cpu)
{
	return cpu < r->n_cpus && r->cpus[cpu].known ? r->cpus[cpu].vcpu_id :
						       cpu;
}

static const struct thread *thread_by_vcpu(const struct pass *p, int32_t id)
{
	const struct vmsync_guest_report *r =
		vmsync_guest_report_of(p->session->guests[0].guest);
	size_t i;

	for (i = 0; i < p->n_threads; i++) {
		if ((int64_t)vcpu_id_of(r, p->threads[i].cpu) == id)
			return &p->threads[i];
	}
	return NULL;
}

static const struct thread *thread_of(const struct pass *p,
				      const struct vmsync_run_end *run)
{
	struct thread key = { .tid = run->tid };

	if (run->tid > 0 && p->any_tid)
		return bsearch(&key, p->threads, p->n_threads, sizeof(key),
			       thread_compare);
	return p->session->n_guests == 1 ? thread_by_vcpu(p, run->vcpu_id) :
					   NULL;
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

	while (p->next_loss < p->losses.loss.count &&
	       p->losses.loss.at[p->next_loss].from_ns <= now_ns) {
		const struct vmsync_loss *loss =
			&p->losses.loss.at[p->next_loss++];

		for (i = 0; i < p->session->n_guests; i++)
			vmsync_contain_lost(p->contain[i],
					    (host_time){ loss->from_ns },
					    (host_time){ loss->until_ns });
	}
}

static int run_apply(struct pass *p)
{
	const struct thread *t = thread_of(p, &p->run);
	host_time at = { p->run.ns };

	losses_until(p, p->run.ns);
	if (!t)
		return 0;
	if (p->run.entry)
		return vmsync_contain_entry(p->contain[t->guest], t->cpu, at);
	return vmsync_contain_exit(p->contain[t->guest], t->cpu, at);
}

/* All that the host says; at the same time, that comes before events. */
static int host_until(struct pass *p, int64_t now_ns, struct ctf_error *e)
{
	while (!p->runs_end && p->run.ns <= now_ns) {
		int ret = run_apply(p);

		if (!ret)
			ret = vmsync_runs_next(p->session->runs, &p->run, e);
		if (ret < 0)
			return ret;
		p->runs_end = !ret;
	}
	losses_until(p, now_ns);
	p->next_ns = p->runs_end ? INT64_MAX : p->run.ns;
	if (p->next_loss < p->losses.loss.count &&
	    p->losses.loss.at[p->next_loss].from_ns < p->next_ns)
		p->next_ns = p->losses.loss.at[p->next_loss].from_ns;
	return 0;
}

static int walk(struct pass *p, const struct vmsync_progress *progress,
		struct ctf_error *e)
{
	const struct ctf_event *ev;
	uint64_t n = 0;
	int ret;

	ret = vmsync_runs_rewind(p->session->runs, e);
	if (!ret)
		ret = vmsync_runs_next(p->session->runs, &p->run, e);
	if (ret < 0)
		return ret;
	p->runs_end = !ret;
	p->next_ns = INT64_MIN;
	while ((ret = ctf_merge_next(p->merge, &ev, e)) > 0) {
		ret = (int64_t)ev->time < p->next_ns ?
			      0 :
			      host_until(p, (int64_t)ev->time, e);
		if (ret)
			return ret;
		ret = guest_event(p, ev);
		if (ret)
			return ret;
		if (progress && progress->show && !(++n & 0xffff))
			progress->show(progress->ctx, "events checked", n, 0);
	}
	return ret ? ret : host_until(p, INT64_MAX, e);
}

static int pass_init(struct pass *p, unsigned int jobs, struct ctf_error *e)
{
	size_t i;
	int ret;

	p->merge = ctf_merge_new();
	p->contain = calloc(p->session->n_guests, sizeof(*p->contain));
	if (!p->merge || !p->contain || threads_find(p))
		return -ENOMEM;
	ctf_merge_jobs(p->merge, jobs);
	ret = losses_find(p, e);
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
	free(p->contain);
	free(p->guest_sources);
	free(p->threads);
	vmsync_losses_free(&p->losses);
	ctf_merge_free(p->merge);
}

/* Where the maps were made from something else, the host is read for them. */
static int runs_read(struct vmsync_session *s, struct ctf_error *e)
{
	struct vmsync_reader_options options = { .jobs = s->jobs };
	struct vmsync_reader *reader;
	struct vmsync_evidence ev;
	int ret;

	s->runs = options.runs = vmsync_runs_new();
	if (!s->runs)
		return -ENOMEM;
	reader = vmsync_reader_new(s->host->traces, s->host->n, &options, e);
	if (!reader)
		return e->code;
	while ((ret = vmsync_reader_next(reader, &ev, e)) > 0)
		;
	vmsync_reader_free(reader);
	return ret;
}

int vmsync_session_contain(struct vmsync_session *s, unsigned int jobs,
			   const struct vmsync_progress *progress,
			   struct ctf_error *e)
{
	struct pass p = { .session = s };
	size_t i;
	int ret;

	memset(e, 0, sizeof(*e));
	ret = s->runs ? 0 : runs_read(s, e);
	if (!ret)
		ret = pass_init(&p, jobs, e);
	if (!ret)
		ret = walk(&p, progress, e);
	for (i = 0; !ret && i < s->n_guests; i++) {
		vmsync_contain_finish(p.contain[i]);
		vmsync_contain_result(p.contain[i], &s->guests[i].contain);
	}
	pass_free(&p);
	return ret == -ENOMEM ? vmsync_fail_memory(e) : ret;
}
