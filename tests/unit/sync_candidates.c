// SPDX-License-Identifier: MIT
/*
 * What two lists of offsets have in common, against each offset looked at by
 * itself.
 */
#include "check.h"
#include "sync/window/candidates.h"

#define MOST	8
#define OFFSETS 200

/* Sorted and apart; returns how many. */
static size_t make(struct vmsync_offsets *o)
{
	size_t n = check_range(1, MOST);
	int64_t at = 0;

	for (size_t i = 0; i < n; i++) {
		o[i].lo = at + (int64_t)check_range(2, 12);
		o[i].hi = o[i].lo + (int64_t)check_range(0, 10);
		o[i].inside = i;
		at = o[i].hi;
	}
	return n;
}

static bool has(const struct vmsync_offsets *o, size_t n, int64_t x)
{
	for (size_t i = 0; i < n; i++)
		if (o[i].lo <= x && x <= o[i].hi)
			return true;
	return false;
}

/* All of @o at once: they are apart from each other. */
static void start(struct vmsync_candidates *r, const struct vmsync_offsets *o,
		  size_t n)
{
	struct vmsync_offsets *all = vmsync_array_add(&r->now);

	CHECK(all);
	*all = (struct vmsync_offsets){ .lo = o[0].lo, .hi = o[n - 1].hi };
	CHECK(!vmsync_candidates_meet(r, o, n));
	CHECK_EQ(r->now.count, n);
}

static void test_meet(void)
{
	struct vmsync_offsets a[MOST], b[MOST];
	size_t n = make(a), m = make(b), both = 0, bad = 0;
	struct vmsync_candidates r = { 0 };

	start(&r, a, n);
	CHECK(!vmsync_candidates_meet(&r, b, m));
	for (int64_t x = 0; x < OFFSETS; x++)
		both += has(a, n, x) && has(b, m, x);
	for (int64_t x = 0; x < OFFSETS; x++) {
		bool want = has(b, m, x) && (!both || has(a, n, x));

		bad += has(r.now.at, r.now.count, x) != want;
	}
	CHECK_EQ(bad, 0);
	vmsync_candidates_free(&r);
}

int main(int argc, char **argv)
{
	uint64_t first;

	check_init(argc, argv);
	first = check_seed;
	for (uint64_t i = 0; i < 10000; i++) {
		check_reseed(first + i);
		test_meet();
	}
	return check_done();
}
