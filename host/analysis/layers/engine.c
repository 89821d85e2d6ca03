// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/layers/states.h"

/* ------------------------------------------------------------------ set up */

/* Return: its number, made where it is new, or UINT32_MAX. */
static uint32_t track_of(struct layers_engine *g, const struct layer_track *t)
{
	struct layers_track *at;
	uint32_t i;

	for (i = 0; i < g->tracks.count; i++) {
		if (layer_slice_is(t->name, g->tracks.at[i].name))
			return i;
	}
	at = vmsync_array_add(&g->tracks);
	if (!at)
		return UINT32_MAX;
	*at = (struct layers_track){ .timeout_ns = t->timeout_ns };
	snprintf(at->name, sizeof(at->name), "%.*s", (int)t->name.len,
		 t->name.s);
	return i;
}

static uint32_t most_of(const struct layer_track *t)
{
	return t->most ? t->most : LAYERS_MAX_OBJECTS;
}

/* Where layers disagree, the one that lets more be told has its way. */
static void track_merge(struct layers_track *at, const struct layer_track *t)
{
	if (!t->timeout_ns || !at->timeout_ns)
		at->timeout_ns = 0;
	else if (t->timeout_ns > at->timeout_ns)
		at->timeout_ns = t->timeout_ns;
	if (!at->about[0])
		snprintf(at->about, sizeof(at->about), "%.*s",
			 (int)t->about.len, t->about.s);
	if (most_of(t) > at->most)
		at->most = most_of(t);
	at->states |= t->states;
	at->sightings |= t->sightings;
}

/* Whatever clocks say: the difference of two times is a number, too. */
static int64_t time_of(int64_t ns)
{
	const int64_t most = INT64_C(1) << 61;

	return ns < -most ? -most : ns > most ? most : ns;
}

void layers_engine_init(struct layers_engine *g)
{
	g->from_ns = INT64_MAX;
	g->until_ns = g->now_ns = INT64_MIN;
}

void layers_engine_span(struct layers_engine *g, int64_t from_ns,
			int64_t until_ns)
{
	if (time_of(from_ns) < g->from_ns)
		g->from_ns = time_of(from_ns);
	if (time_of(until_ns) > g->until_ns)
		g->until_ns = time_of(until_ns);
}

int layers_engine_add(struct layers_engine *g, struct layer *l)
{
	struct layers_user *u = vmsync_array_add(&g->users);
	uint32_t i;

	if (!u) {
		layer_free(l);
		return -ENOMEM;
	}
	*u = (struct layers_user){ .layer = l };
	u->tracks = calloc(l->tracks.count + 1, sizeof(*u->tracks));
	if (!u->tracks || layers_reader_init(&u->reader, l))
		return -ENOMEM;
	for (i = 0; i < l->tracks.count; i++) {
		u->tracks[i] = track_of(g, &l->tracks.at[i]);
		if (u->tracks[i] == UINT32_MAX)
			return -ENOMEM;
		track_merge(&g->tracks.at[u->tracks[i]], &l->tracks.at[i]);
		if (g->tracks.at[u->tracks[i]].states &&
		    g->tracks.at[u->tracks[i]].sightings)
			return -EINVAL;
	}
	return 0;
}

int layers_engine_trace(struct layers_engine *g, const struct ctf_trace *t,
			uint8_t *want)
{
	size_t i, k;

	for (i = 0; i < g->users.count; i++) {
		struct layers_user *u = &g->users.at[i];
		struct layers_binding *b =
			realloc(u->bindings, (u->n_bindings + 1) * sizeof(*b));

		if (!b)
			return -ENOMEM;
		u->bindings = b;
		b = &b[u->n_bindings++];
		*b = (struct layers_binding){0};
		if (layers_bind(b, u->layer, t))
			return -ENOMEM;
		for (k = 0; k < b->n; k++)
			want[k] |= b->cls[k].n_blocks > 0;
	}
	return 0;
}

int layers_engine_begin(struct layers_engine *g)
{
	return layers_names_init(&g->names) ||
			       layers_objects_init(&g->objects,
						   (uint32_t)g->tracks.count) ?
		       -ENOMEM :
		       0;
}

void layers_engine_free(struct layers_engine *g)
{
	size_t i, k;

	for (i = 0; i < g->users.count; i++) {
		struct layers_user *u = &g->users.at[i];

		for (k = 0; k < u->n_bindings; k++)
			layers_unbind(&u->bindings[k]);
		layers_reader_free(&u->reader);
		layer_free(u->layer);
		free(u->bindings);
		free(u->tracks);
	}
	vmsync_array_free(&g->users);
	layers_objects_free(&g->objects);
	layers_names_free(&g->names);
	vmsync_array_free(&g->tracks);
}

/* ----------------------------------------------------------------- actions */

/* An action at work. */
struct act {
	struct layers_engine *g;
	struct layers_user *u;
	const struct layer_action *a;
	int64_t ns;
	struct layers_text key;
	struct layers_text text;
};

