// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuse/fail.h"
#include "fuse/keep.h"
#include "fuse/omit.h"
#include "fuse/tsync.h"

static const char *path_of(const struct vmsync_machine *m)
{
	return ctf_trace_path(m->traces[0]);
}

/* Return: 1 if any trace holds an event, 0, or an error. */
static int holds_events(const struct vmsync_machine *m, struct ctf_error *e)
{
	size_t i;

	for (i = 0; i < m->n; i++) {
		const struct ctf_trace *t = m->traces[i];
		size_t n = ctf_trace_classes(t);
		const struct ctf_class *cls = NULL;
		uint8_t *want = malloc(n + 1);
		int ret;

		if (!want)
			return vmsync_fail_memory(e);
		memset(want, 1, n + 1);
		ret = ctf_trace_first(t, want, &cls, e);
		free(want);
		if (ret || cls)
			return ret ? ret : 1;
	}
	return 0;
}

int vmsync_machine_usable(const struct vmsync_session *s,
			  const struct vmsync_machine *m, struct ctf_error *why,
			  struct ctf_error *e)
{
	bool enters;
	int ret;

	/* Without beacons, entries and exits of the host must do. */
	if (m->side == VMSYNC_SIDE_GUEST)
		return 1;
	ret = holds_events(m, e);
	if (ret < 0)
		return ret;
	if (!ret) {
		vmsync_fail(why, -EINVAL,
			    "was the guest's session started, and its trace "
			    "copied after lttng stop?",
			    "%.400s: holds no event", path_of(m));
		return 0;
	}
	ret = vmsync_machine_enters(s->host, &enters, e);
	if (ret)
		return ret;
	if (!enters && vmsync_tsync_stored(m))
		vmsync_fail(why, -EINVAL,
			    "record kvm:kvm_entry and kvm:kvm_exit on the host",
			    "%.400s: trace-cmd stored offsets with it, and "
			    "nothing on the host bears them out", path_of(m));
	else if (!enters)
		vmsync_fail(why, -EINVAL,
			    "load vmsync-guest in the guest and record vmsync_* "
			    "there, or record kvm_x86_entry,kvm_x86_exit on the "
			    "host",
			    "%.400s: holds no vmsync beacon", path_of(m));
	return enters;
}

void vmsync_omit_machine(struct vmsync_session *s, struct vmsync_machine *m,
			 const struct ctf_error *why)
{
	s->left_out[s->n_left_out++] = (struct vmsync_left_out){
		.machine = m,
		.why = *why,
	};
}

static void omit_guest(struct vmsync_session *s, size_t i,
		       const struct ctf_error *why)
{
	struct vmsync_session_guest *g = &s->guests[i];

	vmsync_omit_machine(s, g->machine, why);
	free(g->known_traces);
	free(g->moved);
	vmsync_keep_free(g->keep);
	s->n_guests--;
	memmove(g, g + 1, (s->n_guests - i) * sizeof(*g));
}

static void not_mapped(const struct vmsync_session *s,
		       const struct vmsync_session_guest *g,
		       struct ctf_error *why)
{
	const struct vmsync_machine *m = g->machine;

	if (vmsync_guest_report_of(g->guest)->found)
		vmsync_fail(why, -EINVAL,
			    "record vmsync_* on both sides for some seconds at "
			    "the same time",
			    "%.400s: too little evidence for a map",
			    path_of(m));
	else if (m->side == VMSYNC_SIDE_GUEST)
		vmsync_fail(why, -EINVAL,
			    "name only guests of this host, recorded at the "
			    "same time",
			    "%.200s: a guest of another host: %.200s answered "
			    "none of its beacons",
			    path_of(m), path_of(s->host));
	else if (vmsync_tsync_stored(m))
		vmsync_fail(why, -EINVAL,
			    "record vmsync_* on both sides, by clock mono, with "
			    "vmsync-guest loaded in the guest",
			    "%.150s: trace-cmd stored offsets with it, and nothing "
			    "bears them out: its events fit no VM of %.150s",
			    path_of(m), path_of(s->host));
	else
		vmsync_fail(why, -EINVAL,
			    "record vmsync_* on both sides, with vmsync-guest "
			    "loaded in the guest",
			    "%.200s: holds no vmsync beacon, and its events fit "
			    "no VM of %.200s",
			    path_of(m), path_of(s->host));
}

int vmsync_omit_unmapped(struct vmsync_session *s, struct ctf_error *e)
{
	struct ctf_error why;
	size_t i = 0;

	while (i < s->n_guests) {
		struct vmsync_session_guest *g = &s->guests[i];

		g->maps = vmsync_guest_maps(g->guest);
		if (vmsync_guest_map_of(g->maps, 0)) {
			i++;
			continue;
		}
		not_mapped(s, g, &why);
		omit_guest(s, i, &why);
	}
	if (s->n_guests || s->alone)
		return 0;
	*e = s->left_out[0].why;
	return e->code;
}

void vmsync_omit_contradicted(struct vmsync_session *s,
			      void (*drop)(void *ctx, size_t guest), void *ctx)
{
	struct ctf_error why;
	size_t i = 0;

	while (i < s->n_guests) {
		struct vmsync_session_guest *g = &s->guests[i];

		if (vmsync_guest_agrees(g)) {
			i++;
			continue;
		}
		vmsync_fail(&why, -EINVAL,
			    "vmsync sync says where, --force writes it all the "
			    "same",
			    "%.400s: the witnesses contradict its map",
			    path_of(g->machine));
		if (drop)
			drop(ctx, i);
		omit_guest(s, i, &why);
	}
}
