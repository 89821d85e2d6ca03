// SPDX-License-Identifier: MIT
/*
 * Events for the analysis, as far as the maps are settled: no event of a guest is
 * given before its time on the host's clock is final.
 */
#include <errno.h>
#include <string.h>

#include "fuse/coverage.h"
#include "fuse/fail.h"
#include "online/bound.h"
#include "online/missed.h"
#include "online/online_parts.h"

/* Which virtual CPU each CPU of a guest is, of which there are events. */
static bool knows_cpus(const struct online_guest *g)
{
	const struct vmsync_guest_report *r = vmsync_guest_report_of(g->guest);
	const struct online_machine *m = g->machine;
	size_t i;

	for (i = 0; i < m->streams.count; i++) {
		const struct online_stream *s = m->streams.at[i];

		if (s && s->spoke && s->cpu != UINT32_MAX &&
		    (s->cpu >= r->n_cpus || !r->cpus[s->cpu].known))
			return false;
	}
	return true;
}

/* Who is to tell of a guest, and has not told of any yet. */
static bool any_silent(const struct online *o)
{
	size_t i, k;

	for (i = 1; i < o->n; i++) {
		for (k = 0; k < o->guests.count; k++) {
			if (o->guests.at[k].machine->ledger == o->l[i])
				break;
		}
		if (k == o->guests.count)
			return true;
	}
	return false;
}

/*
 * Up to when no map changes any more, as far as is told. @wait: there are guests
 * without one, or with a CPU of which one does not know which it is, or who have not
 * begun.
 */
static int64_t settled(struct online *o, bool *wait)
{
	int64_t until = o->pushed_ns;
	host_time h;
	size_t i;

	*wait = any_silent(o);
	for (i = 0; i < o->guests.count; i++) {
		const struct online_guest *g = &o->guests.at[i];

		if (g->left)
			continue;
		*wait |= !knows_cpus(g);
		if (!vmsync_guest_settled(g->guest, &h))
			*wait = true;
		else if (h.ns < until)
			until = h.ns;
	}
	return online_missed_any(o) && until > o->given_ns ? o->given_ns : until;
}

/* The CPUs of a guest, as the maps' evidence tells which thread each is. */
static int guest_vcpus(struct online *o, const struct online_guest *g)
{
	const struct vmsync_guest_report *r = vmsync_guest_report_of(g->guest);
	uint32_t i;

	for (i = 0; i < r->n_cpus; i++) {
		const struct analysis_vcpu_id id = {
			.tid = r->cpus[i].tid,
			.pid = r->vm.pid,
			.vcpu_id = (int32_t)r->cpus[i].vcpu_id,
			.machine = g->machine->number,
			.cpu = r->cpus[i].cpu,
		};

		if (r->cpus[i].known && id.tid > 0 &&
		    analysis_model_vcpu(o->model, &id) == ANALYSIS_NONE)
			return -ENOMEM;
	}
	return 0;
}

/* All threads that were seen to enter a guest. */
static int vcpus_tell(struct online *o)
{
	size_t i;

	for (i = 0; i < o->guests.count; i++) {
		if (o->guests.at[i].joined && guest_vcpus(o, &o->guests.at[i]))
			return -ENOMEM;
	}
	for (i = 0; i < o->ends.threads.count; i++) {
		const struct online_thread *t = &o->ends.threads.at[i];
		const struct analysis_vcpu_id id = { .tid = t->tid,
						     .vcpu_id = t->vcpu_id };

		if (analysis_model_vcpu(o->model, &id) == ANALYSIS_NONE)
			return -ENOMEM;
	}
	return 0;
}

static int model_make(struct online *o, int64_t begin_ns)
{
	struct analysis_sink sink;

	o->model = analysis_model_new(begin_ns, o->feed.wakeups);
	if (!o->model)
		return -ENOMEM;
	sink = online_sums_sink(&o->sums, o->model);
	analysis_model_sink(o->model, &sink);
	if (o->how.sink)
		analysis_model_sink(o->model, o->how.sink);
	return vcpus_tell(o);
}

/* It begins with the host's first event, and ends with its last packet. */
static void take(void *ctx, struct analysis_event *ev)
{
	struct online *o = ctx;

	if (!o->model && (ev->machine != ANALYSIS_HOST ||
			  ev->kind == ANALYSIS_EV_LOST))
		return;
	if (!o->model && model_make(o, ev->ns)) {
		o->sums.failed = true;
		return;
	}
	if (ev->ns <= o->host->end_ns)
		analysis_model_event(o->model, ev);
}

