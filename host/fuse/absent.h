/* SPDX-License-Identifier: MIT */
/*
 * CPUs of which nothing is recorded. A CPU that is up leaves a stream, even if
 * nothing happens on it; where its file is missing or empty, whatever happened on it
 * is not known. That there is such a CPU tells its number, if others have higher
 * ones; a stream of another kind; or the empty file's name. A CPU that was off all
 * the time has a number, too, and cannot be told from it.
 */
#ifndef VMSYNC_FUSE_ABSENT_H
#define VMSYNC_FUSE_ABSENT_H

#include "ctf/ctf.h"
#include "sync/base/array.h"

/* Numbers of CPUs. */
typedef VMSYNC_ARRAY(uint32_t) vmsync_cpus;

struct vmsync_cpus_seen;

/** vmsync_cpus_seen_new() - no stream so far; to be freed with free(), or NULL */
struct vmsync_cpus_seen *vmsync_cpus_seen_new(void);

/**
 * vmsync_cpus_seen_stream() - a stream of the machine, which has packets
 * @file:	the last one of it
 * @cpu:	UINT32_MAX: not known
 * @matters:	it may have the events that are asked for
 */
void vmsync_cpus_seen_stream(struct vmsync_cpus_seen *seen,
			     const struct ctf_stream *file, uint32_t cpu,
			     bool matters);

/**
 * vmsync_cpus_absent() - CPUs of which there is no stream that matters
 * @absent:	they are added, in order; none if no stream matters, or the CPU of
 *		one that does is not known
 * Return: 0 or -ENOMEM.
 */
int vmsync_cpus_absent(const struct vmsync_cpus_seen *seen, vmsync_cpus *absent);

/** vmsync_absent_note() - what it means that there are some, and what to do */
void vmsync_absent_note(const vmsync_cpus *absent, char *text, size_t size);

#endif /* VMSYNC_FUSE_ABSENT_H */
