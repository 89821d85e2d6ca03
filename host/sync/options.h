/* SPDX-License-Identifier: MIT */
/*
 * What a session is asked for, which its methods are told of.
 */
#ifndef VMSYNC_SYNC_OPTIONS_H
#define VMSYNC_SYNC_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct vmsync_sync_options - all 0 is the default
 * @methods:	bits (1 << VMSYNC_METHOD_*) that may be used; 0: all
 * @wide:	delays and jitter of all guests' beacons are those of a port, not of a
 *		hypercall: beacon segments are named VMSYNC_METHOD_PORT
 * @machines:	two machines, no host and its guest, whose beacons are messages
 *		that were not sent for that: each has an oscillator of its own, either
 *		may be the reference, and nothing is known of how long they take
 */
struct vmsync_sync_options {
	uint32_t methods;
	bool wide;
	bool machines;
};

#endif /* VMSYNC_SYNC_OPTIONS_H */
