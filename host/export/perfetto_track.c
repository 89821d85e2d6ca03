// SPDX-License-Identifier: MIT
/*
 * Tracks. Of a virtual CPU there are, on its thread of the host: its states,
 * its exits, and who had the CPU that it waited for. Of a guest there is a
 * group with a track for each of its threads in real time: what really became
 * of the time that the guest's kernel takes for the thread's. All are the
 * host's, since Perfetto draws no arrow from one machine to another.
 *
 * An arrow goes from who woke a thread of a guest, by way of the wake-up of the
 * virtual CPU, if it slept, to the thread.
 */
#include <errno.h>
#include <stdio.h>

#include "analysis/reasons.h"
#include "export/perfetto.h"

/* message TrackEvent */
enum {
	EVENT_TYPE = 9,
	EVENT_NAME_IID = 10,
	EVENT_TRACK = 11,
	EVENT_NAME = 23,
	EVENT_COUNTER = 30,
	EVENT_FLOW = 47,
	EVENT_FLOW_END = 48,
};
enum { TYPE_BEGIN = 1, TYPE_END, TYPE_INSTANT, TYPE_COUNTER };

/* message TrackDescriptor */
enum {
	TRACK_UUID = 1,
	TRACK_NAME = 2,
	TRACK_THREAD = 4,
	TRACK_PARENT = 5,
	TRACK_COUNTER = 8,
};

/* sequence_flags: names of before are void; this packet refers to names. */
#define NAMES_CLEARED 1
#define NAMES_NEEDED  2

/* The kinds of tracks; with the number of a virtual CPU or so they are numbers.
 */
enum track {
	TRACK_STATES = 1,
	TRACK_EXITS,
	TRACK_CHARGES,
	TRACK_STEAL,
	TRACK_EXIT_RATE,
	TRACK_OF_THREAD,
	TRACK_GUEST,
	TRACK_BOUND,
};

#define BUCKET_NS 10000000

static uint64_t track_uuid(enum track kind, uint32_t number)
{
	return (uint64_t)kind << 32 | number;
}

static uint8_t *sequence(uint8_t *p, unsigned int flags)
{
	p = pb_uint(p, PACKET_SEQUENCE_ID, PERFETTO_SEQUENCE);
	return flags ? pb_uint(p, PACKET_SEQUENCE_FLAGS, flags) : p;
}

/* @extra: more fields of the descriptor, @n bytes */
static void describe(struct perfetto *f, uint64_t uuid, uint64_t parent,
		     const char *name, const uint8_t *extra, size_t n)
{
	uint8_t track[PERFETTO_PACKET], body[PERFETTO_PACKET + 64];
	uint8_t *p = pb_uint(track, TRACK_UUID, uuid);

	p = pb_text(p, TRACK_NAME, name);
	if (parent)
		p = pb_uint(p, TRACK_PARENT, parent);
	if (n)
		memcpy(p, extra, n);
	p += n;
	n = (size_t)(p - track);
	p = sequence(body, 0);
	perfetto_packet(f, body,
			pb_bytes(p, PACKET_TRACK_DESCRIPTOR, track, n));
}

/* A counter, of ns or of what @unit says. */
static void describe_counter(struct perfetto *f, uint64_t uuid, uint64_t parent,
			     const char *name, const char *unit)
{
	enum { COUNTER_UNIT = 3, COUNTER_UNIT_NAME = 6, UNIT_TIME_NS = 1 };
	uint8_t counter[64], extra[80], *p;

	p = unit ? pb_text(counter, COUNTER_UNIT_NAME, unit) :
		   pb_uint(counter, COUNTER_UNIT, UNIT_TIME_NS);
	p = pb_bytes(extra, TRACK_COUNTER, counter, (size_t)(p - counter));
	describe(f, uuid, parent, name, extra, (size_t)(p - extra));
}

/*
 * An event on a track.
 * @iid:	number of its name, or 0 and
 * @name:	the name; NULL: it needs none
 * @flow:	0: it is on no arrow; @last: the arrow ends here
 */
struct event {
	int type;
	uint64_t uuid;
	int64_t ns;
	unsigned int iid;
	const char *name;
	uint64_t flow;
	bool last;
	int64_t value;
};

