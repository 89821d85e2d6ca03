// SPDX-License-Identifier: MIT
#include <stdio.h>

#include "cmd.h"
#include "cmd_live.h"
#include "fuse/fail.h"
#include "fuse/print.h"
#include "live/link.h"
#include "live/viewer.h"

static void print_session(const struct live_session *s)
{
	print_clean(stdout, s->hostname);
	putchar('/');
	print_clean(stdout, s->name);
	if (!s->timer_us)
		fputs(": not live", stdout);
	else if (s->viewers)
		fputs(": another viewer reads it", stdout);
	putchar('\n');
}

static int list_sessions(const struct live_link *l, struct ctf_error *e)
{
	struct live_wire w = { live_link_send, live_link_receive, (void *)l,
			       NULL };
	live_sessions list = { 0 };
	int ret = live_hello(&w, e);
	size_t i;

	if (!ret)
		ret = live_list(&w, &list, e);
	for (i = 0; !ret && i < list.count; i++)
		print_session(&list.at[i]);
	vmsync_array_free(&list);
	return ret;
}

int cmd_live_list(const struct live_url *url)
{
	struct live_link l = { .fd = -1, .stop = -1 };
	struct ctf_error e, why;
	int ret = live_link_open(&l, url, &why);

	if (!ret)
		ret = list_sessions(&l, &why);
	live_link_close(&l);
	if (ret) {
		vmsync_fail(&e, ret, why.remedy, "%s: %s", url->text, why.msg);
		return cmd_error("live", &e);
	}
	return cmd_flush("live") ? 0 : EXIT_TROUBLE;
}
