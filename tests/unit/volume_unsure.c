// SPDX-License-Identifier: MIT
/*
 * volume_unsure [SEED [CASES]]: requests of guests of which it cannot be told where on the host
 * they were, or not how far they went: they have to be called so, all of them and no others.
 */
#include "volume_drawn.h"

/* A guest writes the same to two volumes at once: whose is the host's request? */
static void mirror_check(enum how how)
{
	int64_t ns = 1000;
	int i;

	n_events = n_drawn = 0;
	for (i = 0; i < 20; i++) {
		struct drawn d = { .how = how, .op = VOLUME_WRITE, .sectors = 8,
				   .sector = 800 * i };
		int64_t end_ns;

		request_draw(&d, ns, 0);
		end_ns = d.cut_ns[VOLUME_DONE];
		d.how = MEMORY;
		of_guest(d.cut_ns[VOLUME_ISSUED] - 1, VOLUME_EV_ISSUE, &d, 0);
		of_guest(end_ns + 1, VOLUME_EV_COMPLETE, &d, 0);
		ns = end_ns + 100;
	}
	qsort(events, n_events, sizeof(events[0]), earlier);
	analyse();
	CHECK_EQ(counted(VOLUME_WRITE, VOLUME_UNSURE), 40);
	volumes_free(&volumes);
}

/* Another process of the host's has the same blocks of the disk at the same time. */
static void twice_check(void)
{
	int64_t ns = 1000;
	int i;

	n_events = n_drawn = 0;
	for (i = 0; i < 20; i++) {
		struct drawn d = { .how = THREADS, .op = VOLUME_READ,
				   .sectors = 8, .sector = 800 * i };

		request_draw(&d, ns, 0);
		if (i >= 15) {
			of_disk(d.cut_ns[VOLUME_QUEUED] + 5, VOLUME_EV_ISSUE, &d,
				7, 7, 0, 8);
			of_disk(d.cut_ns[VOLUME_DISK_DONE] + 5,
				VOLUME_EV_COMPLETE, &d, 0, 0, 0, 8);
		}
		ns = d.cut_ns[VOLUME_DONE] + 100;
	}
	qsort(events, n_events, sizeof(events[0]), earlier);
	analyse();
	CHECK_EQ(counted(VOLUME_READ, VOLUME_TO_DISK), 15);
	CHECK_EQ(counted(VOLUME_READ, VOLUME_UNSURE), 5);
	volumes_free(&volumes);
}

/* The disk was seen to do half of it: that is not its end. */
static void half_check(void)
{
	int64_t ns = 1000;
	size_t i, n = 0;

	n_events = n_drawn = 0;
	for (i = 0; i < 20; i++) {
		struct drawn d = { .how = THREADS, .op = VOLUME_READ,
				   .sectors = 8, .sector = 800 * (int64_t)i };

		request_draw(&d, ns, 0);
		ns = d.cut_ns[VOLUME_DONE] + 100;
	}
	for (i = 0; i < n_events; i++) {
		struct volume_event *ev = &events[i];

		if (ev->machine == VOLUME_HOST && ev->sector >= 800 * 15 &&
		    (ev->kind == VOLUME_EV_ISSUE || ev->kind == VOLUME_EV_REQUEUE ||
		     ev->kind == VOLUME_EV_COMPLETE)) {
			ev->sectors /= 2;
			n++;
		}
	}
	CHECK(n >= 10);
	qsort(events, n_events, sizeof(events[0]), earlier);
	analyse();
	CHECK_EQ(counted(VOLUME_READ, VOLUME_TO_DISK), 15);
	CHECK_EQ(counted(VOLUME_READ, VOLUME_TO_CALL), 5);
	volumes_free(&volumes);
}

/* Nothing of the host's is at its place; and twice the same place at once. */
static void not_check(void)
{
	struct drawn d = { .how = THREADS, .op = VOLUME_WRITE, .sectors = 8 };
	int i;

	n_events = n_drawn = 0;
	for (i = 0; i < 10; i++) {
		of_guest(1000 * i + 1, VOLUME_EV_ISSUE, &d, 0);
		of_guest(1000 * i + 500, VOLUME_EV_COMPLETE, &d, 0);
	}
	of_guest(20000, VOLUME_EV_ISSUE, &d, 0);
	d.sectors = 16;
	of_guest(20100, VOLUME_EV_ISSUE, &d, 0);
	of_guest(20500, VOLUME_EV_COMPLETE, &d, 0);
	d.sectors = 8;
	of_guest(20600, VOLUME_EV_COMPLETE, &d, 0);
	analyse();
	CHECK_EQ(counted(VOLUME_WRITE, VOLUME_NOT), 10);
	CHECK(counted(VOLUME_WRITE, VOLUME_UNSURE) > 0);
	CHECK_EQ(volumes.volumes.at[0].paths.paths.count, 0);
	/* Nothing says where their time went: it is QEMU's. */
	CHECK_EQ(volumes.volumes.at[0].sums[VOLUME_WRITE][VOLUME_NOT]
			 ->parts[VOLUME_TAKEN].sum_ns, 10 * 499);
	volumes_free(&volumes);
}

int main(int argc, char **argv)
{
	uint64_t i, n, seed;

	check_init(argc, argv);
	n = argc > 2 ? strtoull(argv[2], NULL, 0) : check_cases(40);
	seed = check_seed;
	world_make();
	for (i = 0; i < n; i++) {
		check_reseed(seed + i);
		mirror_check(NATIVE);
		mirror_check(THREADS);
		twice_check();
		half_check();
		not_check();
	}
	return check_done();
}
