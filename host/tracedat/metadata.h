/* SPDX-License-Identifier: MIT */
#ifndef VMSYNC_TRACEDAT_METADATA_H
#define VMSYNC_TRACEDAT_METADATA_H

#include <stdint.h>
#include <stdio.h>

struct dat_layout;

/**
 * struct dat_metadata - what the metadata tell besides formats of events
 * @uuid:	of the trace, and of its clock: nothing tells of which boot it is
 * @hostname, @release: by uname(2), or ""
 * @clock:	ftrace's name of it
 */
struct dat_metadata {
	uint8_t uuid[16];
	char hostname[65];
	char release[65];
	char clock[32];
};

/** dat_metadata_print() - all of it, up to the events */
void dat_metadata_print(const struct dat_metadata *m, FILE *f);

#endif /* VMSYNC_TRACEDAT_METADATA_H */
