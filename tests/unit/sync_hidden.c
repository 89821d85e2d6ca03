// SPDX-License-Identifier: MIT
/*
 * What a clock may do where no fix shows it, and what the bound there makes of what
 * was seen of that clock. Each case is a clock that keeps to a line for a row of
 * fixes, then moves by a little from that row to the next, again and again. In one of
 * the gaps between two rows, or between two fixes of a row, it leaves its way and
 * comes back. Up to @off the bound must hold, and it must not be above
 * @most: a bound that allows for anything always holds, and says nothing.
 */
#include <math.h>

#include "check.h"
#include "sync/estimate/segmentation.h"

#define START	  5000000000
#define OFFSET	  7000000000
#define PLAY	  2.0
#define PARTS	  64
#define MS	  1000000

/*
 * @period:	from fix to fix, ns
 * @rows:	of @fixes each, but for the last one
 * @last:	fixes of the last one; 0: as many as the others
 * @step:	up, and down again, between two rows, ns
 * @at:		it leaves its way before this row; 0: the last one
 * @inside:	within the row before that
 * @off:	by so much, ns
 * @most:	that the bound may be there, ns
 */
struct world {
	const char *what;
	int64_t period;
	int rows;
	int fixes;
	int last;
	double step;
	int at;
	bool inside;
	double off;
	double most;
};

static int fixes_of(const struct world *w)
{
	return (w->rows - 1) * w->fixes + (w->last ? w->last : w->fixes);
}

/* The fix before which the clock leaves its way. */
static int left_at(const struct world *w)
{
	int first = (w->at ? w->at : w->rows - 1) * w->fixes;

	return w->inside ? first - w->fixes / 2 : first;
}

/* The clock's way, at @share of the gap before fix @i. */
static double way(const struct world *w, int i, double share)
{
	int row = i / w->fixes < w->rows ? i / w->fixes : w->rows - 1;
	bool first = row > 0 && i == row * w->fixes;
	double y = row % 2 ? w->step : 0;

	return first ? (row % 2 ? share : 1 - share) * w->step : y;
}

static double clock_at(const struct world *w, int i, double share)
{
	double off = i == left_at(w) ? w->off * (1 - fabs(2 * share - 1)) : 0;

	return way(w, i, share) + off;
}

static int add(struct vmsync_segmentation *fit, int64_t g, double y)
{
	struct vmsync_fix fix = {
		.has_upper = true,
		.has_lower = true,
		.upper = {g, g + OFFSET, y + PLAY},
		.lower = {g, g + OFFSET, y - PLAY},
		.play_ns = PLAY,
	};

	fit->base_ns = PLAY;
	vmsync_segmentation_see(fit, &fix);
	return vmsync_segmentation_add(fit, &fix);
}

static void look(const struct world *w, const struct vmsync_map *map)
{
	double widest = 0;
	int i = left_at(w), over = 0;

	for (int part = 1; part < PARTS; part++) {
		int64_t g = START + (i - 1) * w->period +
			    part * (w->period / PARTS);
		double is = (double)(vmsync_map_eval(map, (guest_time){g}).ns -
				     g - OFFSET);
		double bound = (double)vmsync_map_bound_ns(
			map, (guest_time){g}, NULL);

		over += fabs(is - clock_at(w, i, (double)part / PARTS)) > bound;
		widest = fmax(widest, bound);
	}
	if (over || widest > w->most)
		printf("     %s: %d of %d times beyond, bound %.0f of %.0f ns\n",
		       w->what, over, PARTS - 1, widest, w->most);
	CHECK_EQ(over, 0);
	CHECK(widest <= w->most);
}

static void run(const struct world *w)
{
	struct vmsync_map map;
	struct vmsync_segmentation fit;

	vmsync_map_init(&map);
	vmsync_segmentation_init(&fit, VMSYNC_METHOD_PAIR);
	for (int i = 0; i < fixes_of(w); i++)
		CHECK_EQ(add(&fit, START + i * w->period, clock_at(w, i, 1)), 0);
	CHECK_EQ(vmsync_segmentation_map(&fit, INT64_MIN, &map), 0);
	CHECK(map.count > 0);
	if (map.count)
		look(w, &map);
	vmsync_segmentation_free(&fit);
	vmsync_map_free(&map);
}

/* No slope but NTP's is known then: 550 ppm and more for half of the time. */
#define ANYTHING(ms) ((ms) * 1000.0)

static const struct world worlds[] = {
	{"hidden: 20 ppm, for clocks that hardly bend",
	 40 * MS, 12, 10, 0, 20, 0, false, 190, 250},
	{"hidden: twice the bend that was seen",
	 40 * MS, 12, 10, 0, 400, 0, false, 780, 830},
	{"five bends are few: over 60 ms anything",
	 60 * MS, 6, 10, 0, 20, 0, false, 3000, ANYTHING(60)},
	{"eleven bends are not",
	 60 * MS, 12, 10, 0, 20, 0, false, 280, 370},
	{"five bends are few, but 40 ms are not far",
	 40 * MS, 6, 10, 0, 20, 0, false, 190, 250},
	{"many bends: 150 ms are not too far",
	 150 * MS, 12, 10, 0, 20, 0, false, 700, 880},
	{"many bends: over 300 ms anything",
	 300 * MS, 12, 10, 0, 20, 0, false, 6000, ANYTHING(300)},
	{"30 fixes are few: anything",
	 40 * MS, 6, 10, 0, 20, 2, false, 3000, ANYTHING(40)},
	{"40 fixes are not",
	 40 * MS, 4, 10, 0, 20, 0, false, 190, 250},
	{"the first row of 6 may, and none that are near",
	 MS * 4 / 5, 12, 6, 0, 200, 1, true, 90, ANYTHING(1)},
	{"a row of 6 fixes may have bent between them",
	 40 * MS, 12, 6, 0, 20, 0, true, 190, 250},
	{"and so may the first one",
	 40 * MS, 12, 6, 0, 20, 1, true, 190, ANYTHING(40)},
	{"a row of 12 has not",
	 40 * MS, 12, 12, 0, 20, 0, true, 0, 20},
	{"a row of 20 may, if they are far apart",
	 60 * MS, 12, 20, 0, 20, 0, true, 280, 370},
	{"a row of 40 has not",
	 60 * MS, 12, 40, 0, 20, 0, true, 0, 20},
	{"three fixes are no line: anything",
	 40 * MS, 4, 12, 3, 20, 0, false, 3000, ANYTHING(40)},
	{"five are",
	 40 * MS, 4, 12, 5, 20, 0, false, 190, 250},
};

int main(int argc, char **argv)
{
	check_init(argc, argv);
	for (size_t i = 0; i < sizeof(worlds) / sizeof(*worlds); i++)
		run(&worlds[i]);
	return check_done();
}
