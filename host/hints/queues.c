// SPDX-License-Identifier: MIT
/* Which threads of the host run, and which wait for which CPU. */
#include <string.h>

#include "hints/parts.h"

/* Who has the CPU has had it up to @ns. */
static void account(struct hints_state *s, struct hints_cpu *c, int64_t ns)
{
	int64_t from = c->since_ns, length = ns - from;
	uint32_t cpu = (uint32_t)(c - s->cpus.at);
	struct hints_thread *t;
	struct hints_party *p;
	struct hints_vcpu *v;
	int64_t *at;

	if (length <= 0)
		return;
	c->since_ns = ns;
	if (!c->known)
		return;
	if (c->thread == ANALYSIS_NONE) {
		c->idle_ns += length;
		return;
	}
	t = &s->threads.at[c->thread];
	t->burst_ns += length;
	p = t->party == ANALYSIS_NONE ? NULL : &s->parties.at[t->party];
	if (p)
		p->ran_ns += length;
	if (t->vcpu == ANALYSIS_NONE) {
		c->task_ns += length;
		hints_demand_add(s, from, ns);
		return;
	}
	c->vcpu_ns += length;
	v = hints_vcpu_of(s, t->vcpu);
	at = v ? hints_slot(s, &v->cpus, cpu) : NULL;
	if (at)
		*at += length;
	at = p ? hints_slot(s, &p->cpus, cpu) : NULL;
	if (at)
		*at += length;
}

static void unwait(struct hints_state *s, uint32_t thread)
{
	struct hints_thread *t = &s->threads.at[thread];
	struct hints_cpu *c;
	size_t i;

	if (t->state != HINTS_WAITS)
		return;
	c = &s->cpus.at[t->cpu];
	for (i = 0; c->waiting.at[i] != thread; i++)
		;
	c->waiting.at[i] = c->waiting.at[--c->waiting.count];
	s->pools.at[c->pool].vcpus -= t->vcpu != ANALYSIS_NONE;
	t->state = HINTS_ASLEEP;
}

static void wait_for(struct hints_state *s, uint32_t thread, uint32_t cpu)
{
	struct hints_thread *t = &s->threads.at[thread];
	struct hints_cpu *c = &s->cpus.at[cpu];
	uint32_t *p = vmsync_array_add(&c->waiting);

	if (!p) {
		s->failed = true;
		return;
	}
	*p = thread;
	t->state = HINTS_WAITS;
	t->cpu = cpu;
	s->pools.at[c->pool].vcpus += t->vcpu != ANALYSIS_NONE;
}

/* Whoever is known to run there does not. */
static void vacate(struct hints_state *s, struct hints_cpu *c)
{
	if (c->thread != ANALYSIS_NONE)
		s->threads.at[c->thread].state = HINTS_ASLEEP;
	c->thread = ANALYSIS_NONE;
}

static void run_on(struct hints_state *s, uint32_t thread, uint32_t cpu, int64_t ns)
{
	struct hints_thread *t = &s->threads.at[thread];
	struct hints_vcpu *v;

	if (t->state == HINTS_WAITS && t->cpu != cpu)
		hints_costs_settle(s, t->cpu, ns);
	if (t->state == HINTS_ASLEEP)
		hints_replay_begin(t, ns);
	unwait(s, thread);
	/* A trace may tell that it runs on two CPUs: the last one counts. */
	if (t->state == HINTS_RUNS) {
		hints_costs_settle(s, t->cpu, ns);
		account(s, &s->cpus.at[t->cpu], ns);
		vacate(s, &s->cpus.at[t->cpu]);
	}
	hints_thread_resolve(s, t);
	t->state = HINTS_RUNS;
	t->cpu = cpu;
	s->cpus.at[cpu].thread = thread;
	if (t->vcpu == ANALYSIS_NONE)
		return;
	hints_pools_seen(s, t, cpu, ns);
	v = hints_vcpu_of(s, t->vcpu);
	if (!v)
		return;
	v->moves += v->last_cpu != ANALYSIS_NONE && v->last_cpu != cpu;
	v->last_cpu = cpu;
}

static void switched(struct hints_state *s, const struct analysis_event *ev)
{
	struct hints_cpu *c = &s->cpus.at[ev->cpu];
	uint32_t prev, next;

	hints_costs_settle(s, ev->cpu, ev->ns);
	account(s, c, ev->ns);
	vacate(s, c);
	c->known = true;
	prev = ev->current > 0 ? hints_thread_of(s, ev->current) : ANALYSIS_NONE;
	if (prev != ANALYSIS_NONE && analysis_could_run(ev->prev_state) &&
	    s->threads.at[prev].state == HINTS_ASLEEP) {
		hints_thread_resolve(s, &s->threads.at[prev]);
		wait_for(s, prev, ev->cpu);
	} else if (prev != ANALYSIS_NONE && s->threads.at[prev].state == HINTS_ASLEEP) {
		hints_replay_end(s, prev);
	}
	next = ev->tid > 0 ? hints_thread_of(s, ev->tid) : ANALYSIS_NONE;
	if (next != ANALYSIS_NONE)
		run_on(s, next, ev->cpu, ev->ns);
}

