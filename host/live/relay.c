// SPDX-License-Identifier: MIT
#include "live/relay.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "fuse/fail.h"

/* Between two tries, and how often it is asked for new streams where nothing comes. */
#define RETRY_MS 1000

/* What is asked of one stream before it is the next one's turn. */
#define TURN_PACKETS 16

/* How long a packet may be there only soon: so many tries, so long apart. */
#define PACKET_TRIES 50
#define PACKET_RETRY_MS 100

/*
 * @id, @trace:	the relayd's numbers
 * @file:	the store's
 * @gone:	nothing more comes
 * @until:	what comes is not before it, raw clock value
 */
struct live_feed {
	uint64_t id;
	uint64_t trace;
	size_t file;
	bool metadata;
	bool gone;
	uint64_t until;
};

/* What comes of a turn, a round or an attachment, if it is no error. */
enum outcome {
	QUIET,	/* nothing came */
	BUSY,	/* something did */
	ENDED,	/* nothing will any more */
};

/* The same is said once: what is waited for does not change every second. */
static void __attribute__((format(printf, 2, 3)))
say(struct live_relay *r, const char *format, ...)
{
	char text[sizeof(r->said)];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (!strcmp(text, r->said))
		return;
	strcpy(r->said, text);
	r->say(r->say_ctx, text);
}

/* Said of the 1st, 2nd, 4th, 8th: there may be many. */
static void lost(struct live_relay *r, const char *why)
{
	uint64_t n = ++r->state.lost;

	if (!(n & (n - 1)))
		say(r, "a packet is lost, of %" PRIu64 " now: %s", n, why);
}

/* Whoever would have merged by what was known would have been wrong. */
static void late(struct live_relay *r)
{
	uint64_t n = ++r->state.late;

	if (!(n & (n - 1)))
		say(r, "a packet came too late, of %" PRIu64 " now: it begins "
		       "before a time up to which all was there", n);
}

/* Who looks on sees this. */
static void show(struct live_relay *r, bool attached)
{
	r->state.attached = attached;
	r->state.sums = live_store_sums(r->store);
	pthread_mutex_lock(&r->lock);
	r->shown = r->state;
	pthread_mutex_unlock(&r->lock);
}

struct live_state live_relay_state(struct live_relay *r)
{
	struct live_state s;

	pthread_mutex_lock(&r->lock);
	s = r->shown;
	pthread_mutex_unlock(&r->lock);
	return s;
}

/* The store's errors are not the relayd's. */
static int kept(struct live_relay *r, int ret)
{
	if (ret < 0 && ret != -ESTALE)
		r->spoilt = true;
	return ret;
}

static int take_stream(void *ctx, const struct live_stream *stream,
		       struct ctf_error *e)
{
	struct live_relay *r = ctx;
	struct live_feed *f;
	size_t file;
	int ret;

	if (r->feeds.count >= LIVE_STREAMS_MAX)
		return vmsync_fail(e, -EPROTO, "", "more than %d streams",
				   LIVE_STREAMS_MAX);
	ret = kept(r, live_store_stream(r->store, stream, &file, e));
	if (ret)
		return ret;
	f = vmsync_array_add(&r->feeds);
	if (!f)
		return kept(r, vmsync_fail_memory(e));
	*f = (struct live_feed){ .id = stream->id,
				 .trace = stream->trace,
				 .file = file,
				 .metadata = stream->metadata };
	return 0;
}

static struct live_streams streams_to(struct live_relay *r)
{
	return (struct live_streams){ take_stream, r };
}

struct taker {
	struct live_relay *r;
	size_t file;
};

static int take_metadata(void *ctx, const uint8_t *bytes, size_t n,
			 struct ctf_error *e)
{
	struct taker *t = ctx;

	return kept(t->r, live_store_metadata(t->r->store, t->file, bytes, n,
					      e));
}

