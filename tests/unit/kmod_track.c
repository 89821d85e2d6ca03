// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest's clock against the host's, on an exact TSC: how far they are apart, and
 * that stamps never go back.
 *
 * The host's clock is a kernel's: at each tick its multiplier takes one of two
 * neighbours, by which it follows any rate, see timekeeping_adjust(). An idle host leaves
 * ticks out, and a busy one lets its guests wait.
 */
#include "kernel.h"
#include "../../guest/track.c"
#include "check.h"

#define HOST_SHIFT 24
#define READINGS 6000	/* of 10 ms */
#define LOOKS 40	/* between two of them */
#define LEAD_DIV 10000	/* a line begins 100 us after its reading */

struct host {
	u64 hz;			/* of the TSC */
	u64 tick;		/* cycles */
	u64 next;		/* ticks until the next one that is taken */
	double ppm;
	u64 tsc;		/* of the last tick */
	__int128 ns;		/* there, << HOST_SHIFT */
	u64 mult;
	double owed;		/* by the clock to the rate that it is to have */
};

static double mult_wanted(const struct host *h)
{
	return (1 + h->ppm * 1e-6) * (1 << HOST_SHIFT) * 1e9 / (double)h->hz;
}

static void host_begin(struct host *h, u64 hz, u64 ticks_hz)
{
	*h = (struct host){ .hz = hz, .tick = hz / ticks_hz, .next = 1,
			    .tsc = 1ull << 50, .ppm = 3.123 };
	h->ns = (__int128)1700000000123456789ll << HOST_SHIFT;
	h->mult = (u64)mult_wanted(h);
}

/* At most so many ticks at once; 1: none is left out. */
static u64 most_ticks = 1;

static void host_ticks(struct host *h, u64 tsc)
{
	while (tsc - h->tsc >= h->tick * h->next) {
		u64 cycles = h->tick * h->next;

		h->ns += (__int128)h->mult * cycles;
		h->owed += (mult_wanted(h) - (double)h->mult) * (double)cycles;
		h->mult = (u64)mult_wanted(h) + (h->owed > 0);
		h->tsc += cycles;
		h->next = most_ticks > 1 ? 1 + check_rand() % most_ticks : 1;
	}
}

/* At a TSC since the last tick, << HOST_SHIFT. */
static __int128 host_at(const struct host *h, u64 tsc)
{
	return h->ns + (__int128)h->mult * (s64)(tsc - h->tsc);
}

/* vmsync-host.ko tells fractions of a ns, KVM does not. */
static bool fractions;

static struct track_reading host_read(struct host *h, u64 tsc)
{
	__int128 at;

	host_ticks(h, tsc);
	at = host_at(h, tsc);
	return (struct track_reading){
		tsc, (u64)(at >> HOST_SHIFT),
		fractions ? (u32)((u64)at << (32 - HOST_SHIFT)) : TRACK_HALF_NS,
	};
}

static void begin(struct host *h, struct track *t, u64 *tsc)
{
	struct track_reading a = host_read(h, h->tsc + 12345), b;

	b = host_read(h, a.tsc + h->hz / 10);
	CHECK_EQ(track_begin(t, &a, &b, 0, h->hz / 100), 0);
	*tsc = b.tsc;
}

/* Distances that were seen, in tenths of a ns; the last one is all that is larger. */
struct seen {
	u64 count[20001];
	u64 most;
	u64 n;
	u64 lines;
	u64 steps;
	u64 back;
	u64 gaps;
};

static void distance_note(struct seen *s, const struct host *h, u64 clock, u64 tsc)
{
	__int128 off = ((__int128)clock << HOST_SHIFT) - host_at(h, tsc) +
		       (1 << (HOST_SHIFT - 1));
	u64 tenths = (u64)((off < 0 ? -off : off) * 10 >> HOST_SHIFT);

	s->count[tenths < 20000 ? tenths : 20000]++;
	s->most = max(s->most, tenths);
	s->n++;
}

