// SPDX-License-Identifier: MIT
/*
 * Samples that were stored with a recording, held against what entries and exits leave
 * of the offset: what is taken of them is within its bound of the truth, whatever they
 * say; right ones are taken, wrong ones are not, and are told.
 */
#include "check.h"
#include "sync/tsync/tsync.h"

#define CASES	 2000
#define SEGMENTS 12
#define SAMPLES	 6
#define SHIFT	 40
#define ONE	 ((uint64_t)1 << SHIFT)
#define BEGIN	 1000000000

/* The guest's clock jumps at most once, at guest time @jump. */
struct world {
	int64_t offset;
	int64_t jump;
	int64_t by;
	int64_t end;
	struct vmsync_map window;
	struct vmsync_tsync tsync;
};

static int64_t host_at(const struct world *w, int64_t g)
{
	return g + w->offset + (g >= w->jump ? w->by : 0);
}

/* A line whose distance from the truth is in the bound all the way. */
static void add_segment(struct world *w, int64_t g, int64_t end)
{
	struct vmsync_segment *last =
		w->window.count ? &w->window.segments[w->window.count - 1] : NULL;
	int64_t least = g < w->jump && end >= w->jump ? llabs(w->by) : 0;
	int64_t bound = least + (int64_t)check_range(10, 20000);
	int64_t room = bound - least - 4;
	int64_t from = host_at(w, g) + (int64_t)check_range(0, 2 * room) - room;
	int64_t until = host_at(w, g) + end - g +
			(int64_t)check_range(0, 2 * room) - room;
	struct vmsync_segment s = {
		.guest_start = { g },
		.guest_end = { end },
		.host_start = { from },
		.slope = (uint64_t)((double)(until - from) / (double)(end - g) *
				    (double)ONE),
		.shift = SHIFT,
		.bound_ns = bound,
		.method = VMSYNC_METHOD_WINDOW,
	};

	/* Where the next line begins lower the last one is cut off. */
	if (last && last->bound_ns < bound)
		last->bound_ns = bound;
	if (!last || s.host_start.ns >= last->host_start.ns)
		CHECK_EQ(vmsync_map_append(&w->window, &s), 0);
}

static void make(struct world *w, bool jumps)
{
	int64_t g = BEGIN, end;

	*w = (struct world){ .offset = (int64_t)check_range(0, 1000000000000) };
	w->jump = jumps ? BEGIN + (int64_t)check_range(0, 300000000) : INT64_MAX;
	w->by = jumps ? (int64_t)check_bits(24) : 0;
	vmsync_map_init(&w->window);
	for (int i = 0; i < SEGMENTS; i++, g = end) {
		end = g + (int64_t)check_range(1000000, 50000000);
		add_segment(w, g, end);
		/* Nothing is known for a while. */
		if (!check_range(0, 5))
			end += (int64_t)check_range(1, 10000000);
	}
	w->end = g;
}

/* @wrong: ns, or 0; @steep: of its slope */
static void add_line(struct world *w, int64_t g, int64_t wrong, uint64_t steep)
{
	struct vmsync_tsync_sample s = { g, host_at(w, g) + wrong, ONE + steep,
					 SHIFT };

	CHECK_EQ(vmsync_tsync_add(&w->tsync, 1, &s), 0);
}

static void add_sample(struct world *w, int64_t g, int64_t wrong)
{
	add_line(w, g, wrong, 0);
}

static void drop(struct world *w)
{
	vmsync_map_free(&w->window);
	vmsync_tsync_free(&w->tsync);
}

static int64_t covered(const struct vmsync_map *map)
{
	int64_t ns = 0;

	for (size_t i = 0; i < map->count; i++)
		ns += map->segments[i].guest_end.ns -
		      map->segments[i].guest_start.ns;
	return ns;
}

