// SPDX-License-Identifier: MIT
/* Holes as sets of points: joined, met and asked for, against a plain table. */
#include <string.h>

#include "check.h"
#include "fuse/holes.h"

#define POINTS 300

/* Between i and i + 1, for each i. */
static void random_holes(struct vmsync_holes *h, bool *in)
{
	int64_t from = 0, until, at;

	memset(in, 0, POINTS * sizeof(*in));
	while (true) {
		from += (int64_t)check_range(0, 40);
		until = from + (int64_t)check_range(0, 30);
		if (until >= POINTS)
			return;
		CHECK_EQ(vmsync_holes_add(h, from, until), 0);
		for (at = from; at < until; at++)
			in[at] = true;
	}
}

static void same(const struct vmsync_holes *h, const bool *in)
{
	int i;

	for (i = 1; i < (int)h->hole.count; i++)
		CHECK(h->hole.at[i - 1].until_ns < h->hole.at[i].from_ns);
	for (i = 0; i < POINTS; i++) {
		int64_t until = i + (int64_t)check_range(
					    0, POINTS - 1 - (uint64_t)i), at;
		struct vmsync_hole none;
		bool any = false;

		for (at = i; at < until; at++)
			any |= in[at];
		if (until <= i)
			continue;
		CHECK_EQ(vmsync_holes_in(h, i, until), any);
		CHECK_EQ(vmsync_holes_none(h, i, until, &none), !any);
		if (any)
			continue;
		/* All of it is clear, and not a point more. */
		CHECK(none.from_ns <= i && none.until_ns >= until);
		for (at = 0; at < POINTS; at++)
			if (at >= none.from_ns && at < none.until_ns)
				CHECK(!in[at]);
		CHECK(none.from_ns < 1 || in[none.from_ns - 1]);
		CHECK(none.until_ns >= POINTS || in[none.until_ns]);
	}
}

static void test_sets(void)
{
	struct vmsync_holes a = { 0 }, b = { 0 }, c = { 0 };
	bool in_a[POINTS], in_b[POINTS], either[POINTS], both[POINTS];
	int i;

	random_holes(&a, in_a);
	random_holes(&b, in_b);
	for (i = 0; i < POINTS; i++) {
		either[i] = in_a[i] || in_b[i];
		both[i] = in_a[i] && in_b[i];
	}
	same(&a, in_a);
	CHECK_EQ(vmsync_holes_join(&c, &a), 0);
	same(&c, in_a);
	CHECK_EQ(vmsync_holes_join(&c, &b), 0);
	same(&c, either);
	CHECK_EQ(vmsync_holes_meet(&a, &b), 0);
	same(&a, both);
	vmsync_holes_free(&a);
	vmsync_holes_free(&b);
	vmsync_holes_free(&c);
}

/* A hole ends where the next record is: that one is not in it. */
static void test_ends(void)
{
	struct vmsync_holes h = { 0 };

	CHECK_EQ(vmsync_holes_add(&h, INT64_MIN, 10), 0);
	CHECK_EQ(vmsync_holes_add(&h, 20, 20), 0);
	CHECK_EQ(vmsync_holes_add(&h, 30, 40), 0);
	CHECK_EQ(h.hole.count, 2);
	CHECK(vmsync_holes_in(&h, 9, 12));
	CHECK(!vmsync_holes_in(&h, 10, 30));
	CHECK(vmsync_holes_in(&h, 10, 31));
	CHECK(vmsync_holes_in(&h, 35, 36));
	CHECK(!vmsync_holes_in(&h, 40, INT64_MAX));
	vmsync_holes_free(&h);
}

int main(int argc, char **argv)
{
	int i;

	check_init(argc, argv);
	for (i = 0; i < 300; i++)
		test_sets();
	test_ends();
	return check_done();
}
