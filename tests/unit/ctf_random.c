// SPDX-License-Identifier: MIT
/*
 * Random metadata and streams that match it: every value that was written has
 * to come back, through every way to read it, and after every way to rewrite.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "ctf/rewrite.h"
#include "../gen/random.h"

#define SEEDS	250

static char top[64];

static void remove_tree(const char *path)
{
	char sub[512];
	struct dirent *d;
	DIR *dir = opendir(path);

	while (dir && (d = readdir(dir))) {
		if (d->d_name[0] == '.')
			continue;
		snprintf(sub, sizeof(sub), "%s/%s", path, d->d_name);
		if (unlink(sub))
			remove_tree(sub);
	}
	if (dir)
		closedir(dir);
	rmdir(path);
}

/* One value against one step; true where it is right. */
static bool same_value(const struct random_value *w, const struct ctf_value *v)
{
	switch (w->kind) {
	case RANDOM_NUMBER:
		return (v->type->kind == CTF_INT || v->type->kind == CTF_ENUM) &&
		       v->u == w->u;
	case RANDOM_FLOAT:
		return v->type->kind == CTF_FLOAT && v->u == w->u;
	default:
		return v->len == strlen(w->text) &&
		       !memcmp(v->str, w->text, v->len);
	}
}

static bool same_values(const struct random_trace *t,
			const struct random_event *w, const struct ctf_event *ev)
{
	const struct ctf_value *v;
	size_t k = 0;
	long n = ctf_event_values(ev, &v), i;
	int depth = 0;

	for (i = 0; i < n; i++) {
		depth += v[i].step == CTF_OPEN;
		depth -= v[i].step == CTF_CLOSE;
		if (v[i].step != CTF_LEAF)
			continue;
		if (k == w->n || !same_value(&t->values[w->first + k], &v[i]))
			return false;
		k++;
	}
	return n >= 0 && k == w->n && !depth;
}

/* All of a text, one byte more and one byte else. */
static void check_begins(const struct ctf_event *ev, const struct ctf_field *f,
			 const char *s, size_t len)
{
	char text[64] = "";
	size_t n = len < sizeof(text) - 1 ? len : sizeof(text) - 1;

	if (!s)
		return;
	memcpy(text, s, n);
	CHECK(ctf_str_begins(ev, f, text, n));
	text[n] = 'x';
	CHECK(n < len || !ctf_str_begins(ev, f, text, n + 1));
	text[n / 2] ^= 1;
	CHECK(!n || !ctf_str_begins(ev, f, text, n));
}

/*
 * Direct members of the payload through their handles. The recorded values of
 * contexts come first, so those of the payload are counted from the steps.
 */
static void check_handles(const struct ctf_event *ev)
{
	const struct ctf_value *v;
	long n = ctf_event_values(ev, &v), i;
	const struct ctf_value *copy;
	struct ctf_value *kept;
	int depth = 0;

	kept = malloc((size_t)n * sizeof(*kept));
	if (!kept)
		abort();
	memcpy(kept, v, (size_t)n * sizeof(*kept));
	copy = kept;
	for (i = 0; i < n; i++) {
		struct ctf_field f;
		uint64_t u;
		double d;
		size_t len;
		const char *s;

		if (copy[i].step == CTF_CLOSE)
			depth--;
		if (depth == 1 && copy[i].step != CTF_CLOSE) {
			CHECK(ctf_field_find(ev->cls, copy[i].scope,
					     copy[i].name, &f));
			CHECK(f.type == copy[i].type);
		}
		if (depth == 1 && copy[i].step == CTF_LEAF) {
			switch (copy[i].type->kind) {
			case CTF_INT:
			case CTF_ENUM:
				CHECK(ctf_get_u64(ev, &f, &u));
				CHECK(u == copy[i].u);
				break;
			case CTF_FLOAT:
				CHECK(ctf_get_f64(ev, &f, &d));
				CHECK(!memcmp(&d, &copy[i].f, sizeof(d)));
				break;
			default:
				s = ctf_get_str(ev, &f, &len);
				CHECK(s == copy[i].str && len == copy[i].len);
				check_begins(ev, &f, s, len);
			}
		} else if (depth == 1 && copy[i].step == CTF_OPEN &&
			   (copy[i].type->kind == CTF_ARRAY ||
			    copy[i].type->kind == CTF_SEQUENCE)) {
			CHECK(ctf_get_len(ev, &f, &u));
			CHECK_EQ(u, copy[i].len);
			if (u && copy[i + 1].step == CTF_LEAF &&
			    copy[i + 1].type->kind == CTF_INT) {
				CHECK(ctf_get_elem(ev, &f, u - 1, &u));
				CHECK(u == copy[i + copy[i].len].u);
			}
		}
		if (copy[i].step == CTF_OPEN)
			depth++;
	}
	free(kept);
}

