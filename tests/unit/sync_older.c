// SPDX-License-Identifier: MIT
/*
 * Virtual CPUs that have each a kvm-clock page of its own, all a little too fast or
 * too slow, replaced now and then; and a host of whose records some are missing, or
 * the first, so that it is not known how old a page is; or few beacons. No guest time
 * is mapped worse than by its bound.
 */
#include <string.h>

#include "check.h"
#include "judged.h"
#include "sync/sync.h"
#include "uapi/vmsync.h"

__extension__ typedef unsigned __int128 wide;

#define CPUS   2
#define PAGES  5
#define TIMES  600
#define HZ     2000000000ull
#define BOOT   (100 * HZ) /* so long before the recording, cycles */
#define LENGTH (2 * HZ)
#define START  (1000 * HZ)
#define MANY   100

/* No more are few beacons, of which a line is drawn otherwise. */
#define BEACONS_FEW 30

/*
 * Cycles since BOOT before START; pages in the order of time; a beacon each @step,
 * and none from the first CPU if it is @unnamed.
 */
struct model {
	struct vmsync_line host;
	struct vmsync_line guest;
	struct vmsync_pvclock page[CPUS][PAGES];
	uint64_t page_at[CPUS][PAGES];
	uint64_t hole[2];
	uint64_t step;
	bool unnamed;
};

static const struct vmsync_scaling scaling = {-(int64_t)(START - BOOT), 1ull << 32,
					      32};

static int64_t read_line(const struct vmsync_line *l, uint64_t count)
{
	wide v = (wide)(count - l->cycle_last) * l->mult + l->xtime_nsec;

	return l->base_ns + (int64_t)(v >> l->shift);
}

static int64_t host_mono(const struct model *m, uint64_t at)
{
	return read_line(&m->host, START - BOOT + at);
}

static const struct vmsync_pvclock *page_at(const struct model *m, uint32_t cpu,
					    uint64_t at)
{
	int i = PAGES - 1;

	while (i && m->page_at[cpu][i] > at)
		i--;
	return &m->page[cpu][i];
}

static uint64_t kvmclock(const struct model *m, uint32_t cpu, uint64_t at)
{
	const struct vmsync_pvclock *p = page_at(m, cpu, at);

	return p->system_time_ns +
	       (uint64_t)(((wide)(at - p->tsc_timestamp) * p->mul) >> 32);
}

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/*
 * Linux: no reading is behind what another one has shown, if one has; nor is it when
 * that one's page has gone.
 */
static int64_t guest_mono(const struct model *m, uint32_t cpu, uint64_t at, bool shown)
{
	uint64_t ns = kvmclock(m, cpu, at);

	for (uint32_t i = 0; shown && i < CPUS; i++) {
		ns = later(ns, kvmclock(m, i, at));
		for (int k = 1; k < PAGES && m->page_at[i][k] <= at; k++)
			ns = later(ns, kvmclock(m, i, m->page_at[i][k] - 1));
	}
	return read_line(&m->guest, ns);
}

static void make_pages(struct model *m, uint32_t cpu, uint32_t mul)
{
	for (int i = 0; i < PAGES; i++) {
		/* One is from long ago, and it is left to chance when it goes. */
		uint64_t at = i ? m->page_at[cpu][i - 1] +
					  check_range(HZ / 100, LENGTH) :
				  check_range(0, BOOT / 2);

		if (i == 1)
			at = BOOT - HZ / 10 + check_range(0, LENGTH);
		m->page_at[cpu][i] = at;
		m->page[cpu][i] = (struct vmsync_pvclock){
			.version = 2 + 2 * (uint32_t)i,
			.tsc_timestamp = at,
			.system_time_ns = at / 2,
			.mul = mul,
		};
	}
}

/* The page after the first one of @cpu comes at @at, if that is before the next. */
static void move_page(struct model *m, uint32_t cpu, uint64_t at)
{
	if (at >= m->page_at[cpu][2])
		return;
	m->page_at[cpu][1] = m->page[cpu][1].tsc_timestamp = at;
	m->page[cpu][1].system_time_ns = at / 2;
}

/*
 * The first CPU's old page, ahead of the other one's, goes soon after a beacon: the
 * next one is as if the clocks had drifted apart meanwhile.
 */
