// SPDX-License-Identifier: MIT
/*
 * All values of an event.
 *
 * Where a class is a plain row of fields, which most classes of a kernel are,
 * types, names and steps are the same for every event: they are written once
 * per cursor and class, and every event fills in what is its own.
 */
#include <stdlib.h>

#include "ctf/internal.h"

#define MAX_PRESET	4096	/* values a cursor keeps for that */

void reader_free(struct reader *rd)
{
	size_t i;

	for (i = 0; i < rd->n_preset; i++)
		free(rd->preset[i]);
	free(rd->preset);
	free(rd->values.v);
	free(rd->packet.v);
}

/* Not having one is slower and nothing else. */
static void preset_make(struct reader *rd, const struct class *c)
{
	size_t n = c->flat.n_values, n_classes = c->sc->trace->n_classes;
	struct ctf_value *v;

	if (!rd->preset) {
		rd->preset = calloc(n_classes, sizeof(*rd->preset));
		rd->n_preset = rd->preset ? n_classes : 0;
		rd->preset_left = MAX_PRESET;
	}
	if (!rd->preset || rd->preset[c->pub.index] || n + FLAT_ROOM > rd->preset_left)
		return;
	v = malloc((n + FLAT_ROOM) * sizeof(*v));
	if (!v)
		return;
	memcpy(v, c->flat.values, n * sizeof(*v));
	rd->preset[c->pub.index] = v;
	rd->preset_left -= n + FLAT_ROOM;
}

static long decode(const struct ctf_event *ev, const struct ctf_value **out)
{
	const struct class *c = (const struct class *)ev->cls;
	struct reader *rd = ev->state;
	struct run r;	/* large: only what run_values() reads is set */
	int ret;

	if (c->flat.whole && !c->hides)
		preset_make(rd, c);
	r.data = ev->data;
	r.pos = ev->at;
	r.end = ev->packet->content;
	r.slot = rd->slot;
	r.values = &rd->values;
	ret = run_values(c, &r);
	if (ret)
		return ret == RUN_NOMEM ? -ENOMEM : -EINVAL;
	if (unlikely(c->hides))
		rd->values.n = hide(&c->prog, rd->values.v, rd->values.n);
	*out = rd->values.v;
	return (long)rd->values.n;
}

long ctf_event_values(const struct ctf_event *ev, const struct ctf_value **out)
{
	const struct class *c = (const struct class *)ev->cls;
	const struct flat_plan *f = &c->flat;
	const struct reader *rd = ev->state;
	struct ctf_value *v = rd->preset ? rd->preset[c->pub.index] : NULL;

	if (unlikely(!v || ev->at & 7 ||
		     ev->at + f->need * 8ull > ev->packet->content))
		return decode(ev, out);
	f->run(f, ev->data + ev->at / 8, v);
	*out = v;
	return f->n_values;
}

long ctf_packet_values(const struct ctf_event *ev, const struct ctf_value **out)
{
	const struct class *c = (const struct class *)ev->cls;
	struct reader *rd = ev->state;
	struct run r = { .data = ev->data, .end = ev->packet->events_at,
			 .slot = rd->slot, .values = &rd->packet };
	struct values *v = &rd->packet;
	size_t at = 0;
	int ret;

	if (!c->sc->packet_context)
		return 0;
	ret = run_list(&c->sc->head, &r);
	if (ret)
		return ret == RUN_NOMEM ? -ENOMEM : -EINVAL;
	v->n = hide(&c->sc->head, v->v, v->n);
	while (at < v->n && v->v[at].scope != CTF_PACKET_CONTEXT)
		at++;
	*out = v->v + at;
	return (long)(v->n - at);
}
