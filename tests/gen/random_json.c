// SPDX-License-Identifier: MIT
/* A random trace's metadata as CTF 2 says it, in JSON. */
#include <string.h>

#include "random_gen.h"

static const char *json_origin;		/* of the scope being printed */
static char json_path[512];		/* of the struct being printed */

static void json_type(struct gen *g, struct type *t);

/* CTF 2 has no leading underscores to tell names from keywords. */
static const char *json_name(const struct field *f)
{
	return f->name + (f->name[0] == '_');
}

static void json_int(struct gen *g, const struct type *t)
{
	unsigned int i;

	fprintf(g->meta,
		"{\"type\": \"fixed-length-%ssigned-integer\", \"length\": %u, \"alignment\": %u, "
		"\"byte-order\": \"%s-endian\", \"preferred-display-base\": %u",
		t->is_signed ? "" : "un", t->size, t->align,
		t->big ? "big" : "little", t->base ? t->base : 10);
	if (t->kind == ENUM) {
		fprintf(g->meta, ", \"mappings\": {");
		for (i = 0; i < t->n; i++)
			fprintf(g->meta, "%s\"opt%u\": [[%ld, %ld]]",
				i ? ", " : "", i, tag_low(t, i),
				tag_low(t, i) + 2);
		fprintf(g->meta, "}");
	}
	fprintf(g->meta, "}");
}

static void json_ref(struct gen *g, const char *key, const struct field *ref)
{
	fprintf(g->meta,
		", \"%s\": {\"origin\": \"%s\", \"path\": [%s\"%s\"]}", key,
		json_origin, ref->path, json_name(ref));
}

static void json_members(struct gen *g, struct type *t)
{
	size_t len = strlen(json_path);
	unsigned int i;

	for (i = 0; i < t->n; i++) {
		struct field *f = &t->fields[i];

		snprintf(f->path, sizeof(f->path), "%s", json_path);
		snprintf(json_path + len, sizeof(json_path) - len, "\"%s\", ",
			 json_name(f));
		fprintf(g->meta, "%s\n{\"name\": \"%s\", \"field-class\": ",
			i ? "," : "", json_name(f));
		json_type(g, f->type);
		fprintf(g->meta, "}");
		json_path[len] = 0;
	}
}

static void json_struct(struct gen *g, struct type *t)
{
	fprintf(g->meta,
		"{\"type\": \"structure\", \"minimum-alignment\": %u, \"member-classes\": [",
		t->align);
	json_members(g, t);
	fprintf(g->meta, "]}");
}

static void json_variant(struct gen *g, struct type *t)
{
	unsigned int i;

	fprintf(g->meta, "{\"type\": \"variant\"");
	json_ref(g, "selector-field-location", t->ref);
	fprintf(g->meta, ", \"options\": [");
	for (i = 0; i < t->n; i++) {
		fprintf(g->meta,
			"%s{\"name\": \"opt%u\", \"selector-field-ranges\": [[%ld, %ld]], \"field-class\": ",
			i ? ", " : "", i, tag_low(t->ref->type, i),
			tag_low(t->ref->type, i) + 2);
		json_type(g, t->fields[i].type);
		fprintf(g->meta, "}");
	}
	fprintf(g->meta, "]}");
}

static void json_type(struct gen *g, struct type *t)
{
	switch (t->kind) {
	case INT:
	case ENUM:
		json_int(g, t);
		break;
	case FLOAT:
		fprintf(g->meta,
			"{\"type\": \"fixed-length-floating-point-number\", \"length\": %u, "
			"\"alignment\": %u, \"byte-order\": \"%s-endian\"}",
			t->size, t->align, t->big ? "big" : "little");
		break;
	case STRING:
		fprintf(g->meta, "{\"type\": \"null-terminated-string\"}");
		break;
	case TEXT:
		fprintf(g->meta,
			"{\"type\": \"static-length-string\", \"length\": %u}",
			t->n);
		break;
	case TEXT_SEQ:
		fprintf(g->meta, "{\"type\": \"dynamic-length-string\"");
		json_ref(g, "length-field-location", t->ref);
		fprintf(g->meta, "}");
		break;
	case STRUCT:
		json_struct(g, t);
		break;
	case ARRAY:
	case SEQ:
		fprintf(g->meta, "{\"type\": \"%s-length-array\"",
			t->kind == ARRAY ? "static" : "dynamic");
		if (t->kind == ARRAY)
			fprintf(g->meta, ", \"length\": %u", t->n);
		else
			json_ref(g, "length-field-location", t->ref);
		fprintf(g->meta, ", \"element-field-class\": ");
		json_type(g, t->elem);
		fprintf(g->meta, "}");
		break;
	case VARIANT:
		json_variant(g, t);
		break;
	}
}

static void json_plain(struct gen *g, const char *name, unsigned int size,
		       unsigned int align, const char *role, int last)
{
	fprintf(g->meta,
		"{\"name\": \"%s\", \"field-class\": {\"type\": \"fixed-length-unsigned-integer\", "
		"\"length\": %u, \"alignment\": %u, \"byte-order\": \"%s-endian\"",
		name, size, align, g->big ? "big" : "little");
	if (role)
		fprintf(g->meta, ", \"roles\": [\"%s\"]", role);
	fprintf(g->meta, "}}%s", last ? "" : ", ");
}

#define JSON_STRUCT(align) \
	"{\"type\": \"structure\", \"minimum-alignment\": " #align ", \"member-classes\": ["