static void end_behind_beacon(struct model *m)
{
	uint64_t beacon = check_range(1, LENGTH / m->step / 2) * m->step;

	move_page(m, 0, BOOT + beacon + check_range(10000, m->step / 8));
	move_page(m, 1, BOOT - check_range(0, HZ / 10));
}

static void make_model(struct model *m, uint64_t beacons)
{
	bool few = beacons <= BEACONS_FEW;
	uint32_t mul = (1u << 31) - 1000 + (uint32_t)check_range(0, 2000);

	memset(m, 0, sizeof(*m));
	m->step = LENGTH / beacons;
	m->unnamed = few && check_rand() & 1;
	/* As KVM rounds the frequency of a TSC below 1 GHz. */
	if (few)
		mul = (1u << 31) + (uint32_t)check_range(2000, 4000);
	m->host = (struct vmsync_line){
		.clocksource = VMSYNC_CLOCKSOURCE_TSC,
		.seq = 1,
		.mult = 1u << 23,
		.shift = 24,
		.cycle_last = START - 5000,
		.base_ns = 700000000,
		.since_tsc = START - 5000,
	};
	for (uint32_t cpu = 0; cpu < CPUS; cpu++)
		make_pages(m, cpu, mul);
	/* Both get a new one at nearly the same time. */
	if (few)
		end_behind_beacon(m);
	else if (check_rand() & 1)
		move_page(m, 0, m->page_at[1][1] + check_range(0, HZ / 20000));
	m->guest = m->host;
	m->guest.clocksource = VMSYNC_CLOCKSOURCE_KVMCLOCK;
	m->guest.mult = 1u << 24;
	m->guest.cycle_last = (BOOT - HZ) / 2;
	m->guest.since_tsc = BOOT - HZ;
}

static bool in_hole(const struct model *m, uint64_t at)
{
	return at >= m->hole[0] && at < m->hole[1];
}

static void push_host(struct vmsync_sync *sync, struct vmsync_evidence *ev)
{
	ev->vm = (struct vmsync_vm_id){10, 1};
	CHECK(!vmsync_sync_push_host(sync, ev));
}

static void push_page(const struct model *m, struct vmsync_sync *sync, uint32_t cpu,
		      int i, uint64_t at)
{
	if (!in_hole(m, at))
		push_host(sync, &(struct vmsync_evidence){
					.kind = VMSYNC_EV_PVCLOCK,
					.vcpu = cpu,
					.stamp_ns = host_mono(m, at),
					.pvclock = m->page[cpu][i],
				});
}

/* What a host tells of a virtual CPU that no beacon does. */
static void push_tsc(const struct model *m, struct vmsync_sync *sync, uint32_t cpu)
{
	push_host(sync, &(struct vmsync_evidence){
				.kind = VMSYNC_EV_TSC,
				.vcpu = cpu,
				.stamp_ns = host_mono(m, BOOT),
				.scaling = scaling,
				.prev_offset = scaling.offset,
				.why = VMSYNC_WHY_FIRST,
			});
}

static void push_beacon(const struct model *m, struct vmsync_sync *sync,
			struct vmsync_guest *guest, uint64_t at, uint32_t cnt,
			uint32_t cpu)
{
	int64_t mono = guest_mono(m, cpu, at, cnt & 4);
	struct vmsync_evidence g = {
		.kind = VMSYNC_EV_GH_GUEST,
		.vm_uid = 77,
		.cnt = cnt,
		.vcpu = cpu,
		.stamp_ns = mono,
		.pair = { at, mono, 0, true },
		.line = m->guest,
		.pvclock = *page_at(m, cpu, at),
	};
	struct vmsync_evidence h = {
		.kind = VMSYNC_EV_GH_HOST,
		.vm_uid = 77,
		.cnt = cnt,
		.vcpu = cpu,
		.stamp_ns = host_mono(m, at + 3000),
		.pair = { START - BOOT + at + 3000, host_mono(m, at + 3000), 0,
			  true },
		.guest_claim = g.pair,
		.line = m->host,
		.scaling = scaling,
	};

	CHECK(!vmsync_sync_push_guest(guest, &g));
	if (!in_hole(m, at + 3000))
		push_host(sync, &h);
}

/*
 * @late: the host knows only what happened while it recorded; then the second CPU sends
 * beacons in the second half only.
 */
static void push_all(const struct model *m, struct vmsync_sync *sync,
		     struct vmsync_guest *guest, bool late)
{
	uint32_t cnt = 0;

