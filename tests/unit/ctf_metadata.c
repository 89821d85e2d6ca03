// SPDX-License-Identifier: MIT
/*
 * What metadata can say and what it cannot: every error names line and column,
 * CTF 2's own field classes are read, and offsets are replaced in both forms.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "ctf/rewrite.h"

static char dir[64];

static void write_file(const char *name, const void *data, size_t n)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
	if (fd < 0 || write(fd, data, n) != (ssize_t)n || close(fd))
		abort();
}

static void remove_file(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	unlink(path);
}

#define LE "trace { major = 1; minor = 8; byte_order = le; };\n"

static const struct {
	const char *text;
	const char *says;	/* part of the message */
} errors[] = {
	{ "", "metadata: empty" },
	{ "   \n", "metadata: empty" },
	{ "trace { major = 1; };", ":1:22: the text ends here; no trace block with a byte_order" },
	{ LE "struct a {", ":2:11: the text ends here" },
	{ LE "\n\nfoo { };", ":4:1: an unknown block \"foo\"" },
	{ LE "integer { size = 65; };", ":2:18: a size from 1 to 64" },
	{ LE "integer { size = 0; };", ":2:18: a size from 1 to 64" },
	{ LE "integer { align = 8; };", ":2:1: an integer needs a size" },
	{ LE "integer { size = 8; align = 3; };", ":2:29: an alignment is a power of two" },
	{ LE "integer { size = 8; base = 7; };", ":2:28: a base of" },
	{ LE "integer { size = 8; byte_order = no; };", ":2:34: a byte order" },
	{ LE "integer { size = 8; map = clocks.c; };", ":2:27: clock.NAME.value" },
	{ LE "typealias nothing := x;", ":2:11: type \"nothing\" is not declared" },
	{ LE "struct s { struct t a; };", ":2:12: a struct that is not declared" },
	{ LE "struct s { variant v <t> a; };", ":2:12: a variant that is not declared" },
	{ LE "struct s { enum e a; };", ":2:12: an enum that is not declared" },
	{ LE "typealias string := a; typealias enum : a { X } := b;", ":2:34: an enum of something" },
	{ LE "typealias integer { size = 8; map = clock.c.value; } := a;", "clock \"c\" is used but not declared" },
	{ LE "clock { name = c; freq = 0; };", ":2:26: a frequency above 0" },
	{ LE "clock { name = c; offset_s = b; };", ":2:30: a number expected" },
	{ LE "clock { name = c; };\nclock { name = c; };", ":3:7: a second clock" },
	{ LE "clock { name = c; uuid = \"x\"; };", ":2:26: a uuid expected" },
	{ LE "stream { id = 0; };\nstream { id = 0; };", "two stream blocks with id 0" },
	{ LE "stream { id = 0; };\nevent { name = a; id = 1; stream_id = 3; };", ":3:1: event \"a\" is of stream 3" },
	{ LE "event { name = a; id = 1; };\nevent { name = b; id = 1; };", ":3:1: event \"b\" has the id of event \"a\"" },
	{ LE "event { name = a; fields := string; };", ":2:35: fields has to be a struct" },
	{ LE "event { name = a; fields := struct { string s[n]; }; };", ":2:47: length \"n\" is not a field before it" },
	{ LE "event { name = a; fields := struct { string n; string s[n]; }; };", ":2:57: length \"n\" is not an integer" },
	{ LE "event { name = a; fields := struct { variant <t> { string a; } v; }; };", ":2:47: tag \"t\" is not a field" },
	{ LE "event { name = \"a\n; };", ":2:16: a string without an end" },
	{ LE "/* a comment", ":2:1: a comment without an end" },
	{ LE "event { id = 99999999999999999999; };", ":2:14: a number above 2^64" },
	{ LE "event { id = -1; };", ":2:14: a number from 0" },
	{ LE "@", ":2:1: a character that has no meaning" },
	{ LE "struct s { integer { size = 8; } a[9999999999999]; };", ":2:35: a type that is too large" },
	{ "{", ":1:2: a key expected" },
	{ "{\"type\": \"event-record-class\"}", ":1:1: the first fragment has to be a preamble" },
	{ "{\"type\": \"preamble\", \"version\": 3}", ":1:1: only version 2" },
	{ "{\"type\": \"preamble\", \"version\": 2}\n{\"type\": \"x\"}", ":2:1: a fragment of type \"x\"" },
	{ "{\"type\": \"preamble\", \"version\": 2}\n{\"type\": \"clock-class\", \"id\": \"c\", \"frequency\": 0}", ":2:1: a frequency above 0" },
	{ "{\"type\": \"preamble\", \"version\": 2}\n{\"type\": \"clock-class\", \"id\": \"c\", \"frequency\": 1, \"offset-from-origin\": 7}", ":2:74: an object expected" },
	{ "{\"type\": \"preamble\", \"version\": 2}\n{\"type\": \"trace-class\", \"environment\": [1]}", ":2:40: an object expected" },
	{ "{\"type\": \"preamble\", \"version\": 2}\n{\"type\": \"trace-class\", \"packet-header-field-class\": \"x\"}", ":2:54: field class alias \"x\"" },
	{ "{\"type\": \"preamble\", \"version\": 2}\n{\"type\": \"field-class-alias\", \"name\": \"a\", \"field-class\": {\"type\": \"odd\"}}", ":2:59: a field class of type \"odd\"" },
	{ "{\"a\": tru}", ":1:7: a value expected" },
	{ "{\"a\": \"\\q\"}", "an unknown escape" },
};

