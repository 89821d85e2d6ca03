// SPDX-License-Identifier: MIT
/*
 * What a trace may ask for: each limit is reached by metadata that are read, and passed
 * by such as are refused.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "check.h"
#include "ctf/ctf.h"

static char dir[] = "/tmp/ctf-limits-XXXXXX";
static char path[sizeof(dir) + 16];
static FILE *out;

static void begin(const char *text)
{
	out = fopen(path, "w");
	if (!out)
		abort();
	fputs(text, out);
}

static void put(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vfprintf(out, format, ap);
	va_end(ap);
}

/* Is the trace read? Else the error has to say @why. */
static bool opens(const char *why)
{
	struct ctf_error e = {0};
	struct ctf_trace *t;
	bool read;

	if (fclose(out))
		abort();
	t = ctf_trace_open(dir, &e);
	read = t != NULL;
	if (!read && !strstr(e.msg, why)) {
		CHECK(!"says why");
		printf("     '%s'\n     not '%s'\n", e.msg, why);
	}
	ctf_trace_close(t);
	return read;
}

#define LE "trace { major = 1; minor = 8; byte_order = le; };\n" \
	   "typealias integer { size = 8; } := t0;\n"

static bool clocks(int n)
{
	begin(LE);
	for (int i = 0; i < n; i++)
		put("clock { name = c%d; };\n", i);
	return opens("too many clocks");
}

/* Structs of structs, by name or written out. */
static bool nested(int n, bool named)
{
	begin(LE);
	if (named)
		for (int i = 1; i < n; i++)
			put("typealias struct { t%d a; } := t%d;\n", i - 1, i);
	put("event { name = a; fields := struct { ");
	for (int i = 1; i < n && !named; i++)
		put("struct { ");
	put("t%d x; ", named ? n - 1 : 0);
	for (int i = 1; i < n && !named; i++)
		put("} y; ");
	put("}; };\n");
	return opens("too deep");
}

/* A class of 1 + 15 * 4369 fields, and @more. */
static bool fields(int more)
{
	begin(LE);
	for (int i = 0; i < 3; i++) {
		put("typealias struct { ");
		for (int k = 0; k < 16; k++)
			put("t%d a%d; ", i, k);
		put("} := t%d;\n", i + 1);
	}
	put("event { name = a; fields := struct { ");
	for (int k = 0; k < 15; k++)
		put("t3 a%d; ", k);
	for (int k = 0; k < more; k++)
		put("t0 b%d; ", k);
	put("}; };\n");
	return opens("too many fields");
}

/* Fields whose value is another one's length: @n of them in @block. */
static bool lengths(const char *block, int n)
{
	begin(LE);
	put("%s struct { ", block);
	for (int i = 0; i < n; i++)
		put("t0 n%d; t0 a%d[n%d]; ", i, i, i);
	put("}; };\n");
	return opens("is one of too many");
}

static bool bytes(const char *n)
{
	begin(LE);
	put("event { name = a; fields := struct { t0 a[%s]; }; };\n", n);
	return opens("too large");
}

static bool wide(int bits)
{
	begin(LE);
	put("event { name = a; fields := struct { integer { size = %d; } a; }; };\n",
	    bits);
	return opens("a number");
}

static bool json(int n)
{
	begin("{\"type\": \"preamble\", \"version\": 2, \"x\": ");
	for (int i = 0; i < n; i++)
		put("[");
	for (int i = 0; i < n; i++)
		put("]");
	put("}\n{\"type\": \"trace-class\"}\n");
	return opens("nested too deep");
}

/* Is a file of so many MiB, and a byte, looked into? It has no text. */
static bool looked_into(long mib)
{
	struct ctf_error e = {0};
	bool larger;

	begin("");
	if (fclose(out) || truncate(path, (mib << 20) + 1))
		abort();
	CHECK(!ctf_trace_open(dir, &e));
	larger = strstr(e.msg, "larger than");
	CHECK(e.msg[0]);
	return !larger;
}

/* Is a trace found that is so many folders down? */
static bool found(int levels)
{
	struct ctf_paths paths = {0};
	struct ctf_error e = {0};
	char name[128];
	bool any;

	strcpy(name, dir);
	for (int i = 0; i < levels; i++) {
		strcat(name, "/d");
		if (mkdir(name, 0700))
			abort();
	}
	strcat(name, "/metadata");
	begin("");
	fclose(out);
	if (rename(path, name))
		abort();
	any = !ctf_find(dir, &paths, &e) && paths.n;
	ctf_paths_free(&paths);
	unlink(name);
	for (int i = 0; i <= levels; i++) {
		*strrchr(name, '/') = 0;
		if (i < levels && rmdir(name))
			abort();
	}
	return any;
}

int main(void)
{
	static const char context[] = "stream { packet.context :=";
	static const char payload[] = "event { name = a; fields :=";

	if (!mkdtemp(dir))
		abort();
	sprintf(path, "%s/metadata", dir);
	CHECK(clocks(1024));
	CHECK(!clocks(1025));
	CHECK(nested(31, true));
	CHECK(!nested(32, true));
	CHECK(nested(31, false));
	CHECK(!nested(32, false));
	CHECK(fields(0));
	CHECK(!fields(1));
	CHECK(lengths(context, 128));
	CHECK(!lengths(context, 129));
	CHECK(lengths(payload, 1024 - 128));
	CHECK(!lengths(payload, 1024 - 128 + 1));
	CHECK(bytes("536870912"));
	CHECK(!bytes("536870913"));
	CHECK(wide(65536));
	CHECK(!wide(65544));
	CHECK(json(199));
	CHECK(!json(200));
	CHECK(looked_into(150));
	CHECK(!looked_into(256));
	unlink(path);
	CHECK(found(8));
	CHECK(!found(9));
	rmdir(dir);
	return check_done();
}
