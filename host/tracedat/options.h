/* SPDX-License-Identifier: MIT */
/*
 * Options of a trace.dat that libtracecmd uses and does not hand out: how cycles are
 * made ns, and what trace-cmd took the difference between two machines' clocks for.
 */
#ifndef VMSYNC_TRACEDAT_OPTIONS_H
#define VMSYNC_TRACEDAT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct dat_sample - what trace-cmd found once, in the units of the ring buffer
 * @time:	by the clock of the machine that recorded the file
 * @offset:	host's clock minus that
 * @scaling:	ratio of the two, 1: none; with @fraction bits behind the point
 */
struct dat_sample {
	int64_t time;
	int64_t offset;
	uint64_t scaling;
	uint32_t fraction;
};

/** struct dat_samples - of one virtual CPU, as they are stored */
struct dat_samples {
	struct dat_sample *at;
	size_t n;
};

/**
 * struct dat_options - what was found
 * @mult, @shift: ns = cycles * mult >> shift; mult 0: not stored
 * @has_samples: a TIME_SHIFT is there, and can be understood
 * @bad_samples: one is there that cannot
 * @host_id:	number of the recording that is of the host, to whose clock they lead
 * @interpolate: from each sample to the next the offset changes as a line does
 * @cpus:	[@n_cpus], owned
 */
struct dat_options {
	uint32_t mult;
	uint32_t shift;
	bool has_samples;
	bool bad_samples;
	uint64_t host_id;
	bool interpolate;
	struct dat_samples *cpus;
	size_t n_cpus;
};

/**
 * dat_options_find() - look for them in a whole file
 * @file:	[@size] any bytes
 * @o:		to be freed with dat_options_free() in any case; zeroed where there
 *		are none, or the options are compressed, as trace-cmd does not do it
 * Return: 0 or -ENOMEM.
 */
int dat_options_find(const uint8_t *file, size_t size, struct dat_options *o);

/** dat_options_free() - free what dat_options_find() made */
void dat_options_free(struct dat_options *o);

#endif /* VMSYNC_TRACEDAT_OPTIONS_H */
