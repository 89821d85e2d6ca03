// SPDX-License-Identifier: MIT
/*
 * Streams that grow, gathered as far as they are whole: the same events in the same
 * order as merged at once, however much comes at a time and whichever stream comes
 * late; and nothing before its time, nor by a map that was not final then.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "ctf/gather.h"
#include "ctf/part.h"

#define STREAMS 5
#define PACKETS 40
#define EVENTS	60	/* of a packet, at most */
#define HEAD	40	/* bytes of a packet */
#define SIZE	20	/* bytes of an event */

static const char metadata[] =
	"/* CTF 1.8 */\n"
	"trace { major = 1; minor = 8; byte_order = le; };\n"
	"clock { name = c; freq = 1000000000; };\n"
	"typealias integer { size = 64; align = 8; map = clock.c.value; } := t;\n"
	"stream { packet.context := struct {\n"
	" integer { size = 64; align = 8; } content_size;\n"
	" integer { size = 64; align = 8; } packet_size;\n"
	" t timestamp_begin; t timestamp_end;\n"
	" integer { size = 64; align = 8; } packet_seq_num; };\n"
	"event.header := struct { integer { size = 16; align = 8; } id;\n"
	" t timestamp; }; };\n"
	"event { name = e; id = 3; fields := struct {\n"
	" integer { size = 32; align = 8; } _stream;\n"
	" integer { size = 32; align = 8; } _n;\n"
	" integer { size = 16; align = 8; } _odd; }; };\n"
	"event { name = no; id = 4; fields := struct {\n"
	" integer { size = 32; align = 8; } _stream;\n"
	" integer { size = 32; align = 8; } _n;\n"
	" integer { size = 16; align = 8; } _odd; }; };\n";

struct event {
	uint64_t time;
	uint32_t stream;
	uint32_t n;
};

/* A stream: where its packets end, and when they begin. */
static struct {
	uint64_t to[PACKETS];
	uint64_t begin[PACKETS + 1];
	struct ctf_trace *trace;
	int there;
} stream[STREAMS];

static char dir[] = "/tmp/vmsync-gather-XXXXXX";
static struct event want[STREAMS * PACKETS * EVENTS];
static size_t n_want, n_got;
static struct ctf_error e;
static uint64_t limit; /* up to where the map of some is final */

/* Beyond what is final anything may come out. */
static void time_so_far(void *ctx, const uint64_t *in, uint64_t *out, size_t n)
{
	(void)ctx;
	for (size_t i = 0; i < n; i++)
		out[i] = in[i] < limit ? in[i] : limit / 2;
}

static void raw_time(void *ctx, const uint64_t *in, uint64_t *out, size_t n)
{
	(void)ctx;
	memcpy(out, in, n * sizeof(*out));
}

static void write_file(const char *name, const void *data, size_t n)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
	if (fd < 0 || write(fd, data, n) != (ssize_t)n || close(fd))
		abort();
}

static uint8_t *put_event(uint8_t *p, uint64_t time, uint32_t k, uint32_t n)
{
	uint16_t id = check_rand() % 4 ? 3 : 4;

	if (id == 3)
		want[n_want++] = (struct event){ time, k, n };
	memset(p, 0, SIZE);
	memcpy(p, &id, 2);
	memcpy(p + 2, &time, 8);
	memcpy(p + 10, &k, 4);
	memcpy(p + 14, &n, 4);
	return p + SIZE;
}

/* Packets of any size, the last bytes of which are not used. */
static void write_stream(uint32_t k)
{
	static uint8_t buf[PACKETS * (HEAD + EVENTS * SIZE + 64)];
	uint64_t t = 1000 + check_range(0, 300), head[5];
	uint8_t *p = buf;
	uint32_t n = 0;
	char name[16];
	int i, m;

	for (i = 0; i < PACKETS; i++) {
		uint8_t *begin = p;

		stream[k].begin[i] = head[2] = t;
		p += HEAD;
		for (m = (int)check_range(0, EVENTS); m; m--, n++)
			p = put_event(p, t += check_range(0, 9), k, n);
		head[0] = (uint64_t)(p - begin) * 8;
		memset(p, 0, 64);
		p += check_range(0, 64);
		head[1] = (uint64_t)(p - begin) * 8;
		head[3] = t;
		head[4] = (uint64_t)i;
		memcpy(begin, head, sizeof(head));
		stream[k].to[i] = (uint64_t)(p - buf);
		t += check_range(0, 50);
	}
	stream[k].begin[PACKETS] = UINT64_MAX;
	snprintf(name, sizeof(name), "s%u", k);
	write_file(name, buf, (size_t)(p - buf));
}

static int by_time(const void *a, const void *b)
{
	const struct event *x = a, *y = b;

	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	if (x->stream != y->stream)
		return x->stream < y->stream ? -1 : 1;
	return x->n < y->n ? -1 : x->n > y->n;
}

/* One more packet of stream @k is there. @waits: its map is final up to @limit. */
static void grow(struct ctf_gather *g, uint32_t k, const uint8_t *wanted,
		 bool waits)
{
	struct ctf_gathered what = { .map = { waits ? time_so_far : raw_time,
					      NULL },
				     .limit = waits ? &limit : NULL,
				     .want = wanted,
				     .source = k };
	char name[16];
	struct ctf_part part = { .name = name,
				 .metadata = sizeof(metadata) - 1,
				 .to = stream[k].to[stream[k].there] };

	snprintf(name, sizeof(name), "s%u", k);
	if (stream[k].there++) {
		ctf_part_grow(stream[k].trace, part.to);
		return;
	}
	stream[k].trace = ctf_part_open(dir, &part, NULL, &e);
	CHECK(stream[k].trace != NULL);
	what.stream = ctf_trace_stream(stream[k].trace, 0);
	CHECK_EQ(ctf_gather_add(g, &what, &e), 0);
}

