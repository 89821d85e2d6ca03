// SPDX-License-Identifier: MIT
/*
 * libFuzzer: any bytes as a stream file, for metadata that has every kind of
 * header and field. The first byte chooses the stream class, the second a map.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ctf/rewrite.h"

#define U(size, align) "integer { size = " #size "; align = " #align "; }"
#define CLOCK(size, align) \
	"integer { size = " #size "; align = " #align "; map = clock.c.value; }"

#define STREAM(id, header)						\
	"stream { id = " #id "; " header				\
	"packet.context := struct { " CLOCK(64, 8) " timestamp_begin; "	\
	CLOCK(64, 8) " timestamp_end; " U(64, 8) " content_size; "	\
	U(64, 8) " packet_size; " U(64, 8) " packet_seq_num; "		\
	U(32, 8) " events_discarded; " U(32, 8) " cpu_id; };"		\
	"event.context := struct { integer { size = 32; signed = 1; } _tid; }; };" \
	EVENTS(id)

#define TEXT8 "integer { size = 8; align = 8; encoding = UTF8; }"

#define EVENTS(sid)							\
	"event { name = fixed; id = 0; stream_id = " #sid "; fields := struct { " \
	U(32, 8) " a; " U(64, 8) " b; " TEXT8 " c[16]; }; };"		\
	"event { name = text; id = 1; stream_id = " #sid "; fields := struct { " \
	"string s; " U(32, 8) " n; " U(8, 8) " q[n]; " TEXT8 " t[n]; }; };" \
	"event { name = bits; id = 2; stream_id = " #sid "; fields := struct { " \
	U(3, 1) " x; integer { size = 13; align = 1; signed = 1; } y; "	\
	U(64, 64) " z; floating_point { exp_dig = 11; mant_dig = 53; align = 32; } f; }; };" \
	"event { name = deep; id = 3; stream_id = " #sid "; fields := struct { " \
	"enum : integer { size = 8; signed = 1; } { A = -1, B = 0 ... 3 } tag; " U(16, 8) " n; " \
	"variant <tag> { struct { string s[n]; } A; struct { "		\
	"struct { " U(5, 1) " k; string s; } e[n][2]; } align(32) B; } v; "	\
	"struct { } none[n]; }; };"

static const char metadata[] =
	"/* CTF 1.8 */ trace { major = 1; minor = 8; byte_order = le;"
	"packet.header := struct { " U(8, 8) " stream_id; }; };"
	"clock { name = c; freq = 1000000000; };"
	STREAM(0, "event.header := struct { enum : " U(5, 1) " { a = 0 ... 30, b = 31 } id;"
	       "variant <id> { struct { " CLOCK(27, 1) " timestamp; } a;"
	       "struct { " U(32, 8) " id; " CLOCK(64, 8) " timestamp; } b; } v; } align(8);")
	STREAM(1, "event.header := struct { enum : " U(16, 8) " { a = 0 ... 65534, b = 65535 } id;"
	       "variant <id> { struct { " CLOCK(32, 8) " timestamp; } a;"
	       "struct { " U(32, 8) " id; " CLOCK(64, 8) " timestamp; } b; } v; } align(8);")
	STREAM(2, "event.header := struct { " U(16, 8) " id; " CLOCK(64, 8) " timestamp; };")
	STREAM(3, "event.header := struct { " U(3, 1) " id; " CLOCK(29, 1) " timestamp; };")
	STREAM(4, "event.header := struct { enum : " U(5, 1) " { a = 0 ... 30, b = 31 } id;"
	       "variant <id> { struct { " CLOCK(27, 1) " timestamp; } a;"
	       "struct { " U(32, 32) " id; " CLOCK(64, 64) " timestamp; } b; } v; } align(32);")
	"stream { id = 5; }; event { name = bare; id = 0; stream_id = 5; fields := struct { "
	U(7, 1) " n; " U(1, 1) " b[n]; string s; }; };";

#define N_STREAMS	6

static struct ctf_trace *open_trace(void)
{
	struct ctf_trace *t = calloc(1, sizeof(*t));
	struct ctf_error e;

	if (!t)
		abort();
	t->path = ".";
	t->meta_path = "metadata";
	if (metadata_unpack(t, strdup(metadata), strlen(metadata), &e) ||
	    trace_compile(t, &e))
		abort();
	return t;
}

static void map(void *ctx, const uint64_t *in, uint64_t *out, size_t n)
{
	uint64_t shift = *(uint64_t *)ctx;
	size_t i;

	for (i = 0; i < n; i++)
		out[i] = in[i] > UINT64_MAX >> shift ? UINT64_MAX :
						       in[i] << shift;
}

static void read_fields(const struct ctf_event *ev)
{
	static const char *const names[] = { "a", "c", "s", "n", "q", "t", "x",
					     "y", "z", "f", "v.B", "v.B.e",
					     "_tid", "cpu_id", "b" };
	struct ctf_field f;
	uint64_t u;
	double d;
	size_t len, i;
	const char *s;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (!ctf_field_any(ev->cls, names[i], &f))
			continue;
		ctf_get_u64(ev, &f, &u);
		ctf_get_f64(ev, &f, &d);
		s = ctf_get_str(ev, &f, &len);
		if (s && len && s[len - 1] == 1 && s[0] == 2)
			__asm__ volatile("" ::"r"(s));
		if (ctf_get_len(ev, &f, &u) && u)
			ctf_get_elem(ev, &f, u - 1, &u);
	}
}

