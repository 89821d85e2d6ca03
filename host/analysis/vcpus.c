// SPDX-License-Identifier: MIT
/* What each virtual CPU does. */
#include <string.h>

#include "analysis/parts.h"

/* Of include/linux/sched.h. */
#define TASK_STOPPED	   0x04
#define TASK_TRACED	   0x08
#define EXIT_DEAD	   0x10
#define EXIT_ZOMBIE	   0x20

/* HLT, by SVM_EXIT_HLT of asm/svm.h and EXIT_REASON_HLT of asm/vmx.h. */
#define SVM_HLT 0x78
#define VMX_HLT 12

#define MAX_VCPU_ID 4096 /* KVM_MAX_VCPU_IDS */

static bool is_halt(enum analysis_isa isa, uint32_t reason)
{
	return isa == ANALYSIS_ISA_SVM ? reason == SVM_HLT :
	       isa == ANALYSIS_ISA_VMX ? (reason & 0xffff) == VMX_HLT :
					 false;
}

static enum analysis_state state_of(const struct analysis_model *m,
				    const struct analysis_vcpu *v)
{
	static const uint8_t of_place[ANALYSIS_PLACES] = {
		[ANALYSIS_IN_GUEST] = ANALYSIS_GUEST,
		[ANALYSIS_IN_KVM] = ANALYSIS_HYPERVISOR,
		[ANALYSIS_IN_POLL] = ANALYSIS_POLLING,
		[ANALYSIS_IN_USER] = ANALYSIS_USER_SPACE,
		[ANALYSIS_IN_UNKNOWN] = ANALYSIS_UNKNOWN,
	};

	if (v->on == ANALYSIS_NONE)
		return v->off;
	if (m->cpus.at[v->on].irqs)
		return ANALYSIS_HOST_IRQ;
	if (v->place == ANALYSIS_IN_GUEST && v->left)
		return ANALYSIS_HYPERVISOR;
	if (v->place == ANALYSIS_IN_GUEST && v->idles)
		return ANALYSIS_GUEST_IDLE;
	return (enum analysis_state)of_place[v->place];
}

static void stay_close(struct analysis_model *m, struct analysis_vcpu *v,
		       int64_t ns)
{
	int i;

	if (ns <= v->open.from_ns)
		return;
	v->open.until_ns = ns;
	v->sum_ns[v->open.state] += ns - v->open.from_ns;
	v->exit.ns[v->open.state] += ns - v->open.from_ns;
	for (i = 0; i < m->n_sinks; i++) {
		if (m->sinks[i].stay)
			m->sinks[i].stay(m->sinks[i].ctx, &v->open);
	}
}

void analysis_vcpu_settle(struct analysis_model *m, struct analysis_vcpu *v,
			  int64_t ns)
{
	enum analysis_state state = state_of(m, v);
	uint32_t cpu = v->on == ANALYSIS_NONE ? v->queue : v->on;

	/*
	 * Off its CPU it is one stay, wherever it would run next: should it
	 * turn out that it never slept, all of that was a wait.
	 */
	if (state == v->open.state &&
	    (v->on == ANALYSIS_NONE ||
	     (v->place == v->open.place && v->thread == v->open.thread &&
	      cpu == v->open.cpu)))
		return;
	stay_close(m, v, ns);
	v->open.state = state;
	v->open.place = v->place;
	v->open.thread = v->thread;
	v->open.cpu = cpu;
	v->open.woken_by = (struct analysis_who){
		ANALYSIS_BY_UNKNOWN, ANALYSIS_NONE, ANALYSIS_NONE};
	v->open.from_ns = ns;
}

void analysis_vcpu_sums(const struct analysis_vcpu *v, int64_t ns,
			int64_t sums[ANALYSIS_STATES])
{
	int i;

	for (i = 0; i < ANALYSIS_STATES; i++)
		sums[i] = v->sum_ns[i];
	sums[v->open.state] += ns - v->open.from_ns;
}

/* What goes on is told in two parts: only one of them belongs to an exit. */
static void stay_split(struct analysis_model *m, struct analysis_vcpu *v,
		       int64_t ns)
{
	stay_close(m, v, ns);
	v->open.from_ns = ns;
}

