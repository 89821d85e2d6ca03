// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuse/decode.h"
#include "fuse/fail.h"
#include "fuse/lane.h"
#include "fuse/holes.h"
#include "fuse/reader.h"

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

/* Runs by the CPU of the host that they are on. */
struct runs_of_cpu {
	uint32_t cpu;
	struct vmsync_runs_lane *lane;
};

struct vmsync_reader {
	struct vmsync_records records;
	unsigned int beacons;
	const struct vmsync_machine *machine;
	struct vmsync_runs *runs; /* where the runner's go, or NULL */
	VMSYNC_ARRAY(struct runs_of_cpu) cpus; /* the runner's */
	uint64_t *reached; /* by stream of the merge, see struct vmsync_records_stream */
	struct vmsync_lane **lanes;    /* by stream of the merge, or NULL */
	struct ctf_merge *merge;
	struct source *sources; /* by trace */
	size_t n;
	uint32_t *source_of; /* by stream of the merge */
	size_t n_streams;
	struct vmsync_holes holes; /* where something may be missing */
	size_t next_hole;
	const struct ctf_event *held; /* read already, but a hole comes first */
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
	if (r->records.what == VMSYNC_READ_EVENTS)
		memset(s->want, 1, n);
	else
		memcpy(s->want, vmsync_decoders_want(s->decoders), n);
	if (r->records.runner || r->lanes)
		vmsync_roles_want(s->roles,
				  r->records.old || r->machine->coverage.absent.count,
				  s->want);
	return 0;
}

static int lane_add(struct vmsync_reader *r, struct vmsync_runs *runs,
		    const struct vmsync_roles *roles, int stream, uint32_t cpu)
{
	struct vmsync_lane *l = calloc(1, sizeof(*l));

	r->lanes[stream] = l;
	if (!l)
		return -ENOMEM;
	l->roles = roles;
	l->runs = vmsync_runs_lane(runs, cpu);
	if (!l->runs)
		return -ENOMEM;
	ctf_merge_take(r->merge, stream, vmsync_lane_take, l);
	return 0;
}

/* Where events are taken no packet is in memory as a whole: the cache holds what is read. */
static int keep_all(void *ctx, struct ctf_some *some, struct ctf_error *e)
{
	uint32_t i;

	(void)ctx;
	(void)e;
	for (i = 0; i < some->n; i++)
		ctf_some_keep(some, i);
	return 0;
}

static int add_trace(struct vmsync_reader *r, const struct ctf_trace *t,
		     size_t trace, struct vmsync_runs *runs,
		     struct ctf_error *e)
{
	struct source *s = &r->sources[trace];
	struct ctf_packet first;
	size_t i;

	if (want_make(r, t, s))
		return vmsync_fail_memory(e);
	for (i = 0; i < ctf_trace_streams(t); i++) {
		const struct ctf_stream *from = ctf_trace_stream(t, i);
		int stream, ret = ctf_stream_packet(from, NULL, &first, e);

		if (ret < 0)
			return ret;
		if (!ret) /* all of it is read elsewhere */
			continue;
		stream = ctf_merge_add_stream(r->merge, from, &vmsync_raw_map,
					      s->want, e);
		if (stream < 0)
			return stream;
		r->source_of[stream] = (uint32_t)trace;
		ctf_merge_take(r->merge, stream, keep_all, NULL);
		if (r->lanes &&
		    lane_add(r, runs, s->roles, stream, first.cpu))
			return vmsync_fail_memory(e);
	}
	return 0;
}

/* Holes as they matter here, and only from where the machine's records begin. */
static int holes_find(struct vmsync_reader *r)
{
	const struct vmsync_coverage *c = &r->machine->coverage;
	struct vmsync_hole all = { c->begin_ns, c->end_ns };
	const struct vmsync_holes span = { .hole = { &all, 1, 1 } };
	int ret;

	ret = vmsync_holes_join(&r->holes, &c->of[VMSYNC_COVER_EVIDENCE].any);
	if (!ret && r->records.what == VMSYNC_READ_RUNS)
		ret = vmsync_holes_join(&r->holes,
					&c->of[VMSYNC_COVER_RUNS].any);
	return ret ? ret : vmsync_holes_meet(&r->holes, &span);
}

static struct vmsync_runs_lane *lane_of(struct vmsync_reader *r, uint32_t cpu)
{
	struct runs_of_cpu *p;
	size_t i;

	for (i = 0; i < r->cpus.count; i++) {
		if (r->cpus.at[i].cpu == cpu)
			return r->cpus.at[i].lane;
	}
	p = vmsync_array_add(&r->cpus);
	if (!p)
		return NULL;
	*p = (struct runs_of_cpu){ cpu, vmsync_runs_lane(r->runs, cpu) };
	return p->lane;
}

