// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>

#include "analysis/parts.h"

struct analysis_model *analysis_model_new(int64_t begin_ns, bool wakeups)
{
	struct analysis_model *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->begin_ns = begin_ns;
	m->lost_until_ns = INT64_MIN;
	m->wakeups = wakeups;
	return m;
}

void analysis_model_free(struct analysis_model *m)
{
	size_t i;

	if (!m)
		return;
	for (i = 0; i < m->tasks.count; i++)
		free(m->tasks.at[i].wake);
	for (i = 0; i < m->vcpus.count; i++)
		vmsync_array_free(&m->vcpus.at[i].turns);
	for (i = 0; i < m->cpus.count; i++)
		vmsync_array_free(&m->cpus.at[i].waiters);
	vmsync_array_free(&m->tasks);
	vmsync_array_free(&m->vcpus);
	vmsync_array_free(&m->cpus);
	for (i = 0; i < m->guests.count; i++)
		vmsync_array_free(&m->guests.at[i].vcpu);
	vmsync_array_free(&m->guests);
	analysis_index_free(&m->tids);
	free(m);
}

void analysis_model_sink(struct analysis_model *m,
			 const struct analysis_sink *sink)
{
	if (m->n_sinks >= ANALYSIS_MAX_SINKS)
		return;
	m->sinks[m->n_sinks++] = *sink;
	m->tells_events |= sink->event != NULL;
	m->tells_steps |= sink->step != NULL;
}

static __attribute__((noinline)) void tell(const struct analysis_model *m,
					   const struct analysis_event *ev)
{
	int i;

	for (i = 0; i < m->n_sinks; i++) {
		if (m->sinks[i].event)
			m->sinks[i].event(m->sinks[i].ctx, ev);
	}
}

uint32_t analysis_task_new(struct analysis_model *m, uint32_t machine,
			   int32_t tid)
{
	uint32_t n = analysis_index_put(&m->tids,
					analysis_pair(machine, (uint32_t)tid));
	struct analysis_task *t;

	if (n < m->tasks.count)
		return n;
	t = n == ANALYSIS_NONE ? NULL : vmsync_array_add(&m->tasks);
	if (!t) {
		m->failed = true;
		return ANALYSIS_NONE;
	}
	*t = (struct analysis_task){ .is = { .machine = machine, .tid = tid },
				     .vcpu = ANALYSIS_NONE };
	return n;
}

/* The guest's own number of the CPU, for the guest's events. */
static void guest_cpu_set(struct analysis_model *m,
			  const struct analysis_vcpu_id *id, uint32_t vcpu)
{
	struct analysis_guest *g;
	uint32_t *p;

	if (!id->machine || id->cpu >= ANALYSIS_MAX_CPUS)
		return;
	while (m->guests.count <= id->machine) {
		g = vmsync_array_add(&m->guests);
		if (!g) {
			m->failed = true;
			return;
		}
		*g = (struct analysis_guest){0};
	}
	g = &m->guests.at[id->machine];
	while (g->vcpu.count <= id->cpu) {
		p = vmsync_array_add(&g->vcpu);
		if (!p) {
			m->failed = true;
			return;
		}
		*p = ANALYSIS_NONE;
	}
	g->vcpu.at[id->cpu] = vcpu;
}

