// SPDX-License-Identifier: MIT
/*
 * Scheduling in the form that Perfetto's own analysis works on: its ftrace
 * events, and of these the compact form, of some 9 bytes a switch. There a
 * switch says only which thread comes; the one that goes is the one that came
 * before it.
 *
 * Where events are lost it would be taken to run on. So a thread of our own
 * comes there, "(not recorded)", until a switch tells who ran; what the one
 * before it does is then not known, for which there is no state: it is I, which
 * Linux says of kernel threads only. The same comes at the end, since
 * Perfetto's analysis passes over what has none.
 */
#include <errno.h>
#include <stdlib.h>

#include "export/perfetto.h"

/* message FtraceEventBundle */
enum { BUNDLE_CPU = 1, BUNDLE_COMPACT = 4 };
/* message FtraceEventBundle.CompactSched */
enum {
	COMPACT_SWITCH_NS = 1,
	COMPACT_SWITCH_STATE = 2,
	COMPACT_SWITCH_PID = 3,
	COMPACT_SWITCH_PRIO = 4,
	COMPACT_NAMES = 5,
	COMPACT_SWITCH_NAME = 6,
	COMPACT_WAKING_NS = 7,
	COMPACT_WAKING_PID = 8,
	COMPACT_WAKING_CPU = 9,
	COMPACT_WAKING_PRIO = 10,
	COMPACT_WAKING_NAME = 11,
	COMPACT_WAKING_FLAGS = 12,
};

#define PRIO	  120	   /* Of which the analysis knows nothing. */
#define LOST_TID  0x400001 /* Above all that Linux gives (PID_MAX_LIMIT). */
#define LOST_NAME "(not recorded)"
#define NOT_KNOWN 0x80 /* TASK_REPORT_IDLE */
/* Names are of that many bytes, 0 up to the end. */
static const char lost_name[ANALYSIS_NAME] = "(not recorded)";
static const char idle_name[ANALYSIS_NAME] = "swapper";

#define MAX_CPUS 8192

/* Numbers are at most 10 bytes, and there are 6 rows of them for each list. */
#define BUNDLE_ROOM                      \
	(SCHED_EVENTS * 12 * PB_VARINT + \
	 2 * SCHED_EVENTS * (4 * ANALYSIS_NAME + 16) + 4096)

static struct sched_cpu *cpu_of(struct perfetto *f, uint32_t machine,
				uint32_t cpu)
{
	struct sched_machine *m;

	if (cpu >= MAX_CPUS)
		return NULL;
	while (f->machines.count <= machine) {
		m = vmsync_array_add(&f->machines);
		if (!m)
			goto failed;
		memset(m, 0, sizeof(*m));
	}
	m = &f->machines.at[machine];
	while (m->cpus.count <= cpu) {
		struct sched_cpu **c = vmsync_array_add(&m->cpus);

		if (!c)
			goto failed;
		*c = NULL;
	}
	if (!m->cpus.at[cpu]) {
		m->cpus.at[cpu] = calloc(1, sizeof(struct sched_cpu));
		if (!m->cpus.at[cpu])
			goto failed;
		m->cpus.at[cpu]->runs = -1;
		m->cpus.at[cpu]->lost_until_ns = INT64_MIN;
	}
	return m->cpus.at[cpu];
failed:
	f->job->error = -ENOMEM;
	return NULL;
}

/* Numbers one after another, in a field. */
#define PACKED(p, number, count, value)                             \
	({                                                          \
		uint8_t row_[SCHED_EVENTS * PB_VARINT], *q_ = row_; \
		uint32_t i;                                         \
		for (i = 0; i < (count); i++)                       \
			q_ = pb_varint(q_, (uint64_t)(value));      \
		pb_bytes(p, number, row_, (size_t)(q_ - row_));     \
	})

static uint8_t *put_switches(uint8_t *p, const struct sched_list *l)
{
	p = PACKED(p, COMPACT_SWITCH_NS, l->n,
		   l->ns[i] - (i ? l->ns[i - 1] : 0));
	p = PACKED(p, COMPACT_SWITCH_STATE, l->n, l->state[i]);
	p = PACKED(p, COMPACT_SWITCH_PID, l->n, (int64_t)l->tid[i]);
	p = PACKED(p, COMPACT_SWITCH_PRIO, l->n, PRIO);
	return PACKED(p, COMPACT_SWITCH_NAME, l->n, l->name[i]);
}