static void test_errors(void)
{
	struct ctf_error e;
	struct ctf_trace *t;
	size_t i;

	for (i = 0; i < sizeof(errors) / sizeof(*errors); i++) {
		write_file("metadata", errors[i].text, strlen(errors[i].text));
		t = ctf_trace_open(dir, &e);
		CHECK(!t);
		CHECK(t || (e.code == -EINVAL && strstr(e.msg, errors[i].says)));
		if (!t && !strstr(e.msg, errors[i].says))
			printf("     '%s'\n     not '%s'\n", e.msg,
			       errors[i].says);
		ctf_trace_close(t);
	}
}

/* Nothing here may take long or much memory, or end in a crash. */
static void test_bombs(void)
{
	static char text[1 << 16];
	struct ctf_error e;
	struct ctf_trace *t;
	int i, n;

	n = sprintf(text, LE "typealias integer { size = 8; } := t0;\n");
	for (i = 0; i < 60; i++)
		n += sprintf(text + n,
			     "typealias struct { t%d a; t%d b; } := t%d;\n", i, i,
			     i + 1);
	n += sprintf(text + n, "event { name = a; fields := struct { t30 x; }; };\n");
	write_file("metadata", text, (size_t)n);
	t = ctf_trace_open(dir, &e);
	CHECK(!t && (strstr(e.msg, "too many fields") ||
		     strstr(e.msg, "too deep")));
	ctf_trace_close(t);

	n = sprintf(text, LE);
	for (i = 0; i < 3000; i++)
		n += sprintf(text + n, "struct {");
	write_file("metadata", text, (size_t)n);
	t = ctf_trace_open(dir, &e);
	CHECK(!t && strstr(e.msg, "too deep"));
	ctf_trace_close(t);

	memset(text, '[', sizeof(text));
	text[0] = '{';
	write_file("metadata", text, sizeof(text));
	t = ctf_trace_open(dir, &e);
	CHECK(!t && e.msg[0]);
	ctf_trace_close(t);
}

/* CTF 2 only: numbers without a fixed size, optionals, blobs, aliases. */
static const char ctf2[] =
	"\x1e{\"type\": \"preamble\", \"version\": 2}\n"
	"\x1e{\"type\": \"field-class-alias\", \"name\": \"u8\", \"field-class\":\n"
	" {\"type\": \"fixed-length-unsigned-integer\", \"length\": 8, \"alignment\": 8, \"byte-order\": \"little-endian\"}}\n"
	"\x1e{\"type\": \"trace-class\"}\n"
	"\x1e{\"type\": \"clock-class\", \"id\": \"c\", \"frequency\": 1000000000, \"offset-from-origin\": {\"cycles\": 44}}\n"
	"\x1e{\"type\": \"data-stream-class\", \"id\": 0, \"default-clock-class-id\": \"c\",\n"
	" \"event-record-header-field-class\": {\"type\": \"structure\", \"member-classes\": [\n"
	"  {\"name\": \"t\", \"field-class\": {\"type\": \"fixed-length-unsigned-integer\", \"length\": 16, \"alignment\": 8,\n"
	"   \"byte-order\": \"little-endian\", \"roles\": [\"default-clock-timestamp\"]}}]}}\n"
	"\x1e{\"type\": \"event-record-class\", \"name\": \"e\", \"payload-field-class\": {\"type\": \"structure\", \"member-classes\": [\n"
	"  {\"name\": \"u\", \"field-class\": {\"type\": \"variable-length-unsigned-integer\"}},\n"
	"  {\"name\": \"s\", \"field-class\": {\"type\": \"variable-length-signed-integer\"}},\n"
	"  {\"name\": \"has\", \"field-class\": {\"type\": \"fixed-length-boolean\", \"length\": 8, \"alignment\": 8, \"byte-order\": \"little-endian\"}},\n"
	"  {\"name\": \"o\", \"field-class\": {\"type\": \"optional\", \"selector-field-location\":\n"
	"   {\"origin\": \"event-record-payload\", \"path\": [\"has\"]}, \"field-class\": {\"type\": \"null-terminated-string\"}}},\n"
	"  {\"name\": \"n.m\", \"field-class\": \"u8\"},\n"
	"  {\"name\": \"b\", \"field-class\": {\"type\": \"dynamic-length-blob\", \"length-field-location\": {\"path\": [\"n.m\"]}}},\n"
	"  {\"name\": \"last\", \"field-class\": \"u8\"}]}}\n";

