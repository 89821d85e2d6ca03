// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuse/fail.h"
#include "fuse/legs.h"
#include "fuse/reader.h"

static int legs_add(struct vmsync_legs *l, const struct vmsync_leg *leg)
{
	struct vmsync_leg *p = vmsync_array_add(&l->leg);

	if (!p)
		return -ENOMEM;
	*p = *leg;
	return 0;
}

static int leg_compare(const void *a, const void *b)
{
	const struct vmsync_leg *x = a, *y = b;

	return (x->cnt > y->cnt) - (x->cnt < y->cnt);
}

static bool same_vm(struct vmsync_vm_id a, struct vmsync_vm_id b)
{
	return a.pid == b.pid && a.serial == b.serial;
}

/* The host's half of the legs of one guest, sorted by cnt. */
static int host_legs(const struct vmsync_session *s,
		     const struct vmsync_guest_report *r, struct vmsync_legs *l,
		     struct ctf_error *e)
{
	const struct vmsync_reader_options options = { .pool = s->pool };
	struct vmsync_reader *reader =
		vmsync_reader_new(s->host, &options, e);
	struct vmsync_evidence ev;
	int ret;

	if (!reader)
		return e->code;
	while ((ret = vmsync_reader_next(reader, &ev, e)) > 0) {
		struct vmsync_leg leg = {
			.cnt = ev.cnt,
			.request = ev.kind == VMSYNC_EV_GH_HOST,
			.guest_ns = -1,
			.host_ns = ev.pair.mono_ns,
		};

		if ((ev.kind != VMSYNC_EV_GH_HOST &&
		     ev.kind != VMSYNC_EV_HG_HOST) ||
		    ev.vm_uid != r->vm_uid || !same_vm(ev.vm, r->vm))
			continue;
		ret = legs_add(l, &leg);
		if (ret)
			break;
	}
	vmsync_reader_free(reader);
	if (l->leg.count)
		qsort(l->leg.at, l->leg.count, sizeof(*l->leg.at), leg_compare);
	return ret < 0 ? ret : 0;
}

static int guest_legs(const struct vmsync_session *s,
		      const struct vmsync_session_guest *g, struct vmsync_legs *l,
		      struct ctf_error *e)
{
	const struct vmsync_reader_options options = { .pool = s->pool };
	struct vmsync_reader *reader =
		vmsync_reader_new(g->machine, &options, e);
	struct vmsync_evidence ev;
	int ret;

	if (!reader)
		return e->code;
	while ((ret = vmsync_reader_next(reader, &ev, e)) > 0) {
		struct vmsync_leg key = { .cnt = ev.cnt }, *leg;

		if (ev.kind != VMSYNC_EV_GH_GUEST &&
		    ev.kind != VMSYNC_EV_HG_GUEST)
			continue;
		leg = l->leg.count ? bsearch(&key, l->leg.at, l->leg.count,
					     sizeof(key), leg_compare) :
				     NULL;
		if (!leg || leg->request != (ev.kind == VMSYNC_EV_GH_GUEST))
			continue;
		leg->guest_ns = ev.pair.mono_ns;
		leg->cpu = ev.vcpu;
	}
	vmsync_reader_free(reader);
	return ret;
}

/* Between machines the legs are the messages, which the session has. */
static int message_legs(const struct vmsync_session *s, struct vmsync_legs *l)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < s->messages.count; i++) {
		const struct vmsync_message *m = &s->messages.at[i];
		const struct vmsync_leg leg = {
			.cnt = (uint32_t)i,
			.request = m->to_host,
			.guest_ns = m->guest_ns,
			.host_ns = m->host_ns,
		};

		ret = legs_add(l, &leg);
	}
	return ret;
}

int vmsync_legs_read(const struct vmsync_session *s,
		     const struct vmsync_session_guest *g,
		     struct vmsync_legs *legs, struct ctf_error *e)
{
	int ret;

	memset(e, 0, sizeof(*e));
	if (s->exchange)
		ret = message_legs(s, legs);
	else
		ret = host_legs(s, vmsync_guest_report_of(g->guest), legs, e);
	if (!ret && !s->exchange)
		ret = guest_legs(s, g, legs, e);
	return ret == -ENOMEM ? vmsync_fail_memory(e) : ret;
}

void vmsync_legs_free(struct vmsync_legs *legs)
{
	vmsync_array_free(&legs->leg);
}

int64_t vmsync_leg_slack_ns(const struct vmsync_map *map,
			    const struct vmsync_leg *leg)
{
	int64_t mapped =
		vmsync_map_eval(map, (guest_time){ leg->guest_ns }).ns;

	return leg->request ? leg->host_ns - mapped : mapped - leg->host_ns;
}
