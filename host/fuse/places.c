// SPDX-License-Identifier: MIT
#include <string.h>

#include "fuse/places.h"
#include "fuse/stream_map.h"

/* Where a stream of a guest lies in the host's time. */
static int stream_place(struct vmsync_session_guest *g,
			const struct ctf_stream *stream, struct ctf_error *e)
{
	struct ctf_packet first;
	struct ctf_span span;
	int64_t from, until;
	int ret = ctf_stream_packet(stream, NULL, &first, e);

	if (ret > 0)
		ret = ctf_stream_span(stream, &span, e);
	else
		return ret;
	if (ret || span.begin > span.end || span.end > INT64_MAX)
		return ret;
	from = vmsync_stamp_to_host(g, first.cpu, (int64_t)span.begin);
	until = vmsync_stamp_to_host(g, first.cpu, (int64_t)span.end);
	if (from < g->from_ns)
		g->from_ns = from;
	if (until > g->until_ns)
		g->until_ns = until;
	return 0;
}

int vmsync_place_find(struct vmsync_session_guest *g, struct ctf_error *e)
{
	const struct vmsync_machine *m = g->machine;
	size_t i, k;
	int ret = 0;

	g->from_ns = INT64_MAX;
	g->until_ns = 0;
	for (i = 0; i < m->n; i++) {
		for (k = 0; !ret && k < ctf_trace_streams(m->traces[i]); k++)
			ret = stream_place(g, ctf_trace_stream(m->traces[i], k),
					   e);
	}
	if (g->from_ns > g->until_ns)
		g->from_ns = g->until_ns = 0;
	return ret;
}

int vmsync_places_find(struct vmsync_session *s, struct ctf_error *e)
{
	size_t i, k;
	int ret = 0;

	for (i = 0; !ret && i < s->n_guests; i++)
		ret = vmsync_place_find(&s->guests[i], e);
	for (i = 0; !ret && i < s->n_guests; i++) {
		for (k = i + 1; k < s->n_guests; k++) {
			struct vmsync_session_guest *a = &s->guests[i];
			struct vmsync_session_guest *b = &s->guests[k];
			const struct vmsync_session_guest had = *a;

			if (strcmp(a->machine->name, b->machine->name) ||
			    a->from_ns <= b->from_ns)
				continue;
			*a = *b;
			*b = had;
		}
	}
	return ret;
}
