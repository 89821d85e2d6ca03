// SPDX-License-Identifier: MIT
#include "sync/pushed.h"

void vmsync_pushed_lost(struct vmsync_pushed *side, int64_t from_ns,
		      int64_t until_ns)
{
	if (side->unsure_ns > from_ns)
		side->unsure_ns = from_ns;
	if (until_ns > side->lost_until_ns)
		side->lost_until_ns = until_ns;
}

void vmsync_pushed_line(struct vmsync_pushed *side, int64_t stamp_ns)
{
	if (stamp_ns >= side->lost_until_ns)
		side->unsure_ns = INT64_MAX;
	else if (stamp_ns > side->unsure_ns)
		side->unsure_ns = stamp_ns;
}

int64_t vmsync_pushed_complete_ns(const struct vmsync_pushed *side)
{
	return side->unsure_ns < side->last_ns ? side->unsure_ns :
						 side->last_ns;
}

void vmsync_pushed_seen(struct vmsync_pushed *side, int64_t stamp_ns)
{
	if (!side->any)
		side->first_ns = side->last_ns = stamp_ns;
	side->any = true;
	if (stamp_ns > side->last_ns)
		side->last_ns = stamp_ns;
}
