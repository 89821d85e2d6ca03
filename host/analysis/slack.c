// SPDX-License-Identifier: MIT
/*
 * How far the kernel's figures of a thread may be from those of the trace.
 *
 * The kernel adds up times by the clock of the CPU's run queue, and reads it
 * before it makes the event that the trace has: the same pass of the scheduler,
 * or of the wake-up, with the run queue locked and interrupts off. So it was
 * read after the last event on that CPU that cannot be within such a pass, a
 * fence: an interrupt, an entry into a guest or its exit, a system call,
 * another switch.
 *
 * One thing makes it older: where a wake-up finds that the thread that runs has
 * to give way, the next switch takes the time that the queue has, which is that
 * of the last wake-up to it (rq_clock_skip_update()). An idle CPU that is woken
 * is the commonest case: the kernel counts no delay at all then. Whether it was
 * so is not told. A guest is never entered while the thread has to give way,
 * nor is it so after a switch; for wake-ups behind both the clock may be theirs.
 */
#include "analysis/parts.h"

static int64_t fence_of(const struct analysis_model *m, uint32_t cpu)
{
	int64_t ns = m->cpus.at[cpu].queue.fence_ns;

	return ns < m->begin_ns ? m->begin_ns : ns;
}

/* The earliest time that the clock may have had at a switch that is told now.
 */
static int64_t earliest(const struct analysis_model *m, uint32_t cpu)
{
	const struct analysis_queue *q = &m->cpus.at[cpu].queue;
	int64_t fence = fence_of(m, cpu);

	return q->woken && q->woken_ns < fence ? q->woken_ns : fence;
}

void analysis_slack_queued(struct analysis_model *m,
			   const struct analysis_event *ev)
{
	struct analysis_cpu *c = analysis_cpu_of(m, (uint32_t)ev->target);

	if (!c)
		return;
	c->queue.waiting++;
	c->queue.woken = true;
	c->queue.woken_ns = fence_of(m, ev->cpu);
}

void analysis_slack_switch(struct analysis_queue *q,
			   const struct analysis_event *ev)
{
	bool stays = (ev->current != 0) & analysis_could_run(ev->prev_state);

	q->woken = false;
	q->busy &= ev->tid != 0;
	q->waiting += stays - (q->waiting != 0);
	if (!ev->tid)
		q->waiting = 0;
}

bool analysis_slack_alone(const struct analysis_model *m, uint32_t cpu)
{
	const struct analysis_queue *q = &m->cpus.at[cpu].queue;

	return !q->busy && !q->waiting;
}

void analysis_slack_out(struct analysis_model *m, struct analysis_vcpu *v,
			uint32_t cpu, int64_t ns)
{
	v->wait_from_ns = ns;
	v->wait_early_ns = ns - earliest(m, cpu);
	v->wait_moved = false;
	v->slack.ran_less_ns += v->wait_early_ns;
}

void analysis_slack_woken(struct analysis_model *m, struct analysis_vcpu *v,
			  uint32_t by, int64_t ns)
{
	v->wait_from_ns = ns;
	v->wait_early_ns = ns - fence_of(m, by);
	/* Without sched_wakeup it is not told when it was put on a queue. */
	v->wait_moved = !m->wakeups;
}

void analysis_slack_in(struct analysis_model *m, struct analysis_vcpu *v,
		       uint32_t cpu, int64_t ns)
{
	int64_t early = ns - earliest(m, cpu), waited = ns - v->wait_from_ns;

	if (v->off == ANALYSIS_UNKNOWN)
		return;
	v->slack.ran_more_ns += early;
	v->slack.delay_more_ns += v->wait_early_ns;
	v->slack.delay_less_ns +=
		v->wait_moved || early > waited ? waited : early;
}
