// SPDX-License-Identifier: MIT
/*
 * A clock that jumps where events fit both what it was and what it is: what the map
 * says in between is never farther off than its bound, and that is no more than the
 * jump and what single events leave, however long the stretch is.
 */
#include <math.h>
#include <string.h>

#include "check.h"
#include "sync/window/either.h"
#include "sync/window/jump.h"
#include "sync/window/stitch.h"

#define STEEP	 0.0011
#define START	 1000000000
#define EVERY	 1000000
#define N	 400
#define SLACK	 1000.0
#define NEAR	 50e6

static double uniform(void)
{
	return (double)(check_rand() >> 11) / 9007199254740992.0;
}

/* The offset before @at, and behind it by @step more; it drifts all the while. */
struct truth {
	double at;
	double step;
	double drift;
};

static double offset_of(const struct truth *t, double ns, bool jumped)
{
	return 5000000 + t->drift * (ns - START) + (jumped ? t->step : 0);
}

static double true_offset(const struct truth *t, double ns)
{
	return offset_of(t, ns, ns > t->at);
}

/* Limits around the old offset, or the new one, as events of that side give. */
static struct vmsync_between limit(const struct truth *t, int64_t ns, bool jumped)
{
	double off = offset_of(t, (double)ns, jumped);

	return (struct vmsync_between){
		.guest_ns = ns,
		.lo = (int64_t)floor(off - SLACK * (1 + uniform())),
		.hi = (int64_t)ceil(off + SLACK * (1 + uniform())),
	};
}

static void add(vmsync_limits *l, struct vmsync_between b)
{
	struct vmsync_between *last = vmsync_array_add(l);

	CHECK(last != NULL);
	*last = b;
}

static struct vmsync_between back(struct vmsync_between b)
{
	b.guest_ns = -b.guest_ns;
	return b;
}

/* Events [@from, @until) fit both; the jump is at one of them. */
static void make_trails(const struct truth *t, size_t from, size_t until,
			bool notes, struct vmsync_trail *a,
			struct vmsync_trail *b)
{
	for (size_t i = 0; i < N; i++) {
		int64_t ns = START + (int64_t)i * EVERY;

		if (i < from)
			add(&a->limits, limit(t, ns, false));
		if (i >= until)
			add(&b->limits, limit(t, ns, true));
	}
	if (!notes)
		return;
	for (size_t i = from - 1; i < until; i++)
		add(&a->ahead,
		    limit(t, START + (int64_t)i * EVERY, false));
	for (size_t i = until; i >= from; i--)
		add(&b->behind,
		    back(limit(t, START + (int64_t)i * EVERY, true)));
}

static void check_events(const struct truth *t, const struct vmsync_map *map,
			 int64_t from, int64_t until, double most)
{
	for (int i = 0; i < 2000; i++) {
		guest_time g = {from +
				(int64_t)(uniform() * (double)(until - from))};
		double error = (double)(vmsync_map_eval(map, g).ns - g.ns) -
			       true_offset(t, (double)g.ns);
		int64_t bound = vmsync_map_bound_ns(map, g, NULL);

		CHECK(fabs(error) <= (double)bound);
		CHECK((double)bound <= most);
	}
}

static void test_jump(double step, bool notes)
{
	size_t from = (size_t)check_range(50, 150);
	size_t until = (size_t)check_range(200, 350);
	struct truth t = {
		.at = START + (double)EVERY * ((double)from +
				uniform() * (double)(until - from)),
		.step = step,
		.drift = 0.0001 * (2 * uniform() - 1),
	};
	struct vmsync_stitch w = {
		.method = VMSYNC_METHOD_WINDOW,
		.steep = STEEP,
		.least_ns = 2 * SLACK,
		.wave_ns = 5,
	};
	struct vmsync_trail a = { 0 }, b = { 0 };
	struct vmsync_map map, next;
	int64_t begin = START + (int64_t)(from - 1) * EVERY;
	int64_t end = START + (int64_t)until * EVERY;

	make_trails(&t, from, until, notes, &a, &b);
	vmsync_map_init(&map);
	vmsync_map_init(&next);
	CHECK(!vmsync_stitch_map(&w, a.limits.at, a.limits.count, &map));
	CHECK(!vmsync_stitch_map(&w, b.limits.at, b.limits.count, &next));
	CHECK(!vmsync_jump_map(&a, &b, STEEP, &next, &map));
	CHECK_EQ(map.segments[map.count - 1].guest_end.ns, end);
	/* A clock that may fall back makes events around the jump anybody's. */
	check_events(&t, &map, begin + 1, end - 1,
		     notes ? fabs(step) + 8 * SLACK + 4 * STEEP * EVERY :
			     INFINITY);
	vmsync_map_free(&map);
	vmsync_map_free(&next);
	vmsync_trail_free(&a);
	vmsync_trail_free(&b);
}

