// SPDX-License-Identifier: MIT
/*
 * Clocks that bend where their beacons do not show it: both of them in one gap, or one of
 * them just before it, so that the next beacon is where it would be without; or one, in a
 * gap before the last beacon of all. No knots are there, but the beacons name the lines. No guest time is mapped
 * worse than by its bound, and away from there the bound is small.
 */
#include <string.h>

#include "check.h"
#include "sync/facts/tilt.h"
#include "sync/sync.h"
#include "uapi/vmsync.h"

__extension__ typedef unsigned __int128 wide;

#define LINES  16
#define TIMES  500
#define HZ     2000000000ull
#define START  (1000 * HZ)
#define STEP   (HZ / 50)
#define N      200
#define SMALL  200

/* A kernel's lines over host TSC, the guest's is the same. */
struct clock {
	struct vmsync_line line[LINES];
	uint64_t at[LINES];
	int n;
};

struct model {
	struct clock host;
	struct clock guest;
	uint64_t gap[2]; /* cycles since START */
};

static const struct vmsync_scaling same = { 0, 1ull << 32, 32 };

static const struct vmsync_line *line_at(const struct clock *c, uint64_t at)
{
	int i = c->n - 1;

	while (i && c->at[i] > at)
		i--;
	return &c->line[i];
}

static int64_t mono(const struct clock *c, uint64_t at)
{
	const struct vmsync_line *l = line_at(c, at);
	wide v = (wide)(START + at - l->cycle_last) * l->mult + l->xtime_nsec;

	return l->base_ns + (int64_t)(v >> l->shift);
}

/* It goes on as much faster as @ppm says from @at on. */
static void bend(struct clock *c, uint64_t at, double ppm)
{
	struct vmsync_line *was = &c->line[c->n - 1], *l = was + 1;
	wide v = (wide)(START + at - was->cycle_last) * was->mult + was->xtime_nsec;

	*l = *was;
	l->seq++;
	l->mult = (uint32_t)((double)was->mult * (1 + ppm * 1e-6) + 0.5);
	l->since_tsc = l->cycle_last = START + at;
	l->base_ns += (int64_t)(v >> l->shift);
	l->xtime_nsec = (uint64_t)v & ((1u << l->shift) - 1);
	c->at[c->n++] = at;
}

static void make_clock(struct clock *c, uint32_t seq, int64_t base_ns)
{
	c->n = 1;
	c->at[0] = 0;
	c->line[0] = (struct vmsync_line){
		.clocksource = VMSYNC_CLOCKSOURCE_TSC,
		.seq = seq,
		.mult = (1u << 23) + (uint32_t)check_range(0, 1000),
		.shift = 24,
		.cycle_last = START - 5000,
		.base_ns = base_ns,
		.since_tsc = START - 5000,
	};
}

/* What the host's clock gains the guest's has lost again at the next beacon. */
static void bend_both(struct model *m)
{
	uint64_t first = check_range(2, 15), second = check_range(first + 1, 17);
	double ppm = (double)check_range(20, 100);

	if (check_rand() & 1)
		ppm = -ppm;
	bend(&m->host, m->gap[0] + first * STEP / 20, ppm);
	bend(&m->guest, m->gap[0] + second * STEP / 20,
	     ppm * (double)(20 - first) / (double)(20 - second));
}

/*
 * The same, but the host's clock bends just before the gap: the beacon there is off its
 * line by less than beacons are anyway.
 */
static void bend_beside(struct model *m)
{
	double ppm = (double)check_range(20, 100);
	uint64_t before = check_range(HZ / 1000000, (uint64_t)(3e-8 / (ppm * 1e-6) * HZ));
	uint64_t second = check_range(1, 17);

	if (check_rand() & 1)
		ppm = -ppm;
	bend(&m->host, m->gap[0] - before, ppm);
	bend(&m->guest, m->gap[0] + second * STEP / 20,
	     ppm * (double)(STEP + before) / (double)(STEP / 20 * (20 - second)));
}

