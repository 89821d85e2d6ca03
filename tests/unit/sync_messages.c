// SPDX-License-Identifier: MIT
/*
 * Messages between two machines whose clocks bend as NTP bends them: few or many,
 * often or seldom, quick or slow, in one direction more than in the other. The map
 * is never farther off than it says, between them and for seconds before and after;
 * named the other way round the same messages give its inverse. The same for the
 * first few beacons of a guest and its host, whose clocks have one oscillator.
 *
 * Cases: VMSYNC_CASES, 500 if not set.
 */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "check.h"
#include "sync/base/drift.h"
#include "sync/facts/messages.h"
#include "sync/sync.h"

#define MAX_BENDS    64
#define MAX_MESSAGES 600
#define TIMES	     200
#define BEYOND_NS    20e9
#define FEW_BEACONS  31

/* A clock: what it reads is linear in real time from each bend to the next. */
struct clock {
	unsigned int count;
	double at[MAX_BENDS];
	double offset[MAX_BENDS];
	double slope[MAX_BENDS];
};

static double uniform(void)
{
	return (double)(check_rand() >> 11) / 9007199254740992.0;
}

static double exponential(double mean)
{
	return -mean * log(1 - uniform());
}

/* Real times are in [@from, @until), the clock reads more than that by @base. */
static void random_clock(struct clock *c, double from, double until,
			 double base, bool machines)
{
	double crystal = machines ? 200e-6 * (uniform() - 0.5) : 0, at = from;
	double mean = pow(10, 6 + 4.5 * uniform());

	c->count = 0;
	while (c->count < MAX_BENDS && at < until) {
		unsigned int i = c->count++;
		double steer = check_range(0, 3) ? 1000e-6 * (uniform() - 0.5) :
			       check_range(0, 1) ? 500e-6 : -500e-6;

		c->at[i] = at;
		c->offset[i] = i ? c->offset[i - 1] +
				   c->slope[i - 1] * (at - c->at[i - 1]) : base;
		c->slope[i] = crystal + steer;
		at += exponential(mean);
	}
}

/* What it reads at @t, less @t. */
static double ahead(const struct clock *c, double t)
{
	unsigned int i = 0;

	while (i + 1 < c->count && c->at[i + 1] <= t)
		i++;
	return c->offset[i] + c->slope[i] * (t - c->at[i]);
}

static int64_t reads(const struct clock *c, double t)
{
	return (int64_t)floor(t + ahead(c, t));
}

/* Real time at which it reads @ns. */
static double when(const struct clock *c, double ns)
{
	double t = ns - c->offset[0];

	for (int i = 0; i < 8; i++)
		t = ns - ahead(c, t);
	return t;
}

struct world {
	bool machines;
	struct clock host;
	struct clock guest;
	double length;
	struct vmsync_message m[MAX_MESSAGES];
	size_t n;
};

static size_t random_count(const struct world *w)
{
	if (!w->machines)
		return 2 * (size_t)check_range(1, FEW_BEACONS);
	return (size_t)check_range(2, check_range(0, 2) ? 40 : MAX_MESSAGES);
}

static void random_world(struct world *w)
{
	size_t n = random_count(w);
	double gap = pow(10, 4 + 5 * uniform()), share = uniform(), t = 0;
	double least[2], jitter[2];
	bool answers = check_range(0, 1) || !w->machines;

	for (int i = 0; i < 2; i++) {
		least[i] = pow(10, 2 + 4 * uniform());
		jitter[i] = least[i] * pow(10, 2 * uniform() - 1);
	}
	/* Real times; the clocks have to be known long before and after. */
	w->length = gap * (double)n * 3 + 1e9;
	random_clock(&w->host, -3 * BEYOND_NS, w->length + 3 * BEYOND_NS, 900e9,
		     w->machines);
	random_clock(&w->guest, -3 * BEYOND_NS, w->length + 3 * BEYOND_NS,
		     check_range(0, 1) ? 200e9 : 900e9, w->machines);
	for (w->n = 0; w->n < n; w->n++) {
		struct vmsync_message *m = &w->m[w->n];
		double delay, came;

		/* Guests ask, hosts answer; of machines either does. */
		m->to_host = answers ? !(w->n & 1) : uniform() < share;
		if (w->n < 2)
			m->to_host = !w->n;
		t += answers && w->n & 1 ? exponential(1000) : exponential(gap);
		delay = least[m->to_host] + exponential(jitter[m->to_host]);
		came = t + delay;
		m->guest_ns = reads(&w->guest, m->to_host ? t : came);
		m->host_ns = reads(&w->host, m->to_host ? came : t);
		if (answers)
			t = came;
	}
	w->length = t;
}

