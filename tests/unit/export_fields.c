// SPDX-License-Identifier: MIT
/* Fields as JSON: every kind of value, and every way to nest them. */
#include <math.h>

#include "check.h"
#include "export/fields.h"

static const struct ctf_type u64 = { .kind = CTF_INT, .size = 64, .base = 16 };
static const struct ctf_type s64 = {
	.kind = CTF_INT, .size = 64, .is_signed = true};
static const struct ctf_type real = { .kind = CTF_FLOAT };
static const struct ctf_type text = { .kind = CTF_STRING };
static const struct ctf_type object = { .kind = CTF_STRUCT };
static const struct ctf_type list = { .kind = CTF_ARRAY };
static const struct ctf_type option = { .kind = CTF_VARIANT };

static struct ctf_value values[32];
static long n;

static struct ctf_value *add(const struct ctf_type *type, const char *name,
			     enum ctf_step step)
{
	values[n] = (struct ctf_value){ .type = type,
					.name = name,
					.step = (uint8_t)step,
					.scope = CTF_PAYLOAD };
	return &values[n++];
}

static void add_text(const char *name, const char *s, uint32_t len)
{
	struct ctf_value *v = add(&text, name, CTF_LEAF);

	v->str = s;
	v->len = len;
}

static void check_is(bool payload, const char *wanted)
{
	struct out o;

	CHECK(out_new(&o, 1, -1));
	fields_json(&o, values, n, payload);
	out_put(&o, "", 1);
	CHECK(!o.error);
	if (strcmp(o.start, wanted))
		printf("     got %s\n  wanted %s\n", o.start, wanted);
	CHECK(!strcmp(o.start, wanted));
	out_free(&o);
}

static void check_values(void)
{
	static const struct ctf_range few[] = {
		{ .lo = 1, .hi = 3, .label = "a \"few\"" }
	};
	static const struct ctf_type choice = {
		.kind = CTF_ENUM, .size = 8, .ranges = few, .n_ranges = 1};

	n = 0;
	add(&object, NULL, CTF_OPEN);
	add(&u64, "most", CTF_LEAF)->u = UINT64_MAX;
	add(&s64, "least", CTF_LEAF)->s = INT64_MIN;
	add(&real, "third", CTF_LEAF)->f = 1 / 3.0;
	add(&real, "none", CTF_LEAF)->f = NAN;
	add(&choice, "known", CTF_LEAF)->u = 2;
	add(&choice, "not", CTF_LEAF)->u = 4;
	add_text("cut", "ab\0c", 4);
	add_text("odd", "\\ \"\n\xff\xc3\xa4", 7);
	/* The first byte of two is no character, whatever lies behind it. */
	add_text("end", "\xc3\xa4", 1);
	add(&object, NULL, CTF_CLOSE);
	check_is(true, "{\"most\":18446744073709551615,"
		       "\"least\":-9223372036854775808,"
		       "\"third\":0.33333333333333331,\"none\":null,"
		       "\"known\":\"a \\\"few\\\"\",\"not\":4,\"cut\":\"ab\","
		       "\"odd\":\"\\\\\\\\ \\\"\\u000a\\\\xff\xc3\xa4\","
		       "\"end\":\"\\\\xc3\"}");
	check_is(false, "{}");
}

static void check_nested(void)
{
	n = 0;
	add(&object, NULL, CTF_OPEN);
	add(&list, "rows", CTF_OPEN);
	add(&object, NULL, CTF_OPEN);
	add(&u64, "x", CTF_LEAF)->u = 1;
	add(&list, "y", CTF_OPEN);
	add(&list, "y", CTF_CLOSE);
	add(&object, NULL, CTF_CLOSE);
	add(&object, NULL, CTF_OPEN);
	add(&object, NULL, CTF_CLOSE);
	add(&list, "rows", CTF_CLOSE);
	add(&option, "one", CTF_OPEN);
	add(&u64, "chosen", CTF_LEAF)->u = 2;
	add(&option, "one", CTF_CLOSE);
	add(&option, "nothing", CTF_OPEN);
	add(&option, "nothing", CTF_CLOSE);
	add(&option, "deep", CTF_OPEN);
	add(&object, "chosen", CTF_OPEN);
	add(&u64, "z", CTF_LEAF)->u = 3;
	add(&object, "chosen", CTF_CLOSE);
	add(&option, "deep", CTF_CLOSE);
	add(&object, NULL, CTF_CLOSE);
	check_is(true, "{\"rows\":[{\"x\":1,\"y\":[]},{}],\"one\":2,"
		       "\"nothing\":null,\"deep\":{\"z\":3}}");
}

/* Both contexts are one object. */
static void check_contexts(void)
{
	static const enum ctf_scope scopes[] = {CTF_STREAM_CONTEXT,
						CTF_EVENT_CONTEXT, CTF_PAYLOAD};
	size_t i;

	n = 0;
	for (i = 0; i < 3; i++) {
		add(&object, NULL, CTF_OPEN)->scope = (uint8_t)scopes[i];
		add(&u64, i ? "b" : "a", CTF_LEAF)->scope = (uint8_t)scopes[i];
		add(&object, NULL, CTF_CLOSE)->scope = (uint8_t)scopes[i];
	}
	check_is(false, "{\"a\":0,\"b\":0}");
	check_is(true, "{\"b\":0}");
}

int main(void)
{
	check_values();
	check_nested();
	check_contexts();
	return check_done();
}
