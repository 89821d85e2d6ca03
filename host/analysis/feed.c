// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>

#include "analysis/feed.h"
#include "analysis/kinds.h"
#include "analysis/quiet.h"
#include "fuse/fail.h"
#include "fuse/stream_map.h"

/* A trace of a machine. */
struct source {
	struct analysis_kinds *kinds; /* owned, unless @like */
	bool like; /* the classes are those of the one before */
	uint32_t machine;
};

/* A stretch of a CPU's time of which events may be missing, host time. */
struct lost {
	int64_t from_ns;
	int64_t until_ns;
	uint32_t machine;
	uint32_t cpu;
};

/*
 * A stream of the merge, which gives it the same number.
 * @quiet:	leaves out what tells nothing, owned, NULL: nothing does
 */
struct feed_stream {
	const struct analysis_kinds *kinds;
	uint32_t machine;
	uint32_t cpu;
	struct analysis_quiet *quiet;
};

#define FEED_EVENTS 64 /* that the merge is asked for at a time */
#define PICK_EVENTS 256 /* that are looked at before those that are kept */

struct analysis_feed {
	const struct vmsync_session *session;
	struct ctf_merge *merge;
	VMSYNC_ARRAY(struct source) sources;
	VMSYNC_ARRAY(struct feed_stream) streams;
	VMSYNC_ARRAY(struct lost) lost;
	size_t next_lost;
	int64_t lost_ns; /* when that one begins, INT64_MAX: there is none */
	struct analysis_event lost_event; /* given out, as */
	struct ctf_noted lost_noted;
	struct ctf_noted noted[FEED_EVENTS];
	int i, n; /* the next one of these, and how many there are */
	bool wakeups;
};

/* NULL: the host. */
static const struct vmsync_session_guest *guest_of(const struct analysis_feed *f,
						   uint32_t machine)
{
	return machine == ANALYSIS_HOST ? NULL : &f->session->guests[machine - 1];
}

static int stream_add(struct analysis_feed *f, const struct ctf_stream *stream,
		      const struct source *s, struct ctf_error *e)
{
	struct feed_stream *p;
	uint32_t cpu;
	int ret = vmsync_stream_merge(f->merge, stream, guest_of(f, s->machine),
				      s->kinds->want, &cpu, e);

	if (ret <= 0)
		return ret;
	p = vmsync_array_add(&f->streams);
	if (!p)
		return vmsync_fail_memory(e);
	*p = (struct feed_stream){
		.kinds = s->kinds, .machine = s->machine, .cpu = cpu};
	return 0;
}

static int trace_add(struct analysis_feed *f, const struct ctf_trace *t,
		     const struct ctf_trace *before, uint32_t machine,
		     struct ctf_error *e)
{
	struct source *s = vmsync_array_add(&f->sources);
	size_t i;
	int ret = 0;

	if (!s)
		return vmsync_fail_memory(e);
	*s = (struct source){ .machine = machine };
	s->like = before && ctf_trace_class(t, 0) == ctf_trace_class(before, 0);
	s->kinds = s->like ? s[-1].kinds :
			     analysis_kinds_new(t, machine == ANALYSIS_HOST);
	if (!s->kinds)
		return vmsync_fail_memory(e);
	if (machine == ANALYSIS_HOST)
		f->wakeups |= s->kinds->have[ANALYSIS_EV_WAKEUP];
	for (i = 0; !ret && i < ctf_trace_streams(t); i++)
		ret = stream_add(f, ctf_trace_stream(t, i), s, e);
	return ret;
}

static int64_t host_ns(const struct analysis_feed *f, uint32_t machine,
		       uint32_t cpu, int64_t ns)
{
	if (ns == INT64_MIN || ns == INT64_MAX)
		return ns;
	return vmsync_stamp_to_host(guest_of(f, machine), cpu, ns);
}

/* When a machine was recorded, host time: [@from_ns, @until_ns]. */
struct recorded {
	int64_t from_ns;
	int64_t until_ns;
};