static int push_guest(struct vmsync_guest *guest,
		      const struct vmsync_leg_record *leg)
{
	struct vmsync_evidence ev = vmsync_leg_evidence(leg);

	return vmsync_sync_push_guest(guest, &ev);
}

static int push_host(struct vmsync_sync *sync,
		     const struct vmsync_leg_record *leg)
{
	struct vmsync_evidence ev = vmsync_leg_evidence(leg);

	return vmsync_sync_push_host(sync, &ev);
}

static void push_all(struct vmsync_sync *sync, struct vmsync_guest *guest,
		     const struct vmsync_leg_records *host,
		     const struct vmsync_leg_records *own)
{
	struct vmsync_guest *turn = guest;
	enum vmsync_wants wants;
	size_t h = 0, g = 0;

	while ((wants = vmsync_sync_wants(sync, &turn)) != VMSYNC_WANTS_NONE) {
		if (wants == VMSYNC_WANTS_GUEST && g < own->n)
			CHECK(!push_guest(guest, &own->leg[g++]));
		else if (wants == VMSYNC_WANTS_GUEST)
			vmsync_sync_guest_end(guest);
		else if (h < host->n)
			CHECK(!push_host(sync, &host->leg[h++]));
		else
			vmsync_sync_host_end(sync);
	}
	CHECK(!vmsync_sync_finish(sync));
}

/* A beacon of its own for each two messages. */
static void beacons_of(struct vmsync_message *m, size_t n,
		       struct vmsync_leg_records *host,
		       struct vmsync_leg_records *own)
{
	host->leg = malloc(n * sizeof(*host->leg));
	own->leg = malloc(n * sizeof(*own->leg));
	host->n = own->n = 0;
	for (uint32_t i = 0; i < n; i += 2) {
		struct vmsync_leg_records h, g;

		CHECK(!vmsync_messages_records(m + i, 2, &h, &g));
		for (int k = 0; k < 2; k++) {
			h.leg[k].cnt += i;
			g.leg[k].cnt += i;
			host->leg[host->n++] = h.leg[k];
			own->leg[own->n++] = g.leg[k];
		}
		free(h.leg);
		free(g.leg);
	}
}

/* The guest of these messages; free @sync when done with it. */
static struct vmsync_guest *guest_of(const struct vmsync_message *m, size_t n,
				     bool machines, struct vmsync_sync **sync)
{
	const struct vmsync_sync_options options = { .wide = machines,
						     .machines = machines };
	struct vmsync_leg_records host, own;
	struct vmsync_message copy[MAX_MESSAGES];
	struct vmsync_guest *guest;

	memcpy(copy, m, n * sizeof(*m));
	*sync = vmsync_sync_new(&options);
	guest = vmsync_sync_guest_new(*sync, "other");
	if (machines)
		CHECK(!vmsync_messages_records(copy, n, &host, &own));
	else
		beacons_of(copy, n, &host, &own);
	push_all(*sync, guest, &host, &own);
	free(host.leg);
	free(own.leg);
	CHECK_EQ(vmsync_guest_report_of(guest)->causal_violations, 0);
	return guest;
}

static const struct vmsync_map *map_of(const struct vmsync_message *m, size_t n,
				       bool machines, struct vmsync_sync **sync)
{
	return vmsync_guest_map_of(
		vmsync_guest_maps(guest_of(m, n, machines, sync)), 0);
}

static int64_t some_time(const struct world *w)
{
	switch (check_range(0, 3)) {
	case 0:
		return reads(&w->guest, -BEYOND_NS * uniform() * uniform());
	case 1:
		return reads(&w->guest,
			     w->length + BEYOND_NS * uniform() * uniform());
	default:
		return reads(&w->guest, w->length * uniform());
	}
}

static double worst_ratio;

static void check_bounds(const struct world *w, const struct vmsync_map *map)
{
	int bad = 0;
	double worst = 0;

	for (int i = 0; i < TIMES; i++) {
		int64_t g = some_time(w), h, bound;
		double truth;

		if (g < 0)
			continue;
		/* The stamp was rounded down. */
		truth = when(&w->guest, (double)g + 0.5);
		h = vmsync_map_eval(map, (guest_time){ g }).ns;
		bound = vmsync_map_bound_ns(map, (guest_time){ g }, NULL);
		truth = (double)(h - reads(&w->host, truth));
		bad += fabs(truth) > (double)bound + 1;
		worst = fmax(worst, fabs(truth) / (double)bound);
	}
	worst_ratio = fmax(worst_ratio, worst);
	CHECK_EQ(bad, 0);
}

