// SPDX-License-Identifier: MIT
/*
 * Layers for Perfetto: a track for each object, in a group for each kind. A
 * file of it may be put behind one of vmsync export perfetto, of the same
 * machine: it is a sequence of packets of its own.
 */
#include <stdio.h>

#include "export/export.h"
#include "export/layers.h"
#include "export/perfetto.h"

#define SEQUENCE (PERFETTO_SEQUENCE + 1)

/* message TrackEvent, TrackDescriptor */
enum { EVENT_TYPE = 9, EVENT_TRACK = 11, EVENT_NAME = 23 };
enum { TYPE_BEGIN = 1, TYPE_END };
enum { TRACK_UUID = 1, TRACK_NAME = 2, TRACK_PARENT = 5 };

/* Other kinds of tracks than those of perfetto_track.c, which are small. */
enum { KIND_OF_OBJECTS = 101, KIND_OBJECT, KIND_SLICE };

static uint64_t uuid_of(int kind, uint32_t number)
{
	return (uint64_t)kind << 32 | number;
}

static uint8_t *packet_open(struct layers_export *x)
{
	out_reserve(&x->out, PERFETTO_PACKET + PB_TAG + PB_VARINT);
	return pb_open((uint8_t *)x->out.p, TRACE_PACKET);
}

static void packet_close(struct layers_export *x, uint8_t *body, uint8_t *p)
{
	x->out.p = (char *)pb_close(body, p);
}

static void describe(struct layers_export *x, uint64_t uuid, uint64_t parent,
		     const char *name)
{
	uint8_t *body = packet_open(x), *track, *p;

	p = pb_uint(body, PACKET_SEQUENCE_ID, SEQUENCE);
	track = p = pb_open(p, PACKET_TRACK_DESCRIPTOR);
	p = pb_uint(p, TRACK_UUID, uuid);
	p = pb_text(p, TRACK_NAME, name);
	if (parent)
		p = pb_uint(p, TRACK_PARENT, parent);
	packet_close(x, body, pb_close(track, p));
}

static void event(struct layers_export *x, uint64_t uuid, int64_t ns,
		  const char *name)
{
	uint8_t *body = packet_open(x), *ev, *p;

	p = pb_uint(body, PACKET_TIMESTAMP, (uint64_t)(ns - x->offset_ns));
	p = pb_uint(p, PACKET_SEQUENCE_ID, SEQUENCE);
	ev = p = pb_open(p, PACKET_TRACK_EVENT);
	p = pb_uint(p, EVENT_TYPE, name ? TYPE_BEGIN : TYPE_END);
	p = pb_uint(p, EVENT_TRACK, uuid);
	if (name)
		p = pb_text(p, EVENT_NAME, name);
	packet_close(x, body, pb_close(ev, p));
}

/* The number that an object, or a track, has here is kept with it: it is
 * described once. */
static uint64_t track_of(struct layers_export *x,
			 const struct layers_object *obj)
{
	struct layers_object *known = (struct layers_object *)obj;
	struct layers_track *track = &x->engine->tracks.at[obj->track];
	uint64_t kind = uuid_of(KIND_OF_OBJECTS, obj->track);
	char name[PERFETTO_NAME];

	if (!track->number) {
		track->number = 1;
		describe(x, kind, 0, track->name);
	}
	if (!obj->number) {
		known->number = ++x->numbers;
		describe(x, uuid_of(KIND_OBJECT, obj->number), kind,
			 export_text(obj->key, name, sizeof(name)));
	}
	return uuid_of(KIND_OBJECT, obj->number);
}

static void slice_name(const struct layers_export *x,
		       const struct layers_span *s, char name[PERFETTO_NAME])
{
	const struct layers_names *names = &x->engine->names;
	char text[2 * LAYERS_TEXT + 32];

	snprintf(text, sizeof(text), "%.256s%s%.256s%s",
		 layers_name_text(names, s->name),
		 s->place == LAYERS_NO_NAME ? "" : " @ ",
		 layers_name_text(names, s->place),
		 s->flags & LAYERS_FAILED     ? ", FAILED" :
		 s->flags & LAYERS_UNFINISHED ? ", no end" :
						"");
	export_text(text, name, PERFETTO_NAME);
}

/*
 * On one track slices lie within each other, which operations need not: each
 * has a track of its own, and tracks of one name are shown as one.
 */
static int span(void *ctx, const struct layers_object *obj,
		const struct layers_span *s)
{
	struct layers_export *x = ctx;
	uint64_t uuid = track_of(x, obj);
	char name[PERFETTO_NAME];

	if (s->flags & LAYERS_NESTED) {
		describe(x, uuid_of(KIND_SLICE, ++x->slices), uuid,
			 "operations");
		uuid = uuid_of(KIND_SLICE, x->slices);
	}
	slice_name(x, s, name);
	event(x, uuid, s->from_ns, name);
	event(x, uuid, s->until_ns, NULL);
	return x->out.error;
}

static int object(void *ctx, struct layers_object *obj)
{
	struct layers_export *x = ctx;

	layers_object_free(obj);
	return x->out.error;
}

const struct layers_format layers_perfetto = {
	.name = "perfetto",
	.span = span,
	.object = object,
};
