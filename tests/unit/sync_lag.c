// SPDX-License-Identifier: MIT
/*
 * What a write of a TSC does to a guest's clock, for little ones and long ones: which
 * are in a map's bound, and whether the guest had been stopped before. TSCs count
 * nanoseconds here, and guest and host have one clock.
 */
#include "check.h"
#include "sync/facts/lag.h"
#include "uapi/vmsync.h"

#define MS    1000000ll
#define SEC   1000000000ll
#define WRITE (50 * SEC)
#define BOUND 10
#define MARKS 101

/* A guest of one virtual CPU, whose TSC was set back by @back cycles at WRITE. */
struct world {
	struct vmsync_facts facts;
	struct vmsync_line_span span;
	struct vmsync_lines lines;
	struct vmsync_scaling_span scaling[2];
	struct vmsync_vcpu vcpu;
	struct vmsync_vcpu *vcpus[1];
	struct vmsync_vm vm;
	struct vmsync_map map;
};

/* The map leads from @from on, in segments of a second. */
static void make(struct world *w, int64_t back, int64_t from)
{
	*w = (struct world){
		.span.line = { .clocksource = VMSYNC_CLOCKSOURCE_TSC,
			       .seq = 1,
			       .mult = 1u << 24,
			       .shift = 24 },
		.lines.spans = { &w->span, 1, 1 },
		.scaling[0] = { .scaling = { 0, 1ull << 32, 32 } },
		.scaling[1] = { .scaling = { -back, 1ull << 32, 32 },
				.stamp_ns = WRITE },
		.vcpu.scalings = { w->scaling, 2, 2 },
		.vcpus = { &w->vcpu },
		.vm.vcpus = { w->vcpus, 1, 1 },
		.facts = { .guest_lines = &w->lines, .vm = &w->vm },
	};
	vmsync_map_init(&w->map);
	for (int i = 0; i < 100; i++) {
		const struct vmsync_segment s = {
			.guest_start = { from + i * SEC },
			.guest_end = { from + (i + 1) * SEC },
			.host_start = { from + i * SEC },
			.slope = 1ull << 32,
			.shift = 32,
			.bound_ns = BOUND,
		};

		CHECK(!vmsync_map_append(&w->map, &s));
	}
}

static int64_t bound_at_write(struct world *w)
{
	int64_t bound = vmsync_map_bound_ns(&w->map, (guest_time){WRITE - 1}, NULL);

	vmsync_map_free(&w->map);
	return bound;
}

/* The guest's clock stands still for as long, and reads again what it had read. */
static bool is_read_twice(int64_t back)
{
	struct world w;
	int64_t bound;

	make(&w, back, 0);
	CHECK(!vmsync_lag_widen(&w.facts, 0, &w.map));
	bound = bound_at_write(&w);
	CHECK(bound == BOUND || bound > back);
	return bound > BOUND;
}

/* A method that is not told of it may have taken it for a breakpoint. */
static bool is_little(int64_t back)
{
	struct world w;
	int64_t bound;

	make(&w, back, 0);
	vmsync_lag_untold(&w.facts, &w.map);
	bound = bound_at_write(&w);
	CHECK(bound == BOUND || bound > back);
	return bound > BOUND;
}

/* Before the evidence, in a guest that recorded from @first_ns on. */
static bool is_beyond(int64_t back, int64_t first_ns)
{
	struct world w;
	bool beyond;

	make(&w, back, WRITE + 1);
	beyond = vmsync_lag_beyond(&w.facts, 0, &w.map, first_ns, WRITE + SEC);
	vmsync_map_free(&w.map);
	return beyond;
}

/* Beacons came each millisecond, and none in the last ten. */
static bool was_stopped(int64_t fall)
{
	struct vmsync_mark marks[MARKS];
	const struct vmsync_facts facts = { .marks = marks, .n_marks = MARKS };

	for (int i = 0; i < MARKS; i++)
		marks[i] = (struct vmsync_mark){i * MS, i * MS};
	return vmsync_lag_stopped(&facts, (MARKS + 9) * MS, fall);
}

int main(void)
{
	CHECK(is_read_twice(SEC * 9 / 10));
	CHECK(!is_read_twice(SEC * 11 / 10));
	CHECK(is_little(MS * 9 / 10));
	CHECK(!is_little(MS * 11 / 10));
	/* It read from before on what it had fallen back by, unless it was restored. */
	CHECK(is_beyond(SEC * 9 / 10, WRITE + SEC * 8 / 10));
	CHECK(!is_beyond(SEC * 9 / 10, WRITE + SEC));
	CHECK(!is_beyond(SEC * 11 / 10, WRITE + SEC * 8 / 10));
	CHECK(!was_stopped(MS * 39 / 10));
	CHECK(was_stopped(MS * 41 / 10));
	CHECK(was_stopped(MS * 9));
	CHECK(!was_stopped(MS * 11));
	return check_done();
}
