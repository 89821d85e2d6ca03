/* SPDX-License-Identifier: MIT */
/*
 * A kernel over time: when its timekeeper ran, and what readers had when.
 *
 * The simulation's own time is the host's TSC, the one oscillator of the
 * machine, in cycles. A kernel is run once from start to end; after that every
 * reading of its clock is a look-up.
 */
#ifndef VMSYNC_SIM_KERNEL_H
#define VMSYNC_SIM_KERNEL_H

#include <stddef.h>

#include "rng.h"
#include "steer.h"
#include "timekeeper.h"

/**
 * struct sim_change - one change of a kernel's line
 * @tick:	host TSC at which the update read the counter: there the new
 *		and the old line cross
 * @since:	host TSC of line.since_tsc: from there on events name the line
 * @at:		host TSC from which on readers get the new line
 * @confirm:	host TSC at which the knot's event is written
 * @line:	complete; since_tsc is the recording side's TSC in [tick, at]
 * @confirm_tsc: @confirm by the recording side's TSC
 * @why:	VMSYNC_KNOT_*
 */
struct sim_change {
	uint64_t tick;
	uint64_t since;
	uint64_t at;
	uint64_t confirm;
	uint64_t confirm_tsc;
	uint32_t why;
	struct vmsync_line line;
};

/** struct sim_tick - an update that kept the line but moved the anchor */
struct sim_tick {
	uint64_t at;
	uint64_t cycle_last;
};

/**
 * struct sim_reader - how the kernel's update reads its counters
 * @counter:	reading of the clocksource at host TSC @h
 * @tsc:	the recording side's TSC at host TSC @h
 * @wake:	first host TSC >= @h at which the CPU with the tick can run
 */
struct sim_reader {
	uint64_t (*counter)(const void *ctx, uint64_t h);
	uint64_t (*tsc)(const void *ctx, uint64_t h);
	uint64_t (*wake)(const void *ctx, uint64_t h);
	const void *ctx;
};

/**
 * struct sim_kernel_plan - how a kernel behaves
 * @idle:	share of ticks at which the CPU goes idle
 * @idle_ticks:	mean length of an idle stretch, ticks
 * @jitter_ns:	mean delay of the tick's interrupt
 * @callback_ns: counter read to callback, least; up to twice that
 * @switch_ns:	callback to readers seeing the line, least; up to twice that
 * @stall:	chance of being preempted between callback and switch
 * @stall_before: the same between the counter's reading and the callback
 * @stall_after: the same between switch and confirmation
 * @stall_ns:	mean length of such a stall
 * @hpet_at, @back_at: host TSC at which the clocksource changes to hpet and
 *		back, 0: never
 */
struct sim_kernel_plan {
	double idle;
	double idle_ticks;
	double jitter_ns;
	double callback_ns;
	double switch_ns;
	double stall;
	double stall_before;
	double stall_after;
	double stall_ns;
	uint64_t hpet_at;
	uint64_t back_at;
};

struct sim_kernel {
	struct sim_kernel_plan plan;
	struct sim_reader reader;
	struct sim_steer steer;
	struct sim_rng rng;
	struct sim_clocksource own;
	struct sim_timekeeper tk;
	double cycles_per_ns;
	struct sim_change *changes;
	size_t count;
	size_t capacity;
	struct sim_tick *ticks;
	size_t tick_count;
	size_t tick_capacity;
	bool keep_ticks;
};

/**
 * sim_kernel_start - a kernel whose clocksource has just been taken
 * @k:		zeroed, with plan, reader, steer, rng and cycles_per_ns set
 * @h:		host TSC
 * @mono_ns:	CLOCK_MONOTONIC then
 */
void sim_kernel_start(struct sim_kernel *k, const struct sim_clocksource *cs,
		      uint64_t h, int64_t mono_ns);

/** sim_kernel_run - all updates from the start to host TSC @until */
void sim_kernel_run(struct sim_kernel *k, uint64_t h, uint64_t until);

/** sim_kernel_free - free what sim_kernel_run() kept */
void sim_kernel_free(struct sim_kernel *k);

/**
 * sim_kernel_at - the change whose line readers have at host TSC @h
 * @hint: where the last look-up ended, so that a walk costs nothing; starts
 *	  at 0
 */
const struct sim_change *sim_kernel_at(const struct sim_kernel *k, uint64_t h,
				       size_t *hint);

/**
 * sim_kernel_updates - a change is being made at host TSC @h, interrupts are off
 * @hint: as above
 */
bool sim_kernel_updates(const struct sim_kernel *k, uint64_t h, size_t *hint);

/** sim_kernel_add - one change more, for the caller to fill in */
struct sim_change *sim_kernel_add(struct sim_kernel *k);

/**
 * sim_kernel_mono - the clock read at host TSC @h, ns; @c: the counter
 * then (not used while the kernel is on another clocksource than its first)
 */
int64_t sim_kernel_mono(const struct sim_kernel *k, uint64_t h, uint64_t c,
			size_t *hint);

#endif /* VMSYNC_SIM_KERNEL_H */