uint32_t analysis_model_vcpu(struct analysis_model *m,
			     const struct analysis_vcpu_id *id)
{
	uint32_t number = (uint32_t)m->vcpus.count;
	uint32_t task = analysis_task_of(m, ANALYSIS_HOST, id->tid);
	struct analysis_vcpu *v;

	if (task == ANALYSIS_NONE)
		return ANALYSIS_NONE;
	if (m->tasks.at[task].vcpu != ANALYSIS_NONE) {
		/* Of another boot, perhaps: both have a number for it. */
		guest_cpu_set(m, id, m->tasks.at[task].vcpu);
		return m->tasks.at[task].vcpu;
	}
	v = vmsync_array_add(&m->vcpus);
	if (!v) {
		m->failed = true;
		return ANALYSIS_NONE;
	}
	*v = (struct analysis_vcpu){
		.id = *id,
		.on = ANALYSIS_NONE,
		.off = ANALYSIS_UNKNOWN,
		.place = ANALYSIS_IN_UNKNOWN,
		.queue = ANALYSIS_NONE,
		.thread = ANALYSIS_NONE,
		.open =
			{
				.vcpu = number,
				.state = ANALYSIS_UNKNOWN,
				.place = ANALYSIS_IN_UNKNOWN,
				.thread = ANALYSIS_NONE,
				.cpu = ANALYSIS_NONE,
				.from_ns = m->begin_ns,
			},
	};
	m->tasks.at[task].vcpu = number;
	guest_cpu_set(m, id, number);
	return number;
}

/* A hole in what a CPU of the host tells: nothing is known that it may change.
 */
static void host_lost(struct analysis_model *m, const struct analysis_event *ev)
{
	struct analysis_cpu *c = analysis_cpu_of(m, ev->cpu);
	size_t i;

	if (!c)
		return;
	if (ev->until_ns > c->lost_until_ns)
		c->lost_until_ns = ev->until_ns;
	if (ev->until_ns > m->lost_until_ns)
		m->lost_until_ns = ev->until_ns;
	for (i = 0; i < m->vcpus.count; i++) {
		struct analysis_vcpu *v = &m->vcpus.at[i];

		if (v->on == ANALYSIS_NONE || v->on == ev->cpu)
			analysis_vcpu_lose(m, v, ev->ns);
	}
	c = &m->cpus.at[ev->cpu];
	c->thread = ANALYSIS_NONE;
	c->irqs = 0;
	analysis_cpu_settle(m, ev->cpu, ev->ns);
}

static void thread_told(struct analysis_model *m,
			const struct analysis_event *ev)
{
	uint32_t task = analysis_task_of(m, ev->machine, ev->tid);

	analysis_name_set(m, task, ev);
	if (task != ANALYSIS_NONE && ev->pid > 0)
		m->tasks.at[task].is.pid = ev->pid;
}

static void host_thread(struct analysis_model *m,
			const struct analysis_event *ev)
{
	thread_told(m, ev);
	analysis_cpus_rare(m, ev);
}

static void nothing(struct analysis_model *m, const struct analysis_event *ev)
{
	(void)m;
	(void)ev;
}

typedef void take_fn(struct analysis_model *m, const struct analysis_event *ev);

/* One step from an event, of the host or of a guest, to what takes it. */
static take_fn *const takes[][ANALYSIS_EV_KINDS] = {
	{
		[ANALYSIS_EV_OTHER] = analysis_cpus_other,
		[ANALYSIS_EV_SWITCH] = analysis_cpus_switch,
		[ANALYSIS_EV_WAKING] = analysis_cpus_waking,
		[ANALYSIS_EV_WAKEUP] = analysis_cpus_wakeup,
		[ANALYSIS_EV_MIGRATE] = analysis_cpus_rare,
		[ANALYSIS_EV_IRQ_IN] = analysis_cpus_irq_in,
		[ANALYSIS_EV_IRQ_OUT] = analysis_cpus_irq_out,
		[ANALYSIS_EV_THREAD] = host_thread,
		[ANALYSIS_EV_GONE] = analysis_cpus_rare,
		[ANALYSIS_EV_ENTRY] = analysis_cpus_entry,
		[ANALYSIS_EV_EXIT] = analysis_cpus_exit,
		[ANALYSIS_EV_USER_EXIT] = analysis_cpus_rare,
		[ANALYSIS_EV_RUN] = analysis_cpus_rare,
		[ANALYSIS_EV_HALTED] = analysis_cpus_rare,
		[ANALYSIS_EV_POLL] = analysis_cpus_rare,
		[ANALYSIS_EV_LOST] = host_lost,
	},
	{
		[ANALYSIS_EV_OTHER] = nothing,
		[ANALYSIS_EV_SWITCH] = analysis_wakes_switch,
		[ANALYSIS_EV_WAKING] = analysis_wakes_waking,
		[ANALYSIS_EV_WAKEUP] = analysis_wakes_waking,
		[ANALYSIS_EV_MIGRATE] = analysis_wakes_migrate,
		[ANALYSIS_EV_IRQ_IN] = nothing,
		[ANALYSIS_EV_IRQ_OUT] = nothing,
		[ANALYSIS_EV_THREAD] = thread_told,
		[ANALYSIS_EV_GONE] = nothing,
		[ANALYSIS_EV_ENTRY] = nothing,
		[ANALYSIS_EV_EXIT] = nothing,
		[ANALYSIS_EV_USER_EXIT] = nothing,
		[ANALYSIS_EV_RUN] = nothing,
		[ANALYSIS_EV_HALTED] = nothing,
		[ANALYSIS_EV_POLL] = nothing,
		[ANALYSIS_EV_LOST] = analysis_wakes_lost,
	},
};