/* All that there is of a trace's metadata. */
static int fetch_metadata(struct live_relay *r, uint64_t trace,
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
			ret = live_metadata(&r->wire, f->id, take_metadata, &t,
					    e);
		while (ret > 0);
	}
	return ret < 0 ? ret : 0;
}

/* 0, 1 where the session has ended, or an error. */
static int fetch_streams(struct live_relay *r, struct ctf_error *e)
{
	struct live_streams to = streams_to(r);
	int ret = live_new_streams(&r->wire, r->session.id, &to, e);

	return ret < 0 ? ret : !ret;
}

/*
 * A part of a packet, with what the relayd wants asked before. 0, 1 where the relayd
 * has it no more, or an error.
 */
static int fetch_part(struct live_relay *r, const struct live_feed *f,
		      uint64_t offset, uint32_t n, struct ctf_error *e)
{
	int tries, ret = 0;

	/* New streams move the feeds. */
	const struct live_feed feed = *f;

	for (tries = 0; ret >= 0 && tries < PACKET_TRIES; tries++) {
		ret = live_packet(&r->wire, feed.id, offset, n, e);
		if (ret <= LIVE_PACKET_OK)
			return ret;
		if (ret == LIVE_PACKET_GONE)
			return 1;
		if (ret == LIVE_PACKET_NEEDS_METADATA)
			ret = fetch_metadata(r, feed.trace, e);
		else if (ret == LIVE_PACKET_NEEDS_STREAMS)
			ret = fetch_streams(r, e);
		if (ret >= 0 && !live_link_pause(&r->link, PACKET_RETRY_MS))
			ret = vmsync_fail(e, -ECANCELED, "", "told to end");
	}
	return ret < 0 ? ret : 1;
}

/* 0, 1 where the relayd has not all of it, or an error. */
static int fetch_parts(struct live_relay *r, const struct live_feed *f,
		       const struct live_index *x, struct ctf_error *e)
{
	uint64_t done = 0;
	int ret = 0;

	while (!ret && done < x->size) {
		uint64_t left = x->size - done;
		uint32_t n = left < LIVE_PART ? (uint32_t)left : LIVE_PART;

		ret = fetch_part(r, f, x->offset + done, n, e);
		if (!ret)
			ret = kept(r, live_store_part(r->store, r->wire.buffer,
						      n, e));
		done += n;
	}
	return ret;
}

static int fetch_packet(struct live_relay *r, const struct live_feed *feed,
			const struct live_index *x, struct ctf_error *e)
{
	const struct live_feed f = *feed; /* new streams move it */
	struct ctf_error other;
	int ret, closed;

	if (live_store_has(r->store, f.file, x))
		return 0;
	if (x->begin < r->state.until)
		late(r);
	ret = kept(r, live_store_open(r->store, f.file, e));
	if (ret)
		return ret;
	ret = fetch_parts(r, &f, x, e);
	closed = kept(r, live_store_close(r->store, x, !ret,
					  ret < 0 ? &other : e));
	if (ret > 0) {
		live_store_pass(r->store, f.file, x);
		lost(r, "the relay daemon had it no more");
	}
	return ret < 0 ? ret : closed;
}

/* The next packet of a stream. An outcome, ENDED is the stream's; or an error. */
static int turn(struct live_relay *r, size_t i, struct ctf_error *e)
{
	struct live_feed f = r->feeds.at[i];
	struct live_index x;
	int ret = live_next_index(&r->wire, f.id, &x, e);

	if (!ret && x.new_streams)
		ret = fetch_streams(r, e);
	if (ret >= 0 && x.new_metadata)
		ret = fetch_metadata(r, f.trace, e);
	if (ret < 0)
		return ret;
	if (x.status == LIVE_INDEX_OK)
		ret = fetch_packet(r, &f, &x, e);
	if (ret < 0)
		return ret;
	if ((x.status == LIVE_INDEX_OK || x.status == LIVE_INDEX_INACTIVE) &&
	    x.end > f.until)
		r->feeds.at[i].until = x.end;
	switch (x.status) {
	case LIVE_INDEX_OK:
		return BUSY;
	case LIVE_INDEX_ERROR:
		lost(r, "a stream ended with an error");
		return ENDED;
	case LIVE_INDEX_HUP:
		return ENDED;
	default:
		return QUIET;
	}
}

