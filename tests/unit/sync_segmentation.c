// SPDX-License-Identifier: MIT
/*
 * Fitting beside a bend: limits of an offset that bends once, at a time that no
 * fix shows. The map must be near it all along, and within its bound. And fixes that
 * end anywhere on a clock that bends again and again: the last stretch may be of one
 * fix, which tells no slope. And a jump that is known of, but not when it was, in a gap
 * so long that a clock which drifts could have gone as far; and one that is set by a
 * known amount, while it may bend. And a bend that no slope tells, but where the next
 * fix is; and one beside a fix that has no line on its other side. And what is made
 * of late of one that goes on for long, where what was is forgotten.
 */
#include <math.h>
#include <string.h>

#include "check.h"
#include "sync/estimate/segmentation.h"

#define PERIOD	10000000
#define FIXES	400
#define JITTER	60.0
#define WAVE	5.0
#define START	5000000000
#define OFFSET	7000000000

/*
 * What the jitter of a fix hides of a bend: not more, but for one run in 50. By
 * the ends of the stretches alone it would be one in six.
 */
#define HIDDEN_NS 60
#define RUNS	  500
#define MOST_FAR  (RUNS / 50)

struct truth {
	int64_t bend;
	double before;
	double after;
};

static double uniform(void)
{
	return (double)(check_rand() >> 11) / 9007199254740992.0;
}

static double jitter(void)
{
	return -JITTER * log(1 - uniform());
}

static double offset(const struct truth *t, int64_t g)
{
	return (double)(g - t->bend) * (g < t->bend ? t->before : t->after);
}

static struct vmsync_limit limit(const struct truth *t, int64_t g, double rest)
{
	return (struct vmsync_limit){ g, g + OFFSET, offset(t, g) + rest };
}

static int add(struct vmsync_segmentation *seg, const struct truth *t,
	       int64_t g)
{
	double up = jitter(), down = jitter();
	struct vmsync_fix fix = {
		.has_upper = true,
		.has_lower = true,
		.upper = limit(t, g, up + WAVE),
		.lower = limit(t, g + 1000, -down - WAVE),
		.play_ns = (up + down) / 2,
	};

	/* Exchanges that are slower are left out. */
	if (up + down > 4 * JITTER)
		return 0;
	seg->wave_ns = WAVE;
	seg->base_ns = WAVE + JITTER;
	return vmsync_segmentation_add(seg, &fix);
}

/* Whether the map was ever far off. */
static bool run(const struct truth *t)
{
	struct vmsync_map map;
	struct vmsync_segmentation seg;
	double worst = 0;
	int over = 0;

	vmsync_map_init(&map);
	vmsync_segmentation_init(&seg, VMSYNC_METHOD_BEACON);
	for (int64_t i = 0; i < FIXES; i++)
		CHECK_EQ(add(&seg, t, START + i * PERIOD), 0);
	CHECK_EQ(vmsync_segmentation_map(&seg, INT64_MIN, &map), 0);
	CHECK(map.count > 0);
	for (int64_t i = 5 * 16; map.count && i < (FIXES - 5) * 16; i++) {
		int64_t g = START + i * PERIOD / 16;
		double error = (double)(vmsync_map_eval(&map, (guest_time){ g }).ns -
					g - OFFSET) - offset(t, g);

		worst = fmax(worst, fabs(error));
		over += fabs(error) > (double)vmsync_map_bound_ns(
					      &map, (guest_time){ g }, NULL);
	}
	CHECK_EQ(over, 0);
	vmsync_segmentation_free(&seg);
	vmsync_map_free(&map);
	return worst > HIDDEN_NS;
}

/* -------------------------------------------------- ends, and many bends */

#define BENDS	  64
#define ENDS	  20000
#define PLAY	  30.0
#define LEAST_GAP (4 * PERIOD)

/* Offset is a polyline: @y at @g[0], then by @slope. */
struct polyline {
	int64_t g[BENDS];
	double y[BENDS];
	double slope[BENDS];
};

static double polyline_at(const struct polyline *p, int64_t g)
{
	int i = BENDS - 1;

	while (i && p->g[i] > g)
		i--;
	return p->y[i] + p->slope[i] * (double)(g - p->g[i]);
}

