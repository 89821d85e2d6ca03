// SPDX-License-Identifier: MIT
/* Who runs on each CPU of the host. */
#include "analysis/parts.h"

struct analysis_cpu *analysis_cpu_new(struct analysis_model *m, uint32_t cpu)
{
	if (cpu >= ANALYSIS_MAX_CPUS)
		return NULL;
	while (m->cpus.count <= cpu) {
		struct analysis_cpu *c = vmsync_array_add(&m->cpus);

		if (!c) {
			m->failed = true;
			return NULL;
		}
		*c = (struct analysis_cpu){
			.thread = ANALYSIS_NONE,
			.lost_until_ns = INT64_MIN,
			.queue = { .fence_ns = INT64_MIN, .busy = true },
		};
	}
	return &m->cpus.at[cpu];
}

static inline struct analysis_who who_has(const struct analysis_model *m,
				   const struct analysis_cpu *c, uint32_t cpu)
{
	struct analysis_who who = {ANALYSIS_BY_UNKNOWN, ANALYSIS_NONE,
				   ANALYSIS_NONE};
	const struct analysis_task *t;

	if (c->irqs) {
		who.by = ANALYSIS_BY_IRQ;
		return who;
	}
	if (c->thread == ANALYSIS_NONE)
		return who;
	t = &m->tasks.at[c->thread];
	if (t->vcpu != ANALYSIS_NONE) {
		if (m->vcpus.at[t->vcpu].on != cpu)
			return who;
		who.by = ANALYSIS_BY_VCPU;
		who.id = t->vcpu;
		who.thread = m->vcpus.at[t->vcpu].thread;
	} else if (!t->is.tid) {
		who.by = ANALYSIS_BY_NOBODY;
	} else {
		who.by = ANALYSIS_BY_TASK;
		who.id = c->thread;
	}
	return who;
}

/* Somebody else has the CPU than @c->who: that one is charged up to now. */
static __attribute__((noinline)) void
charge_waiters(struct analysis_model *m, const struct analysis_cpu *c,
	       int64_t ns)
{
	size_t i;

	/* Backwards: one that is taken off the list has the last one's place.
	 */
	for (i = c->waiters.count; i-- > 0;)
		analysis_wait_charge(m, &m->vcpus.at[c->waiters.at[i]], ns);
}

static inline void settle(struct analysis_model *m, uint32_t cpu, int64_t ns)
{
	struct analysis_cpu *c = &m->cpus.at[cpu];
	struct analysis_who who = who_has(m, c, cpu);

	if (c->waiters.count &&
	    (who.by != c->who.by || who.id != c->who.id ||
	     who.thread != c->who.thread))
		charge_waiters(m, c, ns);
	c->who = who;
}

void analysis_cpu_settle(struct analysis_model *m, uint32_t cpu, int64_t ns)
{
	settle(m, cpu, ns);
}

/* A thread gets the CPU; it may be that of a virtual CPU. */
static void give(struct analysis_model *m, uint32_t cpu, uint32_t task,
		 int64_t ns)
{
	struct analysis_cpu *c = &m->cpus.at[cpu];
	uint32_t v;

	c->thread = task;
	c->irqs = 0;
	v = task == ANALYSIS_NONE ? ANALYSIS_NONE : m->tasks.at[task].vcpu;
	if (v != ANALYSIS_NONE)
		analysis_vcpu_put(m, &m->vcpus.at[v], cpu, ns);
}

/* Another thread runs than was known: what happened between is not told. */
static void replace(struct analysis_model *m, uint32_t cpu, uint32_t task,
		    int64_t ns)
{
	struct analysis_cpu *c = &m->cpus.at[cpu];
	struct analysis_vcpu *v = analysis_vcpu_on(m, cpu);

	if (c->thread == task)
		return;
	if (v)
		analysis_vcpu_lose(m, v, ns);
	give(m, cpu, task, ns);
}