/* The guest has been left; what follows belongs to the exit. */
static void exit_begin(struct analysis_model *m, struct analysis_vcpu *v,
		       int64_t ns)
{
	v->left = true;
	analysis_vcpu_settle(m, v, ns);
	stay_split(m, v, ns);
	v->exiting = true;
	v->exit.vcpu = v->open.vcpu;
	v->exit.told = v->exit.ended = false;
	v->exit.isa = ANALYSIS_ISA_UNKNOWN;
	v->exit.reason = 0;
	v->exit.thread = v->thread;
	v->exit.from_ns = ns;
	memset(v->exit.ns, 0, sizeof(v->exit.ns));
}

static void exit_end(struct analysis_model *m, struct analysis_vcpu *v,
		     int64_t ns, bool ended)
{
	int i;

	if (!v->exiting)
		return;
	stay_split(m, v, ns);
	v->exiting = false;
	v->exit.ended = ended;
	v->exit.until_ns = ns;
	for (i = 0; i < m->n_sinks; i++) {
		if (m->sinks[i].exit)
			m->sinks[i].exit(m->sinks[i].ctx, &v->exit);
	}
}

void analysis_vcpu_leave(struct analysis_model *m, struct analysis_vcpu *v,
			 int64_t ns)
{
	exit_begin(m, v, ns);
}

void analysis_vcpu_lose(struct analysis_model *m, struct analysis_vcpu *v,
			int64_t ns)
{
	analysis_wait_end(m, v, ns);
	v->on = ANALYSIS_NONE;
	v->queue = ANALYSIS_NONE;
	v->off = ANALYSIS_UNKNOWN;
	v->place = ANALYSIS_IN_UNKNOWN;
	v->left = v->early = v->wakes = v->halts_on = false;
	v->poll_known = v->poll_next_known = false;
	analysis_vcpu_settle(m, v, ns);
	exit_end(m, v, ns, false);
}

static bool sleeps(enum analysis_state s)
{
	return s == ANALYSIS_HALTED || s == ANALYSIS_BLOCKED ||
	       s == ANALYSIS_STOPPED;
}

void analysis_vcpu_put(struct analysis_model *m, struct analysis_vcpu *v,
		       uint32_t cpu, int64_t ns)
{
	if (v->on == cpu)
		return;
	if (v->on != ANALYSIS_NONE) {
		uint32_t was = v->on;

		analysis_vcpu_lose(m, v, ns);
		analysis_cpu_settle(m, was, ns);
	}
	/* It was never woken: it has not slept, but stayed on the run queue. */
	if (sleeps(v->off))
		v->open.state = ANALYSIS_PREEMPTED;
	else if (v->off == ANALYSIS_PREEMPTED && v->place == ANALYSIS_IN_POLL)
		goto on; /* it goes on spinning */
	if (v->place == ANALYSIS_IN_POLL)
		v->place = ANALYSIS_IN_KVM;
on:
	analysis_wait_end(m, v, ns);
	analysis_slack_in(m, v, cpu, ns);
	analysis_halts_in(v, ns);
	v->on = cpu;
	v->early = v->wakes = false;
	analysis_vcpu_settle(m, v, ns);
}

static enum analysis_state asleep(const struct analysis_vcpu *v,
				  int64_t prev_state)
{
	if (prev_state & (TASK_STOPPED | TASK_TRACED))
		return ANALYSIS_STOPPED;
	if (v->place == ANALYSIS_IN_UNKNOWN)
		return ANALYSIS_UNKNOWN;
	return v->halts_on && v->place != ANALYSIS_IN_USER ? ANALYSIS_HALTED :
							     ANALYSIS_BLOCKED;
}