/*
 * After some breakpoints which were seen, and much smaller; and one of the other clock,
 * so that the beacons on both sides of the gap have a line of their own.
 */
static void bend_one(struct model *m)
{
	for (uint64_t i = 1; i < LINES - 2; i++)
		bend(&m->guest, m->gap[0] * i / (LINES - 2) + check_range(0, STEP),
		     i % 2 ? 30 : -30);
	bend(&m->host, m->gap[0] - check_range(STEP / 4, STEP - 1), 60);
	bend(&m->guest, m->gap[0] + check_range(1, m->gap[1] - m->gap[0] - 1),
	     (double)check_range(300, 900) * (check_rand() & 1 ? 1 : -1));
}

static void push_beacon(const struct model *m, struct vmsync_sync *sync,
			struct vmsync_guest *guest, uint64_t at, uint32_t cnt)
{
	struct vmsync_evidence g = {
		.kind = VMSYNC_EV_GH_GUEST,
		.vm_uid = 77,
		.cnt = cnt,
		.stamp_ns = mono(&m->guest, at),
		.pair = { START + at, mono(&m->guest, at), 60, true },
		.line = *line_at(&m->guest, at),
	};
	struct vmsync_evidence h = {
		.kind = VMSYNC_EV_GH_HOST,
		.vm_uid = 77,
		.cnt = cnt,
		.vm = { 10, 1 },
		.stamp_ns = mono(&m->host, at + 1000),
		.pair = { START + at + 1000, mono(&m->host, at + 1000), 60,
			  true },
		.guest_claim = g.pair,
		.line = *line_at(&m->host, at + 1000),
		.scaling = same,
	};

	CHECK(!vmsync_sync_push_guest(guest, &g));
	CHECK(!vmsync_sync_push_host(sync, &h));
	g.kind = VMSYNC_EV_HG_GUEST;
	h.kind = VMSYNC_EV_HG_HOST;
	g.cnt = h.cnt = cnt + 1;
	g.stamp_ns = mono(&m->guest, at + 3000);
	h.stamp_ns = mono(&m->host, at + 1500);
	g.pair = (struct vmsync_pair){START + at + 3000, g.stamp_ns, 60, true};
	h.pair = (struct vmsync_pair){START + at + 1500, h.stamp_ns, 60, true};
	CHECK(!vmsync_sync_push_host(sync, &h));
	CHECK(!vmsync_sync_push_guest(guest, &g));
}

static void judge(const struct model *m, const struct vmsync_map *map, uint64_t length)
{
	uint64_t bad = 0, small = 0;

	for (uint32_t i = 0; map && i < TIMES; i++) {
		/* Half of them where it bends. */
		uint64_t at = i % 2 ? check_range(m->gap[0], m->gap[1]) :
				      check_range(0, length - 1);
		guest_time g = { mono(&m->guest, at) };
		int64_t off = vmsync_map_eval(map, g).ns - mono(&m->host, at);
		int64_t bound = vmsync_map_bound_ns(map, g, NULL);

		bad += off > bound || off < -bound;
		small += bound <= SMALL;
	}
	CHECK(map);
	CHECK_EQ(bad, 0);
	CHECK(small > TIMES / 4);
}

/* Few beacons follow, which tell no line. With ONE a single one, behind a longer gap. */
enum kind { BOTH, BESIDE, ONE };