static void json_lttng_header(struct gen *g, enum header h)
{
	int large = h == LARGE, wide = h == WIDE_COMPACT;
	unsigned int max = large ? 65535 : 31;

	fprintf(g->meta,
		"{\"type\": \"structure\", \"minimum-alignment\": %d, \"member-classes\": [",
		wide ? 32 : 8);
	json_plain(g, "id", large ? 16 : 5, large ? 8 : 1,
		   "event-record-class-id", 0);
	fprintf(g->meta,
		"{\"name\": \"v\", \"field-class\": {\"type\": \"variant\", \"selector-field-location\": "
		"{\"origin\": \"event-record-header\", \"path\": [\"id\"]}, \"options\": ["
		"{\"name\": \"compact\", \"selector-field-ranges\": [[0, %u]], \"field-class\": " JSON_STRUCT(1),
		max - 1);
	json_plain(g, "timestamp", large ? 32 : 27, large ? 8 : 1,
		   "default-clock-timestamp", 1);
	fprintf(g->meta,
		"]}}, {\"name\": \"extended\", \"selector-field-ranges\": [[%u, %u]], \"field-class\": " JSON_STRUCT(1),
		max, max);
	json_plain(g, "id", 32, wide ? 32 : 8, "event-record-class-id", 0);
	json_plain(g, "timestamp", 64, wide ? 64 : 8, "default-clock-timestamp",
		   1);
	fprintf(g->meta, "]}}]}}]}");
}

static void json_header(struct gen *g, const struct sclass *s)
{
	if (s->header == NO_HEADER)
		return;
	fprintf(g->meta, ",\n\"event-record-header-field-class\": ");
	if (s->header == FIXED) {
		fprintf(g->meta, JSON_STRUCT(1));
		json_plain(g, "id", 16, 8, "event-record-class-id", 0);
		json_plain(g, "timestamp", 64, 8, "default-clock-timestamp", 1);
		fprintf(g->meta, "]}");
	} else if (s->header == ODD) {
		fprintf(g->meta, JSON_STRUCT(1));
		if (s->id_first)
			json_plain(g, "id", (unsigned int)s->id_bits, 1,
				   "event-record-class-id", 0);
		json_plain(g, "timestamp", (unsigned int)s->stamp_bits, 1,
			   "default-clock-timestamp", !!s->id_first);
		if (!s->id_first)
			json_plain(g, "id", (unsigned int)s->id_bits, 1,
				   "event-record-class-id", 1);
		fprintf(g->meta, "]}");
	} else {
		json_lttng_header(g, s->header);
	}
}

static void json_scope(struct gen *g, const char *key, const char *origin,
		       struct type *t)
{
	if (!t)
		return;
	json_origin = origin;
	json_path[0] = 0;
	fprintf(g->meta, ",\n\"%s\": ", key);
	json_type(g, t);
}

static void json_stream(struct gen *g, unsigned int k)
{
	struct sclass *s = &g->streams[k];
	unsigned int i;

	fprintf(g->meta,
		"\x1e{\"type\": \"data-stream-class\", \"id\": %u, \"default-clock-class-id\": \"c\",\n"
		"\"packet-context-field-class\": {\"type\": \"structure\", \"minimum-alignment\": %u, "
		"\"member-classes\": [", k, s->packet ? s->packet->align : 1);
	if (!s->no_begin)
		json_plain(g, "timestamp_begin", 64, 8,
			   "default-clock-timestamp", 0);
	json_plain(g, "timestamp_end", 64, 8, "packet-end-default-clock-timestamp", 0);
	json_plain(g, "content_size", 64, 8, "packet-content-length", 0);
	if (!s->no_size)
		json_plain(g, "packet_size", 64, 8, "packet-total-length", 0);
	json_plain(g, "cpu_id", 32, 8, NULL, !s->packet);
	json_origin = "packet-context";
	json_path[0] = 0;
	if (s->packet)
		json_members(g, s->packet);
	fprintf(g->meta, "]}");
	json_header(g, s);
	json_scope(g, "event-record-common-context-field-class",
		   "event-record-common-context", s->context);
	fprintf(g->meta, "}\n");
	for (i = 0; i < s->n; i++) {
		fprintf(g->meta,
			"\x1e{\"type\": \"event-record-class\", \"id\": %u, \"data-stream-class-id\": %u, \"name\": \"e%u_%u\"",
			i, k, k, i);
		json_scope(g, "specific-context-field-class",
			   "event-record-specific-context",
			   s->classes[i].context);
		json_scope(g, "payload-field-class", "event-record-payload",
			   s->classes[i].payload);
		fprintf(g->meta, "}\n");
	}
}

void json_metadata(struct gen *g)
{
	unsigned int i;

	fprintf(g->meta,
		"\x1e{\"type\": \"preamble\", \"version\": 2, \"uuid\": [");
	for (i = 0; i < 16; i++)
		fprintf(g->meta, "%s%u", i ? ", " : "", g->uuid[i]);
	fprintf(g->meta,
		"]}\n\x1e{\"type\": \"trace-class\", \"environment\": {\"hostname\": \"random\"},\n"
		"\"packet-header-field-class\": " JSON_STRUCT(1));
	if (g->has_magic)
		json_plain(g, "magic", 32, 8, "packet-magic-number", 0);
	if (g->has_uuid)
		fprintf(g->meta,
			"{\"name\": \"uuid\", \"field-class\": {\"type\": \"static-length-blob\", \"length\": 16, "
			"\"roles\": [\"metadata-stream-uuid\"]}}, ");
	json_plain(g, "stream", 32, 8, "data-stream-class-id", 1);
	fprintf(g->meta,
		"]}}\n\x1e{\"type\": \"clock-class\", \"id\": \"c\", \"frequency\": 1000000000, "
		"\"offset-from-origin\": {\"seconds\": 1500000000}}\n");
	for (i = 0; i < g->n_streams; i++)
		json_stream(g, i);
}
