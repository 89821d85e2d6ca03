/* SPDX-License-Identifier: MIT */
#ifndef VMSYNC_FUSE_LOSSES_H
#define VMSYNC_FUSE_LOSSES_H

#include <stdbool.h>

#include "ctf/ctf.h"
#include "sync/array.h"

/**
 * struct vmsync_loss - the tracer lost events here
 * @from_ns, @until_ns: raw clock values
 * @count:	events discarded plus packets missing
 */
struct vmsync_loss {
	int64_t from_ns;
	int64_t until_ns;
	uint64_t count;
};

/**
 * struct vmsync_losses - sorted by from_ns
 */
struct vmsync_losses {
	VMSYNC_ARRAY(struct vmsync_loss) loss;
};

/**
 * vmsync_losses_find() - add what the heads of a trace's packets tell
 * @l:		0 at first; may already hold another trace's losses
 * Return: 0 or a negative errno.
 */
int vmsync_losses_find(struct vmsync_losses *l, const struct ctf_trace *t,
		       struct ctf_error *e);

/** vmsync_losses_join() - make one of those that overlap; counts are added */
void vmsync_losses_join(struct vmsync_losses *l);

/**
 * vmsync_losses_in() - whether anything was lost from @from_ns to @until_ns
 * @l:		joined
 */
bool vmsync_losses_in(const struct vmsync_losses *l, int64_t from_ns,
		      int64_t until_ns);

/** vmsync_losses_free() - free what vmsync_losses_find() allocated */
void vmsync_losses_free(struct vmsync_losses *l);

#endif /* VMSYNC_FUSE_LOSSES_H */
