// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>

#include "fuse/fail.h"
#include "fuse/stream_map.h"
#include "sync/base/array.h"
#include "volume/feed.h"

/* A trace of a machine, and which numbers the merge gives to its streams. */
struct source {
	const struct volume_kinds *kinds;
	uint32_t machine;
};

/*
 * A stretch of a machine's time of which events may be missing, host time.
 * @latest_ns:	the end of the latest up to this one
 */
struct lost {
	int64_t from_ns;
	int64_t until_ns;
	int64_t latest_ns;
	uint32_t machine;
};

struct volume_feed {
	const struct vmsync_session *session;
	struct ctf_merge *merge;
	VMSYNC_ARRAY(struct volume_kinds *) kinds;
	VMSYNC_ARRAY(struct source) sources; /* [ctf_event.source] */
	VMSYNC_ARRAY(struct lost) lost;
	int64_t begin_ns;
};

static const struct vmsync_session_guest *guest_of(const struct volume_feed *f,
						   uint32_t machine)
{
	return machine == VOLUME_HOST ? NULL : &f->session->guests[machine - 1];
}

/* What did not fit was lost behind the packet before, or in the one that says so. */
static int stream_lost(struct volume_feed *f, const struct ctf_stream *s,
		       uint32_t machine, struct ctf_error *e)
{
	const struct vmsync_session_guest *g = guest_of(f, machine);
	struct ctf_packet p;
	int64_t end_ns = INT64_MIN;
	int ret;

	for (ret = ctf_stream_packet(s, NULL, &p, e); ret > 0;
	     ret = ctf_stream_packet(s, &p, &p, e)) {
		bool timed = p.has & CTF_HAS_BEGIN && p.has & CTF_HAS_END;
		struct lost *l;

		if (p.dropped || p.lost) {
			l = vmsync_array_add(&f->lost);
			if (!l)
				return vmsync_fail_memory(e);
			*l = (struct lost){ .from_ns = end_ns,
					    .until_ns = INT64_MAX,
					    .machine = machine };
			if (timed)
				l->until_ns = vmsync_stamp_to_host(
					g, p.cpu,
					(int64_t)(p.dropped ? p.end : p.begin));
		}
		if (timed)
			end_ns = vmsync_stamp_to_host(g, p.cpu, (int64_t)p.end);
	}
	return ret;
}

static int stream_add(struct volume_feed *f, const struct ctf_stream *stream,
		      const struct source *source, const uint8_t *want,
		      struct ctf_error *e)
{
	struct source *p;
	uint32_t cpu;
	int ret = vmsync_stream_merge(f->merge, stream,
				      guest_of(f, source->machine), want, &cpu, e);

	if (ret <= 0)
		return ret;
	p = vmsync_array_add(&f->sources);
	if (!p)
		return vmsync_fail_memory(e);
	*p = *source;
	return stream_lost(f, stream, source->machine, e);
}

static int trace_add(struct volume_feed *f, const struct ctf_trace *t,
		     uint32_t machine, struct ctf_error *e)
{
	struct source source = { .machine = machine };
	struct volume_kinds **kinds = vmsync_array_add(&f->kinds);
	const uint8_t *want;
	size_t i;
	int ret = 0;

	if (!kinds)
		return vmsync_fail_memory(e);
	*kinds = volume_kinds_new(t, machine == VOLUME_HOST, &want);
	if (!*kinds)
		return vmsync_fail_memory(e);
	source.kinds = *kinds;
	for (i = 0; !ret && i < ctf_trace_streams(t); i++)
		ret = stream_add(f, ctf_trace_stream(t, i), &source, want, e);
	return ret;
}

static int machine_add(struct volume_feed *f, const struct vmsync_machine *m,
		       uint32_t machine, struct ctf_error *e)
{
	size_t i;
	int ret = 0;

	for (i = 0; !ret && i < m->n; i++)
		ret = trace_add(f, m->traces[i], machine, e);
	return ret;
}

