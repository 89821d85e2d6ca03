// SPDX-License-Identifier: MIT
#include "live/source.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "fuse/fail.h"
#include "live/folder.h"
#include "live/relay.h"

void live_say(struct live_source *s, const char *format, ...)
{
	char text[sizeof(s->said)];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (!strcmp(text, s->said))
		return;
	strcpy(s->said, text);
	s->say(s->say_ctx, text);
}

void live_source_show(struct live_source *s, bool attached)
{
	bool came;

	s->state.attached = attached;
	s->state.timer_us = s->session.timer_us;
	s->state.sums = live_store_sums(s->store);
	if (s->ledger && attached)
		live_ledger_until(s->ledger, s->state.until);
	pthread_mutex_lock(&s->lock);
	came = s->state.until != s->shown.until;
	s->shown = s->state;
	pthread_mutex_unlock(&s->lock);
	if (came && s->came >= 0)
		eventfd_write(s->came, 1);
}

struct live_state live_source_state(struct live_source *s)
{
	struct live_state state;

	pthread_mutex_lock(&s->lock);
	state = s->shown;
	pthread_mutex_unlock(&s->lock);
	return state;
}

void live_source_forget(struct live_source *s)
{
	live_store_forget(s->store);
	s->state.until = 0;
}

int live_source_run(struct live_source *s, struct ctf_error *e)
{
	int ret;

	s->buffer = malloc(LIVE_PART);
	if (!s->buffer)
		return vmsync_fail_memory(e);
	ret = s->url.kind == LIVE_RELAYD ? live_relay_run(s, e) :
					   live_folder_run(s, e);
	free(s->buffer);
	vmsync_array_free(&s->feeds);
	return s->spoilt ? ret : 0;
}
