// SPDX-License-Identifier: MIT
/* A random trace's metadata as CTF 1.8 says it, in TSDL. */
#include "random_gen.h"

static void print_int(struct gen *g, const struct type *t)
{
	fprintf(g->meta,
		"integer { size = %u; align = %u; signed = %s; base = %u; byte_order = %s; }",
		t->size, t->align, t->is_signed ? "true" : "false",
		t->base ? t->base : 10, t->big ? "be" : "le");
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

static void print_packet(struct gen *g, const struct sclass *s)
{
	unsigned int i;

	fprintf(g->meta, "\tpacket.context := struct {\n");
	if (!s->no_begin)
		fprintf(g->meta, "\t\t" CLOCKED(64, 8) " timestamp_begin;\n");
	fprintf(g->meta, "\t\t" CLOCKED(64, 8) " timestamp_end;\n\t\t"
		U(64, 8) " content_size;\n");
	if (!s->no_size)
		fprintf(g->meta, "\t\t" U(64, 8) " packet_size;\n");
	fprintf(g->meta, "\t\t" U(32, 8) " cpu_id;\n");
	for (i = 0; s->packet && i < s->packet->n; i++)
		print_type(g, s->packet->fields[i].type,
			   s->packet->fields[i].name);
	fprintf(g->meta, "\t}");
	if (s->packet && s->packet->align > 1)
		fprintf(g->meta, " align(%u)", s->packet->align);
	fprintf(g->meta, ";\n");
}

static void print_stream(struct gen *g, unsigned int k)
{
	struct sclass *s = &g->streams[k];
	unsigned int i;

	fprintf(g->meta, "stream {\n\tid = %u;\n", k);
	print_header(g, s);
	print_packet(g, s);
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

void tsdl_metadata(struct gen *g)
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
