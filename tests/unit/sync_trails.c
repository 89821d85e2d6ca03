// SPDX-License-Identifier: MIT
/*
 * Trails of the window method: how many events they need, how often the clock may have
 * jumped, and how far it may have fallen back. One virtual CPU runs for a tenth of a
 * millisecond each time, with an event.
 */
#include <errno.h>

#include "check.h"
#include "sync/window/trails.h"

#define RUN_NS	 100000
#define PAUSE_NS 3000000
#define HOST	 500000000000ll
#define OFFSET	 400000000000ll

/**
 * struct story - of a recording
 * @runs:	how many, of which @lost stand for all that may have been
 * @jumps:	so often the clock falls back, by @by ns each time, in a pause
 */
struct story {
	int runs;
	int lost;
	int jumps;
	int64_t by;
};

/* Returns what vmsync_trails_find() does; @fell: how far the last one says. */
static int find(struct story s, int64_t *fell)
{
	struct vmsync_vm *vm = calloc(1, sizeof(*vm));
	struct vmsync_vcpu *v = vmsync_vm_vcpu(vm, 0);
	vmsync_guest_events events = {0};
	struct vmsync_trails trails = {0};
	int64_t at = HOST, off = OFFSET;
	int part = s.runs / (s.jumps + 1), err;

	for (int i = 0; i < s.runs; i++) {
		struct vmsync_guest_event *e = vmsync_array_add(&events);
		bool jumps = i && i % part == 0 && i / part <= s.jumps;

		CHECK(e);
		off += jumps ? s.by : 0;
		at += jumps ? PAUSE_NS : (int64_t)check_range(500000, 1500000);
		*e = (struct vmsync_guest_event){
			at + (int64_t)check_range(0, RUN_NS) - off, 0};
		CHECK(!vmsync_vcpu_entry(v, at));
		at += RUN_NS;
		CHECK(!vmsync_vcpu_exit(v, at));
		if (i < s.lost) {
			size_t *lost = vmsync_array_add(&v->lost);

			CHECK(lost);
			*lost = (size_t)i;
		}
	}
	err = vmsync_trails_find(&events, vm, &trails);
	CHECK(!err || err == -ENOENT);
	if (!err)
		CHECK_EQ(trails.all.count, s.jumps + 1);
	*fell = err ? -1 : vmsync_array_last(&trails.all)->fell;
	vmsync_trails_free(&trails);
	vmsync_array_free(&events);
	vmsync_vm_free(vm);
	return err;
}

static bool finds(int runs, int lost, int jumps)
{
	int64_t fell;

	return !find((struct story){runs, lost, jumps, 20000000}, &fell);
}

/* While the virtual CPU was out for longer than that. */
static int64_t fall(int64_t by)
{
	int64_t fell;

	CHECK(!find((struct story){600, 0, 1, by}, &fell));
	return fell;
}

int main(int argc, char **argv)
{
	uint64_t n = check_cases(20), first;

	check_init(argc, argv);
	first = check_seed;
	for (uint64_t i = 0; i < n; i++) {
		check_reseed(first + i);
		/* Nothing says of a little one that the guest was stopped. */
		CHECK(fall(800000) >= 800000 - RUN_NS);
		CHECK_EQ(fall(1300000), 0);
		/* So many events tell an offset, half of them of runs on record. */
		CHECK(!finds(98, 0, 0));
		CHECK(finds(110, 0, 0));
		CHECK(finds(200, 120, 0));
		CHECK(!finds(200, 155, 0));
		/* A clock that jumps more often is another VM's. */
		CHECK(finds(1000, 0, 4));
		CHECK(!finds(2000, 0, 9));
		CHECK(finds(9000, 0, 5));
	}
	return check_done();
}
