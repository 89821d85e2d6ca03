/* SPDX-License-Identifier: MIT */
/*
 * A scenario: "key = value" lines that say what happens and what must hold.
 *
 * Lines beginning with # and empty lines are ignored. Every key has a default,
 * so a file says only what is special. All keys are in scenario.c's table.
 */
#ifndef VMSYNC_SIM_SCENARIO_H
#define VMSYNC_SIM_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>

#define SIM_MAX_OPS 8

/** struct sim_op - something that happens at @at_s after the start */
struct sim_op {
	double at_s;
	double value;
	double extra;
};

/** struct sim_ops - a list "at:value[:extra], ..." */
struct sim_ops {
	struct sim_op op[SIM_MAX_OPS];
	size_t count;
};

/** struct sim_clock_keys - the keys host.* and guest.* have in common */
struct sim_clock_keys {
	char steer[16];
	double ppm;
	double interval_s;
	double noise_ns;
	double idle;
	double idle_ticks;
	double stall;
	double stall_before;
	double stall_after;
	double stall_ns;
	double hpet_at_s;
	double back_at_s;
};

/** struct sim_delay - one way of a message */
struct sim_delay {
	double least_ns;
	double exp_ns;
	double tail;
	double tail_ns;
	double rare;
	double rare_ns;
};

/** struct sim_limits - what must hold; < 0 or 0: not asked */
struct sim_limits {
	double max_ns;
	double p99_ns;
	double bound_p50_ns;
	double bound_max_ns;
	double ratio;
	double slacks;
	double share;
	bool bound;
	bool clean;
	bool flagged;
	bool others_same;
	bool split;
	bool settled;
	bool order_same;
	bool contained;
	double caught_ns;
};

struct sim_scenario {
	char name[64];
	char title[128];
	double seconds;
	double late_s;
	double host_late_s;
	int guests;
	int events;
	char method[16];
	int settle;

	double khz;
	double quartz_ppm;
	struct sim_clock_keys host;
	struct sim_clock_keys guest;

	char clock[16];
	int vcpus;
	double ratio_lo;
	double ratio_hi;
	int frac_bits;
	double spread;
	bool swap;
	double boot_s;
	bool master;
	double reanchor_hz;
	double tsc_left_s;
	struct sim_ops rebase;
	struct sim_ops stop;
	struct sim_ops tsc_write;
	struct sim_ops move;
	struct sim_ops reset; /* of the first VM; value: s until its next kernel
				 records, which is the next guest */
	struct sim_ops burst;

	double beacon_hz;
	char fields[16];
	bool wide;
	struct sim_delay gh;
	struct sim_delay hg;
	struct sim_ops delay_step;
	double preempt;
	double preempt_ns;
	double loss;
	double reorder;
	bool knots;
	double knot_loss;
	bool host_tsc;

	double exits_hz;
	double idle_exit;
	double entry_slack_ns;
	double exit_slack_ns;
	double slack_exp_ns;
	double guest_events;

	char lie[16];
	double lie_at_s;
	double lie_size;
	double lie_share;
	double sabotage;

	struct sim_limits limit;
};

/** sim_scenario_presets - every key at its default */
void sim_scenario_presets(struct sim_scenario *sc);

/**
 * sim_scenario_load - read @path
 * @error:	one line with file and line number, on failure
 * Returns 0 or -EINVAL, -EIO.
 */
int sim_scenario_load(struct sim_scenario *sc, const char *path, char *error,
		      size_t error_size);

/** sim_scenario_keys - print every key with its default */
void sim_scenario_keys(void);

#endif /* VMSYNC_SIM_SCENARIO_H */
