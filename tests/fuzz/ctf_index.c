// SPDX-License-Identifier: MIT
/*
 * libFuzzer: any bytes as the recipe of a stream file and of a map. The trace is
 * rewritten, and then the index and the stream that were written are checked
 * against the packets and the events that went in.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctf/internal.h"
#include "ctf/rewrite.h"
#include "fuzz/ctf_index/shape.h"

#define MAX_FILE	(4u << 20)
#define OFFSET_S	11
#define OFFSET		13

/* One of the two traces, opened once; only its stream's bytes change. */
struct bench {
	struct ctf_trace *t;
	int fd;			/* of the stream file, to write to */
};

static struct bench benches[2];
static char base[256];
static struct made made;
static int out_dir, out_fd = -1;
static uint8_t out_bytes[MAX_FILE], index_bytes[MAX_FILE];

/* ------------------------------------------------------------- once at first */

static void create(const char *dir, const char *name, const char *text,
		   size_t len)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s/%s", base, dir, name);
	f = fopen(path, "w");
	if (!f || fwrite(text, 1, len, f) != len || fclose(f))
		wrong("%s: %s", path, strerror(errno));
}

static void make_dir(const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", base, name);
	if (mkdir(path, 0777))
		wrong("%s: %s", path, strerror(errno));
}

static void bench_open(struct bench *b, const char *dir, uint8_t shape,
		       const char *text)
{
	char path[512];
	struct ctf_error e;

	make_stream(&made, &shape, 1);
	make_dir(dir);
	create(dir, "metadata", text, strlen(text));
	create(dir, "stream", (const char *)made.bytes, made.size);
	snprintf(path, sizeof(path), "%s/index", dir);
	make_dir(path);
	create(path, "stream.idx", "", 0);
	snprintf(path, sizeof(path), "%s/%s", base, dir);
	b->t = ctf_trace_open(path, &e);
	if (!b->t || b->t->n_streams != 1)
		wrong("%s: %s", dir, b->t ? "streams" : e.msg);
	snprintf(path, sizeof(path), "%s/%s/stream", base, dir);
	b->fd = open(path, O_WRONLY | O_CLOEXEC);
	if (b->fd < 0)
		wrong("%s: %s", path, strerror(errno));
}

static void clean_up(void)
{
	static const char *const files[] = {
		"0/metadata", "0/stream", "0/index/stream.idx",
		"1/metadata", "1/stream", "1/index/stream.idx",
		"out/metadata", "out/stream", "out/index/stream.idx",
	}, *const dirs[] = { "0/index", "0", "1/index", "1", "out/index", "out" };
	char path[512];
	size_t i;

	for (i = 0; i < sizeof(files) / sizeof(*files); i++) {
		snprintf(path, sizeof(path), "%s/%s", base, files[i]);
		unlink(path);
	}
	for (i = 0; i < sizeof(dirs) / sizeof(*dirs); i++) {
		snprintf(path, sizeof(path), "%s/%s", base, dirs[i]);
		rmdir(path);
	}
	rmdir(base);
}

/* In memory: nothing of this is meant to reach a disk. */
static void set_up(void)
{
	const char *dir = getenv("FUZZ_DIR");
	char path[512];

	snprintf(base, sizeof(base), "%s/vmsync-fuzz-XXXXXX",
		 dir ? dir : "/dev/shm");
	if (!mkdtemp(base))
		wrong("%s: %s", base, strerror(errno));
	atexit(clean_up);
	bench_open(&benches[0], "0", 0, trace_text[0]);
	bench_open(&benches[1], "1", 5, trace_text[1]);
	make_dir("out");
	snprintf(path, sizeof(path), "%s/out", base);
	out_dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (out_dir < 0)
		wrong("%s: %s", path, strerror(errno));
}

/* ------------------------------------------------------------------ files */

static void write_stream(const struct bench *b)
{
	if (pwrite(b->fd, made.bytes, made.size, 0) != (ssize_t)made.size ||
	    ftruncate(b->fd, (off_t)made.size))
		wrong("cannot write the stream: %s", strerror(errno));
}

