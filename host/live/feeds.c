// SPDX-License-Identifier: MIT
#include "live/feeds.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "fuse/fail.h"
#include "live/readable.h"

/* What is asked of one stream before it is the next one's turn. */
#define TURN_PACKETS 16

/* How long a packet may be there only soon: so many tries, so long apart at most. */
#define PACKET_TRIES 50
#define PACKET_RETRY_MS 100

/* The first ones soon, for all other streams wait meanwhile. */
static int retry_ms(int tries)
{
	return tries < 5 ? 4 << tries : PACKET_RETRY_MS;
}

/*
 * @id, @trace:	the relayd's numbers
 * @file:	the store's
 * @gone:	nothing more comes
 * @came:	a packet of it did
 * @own:	it is of a process that has buffers of its own
 * @until:	what comes is not before it, raw clock value
 */
struct live_feed {
	uint64_t id;
	uint64_t trace;
	size_t file;
	bool metadata;
	bool gone;
	bool came;
	bool own;
	uint64_t until;
};

/* Said of the 1st, 2nd, 4th, 8th: there may be many. */
static void lost(struct live_source *r, const char *why)
{
	uint64_t n = ++r->state.lost;

	if (!(n & (n - 1)))
		live_say(r, "a packet is lost, of %" PRIu64 " now: %s", n, why);
}

/* Whoever would have merged by what was known would have been wrong. */
static void late(struct live_source *r)
{
	uint64_t n = ++r->state.late;

	if (!(n & (n - 1)))
		live_say(r, "a packet came too late, of %" PRIu64 " now: it begins "
			    "before a time up to which all was there", n);
}

int live_kept(struct live_source *r, int ret)
{
	if (ret < 0 && ret != -ESTALE)
		r->spoilt = true;
	return ret;
}

/* Of a process that has buffers of its own. */
static bool is_own(const struct live_stream *stream)
{
	return !stream->metadata && strstr(stream->path, "ust/pid/");
}

/*
 * When such a process ends LTTng's relay daemon (2.13) closes its streams, and then
 * answers that they have ended, whether or not all of them was asked for. How much
 * that was nobody tells.
 */
static void own_buffers(struct live_source *r, const struct live_stream *stream)
{
	if (r->unordered || r->told_own || !is_own(stream))
		return;
	r->told_own = true;
	live_say(r, "processes have buffers of their own: what each recorded last may be "
		    "given up by the relay daemon; lttng enable-channel --buffers-uid "
		    "keeps it");
}

static int take_stream(void *ctx, const struct live_stream *stream,
		       struct ctf_error *e)
{
	struct live_source *r = ctx;
	struct live_feed *f;
	size_t file;
	int ret;

	if (r->feeds.count >= LIVE_STREAMS_MAX)
		return vmsync_fail(e, -EPROTO, "", "more than %d streams",
				   LIVE_STREAMS_MAX);
	ret = live_kept(r, live_store_stream(r->store, stream, &file, e));
	if (ret)
		return ret;
	f = vmsync_array_add(&r->feeds);
	if (!f)
		return live_kept(r, vmsync_fail_memory(e));
	own_buffers(r, stream);
	*f = (struct live_feed){ .id = stream->id,
				 .trace = stream->trace,
				 .file = file,
				 .metadata = stream->metadata,
				 .own = is_own(stream) };
	return 0;
}

struct live_streams live_streams_to(struct live_source *r)
{
	return (struct live_streams){ take_stream, r };
}

struct taker {
	struct live_source *r;
	size_t file;
};

static int take_metadata(void *ctx, const uint8_t *bytes, size_t n,
			 struct ctf_error *e)
{
	struct taker *t = ctx;

	return live_kept(t->r, live_store_metadata(t->r->store, t->file, bytes, n,
					      e));
}

/* All that there is of a trace's metadata. */
static int fetch_metadata(struct live_source *r, uint64_t trace,
			  struct ctf_error *e)
{
	size_t i;
	int ret = 0;

