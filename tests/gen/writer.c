// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "writer.h"

#define EVENT_MAX   1024
#define HEADER_SIZE (4 + 16 + 4 + 8)
#define FIRST_EVENT (HEADER_SIZE + 6 * 8 + 4)

static const char *const type_tsdl[] = {
	[GEN_U16] = "integer { size = 16; align = 8; signed = 0; encoding = none; base = 8; } _%s;",
	[GEN_U32] = "integer { size = 32; align = 8; signed = 0; encoding = none; base = 10; } _%s;",
	[GEN_S32] = "integer { size = 32; align = 8; signed = 1; encoding = none; base = 10; } _%s;",
	[GEN_U64] = "integer { size = 64; align = 8; signed = 0; encoding = none; base = 10; } _%s;",
	[GEN_S64] = "integer { size = 64; align = 8; signed = 1; encoding = none; base = 10; } _%s;",
	[GEN_X64] = "integer { size = 64; align = 8; signed = 0; encoding = none; base = 16; } _%s;",
	[GEN_TEXT16] = "integer { size = 8; align = 8; signed = 0; encoding = UTF8; base = 10; } _%s[16];",
	[GEN_STRING] = "string _%s;",
	[GEN_BYTES] = "integer { size = 32; align = 8; signed = 0; encoding = none; base = 10; } __%s_length;\n"
		      "\t\tinteger { size = 8; align = 8; signed = 0; encoding = none; base = 16; } _%s[ __%s_length ];",
};

static const char prelude[] =
	"typealias integer { size = 5; align = 1; signed = false; } := uint5_t;\n"
	"typealias integer { size = 8; align = 8; signed = false; } := uint8_t;\n"
	"typealias integer { size = 16; align = 8; signed = false; } := uint16_t;\n"
	"typealias integer { size = 27; align = 1; signed = false; } := uint27_t;\n"
	"typealias integer { size = 32; align = 8; signed = false; } := uint32_t;\n"
	"typealias integer { size = 64; align = 8; signed = false; } := uint64_t;\n"
	"typealias integer { size = 64; align = 8; signed = false; } := unsigned long;\n\n";

static const char streams_tsdl[] =
	"typealias integer {\n\tsize = 27; align = 1; signed = false;\n\tmap = clock.monotonic.value;\n} := uint27_clock_monotonic_t;\n\n"
	"typealias integer {\n\tsize = 32; align = 8; signed = false;\n\tmap = clock.monotonic.value;\n} := uint32_clock_monotonic_t;\n\n"
	"typealias integer {\n\tsize = 64; align = 8; signed = false;\n\tmap = clock.monotonic.value;\n} := uint64_clock_monotonic_t;\n\n"
	"struct packet_context {\n\tuint64_clock_monotonic_t timestamp_begin;\n\tuint64_clock_monotonic_t timestamp_end;\n\tuint64_t content_size;\n\tuint64_t packet_size;\n\tuint64_t packet_seq_num;\n\tunsigned long events_discarded;\n\tuint32_t cpu_id;\n};\n\n"
	"struct event_header_compact {\n\tenum : uint5_t { compact = 0 ... 30, extended = 31 } id;\n\tvariant <id> {\n\t\tstruct {\n\t\t\tuint27_clock_monotonic_t timestamp;\n\t\t} compact;\n\t\tstruct {\n\t\t\tuint32_t id;\n\t\t\tuint64_clock_monotonic_t timestamp;\n\t\t} extended;\n\t} v;\n} align(8);\n\n"
	"struct event_header_large {\n\tenum : uint16_t { compact = 0 ... 65534, extended = 65535 } id;\n\tvariant <id> {\n\t\tstruct {\n\t\t\tuint32_clock_monotonic_t timestamp;\n\t\t} compact;\n\t\tstruct {\n\t\t\tuint32_t id;\n\t\t\tuint64_clock_monotonic_t timestamp;\n\t\t} extended;\n\t} v;\n} align(8);\n\n";

static void die(const char *path)
{
	fprintf(stderr, "%s: %s\n", path, strerror(errno));
	exit(2);
}

static FILE *create(const char *folder, const char *name)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "w");
	if (!f)
		die(path);
	return f;
}

static void uuid_print(FILE *f, const uint8_t *u)
{
	int i;

	for (i = 0; i < 16; i++)
		fprintf(f, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" :
								   "%02x",
			u[i]);
}

static void uuid_make(uint8_t *uuid, uint64_t seed)
{
	uint32_t i;

	for (i = 0; i < 16; i++)
		uuid[i] = (uint8_t)((seed * 0x9e3779b97f4a7c15u +
				     i * 0x1234567u) >> (i % 8 * 8));
}