static int64_t host_ns(const struct online_machine *m, uint32_t cpu, int64_t ns)
{
	const struct vmsync_map *map;

	if (!m->maps || ns == INT64_MAX)
		return ns;
	map = vmsync_guest_map_of(m->maps, cpu);
	return map ? vmsync_map_eval(map, (guest_time){ ns }).ns : ns;
}

/* Of that machine's clock, what is settled by then: what is before it is. */
static int64_t machine_ns(const struct online_machine *m, int64_t until_ns)
{
	const struct vmsync_map *map = m->maps ? vmsync_guest_map_of(m->maps, 0) :
						 NULL;

	if (!map || until_ns == INT64_MAX)
		return until_ns;
	return vmsync_map_inverse(map, (host_time){ until_ns }).ns;
}

static int lost_put(struct online *o, const struct online_machine *m,
		    uint32_t cpu, int64_t from_ns, int64_t until_ns)
{
	const struct online_lost l = { host_ns(m, cpu, from_ns),
				       host_ns(m, cpu, until_ns), m->number,
				       cpu };

	return online_feed_lost(&o->feed, &l);
}

/* Stretches that begin before @until_ns, of the machine's clock. */
static int lost_ready(struct online *o, struct online_machine *m,
		      int64_t until_ns)
{
	size_t i, n = 0;

	for (i = 0; i < m->lost.count; i++) {
		const struct online_hole *h = &m->lost.at[i];

		if (h->from_ns >= until_ns)
			m->lost.at[n++] = *h;
		else if (lost_put(o, m, h->stream->cpu, h->from_ns, h->until_ns))
			return -ENOMEM;
	}
	m->lost.count = n;
	return 0;
}

/* Events of a guest from @own_ns on wait: where that is on the host's clock. */
static int64_t waiting_ns(const struct online_machine *m, int64_t own_ns,
			  int64_t until_ns)
{
	size_t i;

	for (i = 0; i < m->streams.count; i++) {
		const struct online_stream *s = m->streams.at[i];
		int64_t ns = s ? host_ns(m, s->cpu, own_ns) : until_ns;

		if (ns < until_ns)
			until_ns = ns;
	}
	return until_ns;
}

/* What is settled of a machine can be read; the host's is, whenever it comes. */
static int machine_ready(struct online *o, struct online_machine *m,
			 int64_t settled_ns, int64_t *until_ns,
			 struct ctf_error *e)
{
	int64_t own_ns = machine_ns(m, settled_ns);
	int ret = online_feed_ready(&o->feed, m, own_ns, e);

	if (!ret && lost_ready(o, m, own_ns))
		ret = vmsync_fail_memory(e);
	if (!ret && m->maps)
		*until_ns = waiting_ns(m, own_ns, *until_ns);
	return ret;
}

/* Events before that time are over: it has come too late for them. */
static void join(struct online *o, struct online_guest *g)
{
	struct online_machine *m = g->machine;
	int64_t from_ns = o->given_ns ? machine_ns(m, o->given_ns) : 0;
	size_t i;

	m->skip_ns = from_ns > 0 ? (uint64_t)from_ns : 0;
	for (i = 0; i < m->by_source.count; i++) {
		if (m->by_source.at[i])
			m->by_source.at[i]->skip_ns = m->skip_ns;
	}
	g->joined = true;
}

static void join_all(struct online *o)
{
	host_time h;
	size_t i;

	for (i = 0; i < o->guests.count; i++) {
		struct online_guest *g = &o->guests.at[i];

		if (!g->joined && !g->left && vmsync_guest_settled(g->guest, &h))
			join(o, g);
	}
}

/* A trace of another process tells of that CPU for longer. */
static bool is_told_elsewhere(const struct online_machine *m,
			      const struct online_stream *s)
{
	size_t i;

	for (i = 0; i < m->streams.count; i++) {
		const struct online_stream *o = m->streams.at[i];

		if (o && o->any && o->cpu == s->cpu && (o->runs || o->tells) &&
		    o->last.end > s->last.end && strcmp(o->folder, s->folder))
			return true;
	}
	return false;
}

/* After the last packet of a stream that matters nothing is known of its CPU. */
static int stream_end(struct online *o, const struct online_machine *m,
		      const struct online_stream *s)
{
	bool full = s->last.content / 8 + VMSYNC_EVENT_ROOM > s->largest;
	int64_t end_ns = (int64_t)s->last.end;

	if (!s->any || end_ns >= m->end_ns ||
	    !(s->runs || (s->tells && full)) || is_told_elsewhere(m, s))
		return 0;
	return lost_put(o, m, s->cpu, end_ns, INT64_MAX);
}

