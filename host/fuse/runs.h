/* SPDX-License-Identifier: MIT */
/*
 * The runs of all virtual CPUs: each entry into a guest and each exit. They are
 * met while the evidence is read, before anybody knows which thread is whose,
 * and are kept for the witness, each thread's by themselves: 4 bytes each, in
 * memory where they are few, else in a file without a name.
 */
#ifndef VMSYNC_FUSE_RUNS_H
#define VMSYNC_FUSE_RUNS_H

#include <stdbool.h>
#include <stdint.h>

#include "ctf/ctf.h"
#include "sync/array.h"
#include "sync/contain.h"

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
 * vmsync_runs_add() - one more, not earlier than those of its thread before it
 * Return: 0 or a negative errno: the file lies in $TMPDIR, or else in /var/tmp.
 */
int vmsync_runs_add(struct vmsync_runs *r, const struct vmsync_run_end *end,
		    struct ctf_error *e);

/**
 * struct vmsync_runs_thread - whose runs are kept apart
 * @tid:	host thread, 0: those of @vcpu_id whose thread is not known
 * @vcpu_id:	the last one that was named, -1: none
 */
struct vmsync_runs_thread {
	int32_t tid;
	int32_t vcpu_id;
};

/** vmsync_runs_threads() - how many there are */
uint32_t vmsync_runs_threads(const struct vmsync_runs *r);

/** vmsync_runs_thread() - one of them, from 0 */
struct vmsync_runs_thread vmsync_runs_thread(const struct vmsync_runs *r,
					     uint32_t thread);

struct vmsync_run_cursor;

/**
 * vmsync_run_cursor_new() - read the runs of one virtual CPU
 * @r:		to which nothing is added any more
 * @threads:	[@n] of its threads, as for vmsync_runs_thread(); mostly one
 *
 * Several cursors may be used in different threads. Return: to be freed with
 * vmsync_run_cursor_free(), or NULL if out of memory.
 */
struct vmsync_run_cursor *vmsync_run_cursor_new(const struct vmsync_runs *r,
						const uint32_t *threads,
						size_t n);

/** vmsync_run_cursor_free() - NULL is fine */
void vmsync_run_cursor_free(struct vmsync_run_cursor *c);

/**
 * vmsync_run_cursor_seek() - to the stretch that @ns lies in
 * @s:		filled in but for its lost; its begin is the last end at or before
 *		@ns
 * Fast where @ns is a little behind the last stretch. Return: 0 or an error.
 */
int vmsync_run_cursor_seek(struct vmsync_run_cursor *c, int64_t ns,
			   struct vmsync_stretch *s, struct ctf_error *e);

/**
 * vmsync_run_cursor_next() - to the stretch behind @s, which ends somewhere
 * Return: 0 or an error.
 */
int vmsync_run_cursor_next(struct vmsync_run_cursor *c,
			   struct vmsync_stretch *s, struct ctf_error *e);

#endif /* VMSYNC_FUSE_RUNS_H */