/* Packets may begin long before the session was started: the first event counts. */
static int begin_find(struct volume_feed *f, struct ctf_error *e)
{
	const struct vmsync_machine *host = f->session->host;
	struct ctf_merge *m = ctf_merge_new();
	const struct ctf_event *ev;
	size_t i;
	int ret = m ? 0 : vmsync_fail_memory(e);

	for (i = 0; ret >= 0 && i < host->n; i++) {
		struct ctf_map map;

		vmsync_stream_to_host(NULL, 0, &map);
		ret = ctf_merge_add(m, host->traces[i], &map, e);
	}
	if (ret >= 0)
		ret = ctf_merge_next(m, &ev, e);
	f->begin_ns = ret > 0 ? (int64_t)ev->time : 0;
	ctf_merge_free(m);
	return ret < 0 ? ret : 0;
}

static int by_machine(const void *a, const void *b)
{
	const struct lost *x = a, *y = b;

	if (x->machine != y->machine)
		return x->machine < y->machine ? -1 : 1;
	return x->from_ns < y->from_ns ? -1 : x->from_ns > y->from_ns;
}

static void lost_sort(struct volume_feed *f)
{
	struct lost *l = f->lost.at;
	size_t i;

	if (f->lost.count)
		qsort(l, f->lost.count, sizeof(*l), by_machine);
	for (i = 0; i < f->lost.count; i++) {
		l[i].latest_ns = l[i].until_ns;
		if (i && l[i - 1].machine == l[i].machine &&
		    l[i - 1].latest_ns > l[i].latest_ns)
			l[i].latest_ns = l[i - 1].latest_ns;
	}
}

static int feed_init(struct volume_feed *f, struct ctf_error *e)
{
	const struct vmsync_session *s = f->session;
	size_t i;
	int ret = begin_find(f, e);

	f->merge = ctf_merge_new();
	if (!f->merge)
		return vmsync_fail_memory(e);
	ctf_merge_pool(f->merge, s->pool);
	if (!ret)
		ret = machine_add(f, s->host, VOLUME_HOST, e);
	for (i = 0; !ret && i < s->n_guests; i++)
		ret = machine_add(f, s->guests[i].machine, (uint32_t)i + 1, e);
	lost_sort(f);
	return ret;
}

struct volume_feed *volume_feed_new(const struct vmsync_session *s,
				    struct ctf_error *e)
{
	struct volume_feed *f = calloc(1, sizeof(*f));

	if (!f) {
		vmsync_fail_memory(e);
		return NULL;
	}
	f->session = s;
	if (!feed_init(f, e))
		return f;
	volume_feed_free(f);
	return NULL;
}

void volume_feed_free(struct volume_feed *f)
{
	size_t i;

	if (!f)
		return;
	ctf_merge_free(f->merge);
	for (i = 0; i < f->kinds.count; i++)
		volume_kinds_free(f->kinds.at[i]);
	vmsync_array_free(&f->kinds);
	vmsync_array_free(&f->sources);
	vmsync_array_free(&f->lost);
	free(f);
}

int volume_feed_next(struct volume_feed *f, struct volume_event *out,
		     struct ctf_error *e)
{
	const struct ctf_event *ev;
	const struct source *s;
	int ret = ctf_merge_next(f->merge, &ev, e);

	if (ret <= 0)
		return ret;
	s = &f->sources.at[ev->source];
	volume_kinds_event(s->kinds, ev, out);
	out->ns = (int64_t)ev->time;
	out->machine = s->machine;
	return 1;
}

/* The last stretch of a machine that begins before @until_ns says when all did end. */
static bool lost_in(const struct volume_feed *f, uint32_t machine,
		    int64_t from_ns, int64_t until_ns)
{
	size_t low = 0, high = f->lost.count;

	while (low < high) {
		size_t i = low + (high - low) / 2;
		const struct lost *l = &f->lost.at[i];

		if (l->machine < machine ||
		    (l->machine == machine && l->from_ns < until_ns))
			low = i + 1;
		else
			high = i;
	}
	return low && f->lost.at[low - 1].machine == machine &&
	       f->lost.at[low - 1].latest_ns > from_ns;
}

bool volume_feed_lost(const struct volume_feed *f, uint32_t machine,
		      int64_t from_ns, int64_t until_ns)
{
	return lost_in(f, VOLUME_HOST, from_ns, until_ns) ||
	       lost_in(f, machine, from_ns, until_ns);
}

int64_t volume_feed_begin_ns(const struct volume_feed *f)
{
	return f->begin_ns;
}
