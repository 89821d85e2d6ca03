// SPDX-License-Identifier: MIT
/*
 * Threads of guests: which one each virtual CPU runs, and how long one waits
 * from its wake-up until it runs, told apart by what the virtual CPU did
 * meanwhile.
 */
#include <string.h>

#include "analysis/parts.h"

static struct analysis_vcpu *vcpu_of(struct analysis_model *m, uint32_t machine,
				     uint32_t cpu)
{
	const struct analysis_guest *g;

	if (machine >= m->guests.count)
		return NULL;
	g = &m->guests.at[machine];
	return cpu >= g->vcpu.count || g->vcpu.at[cpu] == ANALYSIS_NONE ?
		       NULL :
		       &m->vcpus.at[g->vcpu.at[cpu]];
}

/* Few want to know: ask for @tells_steps before. */
static void step(struct analysis_model *m, const struct analysis_step *s)
{
	int i;

	for (i = 0; i < m->n_sinks; i++) {
		if (m->sinks[i].step)
			m->sinks[i].step(m->sinks[i].ctx, s);
	}
}

static uint32_t number_of(const struct analysis_vcpu *v)
{
	return v ? v->open.vcpu : ANALYSIS_NONE;
}

/* Take what it has waited for its virtual CPU so far. */
static void wake_add(struct analysis_model *m, struct analysis_waking *w,
		     int64_t ns)
{
	int64_t now[ANALYSIS_STATES];
	int i;

	analysis_vcpu_sums(&m->vcpus.at[w->vcpu], ns, now);
	for (i = 0; i < ANALYSIS_STATES; i++)
		w->ns[i] = (w->moved ? w->ns[i] : 0) + now[i] - w->before_ns[i];
	/* A sleep that turned out to be none was taken for one before. */
	for (i = 0; i < ANALYSIS_STATES; i++) {
		if (w->ns[i] < 0) {
			w->ns[ANALYSIS_PREEMPTED] += w->ns[i];
			w->ns[i] = 0;
		}
	}
}

static void wake_move(struct analysis_model *m, uint32_t task,
		      struct analysis_waking *w,
		      const struct analysis_event *ev)
{
	struct analysis_vcpu *to = vcpu_of(m, ev->machine, (uint32_t)ev->target);
	const struct analysis_step moved = { .kind = ANALYSIS_STEP_MOVED,
					     .machine = ev->machine,
					     .thread = task,
					     .vcpu = number_of(to),
					     .ns = ev->ns };

	if (m->tells_steps)
		step(m, &moved);
	if (!to || w->vcpu == to->open.vcpu)
		return;
	wake_add(m, w, ev->ns);
	w->moved = true;
	w->vcpu = to->open.vcpu;
	analysis_vcpu_sums(to, ev->ns, w->before_ns);
}

static void wake_begin(struct analysis_model *m, uint32_t task,
		       const struct analysis_event *ev)
{
	struct analysis_vcpu *waker = vcpu_of(m, ev->machine, ev->cpu);
	struct analysis_vcpu *on = vcpu_of(m, ev->machine, (uint32_t)ev->target);
	struct analysis_waking *w = m->tasks.at[task].wake;
	const struct analysis_step woken = {
		.kind = ANALYSIS_STEP_WOKEN,
		.machine = ev->machine,
		.thread = task,
		.vcpu = number_of(on),
		.waker = waker ? waker->thread : ANALYSIS_NONE,
		.waker_vcpu = number_of(waker),
		.ns = ev->ns};

	if (m->tells_steps)
		step(m, &woken);
	if (!on)
		return;
	if (!w) {
		w = m->tasks.at[task].wake = malloc(sizeof(*w));
		if (!w) {
			m->failed = true;
			return;
		}
	}
	w->vcpu = on->open.vcpu;
	w->waker = waker ? waker->thread : ANALYSIS_NONE;
	w->moved = false;
	w->from_ns = ev->ns;
	analysis_vcpu_sums(on, ev->ns, w->before_ns);
}

static void wake_end(struct analysis_model *m, uint32_t task,
		     struct analysis_vcpu *v, int64_t ns)
{
	struct analysis_waking *w = m->tasks.at[task].wake;
	struct analysis_wake wake;
	int i;