static void make_polyline(struct polyline *p)
{
	double most = pow(10, -4.3 - uniform());

	for (int i = 0; i < BENDS; i++) {
		p->slope[i] = (2 * uniform() - 1) * most;
		p->g[i] = START;
		p->y[i] = 0;
		if (!i)
			continue;
		p->g[i] = p->g[i - 1] + LEAST_GAP +
			  (int64_t)(pow(uniform(), 3) * 40 * PERIOD);
		p->y[i] = p->y[i - 1] +
			  p->slope[i - 1] * (double)(p->g[i] - p->g[i - 1]);
	}
}

/* As pairs are: read somewhere in a bracket, so known to half of it. */
static int add_pair(struct vmsync_segmentation *seg, const struct polyline *p,
		    int64_t g)
{
	const double play = PLAY;
	double y = polyline_at(p, g) + (2 * uniform() - 1) * (play - 3);
	struct vmsync_fix fix = {
		.has_upper = true,
		.has_lower = true,
		.upper = {g, g + OFFSET, y + play},
		.lower = {g, g + OFFSET, y - play},
		.play_ns = play,
	};

	seg->wave_ns = 3;
	vmsync_segmentation_see(seg, &fix);
	seg->base_ns = 3 + 2 * play;
	return vmsync_segmentation_add(seg, &fix);
}

static void run_end(void)
{
	struct polyline p;
	struct vmsync_map map;
	struct vmsync_segmentation seg;
	int64_t g = START;
	int over = 0, more = (int)check_range(1, 3);
	int64_t until;

	make_polyline(&p);
	vmsync_map_init(&map);
	vmsync_segmentation_init(&seg, VMSYNC_METHOD_PAIR);
	until = p.g[check_range(BENDS / 4, BENDS - 1)];
	while (g < until || more--) {
		g += PERIOD + (int64_t)(uniform() * PERIOD / 2);
		CHECK_EQ(add_pair(&seg, &p, g), 0);
	}
	CHECK_EQ(vmsync_segmentation_map(&seg, INT64_MIN, &map), 0);
	for (int64_t at = g - 40 * PERIOD; map.count && at <= g; at += PERIOD / 8) {
		double error = (double)(vmsync_map_eval(&map, (guest_time){at}).ns -
					at - OFFSET) - polyline_at(&p, at);

		over += fabs(error) - 1 >
			(double)vmsync_map_bound_ns(&map, (guest_time){at}, NULL);
	}
	CHECK_EQ(over, 0);
	vmsync_segmentation_free(&seg);
	vmsync_map_free(&map);
}

/* ------------------------------------------- a jump that is known of */

#define JUMPS	   500
#define JUMP_FIXES 100
#define MAX_GAP	   1000000000
#define MAX_JUMP   2000000.0

/* The clock is @jump ns farther from @at on. */
static double jumped(const struct truth *t, int64_t at, double jump, int64_t g)
{
	return offset(t, g) + (g < at ? 0 : jump);
}

static int add_jumped(struct vmsync_segmentation *seg, double y, int64_t g)
{
	double read = y + (2 * uniform() - 1) * (PLAY - 3);
	struct vmsync_fix fix = {
		.has_upper = true,
		.has_lower = true,
		.upper = {g, g + OFFSET, read + PLAY},
		.lower = {g, g + OFFSET, read - PLAY},
		.play_ns = PLAY,
	};

	seg->wave_ns = 3;
	vmsync_segmentation_see(seg, &fix);
	seg->base_ns = 3 + 2 * PLAY;
	return vmsync_segmentation_add(seg, &fix);
}

