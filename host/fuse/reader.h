/* SPDX-License-Identifier: MIT */
/*
 * The reader: all traces of one machine in, its evidence out, in time order.
 */
#ifndef VMSYNC_FUSE_READER_H
#define VMSYNC_FUSE_READER_H

#include "ctf/ctf.h"
#include "fuse/machine.h"
#include "fuse/records.h"
#include "fuse/runs.h"
#include "sync/base/evidence.h"

struct vmsync_reader;

/**
 * struct vmsync_reader_options - all 0 is the default
 * @what:	see records.h
 * @beacons:	bits VMSYNC_BEACONS_*: which are read; 0: all
 * @runs:	where a host's entries and exits are put besides, or NULL
 * @pool:	threads that decode ahead, must outlive the reader; NULL: none
 */
struct vmsync_reader_options {
	enum vmsync_wanted what;
	unsigned int beacons;
	struct vmsync_runs *runs;
	struct ctf_pool *pool;
};

/**
 * vmsync_reader_new() - read the evidence of a machine's traces
 * @m:		must outlive the reader
 * @options:	copied
 * @e:		why it failed
 *
 * Return: the reader, to be freed with vmsync_reader_free(), or NULL.
 */
struct vmsync_reader *
vmsync_reader_new(const struct vmsync_machine *m,
		  const struct vmsync_reader_options *options,
		  struct ctf_error *e);

/** vmsync_reader_free() - NULL is fine */
void vmsync_reader_free(struct vmsync_reader *r);

/**
 * vmsync_reader_next() - the next record
 * Return: 1 with @ev filled in, 0 at the end, or a negative errno.
 */
int vmsync_reader_next(struct vmsync_reader *r, struct vmsync_evidence *ev,
		       struct ctf_error *e);

/**
 * vmsync_reader_passed() - what was read, after the last record
 * @by_trace:	what of each of the machine's traces comes to these
 * Return: 0 or -ENOMEM.
 */
int vmsync_reader_passed(const struct vmsync_reader *r,
			 struct ctf_passed *by_trace);

/* The map of a machine that is on the clock in question already. */
extern const struct ctf_map vmsync_raw_map;

#endif /* VMSYNC_FUSE_READER_H */