static uint64_t expect_clock(uint64_t in, uint64_t mul)
{
	return in * mul;
}

/* All streams one after the other, against the record. */
static void check_trace(const char *path, const struct random_trace *want,
			uint64_t mul, bool handles)
{
	struct ctf_error e;
	struct ctf_trace *t = ctf_trace_open(path, &e);
	const struct ctf_event *ev;
	size_t i, k = 0;
	bool values = true, clocks = true, classes = true;

	CHECK(t);
	if (!t) {
		printf("     %s\n", e.msg);
		return;
	}
	for (i = 0; i < ctf_trace_streams(t); i++) {
		struct ctf_cursor *c =
			ctf_cursor_new(ctf_trace_stream(t, i), NULL, &e);
		int ret;

		while ((ret = ctf_cursor_next(c, &ev, &e)) > 0) {
			const struct random_event *w = &want->events[k];

			if (k++ >= want->n_events)
				break;
			clocks &= ev->clock == expect_clock(w->clock, mul);
			classes &= ev->cls->id == w->id &&
				   ev->cls->stream_id == w->stream_id;
			values &= same_values(want, w, ev);
			if (handles)
				check_handles(ev);
		}
		CHECK_EQ(ret, 0);
		if (ret < 0)
			printf("     %s\n", e.msg);
		ctf_cursor_free(c);
	}
	CHECK_EQ(k, want->n_events);
	CHECK(clocks);
	CHECK(classes);
	CHECK(values);
	ctf_trace_close(t);
}

/* A selection must give the same events, without those that are not wanted. */
static void check_selection(const char *path, const struct random_trace *want)
{
	struct ctf_error e;
	struct ctf_trace *t = ctf_trace_open(path, &e);
	uint64_t n = 0, skipped = 0;
	const struct ctf_event *ev;
	uint8_t pick[32] = { 0 };
	bool right = true;
	size_t i;

	if (!t)
		return;
	for (i = 0; i < ctf_trace_classes(t); i++)
		pick[i] = check_rand() & 1;
	for (i = 0; i < ctf_trace_streams(t); i++) {
		struct ctf_cursor *c =
			ctf_cursor_new(ctf_trace_stream(t, i), pick, &e);

		while (ctf_cursor_next(c, &ev, &e) > 0) {
			right &= pick[ev->cls->index];
			n++;
		}
		skipped += ctf_cursor_skipped(c);
		ctf_cursor_free(c);
	}
	CHECK(right);
	CHECK_EQ(n + skipped, want->n_events);
	ctf_trace_close(t);
}

static void multiply(void *ctx, const uint64_t *in, uint64_t *out, size_t n)
{
	uint64_t mul = *(uint64_t *)ctx;
	size_t i;

	for (i = 0; i < n; i++)
		out[i] = in[i] * mul;
}

static void stream_map(void *ctx, const struct ctf_stream *s, uint32_t cpu,
		       struct ctf_map *map)
{
	(void)s;
	CHECK(cpu < 2);
	*map = (struct ctf_map){ multiply, ctx };
}

static bool same_file(const char *a, const char *b)
{
	static uint8_t x[1 << 20], y[1 << 20];
	int fa = open(a, O_RDONLY), fb = open(b, O_RDONLY);
	ssize_t n = read(fa, x, sizeof(x)), m = read(fb, y, sizeof(y));

	close(fa);
	close(fb);
	return n >= 0 && n == m && !memcmp(x, y, (size_t)n);
}

