// SPDX-License-Identifier: MIT
/*
 * Containment against a list of all intervals: random runs of several virtual
 * CPUs, events inside, outside and near the edges, losses.
 */
#include <string.h>

#include "check.h"
#include "sync/witness/contain.h"

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
};

struct model {
	struct run runs[VCPUS][MAX_RUNS];
	size_t n_runs[VCPUS];
	struct event all[EVENTS];
};

static int by_time(const void *a, const void *b)
{
	const struct event *x = a, *y = b;

	if (x->ns != y->ns)
		return x->ns < y->ns ? -1 : 1;
	return 0;
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
		}
	}
	for (int i = 0; i < EVENTS; i++)
		m->all[i] = (struct event){
			.vcpu = (uint32_t)check_range(0, VCPUS - 1),
			.ns = (int64_t)check_range(0, 7000),
			.bound = (int64_t)check_range(0, 20),
		};
	qsort(m->all, EVENTS, sizeof(*m->all), by_time);
}

/* The same by looking at all runs. */
static void slow(const struct model *m, struct vmsync_contain_result *r)
{
	memset(r, 0, sizeof(*r));
	r->entry_slack_ns = r->exit_slack_ns = INT64_MAX;
	for (size_t i = 0; i < EVENTS; i++) {
		const struct event *e = &m->all[i];
		const struct run *runs = m->runs[e->vcpu];
		size_t n = m->n_runs[e->vcpu], k = 0;
		int64_t before, after, near;

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

/* The stretch behind the @i-th end of a virtual CPU's runs, 0: before all. */
static struct vmsync_interval stretch_at(const struct run *runs, size_t n,
					size_t i)
{
	struct vmsync_interval s = { .from_ns = INT64_MIN,
				    .until_ns = INT64_MAX };

	if (i) {
		s.from = i & 1 ? VMSYNC_END_ENTRY : VMSYNC_END_EXIT;
		s.from_ns = i & 1 ? runs[i / 2].entry : runs[i / 2 - 1].exit;
	}
	if (i < 2 * n) {
		s.until = i & 1 ? VMSYNC_END_EXIT : VMSYNC_END_ENTRY;
		s.until_ns = i & 1 ? runs[i / 2].exit : runs[i / 2].entry;
	}
	return s;
}

static void count(struct vmsync_contain_result *r,
		  const struct vmsync_interval *s, const uint64_t *time,
		  const int64_t *bound, size_t n)
{
	if (!n)
		return;
	if (!vmsync_interval_is_gap(s)) {
		vmsync_contain_events(r, s, time, n);
		return;
	}
	for (size_t i = 0; i < n; i++)
		vmsync_contain_gap_event(r, s, (int64_t)time[i], bound[i], true);
}

static void fast(const struct model *m, uint32_t v,
		 struct vmsync_contain_result *r)
{
	uint64_t time[EVENTS];
	int64_t bound[EVENTS];
	size_t n = 0, at = 0, k;

	for (int i = 0; i < EVENTS; i++) {
		if (m->all[i].vcpu != v)
			continue;
		time[n] = (uint64_t)m->all[i].ns;
		bound[n++] = m->all[i].bound;
	}
	vmsync_contain_init(r);
	for (size_t i = 0; i <= 2 * m->n_runs[v]; i++) {
		struct vmsync_interval s =
			stretch_at(m->runs[v], m->n_runs[v], i);

		k = vmsync_interval_events(&s, time + at, n - at);
		count(r, &s, time + at, bound + at, k);
		at += k;
	}
	CHECK_EQ(at, n);
}

/* Beyond all evidence what does not fit contradicts nothing, and is counted. */
static void test_beyond(void)
{
	const struct vmsync_interval gap = {
		.from_ns = 1000, .until_ns = 9000,
		.from = VMSYNC_END_EXIT, .until = VMSYNC_END_ENTRY,
	};
	struct vmsync_contain_result r, sum;

	vmsync_contain_init(&r);
	vmsync_contain_init(&sum);
	vmsync_contain_gap_event(&r, &gap, 5000, 100, true);
	CHECK(r.outside == 1 && !r.beyond && !r.undecidable);
	vmsync_contain_gap_event(&r, &gap, 5000, 100, false);
	CHECK(r.outside == 1 && r.beyond == 1 && r.undecidable == 1);
	/* It may be in a run all the same. */
	vmsync_contain_gap_event(&r, &gap, 1050, 100, false);
	vmsync_contain_gap_event(&r, &gap, 8950, 100, false);
	CHECK(r.inside == 2 && r.beyond == 1 && r.undecidable == 1);
	/* Another virtual CPU may have stamped it. */
	vmsync_contain_moved_event(&r);
	CHECK(r.outside == 1 && r.moved == 1 && r.undecidable == 2);
	vmsync_contain_add(&sum, &r);
	vmsync_contain_add(&sum, &r);
	CHECK(sum.beyond == 2 && sum.outside == 2 && sum.undecidable == 4);
	CHECK_EQ(sum.moved, 2);
}

static void test_random(void)
{
	struct vmsync_contain_result got, want, one;
	struct model m;

	make(&m);
	vmsync_contain_init(&got);
	for (uint32_t v = 0; v < VCPUS; v++) {
		fast(&m, v, &one);
		vmsync_contain_add(&got, &one);
	}
	slow(&m, &want);
	CHECK_EQ(got.inside, want.inside);
	CHECK_EQ(got.outside, want.outside);
	CHECK_EQ(got.undecidable, want.undecidable);
	CHECK_EQ(got.edge, want.edge);
	CHECK_EQ(got.worst_ns, want.worst_ns);
	CHECK_EQ(got.entry_slack_ns, want.entry_slack_ns);
	CHECK_EQ(got.exit_slack_ns, want.exit_slack_ns);
}

/* What one event at 150, known to +-@bound, says in a stretch of 100..200. */
static void check_one(enum vmsync_end from, enum vmsync_end until, bool lost,
		      int64_t bound, int inside, int outside)
{
	const struct vmsync_interval s = {
		.from_ns = 100,
		.until_ns = 200,
		.from = from,
		.until = until,
		.lost = lost,
	};
	struct vmsync_contain_result r;
	uint64_t time = 150;

	vmsync_contain_init(&r);
	CHECK_EQ(vmsync_interval_events(&s, &time, 1), 1);
	count(&r, &s, &time, &bound, 1);
	CHECK_EQ(r.inside, inside);
	CHECK_EQ(r.outside, outside);
	CHECK_EQ(r.undecidable, 1 - inside - outside);
}

static void test_kinds(void)
{
	enum vmsync_end none = VMSYNC_END_NONE, in = VMSYNC_END_ENTRY,
			out = VMSYNC_END_EXIT;

	check_one(in, out, false, 0, 1, 0);
	check_one(in, out, true, 0, 0, 0);
	check_one(in, in, false, 0, 1, 0);
	check_one(in, none, false, 0, 0, 0);
	check_one(none, out, false, 90, 0, 0);
	check_one(none, in, false, 90, 0, 0);
	check_one(none, none, false, 90, 0, 0);
	check_one(out, in, false, 49, 0, 1);
	check_one(out, in, false, 50, 1, 0);
	check_one(out, in, true, 49, 0, 0);
	check_one(out, out, false, 49, 0, 0);
	check_one(out, out, false, 50, 1, 0);
	check_one(out, none, false, 49, 0, 0);
	check_one(out, none, false, 50, 1, 0);
}

int main(int argc, char **argv)
{
	uint64_t first;

	check_init(argc, argv);
	first = check_seed;
	test_kinds();
	test_beyond();
	for (uint64_t i = 0; i < 300; i++) {
		check_reseed(first + i);
		test_random();
	}
	return check_done();
}