	if (m->unnamed)
		push_tsc(m, sync, 0);
	for (uint64_t at = BOOT; at < BOOT + LENGTH; at += m->step) {
		if (m->hole[0] >= at && m->hole[0] < at + m->step &&
		    m->hole[1] > m->hole[0])
			push_host(sync, &(struct vmsync_evidence){
						.kind = VMSYNC_EV_LOST,
						.stamp_ns = host_mono(m, m->hole[0]),
						.until_ns = host_mono(m, m->hole[1]),
					});
		for (uint32_t cpu = 0; at == BOOT && !late && cpu < CPUS; cpu++)
			push_page(m, sync, cpu,
				  (int)(page_at(m, cpu, at) - m->page[cpu]), at);
		cnt += 2;
		push_beacon(m, sync, guest, at + 1000, cnt,
			    m->unnamed			   ? 1 :
			    late && at < BOOT + LENGTH / 2 ? 0 :
							     cnt / 2 % CPUS);
		for (uint32_t cpu = 0; cpu < CPUS; cpu++)
			for (int i = 0; i < PAGES; i++)
				if (m->page_at[cpu][i] >= at &&
				    m->page_at[cpu][i] < at + m->step)
					push_page(m, sync, cpu, i,
						  m->page_at[cpu][i]);
	}
}

/* Returns how many of the times are known to 3 ns. */
static uint64_t judge(const struct model *m, const struct vmsync_guest_map *maps)
{
	struct judged j = { 0 };

	for (uint32_t i = 0; i < TIMES; i++) {
		uint32_t cpu = m->unnamed ? 1 : i % CPUS;
		uint64_t at = BOOT + check_range(10000, LENGTH - 10000);
		const struct vmsync_map *map = vmsync_guest_map_of(maps, cpu);

		/* Some just before a page goes, or behind: some is read again. */
		if (i % 3 == 0)
			at = m->page_at[i % CPUS][check_range(1, PAGES - 1)] - 20000 +
			     check_range(0, 40000);
		if (!map || at < BOOT || at >= BOOT + LENGTH)
			continue;
		judge_time(&j, map, guest_mono(m, cpu, at, i & 4),
			   host_mono(m, at), 200);
	}
	CHECK_EQ(j.bad, 0);
	return j.known;
}

static uint64_t test_one(bool late, bool hole, enum vmsync_method method,
			 uint64_t beacons)
{
	const struct vmsync_sync_options options = { .methods = 1u << method };
	struct vmsync_sync *sync = vmsync_sync_new(&options);
	struct vmsync_guest *guest = vmsync_sync_guest_new(sync, "g");
	struct model m;
	uint64_t known;

	make_model(&m, beacons);
	if (hole) {
		m.hole[0] = BOOT + (late && check_rand() & 1 ? 0 :
				    check_range(0, LENGTH));
		m.hole[1] = m.hole[0] + check_range(0, LENGTH / 3);
	}
	push_all(&m, sync, guest, late);
	vmsync_sync_host_until(sync, (host_time){host_mono(&m, BOOT + LENGTH)});
	vmsync_sync_guest_until(guest, (guest_time){
					       guest_mono(&m, 0, BOOT + LENGTH, true)});
	CHECK(!vmsync_sync_finish(sync));
	known = judge(&m, vmsync_guest_maps(guest));
	vmsync_sync_free(sync);
	return known;
}

int main(int argc, char **argv)
{
	uint64_t n = check_cases(200), first, known = 0;

	check_init(argc, argv);
	first = check_seed;
	for (uint64_t i = 0; i < n; i++) {
		check_reseed(first + i);
		known += test_one(false, false, VMSYNC_METHOD_EXACT, MANY);
		test_one(false, true, VMSYNC_METHOD_EXACT, MANY);
		test_one(true, true, VMSYNC_METHOD_EXACT, MANY);
		test_one(false, true, VMSYNC_METHOD_PAIR, MANY);
		test_one(true, true, VMSYNC_METHOD_PAIR, MANY);
		/* Few beacons are far apart: a line leads across a page's end. */
		test_one(false, false, VMSYNC_METHOD_PAIR, check_range(8, BEACONS_FEW));
	}
	/* And where nothing is missing pages are clocks. */
	CHECK(known > n * TIMES / 4);
	return check_done();
}