static uint64_t walk(const struct ctf_stream *s)
{
	struct ctf_error e = { 0 };
	struct ctf_cursor *c = ctf_cursor_new(s, NULL, &e);
	const struct ctf_value *v;
	const struct ctf_event *ev;
	uint64_t n = 0;
	int ret;

	while ((ret = ctf_cursor_next(c, &ev, &e)) > 0) {
		/* Whoever walked over an event can also decode it. */
		if (ctf_event_values(ev, &v) < 0)
			abort();
		if (n++ < 4)
			read_fields(ev);
	}
	if (ret < 0 && (!e.msg[0] || !e.code))
		abort();
	ctf_cursor_free(c);
	return n;
}

static void rewrite(const struct ctf_stream *s, uint64_t shift)
{
	struct patch *x = calloc(1, sizeof(*x));
	struct ctf_error e;
	uint8_t *out = NULL, *buf;
	size_t cap = 0;

	if (!x)
		abort();
	x->stream = x->walk.stream = s;
	x->walk.sc = s->sc;
	x->walk.slot = x->head.slot = x->slot;
	x->walk.stamp_at = x->stamp_at;
	x->walk.stamp_op = x->stamp_op;
	x->map = (struct ctf_map){ map, &shift };
	if (ctf_stream_packet(s, NULL, &x->in, &e) > 0) {
		buf = malloc(x->in.size);
		if (!buf || pread_all(s->fd, buf, x->in.size, 0))
			abort();
		if (packet_parse(s, buf, x->in.size, 0, NULL, &x->out, &x->head,
				 &e))
			abort();
		x->walk.clock = x->in.begin;
		if (!patch_packet(x, buf, &e) && x->grown) {
			pread_all(s->fd, buf, x->in.size, 0);
			x->last = 0;
			x->walk.clock = x->in.begin;
			reencode_packet(x, buf, &out, &cap, &e);
		}
		free(buf);
	}
	free(out);
	free(x);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct ctf_trace *t;
	static int fd = -1;
	struct ctf_stream s = { .name = "stream", .path = "stream" };
	uint8_t id;
	struct ctf_error e;
	struct ctf_span span;

	if (size < 3)
		return 0;
	if (!t) {
		t = open_trace();
		fd = memfd_create("stream", 0);
	}
	id = data[0] % N_STREAMS;
	if (ftruncate(fd, 0) || pwrite(fd, &id, 1, 0) != 1 ||
	    pwrite(fd, data + 2, size - 2, 1) != (ssize_t)size - 2)
		abort();
	s.trace = t;
	s.fd = fd;
	s.size = size - 1;
	if (stream_identify(&s, &e))
		return 0;
	ctf_stream_span(&s, &span, &e);
	walk(&s);
	rewrite(&s, data[1] & 31);
	return 0;
}
