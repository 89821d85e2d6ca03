// SPDX-License-Identifier: MIT
/* Keeps what happened in the time in question. */
#include <errno.h>
#include <string.h>

#include "analysis/why_parts.h"

/* Some 100 bytes each. */
#define MAX_KEPT 2000000

struct analysis_why *analysis_why_new(const struct analysis_model *m,
				      uint32_t machine, int32_t tid,
				      int64_t from_ns, int64_t until_ns)
{
	struct analysis_why *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->model = m;
	w->machine = machine;
	w->tid = tid;
	w->from_ns = from_ns;
	w->until_ns = until_ns;
	return w;
}

void analysis_why_free(struct analysis_why *w)
{
	if (!w)
		return;
	vmsync_array_free(&w->open);
	vmsync_array_free(&w->runs);
	vmsync_array_free(&w->threads);
	vmsync_array_free(&w->vcpus);
	vmsync_array_free(&w->charges);
	vmsync_array_free(&w->exits);
	free(w);
}

/* Is it partly in the time in question? Then there is to be room for it. */
static bool is_kept(struct analysis_why *w, int64_t from_ns, int64_t until_ns)
{
	if (w->error || from_ns >= w->until_ns || until_ns <= w->from_ns ||
	    from_ns >= until_ns)
		return false;
	if (++w->kept > MAX_KEPT)
		w->error = -E2BIG;
	return !w->error;
}

/* One more element of an array, a copy of @x. */
#define KEEP(w, array, x)                                             \
	do {                                                          \
		__typeof__((array)->at) e_ = vmsync_array_add(array); \
		if (e_)                                               \
			*e_ = (x);                                    \
		else                                                  \
			(w)->error = -ENOMEM;                         \
	} while (0)

static void stay(void *ctx, const struct analysis_stay *s)
{
	struct analysis_why *w = ctx;

	if (is_kept(w, s->from_ns, s->until_ns))
		KEEP(w, &w->vcpus, *s);
}

static void charge(void *ctx, const struct analysis_charge *c)
{
	struct analysis_why *w = ctx;

	if (is_kept(w, c->from_ns, c->until_ns))
		KEEP(w, &w->charges, *c);
}

static void left(void *ctx, const struct analysis_exit *x)
{
	struct analysis_why *w = ctx;

	if (x->told && is_kept(w, x->from_ns, x->until_ns))
		KEEP(w, &w->exits, *x);
}

static struct why_stay *open_of(struct analysis_why *w, uint32_t thread)
{
	while (!w->error && w->open.count <= thread) {
		struct why_stay none = { .thread = (uint32_t)w->open.count,
					 .vcpu = ANALYSIS_NONE,
					 .from_ns = INT64_MIN };

		KEEP(w, &w->open, none);
	}
	return w->error ? NULL : &w->open.at[thread];
}

static uint32_t *runs_on(struct analysis_why *w, uint32_t vcpu)
{
	while (!w->error && w->runs.count <= vcpu)
		KEEP(w, &w->runs, ANALYSIS_NONE);
	return w->error ? NULL : &w->runs.at[vcpu];
}

/* A thread's state ends, and another one begins. */
static void become(struct analysis_why *w, struct why_stay *o,
		   enum why_state state, uint32_t vcpu, int64_t ns)
{
	o->until_ns = ns;
	if (o->state != WHY_UNKNOWN && is_kept(w, o->from_ns, o->until_ns))
		KEEP(w, &w->threads, *o);
	o->state = state;
	o->vcpu = vcpu;
	o->woken = false;
	o->from_ns = ns;
}

/* Whoever else is said to run there does not. */
static void displace(struct analysis_why *w, const struct analysis_step *s)
{
	uint32_t *runs = s->vcpu == ANALYSIS_NONE ? NULL : runs_on(w, s->vcpu);
	struct why_stay *was;

	if (!runs)
		return;
	was = *runs < w->open.count ? &w->open.at[*runs] : NULL;
	*runs = s->kind == ANALYSIS_STEP_IN ? s->thread : ANALYSIS_NONE;
	if (was && was->thread != s->thread && was->state == WHY_RUNS &&
	    was->vcpu == s->vcpu)
		become(w, was, WHY_UNKNOWN, ANALYSIS_NONE, s->ns);
}

static void lost(struct analysis_why *w, const struct analysis_step *s)
{
	uint32_t i;

	displace(w, s);
	for (i = 0; i < w->open.count; i++) {
		struct why_stay *o = &w->open.at[i];

		if (o->state != WHY_RUNS ||
		    (s->vcpu == ANALYSIS_NONE && o->vcpu == ANALYSIS_NONE))
			become(w, o, WHY_UNKNOWN, ANALYSIS_NONE, s->ns);
	}
}

static void woken(struct analysis_why *w, struct why_stay *o,
		  const struct analysis_step *s)
{
	if (o->state == WHY_RUNS || o->state == WHY_READY)
		return;
	o->woken = true;
	o->waker = s->waker;
	o->waker_vcpu = s->waker_vcpu;
	become(w, o, WHY_READY, s->vcpu, s->ns);
}

/* It was never woken: a signal kept it from sleeping, it was ready all the
 * time. */
static void no_sleep(struct why_stay *o)
{
	if (o->state == WHY_SLEEPS)
		o->state = WHY_READY;
}

static void step(void *ctx, const struct analysis_step *s)
{
	struct analysis_why *w = ctx;
	struct why_stay *o;

	if (s->machine != w->machine)
		return;
	if (s->kind == ANALYSIS_STEP_LOST) {
		lost(w, s);
		return;
	}
	if (s->kind == ANALYSIS_STEP_IN || s->kind == ANALYSIS_STEP_OUT)
		displace(w, s);
	/* The idle threads of all CPUs have the same number. */
	if (!analysis_model_thread(w->model, s->thread)->tid)
		return;
	o = open_of(w, s->thread);
	if (!o)
		return;
	switch (s->kind) {
	case ANALYSIS_STEP_IN:
		no_sleep(o);
		become(w, o, WHY_RUNS, s->vcpu, s->ns);
		break;
	case ANALYSIS_STEP_OUT:
		become(w, o, s->sleeps ? WHY_SLEEPS : WHY_READY, s->vcpu,
		       s->ns);
		break;
	case ANALYSIS_STEP_WOKEN:
		woken(w, o, s);
		break;
	default:
		if (o->state == WHY_READY)
			become(w, o, WHY_READY, s->vcpu, s->ns);
	}
}

struct analysis_sink analysis_why_sink(struct analysis_why *w)
{
	return (struct analysis_sink){ .stay = stay,
				       .charge = charge,
				       .exit = left,
				       .step = step,
				       .ctx = w };
}