	if (!w || w->vcpu == ANALYSIS_NONE)
		return;
	wake_add(m, w, ns);
	wake.thread = task;
	wake.waker = w->waker;
	wake.vcpu = v->open.vcpu;
	wake.from_ns = w->from_ns;
	wake.until_ns = ns;
	memcpy(wake.ns, w->ns, sizeof(wake.ns));
	w->vcpu = ANALYSIS_NONE;
	for (i = 0; i < m->n_sinks; i++) {
		if (m->sinks[i].wake)
			m->sinks[i].wake(m->sinks[i].ctx, &wake);
	}
}

static void wake_forget(struct analysis_model *m, uint32_t task)
{
	struct analysis_waking *w = m->tasks.at[task].wake;

	if (w)
		w->vcpu = ANALYSIS_NONE;
}

/* The virtual CPU runs another thread, or one that is not known. */
static void runs(struct analysis_model *m, struct analysis_vcpu *v,
		 uint32_t task, int64_t ns)
{
	v->thread = task;
	v->idles = task != ANALYSIS_NONE && !m->tasks.at[task].is.tid;
	analysis_vcpu_settle(m, v, ns);
	if (v->on != ANALYSIS_NONE)
		analysis_cpu_settle(m, v->on, ns);
}

/* Who gives the CPU away is nearly always who was known to run there. */
static uint32_t current_of(struct analysis_model *m,
			   const struct analysis_vcpu *v,
			   const struct analysis_event *ev)
{
	const struct analysis_thread *t;

	if (v && v->thread != ANALYSIS_NONE) {
		t = &m->tasks.at[v->thread].is;
		if (t->tid == ev->current && t->machine == ev->machine)
			return v->thread;
	}
	return analysis_task_of(m, ev->machine, ev->current);
}

static void switch_steps(struct analysis_model *m,
			 const struct analysis_vcpu *v, uint32_t prev,
			 uint32_t next, const struct analysis_event *ev)
{
	struct analysis_step s = { .kind = ANALYSIS_STEP_OUT,
				   .machine = ev->machine,
				   .thread = prev,
				   .vcpu = number_of(v),
				   .sleeps =
					   !analysis_could_run(ev->prev_state),
				   .ns = ev->ns };

	step(m, &s);
	s.kind = ANALYSIS_STEP_IN;
	s.thread = next;
	step(m, &s);
}

void analysis_wakes_switch(struct analysis_model *m,
			   const struct analysis_event *ev)
{
	struct analysis_vcpu *v = vcpu_of(m, ev->machine, ev->cpu);
	uint32_t prev = current_of(m, v, ev);
	uint32_t next = analysis_task_of(m, ev->machine, ev->tid);

	if (prev == ANALYSIS_NONE || next == ANALYSIS_NONE)
		return;
	if (m->tells_steps)
		switch_steps(m, v, prev, next, ev);
	if (!v)
		return;
	analysis_name_set(m, next, ev);
	/* It was woken while it ran: nobody waited. */
	wake_forget(m, prev);
	runs(m, v, next, ev->ns);
	wake_end(m, next, v, ev->ns);
}

void analysis_wakes_lost(struct analysis_model *m,
			 const struct analysis_event *ev)
{
	struct analysis_vcpu *v = vcpu_of(m, ev->machine, ev->cpu);
	const struct analysis_step lost = { .kind = ANALYSIS_STEP_LOST,
					    .machine = ev->machine,
					    .thread = ANALYSIS_NONE,
					    .vcpu = number_of(v),
					    .ns = ev->ns };
	uint32_t i;

	if (m->tells_steps)
		step(m, &lost);
	for (i = 0; i < m->tasks.count; i++) {
		if (m->tasks.at[i].is.machine == ev->machine)
			wake_forget(m, i);
	}
	if (v)
		runs(m, v, ANALYSIS_NONE, ev->ns);
}

void analysis_wakes_migrate(struct analysis_model *m,
			    const struct analysis_event *ev)
{
	uint32_t task = analysis_task_of(m, ev->machine, ev->tid);
	struct analysis_waking *w =
		task == ANALYSIS_NONE ? NULL : m->tasks.at[task].wake;

	if (w && w->vcpu != ANALYSIS_NONE)
		wake_move(m, task, w, ev);
}

void analysis_wakes_waking(struct analysis_model *m,
			   const struct analysis_event *ev)
{
	uint32_t task = analysis_task_of(m, ev->machine, ev->tid);
	struct analysis_waking *w;

	if (task == ANALYSIS_NONE)
		return;
	w = m->tasks.at[task].wake;
	if (w && w->vcpu != ANALYSIS_NONE)
		wake_move(m, task, w, ev);
	else
		wake_begin(m, task, ev);
}
