// SPDX-License-Identifier: MIT
/*
 * Maps as JSON, in. Strict: what vmsync_map_save() writes, with any white
 * space and any order of members, and nothing else.
 */
#include "base/json_in.h"
#include "sync/map/anyone.h"
#include "sync/map/map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAX_CPUS   65536

static bool get_method(struct vmsync_in *p, enum vmsync_method *out)
{
	char buf[IN_MAX_STRING];

	if (!in_string(p, buf))
		return false;
	for (int m = 0; m < VMSYNC_METHOD_COUNT; m++) {
		if (!strcmp(buf, vmsync_method_name(m))) {
			*out = m;
			return true;
		}
	}
	return in_fail(p, "no method has this name");
}

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static bool segment_member(struct vmsync_in *p, const char *key, void *ctx,
			   unsigned int *seen)
{
	static const char *const keys[] = { "guest_start", "guest_end",
					    "host_start",  "slope",
					    "shift",	   "host_frac",
					    "method",	   "bound_ns",
					    "epoch" };
	struct vmsync_segment *s = ctx;
	int i = in_key(keys, COUNT(keys), key);

	if (i >= 0 && !in_once(p, seen, (unsigned int)i))
		return false;
	switch (i) {
	case 0:
		return in_time(p, &s->guest_start.ns);
	case 1:
		return in_time(p, &s->guest_end.ns);
	case 2:
		return in_time(p, &s->host_start.ns);
	case 3:
		return in_number(p, UINT64_MAX, &s->slope);
	case 4:
		return in_u32(p, 63, &s->shift);
	case 5:
		return in_number(p, UINT64_MAX, &s->host_frac);
	case 6:
		return get_method(p, &s->method);
	case 7:
		return in_time(p, &s->bound_ns);
	case 8:
		return in_u32(p, UINT32_MAX, &s->epoch);
	default:
		return in_fail(p, "\"%.40s\" is not a member of a segment", key);
	}
}

static bool get_segment(struct vmsync_in *p, void *ctx)
{
	struct vmsync_segment s = { 0 };
	unsigned int seen;
	int err;

	if (!in_object(p, segment_member, &s, &seen))
		return false;
	if (seen != (1u << 9) - 1)
		return in_fail(p, "a member of the segment is missing");
	err = vmsync_map_append(ctx, &s);
	if (err == -ENOMEM)
		return in_fail_memory(p);
	return !err || in_fail(p, "the segment is not valid after the last one");
}

struct cpu_ctx {
	struct vmsync_map map;
	uint32_t same_as;
};

static bool cpu_member(struct vmsync_in *p, const char *key, void *ctx,
		       unsigned int *seen)
{
	static const char *const keys[] = {"extrapolation_ppb", "segments",
					   "same_as", "extrapolation_ns"};
	struct cpu_ctx *cpu = ctx;
	int i = in_key(keys, COUNT(keys), key);

	if (i >= 0 && !in_once(p, seen, (unsigned int)i))
		return false;
	switch (i) {
	case 0:
		return in_u32(p, UINT32_MAX, &cpu->map.extrapolation_ppb);
	case 1:
		return in_array(p, get_segment, &cpu->map);
	case 2:
		return in_u32(p, MAX_CPUS, &cpu->same_as);
	case 3:
		return in_time(p, &cpu->map.extrapolation_ns);
	default:
		return in_fail(p, "\"%.40s\" is not a member of a CPU", key);
	}
}

static int map_copy(struct vmsync_map *to, const struct vmsync_map *from)
{
	int err = 0;

	vmsync_map_init(to);
	to->extrapolation_ppb = from->extrapolation_ppb;
	to->extrapolation_ns = from->extrapolation_ns;
	for (size_t i = 0; !err && i < from->count; i++)
		err = vmsync_map_append(to, &from->segments[i]);
	return err;
}

