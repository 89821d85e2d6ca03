// SPDX-License-Identifier: MIT
/*
 * libFuzzer: any bytes as the events of a stream, for metadata that has every
 * kind of header and field, and now and then as the whole stream file. What is
 * read in one way is read in the others too, and what is written is read again.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ctf/patch.h"
#include "fuzz/ctf_packet/traces.h"

#define MAX_STREAM	16384
#define MAX_CLASSES	128

/* How the first bytes want it. */
struct how {
	const struct kind *kind;
	uint64_t shift;		/* of the map */
	bool raw, some, merge;
};

static struct ctf_trace *traces[N_TRACES];
static uint8_t stream[MAX_STREAM], wanted[MAX_CLASSES];
static int fd = -1;

#define CHECK(what)							\
	do {								\
		if (!(what)) {						\
			fprintf(stderr, "wrong: line %d: %s\n", __LINE__, #what); \
			abort();					\
		}							\
	} while (0)

static struct ctf_trace *open_trace(const char *text)
{
	struct ctf_trace *t = calloc(1, sizeof(*t));
	struct ctf_error e;

	CHECK(t);
	t->path = ".";
	t->meta_path = "metadata";
	if (metadata_unpack(t, strdup(text), strlen(text), &e) ||
	    trace_compile(t, &e)) {
		fprintf(stderr, "%s\n", e.msg);
		abort();
	}
	CHECK(t->n_classes <= MAX_CLASSES);
	return t;
}

static void said(const struct ctf_error *e)
{
	CHECK(e->code && e->msg[0] && !strchr(e->msg, '\n'));
}

/* ------------------------------------------------------------------- reading */

/* A number of the struct itself is the same when it is asked for alone. */
static void check_alone(const struct ctf_event *ev, const struct ctf_value *v)
{
	struct ctf_field f;
	const char *s;
	uint64_t u;
	size_t len;
	double d;

	if (!ctf_field_find(ev->cls, v->scope, v->name, &f))
		return;
	if (v->type->kind == CTF_INT || v->type->kind == CTF_ENUM) {
		CHECK(ctf_get_u64(ev, &f, &u) && u == v->u);
	} else if (v->type->kind == CTF_FLOAT) {
		CHECK(ctf_get_f64(ev, &f, &d));
		CHECK(!memcmp(&d, &v->f, sizeof(d)) || (isnan(d) && isnan(v->f)));
	} else {
		s = ctf_get_str(ev, &f, &len);
		CHECK(s && len == v->len && !memcmp(s, v->str, len));
	}
}

static void check_len(const struct ctf_event *ev, const struct ctf_value *v)
{
	struct ctf_field f;
	uint64_t u;

	if (!v->name || !ctf_field_find(ev->cls, v->scope, v->name, &f) ||
	    (v->type->kind != CTF_ARRAY && v->type->kind != CTF_SEQUENCE))
		return;
	CHECK(ctf_get_len(ev, &f, &u) && u == v->len);
	if (u && f.type->elem->kind == CTF_INT && !f.type->elem->is_varlen)
		CHECK(ctf_get_elem(ev, &f, u - 1, &u));
}

/* What is of the packet, and not of the event. */
static void check_cpu(const struct ctf_event *ev)
{
	struct ctf_field f;
	uint64_t u;

	if (ctf_field_any(ev->cls, "cpu_id", &f))
		CHECK(ctf_get_u64(ev, &f, &u) && u == ev->cpu);
}

/* Whoever walked over an event can also decode it. */
static void check_values(const struct ctf_event *ev, bool alone)
{
	const struct ctf_value *v, *copy;
	unsigned int depth = 0;
	long n = ctf_event_values(ev, &v), i;

	CHECK(n >= 0);
	if (!alone || n > 64)
		return;
	check_cpu(ev);
	copy = memcpy(malloc(sizeof(*v) * (size_t)n + 1), v,
		      sizeof(*v) * (size_t)n);
	for (i = 0; i < n; i++) {
		if (copy[i].step == CTF_OPEN && depth++ == 1)
			check_len(ev, &copy[i]);
		else if (copy[i].step == CTF_CLOSE)
			depth--;
		else if (copy[i].step == CTF_LEAF && depth == 1)
			check_alone(ev, &copy[i]);
	}
	CHECK(!depth);
	free((void *)copy);
}

static bool is_wanted(const struct ctf_event *ev, const uint8_t *want)
{
	return !want || want[ev->cls->index];
}

/* All events, or those wanted; how many of all would be wanted; the last stamp. */
static int walk(const struct ctf_stream *s, const uint8_t *want, uint64_t *n,
		uint64_t *hits, uint64_t *last)
{
	struct ctf_error e = { 0 };
	struct ctf_cursor *c = ctf_cursor_new(s, want, &e);
	const struct ctf_event *ev;
	int ret;

	*n = *hits = *last = 0;
	while ((ret = ctf_cursor_next(c, &ev, &e)) > 0) {
		CHECK(ev->clock >= *last);
		*last = ev->clock;
		check_values(ev, *n < 2);
		*hits += is_wanted(ev, want ? want : wanted);
		(*n)++;
	}
	if (ret < 0)
		said(&e);
	if (want && !ret)
		*n += ctf_cursor_skipped(c);
	ctf_cursor_free(c);
	return ret;
}

/*
 * The stream thrice: by time, and by number where times are equal. Whoever merges
 * wants ns, and where the @last stamp is more than 64 bits hold, that ends it.
 */
static void merge(const struct ctf_stream *s, uint64_t n, uint64_t last,
		  int error)
{
	struct ctf_merge *m = ctf_merge_new();
	uint64_t count[3] = { 0 }, time = 0;
	const struct ctf_event *ev;
	struct ctf_error e = { 0 };
	uint32_t source = 0;
	int ret = 0, i;

	CHECK(m);
	for (i = 0; i < 3; i++)
		CHECK(ctf_merge_add_stream(m, s, NULL, NULL, &e) == i);
	while ((ret = ctf_merge_next(m, &ev, &e)) > 0) {
		CHECK(ev->source < 3 && ev->time == ev->clock);
		CHECK(ev->time > time ||
		      (ev->time == time && ev->source >= source));
		time = ev->time;
		source = ev->source;
		count[source]++;
	}
	if (ret < 0)
		said(&e);
	if (last > INT64_MAX)
		error = -ERANGE;
	CHECK(ret == error);
	for (i = 0; i < 3; i++)
		CHECK(error ? count[i] <= n : count[i] == n);
	ctf_merge_free(m);
}

static int read_all(const struct ctf_stream *s, const struct how *how)
{
	uint64_t n, hits, last, some, some_hits, some_last;
	struct ctf_error e = { 0 };
	struct ctf_span span;
	int ret = walk(s, NULL, &n, &hits, &last);

	if (how->some) {
		CHECK(walk(s, wanted, &some, &some_hits, &some_last) == ret);
		CHECK(some_hits == hits && (ret || some == n));
	}
	if (how->merge)
		merge(s, n, last, ret);
	if (ctf_stream_span(s, &span, &e)) {
		said(&e);
		CHECK(ret);
	}
	return ret;
}

/* ------------------------------------------------------------------- writing */

static void map(void *ctx, const uint64_t *in, uint64_t *out, size_t n)
{
	uint64_t shift = *(uint64_t *)ctx;
	size_t i;

	for (i = 0; i < n; i++)
		out[i] = in[i] > UINT64_MAX >> shift ? UINT64_MAX :
						       in[i] << shift;
}

/* The state of a rewrite before a packet. */
static void begin(struct patch *x, const struct ctf_stream *s, uint64_t clock,
		  uint64_t mapped)
{
	x->stream = x->walk.stream = s;
	x->walk.sc = s->sc;
	x->walk.slot = x->head.slot = x->slot;
	x->walk.stamp_at = x->stamp_at;
	x->walk.stamp_op = x->stamp_op;
	x->walk.clock = x->in.has & CTF_HAS_BEGIN ? x->in.begin : clock;
	x->walk.events = 0;
	x->limit = UINT64_MAX;
	x->last = x->in.has & CTF_HAS_BEGIN ? 0 : mapped;
}

/* The events of both packets, side by side. */
static void compare(struct walk *a, struct walk *b, uint64_t shift)
{
	static struct batch x, y;
	struct ctf_error e;
	uint64_t t;
	uint32_t i;

	while (a->pos < a->end) {
		CHECK(!walk_fill(a, &x, &e) && b->pos < b->end);
		CHECK(!walk_fill(b, &y, &e) && x.n == y.n);
		for (i = 0; i < x.n; i++) {
			map(&shift, &x.clock[i], &t, 1);
			CHECK((x.cls[i] & WALK_CLS) == (y.cls[i] & WALK_CLS));
			CHECK(y.clock[i] == t);
		}
	}
	CHECK(b->pos >= b->end);
}

/* What the hot loop of a header finds is what the slow one finds. */
static void compare_slow(struct walk *fast)
{
	static struct batch x, y;
	static uint64_t slots[ALL_SLOTS];
	struct sclass any = *fast->sc;
	struct walk slow = *fast;
	struct ctf_error e;
	uint32_t i;

	any.kind = HEADER_ANY;
	slow.sc = &any;
	slow.slot = slots;
	while (fast->pos < fast->end) {
		CHECK(!walk_fill(fast, &x, &e) && slow.pos < slow.end);
		/* Bits that are left in the last byte are an event cut short. */
		CHECK(!walk_fill(&slow, &y, &e) || slow.end - slow.pos < 8);
		CHECK(x.n == y.n);
		for (i = 0; i < x.n; i++)
			CHECK((x.cls[i] & WALK_CLS) == y.cls[i] &&
			      x.clock[i] == y.clock[i] && x.at[i] == y.at[i]);
	}
	CHECK(slow.pos >= slow.end || slow.end - slow.pos < 8);
}

static void check_written(const struct patch *x, const uint8_t *out,
			  uint64_t shift, uint64_t clock, uint64_t mapped)
{
	static uint64_t slots[2][ALL_SLOTS];
	const struct ctf_stream *s = x->stream;
	struct ctf_stream to = *s;
	struct walk a = { .stream = s, .sc = s->sc, .slot = slots[0] };
	struct walk b = { .stream = &to, .sc = s->sc, .slot = slots[1] }, c;
	struct run r = { .slot = slots[0] };
	struct ctf_packet p, q;
	struct ctf_error e;

	to.size = x->out.size;
	CHECK(!packet_parse(s, stream + x->in.offset, x->in.size, x->in.offset,
			    NULL, &p, &r, &e));
	r.slot = slots[1];
	CHECK(!packet_parse(&to, out, x->out.size, 0, NULL, &q, &r, &e));
	CHECK(q.size == x->out.size && q.content == x->out.content);
	CHECK(q.seq == p.seq && q.discarded == p.discarded && q.cpu == p.cpu);
	a.clock = p.has & CTF_HAS_BEGIN ? p.begin : clock;
	b.clock = q.has & CTF_HAS_BEGIN ? q.begin : mapped;
	walk_packet(&a, stream + p.offset, &p);
	walk_packet(&b, out, &q);
	if (s->sc->kind != HEADER_NONE && !x->grown) {
		c = a;
		compare_slow(&c);
	}
	compare(&a, &b, shift);
	/* Begins and ends that contradict the events are put right. */
	if (!shift && x->out.begin == x->in.begin && x->out.end == x->in.end)
		CHECK(x->out.size == x->in.size &&
		      !memcmp(out, stream + x->in.offset, x->in.size));
}

static int rewrite_packet(struct patch *x, const struct ctf_stream *s,
			  uint8_t **grown, size_t *cap, uint64_t clock,
			  uint64_t mapped, struct ctf_error *e)
{
	uint8_t *buf = malloc(x->in.size);
	int ret;

	CHECK(buf);
	memcpy(buf, stream + x->in.offset, x->in.size);
	begin(x, s, clock, mapped);
	ret = packet_parse(s, buf, x->in.size, x->in.offset, NULL, &x->out,
			   &x->head, e);
	CHECK(!ret);
	ret = patch_packet(x, buf, e);
	if (!ret && x->grown) {
		memcpy(buf, stream + x->in.offset, x->in.size);
		begin(x, s, clock, mapped);
		ret = reencode_packet(x, buf, grown, cap, e);
	}
	if (!ret)
		check_written(x, x->grown ? *grown : buf, *(uint64_t *)x->map.ctx,
			      clock, mapped);
	free(buf);
	return ret;
}

static void rewrite(const struct ctf_stream *s, uint64_t shift, int readable)
{
	static const struct ctf_rewrite nobody_looks_on;
	struct patch *x = calloc(1, sizeof(*x));
	uint64_t clock = 0, mapped = 0;
	struct ctf_error e = { 0 };
	uint8_t *grown = NULL;
	size_t cap = 0;
	int ret;

	CHECK(x);
	x->map = (struct ctf_map){ map, &shift };
	x->how = &nobody_looks_on;
	for (ret = ctf_stream_packet(s, NULL, &x->in, &e); ret > 0;
	     ret = ctf_stream_packet(s, &x->in, &x->in, &e)) {
		ret = rewrite_packet(x, s, &grown, &cap, clock, mapped, &e);
		if (ret)
			break;
		clock = x->walk.clock;
		mapped = x->last;
	}
	if (ret < 0)
		said(&e);
	/* Where nothing is mapped, what can be read can be written. */
	CHECK(ret >= 0 || shift || readable);
	free(grown);
	free(x);
}

/* ------------------------------------------------------------------ one input */

static struct how choose(const uint8_t *data)
{
	struct how how = { .kind = &kinds[data[0] % N_KINDS],
			   .shift = data[1] & 31, .raw = data[1] >> 5 == 7,
			   .some = data[1] >> 5 == 1 || data[1] >> 5 == 2,
			   .merge = data[1] >> 5 == 3 };
	unsigned int i;

	for (i = 0; i < MAX_CLASSES; i++)
		wanted[i] = data[2] >> i % 8 & 1;
	return how;
}

static size_t fill(const struct how *how, const uint8_t *data, size_t size)
{
	if (!how->raw)
		return pack_stream(how->kind, data, size, stream, MAX_STREAM);
	stream[0] = how->kind->id;
	memcpy(stream + 1, data, size);
	return size + 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ctf_stream s = { .name = "stream", .path = "stream" };
	struct ctf_error e = { 0 };
	struct how how;
	unsigned int i;

	for (i = 0; fd < 0 && i < N_TRACES; i++)
		traces[i] = open_trace(trace_text[i]);
	if (fd < 0)
		fd = memfd_create("stream", MFD_CLOEXEC);
	if (size < 3 || size > MAX_STREAM)
		return 0;
	how = choose(data);
	s.trace = traces[how.kind->trace];
	/* Always open, by us: nobody opens or closes it. */
	s.file = &(struct file){ .path = s.path, .fd = fd, .users = 1,
				 .is_open = true };
	s.size = fill(&how, data + 3, size - 3);
	/* Bytes behind the end are of another input, and nobody's. */
	CHECK(pwrite(fd, stream, s.size, 0) == (ssize_t)s.size);
	if (!s.size)
		return 0;
	if (stream_identify(&s, &e))
		said(&e);
	else
		rewrite(&s, how.shift, read_all(&s, &how));
	return 0;
}
