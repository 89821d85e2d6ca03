// SPDX-License-Identifier: MIT
/* How well the maps of guests are known, and how far the analysis is. */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "online/metrics.h"
#include "base/series.h"

/* The last one of its name that is analysed: of one that booted again, this boot. */
static bool is_last(const struct online *o, size_t guest)
{
	const char *name = online_guest_about(o, guest).name;
	size_t i;

	for (i = guest + 1; i < online_guests(o); i++) {
		struct online_about a = online_guest_about(o, i);

		if (a.joined && !strcmp(a.name, name))
			return false;
	}
	return online_guest_about(o, guest).joined;
}

static uint64_t violations(const struct online *o, const char *name)
{
	uint64_t n = 0;
	size_t i;

	for (i = 0; i < online_guests(o); i++) {
		struct online_about a = online_guest_about(o, i);

		if (a.joined && !strcmp(a.name, name))
			n += vmsync_guest_report_of(a.guest)->causal_violations;
	}
	return n;
}

static void guest_series(FILE *f, const char *name, const struct online_about *a)
{
	fprintf(f, "%s{", name);
	vmsync_series_label(f, "domain", a->name);
	if (*a->uuid) {
		fputc(',', f);
		vmsync_series_label(f, "uuid", a->uuid);
	}
}

static void bounds(FILE *f, const struct online *o)
{
	int64_t at_ns = online_until_ns(o);
	size_t i;

	vmsync_series_family(f, "vmsync_sync_bound_seconds", "gauge",
			"Error of a guest's map, at most, where it is analysed.");
	for (i = 0; i < online_guests(o); i++) {
		struct online_about a = online_guest_about(o, i);
		const struct vmsync_map *map = vmsync_guest_map_of(a.maps, 0);
		guest_time at;
		int64_t bound_ns;

		if (!map || !is_last(o, i))
			continue;
		at = vmsync_map_inverse(map, (host_time){ at_ns });
		bound_ns = vmsync_map_bound_ns(map, at, NULL);
		guest_series(f, "vmsync_sync_bound_seconds", &a);
		fputc(',', f);
		vmsync_series_label(f, "method",
			       vmsync_method_name(
				       vmsync_map_segment(map, at)->method));
		fputs("} ", f);
		if (bound_ns >= VMSYNC_BOUND_NONE)
			fputs("+Inf", f);
		else
			vmsync_series_seconds(f, (uint64_t)bound_ns);
		fputc('\n', f);
	}
}

static void witnesses(FILE *f, const struct online *o)
{
	size_t i;

	vmsync_series_family(f, "vmsync_witness_violations_total", "counter",
			"Beacons that contradict a guest's map.");
	for (i = 0; i < online_guests(o); i++) {
		struct online_about a = online_guest_about(o, i);

		if (!is_last(o, i))
			continue;
		guest_series(f, "vmsync_witness_violations_total", &a);
		fprintf(f, "} %" PRIu64 "\n", violations(o, a.name));
	}
}

void online_metrics_progress(FILE *f, const struct online *o)
{
	int64_t until_ns = online_until_ns(o), lag_ns;
	struct timespec now;

	vmsync_series_family(f, "vmsync_live_late_events_total", "counter",
			"Events that came after they were said to be there.");
	fprintf(f, "vmsync_live_late_events_total %" PRIu64 "\n",
		online_late(o));
	if (!until_ns)
		return;
	vmsync_series_family(f, "vmsync_live_analysed_seconds", "gauge",
			"Time of the host's clock up to which all is analysed.");
	fputs("vmsync_live_analysed_seconds ", f);
	vmsync_series_seconds(f, (uint64_t)until_ns);
	clock_gettime(CLOCK_REALTIME, &now);
	lag_ns = now.tv_sec * 1000000000 + now.tv_nsec -
		 online_realtime_ns(o, until_ns);
	fputc('\n', f);
	vmsync_series_family(f, "vmsync_live_lag_seconds", "gauge",
			"How long ago that was, by the clocks of both machines.");
	fprintf(f, "vmsync_live_lag_seconds %.3f\n", (double)lag_ns / 1e9);
}

void online_metrics_guests(FILE *f, const struct online *o)
{
	bounds(f, o);
	witnesses(f, o);
}
