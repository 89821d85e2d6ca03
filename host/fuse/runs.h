/* SPDX-License-Identifier: MIT */
/*
 * The runs of all virtual CPUs: each entry into a guest and each exit, in the
 * order of host time. They are met while the evidence is read, before anybody
 * knows which thread is whose, and are kept for the witness: 8 bytes each, in
 * memory where they are few, else in a file without a name.
 */
#ifndef VMSYNC_FUSE_RUNS_H
#define VMSYNC_FUSE_RUNS_H

#include <stdbool.h>
#include <stdint.h>

#include "ctf/ctf.h"

struct vmsync_runs;

/**
 * struct vmsync_run_end - one end of a run
 * @ns:		host's raw clock value
 * @tid:	host thread, 0: not known
 * @vcpu_id:	KVM's number of the virtual CPU, -1: not known
 * @entry:	into the guest, or else out of it
 */
struct vmsync_run_end {
	int64_t ns;
	int32_t tid;
	int32_t vcpu_id;
	bool entry;
};

/** vmsync_runs_new() - none yet; NULL if out of memory */
struct vmsync_runs *vmsync_runs_new(void);

/** vmsync_runs_free() - NULL is fine; the file goes as well */
void vmsync_runs_free(struct vmsync_runs *r);

/**
 * vmsync_runs_add() - one more, not earlier than those before it
 * Return: 0 or a negative errno: the file lies in $TMPDIR, or else in /var/tmp.
 */
int vmsync_runs_add(struct vmsync_runs *r, const struct vmsync_run_end *end,
		    struct ctf_error *e);

/** vmsync_runs_rewind() - all are added; from the first one on */
int vmsync_runs_rewind(struct vmsync_runs *r, struct ctf_error *e);

/** vmsync_runs_next() - 1 with @end filled in, 0 behind the last, or an error */
int vmsync_runs_next(struct vmsync_runs *r, struct vmsync_run_end *end,
		     struct ctf_error *e);

#endif /* VMSYNC_FUSE_RUNS_H */