/* For the records. */
static int run_keep(void *ctx, const struct ctf_event *held,
		    const struct vmsync_role_class *c,
		    const struct vmsync_run_of *who, struct ctf_error *e)
{
	struct vmsync_reader *r = ctx;
	struct vmsync_runs_lane *lane = lane_of(r, held->cpu);
	uint32_t number;

	if (!lane || vmsync_runs_number(lane, who->tid, who->vcpu_id, &number))
		return vmsync_fail_memory(e);
	return vmsync_runs_put(lane, number, (int64_t)held->clock,
			       vmsync_role_end(c, held), e);
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

	if (r->records.what == VMSYNC_READ_EVENTS ||
	    (r->records.what == VMSYNC_READ_EVIDENCE && !r->records.old && !runs))
		return 0;
	if (r->records.what == VMSYNC_READ_EVIDENCE && !r->records.old) {
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
	r->records.runner = vmsync_runner_new();
	r->records.run = runs ? run_keep : NULL;
	r->records.run_ctx = r;
	r->runs = runs;
	return r->records.runner ? 0 : -ENOMEM;
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
					vmsync_decoders_new(traces[i],
							    r->beacons);
		s->roles = s->like ? s[-1].roles : vmsync_roles_new(traces[i]);
		if (!s->decoders || !s->roles)
			return -ENOMEM;
		r->records.old |= vmsync_decoders_old(s->decoders);
		r->n_streams += ctf_trace_streams(traces[i]);
	}
	r->source_of = calloc(r->n_streams + 1, sizeof(*r->source_of));
	r->reached = calloc(r->n_streams + 1, sizeof(*r->reached));
	return r->source_of && r->reached ? 0 : -ENOMEM;
}

static int reader_init(struct vmsync_reader *r, const struct vmsync_machine *m,
		       const struct vmsync_reader_options *options,
		       struct ctf_error *e)
{
	size_t i;
	int ret;

	r->records.what = options->what;
	r->beacons = options->beacons ? options->beacons : VMSYNC_BEACONS_ALL;
	r->machine = m;
	ret = sources_find(r, m->traces, m->n);
	if (!ret)
		ret = holes_find(r);
	if (!ret)
		ret = who_runs(r, m->traces, options->runs, e);
	if (ret)
		return ret == -ENOMEM ? vmsync_fail_memory(e) : ret;
	ctf_merge_pool(r->merge, options->pool);
	for (i = 0; !ret && i < m->n; i++)
		ret = add_trace(r, m->traces[i], i, options->runs, e);
	return ret;
}

struct vmsync_reader *
vmsync_reader_new(const struct vmsync_machine *m,
		  const struct vmsync_reader_options *options,
		  struct ctf_error *e)
{
	struct vmsync_reader *r = calloc(1, sizeof(*r));

	if (!r) {
		vmsync_fail_memory(e);
		return NULL;
	}
	if (!reader_init(r, m, options, e))
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
	vmsync_records_free(&r->records);
	vmsync_holes_free(&r->holes);
	vmsync_array_free(&r->cpus);
	free(r->reached);
	free(r);
}

static void hole_record(const struct vmsync_hole *hole,
			struct vmsync_evidence *ev)
{
	memset(ev, 0, sizeof(*ev));
	ev->kind = VMSYNC_EV_LOST;
	ev->stamp_ns = hole->from_ns;
	ev->until_ns = hole->until_ns;
}

/* Return: 1 if the event that is held makes a record, 0, or an error. */
static int held_record(struct vmsync_reader *r, struct vmsync_evidence *ev,
		       struct ctf_error *e)
{
	uint32_t stream = r->held->source;
	const struct source *s = &r->sources[r->source_of[stream]];
	struct vmsync_records_stream from = { s->decoders, s->roles,
					      r->reached[stream] };
	int ret = vmsync_records_take(&r->records, &from, r->held, ev, e);

	r->reached[stream] = from.reached;
	return ret;
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
	const struct vmsync_hole *hole;
	int ret;

	for (;;) {
		if (!r->held && hold_next(r, e) < 0)
			return e->code;
		hole = r->next_hole < r->holes.hole.count ?
			       &r->holes.hole.at[r->next_hole] :
			       NULL;
		if (hole &&
		    (!r->held || (int64_t)r->held->clock >= hole->from_ns)) {
			hole_record(hole, ev);
			r->next_hole++;
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

int vmsync_reader_passed(const struct vmsync_reader *r,
			 struct ctf_passed *by_trace)
{
	struct ctf_passed *by_stream = calloc(r->n_streams + 1,
					      sizeof(*by_stream));
	size_t i;

	if (!by_stream)
		return -ENOMEM;
	ctf_merge_passed(r->merge, by_stream);
	for (i = 0; i < r->n_streams; i++)
		ctf_passed_add(&by_trace[r->source_of[i]], &by_stream[i]);
	free(by_stream);
	return 0;
}
