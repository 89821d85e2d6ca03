/* SPDX-License-Identifier: MIT */
#ifndef VMSYNC_PORT_NOW_H
#define VMSYNC_PORT_NOW_H

#include <stdint.h>
#include <time.h>

/** vmsync_port_now() - CLOCK_MONOTONIC, ns: what LTTng stamps its events with */
static inline uint64_t vmsync_port_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

#endif /* VMSYNC_PORT_NOW_H */
