// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bt2/stamps.h"

#define NS_PER_S	1000000000ll
#define UUID_TEXT	37

/* Clones share the uuid of their clock, which is all that is known here. */
static bool has_clones(const struct stamps *s)
{
	size_t i, k;

	for (i = 0; i < s->n; i++) {
		for (k = 0; k < i; k++) {
			const char *a = s->guests[i].clock_uuid;
			const char *b = s->guests[k].clock_uuid;

			if (a && b && *a && !strcasecmp(a, b))
				return true;
		}
	}
	return false;
}

int stamps_load(struct stamps *s, const char *path, char *error, size_t size)
{
	FILE *f = fopen(path, "r");
	char why[256] = "";
	int ret;

	if (!f) {
		snprintf(error, size, "%s: %s", path, strerror(errno));
		return -errno;
	}
	ret = vmsync_map_load(f, &s->guests, &s->n, why, sizeof(why));
	fclose(f);
	if (!ret && has_clones(s)) {
		ret = -EINVAL;
		snprintf(why, sizeof(why), "two of its guests have one clock "
			 "uuid, as clones do; vmsync fuse tells them apart");
	}
	if (ret)
		snprintf(error, size, "%s: %s", path,
			 why[0] ? why : strerror(-ret));
	return ret;
}

void stamps_free(struct stamps *s)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		vmsync_guest_map_free(&s->guests[i]);
	free(s->guests);
}

int64_t clock_offset_ns(const bt_clock_class *clock)
{
	uint64_t cycles;
	int64_t s;

	bt_clock_class_get_offset(clock, &s, &cycles);
	return (int64_t)((uint64_t)s * NS_PER_S + cycles);
}

static bool has_uuid(const bt_clock_class *clock, const char *text)
{
	bt_uuid u = bt_clock_class_get_uuid(clock);
	char buf[UUID_TEXT];
	int i, n = 0;

	if (!u || !text || !text[0])
		return false;
	for (i = 0; i < 16; i++)
		n += snprintf(buf + n, sizeof(buf) - (size_t)n, "%s%02x",
			      i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "",
			      u[i]);
	return !strcasecmp(buf, text);
}

void stamps_see(struct stamps *s, const bt_clock_class *clock)
{
	size_t i;

	for (i = 0; i < s->n && !s->offset_known; i++) {
		if (!has_uuid(clock, s->guests[i].host_clock_uuid))
			continue;
		s->offset_ns = clock_offset_ns(clock);
		s->offset_known = true;
	}
}

const struct vmsync_guest_map *stamps_guest(const struct stamps *s,
					    const bt_clock_class *clock)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (has_uuid(clock, s->guests[i].clock_uuid))
			return &s->guests[i];
	return NULL;
}

int64_t stamps_map(const struct stamps *s, const struct vmsync_guest_map *g,
		   uint32_t cpu, uint64_t raw)
{
	const struct vmsync_map *m = vmsync_guest_map_of(g, cpu);
	uint64_t host;

	if (!m)
		return s->offset_ns + (int64_t)raw;
	vmsync_map_eval_batch(m, &raw, &host, 1);
	return s->offset_ns + (int64_t)host;
}

static int64_t back_at(const struct stamps *s, const struct vmsync_map *m,
		       int64_t offset_ns, uint64_t raw)
{
	uint64_t host;

	vmsync_map_eval_batch(m, &raw, &host, 1);
	return (offset_ns + (int64_t)raw) - (s->offset_ns + (int64_t)host);
}

/* Affine pieces: the most is at one of their ends. */
int64_t stamps_most_back(const struct stamps *s,
			 const struct vmsync_guest_map *guest,
			 const bt_clock_class *clock)
{
	int64_t offset_ns = clock_offset_ns(clock), most = 0, back;
	uint32_t cpu;
	size_t i;

	for (cpu = 0; cpu < guest->vcpus; cpu++) {
		const struct vmsync_map *m = &guest->maps[cpu];

		for (i = 0; i < m->count; i++) {
			uint64_t ends[2] = {
				(uint64_t)m->segments[i].guest_start.ns,
				(uint64_t)m->segments[i].guest_end.ns,
			};
			int k;

			for (k = 0; k < 2; k++) {
				back = back_at(s, m, offset_ns, ends[k]);
				most = back > most ? back : most;
			}
		}
	}
	/* Before and behind the evidence the lines go on: 0.1 s is 50 s of it. */
	return most + NS_PER_S / 10;
}
