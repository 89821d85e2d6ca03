// SPDX-License-Identifier: MIT
/*
 * The map's promises: rounding as stated, output that never decreases,
 * an inverse, growth of the bound, the same bits after save and load.
 *
 * Cases: VMSYNC_CASES evaluations of each property, 10^5 if not set.
 */
#include <errno.h>
#include <string.h>

#include "check.h"
#include "sync/base/chain.h"
#include "sync/map/map.h"
#include "sync/map/quantize.h"

__extension__ typedef __int128 wide;

static struct vmsync_segment random_segment(int64_t g, int64_t h)
{
	struct vmsync_segment s = {
		.guest_start.ns = g,
		.host_start.ns = h,
		.shift = (uint32_t)check_range(0, 63),
		.method = check_range(0, VMSYNC_METHOD_COUNT - 1),
		.bound_ns = (int64_t)check_bits(40),
		.epoch = (uint32_t)check_bits(32),
	};

	/* Half of them near 1, as clocks are; the rest anything. */
	s.slope = check_bits(64);
	if (s.shift > 10 && check_rand() & 1)
		s.slope = (1ull << s.shift) + check_bits(s.shift - 9);
	if (!s.slope)
		s.slope = 1;
	s.host_frac = s.shift ? check_rand() >> (64 - s.shift) : 0;
	return s;
}

/* Times that come close together, far apart, and near the end of all time. */
static void random_map(struct vmsync_map *map)
{
	unsigned int n = (unsigned int)check_range(1, 12);
	unsigned int bits = (unsigned int)check_range(4, 62);
	int64_t g = (int64_t)check_bits(62), h = (int64_t)check_bits(62);

	vmsync_map_init(map);
	map->extrapolation_ppb = (uint32_t)check_bits(32);
	map->extrapolation_ns = (int64_t)check_bits(63);
	for (unsigned int i = 0; i < n; i++) {
		struct vmsync_segment s = random_segment(g, h);
		int64_t dg = (int64_t)check_bits(bits) + 1;

		if (__builtin_add_overflow(g, dg, &g))
			dg = 0;
		s.guest_end.ns = s.guest_start.ns + dg;
		CHECK(vmsync_map_append(map, &s) == 0);
		if (!dg ||
		    __builtin_add_overflow(h, (int64_t)check_bits(bits), &h))
			break;
	}
}

static int64_t near_edge(const struct vmsync_map *map)
{
	const struct vmsync_segment *s =
		&map->segments[check_range(0, map->count - 1)];
	int64_t g;

	switch (check_range(0, 4)) {
	case 0:
		return (int64_t)(check_rand() >> 1);
	case 1:
		return INT64_MAX - (int64_t)check_bits(40);
	case 2:
		return (int64_t)check_bits(40);
	default:
		g = (int64_t)check_bits(63) >> check_range(0, 62);
		if (check_rand() & 1)
			g = -g;
		if (__builtin_add_overflow(s->guest_start.ns, g, &g) || g < 0)
			return s->guest_start.ns;
		return g;
	}
}

/* floor((a * b + c) / 2^shift), bit by bit: shares nothing with the map. */
static int64_t slow_line(const struct vmsync_segment *s, int64_t g)
{
	int negative = g < s->guest_start.ns;
	uint64_t d = negative ? (uint64_t)(s->guest_start.ns - g) :
				(uint64_t)(g - s->guest_start.ns);
	wide sum = 0, one = (wide)1 << s->shift, q;

	for (int bit = 63; bit >= 0; bit--)
		sum = 2 * sum + (s->slope >> bit & 1 ? (wide)d : 0);
	sum = (negative ? -sum : sum) + (wide)s->host_frac;
	q = sum / one;
	if (sum % one < 0)
		q--;
	q += s->host_start.ns;
	return q < 0 ? 0 : q > INT64_MAX ? INT64_MAX : (int64_t)q;
}

static int64_t slow_eval(const struct vmsync_map *map, int64_t g)
{
	size_t i = 0;
	int64_t h;

	while (i + 1 < map->count && map->segments[i + 1].guest_start.ns <= g)
		i++;
	h = slow_line(&map->segments[i], g);
	if (i + 1 < map->count && h > map->segments[i + 1].host_start.ns)
		h = map->segments[i + 1].host_start.ns;
	return h;
}

