// SPDX-License-Identifier: MIT
/*
 * Virtual CPUs that have each a kvm-clock page of its own, and of which the guest's
 * trace names some only, the host all. No guest time is read behind what another one
 * has shown, named or not: none is mapped worse than by its bound.
 */
#include <string.h>

#include "check.h"
#include "judged.h"
#include "sync/sync.h"
#include "uapi/vmsync.h"

__extension__ typedef unsigned __int128 wide;

#define CPUS   3
#define PAGES  4
#define TIMES  300
#define HZ     2000000000ull
#define BOOT   (100 * HZ) /* so long before the recording, cycles */
#define LENGTH (2 * HZ)
#define START  (1000 * HZ)
#define STEP   (LENGTH / 100)

/**
 * struct model - a host, a guest and its pages in the order of time
 * @page_at:	when they came, cycles since BOOT before START
 * @named:	so many CPUs the guest's trace names
 * @last:	the last ones, else the first
 * @tells_tsc:	the host tells of all TSCs
 * @hole:	the host's records that are missing
 */
struct model {
	struct vmsync_line host;
	struct vmsync_line guest;
	struct vmsync_pvclock page[CPUS][PAGES];
	uint64_t page_at[CPUS][PAGES];
	uint32_t named;
	bool last;
	bool tells_tsc;
	uint64_t hole[2];
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

static int page_number(const struct model *m, uint32_t cpu, uint64_t at)
{
	int i = PAGES - 1;

	while (i && m->page_at[cpu][i] > at)
		i--;
	return i;
}

static uint64_t kvmclock(const struct model *m, uint32_t cpu, uint64_t at)
{
	const struct vmsync_pvclock *p = &m->page[cpu][page_number(m, cpu, at)];

	return p->system_time_ns +
	       (uint64_t)(((wide)(at - p->tsc_timestamp) * p->mul) >> 32);
}

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* Linux: no reading is behind what another one has shown, even if its page has gone. */
static int64_t guest_mono(const struct model *m, uint32_t cpu, uint64_t at)
{
	uint64_t ns = kvmclock(m, cpu, at);

	for (uint32_t i = 0; i < CPUS; i++) {
		ns = later(ns, kvmclock(m, i, at));
		for (int k = 1; k < PAGES && m->page_at[i][k] <= at; k++)
			ns = later(ns, kvmclock(m, i, m->page_at[i][k] - 1));
	}
	return read_line(&m->guest, ns);
}

/* The first one is there when the recording begins. */
static void make_pages(struct model *m, uint32_t cpu, uint32_t mul)
{
	for (int i = 0; i < PAGES; i++) {
		uint64_t at = i ? m->page_at[cpu][i - 1] +
					  check_range(HZ / 100, LENGTH) :
				  check_range(0, BOOT / 2);

		if (i == 1)
			at = BOOT + 1 + check_range(0, LENGTH);
		m->page_at[cpu][i] = at;
		m->page[cpu][i] = (struct vmsync_pvclock){
			.version = 2 + 2 * (uint32_t)i,
			.tsc_timestamp = at,
			.system_time_ns = at / 2,
			.mul = mul,
		};
	}
}

static void make_model(struct model *m)
{
	uint32_t mul = (1u << 31) - 1000 + (uint32_t)check_range(0, 2000);

	memset(m, 0, sizeof(*m));
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
	m->guest = m->host;
	m->guest.clocksource = VMSYNC_CLOCKSOURCE_KVMCLOCK;
	m->guest.mult = 1u << 24;
	m->guest.cycle_last = (BOOT - HZ) / 2;
	m->guest.since_tsc = BOOT - HZ;
	m->named = (uint32_t)check_range(1, CPUS - 1);
	m->last = check_rand() & 1;
}

/* The number of the @i-th CPU that the guest's trace names. */
static uint32_t name_of(const struct model *m, uint32_t i)
{
	return m->last ? CPUS - 1 - i : i;
}

static bool in_hole(const struct model *m, uint64_t at)
{
	return at >= m->hole[0] && at < m->hole[1];
}

static void push_host(const struct model *m, struct vmsync_sync *sync,
		      struct vmsync_evidence *ev, uint64_t at)
{
	ev->vm = (struct vmsync_vm_id){10, 1};
	if (!in_hole(m, at))
		CHECK(!vmsync_sync_push_host(sync, ev));
}

static void push_page(const struct model *m, struct vmsync_sync *sync, uint32_t cpu,
		      int i, uint64_t at, bool first)
{
	push_host(m, sync,
		  &(struct vmsync_evidence){
			  .kind = VMSYNC_EV_PVCLOCK,
			  .vcpu = cpu,
			  .stamp_ns = host_mono(m, at),
			  .pvclock = m->page[cpu][i],
			  .why = first ? VMSYNC_WHY_FIRST : 0,
		  },
		  at);
}

static void push_tsc(const struct model *m, struct vmsync_sync *sync, uint32_t cpu)
{
	push_host(m, sync,
		  &(struct vmsync_evidence){
			  .kind = VMSYNC_EV_TSC,
			  .vcpu = cpu,
			  .stamp_ns = host_mono(m, BOOT),
			  .scaling = scaling,
			  .prev_offset = scaling.offset,
			  .why = VMSYNC_WHY_FIRST,
		  },
		  BOOT);
}

static void push_beacon(const struct model *m, struct vmsync_sync *sync,
			struct vmsync_guest *guest, uint64_t at, uint32_t cnt,
			uint32_t cpu)
{
	int64_t mono = guest_mono(m, cpu, at);
	struct vmsync_evidence g = {
		.kind = VMSYNC_EV_GH_GUEST,
		.vm_uid = 77,
		.cnt = cnt,
		.vcpu = cpu,
		.stamp_ns = mono,
		.pair = {at, mono, 0, true},
		.line = m->guest,
		.pvclock = m->page[cpu][page_number(m, cpu, at)],
	};
	struct vmsync_evidence h = {
		.kind = VMSYNC_EV_GH_HOST,
		.vm_uid = 77,
		.cnt = cnt,
		.vcpu = cpu,
		.stamp_ns = host_mono(m, at + 3000),
		.pair = {START - BOOT + at + 3000, host_mono(m, at + 3000), 0, true},
		.guest_claim = g.pair,
		.line = m->host,
		.scaling = scaling,
	};

	CHECK(!vmsync_sync_push_guest(guest, &g));
	push_host(m, sync, &h, at + 3000);
}

static void push_lost(const struct model *m, struct vmsync_sync *sync, uint64_t at)
{
	if (m->hole[1] > m->hole[0] && m->hole[0] >= at && m->hole[0] < at + STEP)
		CHECK(!vmsync_sync_push_host(
			sync, &(struct vmsync_evidence){
				      .kind = VMSYNC_EV_LOST,
				      .stamp_ns = host_mono(m, m->hole[0]),
				      .until_ns = host_mono(m, m->hole[1]),
			      }));
}

static void push_first(const struct model *m, struct vmsync_sync *sync)
{
	for (uint32_t cpu = 0; cpu < CPUS; cpu++) {
		if (m->tells_tsc)
			push_tsc(m, sync, cpu);
		push_page(m, sync, cpu, page_number(m, cpu, BOOT), BOOT, true);
	}
}

static void push_all(const struct model *m, struct vmsync_sync *sync,
		     struct vmsync_guest *guest)
{
	uint32_t cnt = 0;