void analysis_vcpu_take(struct analysis_model *m, struct analysis_vcpu *v,
			int64_t prev_state, int64_t ns)
{
	uint32_t cpu = v->on;

	/* On another CPU, of which events are lost, it may run at once. */
	if (ns < m->lost_until_ns || prev_state == EXIT_DEAD ||
	    prev_state == EXIT_ZOMBIE) {
		analysis_vcpu_lose(m, v, ns);
		return;
	}
	v->on = ANALYSIS_NONE;
	if (analysis_could_run(prev_state))
		v->off = ANALYSIS_PREEMPTED;
	else if (v->early && !m->wakeups)
		v->off = ANALYSIS_WAKING;
	else
		v->off = asleep(v, prev_state);
	v->early = false;
	analysis_slack_out(m, v, cpu, ns);
	analysis_halts_out(m, v, cpu, !analysis_could_run(prev_state), ns);
	if (v->off != ANALYSIS_UNKNOWN)
		analysis_wait_begin(m, v, cpu, ns);
	analysis_vcpu_settle(m, v, ns);
}

static void woken(struct analysis_model *m, struct analysis_vcpu *v,
		  const struct analysis_event *ev)
{
	if (v->on != ANALYSIS_NONE) {
		v->early = true;
		return;
	}
	if (ev->ns < m->lost_until_ns || analysis_state_waits(v->off))
		return;
	if (v->off == ANALYSIS_UNKNOWN)
		analysis_wait_begin(m, v, ANALYSIS_NONE, ev->ns);
	analysis_wait_slept(v, ev->ns);
	analysis_slack_woken(m, v, ev->cpu, ev->ns);
	/* The wake-up itself may be told by the CPU that it is for. */
	v->open.woken_by =
		v->wakes ? v->waker : m->cpus.at[ev->cpu].who;
	v->off = ANALYSIS_WAKING;
	/* It was halted, and is not any more. */
	if (v->place == ANALYSIS_IN_POLL)
		v->place = ANALYSIS_IN_KVM;
	analysis_wait_move(m, v, (uint32_t)ev->target, ev->ns);
	analysis_vcpu_settle(m, v, ev->ns);
}

/* The virtual CPU of a thread of the host that an event is about, or NULL. */
static struct analysis_vcpu *subject(struct analysis_model *m,
				     const struct analysis_event *ev)
{
	uint32_t task = analysis_task_find(m, ANALYSIS_HOST, ev->tid);
	uint32_t v =
		task == ANALYSIS_NONE ? ANALYSIS_NONE : m->tasks.at[task].vcpu;

	return v == ANALYSIS_NONE ? NULL : &m->vcpus.at[v];
}

void analysis_vcpus_about(struct analysis_model *m,
			  const struct analysis_event *ev)
{
	struct analysis_vcpu *v = subject(m, ev);

	if (!v)
		return;
	if (ev->kind == ANALYSIS_EV_WAKING && ev->ns >= m->lost_until_ns) {
		v->wakes = true;
		v->waker = m->cpus.at[ev->cpu].who;
	}
	if (ev->kind == ANALYSIS_EV_WAKEUP ||
	    (ev->kind == ANALYSIS_EV_WAKING && !m->wakeups))
		woken(m, v, ev);
	else if (ev->kind == ANALYSIS_EV_MIGRATE && v->on == ANALYSIS_NONE &&
		 v->off != ANALYSIS_UNKNOWN) {
		v->wait_moved |= analysis_state_waits(v->off);
		analysis_wait_move(m, v, (uint32_t)ev->target, ev->ns);
	} else if (ev->kind == ANALYSIS_EV_GONE && v->on == ANALYSIS_NONE) {
		analysis_vcpu_lose(m, v, ev->ns);
	}
}

/* LTTng's own, on newer kernels, is half of a pointer. */
static int32_t vcpu_id_of(const struct analysis_event *ev)
{
	return ev->vcpu_id >= 0 && ev->vcpu_id < MAX_VCPU_ID ?
		       (int32_t)ev->vcpu_id :
		       -1;
}

/*
 * A thread turns out to be a virtual CPU's. Should it have been said to run on
 * another CPU too, nobody known has that one from now on.
 */
static uint32_t vcpu_new(struct analysis_model *m,
			 const struct analysis_event *ev, uint32_t task)
{
	const struct analysis_vcpu_id id = { .tid = m->tasks.at[task].is.tid,
					     .vcpu_id = vcpu_id_of(ev) };
	uint32_t cpu, number = analysis_model_vcpu(m, &id);

	for (cpu = 0; cpu < m->cpus.count; cpu++) {
		if (cpu != ev->cpu && m->cpus.at[cpu].thread == task)
			analysis_cpu_settle(m, cpu, ev->ns);
	}
	return number;
}

