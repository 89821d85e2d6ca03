// SPDX-License-Identifier: MIT
/*
 * Containment against a list of all intervals: random runs of several virtual
 * CPUs, events inside, outside and near the edges, losses.
 */
#include <string.h>

#include "check.h"
#include "sync/contain.h"

#define VCPUS	 3
#define MAX_RUNS 60
#define EVENTS	 400

struct run {
	int64_t entry;
	int64_t exit;
};

struct event {
	int64_t ns;
	int64_t bound;
	uint32_t vcpu;
	int kind;	/* 0: entry, 1: guest event, 2: exit */
};

struct model {
	struct run runs[VCPUS][MAX_RUNS];
	size_t n_runs[VCPUS];
	struct event all[VCPUS * MAX_RUNS * 2 + EVENTS];
	size_t n_all;
};

static void put(struct model *m, int kind, uint32_t vcpu, int64_t ns,
		int64_t bound)
{
	m->all[m->n_all++] = (struct event){ ns, bound, vcpu, kind };
}

static int by_time(const void *a, const void *b)
{
	const struct event *x = a, *y = b;

	if (x->ns != y->ns)
		return x->ns < y->ns ? -1 : 1;
	return x->kind - y->kind;
}

static void make(struct model *m)
{
	memset(m, 0, sizeof(*m));
	for (uint32_t v = 0; v < VCPUS; v++) {
		int64_t t = (int64_t)check_range(0, 1000);

		/* The last one has no entries at all. */
		m->n_runs[v] = v == VCPUS - 1 ? 0 : check_range(1, MAX_RUNS);
		for (size_t i = 0; i < m->n_runs[v]; i++) {
			struct run *r = &m->runs[v][i];

			r->entry = t += (int64_t)check_range(1, 100);
			r->exit = t += (int64_t)check_range(1, 100);
			put(m, 0, v, r->entry, 0);
			put(m, 2, v, r->exit, 0);
		}
	}
	for (int i = 0; i < EVENTS; i++)
		put(m, 1, (uint32_t)check_range(0, VCPUS - 1),
		    (int64_t)check_range(0, 7000),
		    (int64_t)check_range(0, 20));
	qsort(m->all, m->n_all, sizeof(*m->all), by_time);
}

/* The same by looking at all runs. */
static void slow(const struct model *m, struct vmsync_contain_result *r)
{
	memset(r, 0, sizeof(*r));
	r->entry_slack_ns = r->exit_slack_ns = INT64_MAX;
	for (size_t i = 0; i < m->n_all; i++) {
		const struct event *e = &m->all[i];
		const struct run *runs = m->runs[e->vcpu];
		size_t n = m->n_runs[e->vcpu], k = 0;
		int64_t before, after, near;

		if (e->kind != 1)
			continue;
		if (!n || e->ns < runs[0].entry || e->ns > runs[n - 1].exit) {
			/* At the end a bound may still reach the last exit. */
			if (n && e->ns > runs[n - 1].exit &&
			    e->ns - runs[n - 1].exit <= e->bound) {
				r->inside++;
				r->edge++;
				near = runs[n - 1].exit - e->ns;
				if (near < r->exit_slack_ns)
					r->exit_slack_ns = near;
			} else {
				r->undecidable++;
			}
			continue;
		}
		while (k + 1 < n && runs[k + 1].entry <= e->ns)
			k++;
		if (e->ns <= runs[k].exit) {
			r->inside++;
			if (e->ns - runs[k].entry < r->entry_slack_ns)
				r->entry_slack_ns = e->ns - runs[k].entry;
			if (runs[k].exit - e->ns < r->exit_slack_ns)
				r->exit_slack_ns = runs[k].exit - e->ns;
			continue;
		}
		before = e->ns - runs[k].exit;
		after = runs[k + 1].entry - e->ns;
		near = before < after ? before : after;
		if (before <= e->bound || after <= e->bound) {
			r->inside++;
			r->edge++;
			if (before <= e->bound && -before < r->exit_slack_ns)
				r->exit_slack_ns = -before;
			if (before > e->bound && -after < r->entry_slack_ns)
				r->entry_slack_ns = -after;
			continue;
		}
		r->outside++;
		if (near > r->worst_ns)
			r->worst_ns = near;
	}
}

static void push(struct vmsync_contain *c, const struct event *e)
{
	host_time t = { e->ns };

	if (e->kind == 0)
		CHECK(!vmsync_contain_entry(c, e->vcpu, t));
	else if (e->kind == 2)
		CHECK(!vmsync_contain_exit(c, e->vcpu, t));
	else
		CHECK(!vmsync_contain_event(c, e->vcpu, t, e->bound));
}

static void test_random(void)
{
	struct vmsync_contain *c = vmsync_contain_new();
	struct vmsync_contain_result got, want;
	struct model m;

	make(&m);
	for (size_t i = 0; i < m.n_all; i++)
		push(c, &m.all[i]);
	vmsync_contain_finish(c);
	vmsync_contain_result(c, &got);
	slow(&m, &want);
	CHECK_EQ(got.inside, want.inside);
	CHECK_EQ(got.outside, want.outside);
	CHECK_EQ(got.undecidable, want.undecidable);
	CHECK_EQ(got.edge, want.edge);
	CHECK_EQ(got.worst_ns, want.worst_ns);
	CHECK_EQ(got.entry_slack_ns, want.entry_slack_ns);
	CHECK_EQ(got.exit_slack_ns, want.exit_slack_ns);
	vmsync_contain_free(c);
}

/* In 100..200 inside, lost 250..300, in again from 400. */
static void test_lost(void)
{
	static const struct event row[] = {
		{ 100, 0, 0, 0 }, { 150, 1, 0, 1 }, { 200, 0, 0, 2 },
		{ 240, 1, 0, 1 },
	};
	static const struct event rest[] = {
		{ 260, 1, 0, 1 }, { 310, 1, 0, 1 }, { 320, 0, 0, 2 },
		{ 350, 1, 0, 1 }, { 400, 0, 0, 0 }, { 410, 1, 0, 1 },
		{ 420, 0, 0, 2 },
	};
	struct vmsync_contain *c = vmsync_contain_new();
	struct vmsync_contain_result r;

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		push(c, &row[i]);
	vmsync_contain_lost(c, (host_time){ 250 }, (host_time){ 300 });
	for (size_t i = 0; i < sizeof(rest) / sizeof(rest[0]); i++)
		push(c, &rest[i]);
	vmsync_contain_finish(c);
	vmsync_contain_result_of(c, 0, &r);
	CHECK_EQ(r.inside, 2);
	CHECK_EQ(r.outside, 1);
	CHECK_EQ(r.worst_ns, 30);
	CHECK_EQ(r.undecidable, 3);
	vmsync_contain_result_of(c, 9, &r);
	CHECK_EQ(r.inside + r.outside + r.undecidable, 0);
	vmsync_contain_free(c);
}

int main(int argc, char **argv)
{
	uint64_t first;

	check_init(argc, argv);
	first = check_seed;
	test_lost();
	for (uint64_t i = 0; i < 300; i++) {
		check_reseed(first + i);
		test_random();
	}
	return check_done();
}