/* Most of the file comes by here. */
static void put(struct perfetto *f, const struct event *ev)
{
	uint8_t *body = perfetto_open(f), *event, *p;

	p = pb_uint(body, PACKET_TIMESTAMP, (uint64_t)ev->ns);
	p = sequence(p, ev->iid ? NAMES_NEEDED : 0);
	event = p = pb_open(p, PACKET_TRACK_EVENT);
	p = pb_uint(p, EVENT_TYPE, (uint64_t)ev->type);
	p = pb_uint(p, EVENT_TRACK, ev->uuid);
	if (ev->iid)
		p = pb_uint(p, EVENT_NAME_IID, ev->iid);
	else if (ev->name)
		p = pb_text(p, EVENT_NAME, ev->name);
	if (ev->flow)
		p = pb_fixed64(p, ev->last ? EVENT_FLOW_END : EVENT_FLOW,
			       ev->flow);
	if (ev->type == TYPE_COUNTER)
		p = pb_uint(p, EVENT_COUNTER, (uint64_t)ev->value);
	perfetto_close(f, body, pb_close(event, p));
}

static void slice(struct perfetto *f, uint64_t uuid, unsigned int iid,
		  const char *name, int64_t from_ns, int64_t until_ns)
{
	struct event ev = { .type = TYPE_BEGIN,
			    .uuid = uuid,
			    .ns = from_ns,
			    .iid = iid,
			    .name = name };

	put(f, &ev);
	ev = (struct event){ .type = TYPE_END, .uuid = uuid, .ns = until_ns };
	put(f, &ev);
}

static void count(struct perfetto *f, uint64_t uuid, int64_t ns, int64_t value)
{
	const struct event ev = {
		.type = TYPE_COUNTER, .uuid = uuid, .ns = ns, .value = value};

	put(f, &ev);
}

static void thread_text(const struct perfetto *f, uint32_t thread, char *buf)
{
	const struct analysis_thread *t =
		analysis_model_thread(f->job->analysis->model, thread);
	char name[ANALYSIS_NAME * 4 + 1];

	snprintf(buf, PERFETTO_NAME, "%s %d",
		 *t->name ? export_text(t->name, name, sizeof(name)) : "?",
		 t->tid);
}

static void vcpu_text(const struct perfetto *f, uint32_t vcpu, char *buf)
{
	const struct analysis *a = f->job->analysis;
	struct analysis_vcpu_id id = analysis_model_vcpu_id(a->model, vcpu);
	char of[64];
	const char *name = analysis_vm_name(a, vcpu, of, sizeof(of));

	if (id.vcpu_id >= 0)
		snprintf(buf, PERFETTO_NAME, "vCPU %d of %s", id.vcpu_id, name);
	else
		snprintf(buf, PERFETTO_NAME, "thread %d of %s", id.tid, name);
}

static void vcpu_describe(struct perfetto *f, uint32_t vcpu,
			  struct track_vcpu *v)
{
	enum { THREAD_PID = 1, THREAD_TID = 2 };
	struct analysis_vcpu_id id =
		analysis_model_vcpu_id(f->job->analysis->model, vcpu);
	uint64_t states = track_uuid(TRACK_STATES, vcpu);
	char name[PERFETTO_NAME], more[PERFETTO_NAME + 16];
	uint8_t thread[64], extra[80], *p;

	v->described = true;
	v->pid = id.pid > 0 ? id.pid : id.tid;
	vcpu_text(f, vcpu, name);
	p = pb_uint(thread, THREAD_PID, (uint64_t)v->pid);
	p = pb_uint(p, THREAD_TID, (uint64_t)id.tid);
	p = pb_bytes(extra, TRACK_THREAD, thread, (size_t)(p - thread));
	describe(f, states, 0, name, extra, (size_t)(p - extra));
	snprintf(more, sizeof(more), "%s: exits", name);
	describe(f, track_uuid(TRACK_EXITS, vcpu), states, more, NULL, 0);
	snprintf(more, sizeof(more), "%s: waits for", name);
	describe(f, track_uuid(TRACK_CHARGES, vcpu), states, more, NULL, 0);
	snprintf(more, sizeof(more), "%s: steal", name);
	describe_counter(f, track_uuid(TRACK_STEAL, vcpu), states, more, NULL);
	snprintf(more, sizeof(more), "%s: exits/s", name);
	describe_counter(f, track_uuid(TRACK_EXIT_RATE, vcpu), states, more,
			 "1/s");
}

static struct track_vcpu *vcpu_of(struct perfetto *f, uint32_t vcpu)
{
	while (f->vcpus.count <= vcpu) {
		struct track_vcpu *v = vmsync_array_add(&f->vcpus);

		if (!v) {
			f->job->error = -ENOMEM;
			return NULL;
		}
		*v = (struct track_vcpu){ .woken_ns = INT64_MIN };
	}
	return &f->vcpus.at[vcpu];
}