/* Whatever the map says is true. */
static void judge(const struct world *w, const struct vmsync_map *map)
{
	for (size_t i = 0; i < map->count; i++) {
		const struct vmsync_segment *s = &map->segments[i];

		CHECK_EQ(s->method, VMSYNC_METHOD_TSYNC);
		for (int k = 0; k < 6; k++) {
			guest_time g = {(int64_t)check_range(
				(uint64_t)s->guest_start.ns,
				(uint64_t)s->guest_end.ns - 1)};
			int64_t off = vmsync_map_eval(map, g).ns -
				      host_at(w, g.ns);

			CHECK(llabs(off) <= vmsync_map_bound_ns(map, g, NULL));
		}
	}
}

static void any_samples(void)
{
	struct vmsync_tsync_verdict verdict = { 0 };
	struct vmsync_map map;
	struct world w;
	int64_t g = BEGIN - (int64_t)check_range(0, 50000000);

	make(&w, check_range(0, 1));
	vmsync_map_init(&map);
	for (int i = 0; i < SAMPLES; i++) {
		int64_t wrong = (int64_t)check_bits(check_range(0, 1) ? 30 : 13);

		add_line(&w, g, check_range(0, 1) ? wrong : -wrong,
			 check_bits(28));
		g += 1 + (int64_t)check_bits(check_range(0, 1) ? 28 : 14);
	}
	CHECK_EQ(vmsync_tsync_map(&w.tsync, 1, &w.window, &map, &verdict), 0);
	judge(&w, &map);
	CHECK(verdict.contradicted_ns + covered(&map) <= covered(&w.window));
	vmsync_map_free(&map);
	/* Nobody said anything of another CPU. */
	CHECK_EQ(vmsync_tsync_map(&w.tsync, 0, &w.window, &map, &verdict), 0);
	CHECK_EQ(vmsync_tsync_map(&w.tsync, 9, &w.window, &map, &verdict), 0);
	CHECK_EQ(map.count, 0);
	drop(&w);
}

/* The truth is taken wherever anything is known, with at most twice the bound. */
static void right_samples(void)
{
	struct vmsync_tsync_verdict verdict = { 0 };
	struct vmsync_map map;
	struct world w;

	make(&w, false);
	vmsync_map_init(&map);
	add_sample(&w, BEGIN + (int64_t)check_range(0, 400000000), 0);
	CHECK_EQ(vmsync_tsync_map(&w.tsync, 1, &w.window, &map, &verdict), 0);
	CHECK_EQ(covered(&map), covered(&w.window));
	CHECK_EQ(verdict.contradicted_ns, 0);
	for (size_t i = 0; i < map.count; i++) {
		const struct vmsync_segment *s = &map.segments[i];
		int64_t window = vmsync_map_bound_ns(&w.window, s->guest_start, NULL);

		CHECK_EQ(s->host_start.ns, host_at(&w, s->guest_start.ns));
		CHECK(s->bound_ns >= window && s->bound_ns <= 2 * window + 2);
	}
	judge(&w, &map);
	vmsync_map_free(&map);
	drop(&w);
}

static void wrong_samples(void)
{
	struct vmsync_tsync_verdict verdict = { 0 };
	struct vmsync_map map;
	struct world w;
	int64_t wrong = 100000 + (int64_t)check_bits(40);

	make(&w, false);
	vmsync_map_init(&map);
	add_sample(&w, BEGIN, wrong);
	CHECK_EQ(vmsync_tsync_map(&w.tsync, 1, &w.window, &map, &verdict), 0);
	CHECK_EQ(map.count, 0);
	CHECK_EQ(verdict.contradicted_ns, covered(&w.window));
	CHECK_EQ(verdict.first_ns, w.window.segments[0].guest_start.ns);
	CHECK(verdict.excess_ns > 0 && verdict.excess_ns <= wrong);
	vmsync_map_free(&map);
	drop(&w);
}

/* What entries and exits leave is a single segment, in which the clocks are alike. */
static void one_window(struct world *w, int64_t bound_ns)
{
	const struct vmsync_segment s = {
		.guest_start = { BEGIN },
		.guest_end = { 2 * BEGIN },
		.host_start = { BEGIN },
		.slope = ONE,
		.shift = SHIFT,
		.bound_ns = bound_ns,
		.method = VMSYNC_METHOD_WINDOW,
	};

	vmsync_map_init(&w->window);
	CHECK_EQ(vmsync_map_append(&w->window, &s), 0);
}

