// SPDX-License-Identifier: MIT
#include "sync/witness/contain.h"

#include <string.h>

void vmsync_contain_init(struct vmsync_contain_result *r)
{
	memset(r, 0, sizeof(*r));
	r->entry_slack_ns = r->exit_slack_ns = INT64_MAX;
}

static void least(int64_t *slack, int64_t ns)
{
	if (ns < *slack)
		*slack = ns;
}

void vmsync_contain_add(struct vmsync_contain_result *r,
			const struct vmsync_contain_result *more)
{
	r->inside += more->inside;
	r->outside += more->outside;
	r->undecidable += more->undecidable;
	r->beyond += more->beyond;
	r->moved += more->moved;
	r->edge += more->edge;
	if (more->worst_ns > r->worst_ns)
		r->worst_ns = more->worst_ns;
	least(&r->entry_slack_ns, more->entry_slack_ns);
	least(&r->exit_slack_ns, more->exit_slack_ns);
}

static bool is_run(const struct vmsync_interval *s)
{
	return s->from == VMSYNC_END_ENTRY && s->until != VMSYNC_END_NONE;
}

bool vmsync_interval_is_run(const struct vmsync_interval *s)
{
	return is_run(s) && s->from_cpu == s->until_cpu;
}

size_t vmsync_interval_events(const struct vmsync_interval *s,
			     const uint64_t *time, size_t n)
{
	bool closed = s->from == VMSYNC_END_ENTRY && s->until == VMSYNC_END_EXIT;
	int64_t end = closed ? s->until_ns : s->until_ns - 1;
	size_t i = 0;

	if (s->until == VMSYNC_END_NONE)
		return n;
	while (i < n && (int64_t)time[i] <= end)
		i++;
	return i;
}

bool vmsync_interval_is_gap(const struct vmsync_interval *s)
{
	return s->from == VMSYNC_END_EXIT && !s->lost;
}

void vmsync_contain_events(struct vmsync_contain_result *r,
			   const struct vmsync_interval *s, const uint64_t *time,
			   size_t n)
{
	if (s->lost || !is_run(s)) {
		r->undecidable += n;
		return;
	}
	r->inside += n;
	least(&r->entry_slack_ns, (int64_t)time[0] - s->from_ns);
	/* Two entries: the exit between them was not recorded. */
	if (s->until == VMSYNC_END_EXIT)
		least(&r->exit_slack_ns, s->until_ns - (int64_t)time[n - 1]);
}

bool vmsync_contain_is_outside(const struct vmsync_interval *s, int64_t ns,
			       int64_t bound_ns)
{
	/* Else the entry before that exit is missing, or the trace ends. */
	return vmsync_interval_is_gap(s) && s->until == VMSYNC_END_ENTRY &&
	       ns - s->from_ns > bound_ns && s->until_ns - ns > bound_ns;
}

static void count_outside(struct vmsync_contain_result *r, int64_t by_ns)
{
	r->outside++;
	if (by_ns > r->worst_ns)
		r->worst_ns = by_ns;
}

void vmsync_contain_gap_event(struct vmsync_contain_result *r,
			      const struct vmsync_interval *s, int64_t ns,
			      int64_t bound_ns, bool spanned)
{
	int64_t since_exit = ns - s->from_ns;
	int64_t to_entry = s->until_ns - ns;

	if (vmsync_contain_is_outside(s, ns, bound_ns)) {
		r->undecidable += !spanned;
		r->beyond += !spanned;
		if (spanned)
			count_outside(r, since_exit < to_entry ? since_exit :
								 to_entry);
	} else if (since_exit <= bound_ns) {
		r->inside++;
		r->edge += since_exit > 0;
		least(&r->exit_slack_ns, -since_exit);
	} else if (s->until != VMSYNC_END_ENTRY) {
		r->undecidable++;
	} else {
		r->inside++;
		r->edge++;
		least(&r->entry_slack_ns, -to_entry);
	}
}

void vmsync_contain_moved_event(struct vmsync_contain_result *r)
{
	r->undecidable++;
	r->moved++;
}