/* What was told of it last is all that is known of its end. */
static void let_go(struct layers_engine *g, struct layers_object *obj)
{
	layers_object_end(g, obj, false, obj->last_ns);
}

static bool is_silent(const struct layers_track *t,
		      const struct layers_object *obj, int64_t ns)
{
	return t->timeout_ns && ns - obj->last_ns > t->timeout_ns;
}

/* There is one too many: the first one goes that was not told of lately. */
static void make_room(struct layers_engine *g, uint32_t track, int64_t ns)
{
	struct layers_row *row = &g->objects.rows[track];
	struct layers_object *obj = layers_object_silent(
		&g->objects, track, row->oldest->queued_ns, ns);

	g->tracks.at[track].crowded_out++;
	let_go(g, obj ? obj : row->oldest);
}

/* The one that is known by this key, or NULL. */
static struct layers_object *object_find(struct act *t,
					 const struct layers_key *key)
{
	struct layers_object *obj = layers_object_find(&t->g->objects, key);
	struct layers_track *at = &t->g->tracks.at[key->track];

	if (!obj || !is_silent(at, obj, t->ns))
		return obj;
	at->timed_out++;
	let_go(t->g, obj);
	return NULL;
}

/* The object that the action is about; one that is not there is made, or NULL.
 */
static struct layers_object *object_of(struct act *t, uint32_t track, bool make)
{
	struct layers_objects *o = &t->g->objects;
	struct layers_key key = layers_key_of(track, t->key.s, t->key.len);
	struct layers_object *obj = object_find(t, &key);

	if (obj) {
		obj->last_ns = t->ns;
		return obj;
	}
	if (!make)
		return NULL;
	if (o->rows[track].n >= t->g->tracks.at[track].most)
		make_room(t->g, track, t->ns);
	obj = layers_object_add(o, &key, t->ns);
	if (!obj && !t->g->error)
		t->g->error = -ENOMEM;
	return obj;
}

static bool text_of(struct act *t, enum layer_text_of which)
{
	return t->a->text[which].n &&
	       layers_text_get(&t->u->reader, t->a->text[which], &t->text);
}

static uint32_t name_of(struct act *t, enum layer_text_of which)
{
	return text_of(t, which) ?
		       layers_name(&t->g->names, t->text.s, t->text.len) :
		       LAYERS_NO_NAME;
}

static uint64_t hash_of(struct act *t, enum layer_text_of which)
{
	return text_of(t, which) ? layers_hash(t->text.s, t->text.len) | 1 : 0;
}

/* The state's own text is its id where none is said. */
static uint64_t id_of(struct act *t)
{
	return hash_of(t, t->a->text[LAYER_ID].n ? LAYER_ID : LAYER_VALUE);
}

static void name_set(struct act *t, struct layers_object *obj)
{
	if (!text_of(t, LAYER_VALUE) ||
	    (obj->name && !strcmp(obj->name, t->text.s)))
		return;
	free(obj->name);
	obj->name = strdup(t->text.s);
	if (!obj->name && !t->g->error)
		t->g->error = -ENOMEM;
}

static void begin(struct act *t, struct layers_object *obj, uint32_t name)
{
	const struct layers_begun b = {
		.id = id_of(t),
		.parent = hash_of(t, LAYER_PARENT),
		.name = name,
		.place = name_of(t, LAYER_PLACE),
	};

	if (b.id)
		layers_begin(t->g, obj, &b, t->ns);
}

static void end(struct act *t, struct layers_object *obj)
{
	uint64_t id = id_of(t);
	bool failed = text_of(t, LAYER_CAUSE);

	if (!id)
		return;
	if (failed)
		layers_failed(t->g, obj, t->text.s, LAYERS_NO_NAME, t->ns);
	if (!layers_end(t->g, obj, id, failed, t->ns) && !t->a->quiet)
		t->g->tracks.at[obj->track].orphans++;
}

static void took(struct act *t, struct layers_object *obj, uint32_t name)
{
	int64_t ns;

	if (layers_duration_get(&t->u->reader, t->a->text[LAYER_FOR],
				t->a->unit_ns, &ns))
		layers_took(t->g, obj, name, name_of(t, LAYER_PLACE), ns,
			    t->ns);
}

static void failed(struct act *t, struct layers_object *obj)
{
	uint32_t place = name_of(t, LAYER_PLACE);

	if (text_of(t, LAYER_VALUE))
		layers_failed(t->g, obj, t->text.s, place, t->ns);
}

static void link_to(struct act *t, struct layers_object *obj)
{
	uint32_t to = t->u->tracks[t->a->to];
	struct layers_link *link;
	size_t i;

	if (!text_of(t, LAYER_TO_KEY))
		return;
	for (i = 0; i < obj->links.count; i++) {
		if (obj->links.at[i].track == to &&
		    !strcmp(obj->links.at[i].key, t->text.s))
			return;
	}
	if (i == LAYERS_MAX_LINKS)
		return;
	link = vmsync_array_add(&obj->links);
	if (link)
		*link = (struct layers_link){to, strdup(t->text.s)};
	if (link && !link->key)
		obj->links.count--;
	if ((!link || !link->key) && !t->g->error)
		t->g->error = -ENOMEM;
}