/* Nothing more comes of a stream; its metadata stream is asked once more for that. */
static int end_feed(struct live_relay *r, size_t i, struct ctf_error *e)
{
	r->feeds.at[i].gone = true;
	return fetch_metadata(r, r->feeds.at[i].trace, e);
}

/* A stream's turn: QUIET, BUSY or an error. */
static int turns(struct live_relay *r, size_t i, struct ctf_error *e)
{
	int n, ret, busy = QUIET;

	/* No packet without its metadata. */
	if (!live_store_readable(r->store, r->feeds.at[i].file)) {
		ret = fetch_metadata(r, r->feeds.at[i].trace, e);
		if (ret < 0 ||
		    !live_store_readable(r->store, r->feeds.at[i].file))
			return ret;
	}
	for (n = 0; n < TURN_PACKETS; n++) {
		ret = turn(r, i, e);
		if (ret == ENDED)
			ret = end_feed(r, i, e);
		if (ret != BUSY)
			return ret < 0 ? ret : busy;
		busy = BUSY;
	}
	return busy;
}

/* Whether a trace has streams of packets that are gone, or are not. */
static bool has_feed(const struct live_relay *r, uint64_t trace, bool gone)
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
static int end_traces(struct live_relay *r, struct ctf_error *e)
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
static int feeds_left(struct live_relay *r, struct ctf_error *e)
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
static uint64_t least_until(const struct live_relay *r)
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
static int find_until(struct live_relay *r, struct ctf_error *e)
{
	uint64_t until = least_until(r);
	int ret;

	if (until <= r->state.until)
		return 0;
	ret = fetch_streams(r, e);
	if (!ret && least_until(r) == until)
		r->state.until = until;
	return ret < 0 ? ret : 0;
}

/* All streams' turns. An outcome, or an error. */
static int round_of(struct live_relay *r, struct ctf_error *e)
{
	int ret, busy = QUIET;
	bool gone = false;
	size_t i;

	for (i = 0; i < r->feeds.count; i++) {
		if (r->feeds.at[i].metadata)
			continue;
		ret = turns(r, i, e);
		if (ret < 0)
			return ret;
		busy |= ret;
		gone |= r->feeds.at[i].gone;
		if (!live_link_pause(&r->link, 0))
			return ENDED;
	}
	ret = find_until(r, e);
	if (!ret)
		ret = gone ? feeds_left(r, e) : 1;
	if (ret)
		return ret < 0 ? ret : busy;
	ret = fetch_streams(r, e);
	return ret < 0 ? ret : ret ? ENDED : busy;
}

/* Where nothing came: a tenth of what the session's timer takes. */
static int pause_ms(const struct live_session *s)
{
	uint32_t ms = s->timer_us / 10000;

	return ms < 10 ? 10 : ms > 200 ? 200 : (int)ms;
}

/* While attached. 0: the session has ended, or all is to end; or an error. */
static int pump(struct live_relay *r, struct ctf_error *e)
{
	int ms = pause_ms(&r->session), quiet_ms = RETRY_MS, ret;

	for (;;) {
		ret = round_of(r, e);
		show(r, true);
		if (ret < 0 || ret == ENDED)
			return ret < 0 ? ret : 0;
		if (ret == BUSY)
			continue;
		if (!live_link_pause(&r->link, ms))
			return 0;
		quiet_ms += ms;
		if (quiet_ms < RETRY_MS)
			continue;
		quiet_ms = 0;
		ret = fetch_streams(r, e);
		if (ret)
			return ret < 0 ? ret : 0;
	}
}

