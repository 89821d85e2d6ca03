// SPDX-License-Identifier: MIT
#include <string.h>

#include "analysis/totals.h"

void analysis_totals_init(struct analysis_totals *t, int64_t from_ns,
			  int64_t until_ns)
{
	*t = (struct analysis_totals){ .from_ns = from_ns,
				       .until_ns = until_ns };
}

void analysis_totals_free(struct analysis_totals *t)
{
	size_t i;

	for (i = 0; i < t->vcpus.count; i++)
		analysis_hist_free(&t->vcpus.at[i].waits);
	for (i = 0; i < t->culprits.count; i++)
		analysis_hist_free(&t->culprits.at[i].turns);
	for (i = 0; i < t->exits.count; i++) {
		analysis_hist_free(&t->exits.at[i].whole);
		analysis_hist_free(&t->exits.at[i].handling);
	}
	for (i = 0; i < t->threads.count; i++)
		analysis_hist_free(&t->threads.at[i].wakes);
	vmsync_array_free(&t->vcpus);
	vmsync_array_free(&t->culprits);
	vmsync_array_free(&t->exits);
	vmsync_array_free(&t->threads);
	analysis_index_free(&t->who_index);
	analysis_index_free(&t->culprit_index);
	analysis_index_free(&t->exit_index);
}

/* The part within the time that was asked for; 0 or less: none. */
static int64_t within(const struct analysis_totals *t, int64_t from_ns,
		      int64_t until_ns)
{
	if (from_ns < t->from_ns)
		from_ns = t->from_ns;
	if (until_ns > t->until_ns)
		until_ns = t->until_ns;
	return until_ns - from_ns;
}

static void hist_add(struct analysis_totals *t, struct analysis_hist *h,
		     int64_t ns)
{
	if (analysis_hist_add(h, (uint64_t)ns))
		t->failed = true;
}

/* The element number @n of an array that is filled up with zeros. */
#define ELEMENT(t, array, n)                                                  \
	((array)->count > (n) ? &(array)->at[n] : ELEMENT_NEW(t, array, n))

#define ELEMENT_NEW(t, array, n)                                              \
	({                                                                    \
		while ((array)->count <= (n)) {                               \
			__typeof__((array)->at) e_ = vmsync_array_add(array); \
			if (!e_)                                              \
				break;                                        \
			memset(e_, 0, sizeof(*e_));                           \
		}                                                             \
		if ((array)->count <= (n))                                    \
			(t)->failed = true;                                   \
		(array)->count > (n) ? &(array)->at[n] : NULL;                \
	})

/* A wait, or any other state, may be several stays: on one CPU, then on
 * another. */
static void came(struct analysis_totals *t, struct analysis_vcpu_totals *v,
		 const struct analysis_stay *s, int64_t ns)
{
	v->count[s->state] += v->last != (int)s->state + 1;
	v->last = (int)s->state + 1;
	if (analysis_state_waits(s->state)) {
		v->waiting_ns += ns;
	} else if (v->waiting_ns) {
		hist_add(t, &v->waits, v->waiting_ns);
		v->waiting_ns = 0;
	}
}

static void stay(void *ctx, const struct analysis_stay *s)
{
	struct analysis_totals *t = ctx;
	struct analysis_vcpu_totals *v = ELEMENT(t, &t->vcpus, s->vcpu);
	struct analysis_thread_totals *thread = NULL;
	int64_t ns = within(t, s->from_ns, s->until_ns);

	if (s->thread != ANALYSIS_NONE)
		thread = ELEMENT(t, &t->threads, s->thread);
	if (!v || ns <= 0)
		return;
	v->ns[s->state] += ns;
	came(t, v, s, ns);
	if (s->state == ANALYSIS_PREEMPTED)
		v->preempted_in_ns[s->place] += ns;
	if (thread)
		thread->ns[s->state] += ns;
}

/*
 * Numbers of threads and virtual CPUs fit into 30 bits: there is an element of
 * more than 8 bytes for each.
 */
static uint64_t who_key(const struct analysis_who *who)
{
	return (uint64_t)who->by << 61 |
	       (uint64_t)(who->id & 0x3fffffff) << 31 |
	       (who->thread & 0x7fffffff);
}