static uint8_t *put_wakings(uint8_t *p, const struct sched_list *l)
{
	p = PACKED(p, COMPACT_WAKING_NS, l->n,
		   l->ns[i] - (i ? l->ns[i - 1] : 0));
	p = PACKED(p, COMPACT_WAKING_PID, l->n, (int64_t)l->tid[i]);
	p = PACKED(p, COMPACT_WAKING_CPU, l->n, l->state[i]);
	p = PACKED(p, COMPACT_WAKING_PRIO, l->n, PRIO);
	p = PACKED(p, COMPACT_WAKING_NAME, l->n, l->name[i]);
	return PACKED(p, COMPACT_WAKING_FLAGS, l->n, 0);
}

static void bundle_write(struct perfetto *f, uint32_t machine, uint32_t cpu,
			 struct sched_cpu *c)
{
	uint8_t *compact = f->bundle, *p = compact;
	uint8_t *body = f->bundle + BUNDLE_ROOM, *bundle = body + BUNDLE_ROOM;
	char text[ANALYSIS_NAME * 4 + 1];
	uint32_t i;

	if (!c->switches.n && !c->wakings.n)
		return;
	for (i = 0; i < c->n_names; i++)
		p = pb_text(p, COMPACT_NAMES,
			    export_text(c->names[i], text, sizeof(text)));
	p = put_switches(p, &c->switches);
	p = put_wakings(p, &c->wakings);
	bundle = pb_uint(bundle, BUNDLE_CPU, cpu);
	bundle = pb_bytes(bundle, BUNDLE_COMPACT, compact,
			  (size_t)(p - compact));
	p = pb_bytes(body, PACKET_FTRACE_EVENTS, body + BUNDLE_ROOM,
		     (size_t)(bundle - body - BUNDLE_ROOM));
	p = pb_uint(p, PACKET_SEQUENCE_ID, PERFETTO_SEQUENCE);
	p = perfetto_machine(p, machine);
	perfetto_packet(f, body, p);
	c->switches.n = c->wakings.n = c->n_names = 0;
}

static uint32_t name_of(struct sched_cpu *c, const char *name)
{
	char *fresh = c->names[c->n_names];
	uint32_t i;

	/* All bytes behind a NUL are 0, so that two words tell one name from another. */
	strncpy(fresh, name, ANALYSIS_NAME);
	/* What came last comes again. */
	for (i = c->n_names; i-- > 0 && c->n_names - i <= 8;) {
		if (!memcmp(c->names[i], fresh, ANALYSIS_NAME))
			return i;
	}
	return c->n_names++;
}

static void list_add(struct sched_cpu *c, struct sched_list *l, int64_t ns,
		     int64_t state, int32_t tid, const char *name)
{
	l->ns[l->n] = ns;
	l->state[l->n] = state;
	l->tid[l->n] = tid;
	l->name[l->n++] = name_of(c, name);
}

static void switch_add(struct perfetto *f, uint32_t machine, uint32_t cpu,
		       struct sched_cpu *c, int64_t ns, int64_t state,
		       int32_t tid, const char *name)
{
	if (c->switches.n == SCHED_EVENTS)
		bundle_write(f, machine, cpu, c);
	list_add(c, &c->switches, ns, state, tid, name);
	c->runs = tid;
	memcpy(c->comm, name, ANALYSIS_NAME);
}

/* Valid until the model takes the next event. */
static const char *name_known(const struct perfetto *f, uint32_t machine,
			      int32_t tid)
{
	static const char none[ANALYSIS_NAME];
	const struct analysis_model *m = f->job->analysis->model;
	uint32_t t = analysis_model_thread_of(m, machine, tid);

	return t == ANALYSIS_NONE ? none : analysis_model_thread(m, t)->name;
}

static void event_name(const struct analysis_event *ev, char *buf)
{
	memset(buf, 0, ANALYSIS_NAME);
	if (ev->named)
		memcpy(buf, ev->name, strnlen(ev->name, ANALYSIS_NAME - 1));
}

/*
 * Whoever ran before the time that was asked for runs at its begin. Of a CPU's
 * first switch Perfetto takes only who comes, as of one that goes, so there is
 * one before.
 */
static void begin(const struct perfetto *f, struct sched_cpu *c)
{
	int64_t from = f->job->analysis->totals.from_ns;

	if (c->begun)
		return;
	c->begun = true;
	list_add(c, &c->switches, from, 0, 0, idle_name);
	if (c->runs >= 0)
		list_add(c, &c->switches, from, 0, c->runs, c->comm);
}

/* Whoever makes an event runs, if another one was known to: since when is not.
 */
