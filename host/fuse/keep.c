// SPDX-License-Identifier: MIT
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "fuse/fail.h"
#include "fuse/keep.h"
#include "fuse/offsets.h"
#include "fuse/print.h"
#include "fuse/trace_clock.h"
#include "sync/map/anyone.h"

/* Guest time, both ends belong to it. */
struct span {
	int64_t from_ns;
	int64_t until_ns;
};

/* What the host's clock is ahead of the stamps, and the host time where it is so. */
struct reach {
	int64_t least_ns, least_at_ns;
	int64_t most_ns, most_at_ns;
};

static const struct reach nothing = { .least_ns = INT64_MAX, .most_ns = INT64_MIN };

/* Its packet may have been begun seconds before. UINT64_MAX: it has none. */
static uint64_t first_event(const struct ctf_stream *s, uint64_t begin)
{
	struct ctf_error damage;
	struct ctf_cursor *c = ctf_cursor_new(s, NULL, &damage);
	const struct ctf_event *ev;
	int ret = c ? ctf_cursor_next(c, &ev, &damage) : -ENOMEM;

	if (ret > 0)
		begin = ev->clock;
	else if (!ret)
		begin = UINT64_MAX;
	ctf_cursor_free(c);
	return begin;
}

static int recorded_trace(const struct ctf_trace *t, struct span *out,
			  struct ctf_error *e)
{
	size_t i;

	for (i = 0; i < ctf_trace_streams(t); i++) {
		const struct ctf_stream *s = ctf_trace_stream(t, i);
		struct ctf_span span;
		uint64_t first;
		int ret = ctf_stream_span(s, &span, e);

		if (ret)
			return ret;
		first = first_event(s, span.begin);
		if (first > INT64_MAX || span.end > INT64_MAX)
			continue;
		if ((int64_t)first < out->from_ns)
			out->from_ns = (int64_t)first;
		if ((int64_t)span.end > out->until_ns)
			out->until_ns = (int64_t)span.end;
	}
	return 0;
}

static int recorded(const struct vmsync_machine *m, struct span *out,
		    struct ctf_error *e)
{
	size_t i;
	int ret = 0;

	*out = (struct span){ INT64_MAX, 0 };
	for (i = 0; !ret && i < m->n; i++)
		ret = recorded_trace(m->traces[i], out, e);
	return ret;
}

/* As the map is applied, rounded and held back before the next segment as it is. */
static void reach_at(struct reach *r, const struct vmsync_map *map, int64_t guest_ns)
{
	int64_t host_ns = vmsync_map_eval(map, (guest_time){ guest_ns }).ns;
	int64_t ahead_ns = host_ns - guest_ns;

	if (ahead_ns < r->least_ns) {
		r->least_ns = ahead_ns;
		r->least_at_ns = host_ns;
	}
	if (ahead_ns > r->most_ns) {
		r->most_ns = ahead_ns;
		r->most_at_ns = host_ns;
	}
}

static bool has_next(const struct vmsync_map *map, size_t i)
{
	return i + 1 < map->count;
}

/* The recorded time in which the line of segment @i is used. False: none. */
static bool used(const struct vmsync_map *map, size_t i, const struct span *in,
		 struct span *out)
{
	const struct vmsync_segment *s = &map->segments[i];

	*out = *in;
	if (i && s->guest_start.ns > out->from_ns)
		out->from_ns = s->guest_start.ns;
	if (has_next(map, i) && s[1].guest_start.ns <= out->until_ns)
		out->until_ns = s[1].guest_start.ns - 1;
	return out->from_ns <= out->until_ns;
}

/*
 * A line is farthest off at one of its ends; or where it meets the begin of the next
 * segment, for which it waits there.
 */