/* A line that is far from a true offset is told to be so far off, at least. */
static void check_true(const struct vmsync_either *x, int64_t ns, double is)
{
	for (int k = -2; k <= 2; k++) {
		double off = k * 20 * SLACK;
		double error = vmsync_either_error(x, ns, is + off, ns + 1, is + off);

		CHECK(error + 1 >= fabs(off));
	}
}

/*
 * Two straight rows that are a step apart, and few limits between them: one in the
 * middle of two long gaps. Beside the first row the second one's line would be known
 * to 50 us only, if it were not for that.
 */
static void test_either(double step)
{
	static struct vmsync_between e[N];
	struct truth t = { .at = 0, .step = step };
	struct vmsync_span a = { 0 }, b = { 0 };
	struct vmsync_either x = { 0 };
	int64_t ns = START;
	size_t n = 0;

	for (; n < 100; n++, ns += EVERY)
		e[n] = limit(&t, ns, false);
	a = (struct vmsync_span){
		.interior_last = n - 1, .origin = START, .offset = e[0].lo};
	t.at = (double)ns + uniform() * 100 * EVERY;
	for (ns += 500 * (int64_t)EVERY; n < 110; n++, ns += EVERY)
		e[n] = limit(&t, ns, true);
	ns += 500 * (int64_t)EVERY;
	b = (struct vmsync_span){
		.interior_first = n, .origin = ns, .offset = e[0].lo};
	for (; n < 120; n++, ns += EVERY)
		e[n] = limit(&t, ns, true);
	b.interior_last = n - 1;
	CHECK(!vmsync_either_find(&x, e, &a, &b, STEEP, 0));
	CHECK_EQ(x.at.count, b.interior_first - a.interior_last);
	for (size_t i = 0; i < x.at.count; i++) {
		int64_t from = e[a.interior_last + i].guest_ns;
		int64_t until = e[a.interior_last + i + 1].guest_ns;

		for (int k = 0; k < 20; k++) {
			double g = (double)from +
				   uniform() * (double)(until - from - 1);
			double error = vmsync_either_error(
				&x, (int64_t)g, true_offset(&t, g),
				(int64_t)g + 1, true_offset(&t, g));

			/* What is true is one of both. */
			check_true(&x, (int64_t)g, true_offset(&t, g));
			if (g < (double)e[a.interior_last].guest_ns + NEAR)
				CHECK(error <= fabs(step) + 20 * SLACK);
		}
	}
	vmsync_either_free(&x);
}

/*
 * A clock that steps back by @step reads some times twice. Events of then are of either
 * line, in any order: none of them may count for the other one.
 */
static void test_twice(double step)
{
	static struct vmsync_between e[N];
	struct truth t = { .step = step };
	struct vmsync_span a = { 0 }, b = { 0 };
	struct vmsync_either x = { 0 };
	int64_t ns = START, twice;
	size_t n = 0, first;

	for (; n < 100; n++, ns += EVERY)
		e[n] = limit(&t, ns, false);
	a = (struct vmsync_span){
		.interior_last = n - 1, .origin = START, .offset = e[0].lo};
	twice = ns += 500 * (int64_t)EVERY;
	first = n;
	for (; ns < twice + (int64_t)step; n++, ns += (int64_t)step / 10)
		e[n] = limit(&t, ns, check_rand() & 1);
	for (ns += 500 * (int64_t)EVERY; n < 200; n++, ns += EVERY) {
		e[n] = limit(&t, ns, true);
		if (!b.interior_first)
			b = (struct vmsync_span){
				.interior_first = n, .origin = ns, .offset = e[0].lo};
	}
	b.interior_last = n - 1;
	CHECK(!vmsync_either_find(&x, e, &a, &b, STEEP, 0));
	for (size_t i = first; e[i + 1].guest_ns < twice + (int64_t)step; i++) {
		int64_t g = e[i].guest_ns + (int64_t)step / 20;

		check_true(&x, g, offset_of(&t, (double)g, false));
		check_true(&x, g, offset_of(&t, (double)g, true));
	}
	vmsync_either_free(&x);
}

int main(int argc, char **argv)
{
	uint64_t first;

	check_init(argc, argv);
	first = check_seed;
	for (uint64_t i = 0; i < 200; i++) {
		double step = (i & 1 ? 1 : -1) * 20000 * uniform();

		check_reseed(first + i);
		test_jump(step, i & 2);
		test_either(step);
		test_twice(3000 + 7000 * uniform());
	}
	return check_done();
}
