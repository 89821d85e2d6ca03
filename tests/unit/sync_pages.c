// SPDX-License-Identifier: MIT
/*
 * kvm-clock pages, and a TSC's offset, that change while some of the host's
 * records are missing: no guest time has a map that is wrong, and where nothing
 * is missing it has one. And pages that virtual CPUs have of their own, which the
 * guest saw before the host's first record and behind its last one, but the host
 * tells nothing of them: one map for all must leave room for each.
 */
#include <string.h>

#include "check.h"
#include "sync/sync.h"
#include "uapi/vmsync.h"

__extension__ typedef unsigned __int128 wide;

#define PAGES	6
#define HOLES	3
#define CPUS	2
#define TIMES	1000
#define FEW	20
#define HZ	2000000000ull
#define LENGTH	(2 * HZ)
#define START	(HZ * 1000)

/* Of one guest on a host whose clock has one line, cycles since START. */
struct model {
	struct vmsync_line host;
	struct vmsync_line guest;
	struct vmsync_pvclock page[PAGES];
	uint64_t page_at[PAGES];
	struct vmsync_scaling scaling[2];
	uint64_t written_at;
	uint64_t hole[HOLES][2];
	uint64_t apart_ns; /* from each virtual CPU to the next one */
};

static const struct vmsync_scaling *scaling_at(const struct model *m,
					       uint64_t at)
{
	return &m->scaling[at >= m->written_at];
}

static const struct vmsync_pvclock *page_at(const struct model *m, uint64_t at)
{
	int i = PAGES - 1;

	while (i && m->page_at[i] > at)
		i--;
	return &m->page[i];
}

static uint64_t tsc_at(const struct model *m, uint64_t at)
{
	return START + at + (uint64_t)scaling_at(m, at)->offset;
}

static int64_t read_line(const struct vmsync_line *l, uint64_t count)
{
	wide v = (wide)(count - l->cycle_last) * l->mult + l->xtime_nsec;

	return l->base_ns + (int64_t)(v >> l->shift);
}

static int64_t host_mono(const struct model *m, uint64_t at)
{
	return read_line(&m->host, START + at);
}

static uint64_t read_page(const struct vmsync_pvclock *p, uint64_t tsc)
{
	return p->system_time_ns +
	       (uint64_t)(((wide)(tsc - p->tsc_timestamp) * p->mul) >> 32);
}

static struct vmsync_pvclock own_page(const struct model *m, uint64_t at,
				      uint32_t cpu)
{
	struct vmsync_pvclock page = *page_at(m, at);

	page.system_time_ns += cpu * m->apart_ns;
	return page;
}

static int64_t guest_mono(const struct model *m, uint64_t at, uint32_t cpu)
{
	struct vmsync_pvclock page = own_page(m, at, cpu);

	return read_line(&m->guest, read_page(&page, tsc_at(m, at)));
}

static bool in_hole(const struct model *m, uint64_t at)
{
	for (int i = 0; i < HOLES; i++)
		if (at >= m->hole[i][0] && at < m->hole[i][1])
			return true;
	return false;
}

/* KVM sets the clock ahead, at one moment for all virtual CPUs. */
static void make_pages(struct model *m)
{
	const uint64_t part = LENGTH / PAGES;

	m->page[0] = (struct vmsync_pvclock){
		.version = 2,
		.tsc_timestamp = tsc_at(m, 0),
		.system_time_ns = 5000000,
		.mul = 1u << 31,
		.flags = 1,
	};
	for (uint64_t i = 1; i < PAGES; i++) {
		uint64_t at = part * i + check_range(0, part / 2);

		/* KVM follows a write of the TSC up with a page. */
		if (m->written_at >= part * i && m->written_at < part * (i + 1))
			at = m->written_at;
		m->page_at[i] = at;
		m->page[i] = m->page[i - 1];
		m->page[i].version += 2;
		m->page[i].tsc_timestamp = tsc_at(m, at);
		m->page[i].system_time_ns =
			read_page(&m->page[i - 1], tsc_at(m, at - 1)) +
			check_range(1000, 90000);
	}
}