static bool is_wanted(const struct live_relay *r, const struct live_session *s)
{
	return !strcmp(s->name, r->url.session) &&
	       (!r->url.hostname[0] || !strcmp(s->hostname, r->url.hostname));
}

/* The latest one of those that have the name. 1, 0: there is none, or an error. */
static int find_session(struct live_relay *r, struct ctf_error *e)
{
	live_sessions list = { 0 };
	int ret = live_list(&r->wire, &list, e), found = 0;
	size_t i;

	for (i = 0; !ret && i < list.count; i++) {
		const struct live_session *s = &list.at[i];

		if (!is_wanted(r, s) || (found && s->id < r->session.id))
			continue;
		r->session = *s;
		found = 1;
	}
	if (!ret && !found)
		say(r, "waiting: no session %s there, of %zu",
		    r->url.session, list.count);
	vmsync_array_free(&list);
	return ret ? ret : found;
}

/* Why there is nothing to read as yet. */
static void say_waiting(struct live_relay *r, int attached)
{
	switch (attached) {
	case LIVE_OTHER_VIEWER:
		say(r, "waiting: another viewer reads session %s",
		    r->session.name);
		break;
	case LIVE_NOT_LIVE:
		say(r, "waiting: session %s is not live; make it with lttng "
		       "create --live", r->session.name);
		break;
	default:
		say(r, "waiting: session %s cannot be attached to",
		    r->session.name);
	}
}

/* 1: attached; 0: not yet; or an error. */
static int attach(struct live_relay *r, struct ctf_error *e)
{
	struct live_streams to = streams_to(r);
	int ret = find_session(r, e);

	if (ret <= 0)
		return ret;
	r->feeds.count = 0;
	ret = kept(r, live_store_begin(r->store, &r->session, e));
	if (!ret)
		ret = live_attach(&r->wire, r->session.id, &to, e);
	if (ret < 0)
		return ret;
	if (ret != LIVE_ATTACHED) {
		say_waiting(r, ret);
		return 0;
	}
	say(r, "attached to session %s of %s, %zu streams", r->session.name,
	    r->session.hostname, r->feeds.count);
	return 1;
}

/* The next session is another one, perhaps of another boot. */
static void forget(struct live_relay *r)
{
	live_store_forget(r->store);
	r->state.until = 0;
}

/* On one connection. 0: all is done; or an error. */
static int converse(struct live_relay *r, struct ctf_error *e)
{
	int ret = live_hello(&r->wire, e);

	while (!ret) {
		ret = attach(r, e);
		if (ret > 0) {
			ret = pump(r, e);
			if (ret || !live_link_pause(&r->link, 0))
				return ret;
			say(r, "session %s has ended; it is in %s",
			    r->session.name, live_store_folder(r->store));
			forget(r);
			show(r, false);
			if (r->once)
				return 0;
		}
		if (!ret && !live_link_pause(&r->link, RETRY_MS))
			return 0;
	}
	return ret;
}

static int connection(struct live_relay *r, struct ctf_error *e)
{
	int ret = live_link_open(&r->link, r->url.host, r->url.port, e);

	if (!ret)
		ret = converse(r, e);
	live_link_close(&r->link);
	return ret;
}

int live_relay_run(struct live_relay *r, struct ctf_error *e)
{
	uint8_t *buffer = malloc(LIVE_PART);
	int ret;

	if (!buffer)
		return vmsync_fail_memory(e);
	r->wire = (struct live_wire){ live_link_send, live_link_receive,
				      &r->link, buffer };
	do {
		ret = connection(r, e);
		r->state.failed += ret && ret != -ECANCELED;
		show(r, false);
		if (ret == -ESTALE) {
			forget(r);
			continue;
		}
		if (!ret || ret == -ECANCELED || r->spoilt)
			break;
		say(r, "no connection: %s; trying again", e->msg);
	} while (live_link_pause(&r->link, RETRY_MS));
	free(buffer);
	vmsync_array_free(&r->feeds);
	return r->spoilt ? ret : 0;
}