static const uint8_t ctf2_stream[] = {
	5, 0, 0x05, 0x7f, 1, 'h', 'i', 0, 2, 0xaa, 0xbb, 9,
	6, 0, 0xff, 0xff, 0x03, 0x80, 0x7f, 0, 0, 8,
};

static void check_ctf2(const char *path, unsigned int clock_0)
{
	struct ctf_error e;
	struct ctf_trace *t = ctf_trace_open(path, &e);
	struct ctf_cursor *c;
	const struct ctf_class *cls;
	const struct ctf_event *ev;
	const struct ctf_value *v;
	struct ctf_field u, s, b, last;
	uint64_t x;
	int64_t y;

	CHECK(t);
	if (!t) {
		printf("     %s\n", e.msg);
		return;
	}
	cls = ctf_trace_class(t, 0);
	CHECK(ctf_field_find(cls, CTF_PAYLOAD, "u", &u));
	CHECK(ctf_field_find(cls, CTF_PAYLOAD, "s", &s));
	CHECK(ctf_field_find(cls, CTF_PAYLOAD, "b", &b));
	CHECK(ctf_field_find(cls, CTF_PAYLOAD, "last", &last));
	c = ctf_cursor_new(ctf_trace_stream(t, 0), NULL, &e);
	CHECK_EQ(ctf_cursor_next(c, &ev, &e), 1);
	CHECK_EQ(ev->clock, clock_0);
	CHECK(ctf_get_u64(ev, &u, &x) && x == 5);
	CHECK(ctf_get_s64(ev, &s, &y) && y == -1);
	CHECK(ctf_get_len(ev, &b, &x) && x == 2);
	CHECK(ctf_get_elem(ev, &b, 1, &x) && x == 0xbb);
	CHECK(ctf_get_u64(ev, &last, &x) && x == 9);
	/* { u s has <o text o> n.m [b b b] last } */
	CHECK_EQ(ctf_event_values(ev, &v), 14);
	CHECK(v[5].len == 2 && !memcmp(v[5].str, "hi", 2));
	CHECK_EQ(ctf_cursor_next(c, &ev, &e), 1);
	CHECK(ctf_get_u64(ev, &u, &x) && x == 65535);
	CHECK(ctf_get_s64(ev, &s, &y) && y == -128);
	CHECK(ctf_get_u64(ev, &last, &x) && x == 8);
	CHECK_EQ(ctf_event_values(ev, &v), 11);
	CHECK_EQ(ctf_cursor_next(c, &ev, &e), 0);
	ctf_cursor_free(c);
	ctf_trace_close(t);
}

static void rewrite(int64_t offset_s, int64_t offset, struct ctf_clock *out)
{
	struct ctf_rewrite how = { .set_offset = true, .offset_s = offset_s,
				   .offset = offset, .jobs = 1,
				   .env_key = "added", .env_value = "text" };
	struct ctf_rewritten res;
	const char *added;
	struct ctf_error e;
	struct ctf_trace *t = ctf_trace_open(dir, &e);
	char path[128], name[160];
	int ret;

	snprintf(path, sizeof(path), "%s/out", dir);
	ret = ctf_trace_rewrite(t, path, &how, &res, &e);
	CHECK_EQ(ret, 0);
	if (ret)
		printf("     %s\n", e.msg);
	ctf_trace_close(t);
	t = ctf_trace_open(path, &e);
	CHECK(t && ctf_trace_clock(t, 0));
	if (!t) {
		printf("     %s\n", e.msg);
		return;
	}
	added = ctf_trace_env(t, "added");
	CHECK(added && !strcmp(added, "text"));
	*out = *ctf_trace_clock(t, 0);
	out->name = out->desc = NULL;
	if (ctf_trace_streams(t))
		check_ctf2(path, 5);
	ctf_trace_close(t);
	snprintf(name, sizeof(name), "%s/metadata", path);
	unlink(name);
	snprintf(name, sizeof(name), "%s/stream", path);
	unlink(name);
	rmdir(path);
}

