// SPDX-License-Identifier: MIT
/*
 * What the tightest limits leave, of limits whose clock bends, or of which the tight ones
 * are rare: a millisecond after the other, for as long as a group is long many times.
 */
#include <math.h>

#include "check.h"
#include "sync/window/slack.h"

#define N	20000
#define EVERY	1000000
#define STEEP	0.0011
#define TIGHT	500.0
#define LOOSE	5000.0

static struct vmsync_between e[N];

/* Which side of limit @i is a tight one, and where is the clock then, ns? */
struct story {
	bool (*lower)(int i);
	bool (*upper)(int i);
	double (*clock)(int i);
};

static double least(const struct story *s)
{
	double most = 0, median = 0;

	for (int i = 0; i < N; i++) {
		double at = s->clock(i);
		double lo = s->lower(i) ? TIGHT : LOOSE;
		double hi = s->upper(i) ? TIGHT : LOOSE;

		e[i] = (struct vmsync_between){
			.guest_ns = (int64_t)i * EVERY,
			.lo = (int64_t)floor(at - lo),
			.hi = (int64_t)ceil(at + hi),
		};
	}
	CHECK(!vmsync_slack(e, N, STEEP, &most, &median));
	CHECK(most <= median);
	return most;
}

static bool always(int i)
{
	(void)i;
	return true;
}

static bool never(int i)
{
	(void)i;
	return false;
}

/* Each in a group of 200 ms, but rarely both in one of half that length. */
static bool first_of_180(int i)
{
	return i % 180 == 0;
}

static bool middle_of_180(int i)
{
	return i % 180 == 90;
}

static bool one_in_400(int i)
{
	return i % 400 < 10;
}

static bool one_in_600(int i)
{
	return i % 600 < 10;
}

static double straight(int i)
{
	return 0.0008 * EVERY * i;
}

/* To and fro, half a second each. */
static double bent(int i)
{
	int k = i % 1000;

	return 0.0001 * EVERY * (k < 500 ? k : 1000 - k);
}

static bool is_about(double ns, double wanted)
{
	return fabs(ns - wanted) < 0.2 * wanted;
}

int main(void)
{
	const struct story plain = {always, always, straight};
	const struct story bends = {always, always, bent};
	const struct story rare = {first_of_180, middle_of_180, straight};
	const struct story loose = {never, never, straight};
	const struct story odd = {one_in_600, one_in_600, straight};
	const struct story usual = {one_in_400, one_in_400, straight};

	CHECK(is_about(least(&plain), 2 * TIGHT));
	CHECK(is_about(least(&bends), 2 * TIGHT));
	/* What is loose in between lets a line be steeper. */
	CHECK(least(&rare) < LOOSE);
	CHECK(is_about(least(&loose), 2 * LOOSE));
	/* Groups that are that rare are taken to be bent. */
	CHECK(is_about(least(&odd), 2 * LOOSE));
	CHECK(is_about(least(&usual), 2 * TIGHT));
	return check_done();
}
