// SPDX-License-Identifier: MIT
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "random.h"

enum kind { INT, ENUM, FLOAT, STRING, TEXT, STRUCT, ARRAY, SEQ, TEXT_SEQ, VARIANT };
enum header { COMPACT, LARGE, FIXED, ODD, WIDE_COMPACT, NO_HEADER, N_HEADERS };

#define MAX_FIELDS	8
#define PACKET_BYTES	(1 << 16)
#define CLOCK_BITS	40

struct type;

struct field {
	char name[24];
	char path[512];			/* for JSON: of the struct it is in */
	struct type *type;
};

struct type {
	enum kind kind;
	unsigned int size, align, base;
	int is_signed, big, text;
	unsigned int n;			/* fields, labels, elements */
	struct field fields[MAX_FIELDS];
	struct type *elem;
	const struct field *ref;	/* length or tag */
	uint64_t last;			/* value written last */
	struct type *next;		/* of all, to free them */
};

struct class {
	struct type *context, *payload;
};

struct sclass {
	enum header header;
	int id_bits, stamp_bits, id_first;
	struct type *context;
	struct class classes[6];
	unsigned int n;
};

struct gen {
	uint64_t rnd;
	FILE *meta;
	struct random_trace *out;
	struct type *all;
	unsigned int names;
	const struct field *lengths[64], *tags[64];
	unsigned int n_lengths, n_tags;
	int big;			/* native byte order */
	int has_uuid, has_magic;
	int for_babeltrace, json;
	int in_context;
	unsigned int n_streams;
	struct sclass streams[2];
	uint8_t uuid[16];
	/* the packet being written */
	uint8_t buf[PACKET_BYTES * 2];
	uint64_t pos;			/* bits */
};

