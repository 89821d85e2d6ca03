// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/layers/states.h"

static void fail(struct layers_engine *g, int error)
{
	if (!g->error)
		g->error = error;
}

/* It is told, and kept with the object where there is room. */
static void span_put(struct layers_engine *g, struct layers_object *obj,
		     struct layers_span s)
{
	struct layers_span *at = NULL;

	s.track = obj->track;
	fail(g, g->sink.span(g->sink.ctx, obj, &s));
	if (g->keep_all || g->keep_spans)
		at = layers_add_few(&obj->spans);
	if (!at) {
		obj->omitted++;
		return;
	}
	*at = s;
	g->keep_spans -= !g->keep_all;
}

static void state_put(struct layers_engine *g, struct layers_object *obj,
		      uint32_t name, uint32_t place, int64_t from_ns,
		      int64_t until_ns, uint8_t flags)
{
	span_put(g, obj,
		 (struct layers_span){
			 .name = name,
			 .place = place,
			 .flags = flags,
			 .from_ns = from_ns,
			 .until_ns = until_ns,
			 .self_ns = until_ns - from_ns,
		 });
}

void layers_state(struct layers_engine *g, struct layers_object *obj,
		  uint32_t name, uint32_t place, int64_t ns)
{
	if (obj->has_state && obj->state == name && obj->place == place)
		return;
	if (obj->has_state)
		state_put(g, obj, obj->state, obj->place, obj->since_ns, ns, 0);
	obj->has_state = true;
	obj->state = name;
	obj->place = place;
	obj->since_ns = ns;
}

static uint32_t way_name(struct layers_engine *g, uint32_t from, uint32_t to)
{
	char text[2 * LAYERS_TEXT + 8];
	int n = snprintf(text, sizeof(text), "%s -> %s",
			 layers_name_text(&g->names, from),
			 layers_name_text(&g->names, to));

	return layers_name(&g->names, text, (uint32_t)n);
}

/* It stayed where it was up to the last sighting there; from then on it was on
 * its way. */
void layers_seen(struct layers_engine *g, struct layers_object *obj,
		 uint32_t place, int64_t ns)
{
	int64_t seen_ns = obj->seen_ns;

	obj->seen_ns = ns;
	if (obj->has_state && obj->state == place)
		return;
	if (obj->has_state) {
		state_put(g, obj, obj->state, LAYERS_NO_NAME, obj->since_ns,
			  seen_ns, 0);
		state_put(g, obj, way_name(g, obj->state, place),
			  LAYERS_NO_NAME, seen_ns, ns, 0);
	}
	obj->has_state = true;
	obj->state = place;
	obj->place = LAYERS_NO_NAME;
	obj->since_ns = ns;
}

static struct layers_open *open_find(struct layers_object *obj, uint64_t id)
{
	size_t i;

	/* The last one is the one that ends next, mostly. */
	for (i = obj->open.count; i-- > 0;) {
		if (obj->open.at[i].id == id)
			return &obj->open.at[i];
	}
	return NULL;
}

static void parent_waits(struct layers_object *obj, uint64_t parent, int64_t ns)
{
	struct layers_open *p = parent ? open_find(obj, parent) : NULL;

	if (p && !p->children++)
		p->wait_ns = ns;
}

static void parent_goes_on(struct layers_object *obj, uint64_t parent,
			   int64_t ns)
{
	struct layers_open *p = parent ? open_find(obj, parent) : NULL;

	/* A parent of the same id may have begun after the child. */
	if (p && p->children && !--p->children)
		p->waited_ns += ns - p->wait_ns;
}

static void open_end(struct layers_engine *g, struct layers_object *obj,
		     struct layers_open *o, uint8_t flags, int64_t ns)
{
	struct layers_open was = *o;