static int64_t eval(const struct vmsync_map *map, int64_t g)
{
	return vmsync_map_eval(map, (guest_time){ g }).ns;
}

static void test_eval(const struct vmsync_map *map)
{
	int64_t x = near_edge(map), y = near_edge(map);
	int64_t hx = eval(map, x), hy = eval(map, y);

	CHECK_EQ(hx, slow_eval(map, x));
	CHECK(x <= y ? hx <= hy : hx >= hy);
	if (x < INT64_MAX)
		CHECK(hx <= eval(map, x + 1));
}

static void test_inverse(const struct vmsync_map *map)
{
	int64_t x = near_edge(map), h = eval(map, x);
	int64_t g = vmsync_map_inverse(map, (host_time){ h }).ns;

	/* Least: it reaches h, the one before it does not, x is not less. */
	CHECK(g <= x);
	CHECK_EQ(eval(map, g), h);
	if (g > 0)
		CHECK(eval(map, g - 1) < h);
	/* A host time that no guest time may map to. */
	h = near_edge(map);
	g = vmsync_map_inverse(map, (host_time){ h }).ns;
	CHECK(eval(map, g) >= h || g == INT64_MAX);
	if (g > 0)
		CHECK(eval(map, g - 1) < h);
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void test_batch(const struct vmsync_map *map)
{
	uint64_t in[100] = { 0 }, out[100];
	size_t n = check_range(1, 100), bad = 0;

	for (size_t i = 0; i < n; i++)
		in[i] = (uint64_t)near_edge(map);
	if (check_rand() & 3)
		qsort(in, n, sizeof(*in), by_value);
	vmsync_map_eval_batch(map, in, out, n);
	for (size_t i = 0; i < n; i++)
		bad += out[i] != (uint64_t)eval(map, (int64_t)in[i]);
	CHECK_EQ(bad, 0);
	vmsync_map_eval_batch(map, in, in, n);
	CHECK(!memcmp(in, out, n * sizeof(*in)));
}

static void test_bound(const struct vmsync_map *map)
{
	int64_t x = near_edge(map);
	bool outside;
	int64_t b = vmsync_map_bound_ns(map, (guest_time){ x }, &outside);
	size_t i = 0;
	int64_t away = 0;
	const struct vmsync_segment *s;
	wide want;

	while (i + 1 < map->count && map->segments[i + 1].guest_start.ns <= x)
		i++;
	s = &map->segments[i];
	if (x < s->guest_start.ns)
		away = s->guest_start.ns - x;
	else if (x > s->guest_end.ns)
		away = x - s->guest_end.ns;
	want = ((wide)away * map->extrapolation_ppb + 999999999) / 1000000000 +
	       s->bound_ns;
	if (away)
		want += 2 * VMSYNC_COARSE_NS + map->extrapolation_ns;
	if (want > INT64_MAX)
		want = INT64_MAX;
	CHECK_EQ(outside, away != 0);
	CHECK_EQ(b, (int64_t)want);
}

static void test_append(void)
{
	struct vmsync_segment s = {
		.guest_start.ns = 10, .guest_end.ns = 20, .host_start.ns = 5,
		.slope = 4, .shift = 2,
	};
	struct vmsync_segment bad;
	struct vmsync_map map;

	vmsync_map_init(&map);
	CHECK_EQ(vmsync_map_append(&map, &s), 0);
	CHECK_EQ(vmsync_map_append(&map, &s), -EINVAL);
	s.guest_start.ns = 11;
	s.host_start.ns = 4;
	CHECK_EQ(vmsync_map_append(&map, &s), -EINVAL);
	s.host_start.ns = 5;
#define BAD(member, value) do { \
	bad = s; \
	bad.member = (value); \
	CHECK_EQ(vmsync_map_append(&map, &bad), -EINVAL); \
} while (0)
	BAD(slope, 0);
	BAD(shift, 64);
	BAD(host_frac, 4);
	BAD(guest_end.ns, 10);
	BAD(bound_ns, -1);
	BAD(method, VMSYNC_METHOD_COUNT);
#undef BAD
	CHECK_EQ(vmsync_map_append(&map, &s), 0);
	CHECK_EQ(map.count, 2);
	vmsync_map_free(&map);
	CHECK_EQ(map.count, 0);
}