static void remove_output(void)
{
	unlinkat(out_dir, "metadata", 0);
	unlinkat(out_dir, "stream", 0);
	unlinkat(out_dir, "index/stream.idx", 0);
}

static struct stream_bytes read_output(const char *name, uint8_t *bytes, int *fd)
{
	struct stream_bytes f = { .p = bytes };
	ssize_t n;

	*fd = openat(out_dir, name, O_RDONLY | O_CLOEXEC);
	n = *fd < 0 ? -1 : pread(*fd, bytes, MAX_FILE, 0);
	if (n < 0 || n == MAX_FILE)
		wrong("%s: cannot be read", name);
	f.n = (size_t)n;
	return f;
}

/* ------------------------------------------------------------------ events */

static void map(void *ctx, const uint64_t *in, uint64_t *out, size_t n)
{
	const struct clock_map *m = ctx;
	size_t i;

	for (i = 0; i < n; i++)
		out[i] = map_value(m, in[i]);
}

static void said(const struct ctf_error *e)
{
	if (!e->code || !e->msg[0] || strchr(e->msg, '\n'))
		wrong("an error that says nothing");
}

static bool same_value(const struct ctf_value *a, const struct ctf_value *b)
{
	if (a->type != b->type || a->name != b->name || a->step != b->step ||
	    a->len != b->len)
		return false;
	if (a->step != CTF_LEAF)
		return true;
	if (a->type->kind == CTF_INT || a->type->kind == CTF_ENUM)
		return a->u == b->u;
	return !memcmp(a->str, b->str, a->len);
}

static void compare_events(const struct ctf_event *a, const struct ctf_event *b,
			   uint64_t at)
{
	const struct ctf_value *x, *y;
	long n = ctf_event_values(a, &x), i;

	if (a->cls != b->cls || b->clock != map_value(&made.map, a->clock))
		wrong("event %llu: class or time", (unsigned long long)at);
	if (n < 0 || ctf_event_values(b, &y) != n)
		wrong("event %llu: fields", (unsigned long long)at);
	for (i = 0; i < n; i++)
		if (!same_value(&x[i], &y[i]))
			wrong("event %llu: field %s", (unsigned long long)at,
			      x[i].name ? x[i].name : "?");
}

/* Nobody else reads events outside their packet, or packets that overlap. */
static void check_packet(const struct ctf_event *ev, uint64_t at, uint64_t end)
{
	const struct ctf_packet *p = ev->packet;
	/* A packet that was never closed may begin at 0 when mapped. */
	bool has_end = p->has & CTF_HAS_END && p->end;

	if (p->has & CTF_HAS_BEGIN && (p->begin > ev->clock || p->begin < end))
		wrong("event %llu: its packet begins at %llu",
		      (unsigned long long)at, (unsigned long long)p->begin);
	if (has_end && p->end < ev->clock)
		wrong("event %llu: its packet ends at %llu",
		      (unsigned long long)at, (unsigned long long)p->end);
	if (has_end && !(p->has & CTF_HAS_BEGIN) && ev->clock < end)
		wrong("event %llu: before the end of the packet before",
		      (unsigned long long)at);
}

/* What was made is what is read. */
static void check_made(const struct ctf_event *ev, uint64_t at)
{
	if (!made.damaged && (at >= made.n_events ||
			      ev->cls->id != made.event[at].id ||
			      ev->clock != made.event[at].clock))
		wrong("event %llu: not as made: id %llu, time %llu", (unsigned long long)at, (unsigned long long)ev->cls->id, (unsigned long long)ev->clock);
}

static void compare_streams(const struct ctf_stream *in,
			    const struct ctf_stream *out, uint64_t events)
{
	struct ctf_error e;
	struct ctf_cursor *a = ctf_cursor_new(in, NULL, &e);
	struct ctf_cursor *b = ctf_cursor_new(out, NULL, &e);
	const struct ctf_event *x, *y;
	uint64_t n = 0, offset = 0, end = 0, before = 0;
	int ret;

	if (!a || !b)
		wrong("no cursor");
	while ((ret = ctf_cursor_next(a, &x, &e)) > 0) {
		if (ctf_cursor_next(b, &y, &e) != 1)
			wrong("event %llu: not written", (unsigned long long)n);
		check_made(x, n);
		if (y->packet->offset != offset)
			before = end;
		offset = y->packet->offset;
		if (y->packet->has & CTF_HAS_END)
			end = y->packet->end;
		check_packet(y, n, before);
		compare_events(x, y, n++);
	}
	if (ret || ctf_cursor_next(b, &y, &e) || n != events)
		wrong("behind event %llu: another end", (unsigned long long)n);
	ctf_cursor_free(a);
	ctf_cursor_free(b);
}

