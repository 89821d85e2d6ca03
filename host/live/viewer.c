// SPDX-License-Identifier: MIT
#include "live/viewer.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "fuse/fail.h"

#define MAJOR 2
#define MINOR 4
#define TYPE_COMMAND 1
#define SEEK_BEGINNING 1

enum command {
	CONNECT = 1,
	LIST_SESSIONS,
	ATTACH_SESSION,
	GET_NEXT_INDEX,
	GET_PACKET,
	GET_METADATA,
	GET_NEW_STREAMS,
	CREATE_SESSION,
};

#define HEADER_LEN 16
#define CONNECT_LEN 20
#define SESSION_LEN (20 + LIVE_HOSTNAME_LEN + LIVE_NAME_LEN)
#define STREAM_LEN (20 + LIVE_PATH_LEN + LIVE_NAME_LEN)
#define INDEX_LEN 64
#define REQUEST_MAX (HEADER_LEN + CONNECT_LEN)

#define FLAG_NEW_METADATA 1u
#define FLAG_NEW_STREAM 2u

enum packet_answer { PACKET_OK = 1, PACKET_RETRY, PACKET_ERROR, PACKET_EOF };
enum metadata_answer { METADATA_OK = 1, METADATA_NONE, METADATA_ERROR };
enum streams_answer {
	STREAMS_OK = 1,
	STREAMS_NONE,
	STREAMS_ERROR,
	STREAMS_HUP
};

/* A request while it is put together. */
struct request {
	uint8_t bytes[REQUEST_MAX];
	size_t n;
};

static void put(struct request *r, uint64_t value, unsigned int bytes)
{
	while (bytes--)
		r->bytes[r->n++] = (uint8_t)(value >> 8 * bytes);
}

static uint64_t take(const uint8_t **p, unsigned int bytes)
{
	uint64_t value = 0;

	while (bytes--)
		value = value << 8 | *(*p)++;
	return value;
}

static uint32_t take32(const uint8_t **p)
{
	return (uint32_t)take(p, 4);
}

static uint64_t take64(const uint8_t **p)
{
	return take(p, 8);
}

/* A text of a fixed size, which may lack its end. */
static void take_text(const uint8_t **p, char *out, size_t size)
{
	memcpy(out, *p, size);
	out[size] = '\0';
	*p += size;
}

static int broken(struct ctf_error *e, const char *what, uint64_t value)
{
	return vmsync_fail(e, -EPROTO,
			   "is it LTTng's relay daemon that listens there?",
			   "an answer that cannot be: %s %" PRIu64, what,
			   value);
}

/* A request whose header is written, @data bytes are to come. */
static struct request request(enum command command, uint64_t data)
{
	struct request r = { .n = 0 };

	put(&r, data, 8);
	put(&r, command, 4);
	put(&r, 0, 4);
	return r;
}

/* Ask, and receive the first @n bytes of the answer. */
static int ask(const struct live_wire *w, const struct request *r,
	       uint8_t *answer, size_t n, struct ctf_error *e)
{
	int ret = w->send(w->ctx, r->bytes, r->n, e);

	return ret ? ret : w->receive(w->ctx, answer, n, e);
}

static int create_viewer(const struct live_wire *w, struct ctf_error *e)
{
	struct request r = request(CREATE_SESSION, 0);
	uint8_t answer[4];
	const uint8_t *p = answer;
	int ret = ask(w, &r, answer, sizeof(answer), e);
	uint32_t status;

	if (ret)
		return ret;
	status = take32(&p);
	return status == 1 ? 0 : broken(e, "status of a new viewer", status);
}

int live_hello(const struct live_wire *w, struct ctf_error *e)
{
	struct request r = request(CONNECT, CONNECT_LEN);
	uint8_t answer[CONNECT_LEN];
	const uint8_t *p = answer + 8;
	uint32_t major, minor;
	int ret;

	put(&r, 0, 8);
	put(&r, MAJOR, 4);
	put(&r, MINOR, 4);
	put(&r, TYPE_COMMAND, 4);
	ret = ask(w, &r, answer, sizeof(answer), e);
	if (ret)
		return ret;
	major = take32(&p);
	minor = take32(&p);
	if (major != MAJOR || minor < MINOR)
		return vmsync_fail(e, -ENOTSUP,
				   "LTTng's relay daemon of 2.4 to 2.15 speaks it",
				   "it speaks version %" PRIu32 ".%" PRIu32
				   " of lttng-live, not 2.4", major, minor);
	return create_viewer(w, e);
}