static void count(struct analysis_model *m, const struct analysis_event *ev,
		  uint32_t next)
{
	uint32_t prev = m->cpus.at[ev->cpu].thread, v;

	if (prev == ANALYSIS_NONE || m->tasks.at[prev].is.tid != ev->current)
		prev = analysis_task_find(m, ANALYSIS_HOST, ev->current);
	v = prev == ANALYSIS_NONE ? ANALYSIS_NONE : m->tasks.at[prev].vcpu;
	/* Where a signal keeps it from sleeping the kernel calls it voluntary.
	 */
	if (v != ANALYSIS_NONE && analysis_could_run(ev->prev_state))
		m->vcpus.at[v].switches.involuntary++;
	else if (v != ANALYSIS_NONE)
		m->vcpus.at[v].switches.voluntary++;
	v = next == ANALYSIS_NONE ? ANALYSIS_NONE : m->tasks.at[next].vcpu;
	if (v != ANALYSIS_NONE)
		m->vcpus.at[v].switches.in++;
}

/* @v was on the CPU, or NULL. */
static void switched(struct analysis_model *m, struct analysis_vcpu *v,
		     const struct analysis_event *ev)
{
	uint32_t next = analysis_task_of(m, ANALYSIS_HOST, ev->tid);

	analysis_name_set(m, next, ev);
	count(m, ev, next);
	if (v)
		analysis_vcpu_take(m, v, ev->prev_state, ev->ns);
	give(m, ev->cpu, next, ev->ns);
}

/* Nearly always the thread that made the event is known to run on its CPU. */
static inline bool is_known(const struct analysis_model *m,
			    const struct analysis_cpu *c,
			    const struct analysis_event *ev,
			    enum analysis_kind kind)
{
	const struct analysis_thread *known;

	if (c->thread == ANALYSIS_NONE)
		return false;
	known = &m->tasks.at[c->thread].is;
	return known->tid == ev->current &&
	       (known->pid || ev->pid <= 0 || kind == ANALYSIS_EV_THREAD);
}

/* It is not: it runs there from now on. */
static __attribute__((noinline)) void
current_told(struct analysis_model *m, const struct analysis_event *ev)
{
	uint32_t task = analysis_task_of(m, ANALYSIS_HOST, ev->current);

	if (task == ANALYSIS_NONE)
		return;
	if (ev->pid > 0 && ev->kind != ANALYSIS_EV_THREAD)
		m->tasks.at[task].is.pid = ev->pid;
	replace(m, ev->cpu, task, ev->ns);
}

/* Without much ado: it is as before, with @v on the CPU, or NULL. */
static bool is_settled(const struct analysis_cpu *c,
		       const struct analysis_vcpu *v)
{
	if (c->irqs)
		return c->who.by == ANALYSIS_BY_IRQ;
	return v && c->who.by == ANALYSIS_BY_VCPU &&
	       c->who.id == v->open.vcpu && c->who.thread == v->thread;
}

/* What an event of that kind tells; @v is on its CPU, or NULL. */
static inline __attribute__((always_inline)) void
tell(struct analysis_model *m, struct analysis_cpu *c, struct analysis_vcpu *v,
     const struct analysis_event *ev, enum analysis_kind kind)
{
	switch (kind) {
	case ANALYSIS_EV_SWITCH:
		switched(m, v, ev);
		break;
	case ANALYSIS_EV_IRQ_IN:
		c->irqs++;
		break;
	case ANALYSIS_EV_IRQ_OUT:
		/* The begin may have been before the recording's. */
		c->irqs -= c->irqs != 0;
		break;
	case ANALYSIS_EV_WAKING:
	case ANALYSIS_EV_WAKEUP:
	case ANALYSIS_EV_MIGRATE:
	case ANALYSIS_EV_GONE:
		analysis_vcpus_about(m, ev);
		break;
	case ANALYSIS_EV_ENTRY:
		analysis_vcpus_entry(m, v, ev);
		break;
	case ANALYSIS_EV_EXIT:
		analysis_vcpus_exit(m, v, ev);
		break;
	case ANALYSIS_EV_USER_EXIT:
	case ANALYSIS_EV_RUN:
	case ANALYSIS_EV_HALTED:
	case ANALYSIS_EV_POLL:
		if (v)
			analysis_vcpus_told_by(m, v, ev);
		break;
	default:
		break;
	}
}