/* Whether all of a stream can be read. */
static bool readable(const struct ctf_stream *s)
{
	struct ctf_error e = { 0 };
	struct ctf_cursor *c = ctf_cursor_new(s, NULL, &e);
	const struct ctf_event *ev;
	int ret;

	while ((ret = ctf_cursor_next(c, &ev, &e)) > 0)
		;
	if (ret < 0)
		said(&e);
	ctf_cursor_free(c);
	return !ret;
}

/* ----------------------------------------------------------------- one trace */

/* The library reads what it wrote, and its clock has the offsets asked for. */
static void check_opens(void)
{
	char path[512];
	struct ctf_span span;
	struct ctf_error e;
	struct ctf_trace *t;
	const struct ctf_clock *c;

	snprintf(path, sizeof(path), "%s/out", base);
	t = ctf_trace_open(path, &e);
	if (!t || ctf_trace_streams(t) != 1 || ctf_trace_span(t, &span, &e))
		wrong("what was written does not open: %s", e.msg);
	c = ctf_trace_clock(t, 0);
	if (c->offset_s != OFFSET_S || c->offset != OFFSET)
		wrong("the offsets of the clock");
	ctf_trace_close(t);
}

static void check(const struct bench *b, const struct ctf_rewritten *res)
{
	struct ctf_stream out = b->t->streams[0];
	struct file file = { .path = out.path, .users = 1, .is_open = true };
	struct written w = {
		.made = &made, .in = { made.bytes, made.size },
		.events = res->events_out, .packets = res->packets,
		.discarded = res->discarded, .lost = res->lost,
		.bytes_in = res->bytes_in, .bytes_out = res->bytes_out,
		.grown = res->grown,
	};
	int fd;

	if (res->events_in != res->events_out)
		wrong("events in and out");
	w.index = read_output("index/stream.idx", index_bytes, &fd);
	close(fd);
	w.out = read_output("stream", out_bytes, &out_fd);
	check_written(&w);
	/* It has a user all the time, and so is not opened by its path. */
	file.fd = out_fd;
	out.file = &file;
	out.size = w.out.n;
	compare_streams(&b->t->streams[0], &out, res->events_out);
	close(out_fd);
	if (made.reopen)
		check_opens();
}

/* What cannot be written is either broken, or has no room for a mapped time. */
static void check_error(const struct bench *b, const struct ctf_error *e)
{
	said(e);
	if (e->code == -ERANGE ? made.shape->elastic :
				 readable(&b->t->streams[0]))
		wrong("cannot be written: %s", e->msg);
	if (e->code != -ERANGE && !made.damaged)
		wrong("well formed, and refused: %s", e->msg);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ctf_rewrite how = { .map = { map, &made.map },
				   .offset_s = OFFSET_S, .offset = OFFSET };
	struct ctf_rewritten res;
	struct ctf_error e = { 0 };
	struct ctf_stream *s;
	struct bench *b;
	char path[512];

	if (!base[0])
		set_up();
	make_stream(&made, data, size);
	b = &benches[made.shape->big];
	write_stream(b);
	s = &b->t->streams[0];
	s->size = made.size;
	s->sc = NULL;
	if (stream_identify(s, &e)) {
		said(&e);
		return 0;
	}
	/* A byte of damage may make it another class. */
	if (s->sc->id != made.shape->id)
		return 0;
	how.jobs = made.jobs;
	how.set_offset = made.reopen;
	remove_output();
	snprintf(path, sizeof(path), "%s/out", base);
	if (ctf_trace_rewrite(b->t, path, &how, &res, &e))
		check_error(b, &e);
	else
		check(b, &res);
	return 0;
}
