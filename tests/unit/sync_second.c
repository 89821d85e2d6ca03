// SPDX-License-Identifier: MIT
/*
 * A line that is confirmed late: exits with interrupts on tell when it was in
 * force, and a knot that comes behind a beacon of another CPU still counts. Both
 * machines count ns; the guest's clock is 500 ppm faster for a while.
 */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "sync/second.h"
#include "uapi/vmsync.h"

#define OFFSET	 1000000000ll  /* of the guest's TSC */
#define FASTER	 2000000000ull /* the guest's lines cross here, and */
#define SLOWER	 2050000000ull
#define LATE	 10000000ull   /* the first is confirmed after so long */
#define END	 3000000000ull

/* Lines 1 to 3; [0] is not used. */
static struct vmsync_line lines[4];

static void make_lines(void)
{
	static const uint64_t tick[] = {0, 0, FASTER, SLOWER};

	for (uint32_t i = 1; i <= 3; i++)
		lines[i] = (struct vmsync_line){
			.clocksource = VMSYNC_CLOCKSOURCE_TSC,
			.seq = i,
			.since_tsc = OFFSET + tick[i] + (i > 1 ? 1000 : 0),
			.cycle_last = OFFSET + tick[i],
			.base_ns = (int64_t)tick[i] + (i == 3 ? 25000 : 0),
			.mult = (1u << 20) + (i == 2 ? 524 : 0),
			.shift = 20,
		};
	/* 524 of 2^20 are a little less than 500 ppm. */
	lines[3].base_ns = lines[2].base_ns + (int64_t)
		((SLOWER - FASTER) * lines[2].mult >> 20);
	lines[3].xtime_nsec = (SLOWER - FASTER) * lines[2].mult & 0xfffff;
}

static int64_t read_line(uint32_t i, uint64_t h)
{
	const struct vmsync_line *l = &lines[i];

	return l->base_ns + (int64_t)(((h + OFFSET - l->cycle_last) * l->mult +
				       l->xtime_nsec) >> 20);
}

/* Readers get a line 1 us after its since_tsc. */
static int64_t guest_mono(uint64_t h)
{
	return read_line(h >= SLOWER + 2000 ? 3 : h >= FASTER + 2000 ? 2 : 1, h);
}

/* Line @i, recorded on @cpu at @h with @confirm. */
static void guest_knot(struct vmsync_guest *guest, uint32_t i, uint32_t cpu,
		       uint64_t h, uint64_t confirm)
{
	struct vmsync_evidence ev = {
		.kind = VMSYNC_EV_KNOT,
		.vcpu = cpu,
		.stamp_ns = guest_mono(h),
		.line = lines[i],
		.prev = lines[i - 1],
		.confirm_tsc = confirm + OFFSET,
		.why = i > 1 ? VMSYNC_KNOT_SLOPE : VMSYNC_KNOT_FIRST,
	};

	CHECK(!vmsync_sync_push_guest(guest, &ev));
}

static struct vmsync_line host_line(uint32_t seq, uint64_t at)
{
	return (struct vmsync_line){
		.clocksource = VMSYNC_CLOCKSOURCE_TSC,
		.seq = seq,
		.since_tsc = at,
		.cycle_last = at,
		.base_ns = (int64_t)at,
		.mult = 1u << 20,
		.shift = 20,
	};
}

static void host_knot(struct vmsync_sync *sync, uint32_t seq, uint64_t at)
{
	struct vmsync_evidence ev = {
		.kind = VMSYNC_EV_KNOT,
		.stamp_ns = (int64_t)at + 500,
		.line = host_line(seq, at),
		.confirm_tsc = at + 500,
		.why = seq > 1 ? VMSYNC_KNOT_SLOPE : VMSYNC_KNOT_FIRST,
	};

	CHECK(!vmsync_sync_push_host(sync, &ev));
}

/* A beacon of CPU @cpu that names line @i. */
static void beacon(struct vmsync_sync *sync, struct vmsync_guest *guest,
		   uint32_t cpu, uint32_t i, uint64_t h, uint32_t host_seq)
{
	static uint32_t cnt;
	struct vmsync_evidence g = {
		.kind = VMSYNC_EV_GH_GUEST,
		.vm_uid = 77,
		.vcpu = cpu,
		.cnt = cnt += 2,
		.stamp_ns = guest_mono(h),
		.pair = { h + OFFSET, guest_mono(h), 0, true },
		.line = lines[i],
	};
	struct vmsync_evidence e = {
		.kind = VMSYNC_EV_GH_HOST,
		.vm_uid = 77,
		.vm = { 10, 1 },
		.vcpu = cpu,
		.cnt = cnt,
		.stamp_ns = (int64_t)h + 3000,
		.pair = { h + 3000, (int64_t)h + 3000, 0, true },
		.guest_claim = g.pair,
		.line = host_line(host_seq, host_seq > 1 ? FASTER + 500000 : 0),
		.scaling = { OFFSET, 1, 0 },
	};

	CHECK(!vmsync_sync_push_guest(guest, &g));
	CHECK(!vmsync_sync_push_host(sync, &e));
}

/* The exits that there are, in order, and how often they were asked for. */
struct exits {
	uint64_t at[2];
	int asked;
};