/* Where another object has the key already, it keeps it. */
static void rekey(struct act *t, struct layers_object *obj)
{
	struct layers_key key;

	if (!text_of(t, LAYER_TO_KEY))
		return;
	key = layers_key_of(obj->track, t->text.s, t->text.len);
	if (!object_find(t, &key) &&
	    layers_object_rekey(&t->g->objects, obj, &key) && !t->g->error)
		t->g->error = -ENOMEM;
}

/* The others make an object where there is none. */
static bool is_about_known(const struct layer_action *a)
{
	return a->verb == LAYER_END || a->verb == LAYER_GONE ||
	       a->verb == LAYER_REKEY || a->known;
}

static void act(struct act *t)
{
	enum layer_verb verb = t->a->verb;
	uint32_t track = t->u->tracks[t->a->track], name = LAYERS_NO_NAME;
	struct layers_object *obj;

	if (!layers_text_get(&t->u->reader, t->a->text[LAYER_KEY], &t->key))
		return;
	if (verb == LAYER_STATE || verb == LAYER_SEEN || verb == LAYER_BEGIN ||
	    verb == LAYER_TOOK) {
		name = name_of(t, LAYER_VALUE);
		if (name == LAYERS_NO_NAME)
			return;
	}
	obj = object_of(t, track, !is_about_known(t->a));
	if (!obj) {
		t->g->tracks.at[track].orphans +=
			verb == LAYER_END && !t->a->quiet;
		return;
	}
	switch (verb) {
	case LAYER_STATE:
		layers_state(t->g, obj, name, name_of(t, LAYER_PLACE), t->ns);
		break;
	case LAYER_SEEN:
		layers_seen(t->g, obj, name, t->ns);
		break;
	case LAYER_BEGIN:
		begin(t, obj, name);
		break;
	case LAYER_END:
		end(t, obj);
		break;
	case LAYER_TOOK:
		took(t, obj, name);
		break;
	case LAYER_FAIL:
		failed(t, obj);
		break;
	case LAYER_NAME:
		name_set(t, obj);
		break;
	case LAYER_LINK:
		link_to(t, obj);
		break;
	case LAYER_REKEY:
		rekey(t, obj);
		break;
	default:
		/* Where it was seen last is where its time ends. */
		if (t->g->tracks.at[track].sightings && obj->has_state)
			obj->last_ns = obj->seen_ns;
		layers_object_end(t->g, obj, true, t->ns);
		break;
	}
}

/* ------------------------------------------------------------------ events */

/* Objects that were silent for too long by now make room. */
static void time_out(struct layers_engine *g, int64_t ns)
{
	size_t i;

	for (i = 0; i < g->tracks.count; i++) {
		struct layers_track *t = &g->tracks.at[i];
		struct layers_object *obj;

		while (t->timeout_ns && (obj = layers_object_silent(
						 &g->objects, (uint32_t)i,
						 ns - t->timeout_ns - 1, ns))) {
			t->timed_out++;
			let_go(g, obj);
		}
	}
}

static void user_event(struct layers_engine *g, struct layers_user *u,
		       size_t trace, const struct ctf_event *ev)
{
	const struct layers_class *c = &u->bindings[trace].cls[ev->cls->index];
	struct act t = { .g = g, .u = u, .ns = g->now_ns };
	bool matched = false;
	uint32_t i, k;

	if (!c->n_blocks)
		return;
	layers_reader_event(&u->reader, &u->bindings[trace], ev);
	for (i = 0; i < c->n_blocks; i++) {
		const struct layer_block *b =
			&u->layer->blocks.at[c->blocks[i]];

		if (!layers_holds(&u->reader, b))
			continue;
		matched = true;
		for (k = 0; k < b->actions.n; k++) {
			t.a = &u->layer->actions.at[b->actions.first + k];
			act(&t);
		}
	}
	u->matched += matched;
}

int layers_engine_event(struct layers_engine *g, size_t trace,
			const struct ctf_event *ev)
{
	int64_t ns = time_of((int64_t)ev->time);
	size_t i;

	g->events++;
	/* A clock that goes back is no reason for what lasts less than nothing.
	 */
	if (ns > g->now_ns)
		g->now_ns = ns;
	layers_engine_span(g, g->now_ns, g->now_ns);
	time_out(g, g->now_ns);
	for (i = 0; i < g->users.count; i++)
		user_event(g, &g->users.at[i], trace, ev);
	return g->error;
}

int layers_engine_end(struct layers_engine *g)
{
	size_t i;

	for (i = 0; i < g->tracks.count; i++) {
		struct layers_track *t = &g->tracks.at[i];
		struct layers_object *obj;

		while ((obj = g->objects.rows[i].oldest)) {
			bool silent = is_silent(t, obj, g->until_ns);

			t->timed_out += silent;
			layers_object_end(g, obj, false,
					  silent ? obj->last_ns : g->until_ns);
		}
	}
	return g->error;
}