/* A machine has ended; a guest's threads are not known any more. */
static int machine_end(struct online *o, const struct online_machine *m)
{
	int64_t end_ns = 0;
	uint32_t cpu;
	size_t i;
	int ret = 0;

	for (i = 0; !ret && i < m->streams.count; i++) {
		const struct online_stream *s = m->streams.at[i];

		if (!s || !s->any)
			continue;
		ret = stream_end(o, m, s);
		if (host_ns(m, s->cpu, (int64_t)s->last.end) > end_ns)
			end_ns = host_ns(m, s->cpu, (int64_t)s->last.end);
	}
	for (cpu = 0; !ret && m->maps && cpu < m->maps->vcpus; cpu++) {
		const struct online_lost l = { end_ns, end_ns, m->number, cpu };

		ret = online_feed_lost(&o->feed, &l);
	}
	return ret;
}

/* Guests that have ended before @settled_ns. */
static int guests_close(struct online *o, int64_t settled_ns)
{
	size_t i;

	for (i = 0; i < o->guests.count; i++) {
		struct online_guest *g = &o->guests.at[i];

		if (!g->joined || !g->ended || g->closed ||
		    machine_ns(g->machine, settled_ns) <= g->machine->end_ns)
			continue;
		g->closed = true;
		if (machine_end(o, g->machine))
			return -ENOMEM;
	}
	return 0;
}

/* All that was analysed up to now has such a bound at most. */
static void bounds_note(struct online *o, int64_t until_ns)
{
	int64_t from_ns = o->given_ns ? o->given_ns : o->host->begin_ns;
	size_t i;

	if (until_ns > o->host->end_ns)
		until_ns = o->host->end_ns;
	for (i = 0; i < o->guests.count; i++) {
		struct online_guest *g = &o->guests.at[i];
		int64_t ns;

		if (!g->joined)
			continue;
		ns = online_bound_ns(vmsync_guest_maps(g->guest),
				     (host_time){ from_ns },
				     (host_time){ until_ns });
		if (ns > g->bound_ns)
			g->bound_ns = ns;
	}
}

/* Everything before @settled_ns. */
static int give(struct online *o, int64_t settled_ns, struct ctf_error *e)
{
	int64_t until_ns = settled_ns;
	size_t i;
	int ret;

	join_all(o);
	ret = machine_ready(o, o->host, settled_ns, &until_ns, e);
	for (i = 0; !ret && i < o->guests.count; i++) {
		if (o->guests.at[i].joined)
			ret = machine_ready(o, o->guests.at[i].machine,
					    settled_ns, &until_ns, e);
	}
	if (!ret && ((o->model && vcpus_tell(o)) || guests_close(o, settled_ns)))
		ret = vmsync_fail_memory(e);
	if (!ret)
		ret = online_feed_give(&o->feed, until_ns, take, o, e);
	if (!ret && o->sums.failed)
		ret = vmsync_fail_memory(e);
	if (!ret && until_ns > o->given_ns) {
		bounds_note(o, until_ns);
		o->given_ns = until_ns;
	}
	return ret;
}

int online_analyse(struct online *o, struct ctf_error *e)
{
	int64_t pushed_ns = o->pushed_ns - o->host->begin_ns;
	bool wait;
	int64_t until_ns = settled(o, &wait);

	o->settled_ns = until_ns;
	if (!o->host->any || o->host_ended)
		return 0;
	if (!o->given_ns && (pushed_ns < ONLINE_AHEAD_NS ||
			     (wait && pushed_ns < o->how.patience_ns)))
		return 0;
	return until_ns > o->given_ns ? give(o, until_ns, e) : 0;
}

int online_close(struct online *o, struct ctf_error *e)
{
	size_t i;
	int ret;

	if (!o->host->any)
		return 0;
	join_all(o);
	for (i = 0; i < o->guests.count; i++)
		o->guests.at[i].ended = true;
	if (machine_end(o, o->host))
		return vmsync_fail_memory(e);
	ret = give(o, INT64_MAX, e);
	if (!ret && o->model &&
	    (analysis_model_end(o->model, o->host->end_ns) || o->sums.failed))
		ret = vmsync_fail_memory(e);
	online_sums_end(&o->sums);
	o->given_ns = o->host->end_ns;
	o->over = true;
	return ret;
}
