// SPDX-License-Identifier: MIT
/*
 * The exact method against two kernels' clocks computed here, in the kernel's
 * integers, with other code than the library's: random frequencies, ratios,
 * offsets, kvm-clock pages, lines that cross, TSCs that pass 2^64.
 */
#include <math.h>
#include <string.h>

#include "check.h"
#include "sync/sync.h"
#include "uapi/vmsync.h"

__extension__ typedef unsigned __int128 wide;

#define LINES 4

/**
 * struct clock - a kernel's lines over its counter
 * @tick: where line i crosses the one before it (count)
 * @at:	host cycles since the start when line i came into force
 */
struct clock {
	struct vmsync_line line[LINES];
	uint64_t at[LINES];
	uint64_t since[LINES];
	uint64_t confirm[LINES];
};

struct model {
	uint64_t start;
	uint64_t length;
	uint64_t hz;
	struct vmsync_scaling scaling;
	struct vmsync_pvclock pv;
	bool kvmclock;
	struct clock host;
	struct clock guest;
};

static uint64_t tsc_of_guest(const struct model *m, uint64_t at)
{
	wide p = (wide)(m->start + at) * m->scaling.ratio;

	return (uint64_t)(p >> m->scaling.frac_bits) +
	       (uint64_t)m->scaling.offset;
}

static uint64_t guest_count(const struct model *m, uint64_t at)
{
	uint64_t d;

	if (!m->kvmclock)
		return tsc_of_guest(m, at);
	d = tsc_of_guest(m, at) - m->pv.tsc_timestamp;
	d = m->pv.shift < 0 ? d >> -m->pv.shift : d << m->pv.shift;
	return m->pv.system_time_ns + (uint64_t)(((wide)d * m->pv.mul) >> 32);
}

static int64_t read_line(const struct vmsync_line *l, uint64_t count)
{
	uint64_t d = count - l->cycle_last;

	/* Before the anchor the kernel would clamp; the model starts later. */
	return l->base_ns +
	       (int64_t)(((wide)d * l->mult + l->xtime_nsec) >> l->shift);
}

static const struct vmsync_line *in_force(const struct clock *c, uint64_t at)
{
	int i = LINES - 1;

	while (i && c->at[i] > at)
		i--;
	return &c->line[i];
}

static int64_t host_mono(const struct model *m, uint64_t at)
{
	return read_line(in_force(&m->host, at), m->start + at);
}

static int64_t guest_mono(const struct model *m, uint64_t at)
{
	return read_line(in_force(&m->guest, at), guest_count(m, at));
}

/* The next line: through what @prev reads at count @tick, at another slope. */
static void next_line(const struct vmsync_line *prev, struct vmsync_line *l,
		      uint64_t tick)
{
	uint64_t back = check_range(0, 1000);
	wide v;

	*l = *prev;
	l->seq++;
	l->mult = (uint32_t)((double)prev->mult *
			     (1 + (double)check_range(0, 1000) * 1e-6 - 5e-4));
	l->cycle_last = tick - back;
	v = (wide)(tick - prev->cycle_last) * prev->mult + prev->xtime_nsec +
	    ((wide)prev->base_ns << prev->shift);
	v -= (wide)back * l->mult;
	l->base_ns = (int64_t)(v >> l->shift);
	l->xtime_nsec = (uint64_t)(v & (((wide)1 << l->shift) - 1));
}

/* Lines of one side; @count gives its counter, @tsc its TSC. */
static void make_clock(const struct model *m, struct clock *c, uint32_t source,
		       double hz, uint64_t (*count)(const struct model *,
						    uint64_t),
		       uint64_t (*tsc)(const struct model *, uint64_t))
{
	struct vmsync_line *l = &c->line[0];
	uint64_t cycles_us = m->hz / 1000000;

	memset(c, 0, sizeof(*c));
	l->clocksource = source;
	l->seq = (uint32_t)check_range(1, 1000);
	l->shift = (uint32_t)check_range(20, 24);
	l->mult = (uint32_t)(1e9 * (double)(1u << l->shift) / hz);
	l->cycle_last = count(m, 0) - check_range(0, 100000);
	l->base_ns = (int64_t)check_bits(60);
	l->xtime_nsec = check_bits(l->shift);
	l->since_tsc = tsc(m, 0);
	c->since[0] = c->at[0] = c->confirm[0] = 0;
	for (int i = 1; i < LINES; i++) {
		uint64_t tick = m->length / LINES * (uint64_t)i +
				check_bits(20);

		next_line(&c->line[i - 1], &c->line[i], count(m, tick));
		c->since[i] = tick + check_range(0, 2 * cycles_us);
		c->at[i] = c->since[i] + check_range(0, cycles_us);
		c->confirm[i] = c->at[i] + check_range(0, 5 * cycles_us);
		c->line[i].since_tsc = tsc(m, c->since[i]);
	}
}