/* No event before it is still to come. */
static uint64_t whole(void)
{
	uint64_t until = UINT64_MAX;
	uint32_t k;

	for (k = 0; k < STREAMS; k++) {
		uint64_t begin = stream[k].begin[stream[k].there];

		if (begin < until)
			until = begin;
	}
	return until;
}

static void check_event(const struct ctf_event *ev, uint64_t until)
{
	const struct event *w = &want[n_got];
	struct ctf_field f;
	uint64_t n = 0;

	CHECK(n_got < n_want && ev->time < until);
	CHECK(ctf_field_find(ev->cls, CTF_PAYLOAD, "n", &f));
	CHECK(ctf_get_u64(ev, &f, &n));
	CHECK(ev->time == w->time && ev->source == w->stream && n == w->n);
	n_got++;
}

/* Up to where events can be given: not all that is whole, where some have to wait. */
static uint64_t until_now(bool waits, bool all)
{
	uint64_t until = whole();

	if (!waits)
		return until;
	until = all ? UINT64_MAX : until - check_range(0, 400);
	if (until > limit)
		limit = until;
	return limit;
}

static void one_case(bool waits)
{
	struct ctf_gather *g = ctf_gather_new();
	static const uint8_t wanted[2] = { 1, 0 };
	const struct ctf_event *ev;
	uint64_t until;
	uint32_t k;
	int left = STREAMS * PACKETS;

	memset(stream, 0, sizeof(stream));
	n_want = n_got = 0;
	limit = 0;
	for (k = 0; k < STREAMS; k++)
		write_stream(k);
	qsort(want, n_want, sizeof(want[0]), by_time);
	while (left) {
		for (int i = (int)check_range(1, 30); i && left; i--) {
			do
				k = check_rand() % STREAMS;
			while (stream[k].there == PACKETS);
			grow(g, k, wanted, waits && k % 2);
			left--;
		}
		until = until_now(waits, !left);
		ctf_gather_more(g);
		while (ctf_gather_next(g, until, &ev, &e) > 0)
			check_event(ev, until);
		CHECK(n_got == n_want || want[n_got].time >= until);
	}
	CHECK_EQ(n_got, n_want);
	CHECK_EQ(ctf_gather_late(g), 0);
	ctf_gather_free(g);
	for (k = 0; k < STREAMS; k++)
		ctf_trace_close(stream[k].trace);
}

/* A packet that comes too late is told of, and its events not before others. */
static void too_late(void)
{
	struct ctf_gather *g = ctf_gather_new();
	const struct ctf_event *ev;
	uint64_t last = 0;
	uint32_t k;

	memset(stream, 0, sizeof(stream));
	n_want = 0;
	for (k = 0; k < STREAMS; k++)
		write_stream(k);
	for (int i = 0; i < PACKETS; i++)
		grow(g, 0, NULL, false);
	while (ctf_gather_next(g, UINT64_MAX, &ev, &e) > 0)
		last = ev->time;
	CHECK_EQ(ctf_gather_late(g), 0);
	CHECK(ctf_gather_dry(g, 0));
	for (int i = 0; i < PACKETS; i++)
		grow(g, 1, NULL, false);
	CHECK_EQ(ctf_gather_next(g, UINT64_MAX, &ev, &e), 1);
	CHECK(ev->time >= last);
	CHECK_EQ(ctf_gather_late(g), 1);
	ctf_gather_remove(g, 1);
	CHECK_EQ(ctf_gather_next(g, UINT64_MAX, &ev, &e), 0);
	ctf_gather_free(g);
	ctf_trace_close(stream[0].trace);
	ctf_trace_close(stream[1].trace);
}

/* The second part of a file counts packets from the first one's last on. */
static void two_parts(void)
{
	struct ctf_part part = { .name = "s0", .metadata = sizeof(metadata) - 1 };
	struct ctf_packet p, behind;
	struct ctf_trace *t;

	part.to = stream[0].to[3];
	t = ctf_part_open(dir, &part, NULL, &e);
	CHECK_EQ(ctf_stream_packet(ctf_trace_stream(t, 0), NULL, &behind, &e), 1);
	ctf_trace_close(t);
	part.behind = &behind;
	part.from = stream[0].to[3];
	part.to = stream[0].to[5];
	t = ctf_part_open(dir, &part, NULL, &e);
	CHECK_EQ(ctf_stream_packet(ctf_trace_stream(t, 0), NULL, &p, &e), 1);
	CHECK(p.offset == part.from && p.seq == 4 && p.lost == 3);
	CHECK_EQ(ctf_stream_packet(ctf_trace_stream(t, 0), &p, &p, &e), 1);
	CHECK_EQ(ctf_stream_packet(ctf_trace_stream(t, 0), &p, &p, &e), 0);
	ctf_trace_close(t);
	part.name = "s9";
	CHECK(!ctf_part_open(dir, &part, NULL, &e));
	part.name = "s0";
	part.metadata = 60; /* in mid-text */
	CHECK(!ctf_part_open(dir, &part, NULL, &e));
}

int main(void)
{
	char command[64];

	if (!mkdtemp(dir))
		abort();
	write_file("metadata", metadata, sizeof(metadata) - 1);
	for (int i = 0; i < 100; i++)
		one_case(i % 2);
	too_late();
	two_parts();
	snprintf(command, sizeof(command), "rm -r %s", dir);
	CHECK_EQ(system(command), 0);
	return check_done();
}