static void check_slopes(const struct world *w, const struct vmsync_map *map)
{
	double drift = w->machines ? VMSYNC_DRIFT_APART : VMSYNC_DRIFT;
	int bad = 0;

	for (size_t i = 0; i < map->count; i++) {
		const struct vmsync_segment *s = &map->segments[i];
		double slope = ldexp((double)s->slope, -(int)s->shift);

		bad += fabs(slope - 1) > drift + 2e-6;
	}
	CHECK_EQ(bad, 0);
}

/* Whether @back has bound @a at @h, to a part in 200; or beside it, at a joint. */
static bool same_bound(const struct vmsync_map *back, int64_t h, int64_t a)
{
	for (int64_t d = -8; d <= 8; d += 4) {
		int64_t b = vmsync_map_bound_ns(back, (guest_time){ h + d },
						NULL);

		if (llabs(a - b) <= 8 + a / 200)
			return true;
	}
	return false;
}

/* There and back again. */
static void check_mirror(const struct world *w, const struct vmsync_map *map)
{
	struct vmsync_message mirrored[MAX_MESSAGES];
	const struct vmsync_map *back;
	struct vmsync_sync *sync;
	int bad = 0;

	for (size_t i = 0; i < w->n; i++)
		mirrored[i] = (struct vmsync_message){
			.to_host = !w->m[i].to_host,
			.guest_ns = w->m[i].host_ns,
			.host_ns = w->m[i].guest_ns,
		};
	back = map_of(mirrored, w->n, true, &sync);
	CHECK(back);
	for (int i = 0; back && i < TIMES; i++) {
		int64_t g = some_time(w), h, a, again;

		if (g < 0)
			continue;
		h = vmsync_map_eval(map, (guest_time){ g }).ns;
		a = vmsync_map_bound_ns(map, (guest_time){ g }, NULL);
		again = vmsync_map_eval(back, (guest_time){ h }).ns;
		bad += llabs(again - g) > 4 || !same_bound(back, h, a);
	}
	CHECK_EQ(bad, 0);
	vmsync_sync_free(sync);
}

static void run(bool machines)
{
	static struct world w;
	const struct vmsync_map *map;
	struct vmsync_sync *sync;

	w.machines = machines;
	random_world(&w);
	map = map_of(w.m, w.n, machines, &sync);
	CHECK(map);
	if (map) {
		check_bounds(&w, map);
		check_slopes(&w, map);
	}
	if (map && machines)
		check_mirror(&w, map);
	vmsync_sync_free(sync);
}

static bool notes_drift(const struct vmsync_guest *guest)
{
	const struct vmsync_guest_report *r = vmsync_guest_report_of(guest);

	for (size_t i = 0; i < r->n_notes; i++)
		if (strstr(r->notes[i], "faster than any two that NTP steers"))
			return true;
	return false;
}

/* A guest's clock that is off by @ppm: followed, and told if NTP does not do it. */
static void test_steep(size_t n, double ppm, bool told)
{
	struct vmsync_message m[MAX_MESSAGES];
	const struct vmsync_map *map;
	struct vmsync_guest *guest;
	struct vmsync_sync *sync;
	double worst = 0;
	int64_t end = 0;

	for (size_t i = 0; i < n; i++) {
		int64_t t = (int64_t)i * 20000000 + 1000000000;
		int64_t late = t + 3000 + (int64_t)check_range(0, 500);

		m[i].to_host = i & 1;
		m[i].host_ns = i & 1 ? late : t;
		end = (int64_t)((double)(i & 1 ? t : late) * (1 + ppm / 1e6));
		m[i].guest_ns = end;
	}
	guest = guest_of(m, n, true, &sync);
	map = vmsync_guest_map_of(vmsync_guest_maps(guest), 0);
	CHECK(map);
	CHECK_EQ(notes_drift(guest), told);
	for (int64_t g = end / 2; map && g < end + 5000000000; g += 1000003) {
		int64_t h = vmsync_map_eval(map, (guest_time){ g }).ns;
		double off = fabs((double)h - (double)g / (1 + ppm / 1e6));

		worst = fmax(worst, off / (double)vmsync_map_bound_ns(
						  map, (guest_time){ g }, NULL));
	}
	CHECK(worst <= 1);
	vmsync_sync_free(sync);
}

int main(int argc, char **argv)
{
	long cases = (long)check_cases(500);

	check_init(argc, argv);
	for (long i = 0; i < cases; i++) {
		check_reseed(check_seed + (uint64_t)(i != 0));
		run(true);
		run(false);
	}
	for (size_t n = 6; n <= 600; n *= 10) {
		test_steep(n, 5000, true);
		test_steep(n, -30000, true);
		test_steep(n, 1000, false);
	}
	printf("worst error over bound: %.3f\n", worst_ratio);
	return check_done();
}