static int list_session(const struct live_wire *w, live_sessions *out,
			struct ctf_error *e)
{
	uint8_t answer[SESSION_LEN];
	const uint8_t *p = answer;
	struct live_session *s;
	int ret = w->receive(w->ctx, answer, sizeof(answer), e);

	if (ret)
		return ret;
	s = vmsync_array_add(out);
	if (!s)
		return vmsync_fail_memory(e);
	s->id = take64(&p);
	s->timer_us = take32(&p);
	s->viewers = take32(&p);
	p += 4;
	take_text(&p, s->hostname, LIVE_HOSTNAME_LEN);
	take_text(&p, s->name, LIVE_NAME_LEN);
	return 0;
}

int live_list(const struct live_wire *w, live_sessions *out,
	      struct ctf_error *e)
{
	struct request r = request(LIST_SESSIONS, 0);
	uint8_t answer[4];
	const uint8_t *p = answer;
	int ret = ask(w, &r, answer, sizeof(answer), e);
	uint32_t n, i;

	if (ret)
		return ret;
	n = take32(&p);
	if (n > LIVE_SESSIONS_MAX)
		return broken(e, "number of sessions", n);
	for (i = 0; !ret && i < n; i++)
		ret = list_session(w, out, e);
	return ret;
}

static int list_stream(const struct live_wire *w,
		       const struct live_streams *streams, struct ctf_error *e)
{
	uint8_t answer[STREAM_LEN];
	const uint8_t *p = answer;
	struct live_stream s;
	int ret = w->receive(w->ctx, answer, sizeof(answer), e);

	if (ret)
		return ret;
	s.id = take64(&p);
	s.trace = take64(&p);
	s.metadata = take32(&p);
	take_text(&p, s.path, LIVE_PATH_LEN);
	take_text(&p, s.channel, LIVE_NAME_LEN);
	return streams->take(streams->ctx, &s, e);
}

static int list_streams(const struct live_wire *w, uint32_t n,
			const struct live_streams *streams, struct ctf_error *e)
{
	int ret = 0;

	if (n > LIVE_STREAMS_MAX)
		return broken(e, "number of streams", n);
	while (!ret && n--)
		ret = list_stream(w, streams, e);
	return ret;
}

int live_attach(const struct live_wire *w, uint64_t session,
		const struct live_streams *streams, struct ctf_error *e)
{
	struct request r = request(ATTACH_SESSION, 20);
	uint8_t answer[8];
	const uint8_t *p = answer;
	uint32_t status;
	int ret;

	put(&r, session, 8);
	put(&r, 0, 8);
	put(&r, SEEK_BEGINNING, 4);
	ret = ask(w, &r, answer, sizeof(answer), e);
	if (ret)
		return ret;
	status = take32(&p);
	if (status < LIVE_ATTACHED || status > LIVE_NO_VIEWER)
		return broken(e, "status of attaching", status);
	if (status == LIVE_ATTACHED)
		ret = list_streams(w, take32(&p), streams, e);
	return ret ? ret : (int)status;
}

int live_new_streams(const struct live_wire *w, uint64_t session,
		     const struct live_streams *streams, struct ctf_error *e)
{
	struct request r = request(GET_NEW_STREAMS, 8);
	uint8_t answer[8];
	const uint8_t *p = answer;
	uint32_t status;
	int ret;

	put(&r, session, 8);
	ret = ask(w, &r, answer, sizeof(answer), e);
	if (ret)
		return ret;
	status = take32(&p);
	switch (status) {
	case STREAMS_OK:
		ret = list_streams(w, take32(&p), streams, e);
		return ret ? ret : 1;
	case STREAMS_NONE:
		return 1;
	case STREAMS_ERROR: /* the session is not known any more */
	case STREAMS_HUP:
		return 0;
	}
	return broken(e, "status of new streams", status);
}

static int index_check(struct live_index *x, uint64_t bits,
		       struct ctf_error *e)
{
	if (x->status < LIVE_INDEX_OK || x->status > LIVE_INDEX_EOF)
		return broken(e, "status of an index", x->status);
	if (x->status != LIVE_INDEX_OK)
		return 0;
	x->size = bits / 8;
	if (!bits || bits % 8 || x->size > LIVE_PACKET_MAX)
		return broken(e, "bits of a packet", bits);
	if (x->offset > INT64_MAX - x->size)
		return broken(e, "offset of a packet", x->offset);
	return 0;
}