static uint64_t tsc_of_host(const struct model *m, uint64_t at)
{
	return m->start + at;
}

static void make_model(struct model *m)
{
	double ratio = 0.3 + (double)check_range(0, 2700) / 1000;

	memset(m, 0, sizeof(*m));
	m->hz = check_range(1000000000, 4000000000);
	m->length = m->hz * check_range(1, 100);
	m->start = check_bits(62);
	m->scaling.frac_bits = check_rand() & 1 ? 32 : 48;
	m->scaling.ratio = (uint64_t)1 << m->scaling.frac_bits;
	if (check_rand() & 1)
		m->scaling.ratio = (uint64_t)((double)m->scaling.ratio * ratio);
	else
		ratio = 1;
	m->scaling.offset = (int64_t)check_rand();
	m->kvmclock = check_rand() & 1;
	/* A quarter: the host's TSC passes 2^64, which a ratio cannot follow. */
	if (ratio == 1 && check_rand() & 1)
		m->start = 0 - m->length / 2;
	if (m->kvmclock) {
		double ghz = (double)m->hz * ratio / 1e9;

		m->pv.version = 2;
		m->pv.shift = ghz > 2 ? -1 : ghz > 1 ? 0 : ghz > 0.5 ? 1 : 2;
		m->pv.mul = (uint32_t)ldexp(1 / ghz, 32 - m->pv.shift);
		m->pv.tsc_timestamp = tsc_of_guest(m, 0) - check_range(0, 1000000);
		m->pv.system_time_ns = check_bits(50);
		m->pv.flags = 1;
	}
	make_clock(m, &m->host, VMSYNC_CLOCKSOURCE_TSC, (double)m->hz, tsc_of_host,
		   tsc_of_host);
	make_clock(m, &m->guest,
		   m->kvmclock ? VMSYNC_CLOCKSOURCE_KVMCLOCK :
				 VMSYNC_CLOCKSOURCE_TSC,
		   m->kvmclock ? 1e9 : (double)m->hz * ratio, guest_count,
		   tsc_of_guest);
}

static void push_knots(const struct model *m, struct vmsync_sync *sync,
		       struct vmsync_guest *guest)
{
	const struct clock *c = guest ? &m->guest : &m->host;

	for (int i = 0; i < LINES; i++) {
		uint64_t at = c->confirm[i];
		struct vmsync_evidence ev = {
			.kind = VMSYNC_EV_KNOT,
			.stamp_ns = guest ? guest_mono(m, at) :
					    host_mono(m, at),
			.line = c->line[i],
			.confirm_tsc = guest ? tsc_of_guest(m, at) :
					       m->start + at,
			.why = i ? VMSYNC_KNOT_SLOPE : VMSYNC_KNOT_FIRST,
		};

		if (i)
			ev.prev = c->line[i - 1];
		if (guest && m->kvmclock)
			ev.pvclock = m->pv;
		CHECK(!(guest ? vmsync_sync_push_guest(guest, &ev) :
				vmsync_sync_push_host(sync, &ev)));
	}
}

static void push_beacon(const struct model *m, struct vmsync_sync *sync,
			struct vmsync_guest *guest, uint64_t at)
{
	struct vmsync_evidence g = {
		.kind = VMSYNC_EV_GH_GUEST,
		.vm_uid = 77,
		.stamp_ns = guest_mono(m, at),
		.pair = { tsc_of_guest(m, at), guest_mono(m, at), 0, true },
		.line = *in_force(&m->guest, at),
	};
	struct vmsync_evidence h = {
		.kind = VMSYNC_EV_GH_HOST,
		.vm_uid = 77,
		.vm = { 10, 1 },
		.stamp_ns = host_mono(m, at + 3000),
		.pair = { m->start + at + 3000, host_mono(m, at + 3000), 0,
			  true },
		.guest_claim = g.pair,
		.line = *in_force(&m->host, at + 3000),
		.scaling = m->scaling,
	};

	if (m->kvmclock)
		g.pvclock = m->pv;
	CHECK(!vmsync_sync_push_guest(guest, &g));
	CHECK(!vmsync_sync_push_host(sync, &h));
}