/* LTTng has the clock's name in those of the types, too. */
static void put_clocked(FILE *f, const char *text, const char *clock)
{
	static const char mono[] = "monotonic";
	const char *at;

	while ((at = strstr(text, mono))) {
		fprintf(f, "%.*s%s", (int)(at - text), text, clock);
		text = at + sizeof(mono) - 1;
	}
	fputs(text, f);
}

static void metadata_write(struct gen_trace *t, FILE *f, const char *hostname,
			   int64_t offset)
{
	const char *clock = t->clock ? t->clock : "monotonic";
	const struct gen_field *field;
	uint8_t clock_uuid[16];
	size_t i;

	memcpy(clock_uuid, t->uuid, 16);
	if (t->clock_seed)
		uuid_make(clock_uuid, t->clock_seed);
	clock_uuid[0] ^= 0xff; /* another than the trace's */
	fprintf(f, "/* CTF 1.8 */\n\n%s", prelude);
	fputs("trace {\n\tmajor = 1;\n\tminor = 8;\n\tuuid = \"", f);
	uuid_print(f, t->uuid);
	fputs("\";\n\tbyte_order = le;\n\tpacket.header := struct {\n"
	      "\t\tuint32_t magic;\n\t\tuint8_t  uuid[16];\n"
	      "\t\tuint32_t stream_id;\n\t\tuint64_t stream_instance_id;\n"
	      "\t};\n};\n\n",
	      f);
	fprintf(f,
		"env {\n\thostname = \"%s\";\n\tdomain = \"%s\";\n"
		"\tsysname = \"Linux\";\n\tkernel_release = \"6.1.0\";\n"
		"\ttracer_name = \"lttng-%s\";\n\ttracer_major = 2;\n"
		"\ttracer_minor = 13;\n\ttracer_patchlevel = 9;\n};\n\n",
		hostname, t->user_space ? "ust" : "kernel",
		t->user_space ? "ust" : "modules");
	fprintf(f, "clock {\n\tname = \"%s\";\n\tuuid = \"", clock);
	uuid_print(f, clock_uuid);
	fprintf(f,
		"\";\n\tdescription = \"Monotonic Clock\";\n"
		"\tfreq = 1000000000; /* Frequency, in Hz */\n"
		"\t/* clock value offset from Epoch is: offset * (1/freq) */\n"
		"\toffset = %lld;\n};\n\n",
		(long long)offset);
	put_clocked(f, streams_tsdl, clock);
	fprintf(f,
		"stream {\n\tid = 0;\n\tevent.header := struct "
		"event_header_%s;\n\tpacket.context := struct "
		"packet_context;\n};\n\n",
		t->large ? "large" : "compact");
	for (i = 0; i < t->n_classes; i++) {
		fprintf(f,
			"event {\n\tname = \"%s\";\n\tid = %zu;\n"
			"\tstream_id = 0;\n\tfields := struct {\n",
			t->classes[i].name, i);
		for (field = t->classes[i].fields; field->type; field++) {
			fputs("\t\t", f);
			fprintf(f, type_tsdl[field->type], field->name,
				field->name, field->name);
			fputc('\n', f);
		}
		fputs("\t};\n};\n\n", f);
	}
}

void gen_open(struct gen_trace *t, const char *hostname, uint64_t uuid_seed,
	      int64_t offset)
{
	char name[32];
	uint32_t i;
	FILE *f;

	uuid_make(t->uuid, uuid_seed);
	if (mkdir(t->path, 0755))
		die(t->path);
	f = create(t->path, "metadata");
	metadata_write(t, f, hostname, offset);
	if (fclose(f))
		die(t->path);
	t->streams = calloc(t->n_streams, sizeof(*t->streams));
	if (!t->streams)
		die(t->path);
	for (i = 0; i < t->n_streams; i++) {
		struct gen_stream *s = &t->streams[i];

		snprintf(name, sizeof(name), "channel0_%u", i);
		s->file = create(t->path, name);
		s->cpu = i;
		s->instance = i;
		s->buffer = malloc(t->packet);
		if (!s->buffer)
			die(t->path);
	}
}

static void put(struct gen_stream *s, const void *p, size_t n)
{
	memcpy(s->buffer + s->used, p, n);
	s->used += n;
}

static void put_u32(struct gen_stream *s, uint32_t v)
{
	put(s, &v, 4);
}

static void put_u64(struct gen_stream *s, uint64_t v)
{
	put(s, &v, 8);
}