	memmove(o, o + 1,
		(size_t)((char *)(obj->open.at + obj->open.count) -
			 (char *)(o + 1)));
	obj->open.count--;
	parent_goes_on(obj, was.parent, ns);
	if (was.children)
		was.waited_ns += ns - was.wait_ns;
	span_put(g, obj,
		 (struct layers_span){
			 .name = was.name,
			 .place = was.place,
			 .depth = was.depth,
			 .flags = flags | LAYERS_NESTED,
			 .from_ns = was.from_ns,
			 .until_ns = ns,
			 .self_ns = ns - was.from_ns - was.waited_ns,
		 });
}

void layers_begin(struct layers_engine *g, struct layers_object *obj,
		  const struct layers_begun *b, int64_t ns)
{
	struct layers_open *o = open_find(obj, b->id), *parent;
	uint8_t depth = 0;

	if (o) {
		g->tracks.at[obj->track].restarted++;
		open_end(g, obj, o, LAYERS_UNFINISHED, ns);
	}
	if (obj->open.count == LAYERS_MAX_OPEN)
		open_end(g, obj, &obj->open.at[0], LAYERS_UNFINISHED, ns);
	parent = b->parent ? open_find(obj, b->parent) :
			     vmsync_array_last(&obj->open);
	if (parent)
		depth = parent->depth < UINT8_MAX ? parent->depth + 1 :
						    UINT8_MAX;
	/* Adding may move the others. */
	parent_waits(obj, parent ? parent->id : 0, ns);
	o = layers_add_few(&obj->open);
	if (!o) {
		fail(g, -ENOMEM);
		return;
	}
	*o = (struct layers_open){
		.id = b->id,
		.name = b->name,
		.place = b->place,
		.depth = depth,
		.from_ns = ns,
	};
	o->parent = depth ? (b->parent ? b->parent : o[-1].id) : 0;
}

bool layers_end(struct layers_engine *g, struct layers_object *obj, uint64_t id,
		bool failed, int64_t ns)
{
	struct layers_open *o = open_find(obj, id);

	if (!o)
		return false;
	open_end(g, obj, o, failed ? LAYERS_FAILED : 0, ns);
	return true;
}

void layers_took(struct layers_engine *g, struct layers_object *obj,
		 uint32_t name, uint32_t place, int64_t took_ns, int64_t ns)
{
	struct layers_open *o = vmsync_array_last(&obj->open);

	span_put(g, obj,
		 (struct layers_span){
			 .name = name,
			 .place = place,
			 .depth = o ? o->depth + (o->depth < UINT8_MAX) : 0,
			 .flags = LAYERS_NESTED,
			 .from_ns = ns - took_ns,
			 .until_ns = ns,
			 .self_ns = took_ns,
		 });
	if (ns - took_ns < obj->first_ns)
		obj->first_ns = ns - took_ns;
}

void layers_failed(struct layers_engine *g, struct layers_object *obj,
		   const char *cause, uint32_t place, int64_t ns)
{
	obj->failures++;
	if (obj->cause)
		return;
	obj->cause = strndup(cause, strcspn(cause, "\n"));
	obj->cause_ns = ns;
	obj->cause_place = place;
	if (!obj->cause)
		fail(g, -ENOMEM);
}

void layers_object_end(struct layers_engine *g, struct layers_object *obj,
		       bool known, int64_t ns)
{
	const struct layers_track *t = &g->tracks.at[obj->track];

	/* From the innermost one on, so that those around it know what was
	 * waited. */
	while (obj->open.count)
		open_end(g, obj, vmsync_array_last(&obj->open),
			 LAYERS_UNFINISHED, ns);
	if (obj->has_state && t->sightings)
		state_put(g, obj, obj->state, obj->place, obj->since_ns,
			  obj->seen_ns, 0);
	else if (obj->has_state)
		state_put(g, obj, obj->state, obj->place, obj->since_ns, ns,
			  known ? 0 : LAYERS_UNFINISHED);
	obj->has_state = false;
	layers_object_take(&g->objects, obj);
	g->tracks.at[obj->track].ended++;
	fail(g, g->sink.object(g->sink.ctx, obj));
}
