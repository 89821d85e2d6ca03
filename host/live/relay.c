// SPDX-License-Identifier: MIT
#include "live/relay.h"

#include <errno.h>
#include <string.h>

#include "fuse/fail.h"
#include "live/feeds.h"

/* Between two tries, and how often it is asked for new streams where nothing comes. */
#define RETRY_MS 1000

/* Who looks on sees this. */
static void show(struct live_relay *r, bool attached)
{
	r->state.attached = attached;
	r->state.sums = live_store_sums(r->store);
	if (r->ledger && attached)
		live_ledger_until(r->ledger, r->state.until);
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
		ret = live_round(r, e);
		show(r, true);
		if (ret < 0 || ret == LIVE_ENDED)
			return ret < 0 ? ret : 0;
		if (ret == LIVE_BUSY)
			continue;
		if (!live_link_pause(&r->link, ms))
			return 0;
		quiet_ms += ms;
		if (quiet_ms < RETRY_MS)
			continue;
		quiet_ms = 0;
		ret = live_fetch_streams(r, e);
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
		live_say(r, "waiting: no session %s there, of %zu",
		    r->url.session, list.count);
	vmsync_array_free(&list);
	return ret ? ret : found;
}

/* Why there is nothing to read as yet. */
static void say_waiting(struct live_relay *r, int attached)
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
static int attach(struct live_relay *r, struct ctf_error *e)
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
			live_say(r, "session %s has ended; it is in %s",
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
		live_say(r, "no connection: %s; trying again", e->msg);
	} while (live_link_pause(&r->link, RETRY_MS));
	free(buffer);
	vmsync_array_free(&r->feeds);
	return r->spoilt ? ret : 0;
}