static void run_jump(void)
{
	const int64_t last = START + JUMP_FIXES * (int64_t)PERIOD;
	const int64_t next = last + PERIOD + (int64_t)check_range(0, MAX_GAP);
	const int64_t end = next + JUMP_FIXES * (int64_t)PERIOD;
	const int64_t at = last + (int64_t)(uniform() * (double)(next - last));
	const struct truth t = {at, (uniform() - 0.5) * 1e-3,
				(uniform() - 0.5) * 1e-3};
	const double jump = uniform() * MAX_JUMP;
	struct vmsync_map map;
	struct vmsync_segmentation seg;
	int over = 0;

	vmsync_map_init(&map);
	vmsync_segmentation_init(&seg, VMSYNC_METHOD_PAIR);
	for (int64_t g = START; g <= last; g += PERIOD)
		CHECK_EQ(add_jumped(&seg, jumped(&t, at, jump, g), g), 0);
	CHECK_EQ(vmsync_segmentation_jump(&seg, last), 0);
	for (int64_t g = next; g <= end; g += PERIOD)
		CHECK_EQ(add_jumped(&seg, jumped(&t, at, jump, g), g), 0);
	CHECK_EQ(vmsync_segmentation_map(&seg, INT64_MIN, &map), 0);
	/* It was told beforehand: nobody is to blame. */
	CHECK_EQ(vmsync_segmentation_odd(&seg), 0);
	for (int64_t g = START; map.count && g <= end; g += PERIOD / 8) {
		bool outside;
		double bound = (double)vmsync_map_bound_ns(
			&map, (guest_time){g}, &outside);
		double is = (double)(vmsync_map_eval(&map, (guest_time){g}).ns - g -
				     OFFSET);
		double error = is - jumped(&t, at, jump, g);

		over += !outside && fabs(error) - 1 > bound;
	}
	CHECK_EQ(over, 0);
	vmsync_segmentation_free(&seg);
	vmsync_map_free(&map);
}

/* ------------------------------ a clock that is set, and bends meanwhile */

#define SET_RUNS   300
#define ROWS	   12
#define ROW_FIXES  40
#define PARTS	   8
#define MOST_PARTS (4 * PARTS)
#define STEPS	   ((ROWS + 1) * (ROW_FIXES * PARTS + MOST_PARTS))
#define MAX_SLOPE  0.00004
#define MAX_SET_NS 1000.0

/* The clock, @n moments of it so far, and how steep it is. */
struct clock {
	double y[1 + STEPS];
	int n;
	double slope;
};

static double some(double most)
{
	return (2 * uniform() - 1) * most;
}

static int64_t moment(int i)
{
	return START + (int64_t)i * (PERIOD / PARTS);
}

static void go_on(struct clock *c, double set)
{
	c->y[c->n] = c->y[c->n - 1] + c->slope * PERIOD / PARTS + set;
	c->n++;
}

/* Two bends, and the clock is set, each at any time; returns by how much. */
static double gap(struct clock *c)
{
	int parts = (int)check_range(PARTS, MOST_PARTS);
	int one = (int)check_range(0, (uint64_t)parts - 1);
	int two = (int)check_range(0, (uint64_t)parts - 1);
	int at = (int)check_range(0, (uint64_t)parts - 1);
	double set = some(MAX_SET_NS);

	for (int i = 0; i < parts; i++) {
		if (i == one || i == two)
			c->slope = some(MAX_SLOPE);
		go_on(c, i == at ? set : 0);
	}
	return set;
}

static void row(struct vmsync_segmentation *seg, struct clock *c)
{
	for (int i = 0; i < ROW_FIXES * PARTS; i++) {
		go_on(c, 0);
		if (i % PARTS == 0)
			CHECK_EQ(add_jumped(seg, c->y[c->n - 1],
					    moment(c->n - 1)),
				 0);
	}
}

static void run_set(void)
{
	static struct clock c;
	struct vmsync_map map;
	struct vmsync_segmentation seg;
	int over = 0;

	c.n = 1;
	c.slope = some(MAX_SLOPE);
	vmsync_map_init(&map);
	vmsync_segmentation_init(&seg, VMSYNC_METHOD_PAIR);
	for (int i = 0; i < ROWS; i++) {
		row(&seg, &c);
		vmsync_segmentation_set(&seg, fabs(gap(&c)));
	}
	row(&seg, &c);
	CHECK_EQ(vmsync_segmentation_map(&seg, INT64_MIN, &map), 0);
	/* Not before some bends were seen. */
	for (int i = c.n / 2; map.count && i < c.n; i++) {
		int64_t g = moment(i);
		bool outside;
		double bound = (double)vmsync_map_bound_ns(
			&map, (guest_time){g}, &outside);
		double is = (double)(vmsync_map_eval(&map, (guest_time){g}).ns - g -
				     OFFSET);

		over += !outside && fabs(is - c.y[i]) - 1 > bound;
	}
	CHECK_EQ(over, 0);
	vmsync_segmentation_free(&seg);
	vmsync_map_free(&map);
}

