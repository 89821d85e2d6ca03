// SPDX-License-Identifier: MIT
#include "ctf/out.h"

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
	"\tuint64_t events_discarded;\n%s};\n\n"
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

void ctf_out_uuid(FILE *f, const uint8_t uuid[16])
{
	int i;

	for (i = 0; i < 16; i++)
		fprintf(f, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" :
								   "%02x",
			uuid[i]);
}

void ctf_out_head(FILE *f, const uint8_t uuid[16])
{
	fprintf(f, "%strace {\n\tmajor = 1;\n\tminor = 8;\n\tuuid = \"", types);
	ctf_out_uuid(f, uuid);
	fputs("\";\n\tbyte_order = le;\n\tpacket.header := struct {\n"
	      "\t\tuint32_t magic;\n\t\tuint8_t  uuid[16];\n"
	      "\t\tuint32_t stream_id;\n\t\tuint64_t stream_instance_id;\n"
	      "\t};\n};\n\n", f);
}

void ctf_out_layout(FILE *f, const char *clock, bool has_cpu)
{
	fprintf(f, stamps, clock, clock);
	fprintf(f, stream, has_cpu ? "\tuint32_t cpu_id;\n" : "");
}