static void reach_segment(struct reach *r, const struct vmsync_map *map, size_t i,
			  const struct span *u)
{
	int64_t meets_ns;

	reach_at(r, map, u->from_ns);
	reach_at(r, map, u->until_ns);
	if (!has_next(map, i))
		return;
	meets_ns = vmsync_map_inverse(map, map->segments[i + 1].host_start).ns;
	if (meets_ns > u->from_ns && meets_ns <= u->until_ns)
		reach_at(r, map, meets_ns);
}

/* In a hole the clock may have jumped, and a constant does not tell. */
static void look_for_hole(struct vmsync_keep *k, const struct vmsync_map *map,
			  size_t i, const struct span *u)
{
	int64_t end_ns = map->segments[i].guest_end.ns;

	if (k->hole || !has_next(map, i) || end_ns >= u->until_ns)
		return;
	k->hole = true;
	k->hole_at_ns = vmsync_map_eval(map, (guest_time){ end_ns }).ns;
}

static void look(struct vmsync_keep *k, struct reach *r, const struct vmsync_map *map,
		 const struct span *in)
{
	struct span u;
	size_t i;

	for (i = 0; i < map->count; i++) {
		if (!used(map, i, in, &u))
			continue;
		reach_segment(r, map, i, &u);
		look_for_hole(k, map, i, &u);
	}
}

static int64_t farther(int64_t a_ns, int64_t b_ns)
{
	return a_ns > b_ns ? a_ns : b_ns;
}

static int64_t off(const struct reach *r, int64_t constant_ns)
{
	__int128 most = (__int128)r->most_ns - constant_ns;
	__int128 least = (__int128)constant_ns - r->least_ns;

	if (most < least)
		most = least;
	return most < VMSYNC_BOUND_NONE ? (int64_t)most : VMSYNC_BOUND_NONE;
}

/* The same evidence, and of its segments what was recorded. */
static int constant_map(struct vmsync_map *to, const struct vmsync_map *from,
			const struct span *in, int64_t constant_ns)
{
	struct span u;
	size_t i;
	int ret = 0;

	to->extrapolation_ppb = from->extrapolation_ppb;
	to->extrapolation_ns = from->extrapolation_ns;
	for (i = 0; !ret && i < from->count; i++) {
		struct vmsync_segment s = from->segments[i];
		struct reach r = nothing;

		if (!used(from, i, in, &u))
			continue;
		reach_segment(&r, from, i, &u);
		if (s.guest_start.ns < u.from_ns)
			s.guest_start.ns = u.from_ns < s.guest_end.ns ?
						   u.from_ns :
						   s.guest_end.ns;
		if (s.guest_end.ns > u.until_ns)
			s.guest_end.ns = farther(u.until_ns, s.guest_start.ns);
		/* Where all that was recorded is beyond the evidence, not in @u. */
		reach_at(&r, from, s.guest_start.ns);
		s.host_start.ns = s.guest_start.ns + constant_ns;
		s.slope = 1;
		s.shift = 0;
		s.host_frac = 0;
		s.bound_ns += off(&r, constant_ns);
		ret = vmsync_map_append(to, &s);
	}
	return ret;
}

static int constant_maps(struct vmsync_keep *k, const struct vmsync_guest_map *from,
			 const struct span *in)
{
	struct vmsync_guest_map *to = &k->maps;
	uint32_t i;
	int ret = 0;

	to->vm_uid = from->vm_uid;
	to->maps = calloc(from->vcpus, sizeof(*to->maps));
	if (!to->maps)
		return -ENOMEM;
	to->vcpus = from->vcpus;
	for (i = 0; !ret && i < from->vcpus; i++)
		ret = constant_map(&to->maps[i], &from->maps[i], in,
				   k->constant_ns);
	return ret ? ret : vmsync_anyone_make(to);
}

static void measure(struct vmsync_keep *k, const struct vmsync_guest_map *gm,
		    const struct span *in)
{
	struct reach r = nothing;
	uint32_t i;

	for (i = 0; i < gm->vcpus; i++)
		look(k, &r, &gm->maps[i], in);
	if (r.least_ns > r.most_ns) {
		k->hole = true;
		return;
	}
	k->constant_ns = (int64_t)(((__int128)r.least_ns + r.most_ns) / 2);
	k->off_ns = off(&r, k->constant_ns);
	k->least_at_ns = r.least_at_ns;
	k->most_at_ns = r.most_at_ns;
}