static int take_index(const uint8_t *p, struct live_index *out, struct ctf_error *e)
{
	uint64_t bits;
	uint32_t flags;

	memset(out, 0, sizeof(*out));
	out->offset = take64(&p);
	bits = take64(&p);
	p += 8; /* bits in use: the packet says so, too */
	out->begin = take64(&p);
	out->end = take64(&p);
	out->discarded = take64(&p);
	p += 8; /* stream class, likewise */
	out->status = take32(&p);
	flags = take32(&p);
	out->new_metadata = flags & FLAG_NEW_METADATA;
	out->new_streams = flags & FLAG_NEW_STREAM;
	return index_check(out, bits, e);
}

int live_next_indexes(const struct live_wire *w, const uint64_t *stream, size_t n,
		      struct live_index *out, struct ctf_error *e)
{
	uint8_t questions[LIVE_ASKED_MAX * REQUEST_MAX];
	uint8_t answers[LIVE_ASKED_MAX * INDEX_LEN];
	size_t i, len = 0;
	int ret;

	for (i = 0; i < n; i++) {
		struct request r = request(GET_NEXT_INDEX, 8);

		put(&r, stream[i], 8);
		memcpy(questions + len, r.bytes, r.n);
		len += r.n;
	}
	ret = w->send(w->ctx, questions, len, e);
	if (!ret)
		ret = w->receive(w->ctx, answers, n * INDEX_LEN, e);
	for (i = 0; !ret && i < n; i++)
		ret = take_index(answers + i * INDEX_LEN, &out[i], e);
	return ret;
}

static int packet_missing(uint32_t status, uint32_t flags, struct ctf_error *e)
{
	if (status < PACKET_OK || status > PACKET_EOF)
		return broken(e, "status of a packet", status);
	if (flags & FLAG_NEW_METADATA)
		return LIVE_PACKET_NEEDS_METADATA;
	if (flags & FLAG_NEW_STREAM)
		return LIVE_PACKET_NEEDS_STREAMS;
	return status == PACKET_RETRY ? LIVE_PACKET_AGAIN : LIVE_PACKET_GONE;
}

int live_packet(const struct live_wire *w, uint64_t stream, uint64_t offset,
		uint32_t n, struct ctf_error *e)
{
	struct request r = request(GET_PACKET, 20);
	uint8_t answer[12];
	const uint8_t *p = answer;
	uint32_t status, len, flags;
	int ret;

	put(&r, stream, 8);
	put(&r, offset, 8);
	put(&r, n, 4);
	ret = ask(w, &r, answer, sizeof(answer), e);
	if (ret)
		return ret;
	status = take32(&p);
	len = take32(&p);
	flags = take32(&p);
	if (status != PACKET_OK)
		return packet_missing(status, flags, e);
	if (len != n)
		return broken(e, "bytes of a packet", len);
	ret = w->receive(w->ctx, w->buffer, n, e);
	return ret ? ret : LIVE_PACKET_OK;
}

static int metadata_parts(const struct live_wire *w, uint64_t len,
			  int (*taker)(void *ctx, const uint8_t *bytes,
				       size_t n, struct ctf_error *e),
			  void *ctx, struct ctf_error *e)
{
	int ret = 0;

	while (!ret && len) {
		size_t n = len < LIVE_PART ? (size_t)len : LIVE_PART;

		ret = w->receive(w->ctx, w->buffer, n, e);
		if (!ret)
			ret = taker(ctx, w->buffer, n, e);
		len -= n;
	}
	return ret;
}

int live_metadata(const struct live_wire *w, uint64_t stream,
		  int (*taker)(void *ctx, const uint8_t *bytes, size_t n,
			       struct ctf_error *e),
		  void *ctx, struct ctf_error *e)
{
	struct request r = request(GET_METADATA, 8);
	uint8_t answer[12];
	const uint8_t *p = answer;
	uint64_t len;
	uint32_t status;
	int ret;

	put(&r, stream, 8);
	ret = ask(w, &r, answer, sizeof(answer), e);
	if (ret)
		return ret;
	len = take64(&p);
	status = take32(&p);
	if (status < METADATA_OK || status > METADATA_ERROR)
		return broken(e, "status of metadata", status);
	if (status != METADATA_OK || !len)
		return 0;
	if (len > LIVE_METADATA_MAX)
		return broken(e, "bytes of metadata", len);
	ret = metadata_parts(w, len, taker, ctx, e);
	return ret ? ret : 1;
}