void analysis_model_event(struct analysis_model *m,
			  const struct analysis_event *ev)
{
	if (__builtin_expect(m->tells_events, 0))
		tell(m, ev);
	takes[ev->machine != ANALYSIS_HOST][ev->kind](m, ev);
}

void analysis_model_some(struct analysis_model *m, const struct ctf_noted *some,
			 int n)
{
	const struct ctf_noted *end = some + n;

	for (; some < end; some++) {
		struct analysis_event *ev = some->note;

		ev->ns = (int64_t)some->time;
		analysis_model_event(m, ev);
	}
}

int analysis_model_end(struct analysis_model *m, int64_t end_ns)
{
	size_t i;

	for (i = 0; i < m->vcpus.count; i++)
		analysis_vcpu_end(m, &m->vcpus.at[i], end_ns);
	return m->failed ? -ENOMEM : 0;
}

uint32_t analysis_model_vcpus(const struct analysis_model *m)
{
	return (uint32_t)m->vcpus.count;
}

struct analysis_vcpu_id analysis_model_vcpu_id(const struct analysis_model *m,
					       uint32_t vcpu)
{
	struct analysis_vcpu_id id = m->vcpus.at[vcpu].id;
	uint32_t task;

	/* Its first entry tells; what told of its thread may have before. */
	if (id.pid <= 0) {
		task = analysis_task_find(m, ANALYSIS_HOST, id.tid);
		id.pid = task == ANALYSIS_NONE ? 0 : m->tasks.at[task].is.pid;
	}
	return id;
}

const struct analysis_switches *
analysis_model_switches(const struct analysis_model *m, uint32_t vcpu)
{
	return &m->vcpus.at[vcpu].switches;
}

const struct analysis_slack *analysis_model_slack(const struct analysis_model *m,
						  uint32_t vcpu)
{
	return &m->vcpus.at[vcpu].slack;
}

const struct analysis_halts *analysis_model_halts(const struct analysis_model *m,
						  uint32_t vcpu)
{
	return &m->vcpus.at[vcpu].halts;
}

const struct analysis_thread *
analysis_model_thread(const struct analysis_model *m, uint32_t thread)
{
	return &m->tasks.at[thread].is;
}

bool analysis_model_wakeups(const struct analysis_model *m)
{
	return m->wakeups;
}

uint32_t analysis_model_threads(const struct analysis_model *m)
{
	return (uint32_t)m->tasks.count;
}

uint32_t analysis_model_thread_of(const struct analysis_model *m,
				  uint32_t machine, int32_t tid)
{
	return analysis_task_find(m, machine, tid);
}

bool analysis_model_is_vcpu(const struct analysis_model *m, uint32_t thread)
{
	return m->tasks.at[thread].vcpu != ANALYSIS_NONE;
}

const struct analysis_anomalies *
analysis_model_anomalies(const struct analysis_model *m)
{
	return &m->anomalies;
}