static void test_ctf2(void)
{
	struct ctf_clock c;

	write_file("metadata", ctf2, strlen(ctf2));
	write_file("stream", ctf2_stream, sizeof(ctf2_stream));
	check_ctf2(dir, 5);
	rewrite(1000, 7, &c);
	CHECK_EQ(c.offset_s, 1000);
	CHECK_EQ(c.offset, 7);
	/* Cycles are brought into 0 .. frequency - 1. */
	rewrite(10, -1, &c);
	CHECK_EQ(c.offset_s, 9);
	CHECK_EQ(c.offset, 999999999);
	remove_file("stream");
}

/* Offsets that are there, one of them, none; comments in between. */
static void test_offsets(void)
{
	static const char *const clocks[] = {
		"clock { name = c; offset = 5; };",
		"clock { name = c; offset_s = -4; };",
		"clock { name = c; offset_s = 3; offset /* what */ = -5 ; };",
		"clock { name = c; };",
		"clock {\n name = c;\n freq = 1000; };",
	};
	struct ctf_clock c;
	char text[256];
	size_t i;

	for (i = 0; i < sizeof(clocks) / sizeof(*clocks); i++) {
		snprintf(text, sizeof(text), LE "%s\n", clocks[i]);
		write_file("metadata", text, strlen(text));
		rewrite(-77, 123456789012345, &c);
		CHECK_EQ(c.offset_s, -77);
		CHECK_EQ(c.offset, 123456789012345);
		CHECK_EQ(c.freq, i == 4 ? 1000 : 1000000000);
	}
}

/* The same in CTF 2, and an environment that is there, empty, or of no text. */
static void test_json_places(void)
{
	static const char *const clocks[] = {
		"\"frequency\": 1000",
		"\"frequency\": 1000, \"offset-from-origin\": {}",
		"\"frequency\": 1000, \"offset-from-origin\": {\"seconds\": 4}",
		"\"frequency\": 1000, \"offset-from-origin\": { \"cycles\" : 9 }",
		"\"offset-from-origin\": {\"cycles\": 9, \"seconds\": -0}, \"frequency\": 1000",
	};
	static const char *const envs[] = {
		"", ", \"environment\": {}", ", \"environment\": { }",
		", \"environment\": {\"a\": 1.5}",
		", \"environment\": {\"a\": \"b\"}",
	};
	struct ctf_clock c;
	char text[512];
	size_t i, k;

	for (i = 0; i < sizeof(clocks) / sizeof(*clocks); i++) {
		for (k = 0; k < sizeof(envs) / sizeof(*envs); k++) {
			snprintf(text, sizeof(text),
				 "{\"type\": \"preamble\", \"version\": 2}\n"
				 "{\"type\": \"trace-class\"%s}\n"
				 "{\"type\": \"clock-class\", \"id\": \"c\", %s}\n",
				 envs[k], clocks[i]);
			write_file("metadata", text, strlen(text));
			rewrite(-77, 6, &c);
			CHECK_EQ(c.offset_s, -77);
			CHECK_EQ(c.offset, 6);
			CHECK_EQ(c.freq, 1000);
		}
	}
}

/* Metadata as LTTng writes them: in packets, of a header, text and padding. */
static void test_packets(void)
{
	static const char *const parts[] = {
		"/* CTF 1.8 */ trace { major = 1; minor = 8; byte_or",
		"der = le; }; event { name = packets; id = 0; };",
	};
	uint8_t data[2 * 256] = {0};
	const struct ctf_class *class;
	struct ctf_error e;
	struct ctf_trace *t;

	for (size_t i = 0; i < 2; i++) {
		uint8_t *p = data + 256 * i;
		const uint32_t magic = 0x75D11D57, size = 256 * 8;
		const uint32_t content = (uint32_t)(37 + strlen(parts[i])) * 8;

		memcpy(p, &magic, 4);
		memcpy(p + 24, &content, 4);
		memcpy(p + 28, &size, 4);
		p[35] = 1;
		p[36] = 8;
		memcpy(p + 37, parts[i], strlen(parts[i]));
	}
	write_file("metadata", data, sizeof(data));
	t = ctf_trace_open(dir, &e);
	CHECK(t);
	class = t ? ctf_trace_class(t, 0) : NULL;
	CHECK(class && !strcmp(class->name, "packets"));
	ctf_trace_close(t);
	data[256] ^= 1;
	write_file("metadata", data, sizeof(data));
	t = ctf_trace_open(dir, &e);
	CHECK(!t && e.msg[0]);
	ctf_trace_close(t);
}

int main(int argc, char **argv)
{
	check_init(argc, argv);
	strcpy(dir, "/tmp/ctf_metadata.XXXXXX");
	if (!mkdtemp(dir))
		return 1;
	test_errors();
	test_bombs();
	test_ctf2();
	test_offsets();
	test_json_places();
	test_packets();
	remove_file("metadata");
	rmdir(dir);
	return check_done();
}
