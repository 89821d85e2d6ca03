// SPDX-License-Identifier: MIT
#include "fuse/elsewhere.h"

#include <stdlib.h>

#include "fuse/stretches.h"

struct other {
	struct vmsync_stretches *stretches;
	const struct vmsync_map *map;
};

struct vmsync_elsewhere {
	const struct vmsync_session *session;
	const struct vmsync_owners *owners;
	size_t n;
	struct other others[];
};

/* @cpu: whose clock it is, UINT32_MAX: any CPU's of the guest */
static int add(struct vmsync_elsewhere *w, size_t guest, uint32_t cpu,
	       const vmsync_parts *parts)
{
	struct other *o = &w->others[w->n];

	o->map = vmsync_stream_map(&w->session->guests[guest], cpu);
	o->stretches = vmsync_stretches_new(w->session, w->owners, parts);
	w->n += o->stretches != NULL;
	return o->stretches ? 0 : -1;
}

static size_t most(const struct vmsync_owners *o)
{
	size_t n = o->strays.count, i;

	for (i = 0; i < o->n; i++)
		n += o->guests[i].n;
	return n;
}

/* The virtual CPUs of guest @k: of the guest itself, or of another boot of its VM. */
static int add_guest(struct vmsync_elsewhere *w, size_t guest, size_t k,
		     uint32_t but)
{
	const struct vmsync_owner *of = &w->owners->guests[k];
	int ret = 0;

	for (uint32_t c = 0; !ret && c < of->n; c++) {
		if (k != guest)
			ret = add(w, guest, UINT32_MAX, &of->cpus[c]);
		else if (c != but)
			ret = add(w, guest, c, &of->cpus[c]);
	}
	return ret;
}

struct vmsync_elsewhere *vmsync_elsewhere_new(const struct vmsync_session *s,
					      const struct vmsync_owners *o,
					      size_t guest, uint32_t cpu)
{
	struct vmsync_elsewhere *w =
		calloc(1, sizeof(*w) + most(o) * sizeof(w->others[0]));
	size_t i;
	int ret = 0;

	if (!w)
		return NULL;
	w->session = s;
	w->owners = o;
	for (i = 0; !ret && i < o->n; i++) {
		if (i == guest ||
		    vmsync_owners_one_vm(&s->guests[guest], &s->guests[i]))
			ret = add_guest(w, guest, i, cpu);
	}
	for (i = 0; !ret && i < o->strays.count; i++)
		ret = add(w, guest, UINT32_MAX, &o->strays.at[i].parts);
	if (!ret)
		return w;
	vmsync_elsewhere_free(w);
	return NULL;
}

void vmsync_elsewhere_free(struct vmsync_elsewhere *w)
{
	size_t i;

	for (i = 0; w && i < w->n; i++)
		vmsync_stretches_free(w->others[i].stretches);
	free(w);
}

static int other_ran(const struct other *o, guest_time at, bool *ran,
		     struct ctf_error *e)
{
	int64_t ns = vmsync_map_eval(o->map, at).ns;
	struct vmsync_interval s;
	bool extrapolated;
	int ret = vmsync_stretches_seek(o->stretches, ns, &s, e);

	if (!ret)
		ret = vmsync_stretches_judge(o->stretches, &s, e);
	if (!ret)
		*ran = !vmsync_contain_is_outside(
			&s, ns, vmsync_map_bound_ns(o->map, at, &extrapolated));
	return ret;
}

int vmsync_elsewhere_ran(struct vmsync_elsewhere *w, guest_time at, bool *ran,
			 struct ctf_error *e)
{
	size_t i;
	int ret = 0;

	*ran = false;
	for (i = 0; !ret && !*ran && i < w->n; i++)
		ret = other_ran(&w->others[i], at, ran, e);
	return ret;
}