	for (i = 0; ret >= 0 && i < r->feeds.count; i++) {
		struct live_feed *f = &r->feeds.at[i];
		struct taker t = { r, f->file };

		if (!f->metadata || f->trace != trace)
			continue;
		do
			ret = r->from->metadata(r->from_ctx, f->id,
						take_metadata, &t, e);
		while (ret > 0);
	}
	return ret < 0 ? ret : 0;
}

int live_fetch_streams(struct live_source *r, struct ctf_error *e)
{
	struct live_streams to = live_streams_to(r);
	int ret = r->from->new_streams(r->from_ctx, &to, e);

	return ret < 0 ? ret : !ret;
}

/*
 * A part of a packet, with what the relayd wants asked before. 0, 1 where the relayd
 * has it no more, or an error.
 */
static int fetch_part(struct live_source *r, const struct live_feed *f,
		      uint64_t offset, uint32_t n, struct ctf_error *e)
{
	int tries, ret = 0;

	/* New streams move the feeds. */
	const struct live_feed feed = *f;

	for (tries = 0; ret >= 0 && tries < PACKET_TRIES; tries++) {
		ret = r->from->packet(r->from_ctx, feed.id, offset, n, e);
		if (ret <= LIVE_PACKET_OK)
			return ret;
		if (ret == LIVE_PACKET_GONE)
			return 1;
		if (ret == LIVE_PACKET_NEEDS_METADATA)
			ret = fetch_metadata(r, feed.trace, e);
		else if (ret == LIVE_PACKET_NEEDS_STREAMS)
			ret = live_fetch_streams(r, e);
		if (ret >= 0 && !live_link_pause(&r->link, retry_ms(tries)))
			ret = vmsync_fail(e, -ECANCELED, "", "told to end");
	}
	return ret < 0 ? ret : 1;
}

/* 0, 1 where the relayd has not all of it, or an error. */
static int fetch_parts(struct live_source *r, const struct live_feed *f,
		       const struct live_index *x, struct ctf_error *e)
{
	uint64_t done = 0;
	int ret = 0;

	while (!ret && done < x->size) {
		uint64_t left = x->size - done;
		uint32_t n = left < LIVE_PART ? (uint32_t)left : LIVE_PART;

		ret = fetch_part(r, f, x->offset + done, n, e);
		if (!ret)
			ret = live_kept(r, live_store_part(r->store, r->buffer,
						      n, e));
		done += n;
	}
	return ret;
}

/*
 * Who writes a folder may write a packet before its metadata. 0, 1 where that does not
 * come, or an error.
 */
static int await_metadata(struct live_source *r, uint64_t trace,
			  struct ctf_error *e)
{
	int tries, ret;

	for (tries = 0; tries < PACKET_TRIES; tries++) {
		ret = live_kept(r, live_readable(r->store, &r->readable, e));
		if (ret)
			return ret < 0 ? ret : 0;
		if (tries == PACKET_TRIES / 5)
			live_say(r, "waiting for metadata: %s", e->msg);
		if (!live_link_pause(&r->link, retry_ms(tries)))
			return vmsync_fail(e, -ECANCELED, "", "told to end");
		ret = fetch_metadata(r, trace, e);
		if (ret)
			return ret;
	}
	return 1;
}

static int fetch_packet(struct live_source *r, const struct live_feed *feed,
			const struct live_index *x, struct ctf_error *e)
{
	const struct live_feed f = *feed; /* new streams move it */
	struct ctf_error other;
	int ret, closed;

	if (live_store_has(r->store, f.file, x))
		return 0;
	if (x->begin < r->state.until)
		late(r);
	ret = live_kept(r, live_store_open(r->store, f.file, e));
	if (ret)
		return ret;
	ret = fetch_parts(r, &f, x, e);
	if (!ret && r->unordered)
		ret = await_metadata(r, f.trace, e);
	closed = live_kept(r, live_store_close(r->store, x, !ret,
					  ret < 0 ? &other : e));
	if (ret > 0) {
		live_store_pass(r->store, f.file, x);
		lost(r, r->unordered ? "it is gone, or its metadata does not come" :
				       "the relay daemon had it no more");
	}
	return ret < 0 ? ret : closed;
}