/*
 * The virtual CPU that an entry or exit is of, where it is not @v, the one that is
 * known to be on that CPU, or not all is known of it.
 */
static struct analysis_vcpu *vcpu_told(struct analysis_model *m,
				       const struct analysis_event *ev)
{
	uint32_t task = m->cpus.at[ev->cpu].thread;
	struct analysis_vcpu *v;
	uint32_t number;

	if (task == ANALYSIS_NONE || !m->tasks.at[task].is.tid) {
		m->anomalies.strangers++;
		return NULL;
	}
	number = m->tasks.at[task].vcpu;
	if (number == ANALYSIS_NONE)
		number = vcpu_new(m, ev, task);
	if (number == ANALYSIS_NONE)
		return NULL;
	v = &m->vcpus.at[number];
	if (v->id.pid <= 0)
		v->id.pid = m->tasks.at[task].is.pid;
	if (v->id.vcpu_id < 0)
		v->id.vcpu_id = vcpu_id_of(ev);
	analysis_vcpu_put(m, v, ev->cpu, ev->ns);
	return v;
}

static inline struct analysis_vcpu *current_vcpu(struct analysis_model *m,
						 struct analysis_vcpu *v,
						 const struct analysis_event *ev)
{
	return v && v->id.tid && v->id.pid > 0 && v->id.vcpu_id >= 0 ?
		       v :
		       vcpu_told(m, ev);
}

void analysis_vcpus_entry(struct analysis_model *m, struct analysis_vcpu *v,
			  const struct analysis_event *ev)
{
	v = current_vcpu(m, v, ev);
	if (!v)
		return;
	if (v->place == ANALYSIS_IN_GUEST)
		m->anomalies.entries++;
	m->cpus.at[ev->cpu].irqs = 0;
	v->place = ANALYSIS_IN_GUEST;
	v->left = v->halts_on = false;
	analysis_vcpu_settle(m, v, ev->ns);
	exit_end(m, v, ev->ns, true);
}

void analysis_vcpus_exit(struct analysis_model *m, struct analysis_vcpu *v,
			 const struct analysis_event *ev)
{
	bool entered;

	v = current_vcpu(m, v, ev);
	if (!v)
		return;
	entered = v->place == ANALYSIS_IN_GUEST;
	if (!entered && v->place != ANALYSIS_IN_UNKNOWN)
		m->anomalies.exits++;
	if (!entered)
		exit_end(m, v, ev->ns, false);
	if (!v->exiting)
		exit_begin(m, v, ev->ns);
	v->exit.told = true;
	v->exit.isa = ev->isa <= ANALYSIS_ISA_SVM ? (enum analysis_isa)ev->isa :
						    ANALYSIS_ISA_UNKNOWN;
	v->exit.reason = ev->reason;
	v->halts_on = is_halt(v->exit.isa, ev->reason);
	v->place = v->halts_on && !(v->poll_known && !v->poll_ns) ?
			   ANALYSIS_IN_POLL :
			   ANALYSIS_IN_KVM;
	v->left = false;
	analysis_halts_begin(v);
}

void analysis_vcpus_told_by(struct analysis_model *m, struct analysis_vcpu *v,
			    const struct analysis_event *ev)
{
	switch (ev->kind) {
	case ANALYSIS_EV_USER_EXIT:
		v->place = ANALYSIS_IN_USER;
		return;
	case ANALYSIS_EV_RUN:
		v->place = ANALYSIS_IN_KVM;
		return;
	case ANALYSIS_EV_HALTED:
		if (v->place == ANALYSIS_IN_POLL)
			v->place = ANALYSIS_IN_KVM;
		analysis_halts_end(m, v, ev);
		return;
	default:
		analysis_halts_poll(v, ev);
	}
}

void analysis_vcpu_end(struct analysis_model *m, struct analysis_vcpu *v,
		       int64_t ns)
{
	analysis_wait_end(m, v, ns);
	stay_split(m, v, ns);
	exit_end(m, v, ns, false);
}
