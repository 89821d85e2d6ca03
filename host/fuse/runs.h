/* SPDX-License-Identifier: MIT */
/*
 * The runs of all virtual CPUs: each entry into a guest and each exit. They are
 * met while the evidence is read, before anybody knows which thread is whose,
 * and are kept for the witness, each thread's by themselves: 4 bytes each, in
 * memory where they are few, else in a file without a name.
 *
 * They are put into lanes, several at once: within a lane a thread's runs come
 * in the order of time. run_cursor.h reads them.
 */
#ifndef VMSYNC_FUSE_RUNS_H
#define VMSYNC_FUSE_RUNS_H

#include <stdbool.h>
#include <stdint.h>

#include "ctf/ctf.h"

struct vmsync_runs;
struct vmsync_runs_lane;

/** vmsync_runs_new() - none yet; NULL if out of memory */
struct vmsync_runs *vmsync_runs_new(void);

/** vmsync_runs_free() - NULL is fine; the lanes and the file go as well */
void vmsync_runs_free(struct vmsync_runs *r);

/**
 * vmsync_runs_lane() - one more lane, @r's; NULL if out of memory
 * @cpu:	the host's, that all of its runs are on
 */
struct vmsync_runs_lane *vmsync_runs_lane(struct vmsync_runs *r, uint32_t cpu);

/**
 * vmsync_runs_number() - the number of a thread in a lane
 * @tid:	0: it is not known, and runs are told apart by @vcpu_id
 * @vcpu_id:	what the events say for want of a name, -1: nothing
 * @number:	for vmsync_runs_put()
 * Return: 0 or -ENOMEM.
 */
int vmsync_runs_number(struct vmsync_runs_lane *l, int32_t tid, int32_t vcpu_id,
		       uint32_t *number);

/** vmsync_runs_name() - a thread's name tells which vCPU it is; 0 or -ENOMEM */
int vmsync_runs_name(struct vmsync_runs_lane *l, int32_t tid, int32_t vcpu_id);

/** enum vmsync_runs_end - bits that say what an end of a run is */
enum vmsync_runs_end {
	VMSYNC_RUNS_EXIT = 0,
	VMSYNC_RUNS_ENTRY = 1,
	VMSYNC_RUNS_OPEN = 2, /* an exit where the guest took interrupts */
	VMSYNC_RUNS_STAYED = 3, /* an entry of a thread that has not left the CPU since
				   its last end in the lane */
};

/**
 * vmsync_runs_put() - one more end of a run
 * @number:	vmsync_runs_number()'s
 * @ns:		host's raw clock value, not before the thread's last one in @l
 * @what:	enum vmsync_runs_end
 * Return: 0 or a negative errno: the file lies in $TMPDIR, or else in /var/tmp.
 */
int vmsync_runs_put(struct vmsync_runs_lane *l, uint32_t number, int64_t ns,
		    unsigned int what, struct ctf_error *e);

/** vmsync_runs_untold() - threads have left the CPU unseen: none of @l has STAYED */
void vmsync_runs_untold(struct vmsync_runs_lane *l);

/**
 * struct vmsync_runs_part - the runs of a thread in a lane
 * @tid:	host thread, 0: those of @vcpu_id whose thread is not known
 * @vcpu_id:	KVM's number of the virtual CPU, -1: not known
 * @ran:	it has runs; else only its name was seen
 */
struct vmsync_runs_part {
	int32_t tid;
	int32_t vcpu_id;
	bool ran;
};

/**
 * vmsync_runs_settle() - everything is there, in all lanes
 * Return: 0 or -ENOMEM. May be called again.
 */
int vmsync_runs_settle(struct vmsync_runs *r);

/** vmsync_runs_parts() - how many there are; settled */
uint32_t vmsync_runs_parts(const struct vmsync_runs *r);

/** vmsync_runs_part() - one of them, from 0; settled */
struct vmsync_runs_part vmsync_runs_part(const struct vmsync_runs *r,
					 uint32_t part);

#endif /* VMSYNC_FUSE_RUNS_H */