static struct track_vcpu *described(struct perfetto *f, uint32_t vcpu)
{
	struct track_vcpu *v = vcpu_of(f, vcpu);

	if (v && !v->described)
		vcpu_describe(f, vcpu, v);
	return v;
}

/* The idle threads of a guest are none. */
static bool has_track(struct perfetto *f, uint32_t thread)
{
	const struct analysis_thread *t;
	char name[PERFETTO_NAME];
	bool *p;

	if (thread == ANALYSIS_NONE)
		return false;
	t = analysis_model_thread(f->job->analysis->model, thread);
	if (!t->tid || !t->machine)
		return false;
	while (f->threads.count <= thread) {
		p = vmsync_array_add(&f->threads);
		if (!p) {
			f->job->error = -ENOMEM;
			return false;
		}
		*p = false;
	}
	if (!f->threads.at[thread]) {
		f->threads.at[thread] = true;
		thread_text(f, thread, name);
		describe(f, track_uuid(TRACK_OF_THREAD, thread),
			 track_uuid(TRACK_GUEST, t->machine), name, NULL, 0);
	}
	return true;
}

void track_stay(struct perfetto *f, const struct analysis_stay *s)
{
	struct track_vcpu *v = described(f, s->vcpu);

	bool kept = export_limit_row(&f->job->limit, s->until_ns - s->from_ns);

	if (!v)
		return;
	if (kept)
		slice(f, track_uuid(TRACK_STATES, s->vcpu), s->state + 1u, NULL,
		      s->from_ns, s->until_ns);
	if (kept && has_track(f, s->thread))
		slice(f, track_uuid(TRACK_OF_THREAD, s->thread), s->state + 1u,
		      NULL, s->from_ns, s->until_ns);
	if (!analysis_state_waits(s->state))
		return;
	v->steal_ns += s->until_ns - s->from_ns;
	if (kept)
		count(f, track_uuid(TRACK_STEAL, s->vcpu), s->until_ns, v->steal_ns);
	if (s->state == ANALYSIS_WAKING) {
		v->woken_ns = s->from_ns;
		v->ran_ns = s->until_ns;
	}
}

void track_charge(struct perfetto *f, const struct analysis_charge *c)
{
	char name[2 * PERFETTO_NAME + 2], who[PERFETTO_NAME];
	char thread[PERFETTO_NAME] = "";

	if (!export_limit_row(&f->job->limit, c->until_ns - c->from_ns) ||
	    !described(f, c->vcpu))
		return;
	switch (c->who.by) {
	case ANALYSIS_BY_NOBODY:
		strcpy(name, "nobody: it is idle");
		break;
	case ANALYSIS_BY_IRQ:
		strcpy(name, "interrupts");
		break;
	case ANALYSIS_BY_TASK:
		thread_text(f, c->who.id, name);
		break;
	case ANALYSIS_BY_VCPU:
		vcpu_text(f, c->who.id, who);
		if (c->who.thread != ANALYSIS_NONE)
			thread_text(f, c->who.thread, thread);
		snprintf(name, sizeof(name), "%s%s%s", who, *thread ? ": " : "",
			 thread);
		break;
	default:
		strcpy(name, "not known");
	}
	slice(f, track_uuid(TRACK_CHARGES, c->vcpu), 0, name, c->from_ns,
	      c->until_ns);
}

/* How many a second, over 10 ms each; where there are none it is 0. */
static void exit_count(struct perfetto *f, uint32_t vcpu, struct track_vcpu *v,
		       int64_t ns)
{
	uint64_t uuid = track_uuid(TRACK_EXIT_RATE, vcpu);

	if (v->exits && ns - v->exits_ns >= BUCKET_NS) {
		count(f, uuid, v->exits_ns,
		      (int64_t)v->exits * (1000000000 / BUCKET_NS));
		if (ns - v->exits_ns >= 2 * BUCKET_NS)
			count(f, uuid, v->exits_ns + BUCKET_NS, 0);
		v->exits = 0;
	}
	if (!v->exits)
		v->exits_ns = ns - ns % BUCKET_NS;
	v->exits++;
}

void track_exit(struct perfetto *f, const struct analysis_exit *x)
{
	struct track_vcpu *v = described(f, x->vcpu);
	char name[48];

	if (!v || !x->told)
		return;
	analysis_reason_text(x->isa, x->reason, name, sizeof(name));
	if (export_limit_row(&f->job->limit, x->until_ns - x->from_ns))
		slice(f, track_uuid(TRACK_EXITS, x->vcpu), 0, name, x->from_ns,
		      x->until_ns);
	exit_count(f, x->vcpu, v, x->from_ns);
}

