// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>

#include "fuse/fail.h"
#include "fuse/lane.h"

#define MAX_CPUS 65536	/* a trace may claim any number */

/* Whether a stream class has any event that tells. */
static bool tells(const struct ctf_trace *t, const struct vmsync_roles *roles,
		  uint64_t stream_id)
{
	size_t i;

	for (i = 0; i < roles->n; i++) {
		if (roles->cls[i].role != VMSYNC_ROLE_NONE &&
		    ctf_trace_class(t, i)->stream_id == stream_id)
			return true;
	}
	return false;
}

/* Whether no two streams that tell are of one CPU; @seen has those met so far. */
static int one_per_cpu(const struct ctf_trace *t,
		       const struct vmsync_roles *roles, uint8_t *seen,
		       struct ctf_error *e)
{
	struct ctf_packet p;
	size_t i;
	int ret;

	for (i = 0; i < ctf_trace_streams(t); i++) {
		ret = ctf_stream_packet(ctf_trace_stream(t, i), NULL, &p, e);
		if (ret < 0)
			return ret;
		if (!ret || !tells(t, roles, p.stream_id))
			continue;
		if (p.cpu >= MAX_CPUS || seen[p.cpu])
			return 0;
		seen[p.cpu] = 1;
	}
	return 1;
}

int vmsync_lanes_suffice(struct ctf_trace *const *traces,
			 struct vmsync_roles *const *roles, size_t n,
			 struct ctf_error *e)
{
	uint8_t *seen = calloc(MAX_CPUS, 1);
	size_t i;
	int ret = 1;

	if (!seen)
		return vmsync_fail_memory(e);
	for (i = 0; ret > 0 && i < n; i++) {
		if (!roles[i]->tids_said)
			ret = one_per_cpu(traces[i], roles[i], seen, e);
	}
	free(seen);
	return ret;
}

/* The number of who enters or leaves. */
static int number_of(struct vmsync_lane *l, const struct vmsync_role_class *c,
		     const struct ctf_event *ev, int32_t tid, uint32_t *number)
{
	int32_t vcpu_id;

	if (tid > 0 && tid == l->number_tid) {
		*number = l->number;
		return 0;
	}
	vcpu_id = vmsync_role_named(c, ev);
	if (vcpu_id >= 0 && vmsync_runs_name(l->runs, tid, vcpu_id))
		return -ENOMEM;
	if (vcpu_id < 0)
		vcpu_id = vmsync_role_number(c, VMSYNC_ROLE_VCPU, ev, -1);
	if (vmsync_runs_number(l->runs, tid, vcpu_id, &l->number))
		return -ENOMEM;
	l->number_tid = tid > 0 ? tid : 0;
	*number = l->number;
	return 0;
}

/*
 * Who ran may have changed where something is missing: before the packet, or
 * anywhere in it.
 */
static void packet_see(struct vmsync_lane *l, const struct ctf_packet *p)
{
	if (p->lost || p->dropped) {
		l->tid = 0;
		l->stays = false;
	}
	l->packet = p->offset + 1;
	l->lossy = p->dropped;
}

static int run_end(struct vmsync_lane *l, const struct vmsync_role_class *c,
		   const struct ctf_event *ev, struct ctf_error *e)
{
	int32_t tid = vmsync_role_number(c, VMSYNC_ROLE_TID, ev, l->tid);
	unsigned int what = vmsync_role_end(c, ev);
	uint32_t number;

	if (number_of(l, c, ev, tid, &number))
		return vmsync_fail_memory(e);
	if (what == VMSYNC_RUNS_ENTRY && l->stays && tid == l->tid)
		what = VMSYNC_RUNS_STAYED;
	l->stays = tid > 0 && tid == l->tid;
	return vmsync_runs_put(l->runs, number, (int64_t)ev->clock, what, e);
}

static int thread_told(struct vmsync_lane *l, const struct vmsync_role_class *c,
		       const struct ctf_event *ev, struct ctf_error *e)
{
	int32_t tid = vmsync_role_number(c, VMSYNC_ROLE_TID, ev, 0);
	int32_t vcpu_id = vmsync_role_named(c, ev);

	if (vcpu_id >= 0 && vmsync_runs_name(l->runs, tid, vcpu_id))
		return vmsync_fail_memory(e);
	if (c->role == VMSYNC_ROLE_SWITCH && !l->lossy) {
		/* Who came last has left: that was not recorded. */
		if (l->tid > 0 &&
		    vmsync_role_number(c, VMSYNC_ROLE_LEFT, ev, -1) != l->tid)
			vmsync_runs_untold(l->runs);
		l->tid = tid;
		l->stays = false;
	}
	return 0;
}

int vmsync_lane_take(void *ctx, struct ctf_some *some, struct ctf_error *e)
{
	struct vmsync_lane *l = ctx;
	uint32_t i;
	int ret = 0;

	if (l->packet != some->ev.packet->offset + 1)
		packet_see(l, some->ev.packet);
	for (i = 0; !ret && i < some->n; i++) {
		const struct vmsync_role_class *c =
			&l->roles->cls[ctf_some_class(some, i)];

		switch (c->role) {
		case VMSYNC_ROLE_ENTRY:
		case VMSYNC_ROLE_EXIT:
			ret = run_end(l, c, ctf_some_event(some, i), e);
			break;
		case VMSYNC_ROLE_SWITCH:
		case VMSYNC_ROLE_DUMP:
			ret = thread_told(l, c, ctf_some_event(some, i), e);
			break;
		case VMSYNC_ROLE_NONE:
			ctf_some_keep(some, i);
			break;
		}
	}
	return ret;
}
