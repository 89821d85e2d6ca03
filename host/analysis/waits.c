// SPDX-License-Identifier: MIT
/*
 * Who is charged for the time that a virtual CPU waits for one of the host:
 * each ns goes to what that CPU did then, not to whoever came first.
 *
 * A virtual CPU that goes to sleep may not sleep at all: if a signal waits for
 * its thread, the kernel leaves it on the run queue, and all that tells is that
 * it runs again without having been woken. So who has the CPU is kept for
 * sleepers too, for a while, and charged in that case.
 */
#include "analysis/parts.h"

/*
 * Turns of others on the CPU that are kept for a sleeper. A thread that stayed
 * on the run queue gets its turn after few of them; of more, the later ones are
 * charged to nobody known.
 */
#define MAX_TURNS 64

static void emit(struct analysis_model *m, const struct analysis_vcpu *v,
		 struct analysis_who who, int64_t from_ns, int64_t until_ns)
{
	const struct analysis_charge charge = {
		.vcpu = v->open.vcpu,
		.state = v->open.state,
		.thread = v->open.thread,
		.who = who,
		.from_ns = from_ns,
		.until_ns = until_ns,
	};
	int i;

	if (from_ns >= until_ns)
		return;
	for (i = 0; i < m->n_sinks; i++) {
		if (m->sinks[i].charge)
			m->sinks[i].charge(m->sinks[i].ctx, &charge);
	}
}

static struct analysis_who who_of(const struct analysis_model *m,
				  const struct analysis_vcpu *v)
{
	static const struct analysis_who unknown = {
		ANALYSIS_BY_UNKNOWN, ANALYSIS_NONE, ANALYSIS_NONE};

	return v->listed ? m->cpus.at[v->queue].who : unknown;
}

static void list(struct analysis_model *m, struct analysis_vcpu *v)
{
	struct analysis_cpu *c =
		v->queue == ANALYSIS_NONE ? NULL : analysis_cpu_of(m, v->queue);
	uint32_t *p = c ? vmsync_array_add(&c->waiters) : NULL;

	if (c && !p)
		m->failed = true;
	if (!p)
		return;
	*p = v->open.vcpu;
	v->listed = true;
}

static void unlist(struct analysis_model *m, struct analysis_vcpu *v)
{
	struct analysis_cpu *c;
	size_t i;

	if (!v->listed)
		return;
	c = &m->cpus.at[v->queue];
	for (i = 0; c->waiters.at[i] != v->open.vcpu; i++)
		;
	c->waiters.at[i] = c->waiters.at[--c->waiters.count];
	v->listed = false;
}

void analysis_wait_begin(struct analysis_model *m, struct analysis_vcpu *v,
			 uint32_t cpu, int64_t ns)
{
	v->queue = cpu;
	v->charged_ns = ns;
	v->turns.count = 0;
	v->overflow = false;
	list(m, v);
}

/* A sleeper's turn is kept as long as there are few. */
static void turn_keep(struct analysis_model *m, struct analysis_vcpu *v,
		      int64_t ns)
{
	struct analysis_turn *t;

	if (v->turns.count == MAX_TURNS) {
		v->overflow = true;
		unlist(m, v);
		return;
	}
	t = vmsync_array_add(&v->turns);
	if (!t) {
		m->failed = true;
		return;
	}
	*t = (struct analysis_turn){who_of(m, v), v->charged_ns, ns};
	v->charged_ns = ns;
}

void analysis_wait_charge(struct analysis_model *m, struct analysis_vcpu *v,
			  int64_t ns)
{
	if (v->charged_ns == ns)
		return;
	if (!analysis_state_waits(v->open.state)) {
		turn_keep(m, v, ns);
		return;
	}
	emit(m, v, who_of(m, v), v->charged_ns, ns);
	v->charged_ns = ns;
}

void analysis_wait_move(struct analysis_model *m, struct analysis_vcpu *v,
			uint32_t cpu, int64_t ns)
{
	if (v->queue == cpu && v->listed)
		return;
	analysis_wait_charge(m, v, ns);
	unlist(m, v);
	v->queue = cpu;
	if (!v->overflow)
		list(m, v);
}

void analysis_wait_slept(struct analysis_vcpu *v, int64_t ns)
{
	v->turns.count = 0;
	v->overflow = false;
	v->charged_ns = ns;
}

void analysis_wait_end(struct analysis_model *m, struct analysis_vcpu *v,
		       int64_t ns)
{
	size_t i;

	if (analysis_state_waits(v->open.state)) {
		for (i = 0; i < v->turns.count; i++)
			emit(m, v, v->turns.at[i].who, v->turns.at[i].from_ns,
			     v->turns.at[i].until_ns);
		emit(m, v, who_of(m, v), v->charged_ns, ns);
	}
	unlist(m, v);
	analysis_wait_slept(v, ns);
}
