// SPDX-License-Identifier: MIT
/*
 * Where the best method knows nothing another one fills in. If the clock jumps in
 * such a hole neither side may be drawn to the other one: what fills it lies where
 * its own method says, no later than what follows, and what is known exactly stays
 * known exactly.
 */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "sync/select.h"
#include "sync/session.h"

#define SHIFT  62
#define MS     1000000ll
#define EXACT  VMSYNC_METHOD_EXACT
#define PAIR   VMSYNC_METHOD_PAIR
#define OFFSET 100000000000ll

static void init(struct vmsync_guest *guest)
{
	memset(guest, 0, sizeof(*guest));
	guest->maps.maps = calloc(1, sizeof(struct vmsync_map));
	guest->maps.vcpus = 1;
	for (int m = 0; m < VMSYNC_METHOD_COUNT; m++)
		guest->by_method[m] = calloc(1, sizeof(struct vmsync_map));
}

static void done(struct vmsync_guest *guest)
{
	for (int m = 0; m < VMSYNC_METHOD_COUNT; m++) {
		vmsync_map_free(guest->by_method[m]);
		free(guest->by_method[m]);
	}
	vmsync_map_free(guest->maps.maps);
	free(guest->maps.maps);
	vmsync_array_free(&guest->disagreements);
}

/* [@from, @until) of the guest's, @by nearer to the host than at first, ns. */
static void put_ns(struct vmsync_guest *guest, enum vmsync_method m, int64_t from,
		   int64_t until, int64_t by, int64_t bound_ns)
{
	struct vmsync_segment s = {
		.guest_start = {from},
		.guest_end = {until},
		.host_start = {from - by + OFFSET},
		.slope = 1ull << SHIFT,
		.shift = SHIFT,
		.method = m,
		.bound_ns = bound_ns,
	};

	CHECK_EQ(vmsync_map_append(&guest->by_method[m][0], &s), 0);
}

/* The same in ms. */
static void put(struct vmsync_guest *guest, enum vmsync_method m, int64_t from,
		int64_t until, int64_t by, int64_t bound_ns)
{
	put_ns(guest, m, from * MS, until * MS, by * MS, bound_ns);
}

/* The map at @ms, where the clock has jumped by @by. */
static void holds(const struct vmsync_guest *guest, int64_t ms, int64_t by,
		  int64_t most_ns)
{
	const guest_time g = {ms * MS};
	const struct vmsync_map *map = &guest->maps.maps[0];
	int64_t bound = vmsync_map_bound_ns(map, g, NULL);
	int64_t off = vmsync_map_eval(map, g).ns - ((ms - by) * MS + OFFSET);

	CHECK(llabs(off) <= bound);
	CHECK(bound <= most_ns);
}

/* A jump ahead by 50 ms at 1200 ms; the best method knows nothing for 400 ms. */
static void new_side(void)
{
	struct vmsync_guest guest;

	init(&guest);
	put(&guest, EXACT, 1000, 1100, 0, 1);
	put(&guest, EXACT, 1500, 2000, 50, 1);
	put(&guest, PAIR, 1300, 1900, 50, 100);
	CHECK_EQ(vmsync_select(&guest, 0), 0);
	CHECK_EQ(guest.disagreements.count, 0);
	holds(&guest, 1050, 0, 1);
	holds(&guest, 1350, 50, 100);
	holds(&guest, 1450, 50, 100);
	holds(&guest, 1500, 50, 1);
	holds(&guest, 1990, 50, 1);
	/* Before that nobody knows on which side of the jump it is. */
	holds(&guest, 1150, 0, 52 * MS);
	holds(&guest, 1260, 50, 52 * MS);
	done(&guest);
}

/* The same, but what fills the hole has not seen the jump, and says how far off. */
static void old_side(int64_t bound_ns)
{
	struct vmsync_guest guest;

	init(&guest);
	put(&guest, EXACT, 1000, 1100, 0, 1);
	put(&guest, EXACT, 1500, 2000, 50, 1);
	put(&guest, PAIR, 1050, 1300, 0, bound_ns);
	put(&guest, PAIR, 1480, 1600, 0, bound_ns);
	CHECK_EQ(vmsync_select(&guest, 0), 0);
	holds(&guest, 1490, 50, bound_ns);
	holds(&guest, 1500, 50, 1);
	holds(&guest, 1550, 50, 1);
	holds(&guest, 1999, 50, 1);
	done(&guest);
}

/* Known badly is not known better for being next to what is known well. */
static void wide_behind(void)
{
	struct vmsync_guest guest;

	init(&guest);
	put(&guest, EXACT, 1000, 1100, 0, 1);
	put(&guest, PAIR, 1300, 1900, 0, 60 * MS);
	CHECK_EQ(vmsync_select(&guest, 0), 0);
	holds(&guest, 1100, 0, 1);
	/* The jump may have been at any time. */
	holds(&guest, 1290, 50, 62 * MS);
	holds(&guest, 1300, 50, 60 * MS);
	done(&guest);
}

/* Is a hole of @ns filled? */
static bool fills(int64_t ns)
{
	struct vmsync_guest guest;
	size_t filled = 0;

	init(&guest);
	put_ns(&guest, EXACT, 1000 * MS, 1100 * MS, 0, 1);
	put_ns(&guest, EXACT, 1100 * MS + ns, 1200 * MS, 0, 1);
	put(&guest, PAIR, 900, 1300, 0, 100);
	CHECK_EQ(vmsync_select(&guest, 0), 0);
	for (size_t i = 0; i < guest.maps.maps[0].count; i++) {
		const struct vmsync_segment *s = &guest.maps.maps[0].segments[i];

		filled += s->method == PAIR && s->guest_start.ns > 1050 * MS &&
			  s->guest_start.ns < 1150 * MS;
	}
	done(&guest);
	return filled;
}

int main(int argc, char **argv)
{
	check_init(argc, argv);
	new_side();
	old_side(50 * MS);
	old_side(80 * MS);
	wide_behind();
	/* What is rounded makes no hole. */
	CHECK(!fills(15));
	CHECK(fills(16));
	return check_done();
}
