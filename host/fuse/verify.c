// SPDX-License-Identifier: MIT
#include <string.h>

#include "fuse/legs.h"
#include "fuse/verify.h"

static void compare_at(struct vmsync_verdict *v, enum vmsync_method m,
		       const struct vmsync_map *a, const struct vmsync_map *b,
		       guest_time g)
{
	int64_t d = vmsync_map_eval(a, g).ns - vmsync_map_eval(b, g).ns;
	int64_t excess;

	if (d < 0)
		d = -d;
	excess = d - vmsync_map_bound_ns(a, g, NULL) -
		 vmsync_map_bound_ns(b, g, NULL);
	if (d > v->difference_ns[m])
		v->difference_ns[m] = d;
	if (excess > v->excess_ns[m])
		v->excess_ns[m] = excess;
}

/*
 * Two piecewise affine maps differ most where either has a corner; only where
 * both have evidence.
 */
static void compare(struct vmsync_verdict *v, enum vmsync_method m,
		    const struct vmsync_map *a, const struct vmsync_map *b)
{
	const struct vmsync_map *maps[2] = { a, b };
	int64_t from, until;
	size_t i;
	int j, k;

	from = a->segments[0].guest_start.ns;
	if (b->segments[0].guest_start.ns > from)
		from = b->segments[0].guest_start.ns;
	until = a->segments[a->count - 1].guest_end.ns;
	if (b->segments[b->count - 1].guest_end.ns < until)
		until = b->segments[b->count - 1].guest_end.ns;
	for (j = 0; j < 2; j++) {
		for (i = 0; i < maps[j]->count; i++) {
			const struct vmsync_segment *s = &maps[j]->segments[i];
			int64_t corner[2] = { s->guest_start.ns,
					      s->guest_end.ns - 1 };

			for (k = 0; k < 2; k++) {
				if (corner[k] < from || corner[k] > until)
					continue;
				compare_at(v, m, a, b,
					   (guest_time){ corner[k] });
				v->compared[m] = true;
			}
		}
	}
}

static void check_leg(struct vmsync_verdict *v, const struct vmsync_map *map,
		      const struct vmsync_leg *leg)
{
	const guest_time g = {leg->guest_ns};
	int64_t beyond = -vmsync_leg_slack_ns(map, leg) -
			 vmsync_map_bound_ns(map, g, NULL);
	bool spanned = vmsync_map_spans(map, g);

	v->causal_checked += beyond <= 0 || spanned;
	if (beyond <= 0 || !spanned)
		return;
	v->causal_violations++;
	if (beyond > v->causal_worst_ns)
		v->causal_worst_ns = beyond;
}

int vmsync_verify(const struct vmsync_session *s,
		  const struct vmsync_session_guest *g,
		  struct vmsync_verdict *v, struct ctf_error *e)
{
	struct vmsync_legs legs = { 0 };
	uint32_t cpu;
	size_t i;
	int ret, m;

	memset(v, 0, sizeof(*v));
	for (m = 0; m < VMSYNC_METHOD_COUNT; m++) {
		for (cpu = 0; cpu < g->maps->vcpus; cpu++) {
			const struct vmsync_map *own = vmsync_guest_method_map(
				g->guest, (enum vmsync_method)m, cpu);
			const struct vmsync_map *map = &g->maps->maps[cpu];

			if (own && own->count && map->count)
				compare(v, (enum vmsync_method)m, map, own);
		}
	}
	ret = vmsync_legs_read(s, g, &legs, e);
	for (i = 0; !ret && i < legs.leg.count; i++)
		check_leg(v, vmsync_guest_map_of(g->maps, legs.leg.at[i].cpu),
			  &legs.leg.at[i]);
	vmsync_legs_free(&legs);
	return ret;
}

bool vmsync_verdict_agrees(const struct vmsync_verdict *v)
{
	int m;

	for (m = 0; m < VMSYNC_METHOD_COUNT; m++) {
		if (v->excess_ns[m])
			return false;
	}
	return !v->causal_violations;
}
