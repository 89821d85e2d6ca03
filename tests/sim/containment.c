// SPDX-License-Identifier: MIT
#include "containment.h"

#include <stdlib.h>

/* One push to the witness. */
struct push {
	int64_t host_ns;
	int64_t bound_ns;
	enum vmsync_evidence_kind kind;
	uint32_t vcpu_id;
};

static int by_host_time(const void *a, const void *b)
{
	const struct push *x = a, *y = b;

	if (x->host_ns != y->host_ns)
		return x->host_ns < y->host_ns ? -1 : 1;
	/* Nobody is shut out by a tie: entries first, exits last. */
	return (x->kind == VMSYNC_EV_EXIT) - (y->kind == VMSYNC_EV_EXIT) +
	       (y->kind == VMSYNC_EV_ENTRY) - (x->kind == VMSYNC_EV_ENTRY);
}

static size_t from_host(struct push *p, const struct sim_stream *host,
			const struct sim_guest *g)
{
	size_t n = 0;

	for (size_t i = 0; i < host->count; i++) {
		const struct vmsync_evidence *ev = &host->records[i].ev;

		if (ev->kind != VMSYNC_EV_ENTRY && ev->kind != VMSYNC_EV_EXIT)
			continue;
		if (ev->vm.pid != g->vm.id.pid)
			continue;
		p[n++] = (struct push){ev->stamp_ns, 0, ev->kind, ev->vcpu};
	}
	return n;
}

static size_t from_guest(struct push *p, const struct sim_stream *own,
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
			p[n++] = (struct push){
				vmsync_map_eval(map, t).ns + shift_ns,
				vmsync_map_bound_ns(map, t, NULL), ev->kind,
				g->vm.vcpus[ev->vcpu].vcpu_id};
	}
	return n;
}

static int push(struct vmsync_contain *c, const struct push *p)
{
	host_time t = {p->host_ns};

	switch (p->kind) {
	case VMSYNC_EV_ENTRY:
		return vmsync_contain_entry(c, p->vcpu_id, t);
	case VMSYNC_EV_EXIT:
		return vmsync_contain_exit(c, p->vcpu_id, t);
	default:
		return vmsync_contain_event(c, p->vcpu_id, t, p->bound_ns);
	}
}

void sim_containment(struct vmsync_contain_result *result,
		     const struct sim_world *w, const struct sim_recording *rec,
		     const struct sim_session *s, int guest, int64_t shift_ns)
{
	const struct sim_stream *own = &rec->guests[guest];
	const struct sim_guest *g = &w->guests[guest];
	struct push *all =
		calloc(rec->host.count + own->count + 1, sizeof(*all));
	struct vmsync_contain *c = vmsync_contain_new();
	size_t n;

	if (!all || !c)
		abort();
	n = from_host(all, &rec->host, g);
	n += from_guest(all + n, own, g, s, shift_ns);
	qsort(all, n, sizeof(*all), by_host_time);
	for (size_t i = 0; i < n; i++)
		if (push(c, &all[i]))
			abort();
	vmsync_contain_finish(c);
	vmsync_contain_result(c, result);
	vmsync_contain_free(c);
	free(all);
}
