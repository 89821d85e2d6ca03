// SPDX-License-Identifier: MIT
#include "live/relay.h"

#include <errno.h>
#include <string.h>

#include "fuse/fail.h"
#include "live/feeds.h"

/* Between two tries. */
#define RETRY_MS 1000

/* Where nothing came: a tenth of what the session's timer takes. */
static int pause_ms(const struct live_session *s)
{
	uint32_t ms = s->timer_us / 10000;

	return ms < 10 ? 10 : ms > 200 ? 200 : (int)ms;
}

/* While attached. 0: the session has ended, or all is to end; or an error. */
static int pump(struct live_source *r, struct ctf_error *e)
{
	int ms = pause_ms(&r->session), ret;

	for (;;) {
		ret = live_round(r, e);
		live_source_show(r, true);
		if (ret < 0 || ret == LIVE_ENDED)
			return ret < 0 ? ret : 0;
		if (ret == LIVE_BUSY)
			continue;
		if (!live_link_pause(&r->link, ms))
			return 0;
		/* Streams of a process that has ended are not told of any more. */
		ret = live_fetch_streams(r, e);
		if (ret)
			return ret < 0 ? ret : 0;
	}
}

static bool is_wanted(const struct live_source *r, const struct live_session *s)
{
	return !strcmp(s->name, r->url.session) &&
	       (!r->url.hostname[0] || !strcmp(s->hostname, r->url.hostname));
}

/* The latest one of those that have the name. 1, 0: there is none, or an error. */
static int find_session(struct live_source *r, struct ctf_error *e)
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
		live_say(r, "waiting: no session %s there, of %zu",
		    r->url.session, list.count);
	vmsync_array_free(&list);
	return ret ? ret : found;
}

/* Why there is nothing to read as yet. */
static void say_waiting(struct live_source *r, int attached)
{
	switch (attached) {
	case LIVE_OTHER_VIEWER:
		live_say(r, "waiting: another viewer reads session %s",
		    r->session.name);
		break;
	case LIVE_NOT_LIVE:
		live_say(r, "waiting: session %s is not live; make it with lttng "
		       "create --live", r->session.name);
		break;
	default:
		live_say(r, "waiting: session %s cannot be attached to",
		    r->session.name);
	}
}

/* 1: attached; 0: not yet; or an error. */
static int attach(struct live_source *r, struct ctf_error *e)
{
	struct live_streams to = live_streams_to(r);
	int ret = find_session(r, e);

	if (ret <= 0)
		return ret;
	r->feeds.count = 0;
	ret = live_kept(r, live_store_begin(r->store, &r->session, e));
	if (!ret)
		ret = live_attach(&r->wire, r->session.id, &to, e);
	if (ret < 0)
		return ret;
	if (ret != LIVE_ATTACHED) {
		say_waiting(r, ret);
		return 0;
	}
	live_say(r, "attached to session %s of %s, %zu streams", r->session.name,
	    r->session.hostname, r->feeds.count);
	return 1;
}

/* On one connection. 0: all is done; or an error. */
static int converse(struct live_source *r, struct ctf_error *e)
{
	int ret = live_hello(&r->wire, e);

	while (!ret) {
		ret = attach(r, e);
		if (ret > 0) {
			ret = pump(r, e);
			if (ret || !live_link_pause(&r->link, 0))
				return ret;
			live_say(r, "session %s has ended; it is in %s",
			    r->session.name, live_store_folder(r->store));
			live_source_forget(r);
			live_source_show(r, false);
			if (r->once)
				return 0;
		}
		if (!ret && !live_link_pause(&r->link, RETRY_MS))
			return 0;
	}
	return ret;
}

static int connection(struct live_source *r, struct ctf_error *e)
{
	int ret = live_link_open(&r->link, &r->url, e);

	if (!ret)
		ret = converse(r, e);
	live_link_close(&r->link);
	return ret;
}

static int new_streams(void *ctx, const struct live_streams *streams,
		       struct ctf_error *e)
{
	const struct live_source *r = ctx;

	return live_new_streams(&r->wire, r->session.id, streams, e);
}

static int next_indexes(void *ctx, const uint64_t *stream, size_t n,
			struct live_index *out, struct ctf_error *e)
{
	const struct live_source *r = ctx;

	return live_next_indexes(&r->wire, stream, n, out, e);
}

static int packet(void *ctx, uint64_t stream, uint64_t offset, uint32_t n,
		  struct ctf_error *e)
{
	const struct live_source *r = ctx;

	return live_packet(&r->wire, stream, offset, n, e);
}

static int metadata(void *ctx, uint64_t stream,
		    int (*take)(void *ctx, const uint8_t *bytes, size_t n,
				struct ctf_error *e),
		    void *take_ctx, struct ctf_error *e)
{
	const struct live_source *r = ctx;

	return live_metadata(&r->wire, stream, take, take_ctx, e);
}

int live_relay_run(struct live_source *r, struct ctf_error *e)
{
	static const struct live_from from = { new_streams, next_indexes, packet,
					       metadata };
	int ret;

	r->from = &from;
	r->from_ctx = r;
	r->wire = (struct live_wire){ live_link_send, live_link_receive,
				      &r->link, r->buffer };
	do {
		ret = connection(r, e);
		r->state.failed += ret && ret != -ECANCELED;
		live_source_show(r, false);
		if (ret == -ESTALE) {
			live_source_forget(r);
			continue;
		}
		if (!ret || ret == -ECANCELED || r->spoilt)
			break;
		live_say(r, "no connection: %s; trying again", e->msg);
	} while (live_link_pause(&r->link, RETRY_MS));
	return ret;
}
