// SPDX-License-Identifier: MIT
#include "freeze/marker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuse/fail.h"

static int stream_find(const struct ctf_stream *s, const uint8_t *want,
		       uint32_t snapshot, bool *found, struct ctf_error *e)
{
	struct ctf_cursor *c = ctf_cursor_new(s, want, e);
	const struct ctf_event *ev;
	struct ctf_field number;
	uint64_t is;
	int ret = c ? 1 : -ENOMEM;

	while (ret > 0 && !*found) {
		ret = ctf_cursor_next(c, &ev, e);
		*found = ret > 0 && ctf_field_any(ev->cls, "snapshot", &number) &&
			 ctf_get_u64(ev, &number, &is) && is == snapshot;
	}
	ctf_cursor_free(c);
	return ret < 0 ? ret : 0;
}

static int trace_find(const struct ctf_trace *t, uint32_t snapshot, bool *found,
		      struct ctf_error *e)
{
	size_t i, n = ctf_trace_classes(t);
	uint8_t *want = calloc(n + 1, 1);
	bool any = false;
	int ret = 0;

	if (!want)
		return vmsync_fail_memory(e);
	for (i = 0; i < n; i++) {
		want[i] = !strcmp(ctf_trace_class(t, i)->name,
				  "vmsync_port:snapshot");
		any |= want[i];
	}
	/* No need to read what cannot hold it. */
	for (i = 0; any && !ret && !*found && i < ctf_trace_streams(t); i++)
		ret = stream_find(ctf_trace_stream(t, i), want, snapshot, found,
				  e);
	free(want);
	return ret;
}

int freeze_marker_find(const struct vmsync_machine *m, uint32_t snapshot,
		       bool *found, struct ctf_error *e)
{
	size_t i;
	int ret = 0;

	*found = false;
	for (i = 0; !ret && !*found && i < m->n; i++)
		ret = trace_find(m->traces[i], snapshot, found, e);
	return ret;
}