static inline __attribute__((always_inline)) void
slack(struct analysis_model *m, struct analysis_cpu *c,
      const struct analysis_event *ev, enum analysis_kind kind)
{
	if (analysis_slack_is_fence(kind))
		c->queue.fence_ns = ev->ns;
	if (kind == ANALYSIS_EV_ENTRY)
		c->queue.woken = false;
	if (kind == ANALYSIS_EV_SWITCH)
		analysis_slack_switch(&c->queue, ev);
	if (kind == ANALYSIS_EV_WAKEUP || kind == ANALYSIS_EV_MIGRATE)
		analysis_slack_queued(m, ev);
}

/* May events of that kind change who is on the CPU? */
static inline bool moves(enum analysis_kind kind)
{
	return kind != ANALYSIS_EV_OTHER && kind != ANALYSIS_EV_IRQ_IN &&
	       kind != ANALYSIS_EV_IRQ_OUT;
}

/*
 * An event of the host. Those that there are many of have a copy of this each, in
 * which @kind is known: the next one is nearly always of another kind, so that
 * each question after it costs the processor a wrong guess.
 */
static inline __attribute__((always_inline)) void
take(struct analysis_model *m, const struct analysis_event *ev,
     enum analysis_kind kind)
{
	const uint32_t cpu = ev->cpu;
	struct analysis_cpu *c = analysis_cpu_of(m, cpu);
	struct analysis_vcpu *v;

	if (!c || ev->ns < c->lost_until_ns)
		return;
	if (ev->current != ANALYSIS_NOT_SAID && !is_known(m, c, ev, kind))
		current_told(m, ev);
	v = analysis_vcpu_on(m, cpu);
	/* Whatever the host does on the CPU, the guest does not run then. */
	if (v && kind != ANALYSIS_EV_ENTRY && kind != ANALYSIS_EV_EXIT)
		analysis_vcpu_left(m, v, ev->ns);
	tell(m, c, v, ev, kind);
	if (moves(kind)) {
		/* There may be more of them by now. */
		c = &m->cpus.at[cpu];
		v = analysis_vcpu_on(m, cpu);
	}
	/* An entry has settled that. */
	if (v && kind != ANALYSIS_EV_ENTRY)
		analysis_vcpu_settle(m, v, ev->ns);
	if (!is_settled(c, v))
		settle(m, cpu, ev->ns);
	slack(m, c, ev, kind);
}

void analysis_cpus_other(struct analysis_model *m,
			 const struct analysis_event *ev)
{
	take(m, ev, ANALYSIS_EV_OTHER);
}

void analysis_cpus_switch(struct analysis_model *m,
			  const struct analysis_event *ev)
{
	take(m, ev, ANALYSIS_EV_SWITCH);
}

void analysis_cpus_waking(struct analysis_model *m,
			  const struct analysis_event *ev)
{
	take(m, ev, ANALYSIS_EV_WAKING);
}

void analysis_cpus_wakeup(struct analysis_model *m,
			  const struct analysis_event *ev)
{
	take(m, ev, ANALYSIS_EV_WAKEUP);
}

void analysis_cpus_irq_in(struct analysis_model *m,
			  const struct analysis_event *ev)
{
	take(m, ev, ANALYSIS_EV_IRQ_IN);
}

void analysis_cpus_irq_out(struct analysis_model *m,
			   const struct analysis_event *ev)
{
	take(m, ev, ANALYSIS_EV_IRQ_OUT);
}

void analysis_cpus_entry(struct analysis_model *m,
			 const struct analysis_event *ev)
{
	take(m, ev, ANALYSIS_EV_ENTRY);
}

void analysis_cpus_exit(struct analysis_model *m,
			const struct analysis_event *ev)
{
	take(m, ev, ANALYSIS_EV_EXIT);
}

void analysis_cpus_rare(struct analysis_model *m,
			const struct analysis_event *ev)
{
	take(m, ev, (enum analysis_kind)ev->kind);
}