static void on_arrow(struct perfetto *f, uint64_t uuid, int64_t ns,
		     const char *what, const char *who, bool last)
{
	char name[2 * PERFETTO_NAME];
	const struct event ev = { .type = TYPE_INSTANT,
				  .uuid = uuid,
				  .ns = ns,
				  .name = name,
				  .flow = f->flows,
				  .last = last };

	snprintf(name, sizeof(name), "%s %s", what, who);
	put(f, &ev);
}

void track_wake(struct perfetto *f, const struct analysis_wake *w)
{
	struct track_vcpu *v = described(f, w->vcpu);
	uint64_t vcpu = track_uuid(TRACK_STATES, w->vcpu);
	char name[PERFETTO_NAME];

	if (!export_limit_row(&f->job->limit, w->until_ns - w->from_ns) ||
	    !v || !has_track(f, w->thread))
		return;
	f->flows++;
	thread_text(f, w->thread, name);
	on_arrow(f,
		 has_track(f, w->waker) ?
			 track_uuid(TRACK_OF_THREAD, w->waker) :
			 vcpu,
		 w->from_ns, "wakes", name, false);
	if (v->woken_ns >= w->from_ns && v->ran_ns <= w->until_ns)
		on_arrow(f, vcpu, v->ran_ns, "runs again, for", name, false);
	on_arrow(f, track_uuid(TRACK_OF_THREAD, w->thread), w->until_ns,
		 "runs:", name, true);
}

/* The states' names are numbered, from 1. */
static void names_write(struct perfetto *f)
{
	enum { EVENT_NAMES = 2, NAME_IID = 1, NAME_TEXT = 2 };
	uint8_t names[PERFETTO_PACKET], name[128];
	uint8_t body[PERFETTO_PACKET + 64], *p = names, *q;
	unsigned int i;

	for (i = 0; i < ANALYSIS_STATES; i++) {
		q = pb_uint(name, NAME_IID, i + 1);
		q = pb_text(q, NAME_TEXT,
			    analysis_state_name((enum analysis_state)i));
		p = pb_bytes(p, EVENT_NAMES, name, (size_t)(q - name));
	}
	q = sequence(body, NAMES_CLEARED | NAMES_NEEDED);
	perfetto_packet(f, body,
			pb_bytes(q, PACKET_INTERNED_DATA, names,
				 (size_t)(p - names)));
}

void tracks_begin(struct perfetto *f)
{
	const struct vmsync_session *s = f->job->analysis->session;
	char name[PERFETTO_NAME];
	uint32_t i;

	names_write(f);
	for (i = 1; i <= s->n_guests; i++) {
		if (!export_wants_machine(f->job, i))
			continue;
		snprintf(name, sizeof(name), "%.64s: threads in real time",
			 s->guests[i - 1].machine->name);
		describe(f, track_uuid(TRACK_GUEST, i), 0, name, NULL, 0);
		snprintf(name, sizeof(name), "%.64s: error of its clock",
			 s->guests[i - 1].machine->name);
		describe_counter(f, track_uuid(TRACK_BOUND, i),
				 track_uuid(TRACK_GUEST, i), name, NULL);
	}
}

/* How well the guest's clock is known, of its first CPU. */
static void bounds(struct perfetto *f, uint32_t machine)
{
	const struct analysis_totals *t = &f->job->analysis->totals;
	const struct vmsync_session_guest *g =
		&f->job->analysis->session->guests[machine - 1];
	const struct vmsync_map *map = vmsync_stream_map(g, 0);
	size_t i;

	for (i = 0; map && i < map->count; i++) {
		const struct vmsync_segment *s = &map->segments[i];
		int64_t from = s->host_start.ns;
		bool is_last = i + 1 == map->count;

		if (from >= t->until_ns ||
		    (!is_last && s[1].host_start.ns <= t->from_ns))
			continue;
		if (from < t->from_ns)
			from = t->from_ns;
		count(f, track_uuid(TRACK_BOUND, machine), from, s->bound_ns);
	}
}

void tracks_end(struct perfetto *f)
{
	uint32_t i;

	for (i = 0; i < f->vcpus.count; i++) {
		struct track_vcpu *v = &f->vcpus.at[i];

		if (v->exits)
			exit_count(f, i, v, v->exits_ns + BUCKET_NS);
	}
	for (i = 1; i <= f->job->analysis->session->n_guests; i++) {
		if (export_wants_machine(f->job, i))
			bounds(f, i);
	}
}