/* Few fixes: what drifting clocks could have gone is not what this one did. */
static void run_few_set(double share)
{
	const int64_t rare = 2 * PERIOD, set = START + 10 * rare;
	const int64_t at = set + (int64_t)(share * (double)rare);
	const struct truth t = {at, -0.0003, -0.0003};
	struct vmsync_map map;
	struct vmsync_segmentation seg;
	int over = 0;

	vmsync_map_init(&map);
	vmsync_segmentation_init(&seg, VMSYNC_METHOD_PAIR);
	for (int64_t g = START; g <= START + 20 * rare; g += rare) {
		if (g == set + rare)
			vmsync_segmentation_set(&seg, 24000);
		CHECK_EQ(add_jumped(&seg, jumped(&t, at, 24000, g), g), 0);
	}
	CHECK_EQ(vmsync_segmentation_map(&seg, INT64_MIN, &map), 0);
	for (int64_t g = START; g <= START + 20 * rare; g += rare / PARTS) {
		double is = (double)(vmsync_map_eval(&map, (guest_time){g}).ns - g -
				     OFFSET);

		over += fabs(is - jumped(&t, at, 24000, g)) - 1 >
			(double)vmsync_map_bound_ns(&map, (guest_time){g}, NULL);
	}
	CHECK_EQ(over, 0);
	vmsync_segmentation_free(&seg);
	vmsync_map_free(&map);
}

/* ------------------------------------- a bend that a short end alone tells of */

#define RARE	   45000000
#define RARE_FIXES 110
#define SMALL_BEND 0.00007
#define LARGE_BEND 0.000325

/*
 * Fixes so far apart that the last ones tell no slope: that the clock has bent by more
 * than ever before shows by where the next fix is, and not by any line's slope.
 */
static void run_vee(double share)
{
	const int64_t last = START + RARE_FIXES * (int64_t)RARE;
	const int64_t at = last + (int64_t)(share * RARE);
	struct vmsync_map map;
	struct vmsync_segmentation seg;
	double y[(RARE_FIXES + 2) * PARTS + 1], slope = 0;
	bool bent = false;
	int over = 0;

	y[0] = 0;
	for (int i = 1; i <= (RARE_FIXES + 2) * PARTS; i++) {
		int64_t g = START + i * (int64_t)(RARE / PARTS);

		y[i] = y[i - 1] + slope * RARE / PARTS;
		if (g > at && !bent) {
			bent = true;
			y[i] += LARGE_BEND * (double)(g - at);
			slope += LARGE_BEND;
		} else if (i % (10 * PARTS) == 10 * PARTS - 2) {
			slope = slope == 0 ? -SMALL_BEND : 0;
		}
	}
	vmsync_map_init(&map);
	vmsync_segmentation_init(&seg, VMSYNC_METHOD_PAIR);
	for (int i = 0; i <= RARE_FIXES + 2; i++)
		CHECK_EQ(add_jumped(&seg, y[i * PARTS],
				    START + i * (int64_t)RARE),
			 0);
	CHECK_EQ(vmsync_segmentation_map(&seg, INT64_MIN, &map), 0);
	for (int i = RARE_FIXES * PARTS; i <= (RARE_FIXES + 2) * PARTS; i++) {
		int64_t g = START + i * (int64_t)(RARE / PARTS);
		double is = (double)(vmsync_map_eval(&map, (guest_time){g}).ns - g -
				     OFFSET);

		over += fabs(is - y[i]) - 1 >
			(double)vmsync_map_bound_ns(&map, (guest_time){g}, NULL);
	}
	CHECK_EQ(over, 0);
	vmsync_segmentation_free(&seg);
	vmsync_map_free(&map);
}

/* ---------------------------- the first fix alone, and the last one alone */

#define LONE_NS	   (4 * (int64_t)PERIOD)
#define LONE_FIXES 60
#define LONE_OFF   180.0

/* Between the outermost fix and the others the clock goes off the line, and back. */
static double lone(int64_t g, int64_t from)
{
	double x = (double)(g - from) / (double)LONE_NS;

	return x < 0 || x > 1 ? 0 : LONE_OFF * (1 - fabs(2 * x - 1));
}