static uint64_t rnd(struct gen *g)
{
	uint64_t z = g->rnd += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static unsigned int below(struct gen *g, unsigned int n)
{
	return (unsigned int)(rnd(g) % n);
}

/* ------------------------------------------------------------------- types */

static struct type *new_type(struct gen *g, enum kind kind)
{
	struct type *t = calloc(1, sizeof(*t));

	if (!t)
		abort();
	t->kind = kind;
	t->align = 1;
	t->next = g->all;
	g->all = t;
	return t;
}

static void make_int(struct gen *g, struct type *t)
{
	static const unsigned int bases[] = { 2, 8, 10, 10, 10, 16 };

	t->kind = INT;
	t->base = bases[below(g, 6)];
	t->is_signed = below(g, 2);
	t->big = g->big;
	if (below(g, 3)) {
		t->size = 8u << below(g, 4);
		t->align = 8u << below(g, 4);
		if (below(g, 4) == 0)
			t->big = !t->big;
	} else {
		t->size = 1 + below(g, 64);
		t->align = 1u << below(g, 6);
		if (g->for_babeltrace && t->size > 60)
			t->base = 10;
	}
}

static void name_field(struct gen *g, struct field *f)
{
	snprintf(f->name, sizeof(f->name), "%sf%u", below(g, 3) ? "_" : "",
		 g->names++);
}

static struct type *make_type(struct gen *g, unsigned int depth);

static void add_number(struct gen *g, struct type *s, int is_tag)
{
	struct field *f = &s->fields[s->n++];
	struct type *t = new_type(g, INT);

	make_int(g, t);
	if (t->size < 5)
		t->size = 5;
	t->is_signed = is_tag && below(g, 2);
	if (is_tag) {
		t->kind = ENUM;
		t->n = 2 + below(g, 3);
	}
	name_field(g, f);
	f->type = t;
	if (is_tag && g->n_tags < 64)
		g->tags[g->n_tags++] = f;
	if (!is_tag && g->n_lengths < 64)
		g->lengths[g->n_lengths++] = f;
}

static struct type *make_struct(struct gen *g, unsigned int depth,
				unsigned int min)
{
	struct type *s = new_type(g, STRUCT);
	unsigned int n = min + below(g, MAX_FIELDS - 2 - min), lengths, tags;
	int no_refs = g->for_babeltrace && g->in_context;

	lengths = g->n_lengths;
	tags = g->n_tags;
	if (below(g, 4) == 0)
		s->align = 8u << below(g, 4);
	while (s->n < n) {
		struct field *f;

		if (!no_refs && below(g, 5) == 0)
			add_number(g, s, 0);
		if (!no_refs && below(g, 6) == 0 && s->n < n)
			add_number(g, s, 1);
		if (s->n >= n)
			break;
		f = &s->fields[s->n++];
		name_field(g, f);
		f->type = make_type(g, depth + 1);
	}
	/* What is inside of this struct is not visible behind it. */
	if (depth) {
		g->n_lengths = lengths;
		g->n_tags = tags;
	}
	return s;
}

static struct type *make_variant(struct gen *g, unsigned int depth)
{
	struct type *v = new_type(g, VARIANT);
	unsigned int i;

	v->ref = g->tags[below(g, g->n_tags)];
	v->n = v->ref->type->n;
	for (i = 0; i < v->n; i++) {
		snprintf(v->fields[i].name, sizeof(v->fields[i].name),
			 "opt%u", i);
		v->fields[i].type = make_type(g, depth + 1);
	}
	return v;
}

static struct type *make_type(struct gen *g, unsigned int depth)
{
	unsigned int pick = below(g, depth > 3 ? 7 : 12);
	struct type *t;

	switch (pick) {
	case 3:
		t = new_type(g, FLOAT);
		t->size = below(g, 2) ? 32 : 64;
		t->align = 8u << below(g, 4);
		t->big = below(g, 4) ? g->big : !g->big;
		return t;
	case 4:
		return new_type(g, STRING);
	case 5:
		t = new_type(g, TEXT);
		t->n = 1 + below(g, 15);
		return t;
	case 6:
		if (!g->n_lengths)
			break;
		t = new_type(g, TEXT_SEQ);
		t->ref = g->lengths[below(g, g->n_lengths)];
		return t;
	case 7:
		return make_struct(g, depth, 1);
	case 8:
		t = new_type(g, ARRAY);
		t->n = 1 + below(g, 4);
		t->elem = make_type(g, depth + 1);
		return t;
	case 9:
	case 10:
		if (!g->n_lengths)
			break;
		t = new_type(g, SEQ);
		t->ref = g->lengths[below(g, g->n_lengths)];
		t->elem = make_type(g, depth + 1);
		return t;
	case 11:
		if (!g->n_tags)
			break;
		return make_variant(g, depth);
	default:
		break;
	}
	t = new_type(g, INT);
	make_int(g, t);
	return t;
}

static unsigned int type_align(const struct type *t)
{
	unsigned int a = t->align, i, b;

	switch (t->kind) {
	case STRING:
	case TEXT:
	case TEXT_SEQ:
		return 8;
	case ARRAY:
	case SEQ:
		return type_align(t->elem);
	case STRUCT:
		for (i = 0; i < t->n; i++) {
			b = type_align(t->fields[i].type);
			a = b > a ? b : a;
		}
		return a;
	default:
		return t->kind == VARIANT ? 1 : a;
	}
}

/* ---------------------------------------------------------------- metadata */

static void print_int(struct gen *g, const struct type *t)
{
	fprintf(g->meta,
		"integer { size = %u; align = %u; signed = %s; base = %u; byte_order = %s; }",
		t->size, t->align, t->is_signed ? "true" : "false",
		t->base ? t->base : 10, t->big ? "be" : "le");
}

/* Label i of a tag is for values 4 * i .. 4 * i + 2, from -4 where signed. */
static long tag_low(const struct type *t, unsigned int i)
{
	return (long)i * 4 - (t->is_signed ? 4 : 0);
}

static void print_type(struct gen *g, const struct type *t, const char *name);

static void print_members(struct gen *g, const struct type *t)
{
	unsigned int i;

	fprintf(g->meta, "{\n");
	for (i = 0; i < t->n; i++)
		print_type(g, t->fields[i].type, t->fields[i].name);
	fprintf(g->meta, "}");
}

static void print_head(struct gen *g, const struct type *t)
{
	unsigned int i;

	switch (t->kind) {
	case INT:
		print_int(g, t);
		break;
	case ENUM:
		fprintf(g->meta, "enum : ");
		print_int(g, t);
		fprintf(g->meta, " { ");
		for (i = 0; i < t->n; i++)
			fprintf(g->meta, "%sopt%u = %ld ... %ld",
				i ? ", " : "", i, tag_low(t, i),
				tag_low(t, i) + 2);
		fprintf(g->meta, " }");
		break;
	case FLOAT:
		fprintf(g->meta,
			"floating_point { exp_dig = %d; mant_dig = %d; align = %u; byte_order = %s; }",
			t->size == 32 ? 8 : 11, t->size == 32 ? 24 : 53,
			t->align, t->big ? "be" : "le");
		break;
	case STRING:
		fprintf(g->meta, "string { encoding = UTF8; }");
		break;
	case TEXT:
	case TEXT_SEQ:
		fprintf(g->meta,
			"integer { size = 8; align = 8; signed = false; encoding = UTF8; }");
		break;
	case STRUCT:
		fprintf(g->meta, "struct ");
		print_members(g, t);
		if (t->align > 1)
			fprintf(g->meta, " align(%u)", t->align);
		break;
	case VARIANT:
		fprintf(g->meta, "variant <%s> ", t->ref->name);
		print_members(g, t);
		break;
	default:
		print_head(g, t->elem);
		break;
	}
}

static void print_type(struct gen *g, const struct type *t, const char *name)
{
	const struct type *el = t;

	print_head(g, t);
	fprintf(g->meta, " %s", name);
	for (; el; el = el->kind == ARRAY || el->kind == SEQ ? el->elem : NULL) {
		if (el->kind == ARRAY || el->kind == TEXT)
			fprintf(g->meta, "[%u]", el->n);
		if (el->kind == SEQ || el->kind == TEXT_SEQ)
			fprintf(g->meta, "[%s]", el->ref->name);
	}
	fprintf(g->meta, ";\n");
}

#define U(size, align) "integer { size = " #size "; align = " #align "; signed = false; }"
#define CLOCKED(size, align) \
	"integer { size = " #size "; align = " #align "; signed = false; map = clock.mono.value; }"

static void print_lttng_header(struct gen *g, enum header h)
{
	int large = h == LARGE, wide = h == WIDE_COMPACT;

	fprintf(g->meta,
		"\tevent.header := struct {\n\t\tenum : %s { compact = 0 ... %u, extended = %u } id;\n"
		"\t\tvariant <id> {\n\t\t\tstruct { %s timestamp; } compact;\n"
		"\t\t\tstruct { %s id; %s timestamp; } extended;\n\t\t} v;\n\t} align(%d);\n",
		large ? U(16, 8) : U(5, 1), large ? 65534 : 30,
		large ? 65535 : 31, large ? CLOCKED(32, 8) : CLOCKED(27, 1),
		wide ? U(32, 32) : U(32, 8), wide ? CLOCKED(64, 64) :
		CLOCKED(64, 8), wide ? 32 : 8);
}

static void print_header(struct gen *g, const struct sclass *s)
{
	if (s->header == FIXED) {
		fprintf(g->meta,
			"\tevent.header := struct { " U(16, 8) " id; "
			CLOCKED(64, 8) " timestamp; };\n");
	} else if (s->header == ODD) {
		char id[128], stamp[160];

		snprintf(id, sizeof(id),
			 "integer { size = %d; align = 1; signed = false; } id;",
			 s->id_bits);
		snprintf(stamp, sizeof(stamp),
			 "integer { size = %d; align = 1; signed = false; map = clock.mono.value; } timestamp;",
			 s->stamp_bits);
		fprintf(g->meta, "\tevent.header := struct { %s %s };\n",
			s->id_first ? id : stamp, s->id_first ? stamp : id);
	} else if (s->header != NO_HEADER) {
		print_lttng_header(g, s->header);
	}
}

static void print_stream(struct gen *g, unsigned int k)
{
	struct sclass *s = &g->streams[k];
	unsigned int i;

	fprintf(g->meta, "stream {\n\tid = %u;\n", k);
	print_header(g, s);
	fprintf(g->meta,
		"\tpacket.context := struct {\n\t\t" CLOCKED(64, 8)
		" timestamp_begin;\n\t\t" CLOCKED(64, 8) " timestamp_end;\n\t\t"
		U(64, 8) " content_size;\n\t\t" U(64, 8) " packet_size;\n\t\t"
		U(32, 8) " cpu_id;\n\t};\n");
	if (s->context) {
		fprintf(g->meta, "\tevent.context := ");
		print_head(g, s->context);
		fprintf(g->meta, ";\n");
	}
	fprintf(g->meta, "};\n\n");
	for (i = 0; i < s->n; i++) {
		fprintf(g->meta,
			"event {\n\tname = \"e%u_%u\";\n\tid = %u;\n\tstream_id = %u;\n",
			k, i, i, k);
		if (s->classes[i].context) {
			fprintf(g->meta, "\tcontext := ");
			print_head(g, s->classes[i].context);
			fprintf(g->meta, ";\n");
		}
		fprintf(g->meta, "\tfields := ");
		print_head(g, s->classes[i].payload);
		fprintf(g->meta, ";\n};\n\n");
	}
}

static void print_metadata(struct gen *g)
{
	unsigned int i;

	fprintf(g->meta, "/* CTF 1.8 */\n\ntrace {\n\tmajor = 1;\n\tminor = 8;\n");
	fprintf(g->meta, "\tuuid = \"");
	for (i = 0; i < 16; i++)
		fprintf(g->meta, "%s%02x",
			i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "",
			g->uuid[i]);
	fprintf(g->meta,
		"\";\n\tbyte_order = %s;\n\tpacket.header := struct {\n",
		g->big ? "be" : "le");
	if (g->has_magic)
		fprintf(g->meta, "\t\t" U(32, 8) " magic;\n");
	if (g->has_uuid)
		fprintf(g->meta, "\t\t" U(8, 8) " uuid[16];\n");
	fprintf(g->meta, "\t\t" U(32, 8) " stream_id;\n\t};\n};\n\n");
	fprintf(g->meta,
		"env {\n\thostname = \"random\";\n};\n\nclock {\n\tname = mono;\n\tfreq = 1000000000;\n\toffset = 1500000000000000000;\n};\n\n");
	for (i = 0; i < g->n_streams; i++)
		print_stream(g, i);
}

#include "random_json.h"

/* ------------------------------------------------------------------ values */

static void put_bits(struct gen *g, uint64_t v, unsigned int size, int big)
{
	unsigned int i;

	for (i = 0; i < size; i++, g->pos++) {
		unsigned int bit = big ? size - 1 - i : i;
		unsigned int in = g->pos & 7;
		uint8_t mask = (uint8_t)(1u << (big ? 7 - in : in));

		if (v >> bit & 1)
			g->buf[g->pos >> 3] |= mask;
		else
			g->buf[g->pos >> 3] &= (uint8_t)~mask;
	}
}

static void put_align(struct gen *g, unsigned int align)
{
	while (g->pos % align)
		put_bits(g, 0, 1, g->big);
}

static void record(struct gen *g, enum random_leaf kind, uint64_t u,
		   const char *text)
{
	struct random_trace *o = g->out;
	struct random_value *v;

	if (o->n_values == o->cap_values) {
		o->cap_values = o->cap_values * 2 + 64;
		o->values = realloc(o->values,
				    o->cap_values * sizeof(*o->values));
		if (!o->values)
			abort();
	}
	v = memset(&o->values[o->n_values++], 0, sizeof(*v));
	v->kind = (uint8_t)kind;
	v->u = u;
	if (text)
		snprintf(v->text, sizeof(v->text), "%s", text);
}

static uint64_t wrap(uint64_t v, const struct type *t)
{
	if (t->size == 64)
		return v;
	v &= (1ull << t->size) - 1;
	if (t->is_signed && v >> (t->size - 1))
		v |= ~0ull << t->size;
	return v;
}

static int is_length(const struct gen *g, const struct type *t)
{
	unsigned int i;

	for (i = 0; i < g->n_lengths; i++)
		if (g->lengths[i]->type == t)
			return 1;
	return t->n == 99;
}

static void put_number(struct gen *g, struct type *t)
{
	uint64_t v = rnd(g) >> below(g, 64);

	if (t->kind == ENUM)
		v = (uint64_t)(tag_low(t, below(g, t->n)) + (long)below(g, 3));
	else if (is_length(g, t))
		v = below(g, 6) + (g->for_babeltrace || below(g, 6) ? 1 : 0);
	v = wrap(v, t);
	t->last = v;
	put_align(g, t->align);
	put_bits(g, v, t->size, t->big);
	record(g, RANDOM_NUMBER, v, NULL);
}

static void put_float(struct gen *g, struct type *t)
{
	double d = (double)(int64_t)(rnd(g) >> 20) / 1024.0 - 1e9;
	float f = (float)d;
	uint32_t u32 = 0;
	uint64_t u;

	memcpy(&u, &d, 8);
	if (t->size == 32) {
		memcpy(&u32, &f, 4);
		d = (double)f;
		memcpy(&u, &d, 8);
	}
	put_align(g, t->align);
	put_bits(g, t->size == 32 ? u32 : u, t->size, t->big);
	record(g, RANDOM_FLOAT, u, NULL);
}

/* A string has its NUL and no limit; a text is @n bytes, NUL-padded. */
static void put_text(struct gen *g, unsigned int n, int is_string)
{
	static const char chars[] = "abcXYZ 019_-/\\\"\n\t.,{}=";
	unsigned int len = below(g, is_string ? 16 : n + 1), i;
	char text[16] = "";

	if (g->for_babeltrace && !len)
		len = n ? n : 1;
	for (i = 0; i < len && i < 15; i++)
		text[i] = chars[rnd(g) % (sizeof(chars) - 1)];
	put_align(g, 8);
	if (is_string)
		n = (unsigned int)strlen(text) + 1;
	for (i = 0; i < n; i++)
		put_bits(g, i < 15 ? (uint8_t)text[i] : 0, 8, 0);
	record(g, RANDOM_TEXT, 0, text);
}

static void put_value(struct gen *g, struct type *t)
{
	uint64_t n, i;

	switch (t->kind) {
	case INT:
	case ENUM:
		put_number(g, t);
		break;
	case FLOAT:
		put_float(g, t);
		break;
	case STRING:
		put_text(g, 0, 1);
		break;
	case TEXT:
		put_text(g, t->n, 0);
		break;
	case TEXT_SEQ:
		put_text(g, (unsigned int)t->ref->type->last, 0);
		break;
	case STRUCT:
		put_align(g, type_align(t));
		for (i = 0; i < t->n; i++)
			put_value(g, t->fields[i].type);
		break;
	case ARRAY:
	case SEQ:
		n = t->kind == ARRAY ? t->n : t->ref->type->last;
		put_align(g, type_align(t->elem));
		for (i = 0; i < n; i++)
			put_value(g, t->elem);
		break;
	case VARIANT:
		for (i = 0; i < t->n; i++) {
			int64_t v = (int64_t)t->ref->type->last;
			int64_t lo = tag_low(t->ref->type, (unsigned int)i);

			if (v >= lo && v <= lo + 2) {
				put_value(g, t->fields[i].type);
				break;
			}
		}
		break;
	}
}

/* ----------------------------------------------------------------- packets */

static void put_header(struct gen *g, const struct sclass *s, unsigned int id,
		       uint64_t clock, uint64_t last)
{
	unsigned int brief = s->header == LARGE ? 32 : 27;
	unsigned int id_bits = s->header == LARGE ? 16 : 5;
	int ext = (clock - last) >> brief || below(g, 16) == 0;

	switch (s->header) {
	case NO_HEADER:
		return;
	case FIXED:
		put_align(g, 8);
		put_bits(g, id, 16, g->big);
		put_bits(g, clock, 64, g->big);
		return;
	case ODD:
		if (s->id_first)
			put_bits(g, id, (unsigned int)s->id_bits, g->big);
		put_bits(g, clock, (unsigned int)s->stamp_bits, g->big);
		if (!s->id_first)
			put_bits(g, id, (unsigned int)s->id_bits, g->big);
		return;
	default:
		break;
	}
	put_align(g, s->header == WIDE_COMPACT ? 32 : 8);
	put_bits(g, ext ? ~0ull : id, id_bits, g->big);
	if (ext) {
		put_align(g, s->header == WIDE_COMPACT ? 64 : 8);
		put_bits(g, id, 32, g->big);
		put_align(g, s->header == WIDE_COMPACT ? 64 : 8);
		put_bits(g, clock, 64, g->big);
	} else {
		put_bits(g, clock, brief, g->big);
	}
}

static void put_event(struct gen *g, unsigned int k, uint64_t *clock)
{
	struct sclass *s = &g->streams[k];
	unsigned int id = below(g, s->n);
	struct random_trace *o = g->out;
	struct random_event *ev;
	uint64_t last = *clock, gap = rnd(g) % 1000;

	if (s->header != ODD && s->header != NO_HEADER && below(g, 20) == 0)
		gap = rnd(g) >> (28 + below(g, 10));
	if (s->header == NO_HEADER)
		gap = 0;
	*clock += gap;
	if (gap > o->max_gap)
		o->max_gap = gap;
	if (o->n_events == o->cap_events) {
		o->cap_events = o->cap_events * 2 + 64;
		o->events = realloc(o->events,
				    o->cap_events * sizeof(*o->events));
		if (!o->events)
			abort();
	}
	ev = &o->events[o->n_events++];
	*ev = (struct random_event){ .id = id, .stream_id = k, .clock = *clock,
				     .first = o->n_values };
	put_header(g, s, id, *clock, last);
	if (s->context)
		put_value(g, s->context);
	if (s->classes[id].context)
		put_value(g, s->classes[id].context);
	put_value(g, s->classes[id].payload);
	ev->n = o->n_values - ev->first;
}

static int put_packet(struct gen *g, unsigned int k, FILE *f, uint64_t *clock)
{
	uint64_t context, content, begin = *clock, size;
	unsigned int n = 1 + below(g, 40), i;

	memset(g->buf, 0, sizeof(g->buf));
	g->pos = 0;
	if (g->has_magic)
		put_bits(g, 0xC1FC1FC1, 32, g->big);
	for (i = 0; g->has_uuid && i < 16; i++)
		put_bits(g, g->uuid[i], 8, g->big);
	put_bits(g, k, 32, g->big);
	context = g->pos;
	g->pos += 4 * 64 + 32;
	for (i = 0; i < n && g->pos < PACKET_BYTES * 8; i++)
		put_event(g, k, clock);
	if (g->pos >= sizeof(g->buf) * 8)
		abort();
	content = g->pos;
	size = (content + 7) / 8 + below(g, 64);
	*clock += below(g, 100);
	g->pos = context;
	put_bits(g, begin, 64, g->big);
	put_bits(g, *clock, 64, g->big);
	put_bits(g, content, 64, g->big);
	put_bits(g, size * 8, 64, g->big);
	put_bits(g, k, 32, g->big);
	return fwrite(g->buf, 1, size, f) == size ? 0 : -1;
}

static int write_streams(struct gen *g, const char *dir)
{
	unsigned int k, i, n;
	char path[4096];
	uint64_t clock;
	int ret = 0;
	FILE *f;

	for (k = 0; k < g->n_streams && !ret; k++) {
		snprintf(path, sizeof(path), "%s/stream_%u", dir, k);
		f = fopen(path, "wb");
		if (!f)
			return -1;
		clock = rnd(g) >> (64 - CLOCK_BITS);
		n = 1 + below(g, 4);
		for (i = 0; i < n && !ret; i++)
			ret = put_packet(g, k, f, &clock);
		if (fclose(f))
			ret = -1;
	}
	return ret;
}

/* ------------------------------------------------------------------- trace */

static void make_stream(struct gen *g, struct sclass *s)
{
	unsigned int i;

	s->header = below(g, N_HEADERS);
	/* LTTng's headers are little endian to the engine's fast loops. */
	s->id_bits = 3 + (int)below(g, 10);
	s->stamp_bits = 20 + (int)below(g, 45);
	s->id_first = (int)below(g, 2);
	s->n = s->header == NO_HEADER ? 1 : 1 + below(g, 6);
	if (s->header == ODD)
		g->out->narrow = 1;
	g->n_lengths = g->n_tags = 0;
	g->in_context = 1;
	if (below(g, 3) == 0)
		s->context = make_struct(g, 1, 1);
	for (i = 0; i < s->n; i++) {
		g->n_lengths = g->n_tags = 0;
		g->in_context = 1;
		if (below(g, 4) == 0)
			s->classes[i].context = make_struct(g, 1, 1);
		g->in_context = 0;
		s->classes[i].payload = make_struct(g, 0, 2);
		/* Without a header, an event must have bits of its own. */
		if (s->header == NO_HEADER)
			add_number(g, s->classes[i].payload, 0);
	}
}

/* Lengths are marked for good: the list of visible ones comes and goes. */
static void mark_lengths(struct gen *g)
{
	struct type *t;

	for (t = g->all; t; t = t->next)
		if ((t->kind == SEQ || t->kind == TEXT_SEQ) && t->ref)
			t->ref->type->n = 99;
}

int random_trace_write(const char *dir, uint64_t seed, int flags,
		       struct random_trace *out)
{
	struct gen *g = calloc(1, sizeof(*g));
	struct type *t, *next;
	char path[4096];
	unsigned int i;
	int ret = -1;

	memset(out, 0, sizeof(*out));
	if (!g)
		return -1;
	g->rnd = seed;
	g->json = flags & RANDOM_JSON;
	g->for_babeltrace = flags & RANDOM_FOR_BABELTRACE;
	g->out = out;
	g->big = below(g, 4) == 0;
	g->has_magic = below(g, 4) != 0;
	g->has_uuid = below(g, 2);
	for (i = 0; i < 16; i++)
		g->uuid[i] = (uint8_t)rnd(g);
	out->n_streams = g->n_streams = 1 + below(g, 2);
	for (i = 0; i < g->n_streams; i++)
		make_stream(g, &g->streams[i]);
	mark_lengths(g);
	g->n_lengths = 0;
	snprintf(path, sizeof(path), "%s/metadata", dir);
	g->meta = fopen(path, "w");
	if (g->meta) {
		if (g->json)
			json_metadata(g);
		else
			print_metadata(g);
		ret = fclose(g->meta) ? -1 : write_streams(g, dir);
	}
	for (t = g->all; t; t = next) {
		next = t->next;
		free(t);
	}
	free(g);
	return ret;
}

void random_trace_free(struct random_trace *t)
{
	free(t->values);
	free(t->events);
}
