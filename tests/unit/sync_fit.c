// SPDX-License-Identifier: MIT
/*
 * Fitting beside a bend: limits of an offset that bends once, at a time that no
 * fix shows. The map must be near it all along, and within its bound.
 */
#include <math.h>

#include "check.h"
#include "sync/fit.h"

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

static int add(struct vmsync_fit *fit, const struct truth *t, int64_t g)
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
	fit->wave_ns = WAVE;
	fit->base_ns = WAVE + JITTER;
	return vmsync_fit_add(fit, &fix);
}

/* Whether the map was ever far off. */
static bool run(const struct truth *t)
{
	struct vmsync_map map;
	struct vmsync_fit fit;
	double worst = 0;
	int over = 0;

	vmsync_map_init(&map);
	vmsync_fit_init(&fit, VMSYNC_METHOD_BEACON);
	for (int64_t i = 0; i < FIXES; i++)
		CHECK_EQ(add(&fit, t, START + i * PERIOD), 0);
	CHECK_EQ(vmsync_fit_map(&fit, &map), 0);
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
	vmsync_fit_free(&fit);
	vmsync_map_free(&map);
	return worst > HIDDEN_NS;
}

int main(int argc, char **argv)
{
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
	return check_done();
}
