// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuse/fail.h"
#include "fuse/legs.h"
#include "fuse/reader.h"

/*
 * What one side has of a message. A guest that is taken back to a snapshot
 * sends the numbers behind it once more: what tells such beacons apart is the
 * guest's own reading, which it sends along.
 *
 * @cnt:	of the beacon: of its request
 * @ns:		by the clock of that side
 * @said:	what the guest read as it sent the request; all 0: not told
 */
struct half {
	uint64_t vm_uid;
	uint32_t cnt;
	uint32_t cpu;
	bool request;
	int64_t ns;
	struct {
		uint64_t tsc;
		int64_t mono_ns;
	} said;
};

struct halves {
	VMSYNC_ARRAY(struct half) half;
};

static int compare_beacons(const struct half *a, const struct half *b)
{
	if (a->vm_uid != b->vm_uid)
		return a->vm_uid < b->vm_uid ? -1 : 1;
	return (a->cnt > b->cnt) - (a->cnt < b->cnt);
}

/* By beacon; those of one number as they happened. */
static int by_time(const void *a, const void *b)
{
	const struct half *x = a, *y = b;
	int beacons = compare_beacons(x, y);

	if (beacons)
		return beacons;
	if (x->ns != y->ns)
		return x->ns < y->ns ? -1 : 1;
	return y->request - x->request;
}

static int compare_messages(const struct half *a, const struct half *b)
{
	int beacons = compare_beacons(a, b);

	return beacons ? beacons : a->request - b->request;
}

static int compare_said(const struct half *a, const struct half *b)
{
	int messages = compare_messages(a, b);

	if (messages)
		return messages;
	if (a->said.tsc != b->said.tsc)
		return a->said.tsc < b->said.tsc ? -1 : 1;
	return (a->said.mono_ns > b->said.mono_ns) -
	       (a->said.mono_ns < b->said.mono_ns);
}

/* By message and what was said with it; of several records the first. */
static int by_said(const void *a, const void *b)
{
	const struct half *x = a, *y = b;
	int said = compare_said(x, y);

	return said ? said : (x->ns > y->ns) - (x->ns < y->ns);
}

/* An answer is to the request before it. */
static void halves_link(struct halves *all)
{
	struct half *at = all->half.at;

	if (!all->half.count)
		return;
	qsort(at, all->half.count, sizeof(*at), by_time);
	for (size_t i = 1; i < all->half.count; i++) {
		if (!at[i].request && !compare_beacons(&at[i - 1], &at[i]))
			at[i].said = at[i - 1].said;
	}
	qsort(at, all->half.count, sizeof(*at), by_said);
}

static int half_add(struct halves *all, const struct vmsync_evidence *ev,
		    bool request, const struct vmsync_pair *said)
{
	struct half *h = vmsync_array_add(&all->half);

	if (!h)
		return -ENOMEM;
	*h = (struct half){
		.vm_uid = ev->vm_uid,
		.cnt = request ? ev->cnt : ev->cnt - 1,
		.cpu = ev->vcpu,
		.request = request,
		.ns = ev->pair.mono_ns,
	};
	if (!request)
		return 0;
	/* A port tells of no TSC, and so does its guest's record. */
	if (said->valid && !ev->port)
		h->said.tsc = said->tsc;
	if (said->valid || ev->port)
		h->said.mono_ns = said->mono_ns;
	return 0;
}

static bool same_vm(struct vmsync_vm_id a, struct vmsync_vm_id b)
{
	return a.pid == b.pid && a.serial == b.serial;
}

/* A guest that is restored, or moved, had other VMs before. */
static bool was_in(const struct vmsync_guest_report *r, struct vmsync_vm_id vm)
{
	for (size_t i = 0; i < r->n_moves; i++) {
		if (same_vm(r->moves[i].from, vm))
			return true;
	}
	return same_vm(r->vm, vm);
}

static int host_half(struct halves *all, const struct vmsync_evidence *ev,
		     const struct vmsync_guest_report *r)
{
	if ((ev->kind != VMSYNC_EV_GH_HOST && ev->kind != VMSYNC_EV_HG_HOST) ||
	    !(vmsync_vm_is_unknown(ev->vm) || was_in(r, ev->vm)))
		return 0;
	return half_add(all, ev, ev->kind == VMSYNC_EV_GH_HOST,
			&ev->guest_claim);
}

