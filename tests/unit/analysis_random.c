// SPDX-License-Identifier: MIT
/*
 * analysis_random [SEED [CASES]]: any events in any order, with losses and with
 * CPUs and guests whose recording begins late. Stays of each virtual CPU follow
 * each other without a gap and fill the recording, charges of each add up to its
 * waits, what exits and wake-ups went to adds up to how long they took, and the
 * leaves of --why to the time that was asked for. 3000 cases from seed 1; a
 * failure prints the seed of its case, which is SEED for that one alone.
 */
#include <errno.h>
#include <string.h>

#include "analysis/totals.h"
#include "analysis/why.h"
#include "analysis_any.h"

struct world {
	int64_t begin_ns;
	int64_t reached_ns[MAX_VCPUS + THREADS]; /* by its stays */
	int64_t waits_ns[MAX_VCPUS + THREADS];
	int64_t charges_ns[MAX_VCPUS + THREADS];
	int64_t charged_until_ns[MAX_VCPUS + THREADS];
	uint64_t bad;
};

static void stay(void *ctx, const struct analysis_stay *s)
{
	struct world *w = ctx;

	w->bad += s->from_ns != w->reached_ns[s->vcpu];
	w->bad += s->until_ns <= s->from_ns;
	w->reached_ns[s->vcpu] = s->until_ns;
	if (analysis_state_waits(s->state))
		w->waits_ns[s->vcpu] += s->until_ns - s->from_ns;
}

static void charge(void *ctx, const struct analysis_charge *c)
{
	struct world *w = ctx;

	w->bad += !analysis_state_waits(c->state);
	w->bad += c->from_ns >= c->until_ns;
	/* No time is charged twice. */
	w->bad += c->from_ns < w->charged_until_ns[c->vcpu];
	w->charged_until_ns[c->vcpu] = c->until_ns;
	w->charges_ns[c->vcpu] += c->until_ns - c->from_ns;
}

static uint64_t parts_bad(const int64_t *ns, int64_t whole)
{
	uint64_t bad = 0;
	int i;

	for (i = 0; i < ANALYSIS_STATES; i++) {
		bad += ns[i] < 0;
		whole -= ns[i];
	}
	return bad + (whole != 0);
}

static void left(void *ctx, const struct analysis_exit *x)
{
	struct world *w = ctx;

	w->bad += parts_bad(x->ns, x->until_ns - x->from_ns);
	/* Whatever the trace says: tables of names are by it. */
	w->bad += x->isa > ANALYSIS_ISA_SVM;
}

static void wake(void *ctx, const struct analysis_wake *k)
{
	struct world *w = ctx;

	w->bad += parts_bad(k->ns, k->until_ns - k->from_ns);
}

/* What the leaves lack of the whole; none is negative. */
static uint64_t tree_bad(const struct analysis_why_node *n)
{
	int64_t below = 0;
	uint64_t bad = n->ns < 0;
	size_t i;

	for (i = 0; i < n->n_children; i++) {
		below += n->child[i].ns;
		bad += tree_bad(&n->child[i]);
	}
	return bad + (n->n_children && below != n->ns);
}

/* A part of the recording is explained to the ns, whatever the part. */
static uint64_t why_bad(struct analysis_why *why, int64_t from, int64_t until,
			int64_t end)
{
	struct analysis_why_node root;
	int ret = analysis_why_tree(why, end, &root);
	uint64_t bad;

	if (until > end)
		until = end;
	CHECK(!ret || ret == -ENOENT);
	bad = ret ? 0 :
		    tree_bad(&root) +
			      (root.ns != (until > from ? until - from : 0));
	analysis_why_node_free(&root);
	analysis_why_free(why);
	return bad;
}

/* When the recording of each CPU of the host and of each guest begins. */
struct starts {
	int64_t cpu_ns[CPUS];
	int64_t guest_ns[GUESTS + 1];
};

static int64_t any_start(int64_t begin_ns)
{
	return check_range(0, 3) ? begin_ns :
				   begin_ns + (int64_t)check_range(0, 900);
}

static void any_starts(struct starts *s, int64_t begin_ns)
{
	int i;

	for (i = 0; i < CPUS; i++)
		s->cpu_ns[i] = any_start(begin_ns);
	for (i = 0; i <= GUESTS; i++)
		s->guest_ns[i] = any_start(begin_ns);
}

static bool is_recorded(const struct starts *s, const struct analysis_event *ev)
{
	return ev->ns >= (ev->machine == ANALYSIS_HOST ?
				  s->cpu_ns[ev->cpu] :
				  s->guest_ns[ev->machine]);
}

static void one(uint64_t seed)
{
	struct world w = { .begin_ns = 1000 };
	struct analysis_sink sink = { .stay = stay,
				      .charge = charge,
				      .exit = left,
				      .wake = wake,
				      .ctx = &w };
	struct analysis_totals t;
	struct analysis_sink sums;
	struct analysis_model *m;
	int64_t ns = w.begin_ns, end, from, until;
	struct analysis_why *why;
	struct starts starts;
	uint64_t i, n;

	check_reseed(seed);
	any_starts(&starts, ns);
	for (i = 0; i < MAX_VCPUS + THREADS; i++)
		w.reached_ns[i] = w.charged_until_ns[i] = w.begin_ns;
	m = analysis_model_new(w.begin_ns, check_range(0, 3) != 0);
	CHECK(m);
	analysis_model_sink(m, &sink);
	analysis_totals_init(&t, w.begin_ns, INT64_MAX);
	sums = analysis_totals_sink(&t);
	analysis_model_sink(m, &sums);
	from = w.begin_ns + (int64_t)check_range(0, 300);
	until = check_range(0, 1) ? INT64_MAX :
				    from + (int64_t)check_range(1, 900);
	why = analysis_why_new(m, (uint32_t)check_range(1, GUESTS),
			       (int32_t)check_range(1, 3), from, until);
	CHECK(why);
	sums = analysis_why_sink(why);
	analysis_model_sink(m, &sums);
	any_vcpus(m);
	n = check_range(1, 400);
	for (i = 0; i < n; i++) {
		struct analysis_event ev = any_event(ns);

		if (is_recorded(&starts, &ev))
			analysis_model_event(m, &ev);
		ns += (int64_t)check_range(0, 9);
	}
	end = ns;
	CHECK(!analysis_model_end(m, end));
	for (i = 0; i < analysis_model_vcpus(m); i++) {
		w.bad += w.reached_ns[i] != end;
		w.bad += w.waits_ns[i] != w.charges_ns[i];
		if (i < t.vcpus.count) {
			struct analysis_figures f =
				analysis_figures_of(t.vcpus.at[i].ns);

			w.bad += f.wanted + f.rest != end - w.begin_ns;
			w.bad += f.steal != w.waits_ns[i];
		}
	}
	w.bad += why_bad(why, from, until, end);
	CHECK(!w.bad && !t.failed);
	analysis_totals_free(&t);
	analysis_model_free(m);
}

int main(int argc, char **argv)
{
	uint64_t n = argc > 2 ? strtoull(argv[2], NULL, 0) : 3000, i;

	check_init(argc, argv);
	for (i = check_seed, n += i; i < n; i++)
		one(i);
	return check_done();
}
