/* SPDX-License-Identifier: MIT */
/*
 * The last entries and exits of each virtual CPU's thread, for the second look
 * (sync/second.h): a change of a clock's line is looked at soon after it is
 * confirmed, so the last ones will do. Also, which threads there are that entered a
 * guest.
 */
#ifndef VMSYNC_ONLINE_ENDS_H
#define VMSYNC_ONLINE_ENDS_H

#include "sync/base/array.h"
#include "sync/sync.h"

/* Of each thread so many are kept: 128 KiB. */
#define ONLINE_ENDS 8192

struct online_end;

/**
 * struct online_thread - that entered a guest
 * @vcpu_id:	KVM's number, -1: not known
 * @end:	[ONLINE_ENDS] a ring, owned
 * @n:		how many there were in all
 */
struct online_thread {
	int32_t tid;
	int32_t vcpu_id;
	struct online_end *end;
	uint64_t n;
};

/** struct online_ends - of a host; all 0 is empty */
struct online_ends {
	VMSYNC_ARRAY(struct online_thread) threads;
	size_t last; /* that was told of */
};

/** online_ends_free() - free what it owns */
void online_ends_free(struct online_ends *all);

/**
 * online_ends_add() - a thread enters or leaves the guest
 * @what:	enum vmsync_runs_end
 * Return: 0 or -ENOMEM.
 */
int online_ends_add(struct online_ends *all, int32_t tid, int32_t vcpu_id,
		    int64_t ns, unsigned int what);

/** online_ends_look() - all that is known by now for @guest; 0 or -ENOMEM */
int online_ends_look(struct online_ends *all, struct vmsync_guest *guest);

#endif /* VMSYNC_ONLINE_ENDS_H */