	for (uint64_t at = BOOT; at < BOOT + LENGTH; at += STEP) {
		push_lost(m, sync, at);
		if (at == BOOT)
			push_first(m, sync);
		cnt += 2;
		push_beacon(m, sync, guest, at + 1000, cnt,
			    name_of(m, cnt / 2 % m->named));
		for (uint32_t cpu = 0; cpu < CPUS; cpu++)
			for (int i = 0; i < PAGES; i++)
				if (m->page_at[cpu][i] > at &&
				    m->page_at[cpu][i] <= at + STEP)
					push_page(m, sync, cpu, i,
						  m->page_at[cpu][i], false);
	}
}

/* Returns how many of the times are known to 1 us. */
static uint64_t judge(const struct model *m, const struct vmsync_guest_map *maps)
{
	struct judged j = {0};

	for (uint32_t i = 0; i < TIMES; i++) {
		uint32_t cpu = name_of(m, i % m->named);
		uint64_t at = BOOT + check_range(10000, LENGTH - 10000);
		const struct vmsync_map *map = vmsync_guest_map_of(maps, cpu);

		/* Some just before a page goes, or behind: some is read again. */
		if (i % 3 == 0)
			at = m->page_at[check_range(0, CPUS - 1)]
				       [check_range(1, PAGES - 1)] -
			     20000 + check_range(0, 40000);
		if (!map || at < BOOT + 10000 || at >= BOOT + LENGTH)
			continue;
		judge_time(&j, map, guest_mono(m, cpu, at),
			   host_mono(m, at), 100000);
	}
	CHECK_EQ(j.bad, 0);
	return j.known;
}

static uint64_t test_one(bool tells_tsc, bool hole)
{
	const struct vmsync_sync_options options = {
		.methods = 1u << VMSYNC_METHOD_EXACT};
	struct vmsync_sync *sync = vmsync_sync_new(&options);
	struct vmsync_guest *guest = vmsync_sync_guest_new(sync, "g");
	struct model m;
	uint64_t known;

	make_model(&m);
	m.tells_tsc = tells_tsc;
	if (hole) {
		m.hole[0] = BOOT + (check_rand() & 1 ? 0 : check_range(0, LENGTH));
		m.hole[1] = m.hole[0] + check_range(0, LENGTH / 3);
	}
	push_all(&m, sync, guest);
	vmsync_sync_host_until(sync, (host_time){host_mono(&m, BOOT + LENGTH)});
	vmsync_sync_guest_until(guest,
				(guest_time){guest_mono(&m, 0, BOOT + LENGTH)});
	CHECK(!vmsync_sync_finish(sync));
	known = judge(&m, vmsync_guest_maps(guest));
	vmsync_sync_free(sync);
	return known;
}

int main(int argc, char **argv)
{
	uint64_t n = check_cases(100), first, known = 0;

	check_init(argc, argv);
	first = check_seed;
	for (uint64_t i = 0; i < n; i++) {
		check_reseed(first + i);
		known += test_one(true, false);
		test_one(true, true);
		test_one(false, false);
		test_one(false, true);
	}
	/* And where nothing is missing the others' pages are known. */
	CHECK(known > n * TIMES / 2);
	return check_done();
}
