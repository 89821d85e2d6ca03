// SPDX-License-Identifier: MIT
/*
 * Events counted by where they lie, in batches and from several sides, against
 * each event looked at by itself; and the bound in a hole in which a clock jumped.
 */
#include <string.h>

#include "check.h"
#include "sync/map/known.h"

#define EVENTS 400

static int64_t now;

static void random_map(struct vmsync_map *map)
{
	unsigned int n = (unsigned int)check_range(1, 8);
	int64_t g = 1000000, h = 5000000;

	vmsync_map_init(map);
	map->extrapolation_ppb = 2000000;
	for (unsigned int i = 0; i < n; i++) {
		int64_t length = (int64_t)check_range(0, 3000);
		struct vmsync_segment s = {
			.guest_start.ns = g,
			.guest_end.ns = g + length,
			.host_start.ns = h,
			.slope = 1,
			.bound_ns = (int64_t)check_range(1, 1000),
		};

		CHECK(!vmsync_map_append(map, &s));
		/* Mostly joined, sometimes with a hole, and a jump in some. */
		length += check_range(0, 2) ? 0 : (int64_t)check_range(1, 2000);
		length += !length;
		g += length;
		h += length + (check_range(0, 3) ? 0 : 100000);
	}
}

static uint64_t next_event(void)
{
	now += check_range(0, 3) ? (int64_t)check_range(0, 40) :
				   (int64_t)check_range(0, 1500);
	return (uint64_t)now;
}

/* The slow way, which vmsync_known_events() has to come to as well. */
static void look(struct vmsync_known *k, const struct vmsync_map *map, int64_t g)
{
	const struct vmsync_segment *s = vmsync_map_segment(map, (guest_time){ g });
	struct vmsync_known_at *at = &k->at[VMSYNC_PLACE_INSIDE];
	int64_t bound, away = 0;
	bool outside;

	bound = vmsync_map_bound_ns(map, (guest_time){ g }, &outside);
	if (outside && g < s->guest_start.ns) {
		at = &k->at[VMSYNC_PLACE_BEFORE];
		away = s->guest_start.ns - g;
	} else if (outside) {
		at = &k->at[s == &map->segments[map->count - 1] ?
				    VMSYNC_PLACE_AFTER : VMSYNC_PLACE_WITHIN];
		away = g - s->guest_end.ns;
	}
	if (away && (!at->events || away < at->nearest_ns))
		at->nearest_ns = away;
	if (bound > at->bound_ns)
		at->bound_ns = bound;
	if (away > at->away_ns)
		at->away_ns = away;
	at->events++;
}

static void test_counts(void)
{
	struct vmsync_known slow = { 0 }, quick[2] = { 0 };
	uint64_t clock[EVENTS];
	struct vmsync_map map;
	size_t near = check_rand(), done = 0;

	random_map(&map);
	now = 1000000 - (int64_t)check_range(0, 3000);
	for (size_t i = 0; i < EVENTS; i++) {
		clock[i] = next_event();
		look(&slow, &map, (int64_t)clock[i]);
	}
	slow.first_ns = (int64_t)clock[0];
	slow.last_ns = (int64_t)clock[EVENTS - 1];
	while (done < EVENTS) {
		size_t n = check_range(1, 50);

		n = n < EVENTS - done ? n : EVENTS - done;
		vmsync_known_events(&quick[done & 1], &map, clock + done, n,
				    &near);
		done += n;
	}
	vmsync_known_add(&quick[0], &quick[1]);
	CHECK(!memcmp(&quick[0], &slow, sizeof(slow)));
	CHECK_EQ(vmsync_known_total(&slow), EVENTS);
	CHECK_EQ(vmsync_known_outside(&slow),
		 EVENTS - slow.at[VMSYNC_PLACE_INSIDE].events);
	vmsync_map_free(&map);
}

/* 1 000 ns are missing; behind them the host is @jump ns further. */
static int64_t bound_in_hole(int64_t jump, int64_t g)
{
	struct vmsync_segment s = {
		.guest_end.ns = 5000, .host_start.ns = 90000, .slope = 1,
		.bound_ns = 7,
	};
	struct vmsync_map map;
	int64_t bound;

	vmsync_map_init(&map);
	map.extrapolation_ppb = 2000000;
	CHECK(!vmsync_map_append(&map, &s));
	s.guest_start.ns = 6000;
	s.guest_end.ns = 9000;
	s.host_start.ns = 96000 + jump;
	CHECK(!vmsync_map_append(&map, &s));
	bound = vmsync_map_bound_ns(&map, (guest_time){ g }, NULL);
	vmsync_map_free(&map);
	return bound;
}

static void test_jump(void)
{
	/* Drift may have made it: 560 ns, 2000 ppm, and both bounds. */
	CHECK_EQ(bound_in_hole(0, 5500), 7 + 560 + 1);
	CHECK_EQ(bound_in_hole(560 + 2 + 14, 5500), 7 + 560 + 1);
	/* It cannot: then it may have jumped right behind 5 000, or before 6 000. */
	CHECK(bound_in_hole(1000000, 5001) >= 1000000 + 7);
	CHECK(bound_in_hole(1000000, 5999) >= 1000000 + 7);
	CHECK(bound_in_hole(-900, 5999) >= 900);
	CHECK_EQ(bound_in_hole(1000000, 5000), 7);
	CHECK_EQ(bound_in_hole(1000000, 6000), 7);
}

int main(int argc, char **argv)
{
	check_init(argc, argv);
	test_jump();
	for (int i = 0; i < 20000; i++) {
		check_reseed((uint64_t)i + 1);
		test_counts();
	}
	return check_done();
}
