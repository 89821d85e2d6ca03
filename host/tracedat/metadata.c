// SPDX-License-Identifier: MIT
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
		"\ttrace_clock = \"%s\";\n};\n\nclock {\n\tname = \"%s\";\n"
		"\tuuid = \"",
		m->hostname, m->release, m->clock, clock);
	print_uuid(f, m->uuid);
	fputs("\";\n\tdescription = \"of ftrace\";\n\tfreq = 1000000000;\n"
	      "\toffset = 0;\n\tabsolute = true;\n};\n\n", f);
	fprintf(f, stamps, clock, clock);
	fputs(stream, f);
}
