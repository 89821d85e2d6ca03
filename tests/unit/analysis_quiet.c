// SPDX-License-Identifier: MIT
/*
 * Any events in any order, with those left out that are said to change nothing:
 * the model finds the same.
 */
#include <string.h>

#include "analysis/quiet.h"
#include "analysis_any.h"

#define MAX_EVENTS 400

struct found {
	uint64_t hash;
};

static void add(struct found *f, const void *what, size_t size)
{
	const uint8_t *p = what;

	while (size--)
		f->hash = (f->hash ^ *p++) * 0x100000001b3u;
}

/* Member by member: there may be bytes between them. */
#define ADD(f, x) add(f, &(x), sizeof(x))

static void stay(void *ctx, const struct analysis_stay *s)
{
	ADD(ctx, s->vcpu);
	ADD(ctx, s->state);
	ADD(ctx, s->place);
	ADD(ctx, s->thread);
	ADD(ctx, s->cpu);
	ADD(ctx, s->woken_by.by);
	ADD(ctx, s->woken_by.id);
	ADD(ctx, s->from_ns);
	ADD(ctx, s->until_ns);
}

static void charge(void *ctx, const struct analysis_charge *c)
{
	ADD(ctx, c->vcpu);
	ADD(ctx, c->who.by);
	ADD(ctx, c->who.id);
	ADD(ctx, c->who.thread);
	ADD(ctx, c->from_ns);
	ADD(ctx, c->until_ns);
}

static void left(void *ctx, const struct analysis_exit *x)
{
	ADD(ctx, x->vcpu);
	ADD(ctx, x->told);
	ADD(ctx, x->ended);
	ADD(ctx, x->reason);
	ADD(ctx, x->from_ns);
	ADD(ctx, x->until_ns);
	ADD(ctx, x->ns);
}

static void wake(void *ctx, const struct analysis_wake *w)
{
	ADD(ctx, w->thread);
	ADD(ctx, w->waker);
	ADD(ctx, w->from_ns);
	ADD(ctx, w->until_ns);
	ADD(ctx, w->ns);
}

/* Half of them say nothing, as most of a recording do. */
static struct analysis_event likely(int64_t ns)
{
	struct analysis_event ev = any_event(ns);

	if (ev.machine == ANALYSIS_HOST && check_range(0, 1))
		ev.kind = check_range(0, 3) ? ANALYSIS_EV_OTHER :
					      ANALYSIS_EV_ENTRY;
	return ev;
}

static bool left_out(struct analysis_quiet *q, const struct analysis_event *ev)
{
	bool is_switch = ev->kind == ANALYSIS_EV_SWITCH;
	int32_t runs = is_switch ? ev->tid : ev->current;
	/* Or there is a field, which says that nobody is known. */
	bool says = is_switch || runs != ANALYSIS_NOT_SAID || ev->ns & 1;
	struct analysis_brief b =
		analysis_brief_of(ev->kind, says, runs, ev->tid);

	return !analysis_quiet_keeps(q, &b, ev->ns);
}

/* The model's findings, with or without all events. */
static uint64_t run(uint64_t seed, const struct analysis_event *ev, size_t n,
		    bool wakeups, bool all, uint64_t *skipped)
{
	struct found f = { 0xcbf29ce484222325u };
	struct analysis_sink sink = { .stay = stay,
				      .charge = charge,
				      .exit = left,
				      .wake = wake,
				      .ctx = &f };
	struct analysis_model *m = analysis_model_new(1000, wakeups);
	struct analysis_quiet *q[CPUS];
	int32_t tid;
	size_t i;

	CHECK(m);
	check_reseed(seed);
	any_vcpus(m);
	analysis_model_sink(m, &sink);
	for (i = 0; i < CPUS; i++) {
		q[i] = analysis_quiet_new(wakeups);
		CHECK(q[i]);
		for (tid = 1; tid <= THREADS; tid++)
			analysis_quiet_vcpu(q[i], tid);
	}
	for (i = 0; i < n; i++) {
		if (ev[i].machine == ANALYSIS_HOST &&
		    ev[i].kind == ANALYSIS_EV_LOST)
			CHECK(!analysis_quiet_lost(q[ev[i].cpu], ev[i].ns,
						   ev[i].until_ns));
	}
	for (i = 0; i < n; i++) {
		if (!all && ev[i].machine == ANALYSIS_HOST &&
		    ev[i].kind != ANALYSIS_EV_LOST &&
		    left_out(q[ev[i].cpu], &ev[i]))
			++*skipped;
		else
			analysis_model_event(m, &ev[i]);
	}
	CHECK(!analysis_model_end(m, ev[n - 1].ns));
	for (i = 0; i < CPUS; i++)
		analysis_quiet_free(q[i]);
	analysis_model_free(m);
	return f.hash;
}

static uint64_t one(uint64_t seed)
{
	static struct analysis_event ev[MAX_EVENTS];
	int64_t ns = 1000;
	uint64_t skipped = 0;
	size_t i, n;
	bool wakeups;

	check_reseed(seed);
	wakeups = check_range(0, 3) != 0;
	n = check_range(1, MAX_EVENTS);
	for (i = 0; i < n; i++) {
		ev[i] = likely(ns);
		ns += (int64_t)check_range(0, 9);
	}
	CHECK(run(seed, ev, n, wakeups, true, &skipped) ==
	      run(seed, ev, n, wakeups, false, &skipped));
	return skipped;
}

int main(int argc, char **argv)
{
	uint64_t n = argc > 2 ? strtoull(argv[2], NULL, 0) : 3000, i;
	uint64_t skipped = 0;

	check_init(argc, argv);
	for (i = check_seed, n += i; i < n; i++)
		skipped += one(i);
	/* That some are left out is what this is about. */
	CHECK(skipped > n - check_seed);
	return check_done();
}