/* By hand: 1.5 ns per ns, half a ns to begin with, then a step. */
static void test_rounding(void)
{
	struct vmsync_segment s = {
		.guest_start.ns = 100, .guest_end.ns = 110,
		.host_start.ns = 1000, .slope = 3, .shift = 1, .host_frac = 1,
		.bound_ns = 2,
	};
	struct vmsync_map map;

	vmsync_map_init(&map);
	map.extrapolation_ppb = 500000;
	CHECK(!vmsync_map_append(&map, &s));
	CHECK_EQ(eval(&map, 100), 1000);
	CHECK_EQ(eval(&map, 101), 1002);
	CHECK_EQ(eval(&map, 102), 1003);
	CHECK_EQ(eval(&map, 99), 999);
	CHECK_EQ(eval(&map, 98), 997);
	s.guest_start.ns = s.guest_end.ns = 110;
	s.host_start.ns = 1012;
	CHECK(!vmsync_map_append(&map, &s));
	CHECK_EQ(eval(&map, 107), 1011);
	CHECK_EQ(eval(&map, 108), 1012);
	CHECK_EQ(eval(&map, 109), 1012);
	CHECK_EQ(eval(&map, 110), 1012);
	CHECK_EQ(vmsync_map_inverse(&map, (host_time){ 1012 }).ns, 108);
	CHECK_EQ(vmsync_map_bound_ns(&map, (guest_time){ 110 }, NULL), 2);
	CHECK_EQ(vmsync_map_bound_ns(&map, (guest_time){ 111 }, NULL), 563);
	CHECK_EQ(vmsync_map_bound_ns(&map, (guest_time){ 2110 }, NULL), 563);
	CHECK_EQ(vmsync_map_bound_ns(&map, (guest_time){ 2111 }, NULL), 564);
	vmsync_map_free(&map);
}

/* The clock reads guest time @g_ns at @g_ns + 100 s, until @end_ns. */
static void piece(struct vmsync_map *map, int64_t g_ns, int64_t end_ns, bool joined)
{
	const struct vmsync_piece p = {
		.g = (int128)g_ns * Q32,
		.h = (int128)(g_ns + 100000000000) * Q32,
		.dg = Q32 << 30,
		.dh = Q32 << 30,
		.g_end = (int128)end_ns * Q32,
		.joined = joined,
	};

	CHECK(!vmsync_quantize(map, &p));
}

/*
 * What the last piece takes the place of began behind a hole, or did not: what is before
 * it goes on to it only where nothing was between.
 */
static void test_taken_back(void)
{
	struct vmsync_map map;

	vmsync_map_init(&map);
	piece(&map, 1000, 2000, false);
	piece(&map, 2010, 3000, true);
	CHECK_EQ(map.segments[0].guest_end.ns, 2010);
	piece(&map, 4000, 5000, false);
	CHECK_EQ(map.segments[1].guest_end.ns, 3000);
	piece(&map, 3500, 6000, true);
	CHECK_EQ(map.count, 3);
	CHECK_EQ(map.segments[1].guest_end.ns, 3000);
	CHECK_EQ(map.segments[2].guest_start.ns, 3500);
	piece(&map, 2500, 6000, true);
	CHECK_EQ(map.count, 3);
	CHECK_EQ(map.segments[1].guest_end.ns, 2500);
	vmsync_map_free(&map);
}

int main(int argc, char **argv)
{
	uint64_t n = check_cases(100000);
	struct vmsync_map map;

	check_init(argc, argv);
	test_append();
	test_rounding();
	test_taken_back();
	for (uint64_t i = 0; i < n;) {
		random_map(&map);
		for (int k = 0; k < 20 && i < n; k++, i++) {
			test_eval(&map);
			test_inverse(&map);
			test_bound(&map);
		}
		test_batch(&map);
		vmsync_map_free(&map);
	}
	return check_done();
}