static struct recorded recorded(const struct analysis_feed *f, uint32_t machine)
{
	const struct vmsync_session *s = f->session;

	if (machine == ANALYSIS_HOST)
		return (struct recorded){s->host->coverage.begin_ns,
					 s->host->coverage.end_ns};
	return (struct recorded){s->guests[machine - 1].from_ns,
				 s->guests[machine - 1].until_ns};
}

/* The holes of one CPU, none before the recording begins. */
static int holes_add(struct analysis_feed *f, uint32_t machine, uint32_t cpu,
		     const struct vmsync_holes *holes)
{
	struct recorded r = recorded(f, machine);
	size_t i;

	for (i = 0; i < holes->hole.count; i++) {
		const struct vmsync_hole *h = &holes->hole.at[i];
		int64_t from = host_ns(f, machine, cpu, h->from_ns);
		int64_t until = host_ns(f, machine, cpu, h->until_ns);
		struct lost *l;

		if (from < r.from_ns)
			from = r.from_ns;
		if (from >= until || from >= r.until_ns)
			continue;
		l = vmsync_array_add(&f->lost);
		if (!l)
			return -ENOMEM;
		*l = (struct lost){from, until, machine, cpu};
	}
	return 0;
}

static int machine_lost(struct analysis_feed *f, const struct vmsync_machine *m,
			uint32_t machine)
{
	const struct vmsync_coverage *c = &m->coverage;
	int kind, ret = 0;
	size_t i;

	for (kind = 0; kind < VMSYNC_COVER_KINDS; kind++) {
		for (i = 0; !ret && i < c->of[kind].cpus.count; i++) {
			const struct vmsync_cpu_holes *h =
				&c->of[kind].cpus.at[i];

			ret = holes_add(f, machine, h->cpu, &h->holes);
		}
	}
	return ret;
}

static int machine_add(struct analysis_feed *f, const struct vmsync_machine *m,
		       uint32_t machine, struct ctf_error *e)
{
	size_t i;
	int ret = 0;

	for (i = 0; !ret && i < m->n; i++)
		ret = trace_add(f, m->traces[i], i ? m->traces[i - 1] : NULL,
				machine, e);
	if (!ret && machine_lost(f, m, machine))
		ret = vmsync_fail_memory(e);
	return ret;
}

static int by_time(const void *a, const void *b)
{
	const struct lost *x = a, *y = b;

	return x->from_ns < y->from_ns ? -1 : x->from_ns > y->from_ns;
}

/* A guest's last trace has ended: which thread runs is not known any more. */
static int guest_ends(struct analysis_feed *f, uint32_t machine)
{
	const struct vmsync_session_guest *g = &f->session->guests[machine - 1];
	uint32_t cpu;

	for (cpu = 0; cpu < g->maps->vcpus; cpu++) {
		int64_t end = recorded(f, machine).until_ns;
		struct lost *l = vmsync_array_add(&f->lost);

		if (!l)
			return -ENOMEM;
		*l = (struct lost){end, end, machine, cpu};
	}
	return 0;
}

/* Whether all events of a host's CPU are in this stream. */
static bool has_cpu_alone(const struct analysis_feed *f,
			  const struct feed_stream *s)
{
	size_t i;

	if (s->cpu == UINT32_MAX)
		return false;
	for (i = 0; i < f->streams.count; i++) {
		const struct feed_stream *other = &f->streams.at[i];

		if (other != s && other->cpu == s->cpu &&
		    other->machine == ANALYSIS_HOST)
			return false;
	}
	return true;
}

/* All threads that entered a guest, as analysis.c makes virtual CPUs of them. */
static void quiet_vcpus(const struct analysis_feed *f, struct analysis_quiet *q)
{
	size_t i;

	for (i = 0; i < f->session->entered.count; i++)
		analysis_quiet_vcpu(q, f->session->entered.at[i].tid);
}

