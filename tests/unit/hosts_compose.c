// SPDX-License-Identifier: MIT
/*
 * A map by way of another: what is true by both is within the bound of what comes of them,
 * and there is evidence where both have it. And maps of a guest on two hosts, joined: in
 * the order in which the guest was there, or contradicted.
 *
 * Cases: VMSYNC_CASES pairs of maps, 2 000 if not set.
 */
#include <string.h>

#include "check.h"
#include "hosts/compose.h"

#define SEC 1000000000ll

/* A segment from @g to @end, with a slope that clocks have. */
static struct vmsync_segment segment(int64_t g, int64_t end, int64_t h, int64_t bound_ns)
{
	return (struct vmsync_segment){
		.guest_start.ns = g,
		.guest_end.ns = end,
		.guest_left.ns = INT64_MIN,
		.host_start.ns = h,
		.slope = (1ull << 62) + (uint64_t)check_range(0, 1ll << 53) -
			 (1ull << 52),
		.shift = 62,
		.bound_ns = bound_ns,
	};
}

static long double at(const struct vmsync_segment *s, long double g)
{
	return s->host_start.ns + (g - s->guest_start.ns) *
					  ((long double)s->slope / (1ull << 62));
}

static void append(struct vmsync_map *map, const struct vmsync_segment *s)
{
	CHECK_EQ(vmsync_map_append(map, s), 0);
}

/* Segments that meet, but for holes now and then. */
static void random_map(struct vmsync_map *map, int64_t g, int64_t h, int64_t most_ns)
{
	int n = (int)check_range(1, 12);

	vmsync_map_init(map);
	for (int i = 0; i < n; i++) {
		int64_t end = g + (int64_t)check_range(1, SEC);
		int64_t bound_ns = (int64_t)check_range(0, (uint64_t)most_ns);
		struct vmsync_segment s = segment(g, end, h, bound_ns);

		append(map, &s);
		g = end + (check_rand() % 4 ? 0 : (int64_t)check_range(1, SEC / 10));
		h = (int64_t)at(&s, g);
	}
}

static bool has_evidence(const struct vmsync_map *map, int64_t g)
{
	const struct vmsync_segment *s = vmsync_map_segment(map, (guest_time){ g });

	return g >= s->guest_start.ns && g <= s->guest_end.ns;
}

/* The worst that both maps allow, at @g. */
static void check_at_time(const struct vmsync_map *inner, const struct vmsync_map *outer,
			  const struct vmsync_map *both, int64_t g)
{
	const struct vmsync_segment *a = vmsync_map_segment(inner, (guest_time){ g });
	int sign = check_rand() & 1 ? 1 : -1;
	long double h = at(a, g) + sign * a->bound_ns;
	const struct vmsync_segment *b =
		vmsync_map_segment(outer, (guest_time){ (int64_t)at(a, g) });
	/* The line of @b, although it may end before: its neighbour meets it. */
	long double truth = at(b, h) + sign * b->bound_ns;
	int64_t got = vmsync_map_eval(both, (guest_time){ g }).ns;
	int64_t bound_ns = vmsync_map_bound_ns(both, (guest_time){ g }, NULL);
	long double off = truth > got ? truth - got : got - truth;

	CHECK(off <= bound_ns);
	CHECK(bound_ns <= 2 * a->bound_ns + b->bound_ns + 8);
}

