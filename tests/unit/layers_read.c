// SPDX-License-Identifier: MIT
/* Values out of JSON, and files of layers: right where it is right, harmless where not. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analysis/layers/json_path.h"
#include "check.h"

static uint32_t below(uint32_t n)
{
	return (uint32_t)(check_rand() >> 33) % n;
}

static uint32_t keys_of(char *path, struct layer_slice *keys)
{
	uint32_t n = 0;
	char *save, *key;

	for (key = strtok_r(path, "/", &save); key;
	     key = strtok_r(NULL, "/", &save))
		keys[n++] = (struct layer_slice){key, (uint32_t)strlen(key)};
	return n;
}

/* @want NULL: there is no value. */
static void is(const char *json, const char *path, const char *want)
{
	struct layer_slice keys[16], out;
	char buf[64], copy[128];
	bool found;

	snprintf(copy, sizeof(copy), "%s", path);
	found = layers_json_get(json, strlen(json), keys, keys_of(copy, keys),
				buf, sizeof(buf), &out);
	CHECK(found == (want != NULL));
	if (found && want) {
		CHECK_EQ(out.len, strlen(want));
		CHECK(!memcmp(out.s, want, out.len));
	}
}

static const char document[] =
	"{\"a\": {\"b.c\": \"x\", \"l\": [1, {\"k\": \"y\"}, [true]], \"n\": null},\n"
	" \"e\": \"q\\\"\\\\\\n\\u00e9\\ud83d\\ude00\\ud83d\", \"f\": -1.5e3, \"\\u0061b\": 7}";

static void values(void)
{
	is(document, "a/b.c", "x");
	is(document, "a/l/0", "1");
	is(document, "a/l/1/k", "y");
	is(document, "a/l/2/0", "true");
	is(document, "e", "q\"\\\n\xc3\xa9\xf0\x9f\x98\x80?");
	is(document, "f", "-1.5e3");
	is(document, "ab", "7");
	is(document, "a/n", NULL);
	is(document, "a", NULL);
	is(document, "a/l", NULL);
	is(document, "a/l/3", NULL);
	is(document, "a/l/-1", NULL);
	is(document, "a/l/x", NULL);
	is(document, "a/b.c/d", NULL);
	is(document, "g", NULL);
	is("", "a", NULL);
	is("{", "a", NULL);
	is("{\"a\"", "a", NULL);
	is("{\"a\": ", "a", NULL);
	is("{\"a\": \"x", "a", NULL);
	is("{\"a\": \"x\\", "a", NULL);
	is("{\"a\": \"\\u12\"}", "a", "");
	is("[[[[[[", "0/0/0/0/0/0", NULL);
	is("{\"a\": \"0123456789012345678901234567890123456789012345678901234567890123456789\"}",
	   "a", "0123456789012345678901234567890123456789012345678901234567890123456789");
	/* With an escape it has to fit, and what does not is cut. */
	is("{\"a\": \"\\n12345678901234567890123456789012345678901234567890123456789012345\"}",
	   "a", "\n123456789012345678901234567890123456789012345678901234567890123");
}

/* Whatever it is, it ends, and nothing outside of it is touched. */
static void any_bytes(void)
{
	static const char *const paths[] = {"a/b.c", "a/l/1/k", "e", "f", "0/0",
					    "a/l/2/0", "ab"};
	uint32_t i, k;

	for (i = 0; i < 50000; i++) {
		uint32_t n = below(sizeof(document)), changes = below(6);
		/* Of its own size, for AddressSanitizer to see its end. */
		char *text = malloc(n + 1), path[32], buf[64];
		struct layer_slice keys[16], out;

		memcpy(text, document, n);
		for (k = 0; n && k < changes; k++)
			text[below(n)] = "{}[]\",:\\u0 a\xff"[below(13)];
		snprintf(path, sizeof(path), "%s", paths[below(7)]);
		if (layers_json_get(text, n, keys, keys_of(path, keys), buf,
				    sizeof(buf), &out))
			CHECK((out.s >= text && out.s + out.len <= text + n) ||
			      (out.s == buf && out.len <= sizeof(buf)));
		free(text);
	}
}

static const char file[] =
	"layer x \"about\"\nneeds e:y\ntrack a, timeout 5 s, most 3\ntrack b\n"
	"event e:*\n\twhere f/k/0<\"x\" !^= \"y\"\n\twhere n >= 0x10\n"
	"\tbegin a f>\"[\"<\"]\" = g | \"h\" [\"/\" $cpu], id i, in p, at \"q\"\n"
	"\tend a f, id i, failed c, quiet\n\ttook a f = g, for d, ms\n"
	"\tlink a f, b h\n\tseen b h = i\n\tstate a k = l \\\n\t\t, at m\n";

/* A file of any bytes is read, or its error has a line and a column. */
static void any_file(void)
{
	char path[] = "/tmp/layers-unit-XXXXXX", text[sizeof(file)], want[64];
	int fd = mkstemp(path);
	uint32_t i, k, good = 0;

	CHECK(fd >= 0);
	for (i = 0; i < 5000; i++) {
		uint32_t n = below(8) ? sizeof(file) - 1 : below(sizeof(file));
		struct ctf_error e = {0};
		struct layer *l;
		unsigned int line, col;

		memcpy(text, file, sizeof(file));
		for (k = below(4); k > 0; k--)
			text[below(sizeof(file) - 1)] =
				"\"[]|<>=,#\\\n\xff$/x0 "[below(18)];
		CHECK(!ftruncate(fd, 0) && pwrite(fd, text, n, 0) == (ssize_t)n);
		l = layer_read(path, &e);
		good += l != NULL;
		snprintf(want, sizeof(want), "%s:%%u:%%u: ", path);
		if (!l)
			CHECK_EQ(sscanf(e.msg, want, &line, &col), 2);
		layer_free(l);
	}
	CHECK(good > 250);
	CHECK(good < 4750);
	close(fd);
	unlink(path);
}

int main(int argc, char **argv)
{
	check_init(argc, argv);
	values();
	any_bytes();
	any_file();
	return check_done();
}