static void run_lone(bool first)
{
	const int64_t end = START + LONE_FIXES * (int64_t)PERIOD;
	const int64_t from = first ? START : end - LONE_NS;
	struct vmsync_map map;
	struct vmsync_segmentation seg;
	int over = 0;

	vmsync_map_init(&map);
	vmsync_segmentation_init(&seg, VMSYNC_METHOD_PAIR);
	for (int64_t g = START; g <= end; g += PERIOD)
		if (g <= from || g >= from + LONE_NS)
			CHECK_EQ(add_jumped(&seg, lone(g, from), g), 0);
	CHECK_EQ(vmsync_segmentation_map(&seg, INT64_MIN, &map), 0);
	for (int64_t g = START; g <= end; g += PERIOD / PARTS) {
		double is = (double)(vmsync_map_eval(&map, (guest_time){g}).ns - g -
				     OFFSET);

		over += fabs(is - lone(g, from)) - 1 >
			(double)vmsync_map_bound_ns(&map, (guest_time){g}, NULL);
	}
	CHECK_EQ(over, 0);
	vmsync_segmentation_free(&seg);
	vmsync_map_free(&map);
}

#define MANY_BENDS   2000
#define BETWEEN	     20 /* fixes */
#define KEEP_FIXES   200
#define MOST_KEPT    400 /* segments, of thousands */

static void check_same(const struct vmsync_segmentation *all,
		       const struct vmsync_segmentation *some, int64_t from)
{
	struct vmsync_map a, b;

	vmsync_map_init(&a);
	vmsync_map_init(&b);
	CHECK_EQ(vmsync_segmentation_map(all, from, &a), 0);
	CHECK_EQ(vmsync_segmentation_map(some, from, &b), 0);
	CHECK(a.count > 1);
	CHECK_EQ(a.count, b.count);
	CHECK(a.count != b.count ||
	      !memcmp(a.segments, b.segments, a.count * sizeof(*a.segments)));
	vmsync_map_free(&a);
	vmsync_map_free(&b);
}

static void run_forget(void)
{
	struct truth t = { .bend = START, .before = 0, .after = 2e-5 };
	struct vmsync_segmentation all, some;
	size_t most = 0;

	vmsync_segmentation_init(&all, VMSYNC_METHOD_BEACON);
	vmsync_segmentation_init(&some, VMSYNC_METHOD_BEACON);
	for (int i = 0; i < MANY_BENDS * BETWEEN; i++) {
		int64_t g = START + (int64_t)i * PERIOD;
		uint64_t seed = check_rand();

		/* To and fro: the line that it was on is behind it. */
		if (i % BETWEEN == 0)
			t = (struct truth){ g, t.after, -t.after };
		check_reseed(seed);
		CHECK_EQ(add(&all, &t, g), 0);
		check_reseed(seed);
		CHECK_EQ(add(&some, &t, g), 0);
		vmsync_segmentation_forget(&some, g - KEEP_FIXES * PERIOD);
		if (some.line.map.count > most)
			most = some.line.map.count;
		if (i % 1000 == 999)
			check_same(&all, &some, g - KEEP_FIXES * PERIOD);
	}
	CHECK(all.line.map.count > 2 * MOST_KEPT);
	CHECK(most < MOST_KEPT);
	vmsync_segmentation_free(&all);
	vmsync_segmentation_free(&some);
}

int main(int argc, char **argv)
{
	uint64_t first;
	int far = 0;

	check_init(argc, argv);
	for (int i = 0; i < RUNS; i++) {
		double tilt = (uniform() < 0.5 ? -1 : 1) *
			      pow(10, -4 - 1.5 * uniform());
		double slope = (uniform() - 0.5) * 1e-4;

		far += run(&(struct truth){
			.bend = START + (int64_t)((0.3 + 0.4 * uniform()) *
						  FIXES * PERIOD),
			.before = slope,
			.after = slope + tilt,
		});
	}
	CHECK(far <= MOST_FAR);
	first = check_rand();
	for (uint64_t i = 0; i < ENDS; i++) {
		check_reseed(first + i);
		run_end();
	}
	for (int i = 0; i < JUMPS; i++)
		run_jump();
	first = check_rand();
	for (uint64_t i = 0; i < SET_RUNS; i++) {
		check_reseed(first + i);
		run_set();
	}
	for (int i = 1; i < 20; i++)
		run_vee(i / 20.0);
	for (int i = 1; i < 20; i++)
		run_few_set(i / 20.0);
	for (int i = 0; i < 20; i++)
		run_lone(i % 2);
	run_forget();
	return check_done();
}