static void random_pair(void)
{
	struct vmsync_map inner, outer, both;
	vmsync_visits list = { 0 };
	int64_t over_ns = 1, g0 = 5 * SEC, h0 = 70 * SEC;
	uint64_t shared = 0;

	random_map(&inner, g0, h0, 3);
	random_map(&outer, h0 + (int64_t)check_range(0, SEC) - SEC / 2, 900 * SEC, 20000);
	vmsync_map_init(&both);
	CHECK_EQ(vmsync_compose(&list, &inner, &outer, 1), 0);
	CHECK_EQ(vmsync_visits_map(&list, &both, &over_ns), 0);
	CHECK_EQ(over_ns, 0);
	for (int i = 0; i < 100; i++) {
		int64_t g = g0 + (int64_t)check_range(0, 6 * SEC);
		const struct vmsync_segment *a =
			vmsync_map_segment(&inner, (guest_time){ g });
		bool has = has_evidence(&inner, g) &&
			   has_evidence(&outer, (int64_t)at(a, g));

		shared += has;
		if (!both.count) {
			CHECK(!has || shared < 2);
			continue;
		}
		/* Ends are rounded to whole ns. */
		CHECK(has == has_evidence(&both, g) ||
		      has == has_evidence(&both, g + 2) ||
		      has == has_evidence(&both, g - 2));
		if (has && has_evidence(&both, g))
			check_at_time(&inner, &outer, &both, g);
	}
	vmsync_array_free(&list);
	vmsync_map_free(&inner);
	vmsync_map_free(&outer);
	vmsync_map_free(&both);
}

/* On host 0 for a second, known to @first_ns; on host 1 from @later_ns behind that on. */
static int64_t two_stays(int64_t later_ns, int64_t first_ns, int64_t second_ns,
			 struct vmsync_map *map)
{
	struct vmsync_map there, here;
	vmsync_visits list = { 0 };
	struct vmsync_segment a = segment(SEC, 2 * SEC, 10 * SEC, first_ns), b;
	int64_t over_ns;

	vmsync_map_init(&there);
	vmsync_map_init(&here);
	append(&there, &a);
	b = segment(2 * SEC + 1000, 3 * SEC, (int64_t)at(&a, 2 * SEC) + later_ns, second_ns);
	append(&here, &b);
	CHECK_EQ(vmsync_compose(&list, &here, NULL, 1), 0);
	CHECK_EQ(vmsync_compose(&list, &there, NULL, 0), 0);
	CHECK_EQ(vmsync_compose_before(&list, &b, NULL, 1,
				       (host_time){ b.host_start.ns - 500 }), 0);
	vmsync_map_init(map);
	CHECK_EQ(vmsync_visits_map(&list, map, &over_ns), 0);
	vmsync_array_free(&list);
	vmsync_map_free(&there);
	vmsync_map_free(&here);
	return over_ns;
}

static void stays(void)
{
	struct vmsync_map map;
	guest_time g = { 2 * SEC + 600 };

	/* It arrived 500 ns before its first evidence: there its line begins. */
	CHECK_EQ(two_stays(1000000, 2, 30, &map), 0);
	CHECK_EQ(map.count, 3);
	CHECK_EQ(map.segments[1].guest_start.ns, map.segments[1].guest_end.ns);
	CHECK(vmsync_map_eval(&map, g).ns > 11 * SEC + 900000);
	CHECK(!has_evidence(&map, g.ns));
	CHECK_EQ(map.segments[2].bound_ns, 30);
	CHECK(map.segments[0].epoch != map.segments[1].epoch);
	vmsync_map_free(&map);
	/* As much before the end there as the bounds allow: behind it, and known worse. */
	CHECK_EQ(two_stays(-9000, 1000, 9000, &map), 0);
	CHECK(map.segments[1].bound_ns >= 18000);
	CHECK(vmsync_map_eval(&map, (guest_time){ 2 * SEC + 1000 }).ns >=
	      vmsync_map_eval(&map, (guest_time){ 2 * SEC - 1000 }).ns);
	vmsync_map_free(&map);
	/* More than that. */
	CHECK(two_stays(-20000, 1000, 9000, &map) >= 10000);
	vmsync_map_free(&map);
}

int main(int argc, char **argv)
{
	const char *cases = getenv("VMSYNC_CASES");
	long n = cases ? atol(cases) : 2000;

	check_init(argc, argv);
	while (n--) {
		check_reseed(check_seed + 1);
		random_pair();
	}
	stays();
	return check_done();
}