static int quiet_add(struct analysis_feed *f, struct feed_stream *s)
{
	size_t i;

	if (s->machine != ANALYSIS_HOST || !has_cpu_alone(f, s))
		return 0;
	s->quiet = analysis_quiet_new(f->wakeups);
	if (!s->quiet)
		return -ENOMEM;
	quiet_vcpus(f, s->quiet);
	for (i = 0; i < f->lost.count; i++) {
		const struct lost *l = &f->lost.at[i];

		if (l->machine == ANALYSIS_HOST && l->cpu == s->cpu &&
		    analysis_quiet_lost(s->quiet, l->from_ns, l->until_ns))
			return -ENOMEM;
	}
	return 0;
}

/*
 * Which events from @from on, before @until, are kept; how many these are. Raw clock
 * values are ns, for streams with a @quiet the host's.
 */
static inline __attribute__((always_inline)) uint32_t
pick_some(const struct feed_stream *s, struct ctf_some *some, uint32_t from,
	  uint32_t until, uint32_t *picked, bool calm)
{
	/* Nobody else's: in registers. */
	const struct analysis_kinds kinds = *s->kinds;
	const struct ctf_some here = *some;
	uint64_t told = s->quiet->told;
	uint32_t i, n = 0;

	for (i = from; i < until; i++) {
		struct analysis_brief b;

		if (!analysis_kinds_brief(&kinds, &here, i, &b))
			b = analysis_kinds_slow_brief(s->kinds,
						      ctf_some_event(some, i));
		picked[n] = i;
		n += calm ? analysis_quiet_keeps_calm(s->quiet, &told, &b) :
			    analysis_quiet_keeps(s->quiet, &b,
						 (int64_t)here.clock[i]);
	}
	if (calm)
		s->quiet->told = told;
	return n;
}

static uint32_t pick(const struct feed_stream *s, struct ctf_some *some,
		     uint32_t from, uint32_t until, uint32_t *picked)
{
	bool calm = analysis_quiet_calm(s->quiet, (int64_t)some->clock[from],
					(int64_t)some->clock[until - 1]);

	return calm ? pick_some(s, some, from, until, picked, true) :
		      pick_some(s, some, from, until, picked, false);
}

static uint32_t pick_all(uint32_t from, uint32_t until, uint32_t *picked)
{
	uint32_t i;

	for (i = from; i < until; i++)
		picked[i - from] = i;
	return until - from;
}

static void note(const struct feed_stream *s, struct ctf_some *some,
		 const uint32_t *picked, uint32_t n)
{
	const struct analysis_kinds kinds = *s->kinds; /* as in pick_some() */
	struct ctf_some here = *some;
	const uint32_t machine = s->machine, cpu = some->ev.cpu;
	uint32_t i;

	for (i = 0; i < n; i++) {
		struct analysis_event *ev = ctf_some_keep_note(&here, picked[i]);

		if (!analysis_kinds_event(&kinds, &here, picked[i], ev))
			analysis_kinds_slow(s->kinds,
					    ctf_some_event(some, picked[i]), ev);
		ev->machine = machine;
		ev->cpu = cpu;
	}
	some->kept = here.kept;
	some->note = here.note;
}

/* In whichever thread decodes the stream. */
static int events_take(void *ctx, struct ctf_some *some, struct ctf_error *e)
{
	const struct feed_stream *s = ctx;
	uint32_t picked[PICK_EVENTS], from, n;

	(void)e;
	for (from = 0; from < some->n; from += PICK_EVENTS) {
		n = some->n - from < PICK_EVENTS ? some->n - from : PICK_EVENTS;
		n = s->quiet ? pick(s, some, from, from + n, picked) :
			       pick_all(from, from + n, picked);
		note(s, some, picked, n);
	}
	return 0;
}

