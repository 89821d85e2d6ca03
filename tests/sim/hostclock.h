/* SPDX-License-Identifier: MIT */
/*
 * A guest whose stamps are vmsync-clock.ko's, which follows the host's clock.
 *
 * Its kernel's changes are then the lines that the module made: each from when it was
 * published on, and in force from a TSC on that is still to come.
 */
#ifndef VMSYNC_SIM_HOSTCLOCK_H
#define VMSYNC_SIM_HOSTCLOCK_H

#include "world.h"

/** sim_hostclock_run - run the module in @g between host TSCs @from and @until */
void sim_hostclock_run(const struct sim_world *w, struct sim_guest *g,
		       uint64_t from, uint64_t until);

/** sim_hostclock_mono - the clock read at host TSC @h, where guest TSC is @tsc */
int64_t sim_hostclock_mono(const struct sim_kernel *k, uint64_t h, uint64_t tsc,
			   size_t *hint);

#endif /* VMSYNC_SIM_HOSTCLOCK_H */