int vmsync_keep_find(struct vmsync_session_guest *g, const struct ctf_clock *host,
		     int64_t within_ns, struct ctf_error *e)
{
	struct vmsync_keep *k;
	struct span in;
	int64_t offset_s, offset_ns;
	int ret;

	/* Of its own clock nothing is near. */
	if (!vmsync_clock_is_host(g->machine->clock))
		return 0;
	ret = recorded(g->machine, &in, e);
	if (ret)
		return ret;
	g->keep = k = calloc(1, sizeof(*k));
	if (!k)
		return vmsync_fail_memory(e);
	measure(k, g->maps, &in);
	k->no_offset = !vmsync_offset_moved(host, k->constant_ns, &offset_s,
					    &offset_ns);
	if (k->hole || k->no_offset || k->off_ns > within_ns)
		return 0;
	ret = constant_maps(k, g->maps, &in);
	if (ret == -ENOMEM)
		return vmsync_fail_memory(e);
	k->kept = !ret;
	if (k->kept)
		g->maps = &k->maps;
	return 0;
}

bool vmsync_is_kept(const struct vmsync_session_guest *g)
{
	return g->keep && g->keep->kept;
}

/* Where stamps that are not kept differ from the host's clock. */
static void text_why(FILE *f, const struct vmsync_keep *k)
{
	fputs("rewritten: ", f);
	if (k->hole) {
		fputs("no evidence tells of its clock after ", f);
		print_seconds(f, k->hole_at_ns);
		fputs(" of the host's\n", f);
		return;
	}
	if (k->no_offset) {
		fputs("with its stamps as they are its clock would have begun "
		      "before 1970\n", f);
		return;
	}
	fprintf(f, "with one constant its stamps are %" PRId64 " ns off (ahead at ",
		k->off_ns);
	print_seconds(f, k->least_at_ns);
	fputs(" of the host's clock, behind at ", f);
	print_seconds(f, k->most_at_ns);
	fputs(")\n", f);
}

void vmsync_keep_text(FILE *f, const struct vmsync_session_guest *g, bool asked)
{
	const struct vmsync_keep *k = g->keep;

	if (!k || (!asked && (k->hole || k->no_offset)))
		return;
	fprintf(f, "%s: ", g->machine->name);
	if (k->kept)
		fprintf(f, "its stamps are as they were recorded, %" PRId64
			   " ns off at most\n",
			k->off_ns);
	else if (asked)
		text_why(f, k);
	else
		fprintf(f, "its stamps were %" PRId64 " ns off at most: with "
			   "--keep-within=%" PRId64 " they are not rewritten\n",
			k->off_ns, k->off_ns);
}

void vmsync_keep_json(FILE *f, const struct vmsync_session_guest *g)
{
	const struct vmsync_keep *k = g->keep;

	if (!k)
		return;
	fprintf(f, ", \"stamps\": {\"kept\": %s, \"constant_ns\": %" PRId64,
		k->kept ? "true" : "false", k->constant_ns);
	print_json_bound(f, "off_ns", k->hole ? VMSYNC_BOUND_NONE : k->off_ns);
	putc('}', f);
}

void vmsync_keep_unbound(struct vmsync_keep *k)
{
	uint32_t i;

	for (i = 0; i < k->maps.vcpus; i++)
		k->maps.maps[i].extrapolation_ppb = VMSYNC_PPB_NONE;
	k->maps.anyone.extrapolation_ppb = VMSYNC_PPB_NONE;
}

void vmsync_keep_free(struct vmsync_keep *k)
{
	if (!k)
		return;
	vmsync_guest_map_free(&k->maps);
	free(k);
}