/* The lost stretches are in order, and all streams are there. */
static int takes_add(struct analysis_feed *f, struct ctf_error *e)
{
	size_t i;

	for (i = 0; i < f->streams.count; i++) {
		if (quiet_add(f, &f->streams.at[i]))
			return vmsync_fail_memory(e);
		ctf_merge_note(f->merge, (int)i, sizeof(struct analysis_event));
		ctf_merge_take(f->merge, (int)i, events_take,
			       &f->streams.at[i]);
	}
	return 0;
}

static int feed_init(struct analysis_feed *f, struct ctf_error *e)
{
	const struct vmsync_session *s = f->session;
	size_t i;
	int ret;

	f->merge = ctf_merge_new();
	if (!f->merge)
		return vmsync_fail_memory(e);
	ctf_merge_pool(f->merge, s->pool);
	ret = machine_add(f, s->host, ANALYSIS_HOST, e);
	for (i = 0; !ret && i < s->n_guests; i++) {
		ret = machine_add(f, s->guests[i].machine, (uint32_t)i + 1, e);
		if (!ret && guest_ends(f, (uint32_t)i + 1))
			ret = vmsync_fail_memory(e);
	}
	if (!ret && f->lost.count)
		qsort(f->lost.at, f->lost.count, sizeof(f->lost.at[0]),
		      by_time);
	f->lost_ns = f->lost.count ? f->lost.at[0].from_ns : INT64_MAX;
	return ret ? ret : takes_add(f, e);
}

struct analysis_feed *analysis_feed_new(const struct vmsync_session *s,
					struct ctf_error *e)
{
	struct analysis_feed *f = calloc(1, sizeof(*f));

	if (!f) {
		vmsync_fail_memory(e);
		return NULL;
	}
	f->session = s;
	if (!feed_init(f, e))
		return f;
	analysis_feed_free(f);
	return NULL;
}

void analysis_feed_free(struct analysis_feed *f)
{
	size_t i;

	if (!f)
		return;
	ctf_merge_free(f->merge);
	for (i = 0; i < f->sources.count; i++) {
		if (!f->sources.at[i].like)
			analysis_kinds_free(f->sources.at[i].kinds);
	}
	vmsync_array_free(&f->sources);
	for (i = 0; i < f->streams.count; i++)
		analysis_quiet_free(f->streams.at[i].quiet);
	vmsync_array_free(&f->streams);
	vmsync_array_free(&f->lost);
	free(f);
}

bool analysis_feed_wakeups(const struct analysis_feed *f)
{
	return f->wakeups;
}

static const struct ctf_noted *lost_event(struct analysis_feed *f)
{
	const struct lost *l = &f->lost.at[f->next_lost++];

	f->lost_ns = f->next_lost < f->lost.count ?
			     f->lost.at[f->next_lost].from_ns :
			     INT64_MAX;
	f->lost_event = (struct analysis_event){
		.until_ns = l->until_ns,
		.machine = l->machine,
		.cpu = l->cpu,
		.kind = ANALYSIS_EV_LOST,
		.current = ANALYSIS_NOT_SAID,
	};
	f->lost_noted = (struct ctf_noted){(uint64_t)l->from_ns, &f->lost_event};
	return &f->lost_noted;
}

/* How many of those that are there come before the next lost stretch. */
static int before_lost(const struct analysis_feed *f)
{
	int n = f->n;

	while (n > f->i && (int64_t)f->noted[n - 1].time >= f->lost_ns)
		n--;
	return n - f->i;
}

int analysis_feed_some(struct analysis_feed *f, const struct ctf_noted **out,
		       struct ctf_error *e)
{
	int n;

	if (f->i == f->n) {
		f->i = 0;
		f->n = ctf_merge_notes(f->merge, f->noted, FEED_EVENTS, e);
	}
	if (f->n < 0)
		return f->n;
	n = before_lost(f);
	*out = &f->noted[f->i];
	f->i += n;
	if (n || f->next_lost == f->lost.count)
		return n;
	*out = lost_event(f);
	return 1;
}