static double quantile(const struct seen *s, double q)
{
	u64 sum = 0, i;

	for (i = 0; i < 20000; i++) {
		sum += s->count[i];
		if ((double)sum >= q * (double)s->n)
			return (double)i / 10;
	}
	return (double)s->most / 10;
}

/* From one reading to the next one: the clock is read all the time. */
static void look(struct host *h, struct track *t, struct seen *s, u64 from, u64 until,
		 u64 *last)
{
	for (u64 i = 0; i < LOOKS; i++) {
		u64 tsc = from + (until - from) * i / LOOKS;
		u64 clock = vmsync_clock_lines_ns(&t->lines, tsc);

		host_ticks(h, tsc);
		s->back += clock < *last;
		*last = clock;
		distance_note(s, h, clock, tsc);
	}
}

static void take(struct track *t, const struct track_reading *r, u64 start,
		 struct seen *s)
{
	enum track_change change = track_read(t, r, start);

	s->lines += change != TRACK_SAME;
	s->steps += change == TRACK_STEP;
	if (change != TRACK_SAME)
		s->gaps += vmsync_clock_line_ns(&t->lines.before, start) !=
			   vmsync_clock_line_ns(&t->lines.now, start);
}

/* Of 20 readings one is late by so many ms at most. */
static u64 late_ms;

/* Timers are late by something, and by more where the virtual CPU has to wait. */
static u64 cycles_to_next(u64 hz)
{
	u64 cycles = hz / 100 + check_rand() % (hz / 5000);

	if (late_ms && check_rand() % 20 == 0)
		cycles += check_rand() % (hz / 1000 * late_ms);
	return cycles;
}

/* What the host's clock does at reading @i. */
typedef void (*host_change)(struct host *h, u64 i);

static void run(u64 hz, u64 ticks_hz, host_change change, struct seen *s)
{
	struct host h;
	struct track t;
	u64 tsc, last = 0;

	*s = (struct seen){ 0 };
	host_begin(&h, hz, ticks_hz);
	begin(&h, &t, &tsc);
	for (u64 i = 0; i < READINGS; i++) {
		u64 next = tsc + cycles_to_next(hz);
		struct track_reading r;

		if (change)
			change(&h, i);
		r = host_read(&h, tsc);
		take(&t, &r, tsc + hz / LEAD_DIV, s);
		look(&h, &t, s, tsc, next, &last);
		tsc = next;
	}
	CHECK_EQ(s->back, 0);
	CHECK_EQ(s->gaps, 0);
}

static void print(const char *what, u64 hz, u64 ticks_hz, const struct seen *s)
{
	printf("%s, %.1f GHz, HZ %llu: ns p50 %.1f p99 %.1f p99.9 %.1f max %.1f, %llu lines\n",
	       what, (double)hz / 1e9, ticks_hz, quantile(s, 0.5),
	       quantile(s, 0.99), quantile(s, 0.999), quantile(s, 1), s->lines);
}

/* What chrony does to a host that it knows well. */
static void chrony(struct host *h, u64 i)
{
	if (i % 400 == 7)
		h->ppm = 3.1 + (double)(check_rand() % 1000) / 1000 - 0.5;
}

static void slew(struct host *h, u64 i)
{
	h->ppm = i > 1000 && i < 1200 ? 103.1 : 3.1;
	if (i > 3000 && i < 3200)
		h->ppm = -496.9;
}

static const u64 rates[] = { 600000000, 1000000000, 2095000000, 3000000000,
			     4700000000 };

static void steady(void)
{
	static const u64 ticks[] = { 100, 250, 1000 };
	static struct seen s;

	for (size_t i = 0; i < ARRAY_SIZE(rates); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(ticks); k++) {
			run(rates[i], ticks[k], NULL, &s);
			print("steady", rates[i], ticks[k], &s);
			CHECK(quantile(&s, 0.999) <= 3.0);
			CHECK(quantile(&s, 1) <= 5.0);
			CHECK_EQ(s.steps, 0);
			run(rates[i], ticks[k], chrony, &s);
			print("chrony", rates[i], ticks[k], &s);
			CHECK(quantile(&s, 0.99) <= 3.0);
			CHECK(quantile(&s, 1) <= 20.0);
			CHECK_EQ(s.steps, 0);
		}
	}
}