/* Between two samples that differ and are both possible nothing tells which it is. */
static void jump_samples(void)
{
	struct vmsync_tsync_verdict verdict = { 0 };
	struct vmsync_map map;
	struct world w = { .jump = 1500000000, .by = 20 };

	vmsync_map_init(&map);
	one_window(&w, 100);
	add_sample(&w, 1400000000, 0);
	add_sample(&w, 1600000000, 0);
	CHECK_EQ(vmsync_tsync_map(&w.tsync, 1, &w.window, &map, &verdict), 0);
	CHECK_EQ(covered(&map), 800000000);
	CHECK_EQ(vmsync_map_eval(&map, (guest_time){1400000000 - 1}).ns, 1400000000 - 1);
	CHECK_EQ(vmsync_map_eval(&map, (guest_time){1600000000}).ns, 1600000020);
	CHECK_EQ(verdict.contradicted_ns, 0);
	vmsync_map_free(&map);
	/* With the one of them contradicted, it is the other one. */
	w.window.segments[0].bound_ns = 10;
	CHECK_EQ(vmsync_tsync_map(&w.tsync, 1, &w.window, &map, &verdict), 0);
	CHECK_EQ(covered(&map), 600000000);
	CHECK_EQ(verdict.contradicted_ns, 400000000);
	CHECK_EQ(verdict.first_ns, 1600000000);
	CHECK_EQ(verdict.excess_ns, 10);
	vmsync_map_free(&map);
	drop(&w);
}

/* A sample that goes back before the last one is raised, and what that costs is told. */
static void falling_samples(void)
{
	struct vmsync_tsync_verdict verdict = { 0 };
	struct vmsync_map map;
	struct world w = { .jump = INT64_MAX };

	vmsync_map_init(&map);
	one_window(&w, 5000);
	add_sample(&w, BEGIN + 1000, 0);
	add_sample(&w, BEGIN + 2000, -3000);
	CHECK_EQ(vmsync_tsync_map(&w.tsync, 1, &w.window, &map, &verdict), 0);
	CHECK_EQ(map.count, 2);
	CHECK_EQ(map.segments[0].bound_ns, 8002);
	CHECK_EQ(map.segments[1].host_start.ns, BEGIN);
	CHECK_EQ(map.segments[1].bound_ns, 9002);
	judge(&w, &map);
	vmsync_map_free(&map);
	drop(&w);
}

static void no_clock(void)
{
	struct vmsync_tsync t = { 0 };
	struct vmsync_tsync_sample s = { 5, 6, ONE, SHIFT };

	CHECK_EQ(vmsync_tsync_add(&t, 0, &s), 0);
	CHECK(vmsync_tsync_add(&t, 0, &s) < 0); /* not behind the last one */
	s.guest_ns = 7;
	s.slope = ONE / 5;
	CHECK(vmsync_tsync_add(&t, 0, &s) < 0);
	s.slope = 5 * ONE;
	CHECK(vmsync_tsync_add(&t, 0, &s) < 0);
	s.slope = 0;
	CHECK(vmsync_tsync_add(&t, 0, &s) < 0);
	s = (struct vmsync_tsync_sample){7, 8, ONE, 57};
	CHECK(vmsync_tsync_add(&t, 0, &s) < 0);
	s = (struct vmsync_tsync_sample){7, -8, ONE, SHIFT};
	CHECK(vmsync_tsync_add(&t, 0, &s) < 0);
	CHECK_EQ(t.cpus.at[0].count, 1);
	vmsync_tsync_free(&t);
}

int main(int argc, char **argv)
{
	const char *n = getenv("VMSYNC_CASES");

	check_init(argc, argv);
	for (int i = 0; i < (n ? atoi(n) : CASES); i++) {
		any_samples();
		right_samples();
		wrong_samples();
	}
	jump_samples();
	falling_samples();
	no_clock();
	return check_done();
}
