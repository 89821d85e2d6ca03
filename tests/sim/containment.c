// SPDX-License-Identifier: MIT
#include "containment.h"

#include <stdlib.h>

/* A guest event in host time, or an entry or exit. */
struct item {
	int64_t host_ns;
	int64_t bound_ns;
	enum vmsync_evidence_kind kind;
	uint32_t vcpu_id;
};

static int by_vcpu_and_time(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	if (x->vcpu_id != y->vcpu_id)
		return x->vcpu_id < y->vcpu_id ? -1 : 1;
	if (x->host_ns != y->host_ns)
		return x->host_ns < y->host_ns ? -1 : 1;
	/* Nobody is shut out by a tie: entries first, exits last. */
	return (x->kind == VMSYNC_EV_EXIT) - (y->kind == VMSYNC_EV_EXIT) +
	       (y->kind == VMSYNC_EV_ENTRY) - (x->kind == VMSYNC_EV_ENTRY);
}

static size_t from_host(struct item *p, const struct sim_stream *host,
			const struct sim_guest *g)
{
	size_t n = 0;

	for (size_t i = 0; i < host->count; i++) {
		const struct vmsync_evidence *ev = &host->records[i].ev;

		if (ev->kind != VMSYNC_EV_ENTRY && ev->kind != VMSYNC_EV_EXIT)
			continue;
		if (!sim_vm_was(&g->vm, ev->vm.pid))
			continue;
		p[n++] = (struct item){ev->stamp_ns, 0, ev->kind, ev->vcpu};
	}
	return n;
}

static size_t from_guest(struct item *p, const struct sim_stream *own,
			 const struct sim_guest *g, const struct sim_session *s,
			 int64_t shift_ns)
{
	size_t n = 0;

	for (size_t i = 0; i < own->count; i++) {
		const struct vmsync_evidence *ev = &own->records[i].ev;
		const struct vmsync_map *map;
		guest_time t = {ev->stamp_ns};

		if (ev->kind != VMSYNC_EV_GUEST_EVENT)
			continue;
		map = sim_session_map(s, g->index, ev->vcpu);
		if (map)
			p[n++] = (struct item){
				vmsync_map_eval(map, t).ns + shift_ns,
				vmsync_map_bound_ns(map, t, NULL), ev->kind,
				g->vm.vcpus[ev->vcpu].vcpu_id};
	}
	return n;
}

static bool is_end(const struct item *p)
{
	return p->kind == VMSYNC_EV_ENTRY || p->kind == VMSYNC_EV_EXIT;
}

/* Up to the next end in [p, end), or to the last item of the virtual CPU. */
static void until_next(struct vmsync_interval *s, const struct item *p,
		       const struct item *end)
{
	uint32_t vcpu_id = p->vcpu_id;

	s->until = VMSYNC_END_NONE;
	s->until_ns = INT64_MAX;
	while (p < end && p->vcpu_id == vcpu_id && !is_end(p))
		p++;
	if (p == end || p->vcpu_id != vcpu_id)
		return;
	s->until = p->kind == VMSYNC_EV_ENTRY ? VMSYNC_END_ENTRY :
						VMSYNC_END_EXIT;
	s->until_ns = p->host_ns;
}

static void count(struct vmsync_contain_result *r,
		  const struct vmsync_interval *s, const struct item *p)
{
	uint64_t time = (uint64_t)p->host_ns;

	if (vmsync_interval_is_gap(s))
		vmsync_contain_gap_event(r, s, p->host_ns, p->bound_ns, true);
	else
		vmsync_contain_events(r, s, &time, 1);
}

void sim_containment(struct vmsync_contain_result *result,
		     const struct sim_world *w, const struct sim_recording *rec,
		     const struct sim_session *s, int guest, int64_t shift_ns)
{
	const struct sim_stream *own = &rec->guests[guest];
	const struct sim_guest *g = &w->guests[guest];
	struct item *all =
		calloc(rec->host.count + own->count + 1, sizeof(*all));
	struct vmsync_interval stretch;
	size_t n;

	if (!all)
		abort();
	n = from_host(all, &rec->host, g);
	n += from_guest(all + n, own, g, s, shift_ns);
	qsort(all, n, sizeof(*all), by_vcpu_and_time);
	vmsync_contain_init(result);
	for (size_t i = 0; i < n; i++) {
		if (!i || all[i].vcpu_id != all[i - 1].vcpu_id) {
			stretch = (struct vmsync_interval){
				.from_ns = INT64_MIN };
			until_next(&stretch, &all[i], all + n);
		}
		if (!is_end(&all[i])) {
			count(result, &stretch, &all[i]);
			continue;
		}
		stretch.from = stretch.until;
		stretch.from_ns = stretch.until_ns;
		if (i + 1 < n && all[i + 1].vcpu_id == all[i].vcpu_id)
			until_next(&stretch, &all[i + 1], all + n);
	}
	free(all);
}