static int by_begin(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void make_holes(struct model *m)
{
	for (int i = 0; i < HOLES; i++) {
		m->hole[i][0] = i ? check_range(0, LENGTH) : 0;
		m->hole[i][1] = m->hole[i][0] + check_range(0, LENGTH / 5);
	}
	/* The first one is a CPU's stream that begins late; or there is none. */
	if (check_rand() & 1)
		m->hole[0][1] = 0;
	qsort(m->hole, HOLES, sizeof(m->hole[0]), by_begin);
}

static void make_model(struct model *m, bool whole)
{
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
	m->scaling[0] = (struct vmsync_scaling){-(int64_t)HZ, 1ull << 32, 32};
	m->scaling[1] = m->scaling[0];
	m->written_at = UINT64_MAX;
	if (check_rand() & 1) {
		m->written_at = check_range(LENGTH / PAGES, LENGTH - 1);
		m->scaling[1].offset += (int64_t)check_range(1000, HZ / 1000);
	}
	make_pages(m);
	m->guest = m->host;
	m->guest.clocksource = VMSYNC_CLOCKSOURCE_KVMCLOCK;
	m->guest.mult = 1u << 24;
	m->guest.cycle_last = 4000000;
	m->guest.base_ns = 100000000;
	m->guest.since_tsc = tsc_at(m, 0);
	if (!whole)
		make_holes(m);
}

static void push_host(struct vmsync_sync *sync, struct vmsync_evidence *ev)
{
	ev->vm = (struct vmsync_vm_id){10, 1};
	CHECK(!vmsync_sync_push_host(sync, ev));
}

static void push_page(const struct model *m, struct vmsync_sync *sync, int i)
{
	for (uint32_t cpu = 0; cpu < CPUS && !in_hole(m, m->page_at[i]); cpu++)
		push_host(sync, &(struct vmsync_evidence){
					.kind = VMSYNC_EV_PVCLOCK,
					.vcpu = cpu,
					.stamp_ns = host_mono(m, m->page_at[i]),
					.pvclock = m->page[i],
				});
}

static void push_beacon(const struct model *m, struct vmsync_sync *sync,
			struct vmsync_guest *guest, uint64_t at, uint32_t cnt,
			uint32_t cpu)
{
	struct vmsync_evidence g = {
		.kind = VMSYNC_EV_GH_GUEST,
		.vm_uid = 77,
		.cnt = cnt,
		.vcpu = cpu,
		.stamp_ns = guest_mono(m, at, cpu),
		.pair = { tsc_at(m, at), guest_mono(m, at, cpu), 0, true },
		.line = m->guest,
		.pvclock = own_page(m, at, cpu),
	};
	struct vmsync_evidence h = {
		.kind = VMSYNC_EV_GH_HOST,
		.vm_uid = 77,
		.cnt = cnt,
		.vcpu = cpu,
		.stamp_ns = host_mono(m, at + 3000),
		.pair = { START + at + 3000, host_mono(m, at + 3000), 0, true },
		.guest_claim = g.pair,
		.line = m->host,
		.scaling = *scaling_at(m, at),
	};

	CHECK(!vmsync_sync_push_guest(guest, &g));
	if (!in_hole(m, at + 3000))
		push_host(sync, &h);
}

static void push_write(const struct model *m, struct vmsync_sync *sync)
{
	for (uint32_t cpu = 0; cpu < CPUS && !in_hole(m, m->written_at); cpu++)
		push_host(sync, &(struct vmsync_evidence){
					.kind = VMSYNC_EV_TSC,
					.vcpu = cpu,
					.stamp_ns = host_mono(m, m->written_at),
					.prev_offset = m->scaling[0].offset,
					.scaling = m->scaling[1],
					.why = VMSYNC_WHY_WRITE,
				});
}

static void push_hole(const struct model *m, struct vmsync_sync *sync, int i)
{
	if (m->hole[i][1] > m->hole[i][0])
		push_host(sync, &(struct vmsync_evidence){
					.kind = VMSYNC_EV_LOST,
					.stamp_ns = host_mono(m, m->hole[i][0]),
					.until_ns = host_mono(m, m->hole[i][1]),
				});
}

/* All records in the order of time: a step of a beacon's distance each. */
static void push_all(const struct model *m, struct vmsync_sync *sync,
		     struct vmsync_guest *guest, uint64_t beacons)
{
	const uint64_t step = LENGTH / 64;
	uint32_t cnt = 0;

	for (uint64_t at = 0; at < LENGTH; at += step) {
		bool sent = !(check_rand() % beacons) || !at ||
			    at + step >= LENGTH;

		for (int i = 0; i < HOLES; i++)
			if (m->hole[i][0] >= at && m->hole[i][0] < at + step)
				push_hole(m, sync, i);
		if (sent)
			push_beacon(m, sync, guest, at + 1000, cnt += 2,
				    (uint32_t)check_range(0, CPUS - 1));
		if (m->written_at >= at && m->written_at < at + step)
			push_write(m, sync);
		for (int i = 0; i < PAGES; i++)
			if (m->page_at[i] >= at && m->page_at[i] < at + step)
				push_page(m, sync, i);
	}
}

/* Returns how many of TIMES guest times are known to 3 ns. */
static uint64_t test_model(const struct model *m, enum vmsync_method method,
			   uint64_t beacons)
{
	const struct vmsync_sync_options options = { .methods = 1u << method };
	struct vmsync_sync *sync = vmsync_sync_new(&options);
	struct vmsync_guest *guest = vmsync_sync_guest_new(sync, "g");
	uint64_t bad = 0, known = 0;

	push_all(m, sync, guest, beacons);
	vmsync_sync_host_until(sync, (host_time){host_mono(m, LENGTH)});
	vmsync_sync_guest_until(guest, (guest_time){guest_mono(m, LENGTH, 0)});
	CHECK(!vmsync_sync_finish(sync));
	for (uint32_t i = 0; i < TIMES; i++) {
		uint64_t at = check_range(10000, LENGTH - 10000);
		const struct vmsync_map *map = vmsync_guest_map_of(
			vmsync_guest_maps(guest), i % CPUS);
		guest_time g = { guest_mono(m, at, i % CPUS) };
		int64_t off, bound;
		bool outside;

		if (!map)
			continue;
		off = vmsync_map_eval(map, g).ns - host_mono(m, at);
		bound = vmsync_map_bound_ns(map, g, &outside);
		if (outside)
			continue;
		known += bound <= 3;
		bad += off > bound || off < -bound;
	}
	CHECK_EQ(bad, 0);
	vmsync_sync_free(sync);
	return known;
}

static uint64_t test_one(bool whole)
{
	struct model m;

	make_model(&m, whole);
	/* From beacons alone a clock that was set ahead by little seems to bend. */
	return test_model(&m, VMSYNC_METHOD_EXACT, check_range(1, 12));
}

/* The host is recorded in the midst, where no page changes. */
static void test_longer(void)
{
	struct model m;

	make_model(&m, true);
	m.written_at = UINT64_MAX;
	m.page[0].flags = 0;
	m.apart_ns = check_range(1000, 90000);
	for (int i = 1; i < PAGES; i++)
		m.page_at[i] = UINT64_MAX;
	m.hole[0][1] = LENGTH / 4;
	m.hole[1][0] = LENGTH * 3 / 4;
	m.hole[1][1] = LENGTH;
	test_model(&m, VMSYNC_METHOD_PAIR, 1);
}

int main(int argc, char **argv)
{
	uint64_t n = check_cases(400), first, known = 0;

	check_init(argc, argv);
	first = check_seed;
	for (uint64_t i = 0; i < n; i++) {
		check_reseed(first + i);
		CHECK_EQ(test_one(true), TIMES);
		known += test_one(false);
		if (i < FEW)
			test_longer();
	}
	/* Much is known all the same. */
	CHECK(known > n * TIMES / 4);
	return check_done();
}