/* A line holds without readings, and where the rate changes later than it should. */
static void held_up(void)
{
	static struct seen s;

	for (size_t i = 0; i < ARRAY_SIZE(rates); i++) {
		late_ms = 160;
		run(rates[i], 250, NULL, &s);
		print("late readings", rates[i], 250, &s);
		CHECK(quantile(&s, 0.999) <= 3.0);
		CHECK(quantile(&s, 1) <= 20.0);
		late_ms = 0;
		most_ticks = 3;
		run(rates[i], 250, NULL, &s);
		print("ticks left out", rates[i], 250, &s);
		CHECK(quantile(&s, 0.999) <= 3.0);
		most_ticks = 1;
	}
}

static void slewed(void)
{
	static struct seen s;

	run(3000000000, 250, slew, &s);
	print("slews", 3000000000, 250, &s);
	/* 500 ppm for the 10 ms until it is seen, and while it is made good. */
	CHECK(quantile(&s, 1) <= 15000);
	CHECK(quantile(&s, 0.95) <= 3.0);
	CHECK_EQ(s.steps, 0);
}

/* Reads on for @n periods, and returns how far the clock is from the host's, ns. */
static s64 go_on(struct host *h, struct track *t, u64 *tsc, unsigned int n,
		 struct seen *s)
{
	u64 last = vmsync_clock_lines_ns(&t->lines, *tsc);
	struct track_reading r;

	while (n--) {
		r = host_read(h, *tsc);
		take(t, &r, *tsc + h->hz / LEAD_DIV, s);
		look(h, t, s, *tsc, *tsc + h->hz / 100, &last);
		*tsc += h->hz / 100;
	}
	r = host_read(h, *tsc);
	return (s64)(r.ns - vmsync_clock_lines_ns(&t->lines, *tsc));
}

/* The host's clock is set, and set back: ours goes on, and says so. */
static void host_is_set(void)
{
	static const s64 by_ns[] = { 300000000, -300000000, 20000, -20000,
				     3600000000000, -7200000000000 };
	static struct seen s;
	struct host h;
	struct track t;
	u64 tsc;
	s64 behind = 0;

	s = (struct seen){ 0 };
	host_begin(&h, 3000000000, 250);
	begin(&h, &t, &tsc);
	for (size_t i = 0; i < ARRAY_SIZE(by_ns); i++) {
		go_on(&h, &t, &tsc, 100, &s);
		CHECK_EQ(s.steps, i);
		h.ns += (__int128)by_ns[i] * (1 << HOST_SHIFT);
		behind += by_ns[i];
		CHECK(llabs(go_on(&h, &t, &tsc, 50, &s) - behind) <= 20);
		CHECK_EQ(s.steps, i + 1);
		CHECK(llabs(t.behind_ns - behind) <= 20);
	}
	CHECK_EQ(s.back, 0);
	CHECK_EQ(s.gaps, 0);
}

/* No reading came for long: the guest was stopped, or is on another host since. */
static void long_pause(void)
{
	static const u64 pauses_s[] = { 1, 10, 3600, 86400 };
	static struct seen s;
	struct host h;
	struct track t;
	u64 tsc;

	s = (struct seen){ 0 };
	host_begin(&h, 2095000000, 250);
	begin(&h, &t, &tsc);
	for (size_t i = 0; i < ARRAY_SIZE(pauses_s); i++) {
		go_on(&h, &t, &tsc, 100, &s);
		/* As if no tick of the host's had changed its rate meanwhile. */
		h.tsc += pauses_s[i] * h.hz;
		h.ns += (__int128)h.mult * (s64)(pauses_s[i] * h.hz);
		tsc += pauses_s[i] * h.hz;
		h.mult += 40;	/* 5 ppm */
		go_on(&h, &t, &tsc, 100, &s);
		h.owed = 0;
		CHECK(llabs(go_on(&h, &t, &tsc, 100, &s) - t.behind_ns) <= 5);
	}
	CHECK_EQ(s.back, 0);
	CHECK_EQ(s.gaps, 0);
}

