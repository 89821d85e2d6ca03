// SPDX-License-Identifier: MIT
/* Layers as lines of JSON, and what all formats of them share. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "export/digits.h"
#include "export/export.h"
#include "export/layers.h"

#define ROOM 65536
#define TEXT (4 * LAYERS_TEXT + 1) /* a byte may become \xHH */

int layers_export_begin(struct layers_export *x, struct layers_engine *g,
			const struct layers_format *f, const char *path)
{
	int fd;

	x->engine = g;
	x->format = f;
	x->out.fd = -1;
	g->sink = (struct layers_sink){f->span, f->object, x};
	if (f->begin)
		return f->begin(x, path);
	fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (out_new(&x->out, ROOM, fd))
		return 0;
	close(fd);
	return -ENOMEM;
}

int layers_export_end(struct layers_export *x)
{
	int ret;

	if (x->format->end)
		return x->format->end(x);
	ret = out_write(&x->out, x->out.fd);
	if (close(x->out.fd) && !ret)
		ret = -errno;
	x->out.fd = -1;
	return ret;
}

void layers_export_free(struct layers_export *x)
{
	int fd = x->out.start ? x->out.fd : -1;

	if (x->format && x->format->free)
		x->format->free(x);
	out_free(&x->out);
	if (fd >= 0)
		close(fd);
}

/* -------------------------------------------------------------------- JSON */

static void put(struct out *o, const char *s)
{
	out_put(o, s, strlen(s));
}

static void put_text(struct out *o, const char *key, const char *value)
{
	char text[TEXT];

	put(o, ",\"");
	put(o, key);
	put(o, "\":\"");
	for (value = export_text(value, text, sizeof(text)); *value; value++) {
		if (*value == '"' || *value == '\\')
			out_put(o, "\\", 1);
		out_put(o, value, 1);
	}
	out_put(o, "\"", 1);
}

static void put_number(struct out *o, const char *key, int64_t n)
{
	put(o, ",\"");
	put(o, key);
	put(o, "\":");
	out_reserve(o, 24);
	if (n < 0)
		*o->p++ = '-';
	o->p = put_decimal(o->p, n < 0 ? -(uint64_t)n : (uint64_t)n);
}

static const char *track_name(const struct layers_export *x, uint32_t track)
{
	return x->engine->tracks.at[track].name;
}

static int span(void *ctx, const struct layers_object *obj,
		const struct layers_span *s)
{
	struct layers_export *x = ctx;
	struct out *o = &x->out;

	put(o, "{\"table\":\"layers\"");
	put_text(o, "track", track_name(x, s->track));
	put_text(o, "key", obj->key);
	put_text(o, "state", layers_name_text(&x->engine->names, s->name));
	put_text(o, "place", layers_name_text(&x->engine->names, s->place));
	put_number(o, "from_ns", s->from_ns - x->offset_ns);
	put_number(o, "until_ns", s->until_ns - x->offset_ns);
	put_number(o, "self_ns", s->self_ns);
	put_number(o, "depth", s->depth);
	put(o, s->flags & LAYERS_NESTED ? ",\"nested\":true" :
					  ",\"nested\":false");
	put(o, s->flags & LAYERS_FAILED ? ",\"failed\":true" :
					  ",\"failed\":false");
	put(o, s->flags & LAYERS_UNFINISHED ? ",\"unfinished\":true}\n" :
					      ",\"unfinished\":false}\n");
	return o->error;
}

static void links(struct layers_export *x, const struct layers_object *obj)
{
	size_t i;

	put(&x->out, ",\"links\":[");
	for (i = 0; i < obj->links.count; i++) {
		const struct layers_link *link = &obj->links.at[i];

		put(&x->out, i ? ",{\"n\":" : "{\"n\":");
		out_reserve(&x->out, 24);
		x->out.p = put_decimal(x->out.p, i);
		put_text(&x->out, "track", track_name(x, link->track));
		put_text(&x->out, "key", link->key);
		put(&x->out, "}");
	}
	put(&x->out, "]");
}

static int object(void *ctx, struct layers_object *obj)
{
	struct layers_export *x = ctx;
	struct out *o = &x->out;

	put(o, "{\"table\":\"objects\"");
	put_text(o, "track", track_name(x, obj->track));
	put_text(o, "key", obj->key);
	put_text(o, "name", obj->name ? obj->name : "");
	put_number(o, "from_ns", obj->first_ns - x->offset_ns);
	put_number(o, "until_ns", obj->last_ns - x->offset_ns);
	put_number(o, "failures", obj->failures);
	if (obj->cause) {
		put_text(o, "cause", obj->cause);
		put_text(o, "cause_place",
			 layers_name_text(&x->engine->names, obj->cause_place));
		put_number(o, "cause_ns", obj->cause_ns - x->offset_ns);
	}
	links(x, obj);
	put(o, "}\n");
	layers_object_free(obj);
	return o->error;
}

const struct layers_format layers_jsonl = {
	.name = "jsonl",
	.span = span,
	.object = object,
};
