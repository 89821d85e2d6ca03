// SPDX-License-Identifier: MIT
/* From one event to the next where the header is none that walk.c knows. */
#include "ctf/bits.h"

/* One event with a header that only the program knows. */
static int step_any(struct walk *w, struct run *r, uint32_t *index,
		    struct ctf_error *e)
{
	const uint8_t *at = w->data + w->pos / 8, *q;
	const struct class *c;
	int ret;

	r->pos = w->pos;
	r->stamp = w->clock;
	ret = run_head(&w->sc->event_head, r);
	if (ret)
		return walk_bad(w, at, e, run_text(ret));
	if (r->stamp < w->clock && !walk_is_early(w, at, r->stamp))
		return walk_bad(w, at, e, "its time is before the event before it");
	if (sem_has(r, SEM_ID))
		c = class_by_id(w->sc, r->sem[SEM_ID]);
	else
		c = w->sc->n_classes == 1 ? w->sc->classes[0] : NULL;
	if (!c)
		return walk_bad(w, at, e, "its id is not in the metadata");
	*index = (uint32_t)c->pub.index;
	w->pos = r->pos;
	if (c->skip && !(r->pos & 7)) {
		q = skip_run(c->skip, w->data, w->data + r->pos / 8,
			     w->data + w->end / 8, w->slot);
		if (!q)
			return walk_bad(w, at, e, "its fields do not fit the packet");
		r->pos = (uint64_t)(q - w->data) * 8;
		return 0;
	}
	ret = run_skip(&c->prog, r);
	return ret ? walk_bad(w, at, e, run_text(ret)) : 0;
}

int walk_any(struct walk *w, struct batch *b, struct ctf_error *e)
{
	struct run r = { .data = w->data, .end = w->end, .slot = w->slot };
	uint32_t limit = w->sc->event_slots ? 1 : BATCH, index = 0;
	uint64_t start;
	int ret;

	while (b->n < limit && w->pos < w->end) {
		start = w->pos;
		ret = step_any(w, &r, &index, e);
		if (!ret && r.pos == start)
			ret = walk_bad(w, w->data + start / 8, e,
				  "it has no bits, and so no end");
		if (ret) {
			w->pos = start;
			return ret;
		}
		w->clock = r.stamp;
		w->events++;
		b->clock[b->n] = r.stamp;
		b->at[b->n] = (uint32_t)w->pos;
		b->cls[b->n] = index;
		if (w->stamp_at) {
			w->stamp_at[b->n] = sem_has(&r, SEM_STAMP) ?
				r.sem_at[SEM_STAMP] : UINT64_MAX;
			w->stamp_op[b->n] = r.sem_op[SEM_STAMP];
		}
		w->pos = r.pos;
		if (!w->want || w->want[index])
			b->n++;
	}
	return 0;
}