/* A TSC that goes back, as a hypervisor can write it, changes no line. */
static void tsc_goes_back(void)
{
	static struct seen s;
	struct vmsync_clock_lines was;
	struct track_reading r;
	struct host h;
	struct track t;
	u64 tsc;

	host_begin(&h, 3000000000, 250);
	begin(&h, &t, &tsc);
	do {
		go_on(&h, &t, &tsc, 1, &s);
	} while (t.lines.now.start_tsc >= t.last_tsc - 1);
	was = t.lines;
	r = (struct track_reading){ t.last_tsc - 1, 1700000000000000000, 0 };
	CHECK_EQ(track_read(&t, &r, tsc + 1), TRACK_SAME);
	CHECK(!memcmp(&was, &t.lines, sizeof(was)));
}

/* A guest that was suspended: the TSC begins anew, and the host's clock went on. */
static void tsc_begins_anew(void)
{
	static struct seen s;
	struct track_reading r;
	struct host h;
	struct track t;
	u64 tsc, last;
	s64 by_ns = 3000000000;

	host_begin(&h, 2095000000, 250);
	begin(&h, &t, &tsc);
	for (int i = 0; i < 3; i++) {
		go_on(&h, &t, &tsc, 100, &s);
		last = vmsync_clock_lines_ns(&t.lines, tsc);
		h.ns += (__int128)by_ns << HOST_SHIFT;
		h.tsc = tsc = 1000 + (u64)i;
		r = host_read(&h, tsc);
		track_begin_anew(&t, &r, last);
		CHECK_EQ(t.behind_ns, 0);
		CHECK_EQ(vmsync_clock_lines_ns(&t.lines, tsc), r.ns);
		CHECK(r.ns > last);
		s = (struct seen){ 0 };
		CHECK(llabs(go_on(&h, &t, &tsc, 200, &s)) <= 5);
		CHECK_EQ(s.steps, 0);
		CHECK_EQ(s.back, 0);
		CHECK(quantile(&s, 1) <= 5.0);
	}
	/* It wakes where less time has gone by: the clock goes on from where it was. */
	last = vmsync_clock_lines_ns(&t.lines, tsc);
	h.ns -= (__int128)7000000000 << HOST_SHIFT;
	h.tsc = tsc = 5;
	r = host_read(&h, tsc);
	track_begin_anew(&t, &r, last);
	CHECK_EQ(vmsync_clock_lines_ns(&t.lines, tsc), last);
	CHECK_EQ(r.ns - last, t.behind_ns);
	CHECK(t.behind_ns < 0);
}

static void refused(void)
{
	static const struct { u64 ns, cycles; } wrong[] = {
		{ 0, 300000000 }, { 100000000, 0 }, { -100000000, 300000000 },
		{ 100000000, 9000000 }, { 100000000, 1100000000 },
		{ 3000000000, 9000000000 },
	};
	struct track t;

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		const struct track_reading a = { 1000, 5000, 0 };
		const struct track_reading b = { a.tsc + wrong[i].cycles,
						 a.ns + wrong[i].ns, 0 };

		CHECK_EQ(track_begin(&t, &a, &b, 0, 30000000), -EINVAL);
	}
}

int main(int argc, char **argv)
{
	check_init(argc, argv);
	for (int i = 0; i < 2; i++) {
		fractions = i;
		printf("readings %s\n", fractions ? "with fractions" : "of whole ns");
		steady();
		held_up();
		slewed();
	}
	host_is_set();
	long_pause();
	tsc_goes_back();
	tsc_begins_anew();
	refused();
	return check_done();
}
