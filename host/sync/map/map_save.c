// SPDX-License-Identifier: MIT
/*
 * Maps as JSON, out:
 *
 *	{"vmsync_map": 1, "guests": [{
 *	  "vm_uid": 5, "hostname": "web1", "clock_uuid": "", "host_clock_uuid":
 *"", "cpus": [
 *	    {"extrapolation_ppb": 2000000, "extrapolation_ns": 300, "segments":
 *[
 *	      {"guest_start": 0, "guest_end": 9, "host_start": 100, "slope": 1,
 *	       "shift": 0, "host_frac": 0, "method": "exact", "bound_ns": 2,
 *	       "epoch": 0}]},
 *	    {"same_as": 0}]}]}
 *
 * Times are ns; extrapolation_ns is left out where it is 0. Numbers are
 *integers of up to 64 bits: a program that reads them as doubles loses bits.
 *Strings are those of json_string.h.
 */
#include "sync/map/map.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/json_string.h"

static void put_segment(FILE *f, const struct vmsync_segment *s)
{
	fprintf(f,
		"{\"guest_start\": %" PRId64 ", \"guest_end\": %" PRId64
		", \"host_start\": %" PRId64 ", \"slope\": %" PRIu64
		", \"shift\": %" PRIu32 ", \"host_frac\": %" PRIu64
		", \"method\": \"%s\", \"bound_ns\": %" PRId64
		", \"epoch\": %" PRIu32 "}",
		s->guest_start.ns, s->guest_end.ns, s->host_start.ns, s->slope,
		s->shift, s->host_frac, vmsync_method_name(s->method),
		s->bound_ns, s->epoch);
}

static void put_map(FILE *f, const struct vmsync_map *map)
{
	fprintf(f, "    {\"extrapolation_ppb\": %" PRIu32 ", ",
		map->extrapolation_ppb);
	if (map->extrapolation_ns)
		fprintf(f, "\"extrapolation_ns\": %" PRId64 ", ",
			map->extrapolation_ns);
	fputs("\"segments\": [", f);
	for (size_t i = 0; i < map->count; i++) {
		fputs(i ? ",\n      " : "\n      ", f);
		put_segment(f, &map->segments[i]);
	}
	fputs("]}", f);
}

/* The first CPU with the same map, @cpu itself if there is none before it. */
static uint32_t first_same(const struct vmsync_guest_map *gm, uint32_t cpu)
{
	uint32_t i = 0;

	while (i < cpu && !vmsync_map_equal(&gm->maps[i], &gm->maps[cpu]))
		i++;
	return i;
}

/* Anyone's map is made again from those that are there, and would know less. */
static bool has_anyones(const struct vmsync_guest_map *gm, uint32_t cpu)
{
	return !gm->maps[cpu].count && gm->anyone.count;
}

static void put_guest(FILE *f, const struct vmsync_guest_map *gm)
{
	fprintf(f, "{\n  \"vm_uid\": %" PRIu64 ", \"hostname\": ", gm->vm_uid);
	vmsync_json_string(f, gm->hostname);
	fputs(",\n  \"clock_uuid\": ", f);
	vmsync_json_string(f, gm->clock_uuid);
	fputs(", \"host_clock_uuid\": ", f);
	vmsync_json_string(f, gm->host_clock_uuid);
	fputs(",\n  \"cpus\": [", f);
	for (uint32_t i = 0; i < gm->vcpus; i++) {
		uint32_t same = first_same(gm, i);

		fputs(i ? ",\n" : "\n", f);
		if (same < i)
			fprintf(f, "    {\"same_as\": %" PRIu32 "}", same);
		else
			put_map(f, has_anyones(gm, i) ? &gm->anyone :
							&gm->maps[i]);
	}
	fputs("]}", f);
}

int vmsync_map_save(FILE *f, const struct vmsync_guest_map *gms, size_t n)
{
	fputs(VMSYNC_MAP_BEGINS " 1, \"guests\": [", f);
	for (size_t i = 0; i < n; i++) {
		if (i)
			fputs(", ", f);
		put_guest(f, &gms[i]);
	}
	fputs("]}\n", f);
	return fflush(f) ? -errno : ferror(f) ? -EIO : 0;
}