static int find(void *ctx, const struct vmsync_guest *guest, uint32_t cpu,
		int64_t after_ns, int64_t until_ns, int64_t *exit_ns)
{
	struct exits *x = ctx;

	(void)guest;
	CHECK_EQ(cpu, 0);
	CHECK_EQ(after_ns, (int64_t)FASTER + 1000);
	CHECK_EQ(until_ns, (int64_t)(FASTER + LATE));
	x->asked++;
	for (int i = 0; i < 2; i++) {
		*exit_ns = (int64_t)x->at[i];
		if (*exit_ns > after_ns && *exit_ns < until_ns)
			return 1;
	}
	return 0;
}

enum how {
	PLAIN,
	HOST_CHANGES,	/* in the middle of the doubt */
	BY_OTHER,	/* the first knot waited for another CPU's update */
};

/* The bound at @h: what was asked, and what is said, must hold. */
static int64_t bound_at(enum how how, struct exits *x, uint64_t h)
{
	uint64_t confirm = how == BY_OTHER ? SLOWER + 1000 : FASTER + LATE;
	struct vmsync_sync *sync = vmsync_sync_new(NULL);
	struct vmsync_guest *guest = vmsync_sync_guest_new(sync, "g");
	const struct vmsync_map *map;
	int64_t bound;

	host_knot(sync, 1, 0);
	guest_knot(guest, 1, 0, 2000, 2000);
	beacon(sync, guest, 0, 1, FASTER / 2, 1);
	if (how == HOST_CHANGES)
		host_knot(sync, 2, FASTER + 500000);
	guest_knot(guest, 2, 0, how == BY_OTHER ? SLOWER + 2500 : confirm,
		   confirm);
	guest_knot(guest, 3, 0, SLOWER + 3000, SLOWER + 3000);
	beacon(sync, guest, 0, 3, END - 10000, how == HOST_CHANGES ? 2 : 1);
	vmsync_sync_host_until(sync, (host_time){ (int64_t)END });
	vmsync_sync_guest_until(guest, (guest_time){ guest_mono(END) });
	vmsync_sync_host_end(sync);
	vmsync_sync_guest_end(guest);
	x->asked = 0;
	CHECK(!vmsync_guest_second_look(guest, find, x));
	CHECK(!vmsync_sync_finish(sync));
	map = vmsync_guest_map_of(vmsync_guest_maps(guest), 0);
	bound = vmsync_map_bound_ns(map, (guest_time){ guest_mono(h) }, NULL);
	for (uint64_t at = FASTER - 20000; at < SLOWER + 20000; at += 777) {
		int64_t off = vmsync_map_eval(map, (guest_time){
						guest_mono(at) }).ns -
			      (int64_t)at;

		CHECK(llabs(off) <=
		      vmsync_map_bound_ns(map, (guest_time){ guest_mono(at) },
					  NULL));
	}
	vmsync_sync_free(sync);
	return bound;
}

static void test_exits(void)
{
	uint64_t middle = FASTER + LATE / 2;
	struct exits none = {0}, before = {{FASTER - 5000, FASTER + 900}, 0},
		     two = {{FASTER + 100000, FASTER + 2 * LATE}, 0},
		     late = {{FASTER + 1000, FASTER + 6000000}, 0};

	CHECK(bound_at(PLAIN, &none, middle) > 2000);
	CHECK_EQ(none.asked, 1);
	/* One before since_tsc says nothing. */
	CHECK(bound_at(PLAIN, &before, middle) > 2000);
	CHECK(bound_at(PLAIN, &two, middle) <= 3);
	CHECK(bound_at(PLAIN, &late, middle) > 1200);
	CHECK(bound_at(PLAIN, &late, FASTER + 6010000) <= 3);
	/* When the exit was by the host's TSC is not known well enough. */
	CHECK(bound_at(HOST_CHANGES, &two, middle) > 2000);
	CHECK_EQ(two.asked, 0);
	/* Which CPU made the change is not known. */
	CHECK(bound_at(BY_OTHER, &two, middle) > 2000);
	CHECK_EQ(two.asked, 0);
}

/* CPU 1's beacon names line 3 before CPU 0 has told of line 2 and of it. */
static void test_told_late(void)
{
	struct vmsync_sync *sync = vmsync_sync_new(NULL);
	struct vmsync_guest *guest = vmsync_sync_guest_new(sync, "g");
	const struct vmsync_guest_report *r = vmsync_guest_report_of(guest);

	host_knot(sync, 1, 0);
	guest_knot(guest, 1, 0, 2000, 2000);
	beacon(sync, guest, 0, 1, FASTER / 2, 1);
	beacon(sync, guest, 1, 3, SLOWER + 5000, 1);
	guest_knot(guest, 2, 0, SLOWER + 9000, SLOWER + 1000);
	guest_knot(guest, 3, 0, SLOWER + 9001, SLOWER + 9000);
	beacon(sync, guest, 0, 3, END - 10000, 1);
	vmsync_sync_host_until(sync, (host_time){ (int64_t)END });
	vmsync_sync_guest_until(guest, (guest_time){ guest_mono(END) });
	CHECK(!vmsync_sync_finish(sync));
	CHECK_EQ(r->shares[VMSYNC_METHOD_PAIR].segments, 0);
	CHECK_EQ(r->shares[VMSYNC_METHOD_BEACON].segments, 0);
	for (size_t i = 0; i < r->n_notes; i++)
		CHECK(!strstr(r->notes[i], "nothing is known"));
	/* Line 2 is confirmed by line 3's since_tsc, line 3 by its own knot. */
	CHECK(r->bound_worst_ns < 51000);
	vmsync_sync_free(sync);
}

int main(int argc, char **argv)
{
	check_init(argc, argv);
	make_lines();
	test_exits();
	test_told_late();
	return check_done();
}
