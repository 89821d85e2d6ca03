// SPDX-License-Identifier: MIT
#include "sync/base/timeline.h"

#include <errno.h>
#include <string.h>

int vmsync_timeline_init(struct vmsync_timeline *tl)
{
	struct vmsync_step *s;

	memset(tl, 0, sizeof(*tl));
	s = vmsync_array_add(&tl->steps);
	if (!s)
		return -ENOMEM;
	*s = (struct vmsync_step){ VMSYNC_AXIS_MIN, VMSYNC_AXIS_MIN, NULL,
				   false, false };
	return 0;
}

void vmsync_timeline_free(struct vmsync_timeline *tl)
{
	vmsync_array_free(&tl->steps);
}

int vmsync_timeline_add(struct vmsync_timeline *tl, int64_t from, int64_t sure,
			const void *param, bool jump)
{
	struct vmsync_step *s = vmsync_array_last(&tl->steps);

	if (from < s->from)
		from = s->from;
	if (sure < from)
		sure = from;
	/* Of two at the same instant the later one counts. */
	if (from > s->from || sure > s->sure) {
		s = vmsync_array_add(&tl->steps);
		if (!s)
			return -ENOMEM;
	}
	*s = (struct vmsync_step){ from, sure, param, jump, false };
	return 0;
}

int vmsync_timeline_add_line(struct vmsync_timeline *tl, int64_t from,
			     int64_t sure, const void *line, bool told)
{
	int err = vmsync_timeline_add(tl, from, sure, line, false);

	if (!err)
		vmsync_array_last(&tl->steps)->told = told;
	return err;
}

const struct vmsync_step *vmsync_timeline_at(const struct vmsync_timeline *tl,
					     int64_t at)
{
	size_t lo = 0, hi = tl->steps.count;

	while (hi - lo > 1) {
		size_t mid = lo + (hi - lo) / 2;

		if (tl->steps.at[mid].from <= at)
			lo = mid;
		else
			hi = mid;
	}
	return &tl->steps.at[lo];
}
