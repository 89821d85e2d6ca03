/* SPDX-License-Identifier: MIT */
/*
 * The clocks, as types: a host time cannot be handed to who wants a guest's.
 *
 * All are integers. A time is CLOCK_MONOTONIC of the kernel that is meant, in
 * ns, 0 .. 2^63 - 1; a TSC is 64 bits modulo 2^64.
 */
#ifndef VMSYNC_BASE_CLOCK_H
#define VMSYNC_BASE_CLOCK_H

#include <stdint.h>

/** typedef host_time - the host's CLOCK_MONOTONIC, ns */
typedef struct {
	int64_t ns;
} host_time;

/** typedef guest_time - one guest's CLOCK_MONOTONIC, ns */
typedef struct {
	int64_t ns;
} guest_time;

/** typedef duration - host time minus host time, ns; may be negative */
typedef struct {
	int64_t ns;
} duration;

/** typedef host_tsc - the host's time stamp counter, cycles */
typedef struct {
	uint64_t cycles;
} host_tsc;

/** typedef guest_tsc - a virtual CPU's time stamp counter, cycles */
typedef struct {
	uint64_t cycles;
} guest_tsc;

#endif /* VMSYNC_BASE_CLOCK_H */
