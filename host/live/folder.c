// SPDX-License-Identifier: MIT
#include "live/folder.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuse/fail.h"
#include "live/feeds.h"
#include "live/growing.h"

#define RETRY_MS 1000

/* Where nothing came: a tenth of what a tracer takes to write it. */
static int pause_ms(const struct live_source *s)
{
	int64_t ms = s->settle_ns / 10000000;

	return ms < 10 ? 10 : ms > 200 ? 200 : (int)ms;
}

/* What the session is called: the last name of its folder's path. */
static void name_session(struct live_source *s)
{
	const char *path = s->url.text;
	size_t n = strlen(path), from;

	while (n && path[n - 1] == '/')
		n--;
	for (from = n; from && path[from - 1] != '/'; from--)
		;
	memset(&s->session, 0, sizeof(s->session));
	snprintf(s->session.name, sizeof(s->session.name), "%.*s",
		 (int)(n - from), path + from);
}

/* 1: there is something to read; 0: not yet; or an error. */
static int attach(struct live_source *s, struct live_growing *g,
		  struct ctf_error *e)
{
	struct ctf_error why;
	int ret;

	name_session(s);
	vmsync_fail(&why, 0, "", "%s", s->url.kind == LIVE_ROTATE ?
		    "no chunk is there" : "no trace is there");
	ret = live_growing_look(g, e);
	if (!ret && g->files.count)
		ret = live_growing_host(g, s->session.hostname, &why);
	if (ret < 0)
		return ret;
	if (!ret) {
		/* A chunk without any packet is as good as none. */
		if (!live_growing_pass(g))
			live_say(s, "waiting: %s", why.msg);
		return 0;
	}
	s->feeds.count = 0;
	ret = live_kept(s, live_store_begin(s->store, &s->session, e));
	if (!ret)
		ret = live_fetch_streams(s, e);
	if (ret)
		return ret;
	live_say(s, "reading session %s of %s, %zu streams", s->session.name,
		 s->session.hostname, s->feeds.count);
	return 1;
}

/* 0: it has ended, or all is to end; or an error. */
static int pump(struct live_source *s, struct live_growing *g,
		struct ctf_error *e)
{
	int ret;

	for (;;) {
		ret = live_round(s, e);
		live_source_show(s, true);
		if (ret < 0)
			return ret;
		if (ret != LIVE_BUSY && s->once && live_growing_ended(g))
			return 0;
		if (!live_link_pause(&s->link, ret == LIVE_BUSY ? 0 : pause_ms(s)))
			return 0;
		/* Where nothing else comes nobody asks for files that came. */
		ret = live_fetch_streams(s, e);
		if (ret)
			return ret < 0 ? ret : 0;
	}
}

static int read_all(struct live_source *s, struct live_growing *g,
		    struct ctf_error *e)
{
	int ret;

	s->from_ctx = g;
	while (!(ret = attach(s, g, e))) {
		if (!live_link_pause(&s->link, pause_ms(s)))
			return 0;
	}
	if (ret > 0)
		ret = pump(s, g, e);
	if (!ret && live_link_pause(&s->link, 0)) {
		live_say(s, "session %s has ended; it is in %s", s->session.name,
			 live_store_folder(s->store));
		live_source_forget(s);
	}
	return ret;
}

int live_folder_run(struct live_source *s, struct ctf_error *e)
{
	int ret;

	/* Who opens a file while it is asked for its writers: that is no matter. */
	signal(SIGIO, SIG_IGN);
	s->from = &live_growing_from;
	s->unordered = true;
	do {
		struct live_growing g = { .source = s,
					  .marks = { .settle_ns = s->settle_ns } };

		ret = read_all(s, &g, e);
		live_growing_free(&g);
		s->state.failed += ret && ret != -ECANCELED;
		live_source_show(s, false);
		if (!ret || ret == -ECANCELED || s->spoilt)
			break;
		live_say(s, "it cannot be read: %s; trying again", e->msg);
	} while (live_link_pause(&s->link, RETRY_MS));
	ctf_trace_close(s->readable);
	return ret;
}