static void packet_close(struct gen_trace *t, struct gen_stream *s, bool last)
{
	size_t used = s->used;
	/* The last packet of a stream is only as long as need be. */
	size_t size = last ? (used + 4095) & ~(size_t)4095 : t->packet;

	memset(s->buffer + used, 0, size - used);
	s->used = 0;
	put_u32(s, 0xc1fc1fc1);
	put(s, t->uuid, 16);
	put_u32(s, 0);
	put_u64(s, s->instance);
	put_u64(s, s->begin);
	put_u64(s, s->last);
	put_u64(s, used * 8);
	put_u64(s, size * 8);
	put_u64(s, s->seq++);
	put_u64(s, 0);
	put_u32(s, s->cpu);
	if (fwrite(s->buffer, 1, size, s->file) != size)
		die(t->path);
	s->used = 0;
}

uint64_t gen_gap_max(const struct gen_trace *t)
{
	return t->large ? UINT32_MAX : (1u << 27) - 1;
}

static void header_put(struct gen_trace *t, struct gen_stream *s, uint32_t id,
		       uint64_t stamp)
{
	bool fits = stamp - s->last <= gen_gap_max(t) &&
		    id < (t->large ? 65535u : 31u);

	if (t->large) {
		uint16_t short_id = fits ? (uint16_t)id : 65535;

		put(s, &short_id, 2);
		if (fits)
			put_u32(s, (uint32_t)stamp);
	} else if (fits) {
		put_u32(s, id | (uint32_t)stamp << 5);
	} else {
		put(s, "\x1f", 1);
	}
	if (!fits) {
		put_u32(s, id);
		put_u64(s, stamp);
	}
}

static void value_put(struct gen_stream *s, enum gen_type type,
		      const struct gen_value *v)
{
	char text[16] = "";

	switch (type) {
	case GEN_U16:
		put(s, &v->u, 2);
		break;
	case GEN_U32:
	case GEN_S32:
		put(s, &v->u, 4);
		break;
	case GEN_U64:
	case GEN_S64:
	case GEN_X64:
		put(s, &v->u, 8);
		break;
	case GEN_TEXT16:
		memccpy(text, v->s, '\0', sizeof(text) - 1);
		put(s, text, sizeof(text));
		break;
	case GEN_STRING:
		put(s, v->s, strlen(v->s) + 1);
		break;
	case GEN_BYTES:
		put_u32(s, (uint32_t)v->u);
		put(s, v->s, v->u);
		break;
	case GEN_END:
		break;
	}
}

/* The timer has ended since the packet began: so did the packet, as short as need be. */
static void timer_look(struct gen_trace *t, struct gen_stream *s, uint64_t stamp)
{
	uint64_t ended;

	if (!t->timer || !s->used)
		return;
	ended = (s->begin / t->timer + 1) * t->timer;
	if (stamp < ended)
		return;
	if (s->last < ended)
		s->last = ended;
	packet_close(t, s, true);
}

void gen_event(struct gen_trace *t, uint32_t cpu, uint32_t id, uint64_t stamp,
	       const struct gen_value *values)
{
	struct gen_stream *s = &t->streams[cpu];
	const struct gen_field *field;

	timer_look(t, s, stamp);
	if (s->used + EVENT_MAX > t->packet)
		packet_close(t, s, false);
	if (!s->used) {
		s->used = FIRST_EVENT;
		s->begin = s->seq ? stamp : stamp - t->early_ns;
		s->last = s->begin;
	}
	header_put(t, s, id, stamp);
	for (field = t->classes[id].fields; field->type; field++)
		value_put(s, field->type, values++);
	s->last = stamp;
	s->events++;
}

void gen_stop(struct gen_trace *t, uint64_t stamp)
{
	uint32_t i;

	for (i = 0; i < t->n_streams; i++) {
		struct gen_stream *s = &t->streams[i];

		if (!s->used) {
			s->used = FIRST_EVENT;
			s->begin = s->seq ? s->last : stamp;
		}
		/* Another CPU's clock may be a little ahead. */
		if (s->last < stamp)
			s->last = stamp;
	}
}

void gen_flush(struct gen_trace *t, uint64_t stamp)
{
	uint32_t i;

	gen_stop(t, stamp);
	for (i = 0; i < t->n_streams; i++)
		packet_close(t, &t->streams[i], false);
}

void gen_close(struct gen_trace *t)
{
	uint32_t i;

	for (i = 0; i < t->n_streams; i++) {
		struct gen_stream *s = &t->streams[i];

		if (s->used)
			packet_close(t, s, true);
		if (fclose(s->file))
			die(t->path);
		free(s->buffer);
	}
	free(t->streams);
}