static bool get_cpu(struct vmsync_in *p, void *ctx)
{
	struct vmsync_guest_map *gm = ctx;
	struct cpu_ctx cpu = { .map = { 0 } };
	struct vmsync_map *maps;
	unsigned int seen;

	if (gm->vcpus >= MAX_CPUS)
		return in_fail(p, "more than %d CPUs", MAX_CPUS);
	maps = realloc(gm->maps, (gm->vcpus + 1) * sizeof(*maps));
	if (!maps)
		return in_fail_memory(p);
	gm->maps = maps;
	if (!in_object(p, cpu_member, &cpu, &seen))
		goto err;
	if (seen == 4) {
		if (cpu.same_as >= gm->vcpus) {
			in_fail(p, "same_as names a CPU that is not before it");
			goto err;
		}
		if (map_copy(&cpu.map, &maps[cpu.same_as])) {
			in_fail_memory(p);
			goto err;
		}
	} else if ((seen & ~8u) != 3) {
		in_fail(p, "a CPU has extrapolation_ppb and segments, or same_as");
		goto err;
	}
	maps[gm->vcpus++] = cpu.map;
	return true;
err:
	vmsync_map_free(&cpu.map);
	return false;
}

static bool guest_member(struct vmsync_in *p, const char *key, void *ctx,
			 unsigned int *seen)
{
	static const char *const keys[] = { "vm_uid", "hostname", "clock_uuid",
					    "host_clock_uuid", "cpus" };
	struct vmsync_guest_map *gm = ctx;
	int i = in_key(keys, COUNT(keys), key);

	if (i >= 0 && !in_once(p, seen, (unsigned int)i))
		return false;
	switch (i) {
	case 0:
		return in_number(p, UINT64_MAX, &gm->vm_uid);
	case 1:
		return in_copy(p, &gm->hostname);
	case 2:
		return in_copy(p, &gm->clock_uuid);
	case 3:
		return in_copy(p, &gm->host_clock_uuid);
	case 4:
		return in_array(p, get_cpu, gm);
	default:
		return in_fail(p, "\"%.40s\" is not a member of a guest", key);
	}
}

struct file_ctx {
	struct vmsync_guest_map *gms;
	size_t n;
};

static bool get_guest(struct vmsync_in *p, void *ctx)
{
	struct file_ctx *file = ctx;
	struct vmsync_guest_map *gms =
		realloc(file->gms, (file->n + 1) * sizeof(*gms));
	unsigned int seen;

	if (!gms)
		return in_fail_memory(p);
	file->gms = gms;
	vmsync_guest_map_init(&gms[file->n++]);
	if (!in_object(p, guest_member, &gms[file->n - 1], &seen))
		return false;
	return seen == 31 || in_fail(p, "a member of the guest is missing");
}

static bool file_member(struct vmsync_in *p, const char *key, void *ctx,
			unsigned int *seen)
{
	uint64_t version;

	if (!strcmp(key, "vmsync_map")) {
		return in_once(p, seen, 0) && in_number(p, 1, &version) &&
		       (version == 1 || in_fail(p, "version not known"));
	}
	if (!strcmp(key, "guests"))
		return in_once(p, seen, 1) && in_array(p, get_guest, ctx);
	return in_fail(p, "\"%.40s\" is not a member of a map file", key);
}

static void get_file(struct vmsync_in *p, struct file_ctx *file)
{
	unsigned int seen;

	if (in_file(p, file_member, file, &seen) && seen != 3)
		in_fail(p, "\"vmsync_map\" or \"guests\" is missing");
}

int vmsync_map_load(FILE *f, struct vmsync_guest_map **gms, size_t *n,
		    char *error, size_t error_size)
{
	struct vmsync_in p = { .f = f, .line = 1, .error = error,
			       .error_size = error_size };
	struct file_ctx file = { 0 };

	get_file(&p, &file);
	for (size_t i = 0; !p.status && i < file.n; i++)
		p.status = vmsync_anyone_make(&file.gms[i]);
	if (ferror(f))
		p.status = -EIO;
	if (p.status) {
		for (size_t i = 0; i < file.n; i++)
			vmsync_guest_map_free(&file.gms[i]);
		free(file.gms);
		return p.status;
	}
	*gms = file.gms;
	*n = file.n;
	return 0;
}
