// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is a change of the clock and what only another anchor of the same line,
 * and that an update at which nothing changed is cheap.
 */
#include "kernel.h"
#include "../../kmod/line.c"
#include "check.h"

#define MULT 8000000u
#define SHIFT 24
#define INTERVAL 4000000

static unsigned int knots;
static u32 last_why;
static u32 last_kind;

void vmsync_knot_announce(void)
{
}

void vmsync_knot_push(const struct vmsync_line *line,
		      const struct vmsync_line *prev, u32 why)
{
	knots++;
	last_why = why;
	last_kind = line->clocksource;
	CHECK_EQ(line->seq, prev->seq + 1);
}

static void updated(struct timekeeper *tk)
{
	kernel_timekeeper->notifier_call(kernel_timekeeper, 0, tk);
}

/* Moves the anchor by @count counts along the line. */
static void move(struct tk_read_base *t, u64 count)
{
	unsigned __int128 ns = (unsigned __int128)count * t->mult + t->xtime_nsec;

	t->cycle_last += count;
	t->base += (s64)(ns >> t->shift);
	t->xtime_nsec = (u64)ns & ((1ull << t->shift) - 1);
}

static void start(struct timekeeper *tk, struct clocksource *clock)
{
	*tk = (struct timekeeper){
		.tkr_mono = { .clock = clock, .mask = ~0ull, .mult = MULT,
			      .shift = SHIFT, .cycle_last = 1ull << 60,
			      .base = 1000000000 },
		.cycle_interval = INTERVAL,
	};
	CHECK_EQ(vmsync_line_init(), 0);
	updated(tk);
	CHECK_EQ(last_why, VMSYNC_KNOT_FIRST);
}

/* Long and short ways along the line, also over the 2^32nd and 2^63rd count. */
static void same_line(struct timekeeper *tk)
{
	unsigned int before = knots;

	for (int i = 0; i < 10000; i++) {
		move(&tk->tkr_mono, check_bits(40));
		updated(tk);
	}
	CHECK_EQ(knots, before);
}

/* The slope changes at a count that the timekeeper has just read: it meets. */
static void slope(struct timekeeper *tk, s64 by, u64 after)
{
	struct tk_read_base *t = &tk->tkr_mono;

	move(t, INTERVAL);
	t->xtime_nsec -= (u64)(by * (s64)after);
	t->mult = (u32)(t->mult + by);
	if ((s64)t->xtime_nsec < 0) {
		t->xtime_nsec += 1ull << t->shift;
		t->base--;
	}
	updated(tk);
}

static void changes(struct timekeeper *tk)
{
	struct tk_read_base *t = &tk->tkr_mono;
	unsigned int before;

	for (int i = 0; i < 1000; i++) {
		s64 by = (s64)check_range(1, 1000) * (check_rand() & 1 ? 1 : -1);

		before = knots;
		slope(tk, by, check_range(0, 1) ? 0 : check_range(0, 4000));
		CHECK_EQ(knots, before + 1);
		CHECK_EQ(last_why, VMSYNC_KNOT_SLOPE);
	}
	/* 1 of the smallest fraction is a step, and so is what does not meet. */
	before = knots;
	t->xtime_nsec++;
	updated(tk);
	CHECK_EQ(knots, before + 1);
	CHECK_EQ(last_why, VMSYNC_KNOT_STEP);
	t->base -= 1000;
	t->mult++;
	updated(tk);
	CHECK_EQ(last_why, VMSYNC_KNOT_STEP);
	/* Another shift, the same slope: the same line. */
	before = knots;
	t->mult *= 2;
	t->shift++;
	t->xtime_nsec *= 2;
	updated(tk);
	CHECK_EQ(knots, before);
}

/* A name is looked at when the clocksource comes, and then never again. */
static void names(struct timekeeper *tk)
{
	static struct clocksource kvm = { "kvm-clock" };

	tk->tkr_mono.clock = &kvm;
	updated(tk);
	CHECK_EQ(last_why, VMSYNC_KNOT_CLOCKSOURCE);
	CHECK_EQ(last_kind, VMSYNC_CLOCKSOURCE_KVMCLOCK);
	kvm.name = "hpet";
	tk->tkr_mono.mult++;
	updated(tk);
	CHECK_EQ(last_kind, VMSYNC_CLOCKSOURCE_KVMCLOCK);
}

int main(int argc, char **argv)
{
	struct clocksource tsc = { "tsc" };
	struct timekeeper tk;
	struct vmsync_line line;

	check_init(argc, argv);
	start(&tk, &tsc);
	same_line(&tk);
	changes(&tk);
	names(&tk);
	vmsync_line_get(&line);
	CHECK_EQ(line.mult, tk.tkr_mono.mult);
	vmsync_line_exit();
	return check_done();
}
