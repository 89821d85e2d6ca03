/* SPDX-License-Identifier: MIT */
/*
 * Traces that vmsync fuse has written earlier. Their guests are on the host's
 * clock already, and a map that is applied to them again makes them wrong.
 *
 * Each guest's trace that fuse writes says so in its environment. What older
 * versions wrote is known by the maps beside it, or by its beacons, which tell
 * what their kernel's clock read.
 */
#ifndef VMSYNC_FUSE_EARLIER_H
#define VMSYNC_FUSE_EARLIER_H

#include "ctf/ctf.h"

/* The entry of the environment; its value is the uuid of the host's clock. */
#define VMSYNC_EARLIER_KEY "vmsync_host_clock"

/**
 * vmsync_earlier_find() - which traces are of an experiment that was written?
 * @traces:	[@n]
 * @is:		[@n] the answers
 * Return: 0 or a negative errno.
 */
int vmsync_earlier_find(struct ctf_trace *const *traces, size_t n, bool *is,
			struct ctf_error *e);

/**
 * vmsync_earlier_refuse() - an error where that is all there is of a machine
 * @trace:	one of those
 *
 * Return: 0 where one of @traces that is none of them has the same clock; @trace
 * is not needed then. Else a negative errno.
 */
int vmsync_earlier_refuse(const struct ctf_trace *trace,
			  struct ctf_trace *const *traces, size_t n,
			  const bool *is, struct ctf_error *e);

#endif /* VMSYNC_FUSE_EARLIER_H */