static void woken(struct hints_state *s, const struct analysis_event *ev)
{
	uint32_t thread = ev->tid > 0 ? hints_thread_of(s, ev->tid) : ANALYSIS_NONE;
	uint32_t cpu = ev->target < 0 || ev->target > UINT32_MAX - 1 ?
			       ANALYSIS_NONE :
			       (uint32_t)ev->target;

	if (thread == ANALYSIS_NONE || cpu == ANALYSIS_NONE || !hints_cpu_of(s, cpu) ||
	    s->threads.at[thread].state != HINTS_ASLEEP)
		return;
	hints_costs_settle(s, cpu, ev->ns);
	hints_thread_resolve(s, &s->threads.at[thread]);
	hints_replay_begin(&s->threads.at[thread], ev->ns);
	wait_for(s, thread, cpu);
}

static void migrated(struct hints_state *s, const struct analysis_event *ev)
{
	uint32_t thread = ev->tid > 0 ? hints_thread_of(s, ev->tid) : ANALYSIS_NONE;

	if (thread == ANALYSIS_NONE || s->threads.at[thread].state != HINTS_WAITS ||
	    ev->target < 0 || ev->target >= UINT32_MAX ||
	    !hints_cpu_of(s, (uint32_t)ev->target))
		return;
	hints_costs_settle(s, s->threads.at[thread].cpu, ev->ns);
	hints_costs_settle(s, (uint32_t)ev->target, ev->ns);
	unwait(s, thread);
	wait_for(s, thread, (uint32_t)ev->target);
}

/* Who leaves a guest is a virtual CPU, which its first entry tells the model. */
static void left(struct hints_state *s, const struct analysis_event *ev)
{
	struct hints_cpu *c = &s->cpus.at[ev->cpu];
	struct hints_thread *t;

	if (c->thread == ANALYSIS_NONE)
		return;
	t = &s->threads.at[c->thread];
	if (t->vcpu != ANALYSIS_NONE)
		return;
	hints_costs_settle(s, ev->cpu, ev->ns);
	account(s, c, ev->ns);
	hints_thread_resolve(s, t);
}

/* Whoever waits anywhere may have run there. */
static void lost(struct hints_state *s, const struct analysis_event *ev)
{
	struct hints_cpu *c = &s->cpus.at[ev->cpu];
	uint32_t i;

	for (i = 0; i < s->cpus.count; i++)
		hints_costs_settle(s, i, ev->ns);
	account(s, c, ev->ns);
	vacate(s, c);
	c->known = false;
	for (i = 0; i < s->cpus.count; i++) {
		while (s->cpus.at[i].waiting.count)
			unwait(s, s->cpus.at[i].waiting.at[0]);
	}
}

/* All is accounted up to @ns. */
static void settle_all(struct hints_state *s, int64_t ns)
{
	uint32_t i;

	for (i = 0; i < s->cpus.count; i++) {
		hints_costs_settle(s, i, ns);
		account(s, &s->cpus.at[i], ns);
	}
}

static int64_t part_end(const struct hints_state *s, int part)
{
	return part == HINTS_PARTS - 1 ?
		       s->until_ns :
		       s->from_ns + (s->until_ns - s->from_ns) / HINTS_PARTS *
					    (part + 1);
}

static void parts_until(struct hints_state *s, int64_t ns)
{
	if (!s->part_until_ns)
		s->part_until_ns = part_end(s, 0);
	while (ns >= s->part_until_ns && s->part < HINTS_PARTS - 1) {
		settle_all(s, s->part_until_ns);
		hints_replay_part(s, s->part_until_ns);
		hints_pools_renew(s);
		s->part_until_ns = part_end(s, ++s->part);
	}
}

void hints_queues_event(struct hints_state *s, const struct analysis_event *ev)
{
	bool wakeups = analysis_model_wakeups(s->h->analysis.model);

	if (ev->machine != ANALYSIS_HOST || ev->ns >= s->until_ns ||
	    !hints_cpu_of(s, ev->cpu))
		return;
	parts_until(s, ev->ns);
	switch (ev->kind) {
	case ANALYSIS_EV_SWITCH:
		switched(s, ev);
		break;
	case ANALYSIS_EV_WAKING:
		if (!wakeups)
			woken(s, ev);
		break;
	case ANALYSIS_EV_WAKEUP:
		woken(s, ev);
		break;
	case ANALYSIS_EV_MIGRATE:
		migrated(s, ev);
		break;
	case ANALYSIS_EV_EXIT:
		left(s, ev);
		break;
	case ANALYSIS_EV_LOST:
		lost(s, ev);
		break;
	default:
		break;
	}
}

void hints_queues_end(struct hints_state *s)
{
	parts_until(s, s->until_ns - 1);
	settle_all(s, s->until_ns);
	hints_replay_part(s, s->until_ns);
}