static void check_rewrite(const char *path, const struct random_trace *want)
{
	uint64_t muls[] = { 1, 2, 3 + check_range(0, 1u << 21) }, mul;
	struct ctf_rewritten res;
	struct ctf_error e;
	struct ctf_trace *t = ctf_trace_open(path, &e);
	char out[128], a[256], b[256];
	size_t i, k;
	int ret;

	for (i = 0; t && i < 3; i++) {
		struct ctf_rewrite how = { .map = { multiply, &mul },
					   .jobs = 1 + (unsigned int)i };

		mul = muls[i];
		if (i == 1) {
			how.map.fn = NULL;
			how.stream_map = stream_map;
			how.stream_map_ctx = &mul;
		}
		snprintf(out, sizeof(out), "%s/out", top);
		ret = ctf_trace_rewrite(t, out, &how, &res, &e);
		/* Headers without an escape cannot hold every gap. */
		if (!(ret == -ERANGE && mul > 1 && want->narrow)) {
			CHECK_EQ(ret, 0);
			if (ret)
				printf("     %s\n", e.msg);
			CHECK_EQ(res.events_in, want->n_events);
			CHECK_EQ(res.events_out, want->n_events);
			check_trace(out, want, mul, false);
		}
		for (k = 0; mul == 1 && k < ctf_trace_streams(t); k++) {
			const char *name =
				ctf_stream_name(ctf_trace_stream(t, k));

			snprintf(a, sizeof(a), "%s/%s", path, name);
			snprintf(b, sizeof(b), "%s/%s", out, name);
			CHECK(same_file(a, b));
		}
		remove_tree(out);
	}
	ctf_trace_close(t);
}

/* All events, in order; a sum over their times and fields. */
static uint64_t merge_sum(const struct ctf_trace *t, unsigned int jobs,
			  uint64_t n_want)
{
	struct ctf_pool *pool = ctf_pool_new(jobs);
	struct ctf_merge *m = ctf_merge_new();
	const struct ctf_event *ev;
	const struct ctf_value *v;
	uint64_t last = 0, n = 0, sum = 0;
	struct ctf_error e;
	bool order = true;
	long i, k;

	CHECK_EQ(ctf_merge_add(m, t, NULL, &e), 0);
	ctf_merge_pool(m, pool);
	while (ctf_merge_next(m, &ev, &e) > 0) {
		order &= ev->time >= last;
		last = ev->time;
		n++;
		k = ctf_event_values(ev, &v);
		CHECK(k >= 0);
		sum = sum * 31 + ev->time + ev->cpu + (uint64_t)k;
		for (i = 0; i < k; i++) {
			if (v[i].step == CTF_LEAF)
				sum = sum * 31 + (v[i].type->kind <= CTF_FLOAT ?
							  v[i].u :
							  v[i].len);
		}
	}
	CHECK(order);
	CHECK_EQ(n, n_want);
	ctf_merge_free(m);
	ctf_pool_free(pool);
	return sum;
}

/* Merged by one thread and by several: the same. */
static void check_merge(const char *path, const struct random_trace *want)
{
	struct ctf_error e;
	struct ctf_trace *t = ctf_trace_open(path, &e);
	uint64_t sum = merge_sum(t, 1, want->n_events);

	CHECK_EQ(merge_sum(t, 2, want->n_events), sum);
	CHECK_EQ(merge_sum(t, 4, want->n_events), sum);
	ctf_trace_close(t);
}

int main(int argc, char **argv)
{
	uint64_t first;
	char path[96];
	unsigned int i;

	check_init(argc, argv);
	first = check_seed;
	snprintf(top, sizeof(top), "/tmp/ctf_random.XXXXXX");
	if (!mkdtemp(top))
		return 1;
	for (i = 0; i < SEEDS; i++) {
		struct random_trace want;

		check_reseed(first + i);
		snprintf(path, sizeof(path), "%s/in", top);
		mkdir(path, 0777);
		CHECK_EQ(random_trace_write(path, check_seed, 0, &want), 0);
		check_trace(path, &want, 1, true);
		check_selection(path, &want);
		check_merge(path, &want);
		check_rewrite(path, &want);
		random_trace_free(&want);
		remove_tree(path);

		/* The same once more as CTF 2. */
		mkdir(path, 0777);
		CHECK_EQ(random_trace_write(path, check_seed, RANDOM_JSON,
					    &want), 0);
		check_trace(path, &want, 1, true);
		check_rewrite(path, &want);
		random_trace_free(&want);
		remove_tree(path);
	}
	remove_tree(top);
	return check_done();
}
