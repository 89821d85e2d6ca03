// SPDX-License-Identifier: MIT
#include "seen.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static int room(struct seen *s, uint64_t serial)
{
	uint64_t n = s->n ? s->n : 1024;
	uint8_t *times;

	if (serial < s->n)
		return 0;
	while (n <= serial)
		n *= 2;
	times = realloc(s->times, n);
	if (!times)
		return -ENOMEM;
	memset(times + s->n, 0, n - s->n);
	s->times = times;
	s->n = n;
	return 0;
}

static bool number(const struct ctf_event *ev, const char *name, int64_t *out)
{
	struct ctf_field f;

	return ctf_field_find(ev->cls, CTF_PAYLOAD, name, &f) &&
	       ctf_get_s64(ev, &f, out);
}

/* Whether the event tells nothing where a clock is set. */
static bool tells_nothing(const struct seen *s, const struct vmsync_map *map,
			  int64_t own, uint64_t serial)
{
	return map &&
	       vmsync_map_segment(map, (guest_time){own})->method ==
		       VMSYNC_METHOD_WINDOW &&
	       (serial < s->told_from || serial > s->told_until);
}

/* Holds a stamp against the truth, and against the map's bound. */
static void judge(struct seen *s, const struct ctf_event *ev,
		  const struct vmsync_guest_map *maps, int64_t serial)
{
	const struct vmsync_map *map = vmsync_guest_map_of(maps, ev->cpu);
	int64_t truth = 0, own = 0, error, bound = 0;
	bool outside = false;

	number(ev, "truth", &truth);
	number(ev, "own", &own);
	if (truth >= s->untold_from_ns)
		return;
	if (map)
		bound = vmsync_map_bound_ns(map, (guest_time){own}, &outside);
	if (s->inside_only &&
	    (outside || tells_nothing(s, map, own, (uint64_t)serial)))
		return;
	error = (int64_t)ev->clock - truth;
	if (error < 0)
		error = -error;
	if (error > s->worst_ns)
		s->worst_ns = error;
	if (error <= bound)
		return;
	s->beyond++;
	if (error - bound > s->beyond_ns) {
		s->beyond_ns = error - bound;
		s->beyond_at = (uint64_t)serial;
		if (map)
			s->beyond_by = vmsync_map_segment(map, (guest_time){own})->method;
	}
}

static bool is_half(const struct ctf_event *ev)
{
	return !strncmp(ev->cls->name, "vmsync_gh_", 10) ||
	       !strncmp(ev->cls->name, "vmsync_hg_", 10);
}

static bool has_half(const struct seen *s, const struct seen_half *half)
{
	for (size_t i = 0; i < s->n_halves; i++)
		if (s->halves[i].vm_uid == half->vm_uid &&
		    s->halves[i].cnt == half->cnt)
			return true;
	return false;
}

static int add_half(struct seen *s, const struct ctf_event *ev)
{
	int64_t vm_uid, cnt;
	struct seen_half half, *halves;

	if (!number(ev, "vm_uid", &vm_uid) || !number(ev, "cnt", &cnt))
		return -EINVAL;
	half = (struct seen_half){(uint64_t)vm_uid, (uint64_t)cnt};
	/* Snapshots that overlap have some of them twice. */
	if (has_half(s, &half))
		return 0;
	halves = reallocarray(s->halves, s->n_halves + 1, sizeof(*halves));
	if (!halves)
		return -ENOMEM;
	halves[s->n_halves++] = half;
	s->halves = halves;
	return 0;
}

bool seen_common(const struct seen *a, const struct seen *b)
{
	for (size_t i = 0; i < a->n_halves; i++) {
		struct seen_half other = a->halves[i];

		other.cnt ^= 1;
		if (has_half(b, &a->halves[i]) && has_half(a, &other) &&
		    has_half(b, &other))
			return true;
	}
	return false;
}

static int add(struct seen *s, const struct ctf_event *ev,
	       const struct vmsync_guest_map *maps)
{
	int64_t serial, truth;

	if (!number(ev, "serial", &serial) || !number(ev, "truth", &truth) ||
	    room(s, (uint64_t)serial))
		return -EINVAL;
	if (truth > s->last_ns)
		s->last_ns = truth;
	if (s->times[serial] < 255)
		s->times[serial]++;
	s->events++;
	if (is_half(ev) && add_half(s, ev))
		return -EINVAL;
	if (maps)
		judge(s, ev, maps, serial);
	return 0;
}

static int read_trace(struct seen *s, const char *path,
		      const struct vmsync_guest_map *maps, struct ctf_error *e)
{
	struct ctf_trace *t = ctf_trace_open(path, e);
	size_t i;
	int ret = t ? 0 : -EINVAL;

	for (i = 0; !ret && i < ctf_trace_streams(t); i++) {
		struct ctf_cursor *c =
			ctf_cursor_new(ctf_trace_stream(t, i), NULL, e);
		const struct ctf_event *ev;

		while (c && (ret = ctf_cursor_next(c, &ev, e)) > 0) {
			if (add(s, ev, maps)) {
				ret = -EINVAL;
				break;
			}
		}
		ctf_cursor_free(c);
	}
	ctf_trace_close(t);
	return ret;
}

int seen_read(struct seen *s, const char *folder,
	      const struct vmsync_guest_map *maps, struct ctf_error *e)
{
	struct ctf_paths found;
	size_t i;
	int ret = ctf_find(folder, &found, e);

	if (ret)
		return ret;
	for (i = 0; !ret && i < found.n; i++)
		ret = read_trace(s, found.path[i], maps, e);
	ctf_paths_free(&found);
	return ret;
}

void seen_free(struct seen *s)
{
	free(s->times);
	free(s->halves);
	memset(s, 0, sizeof(*s));
}
