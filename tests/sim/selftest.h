/* SPDX-License-Identifier: MIT */
/*
 * Does the simulated clock do what a kernel's clock does?
 */
#ifndef VMSYNC_SIM_SELFTEST_H
#define VMSYNC_SIM_SELFTEST_H

/** sim_selftest - print one line a check; returns how many failed */
int sim_selftest(void);

#endif /* VMSYNC_SIM_SELFTEST_H */