static void told(struct perfetto *f, const struct analysis_event *ev,
		 struct sched_cpu *c)
{
	const char *name;

	if (c->runs == ev->current || ev->current == ANALYSIS_NOT_SAID)
		return;
	name = name_known(f, ev->machine, ev->current);
	if (ev->ns < f->job->analysis->totals.from_ns) {
		c->runs = ev->current;
		memcpy(c->comm, name, ANALYSIS_NAME);
		return;
	}
	begin(f, c);
	switch_add(f, ev->machine, ev->cpu, c, ev->ns, NOT_KNOWN, ev->current,
		   name);
}

static void switched(struct perfetto *f, const struct analysis_event *ev,
		     struct sched_cpu *c)
{
	int64_t from = f->job->analysis->totals.from_ns;
	char name[ANALYSIS_NAME];

	if (ev->ns < from) {
		c->runs = ev->tid;
		event_name(ev, c->comm);
		return;
	}
	begin(f, c);
	event_name(ev, name);
	switch_add(f, ev->machine, ev->cpu, c, ev->ns, ev->prev_state, ev->tid,
		   name);
}

static void woken(struct perfetto *f, const struct analysis_event *ev,
		  struct sched_cpu *c)
{
	if (ev->ns < f->job->analysis->totals.from_ns)
		return;
	begin(f, c);
	if (c->wakings.n == SCHED_EVENTS)
		bundle_write(f, ev->machine, ev->cpu, c);
	list_add(c, &c->wakings, ev->ns,
		 ev->target == UINT32_MAX ? ev->cpu : ev->target, ev->tid,
		 name_known(f, ev->machine, ev->tid));
}

/* Nobody is known to run from now on. */
static void stop(struct perfetto *f, uint32_t machine, uint32_t cpu,
		 struct sched_cpu *c, int64_t ns)
{
	if (ns >= f->job->analysis->totals.from_ns && c->runs >= 0) {
		begin(f, c);
		switch_add(f, machine, cpu, c, ns, NOT_KNOWN,
			   LOST_TID + (int32_t)cpu, lost_name);
	}
	c->runs = -1;
}

/* As the model takes a wake-up; of guests the first of the two kinds counts. */
static bool is_wakeup(const struct perfetto *f, const struct analysis_event *ev)
{
	if (ev->kind == ANALYSIS_EV_WAKING)
		return ev->machine != ANALYSIS_HOST ||
		       !analysis_model_wakeups(f->job->analysis->model);
	return ev->kind == ANALYSIS_EV_WAKEUP;
}

void sched_event(struct perfetto *f, const struct analysis_event *ev)
{
	struct sched_cpu *c = cpu_of(f, ev->machine, ev->cpu);

	if (!c)
		return;
	if (ev->kind == ANALYSIS_EV_LOST) {
		if (ev->machine == ANALYSIS_HOST &&
		    ev->until_ns > c->lost_until_ns)
			c->lost_until_ns = ev->until_ns;
		stop(f, ev->machine, ev->cpu, c, ev->ns);
		return;
	}
	if (ev->ns < c->lost_until_ns)
		return;
	/* Of a guest its switches tell, as to the model. */
	if (ev->machine == ANALYSIS_HOST || ev->kind == ANALYSIS_EV_SWITCH)
		told(f, ev, c);
	if (ev->kind == ANALYSIS_EV_SWITCH)
		switched(f, ev, c);
	else if (is_wakeup(f, ev))
		woken(f, ev, c);
}

void sched_end(struct perfetto *f)
{
	uint32_t machine, cpu;

	for (machine = 0; machine < f->machines.count; machine++) {
		struct sched_machine *m = &f->machines.at[machine];

		for (cpu = 0; cpu < m->cpus.count; cpu++) {
			if (!m->cpus.at[cpu])
				continue;
			stop(f, machine, cpu, m->cpus.at[cpu],
			     f->job->analysis->totals.until_ns);
			bundle_write(f, machine, cpu, m->cpus.at[cpu]);
		}
	}
}

bool sched_init(struct perfetto *f)
{
	f->bundle = malloc(3 * BUNDLE_ROOM);
	return f->bundle;
}

void sched_free(struct perfetto *f)
{
	uint32_t machine, cpu;

	for (machine = 0; machine < f->machines.count; machine++) {
		struct sched_machine *m = &f->machines.at[machine];

		for (cpu = 0; cpu < m->cpus.count; cpu++)
			free(m->cpus.at[cpu]);
		vmsync_array_free(&m->cpus);
	}
	vmsync_array_free(&f->machines);
	free(f->bundle);
}
