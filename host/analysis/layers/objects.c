// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/layers/names.h"
#include "analysis/layers/objects.h"

#define FIRST_SLOTS 1024u

int layers_objects_init(struct layers_objects *o, uint32_t tracks)
{
	o->rows = calloc(tracks + 1, sizeof(*o->rows));
	o->slots = calloc(FIRST_SLOTS, sizeof(*o->slots));
	o->n_rows = tracks;
	o->n_slots = FIRST_SLOTS;
	return o->rows && o->slots ? 0 : -ENOMEM;
}

void layers_object_free(struct layers_object *obj)
{
	size_t i;

	if (!obj)
		return;
	for (i = 0; i < obj->links.count; i++)
		free(obj->links.at[i].key);
	vmsync_array_free(&obj->links);
	vmsync_array_free(&obj->open);
	vmsync_array_free(&obj->spans);
	if (obj->as != obj->key)
		free(obj->as);
	free(obj->name);
	free(obj->cause);
	free(obj);
}

void layers_objects_free(struct layers_objects *o)
{
	uint32_t i;

	for (i = 0; o->rows && i < o->n_rows; i++) {
		while (o->rows[i].oldest) {
			struct layers_object *obj = o->rows[i].oldest;

			layers_object_take(o, obj);
			layers_object_free(obj);
		}
	}
	free(o->rows);
	free(o->slots);
	o->rows = NULL;
	o->slots = NULL;
}

struct layers_key layers_key_of(uint32_t track, const char *s, uint32_t len)
{
	return (struct layers_key){
		layers_hash(s, len) + track * 0x9e3779b97f4a7c15u,
		track,
		len,
		s,
	};
}

static uint32_t home(const struct layers_objects *o, uint64_t hash)
{
	return (uint32_t)(hash ^ hash >> 32) & (o->n_slots - 1);
}

static bool is(const struct layers_object *obj, const struct layers_key *key)
{
	return obj->track == key->track && obj->as_len == key->len &&
	       !memcmp(obj->as, key->s, key->len);
}

struct layers_object *layers_object_find(const struct layers_objects *o,
					 const struct layers_key *key)
{
	uint32_t i = home(o, key->hash);

	for (; o->slots[i].obj; i = (i + 1) & (o->n_slots - 1)) {
		if (o->slots[i].hash == key->hash && is(o->slots[i].obj, key))
			return o->slots[i].obj;
	}
	return NULL;
}

static void slot_put(struct layers_objects *o, struct layers_slot slot)
{
	uint32_t i = home(o, slot.hash);

	while (o->slots[i].obj)
		i = (i + 1) & (o->n_slots - 1);
	o->slots[i] = slot;
}

static int slots_grow(struct layers_objects *o)
{
	struct layers_objects next = *o;
	uint32_t i;

	next.n_slots = 2 * o->n_slots;
	next.slots = calloc(next.n_slots, sizeof(*next.slots));
	if (!next.slots)
		return -ENOMEM;
	for (i = 0; i < o->n_slots; i++) {
		if (o->slots[i].obj)
			slot_put(&next, o->slots[i]);
	}
	free(o->slots);
	*o = next;
	return 0;
}

/* Those behind it that would not be found any more move up. */
static void slot_remove(struct layers_objects *o,
			const struct layers_object *obj)
{
	uint32_t mask = o->n_slots - 1, i = home(o, obj->hash), next;

	while (o->slots[i].obj != obj)
		i = (i + 1) & mask;
	for (next = (i + 1) & mask; o->slots[next].obj;
	     next = (next + 1) & mask) {
		uint32_t from = home(o, o->slots[next].hash);

		if (((next - from) & mask) >= ((next - i) & mask)) {
			o->slots[i] = o->slots[next];
			i = next;
		}
	}
	o->slots[i].obj = NULL;
}

static void row_remove(struct layers_row *row, struct layers_object *obj)
{
	*(obj->older ? &obj->older->newer : &row->oldest) = obj->newer;
	*(obj->newer ? &obj->newer->older : &row->newest) = obj->older;
}

static void row_append(struct layers_row *row, struct layers_object *obj)
{
	obj->older = row->newest;
	obj->newer = NULL;
	*(row->newest ? &row->newest->newer : &row->oldest) = obj;
	row->newest = obj;
}

struct layers_object *layers_object_add(struct layers_objects *o,
					const struct layers_key *key,
					int64_t ns)
{
	struct layers_object *obj;

	/* At most half of them are taken. */
	if (o->n == o->n_slots / 2 && slots_grow(o))
		return NULL;
	obj = calloc(1, sizeof(*obj) + key->len + 1);
	if (!obj)
		return NULL;
	memcpy(obj->key, key->s, key->len);
	obj->as = obj->key;
	obj->as_len = key->len;
	obj->track = key->track;
	obj->hash = key->hash;
	obj->first_ns = obj->last_ns = obj->queued_ns = ns;
	slot_put(o, (struct layers_slot){obj->hash, obj});
	row_append(&o->rows[obj->track], obj);
	o->rows[obj->track].n++;
	o->n++;
	return obj;
}

int layers_object_rekey(struct layers_objects *o, struct layers_object *obj,
			const struct layers_key *key)
{
	char *as = malloc(key->len + 1);

	if (!as)
		return -ENOMEM;
	memcpy(as, key->s, key->len);
	slot_remove(o, obj);
	if (obj->as != obj->key)
		free(obj->as);
	obj->as = as;
	obj->as_len = key->len;
	obj->hash = key->hash;
	slot_put(o, (struct layers_slot){obj->hash, obj});
	return 0;
}

struct layers_object *layers_object_silent(struct layers_objects *o,
					   uint32_t track, int64_t ns,
					   int64_t now_ns)
{
	struct layers_row *row = &o->rows[track];
	struct layers_object *obj;

	while ((obj = row->oldest) && obj->queued_ns <= ns) {
		if (obj->last_ns <= ns)
			return obj;
		row_remove(row, obj);
		row_append(row, obj);
		obj->queued_ns = now_ns;
	}
	return NULL;
}

void layers_object_take(struct layers_objects *o, struct layers_object *obj)
{
	slot_remove(o, obj);
	row_remove(&o->rows[obj->track], obj);
	obj->older = obj->newer = NULL;
	o->rows[obj->track].n--;
	o->n--;
}