/* The next packet of a stream. An outcome, LIVE_ENDED is the stream's; or an error. */
static int turn(struct live_source *r, size_t i, const struct live_index *x,
		struct ctf_error *e)
{
	struct live_feed f = r->feeds.at[i];
	int ret = x->new_streams ? live_fetch_streams(r, e) : 0;

	if (ret >= 0 && x->new_metadata)
		ret = fetch_metadata(r, f.trace, e);
	if (ret < 0)
		return ret;
	if (x->status == LIVE_INDEX_OK)
		ret = fetch_packet(r, &f, x, e);
	if (ret < 0)
		return ret;
	if ((x->status == LIVE_INDEX_OK || x->status == LIVE_INDEX_INACTIVE) &&
	    x->end > f.until)
		r->feeds.at[i].until = x->end;
	switch (x->status) {
	case LIVE_INDEX_OK:
		r->feeds.at[i].came = true;
		return LIVE_BUSY;
	case LIVE_INDEX_ERROR:
		lost(r, "a stream ended with an error");
		return LIVE_ENDED;
	case LIVE_INDEX_HUP:
		/* The tracer makes one of an idle stream, too, when it closes it. */
		if (f.own && !f.came && !r->unordered)
			lost(r, "its process, with buffers of its own, had ended "
				"before it was read");
		return LIVE_ENDED;
	default:
		return LIVE_QUIET;
	}
}

/* Nothing more comes of a stream; its metadata stream is asked once more for that. */
static int end_feed(struct live_source *r, size_t i, struct ctf_error *e)
{
	r->feeds.at[i].gone = true;
	return fetch_metadata(r, r->feeds.at[i].trace, e);
}

/*
 * All that a stream has, at most TURN_PACKETS; it was asked, and @x is what it answered.
 * LIVE_QUIET, LIVE_BUSY or an error.
 */
static int turns(struct live_source *r, size_t i, const struct live_index *x,
		 struct ctf_error *e)
{
	struct live_index next = *x;
	int n, ret, busy = LIVE_QUIET;

	for (n = 1;; n++) {
		ret = turn(r, i, &next, e);
		if (ret == LIVE_ENDED)
			ret = end_feed(r, i, e);
		if (ret != LIVE_BUSY)
			return ret < 0 ? ret : busy;
		busy = LIVE_BUSY;
		if (n == TURN_PACKETS)
			return busy;
		ret = r->from->next_indexes(r->from_ctx, &r->feeds.at[i].id, 1,
					    &next, e);
		if (ret)
			return ret;
	}
}

/* Whether a stream may be asked: no packet without its metadata. 1, 0 or an error. */
static int may_ask(struct live_source *r, size_t i, struct ctf_error *e)
{
	int ret;

	if (r->feeds.at[i].metadata)
		return 0;
	if (live_store_readable(r->store, r->feeds.at[i].file))
		return 1;
	ret = fetch_metadata(r, r->feeds.at[i].trace, e);
	return ret < 0 ? ret :
			 live_store_readable(r->store, r->feeds.at[i].file);
}

/*
 * Some streams that are asked at once, for most of the time none of them has anything:
 * @feed, @id are the source's and the relayd's numbers of theirs
 */
struct asked {
	size_t n;
	size_t feed[LIVE_ASKED_MAX];
	uint64_t id[LIVE_ASKED_MAX];
	struct live_index answer[LIVE_ASKED_MAX];
};

/* The next ones from *@i on, which is moved behind them. */
static int ask_some(struct live_source *r, size_t *i, struct asked *a,
		    struct ctf_error *e)
{
	int ret;

