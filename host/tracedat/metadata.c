// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <string.h>

#include "tracedat/metadata.h"

static const char types[] =
	"/* CTF 1.8 */\n\n"
	"typealias integer { size = 8; align = 8; signed = false; } := uint8_t;\n"
	"typealias integer { size = 16; align = 8; signed = false; } := uint16_t;\n"
	"typealias integer { size = 32; align = 8; signed = false; } := uint32_t;\n"
	"typealias integer { size = 64; align = 8; signed = false; } := uint64_t;\n\n";

static const char stamps[] =
	"typealias integer {\n\tsize = 32; align = 8; signed = false;\n"
	"\tmap = clock.%s.value;\n} := uint32_clock_t;\n\n"
	"typealias integer {\n\tsize = 64; align = 8; signed = false;\n"
	"\tmap = clock.%s.value;\n} := uint64_clock_t;\n\n";

static const char stream[] =
	"struct packet_context {\n\tuint64_clock_t timestamp_begin;\n"
	"\tuint64_clock_t timestamp_end;\n\tuint64_t content_size;\n"
	"\tuint64_t packet_size;\n\tuint64_t packet_seq_num;\n"
	"\tuint64_t events_discarded;\n\tuint32_t cpu_id;\n};\n\n"
	"struct event_header_large {\n"
	"\tenum : uint16_t { compact = 0 ... 65534, extended = 65535 } id;\n"
	"\tvariant <id> {\n\t\tstruct {\n\t\t\tuint32_clock_t timestamp;\n"
	"\t\t} compact;\n\t\tstruct {\n\t\t\tuint32_t id;\n"
	"\t\t\tuint64_clock_t timestamp;\n\t\t} extended;\n\t} v;\n"
	"} align(8);\n\n"
	"stream {\n\tid = 0;\n\tevent.header := struct event_header_large;\n"
	"\tpacket.context := struct packet_context;\n"
	"\tevent.context := struct {\n"
	"\t\tinteger { size = 32; align = 8; signed = 1; encoding = none; base = 10; } _tid;\n"
	"\t};\n};\n\n";

static void print_uuid(FILE *f, const uint8_t *uuid)
{
	int i;

	for (i = 0; i < 16; i++)
		fprintf(f, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" :
								   "%02x",
			uuid[i]);
}

/* As LTTng calls it, where it has it; CTF has no dashes in names. */
static void clock_name(const struct dat_metadata *m, char out[32])
{
	char *dash;

	strcpy(out, strcmp(m->clock, "mono") ? m->clock : "monotonic");
	while ((dash = strchr(out, '-')))
		*dash = '_';
}

static bool same_line(const struct dat_sample *a, const struct dat_sample *b)
{
	return a->offset == b->offset && a->scaling == b->scaling &&
	       a->fraction == b->fraction;
}

/* "TIME OFFSET SCALING FRACTION;...": of a row of the same the first and the last. */
static void print_samples(const struct dat_samples *s, FILE *f)
{
	size_t i;

	for (i = 0; i < s->n; i++) {
		const struct dat_sample *at = &s->at[i];

		if (i && i + 1 < s->n && same_line(at, at - 1) &&
		    same_line(at, at + 1))
			continue;
		fprintf(f, "%" PRId64 " %" PRId64 " %" PRIu64 " %" PRIu32 ";",
			at->time, at->offset, at->scaling, at->fraction);
	}
}

/* What fuse/tsync.c reads. */
static void print_tsync(const struct dat_metadata *m, FILE *f)
{
	const struct dat_options *o = &m->options;
	size_t i;

	if (m->trace_id)
		fprintf(f, "\ttrace_id = \"%" PRIu64 "\";\n", m->trace_id);
	if (o->mult)
		fprintf(f, "\ttsc_factor = \"%" PRIu32 " %" PRIu32 "\";\n",
			o->mult, o->shift);
	if (o->bad_samples)
		fputs("\ttsync = \"damaged\";\n", f);
	if (!o->has_samples)
		return;
	fprintf(f, "\ttsync = \"%s\";\n\ttsync_host = \"%" PRIu64 "\";\n",
		o->interpolate ? "lines" : "steps", o->host_id);
	for (i = 0; i < o->n_cpus; i++) {
		if (!o->cpus[i].n)
			continue;
		fprintf(f, "\ttsync_cpu%zu = \"", i);
		print_samples(&o->cpus[i], f);
		fputs("\";\n", f);
	}
}

void dat_metadata_print(const struct dat_metadata *m, FILE *f)
{
	char clock[32];

	clock_name(m, clock);
	fprintf(f, "%strace {\n\tmajor = 1;\n\tminor = 8;\n\tuuid = \"", types);
	print_uuid(f, m->uuid);
	fprintf(f,
		"\";\n\tbyte_order = le;\n\tpacket.header := struct {\n"
		"\t\tuint32_t magic;\n\t\tuint8_t  uuid[16];\n"
		"\t\tuint32_t stream_id;\n\t\tuint64_t stream_instance_id;\n"
		"\t};\n};\n\nenv {\n\thostname = \"%s\";\n"
		"\tdomain = \"kernel\";\n\tsysname = \"Linux\";\n"
		"\tkernel_release = \"%s\";\n\ttracer_name = \"ftrace\";\n"
		"\ttrace_clock = \"%s\";\n",
		m->hostname, m->release, m->clock);
	print_tsync(m, f);
	fprintf(f, "};\n\nclock {\n\tname = \"%s\";\n\tuuid = \"", clock);
	print_uuid(f, m->uuid);
	fputs("\";\n\tdescription = \"of ftrace\";\n\tfreq = 1000000000;\n"
	      "\toffset = 0;\n\tabsolute = true;\n};\n\n", f);
	fprintf(f, stamps, clock, clock);
	fputs(stream, f);
}