/*
 * The VM of a guest that counts its TSC is stopped, and KVM writes a page when it
 * goes on: its clock goes on as before, and the host's changes as before.
 */
static void push_stop(const struct model *m, struct vmsync_sync *sync)
{
	struct vmsync_evidence ev = {
		.kind = VMSYNC_EV_PVCLOCK,
		.vm = { 10, 1 },
		.why = VMSYNC_WHY_FIRST,
		.pvclock = { .version = 2, .mul = 1u << 31 },
		.stamp_ns = host_mono(m, 0),
	};

	CHECK(!vmsync_sync_push_host(sync, &ev));
	ev.kind = VMSYNC_EV_ENTRY;
	CHECK(!vmsync_sync_push_host(sync, &ev));
	ev.kind = VMSYNC_EV_EXIT;
	ev.stamp_ns = host_mono(m, m->length / 8);
	CHECK(!vmsync_sync_push_host(sync, &ev));
	ev.kind = VMSYNC_EV_PVCLOCK;
	ev.why = VMSYNC_WHY_WRITE;
	ev.pvclock.version += 2;
	ev.pvclock.system_time_ns += 1000000;
	ev.stamp_ns = host_mono(m, m->length / 8 * 7);
	CHECK(!vmsync_sync_push_host(sync, &ev));
	ev.kind = VMSYNC_EV_ENTRY;
	CHECK(!vmsync_sync_push_host(sync, &ev));
}

static void test_one(void)
{
	struct vmsync_sync *sync = vmsync_sync_new(NULL);
	struct vmsync_guest *guest = vmsync_sync_guest_new(sync, "g");
	const struct vmsync_map *map;
	uint64_t bad = 0, loose = 0;
	struct model m;

	make_model(&m);
	push_knots(&m, sync, NULL);
	push_knots(&m, sync, guest);
	if (!m.kvmclock && check_rand() & 1)
		push_stop(&m, sync);
	push_beacon(&m, sync, guest, m.length - 100000);
	vmsync_sync_host_until(sync, (host_time){ host_mono(&m, m.length) });
	vmsync_sync_guest_until(guest,
				(guest_time){ guest_mono(&m, m.length) });
	CHECK(!vmsync_sync_finish(sync));
	map = vmsync_guest_map_of(vmsync_guest_maps(guest), 0);
	CHECK(map != NULL);
	CHECK(vmsync_guest_report_of(guest)->found);
	CHECK(!vmsync_guest_report_of(guest)->suspect);
	for (int i = 0; map && i < 400; i++) {
		const struct clock *c = i & 2 ? &m.host : &m.guest;
		/* Half of them around a change of a line. */
		uint64_t at = i & 1 ? check_range(0, m.length - 1) :
				      c->at[check_range(1, LINES - 1)] - 3000 +
					      check_range(0, 9000);
		guest_time g = { guest_mono(&m, at) };
		int64_t off = vmsync_map_eval(map, g).ns - host_mono(&m, at);
		bool outside;
		int64_t bound = vmsync_map_bound_ns(map, g, &outside);

		off = off < 0 ? -off : off;
		bad += off > bound || outside;
		/* A few ns, and where a line changes what it may be there. */
		loose += bound > 3 && i & 1;
	}
	CHECK_EQ(bad, 0);
	CHECK(loose <= 2);
	CHECK(map && map->segments[map->count - 1].epoch == 0);
	vmsync_sync_free(sync);
}

/* A clock that is set by as much as a reader of the trace sees: another epoch. */
static void test_set(int64_t by_ns)
{
	struct vmsync_sync *sync = vmsync_sync_new(NULL);
	struct vmsync_guest *guest = vmsync_sync_guest_new(sync, "g");
	const struct vmsync_map *map;
	struct model m;

	make_model(&m);
	for (int i = LINES / 2; i < LINES; i++)
		m.guest.line[i].base_ns += by_ns;
	push_knots(&m, sync, NULL);
	push_knots(&m, sync, guest);
	push_beacon(&m, sync, guest, m.length - 100000);
	CHECK(!vmsync_sync_finish(sync));
	map = vmsync_guest_map_of(vmsync_guest_maps(guest), 0);
	CHECK(map && map->segments[map->count - 1].epoch == 1);
	vmsync_sync_free(sync);
}

int main(int argc, char **argv)
{
	uint64_t n = check_cases(300), first;

	check_init(argc, argv);
	first = check_seed;
	for (uint64_t i = 0; i < n; i++) {
		check_reseed(first + i);
		test_one();
		test_set(1000000);
	}
	return check_done();
}
