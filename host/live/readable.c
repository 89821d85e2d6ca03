// SPDX-License-Identifier: MIT
#include "live/readable.h"

#include <errno.h>
#include <stdlib.h>

#include "ctf/part.h"
#include "fuse/fail.h"

/* To the end of all events, none of which is wanted: an id that is not known shows. */
static int pass_over(const struct ctf_trace *t, struct ctf_error *e)
{
	uint8_t *want = calloc(ctf_trace_classes(t) + 1, 1);
	const struct ctf_event *ev;
	struct ctf_cursor *c;
	int ret;

	if (!want)
		return vmsync_fail_memory(e);
	c = ctf_cursor_new(ctf_trace_stream(t, 0), want, e);
	ret = c ? ctf_cursor_next(c, &ev, e) : e->code;
	ctf_cursor_free(c);
	free(want);
	return ret;
}

static int verdict(int ret)
{
	return !ret ? 1 : ret == -ENOMEM || ret == -EIO ? ret : 0;
}

int live_readable(const struct live_store *s, struct ctf_trace **like,
		  struct ctf_error *e)
{
	struct ctf_part part;
	const char *folder = live_store_coming(s, &part);
	struct ctf_trace *t = part.metadata ? ctf_part_open(folder, &part, *like, e) :
					      NULL;

	if (!part.metadata)
		vmsync_fail(e, -EINVAL, "", "%.400s: no metadata", folder);
	if (!t)
		return verdict(e->code);
	ctf_trace_close(*like);
	*like = t;
	return verdict(pass_over(t, e));
}
