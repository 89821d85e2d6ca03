// SPDX-License-Identifier: MIT
#include "daemon/limit.h"

uint64_t vmsyncd_limit_from(const struct vmsyncd_limit *l, uint64_t now_ns)
{
	uint64_t full = l->step_ns * l->burst;

	if (l->due_ns < now_ns + full)
		return now_ns;
	return l->due_ns - full + 1;
}

void vmsyncd_limit_spend(struct vmsyncd_limit *l, uint64_t now_ns, uint64_t n)
{
	if (l->due_ns < now_ns)
		l->due_ns = now_ns;
	l->due_ns += n * l->step_ns;
}

bool vmsyncd_limit_take(struct vmsyncd_limit *l, uint64_t now_ns)
{
	if (vmsyncd_limit_from(l, now_ns) > now_ns)
		return false;
	vmsyncd_limit_spend(l, now_ns, 1);
	return true;
}