static int guest_half(struct halves *all, const struct vmsync_evidence *ev)
{
	if (ev->kind != VMSYNC_EV_GH_GUEST && ev->kind != VMSYNC_EV_HG_GUEST)
		return 0;
	return half_add(all, ev, ev->kind == VMSYNC_EV_GH_GUEST, &ev->pair);
}

/* @r: the host's half of that guest's messages; NULL: the guest's own half */
static int halves_read(const struct vmsync_session *s,
		       const struct vmsync_machine *machine,
		       const struct vmsync_guest_report *r, struct halves *all,
		       struct ctf_error *e)
{
	const struct vmsync_reader_options options = { .pool = s->pool };
	struct vmsync_reader *reader = vmsync_reader_new(machine, &options, e);
	struct vmsync_evidence ev;
	int ret;

	if (!reader)
		return e->code;
	while ((ret = vmsync_reader_next(reader, &ev, e)) > 0) {
		ret = r ? host_half(all, &ev, r) : guest_half(all, &ev);
		if (ret)
			break;
	}
	vmsync_reader_free(reader);
	halves_link(all);
	return ret < 0 ? ret : 0;
}

/* The first of @all that is the same to @compare, or NULL. */
static const struct half *find(const struct halves *all, const struct half *key,
			       int (*compare)(const struct half *,
					      const struct half *))
{
	const struct half *at = all->half.at;
	size_t lo = 0, hi = all->half.count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (compare(&at[mid], key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < all->half.count && !compare(&at[lo], key) ? &at[lo] : NULL;
}

/* What the host heard is what the guest said, as far as both tell. */
static const struct half *other_half(const struct halves *host,
				     const struct half *guest)
{
	struct half key = *guest;
	const struct half *h;

	if (!guest->said.mono_ns)
		return find(host, guest, compare_messages);
	h = find(host, guest, compare_said);
	if (h)
		return h;
	memset(&key.said, 0, sizeof(key.said));
	return find(host, &key, compare_said);
}

/* Several sessions record a message several times. */
static bool same_record(const struct half *a, const struct half *b)
{
	return a->ns == b->ns && !compare_said(a, b);
}

static int legs_add(struct vmsync_legs *l, const struct vmsync_leg *leg)
{
	struct vmsync_leg *p = vmsync_array_add(&l->leg);

	if (!p)
		return -ENOMEM;
	*p = *leg;
	return 0;
}

static int legs_join(struct vmsync_legs *legs, const struct halves *guest,
		     const struct halves *host)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < guest->half.count; i++) {
		const struct half *g = &guest->half.at[i];
		const struct half *h = NULL;

		if (!i || !same_record(g - 1, g))
			h = other_half(host, g);
		if (h)
			ret = legs_add(legs, &(struct vmsync_leg){
						     .cpu = g->cpu,
						     .request = g->request,
						     .guest_ns = g->ns,
						     .host_ns = h->ns,
					     });
	}
	return ret;
}

static int beacon_legs(const struct vmsync_session *s,
		       const struct vmsync_session_guest *g,
		       struct vmsync_legs *legs, struct ctf_error *e)
{
	struct halves host = { 0 }, guest = { 0 };
	int ret = halves_read(s, s->host, vmsync_guest_report_of(g->guest),
			      &host, e);

	if (!ret)
		ret = halves_read(s, g->machine, NULL, &guest, e);
	if (!ret)
		ret = legs_join(legs, &guest, &host);
	vmsync_array_free(&host.half);
	vmsync_array_free(&guest.half);
	return ret;
}

/* Between machines the legs are the messages, which the session has. */
static int message_legs(const struct vmsync_session *s, struct vmsync_legs *l)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < s->messages.count; i++) {
		const struct vmsync_message *m = &s->messages.at[i];
		const struct vmsync_leg leg = {
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
	ret = s->exchange ? message_legs(s, legs) : beacon_legs(s, g, legs, e);
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