static void test_one(enum kind kind)
{
	const struct vmsync_sync_options options = {
		.methods = 1u << VMSYNC_METHOD_PAIR
	};
	struct vmsync_sync *sync = vmsync_sync_new(&options);
	struct vmsync_guest *guest = vmsync_sync_guest_new(sync, "g");
	uint64_t before = check_range(N - 20, N), n = before + 1, at = 0;
	struct model m;

	if (kind != ONE)
		n += check_range(0, 4);
	memset(&m, 0, sizeof(m));
	make_clock(&m.host, 7, 700000000);
	make_clock(&m.guest, 3, 100000000);
	m.gap[0] = (before - 1) * STEP;
	m.gap[1] = m.gap[0] + (kind == ONE ? 5 * STEP : STEP);
	if (kind == BOTH)
		bend_both(&m);
	else if (kind == BESIDE)
		bend_beside(&m);
	else
		bend_one(&m);
	for (uint64_t i = 0; i < n; i++) {
		at = i < before ? i * STEP : m.gap[1] + (i - before) * STEP;
		push_beacon(&m, sync, guest, at, 2 * (uint32_t)i + 2);
	}
	at += 10000;
	vmsync_sync_host_until(sync, (host_time){mono(&m.host, at)});
	vmsync_sync_guest_until(guest, (guest_time){mono(&m.guest, at)});
	CHECK(!vmsync_sync_finish(sync));
	judge(&m, vmsync_guest_map_of(vmsync_guest_maps(guest), 0), at - 10000);
	vmsync_sync_free(sync);
}

/* A guest names lines of any slope: its bounds are wide, and are numbers. */
static void test_liar(void)
{
	const struct vmsync_sync_options options = {
		.methods = 1u << VMSYNC_METHOD_PAIR
	};
	struct vmsync_sync *sync = vmsync_sync_new(&options);
	struct vmsync_guest *guest = vmsync_sync_guest_new(sync, "g");
	const struct vmsync_map *map;
	struct model m;

	memset(&m, 0, sizeof(m));
	make_clock(&m.host, 7, 700000000);
	make_clock(&m.guest, 3, 100000000);
	for (uint64_t i = 0; i < N; i++) {
		struct model lie = m;

		lie.guest.line[0].seq = 3 + (uint32_t)i;
		lie.guest.line[0].mult = i % 3 ? m.guest.line[0].mult :
						 (uint32_t)check_rand();
		push_beacon(&lie, sync, guest, i * STEP, 2 * (uint32_t)i + 2);
	}
	CHECK(!vmsync_sync_finish(sync));
	map = vmsync_guest_map_of(vmsync_guest_maps(guest), 0);
	for (size_t i = 0; map && i < map->count; i++)
		CHECK(map->segments[i].bound_ns >= 0 &&
		      map->segments[i].bound_ns < INT64_MAX / 2);
	vmsync_sync_free(sync);
}

/* What bends between two beacons, if multipliers go to and fro by @by. */
static struct vmsync_beacon dithered(uint32_t by)
{
	struct vmsync_line_span spans[LINES + 1] = { 0 };
	struct vmsync_lines lines = { .spans = { spans, LINES + 1,
						 LINES + 1 } },
			    none = { 0 };
	struct vmsync_beacon b = { .gh = true, .host_seq = 1 };
	struct vmsync_tilt tilt = { 0 };

	for (uint32_t i = 0; i <= LINES; i++)
		spans[i].line = (struct vmsync_line){
			.clocksource = VMSYNC_CLOCKSOURCE_TSC,
			.seq = i + 1,
			.mult = (1u << 23) + i % 2 * by,
			.shift = 24,
		};
	vmsync_tilt_find(&tilt, &lines, &none, &b);
	b.host_seq = LINES + 1;
	vmsync_tilt_find(&tilt, &lines, &none, &b);
	return b;
}

/* A kernel does so between two that are next to each other: its clock goes straight. */
static void test_dither(void)
{
	struct vmsync_beacon b = dithered(1);

	CHECK_EQ(b.bends, 0);
	CHECK(b.tilt == 0);
	b = dithered(2);
	CHECK_EQ(b.bends, LINES);
	CHECK(b.tilt > 0);
}

int main(int argc, char **argv)
{
	uint64_t n = check_cases(300), first;

	check_init(argc, argv);
	first = check_seed;
	test_dither();
	for (uint64_t i = 0; i < n; i++) {
		check_reseed(first + i);
		test_one(BOTH);
		test_one(BESIDE);
		test_one(ONE);
		test_liar();
	}
	return check_done();
}