	for (a->n = 0; a->n < LIVE_ASKED_MAX && *i < r->feeds.count; ++*i) {
		ret = may_ask(r, *i, e);
		if (ret < 0)
			return ret;
		if (!ret)
			continue;
		a->feed[a->n] = *i;
		a->id[a->n++] = r->feeds.at[*i].id;
	}
	return a->n ? r->from->next_indexes(r->from_ctx, a->id, a->n, a->answer, e) :
		      0;
}

/* Whether a trace has streams of packets that are gone, or are not. */
static bool has_feed(const struct live_source *r, uint64_t trace, bool gone)
{
	size_t i;

	for (i = 0; i < r->feeds.count; i++) {
		const struct live_feed *f = &r->feeds.at[i];

		if (f->trace == trace && f->gone == gone && !f->metadata)
			return true;
	}
	return false;
}

/* The metadata of a process that has ended will not be asked for again. */
static int end_traces(struct live_source *r, struct ctf_error *e)
{
	size_t i;
	int ret = 0;

	for (i = 0; !ret && i < r->feeds.count; i++) {
		struct live_feed *f = &r->feeds.at[i];

		if (f->metadata && has_feed(r, f->trace, true) &&
		    !has_feed(r, f->trace, false))
			ret = end_feed(r, i, e);
	}
	return ret;
}

/* Streams that are gone are forgotten; how many others have packets, or an error. */
static int feeds_left(struct live_source *r, struct ctf_error *e)
{
	int ret = end_traces(r, e), open = 0;
	size_t i, n = 0;

	if (ret)
		return ret;
	for (i = 0; i < r->feeds.count; i++) {
		if (r->feeds.at[i].gone)
			continue;
		open += !r->feeds.at[i].metadata;
		r->feeds.at[n++] = r->feeds.at[i];
	}
	r->feeds.count = n;
	return open;
}

/* Of all streams that may still have packets, 0 where there is none. */
static uint64_t least_until(const struct live_source *r)
{
	uint64_t until = UINT64_MAX;
	size_t i;

	for (i = 0; i < r->feeds.count; i++) {
		const struct live_feed *f = &r->feeds.at[i];

		if (!f->metadata && !f->gone && f->until < until)
			until = f->until;
	}
	return until == UINT64_MAX ? 0 : until;
}

/*
 * How far all is there. A stream of which one does not know yet may have earlier
 * events: the relayd is asked for such before anything is claimed.
 */
static int find_until(struct live_source *r, struct ctf_error *e)
{
	uint64_t until = least_until(r);
	int ret;

	if (until <= r->state.until)
		return 0;
	ret = live_fetch_streams(r, e);
	if (!ret && least_until(r) == until)
		r->state.until = until;
	return ret < 0 ? ret : 0;
}

/* All streams that have packets, in turn. An outcome, or an error. */
static int all_turns(struct live_source *r, bool *gone, struct ctf_error *e)
{
	int ret, busy = LIVE_QUIET;
	struct asked a;
	size_t i, k;

	for (i = 0; i < r->feeds.count;) {
		ret = ask_some(r, &i, &a, e);
		if (ret)
			return ret;
		for (k = 0; k < a.n; k++) {
			ret = turns(r, a.feed[k], &a.answer[k], e);
			if (ret < 0)
				return ret;
			busy |= ret;
			*gone |= r->feeds.at[a.feed[k]].gone;
			if (ret == LIVE_BUSY && !live_link_pause(&r->link, 0))
				return LIVE_ENDED;
		}
	}
	return busy;
}

int live_round(struct live_source *r, struct ctf_error *e)
{
	bool gone = false;
	int ret, busy = all_turns(r, &gone, e);

	if (busy < 0 || busy == LIVE_ENDED)
		return busy;
	ret = find_until(r, e);
	if (!ret)
		ret = gone ? feeds_left(r, e) : 1;
	if (ret)
		return ret < 0 ? ret : busy;
	ret = live_fetch_streams(r, e);
	return ret < 0 ? ret : ret ? LIVE_ENDED : busy;
}
