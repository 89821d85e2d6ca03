// SPDX-License-Identifier: MIT
#include "live/metrics.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/series.h"
#include "fuse/replace.h"

static const struct vmsync_kind kind = { "file of metrics", "# vmsync live\n",
					 "--metrics" };

/* One time series for each URL. */
struct series {
	const char *name;
	const char *type;
	const char *help;
	uint64_t (*value)(const struct live_state *s);
	bool is_ns; /* and has to be in seconds */
};

static uint64_t attached(const struct live_state *s)
{
	return s->attached;
}

static uint64_t sessions(const struct live_state *s)
{
	return s->sums.sessions;
}

static uint64_t packets(const struct live_state *s)
{
	return s->sums.packets;
}

static uint64_t bytes(const struct live_state *s)
{
	return s->sums.bytes;
}

static uint64_t lost(const struct live_state *s)
{
	return s->lost;
}

static uint64_t discarded(const struct live_state *s)
{
	return s->sums.discarded;
}

static uint64_t connections(const struct live_state *s)
{
	return s->failed;
}

static uint64_t until(const struct live_state *s)
{
	return s->until;
}

static uint64_t late(const struct live_state *s)
{
	return s->late;
}

static const struct series all[] = {
	{ "vmsync_live_attached", "gauge",
	  "Whether a session is being read.", attached, false },
	{ "vmsync_live_until_seconds", "gauge",
	  "Time of the traced machine's clock before which all events came.",
	  until, true },
	{ "vmsync_live_late_packets_total", "counter",
	  "Packets that began before that time nevertheless.", late, false },
	{ "vmsync_live_sessions_total", "counter",
	  "Sessions of which something came.", sessions, false },
	{ "vmsync_live_packets_total", "counter",
	  "Packets that are kept.", packets, false },
	{ "vmsync_live_bytes_total", "counter",
	  "Bytes of packets and metadata that came.", bytes, false },
	{ "vmsync_live_connections_failed_total", "counter",
	  "Connections that could not be made, or ended.", connections, false },
	{ "vmsync_lost_packets_total", "counter",
	  "Packets that the relay daemon had no more.", lost, false },
	{ "vmsync_lost_events_total", "counter",
	  "Events for which the tracer had no room.", discarded, false },
};

static void put_value(FILE *f, const struct series *series, uint64_t value)
{
	fputs("} ", f);
	if (series->is_ns)
		vmsync_series_seconds(f, value);
	else
		fprintf(f, "%" PRIu64, value);
	fputc('\n', f);
}

struct members {
	struct live_member *m;
	size_t n;
	const struct live_more *more;
};

static int write_all(FILE *f, void *ctx, struct ctf_error *e)
{
	const struct members *a = ctx;
	size_t i, k;

	fputs(kind.begins, f);
	for (k = 0; k < sizeof(all) / sizeof(all[0]); k++) {
		vmsync_series_family(f, all[k].name, all[k].type, all[k].help);
		for (i = 0; i < a->n; i++) {
			struct live_source *r = &a->m[i].source;
			struct live_state s = live_source_state(r);

			fprintf(f, "%s{", all[k].name);
			vmsync_series_label(f, "url", r->url.text);
			put_value(f, &all[k], all[k].value(&s));
		}
	}
	return a->more ? a->more->write(f, a->more->ctx, e) : 0;
}

int live_metrics_check(const char *path, struct ctf_error *e)
{
	return vmsync_replace_check(path, &kind, e);
}

int live_metrics_print(FILE *f, struct live_member *m, size_t n,
		       const struct live_more *more, struct ctf_error *e)
{
	struct members a = { m, n, more };

	return write_all(f, &a, e);
}

int live_metrics_write(const char *path, struct live_member *m, size_t n,
		       const struct live_more *more, struct ctf_error *e)
{
	struct members a = { m, n, more };

	return vmsync_replace(path, &kind, write_all, &a, e);
}