static struct analysis_culprit *culprit_of(struct analysis_totals *t,
					   const struct analysis_charge *c)
{
	uint32_t who = analysis_index_put(&t->who_index, who_key(&c->who)), n;
	struct analysis_culprit *culprit;

	if (who == ANALYSIS_NONE)
		return NULL;
	n = analysis_index_put(&t->culprit_index,
			       (uint64_t)c->vcpu << 32 | who);
	if (n == ANALYSIS_NONE)
		return NULL;
	culprit = ELEMENT(t, &t->culprits, n);
	if (culprit && !culprit->turns.count) {
		culprit->vcpu = c->vcpu;
		culprit->who = c->who;
	}
	return culprit;
}

static void charge(void *ctx, const struct analysis_charge *c)
{
	struct analysis_totals *t = ctx;
	int64_t ns = within(t, c->from_ns, c->until_ns);
	struct analysis_culprit *culprit = ns > 0 ? culprit_of(t, c) : NULL;

	if (culprit)
		hist_add(t, &culprit->turns, ns);
	else if (ns > 0)
		t->failed = true;
}

static struct analysis_exit_totals *exits_of(struct analysis_totals *t,
					     const struct analysis_exit *x)
{
	uint64_t key =
		(uint64_t)x->vcpu << 34 | (uint64_t)x->isa << 32 | x->reason;
	uint32_t n = analysis_index_put(&t->exit_index, key);
	struct analysis_exit_totals *e;

	if (n == ANALYSIS_NONE)
		return NULL;
	e = ELEMENT(t, &t->exits, n);
	if (e && !e->count) {
		e->vcpu = x->vcpu;
		e->isa = x->isa;
		e->reason = x->reason;
	}
	return e;
}

/* An exit counts where it begins. */
static void left(void *ctx, const struct analysis_exit *x)
{
	struct analysis_totals *t = ctx;
	struct analysis_thread_totals *thread;
	struct analysis_exit_totals *e;
	int i;

	if (!x->told || x->from_ns < t->from_ns || x->from_ns >= t->until_ns)
		return;
	if (x->thread != ANALYSIS_NONE) {
		thread = ELEMENT(t, &t->threads, x->thread);
		if (thread)
			thread->exits++;
	}
	e = exits_of(t, x);
	if (!e) {
		t->failed = true;
		return;
	}
	e->count++;
	for (i = 0; i < ANALYSIS_STATES; i++)
		e->ns[i] += x->ns[i];
	if (!x->ended)
		return;
	hist_add(t, &e->whole, x->until_ns - x->from_ns);
	hist_add(t, &e->handling, x->ns[ANALYSIS_HYPERVISOR]);
}

static void worst_keep(struct analysis_totals *t, const struct analysis_wake *w)
{
	int64_t ns = w->until_ns - w->from_ns;
	int i = t->n_worst;

	if (i == ANALYSIS_WORST)
		i--;
	else
		t->n_worst++;
	if (t->n_worst == ANALYSIS_WORST && i == ANALYSIS_WORST - 1 &&
	    t->worst[i].until_ns - t->worst[i].from_ns >= ns)
		return;
	for (; i && t->worst[i - 1].until_ns - t->worst[i - 1].from_ns < ns;
	     i--)
		t->worst[i] = t->worst[i - 1];
	t->worst[i] = *w;
}

static void wake(void *ctx, const struct analysis_wake *w)
{
	struct analysis_totals *t = ctx;
	struct analysis_thread_totals *thread =
		ELEMENT(t, &t->threads, w->thread);
	int i;

	if (!thread || w->from_ns < t->from_ns || w->from_ns >= t->until_ns)
		return;
	hist_add(t, &thread->wakes, w->until_ns - w->from_ns);
	for (i = 0; i < ANALYSIS_STATES; i++)
		thread->wake_ns[i] += w->ns[i];
	worst_keep(t, w);
}

struct analysis_sink analysis_totals_sink(struct analysis_totals *t)
{
	return (struct analysis_sink){
		.stay = stay, .charge = charge, .exit = left, .wake = wake, .ctx = t};
}

struct analysis_figures analysis_figures_of(const int64_t ns[ANALYSIS_STATES])
{
	struct analysis_figures f = {
		.got = ns[ANALYSIS_GUEST],
		.steal = ns[ANALYSIS_PREEMPTED] + ns[ANALYSIS_WAKING],
		.overhead = ns[ANALYSIS_HYPERVISOR] + ns[ANALYSIS_USER_SPACE] +
			    ns[ANALYSIS_HOST_IRQ],
	};
	int i;

	f.denied = f.steal + ns[ANALYSIS_BLOCKED];
	f.wanted = f.got + f.denied + f.overhead;
	for (i = 0; i < ANALYSIS_STATES; i++)
		f.rest += ns[i];
	f.rest -= f.wanted;
	return f;
}
