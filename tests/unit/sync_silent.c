// SPDX-License-Identifier: MIT
/*
 * A guest of two CPUs that counts its TSCs, and the TSC of one of them is not known:
 * the host tells of one virtual CPU only. Nothing says that the other one's TSC is the
 * same, so there is no evidence of when its events were.
 */
#include <string.h>

#include "check.h"
#include "sync/sync.h"
#include "uapi/vmsync.h"

#define HZ     2500000000u
#define SHIFT  24
#define MULT   ((uint32_t)((1000000000ull << SHIFT) / HZ))
#define START  0x8000000000u
#define OFFSET (0 - START)
#define STEP   (HZ / 50)
#define N      20

static const struct vmsync_line host_line = {
	.clocksource = VMSYNC_CLOCKSOURCE_TSC, .seq = 3, .since_tsc = START,
	.cycle_last = START, .base_ns = 222000000000, .mult = MULT, .shift = SHIFT,
};
static const struct vmsync_line guest_line = {
	.clocksource = VMSYNC_CLOCKSOURCE_TSC, .seq = 1, .base_ns = 7000000000,
	.mult = MULT + 20, .shift = SHIFT,
};

static int64_t read_line(const struct vmsync_line *l, uint64_t tsc)
{
	return l->base_ns +
	       (int64_t)(((tsc - l->cycle_last) * l->mult) >> l->shift);
}

static void push_knots(struct vmsync_sync *sync, struct vmsync_guest *guest)
{
	struct vmsync_evidence ev = {
		.kind = VMSYNC_EV_KNOT,
		.why = VMSYNC_KNOT_FIRST,
		.stamp_ns = read_line(&host_line, START),
		.line = host_line,
		.confirm_tsc = START,
	};

	CHECK(!vmsync_sync_push_host(sync, &ev));
	ev.stamp_ns = read_line(&guest_line, 0);
	ev.line = guest_line;
	ev.confirm_tsc = 0;
	CHECK(!vmsync_sync_push_guest(guest, &ev));
}

/* A beacon of guest CPU @cpu at host TSC @at; @answered: the host tells of it. */
static void push_beacon(struct vmsync_sync *sync, struct vmsync_guest *guest,
			uint32_t cpu, uint64_t at, uint32_t cnt, bool answered)
{
	uint64_t tsc = at + OFFSET;
	struct vmsync_evidence g = {
		.kind = VMSYNC_EV_GH_GUEST,
		.vm_uid = 5,
		.cnt = cnt,
		.vcpu = cpu,
		.stamp_ns = read_line(&guest_line, tsc),
		.pair = {tsc, read_line(&guest_line, tsc), 0, true},
		.line = guest_line,
	};
	struct vmsync_evidence h = {
		.kind = VMSYNC_EV_GH_HOST,
		.vm_uid = 5,
		.cnt = cnt,
		.vm = {10, 1},
		.vcpu = cpu,
		.stamp_ns = read_line(&host_line, at + 3000),
		.pair = {at + 3000, read_line(&host_line, at + 3000), 0, true},
		.guest_claim = g.pair,
		.line = host_line,
		.scaling = {(int64_t)OFFSET, 1ull << 32, 32},
	};

	CHECK(!vmsync_sync_push_guest(guest, &g));
	if (answered)
		CHECK(!vmsync_sync_push_host(sync, &h));
}

static void push_first(struct vmsync_sync *sync, enum vmsync_evidence_kind kind,
		       uint32_t vcpu)
{
	struct vmsync_evidence ev = {
		.kind = kind,
		.vm = {10, 1},
		.vcpu = vcpu,
		.stamp_ns = read_line(&host_line, START + 10),
		.scaling = {(int64_t)OFFSET, 1ull << 32, 32},
		.prev_offset = (int64_t)OFFSET,
		.pvclock = {2, 1u << 31, 0, 0, 1, VMSYNC_PV_STABLE},
		.why = VMSYNC_WHY_FIRST,
	};

	CHECK(!vmsync_sync_push_host(sync, &ev));
}

/**
 * struct test - what tells of CPU 1
 * @beacons:	that it sends, of which the host tells nothing
 * @stream:	its trace has a stream, and nothing in it
 * @tsc:	the host, of its TSC
 * @stable:	the host, of a master clock
 * @known:	so it is known how its clock runs
 */
struct test {
	bool beacons;
	bool stream;
	bool tsc;
	bool stable;
	bool known;
};

static void test_one(const struct test *t)
{
	struct vmsync_sync *sync = vmsync_sync_new(NULL);
	struct vmsync_guest *guest = vmsync_sync_guest_new(sync, "g");
	guest_time g = {read_line(&guest_line, N * STEP / 2 + 77)};
	const struct vmsync_guest_map *maps;
	const struct vmsync_map *map;
	bool outside = false;
	int64_t bound;

	push_knots(sync, guest);
	if (t->stream)
		vmsync_sync_guest_cpu(guest, 1);
	if (t->tsc)
		push_first(sync, VMSYNC_EV_TSC, 1);
	if (t->stable)
		push_first(sync, VMSYNC_EV_PVCLOCK, 0);
	for (uint32_t i = 1; i < N; i++)
		push_beacon(sync, guest, t->beacons && i % 2,
			    START + i * (uint64_t)STEP, i * VMSYNC_CNT_STEP,
			    !t->beacons || i % 2 == 0);
	CHECK(!vmsync_sync_finish(sync));
	maps = vmsync_guest_maps(guest);
	map = vmsync_guest_map_of(maps, 0);
	CHECK(map && vmsync_map_bound_ns(map, g, &outside) <= 2 && !outside);
	map = vmsync_guest_map_of(maps, 1);
	bound = map ? vmsync_map_bound_ns(map, g, &outside) : 0;
	CHECK_EQ(outside, !t->known);
	CHECK(t->known ? bound <= 2 : bound == VMSYNC_BOUND_NONE);
	/* An event of which nobody knows the CPU may be one of CPU 1's. */
	map = vmsync_guest_map_of(maps, UINT32_MAX);
	CHECK(map && (vmsync_map_bound_ns(map, g, NULL) <= 2) == t->known);
	vmsync_sync_free(sync);
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		{false, false, false, false, true}, /* one CPU, or who knows */
		{true, false, false, false, false},
		{false, true, false, false, false},
		{true, true, false, true, true},
		{true, true, true, false, true},
		{false, true, false, true, true},
		{false, true, true, false, true},
	};

	check_init(argc, argv);
	for (size_t i = 0; i < sizeof(tests) / sizeof(*tests); i++) {
		uint64_t failed = check_failed;

		test_one(&tests[i]);
		if (check_failed > failed)
			printf("     where test %zu\n", i);
	}
	return check_done();
}
