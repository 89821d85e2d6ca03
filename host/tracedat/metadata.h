/* SPDX-License-Identifier: MIT */
#ifndef VMSYNC_TRACEDAT_METADATA_H
#define VMSYNC_TRACEDAT_METADATA_H

#include <stdint.h>
#include <stdio.h>

#include "tracedat/options.h"

struct dat_layout;

/**
 * struct dat_metadata - what the metadata tell besides formats of events
 * @uuid:	of the trace, and of its clock: nothing tells of which boot it is
 * @hostname, @release: by uname(2), or ""
 * @clock:	ftrace's name of it
 * @trace_id:	number of the recording, 0: it has none
 * @options:	its factor is of a clock that counts cycles
 */
struct dat_metadata {
	uint8_t uuid[16];
	char hostname[65];
	char release[65];
	char clock[32];
	uint64_t trace_id;
	struct dat_options options;
};

/** dat_metadata_ns() - a stamp of the ring buffer as ns, rounded down */
static inline uint64_t dat_metadata_ns(const struct dat_metadata *m, uint64_t stamp)
{
	if (!m->options.mult)
		return stamp;
	return (uint64_t)((unsigned __int128)stamp * m->options.mult >>
			  m->options.shift);
}

/** dat_metadata_print() - all of it, up to the events */
void dat_metadata_print(const struct dat_metadata *m, FILE *f);

#endif /* VMSYNC_TRACEDAT_METADATA_H */
