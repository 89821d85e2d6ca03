// SPDX-License-Identifier: MIT
#include "daemon/limit.h"

uint64_t vmsync_limit_from(const struct vmsync_limit *l, uint64_t now_ns)
{
	uint64_t full = l->step_ns * l->burst;

	if (l->due_ns < now_ns + full)
		return now_ns;
	return l->due_ns - full + 1;
}

void vmsync_limit_spend(struct vmsync_limit *l, uint64_t now_ns, uint64_t n)
{
	if (l->due_ns < now_ns)
		l->due_ns = now_ns;
	l->due_ns += n * l->step_ns;
}

bool vmsync_limit_take(struct vmsync_limit *l, uint64_t now_ns)
{
	if (vmsync_limit_from(l, now_ns) > now_ns)
		return false;
	vmsync_limit_spend(l, now_ns, 1);
	return true;
}
