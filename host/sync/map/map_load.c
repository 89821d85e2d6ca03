// SPDX-License-Identifier: MIT
/*
 * Maps as JSON, in. Strict: what vmsync_map_save() writes, with any white
 * space and any order of members, and nothing else.
 */
#include "json_string.h"
#include "sync/map/anyone.h"
#include "sync/map/map.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define MAX_STRING 4096
#define MAX_CPUS   65536

/*
 * One character of look-ahead, the position for messages, and the first error;
 * after an error every function returns false.
 */
struct parser {
	FILE *f;
	int c;
	unsigned int line;
	unsigned int col;
	int status;
	char *error;
	size_t error_size;
};

static bool fail(struct parser *p, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (p->status)
		return false;
	p->status = -EINVAL;
	if (!p->error || !p->error_size)
		return false;
	n = snprintf(p->error, p->error_size, "line %u, column %u: ", p->line,
		     p->col);
	if (n > 0 && (size_t)n < p->error_size) {
		va_start(ap, fmt);
		vsnprintf(p->error + n, p->error_size - (size_t)n, fmt, ap);
		va_end(ap);
	}
	return false;
}

static bool fail_memory(struct parser *p)
{
	fail(p, "out of memory");
	p->status = -ENOMEM;
	return false;
}

static void next(struct parser *p)
{
	if (p->c == '\n') {
		p->line++;
		p->col = 0;
	}
	p->c = getc_unlocked(p->f);
	p->col++;
}

static void skip_space(struct parser *p)
{
	while (p->c == ' ' || p->c == '\t' || p->c == '\n' || p->c == '\r')
		next(p);
}

static bool is_next(struct parser *p, int c)
{
	skip_space(p);
	if (p->status || p->c != c)
		return false;
	next(p);
	return true;
}

static bool expect(struct parser *p, int c)
{
	return is_next(p, c) || fail(p, "expected '%c'", c);
}

/* At most two bytes: what map_save.c writes so are control characters. */
static bool get_escape(struct parser *p, char *buf, size_t *n)
{
	char hex[5] = "";
	unsigned long v;

	next(p);
	if (p->c == '"' || p->c == '\\' || p->c == '/') {
		buf[(*n)++] = (char)p->c;
		return true;
	}
	if (p->c != 'u')
		return fail(p, "escape not known here");
	for (int i = 0; i < 4; i++) {
		next(p);
		if (!isxdigit(p->c))
			return fail(p, "expected four hex digits");
		hex[i] = (char)p->c;
	}
	v = strtoul(hex, NULL, 16);
	if (!v || v > 0x7ff)
		return fail(p, "escape not known here");
	if (v > 0x7f) {
		buf[(*n)++] = (char)(0xc0 | v >> 6);
		v = 0x80 | (v & 0x3f);
	}
	buf[(*n)++] = (char)v;
	return true;
}

/* @buf has MAX_STRING bytes */
static bool get_string(struct parser *p, char *buf)
{
	size_t n = 0;

	if (!expect(p, '"'))
		return false;
	while (p->c != '"') {
		if (p->c == EOF || (unsigned int)p->c < 0x20)
			return fail(p, "string not closed");
		if (n + 2 >= MAX_STRING)
			return fail(p, "string too long");
		if (p->c != '\\')
			buf[n++] = (char)p->c;
		else if (!get_escape(p, buf, &n))
			return false;
		next(p);
	}
	next(p);
	buf[n] = '\0';
	return true;
}

static bool get_copy(struct parser *p, char **out)
{
	char buf[MAX_STRING];

	if (!get_string(p, buf))
		return false;
	vmsync_json_unescape(buf);
	free(*out);
	*out = strdup(buf);
	return *out || fail_memory(p);
}

static bool get_number(struct parser *p, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;

	skip_space(p);
	if (!isdigit(p->c))
		return fail(p, "expected a number that is not negative");
	if (p->c == '0') {
		next(p);
		*out = 0;
		return !isdigit(p->c) || fail(p, "number begins with 0");
	}
	for (; isdigit(p->c); next(p)) {
		uint64_t digit = (uint64_t)(p->c - '0');

		if (__builtin_mul_overflow(v, 10u, &v) ||
		    __builtin_add_overflow(v, digit, &v) || v > max)
			return fail(p, "number above %" PRIu64, max);
	}
	*out = v;
	return true;
}

static bool get_time(struct parser *p, int64_t *out)
{
	uint64_t v;

	if (!get_number(p, INT64_MAX, &v))
		return false;
	*out = (int64_t)v;
	return true;
}

static bool get_u32(struct parser *p, uint32_t max, uint32_t *out)
{
	uint64_t v;

	if (!get_number(p, max, &v))
		return false;
	*out = (uint32_t)v;
	return true;
}

static bool get_method(struct parser *p, enum vmsync_method *out)
{
	char buf[MAX_STRING];

	if (!get_string(p, buf))
		return false;
	for (int m = 0; m < VMSYNC_METHOD_COUNT; m++) {
		if (!strcmp(buf, vmsync_method_name(m))) {
			*out = m;
			return true;
		}
	}
	return fail(p, "no method has this name");
}

typedef bool (*member_fn)(struct parser *p, const char *key, void *ctx,
			  unsigned int *seen);

/* Marks member @bit as seen; each may come once. */
static bool first_time(struct parser *p, unsigned int *seen, unsigned int bit)
{
	if (*seen & 1u << bit)
		return fail(p, "member given twice");
	*seen |= 1u << bit;
	return true;
}

/* An object whose members are read by @fn, which marks them in @seen. */
static bool get_object(struct parser *p, member_fn fn, void *ctx,
		       unsigned int *seen)
{
	char key[MAX_STRING];

	*seen = 0;
	if (!expect(p, '{'))
		return false;
	do {
		if (!get_string(p, key) || !expect(p, ':') ||
		    !fn(p, key, ctx, seen))
			return false;
	} while (is_next(p, ','));
	return expect(p, '}');
}

typedef bool (*element_fn)(struct parser *p, void *ctx);

static bool get_array(struct parser *p, element_fn fn, void *ctx)
{
	if (!expect(p, '['))
		return false;
	if (is_next(p, ']'))
		return true;
	do {
		if (!fn(p, ctx))
			return false;
	} while (is_next(p, ','));
	return expect(p, ']');
}

static int key_index(const char *const *keys, size_t n, const char *key)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(keys[i], key))
			return (int)i;
	return -1;
}

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static bool segment_member(struct parser *p, const char *key, void *ctx,
			   unsigned int *seen)
{
	static const char *const keys[] = { "guest_start", "guest_end",
					    "host_start",  "slope",
					    "shift",	   "host_frac",
					    "method",	   "bound_ns",
					    "epoch" };
	struct vmsync_segment *s = ctx;
	int i = key_index(keys, COUNT(keys), key);

	if (i >= 0 && !first_time(p, seen, (unsigned int)i))
		return false;
	switch (i) {
	case 0:
		return get_time(p, &s->guest_start.ns);
	case 1:
		return get_time(p, &s->guest_end.ns);
	case 2:
		return get_time(p, &s->host_start.ns);
	case 3:
		return get_number(p, UINT64_MAX, &s->slope);
	case 4:
		return get_u32(p, 63, &s->shift);
	case 5:
		return get_number(p, UINT64_MAX, &s->host_frac);
	case 6:
		return get_method(p, &s->method);
	case 7:
		return get_time(p, &s->bound_ns);
	case 8:
		return get_u32(p, UINT32_MAX, &s->epoch);
	default:
		return fail(p, "\"%.40s\" is not a member of a segment", key);
	}
}

static bool get_segment(struct parser *p, void *ctx)
{
	struct vmsync_segment s = { 0 };
	unsigned int seen;
	int err;

	if (!get_object(p, segment_member, &s, &seen))
		return false;
	if (seen != (1u << 9) - 1)
		return fail(p, "a member of the segment is missing");
	err = vmsync_map_append(ctx, &s);
	if (err == -ENOMEM)
		return fail_memory(p);
	return !err || fail(p, "the segment is not valid after the last one");
}

struct cpu_ctx {
	struct vmsync_map map;
	uint32_t same_as;
};

static bool cpu_member(struct parser *p, const char *key, void *ctx,
		       unsigned int *seen)
{
	static const char *const keys[] = { "extrapolation_ppb", "segments",
					    "same_as" };
	struct cpu_ctx *cpu = ctx;
	int i = key_index(keys, COUNT(keys), key);

	if (i >= 0 && !first_time(p, seen, (unsigned int)i))
		return false;
	switch (i) {
	case 0:
		return get_u32(p, UINT32_MAX, &cpu->map.extrapolation_ppb);
	case 1:
		return get_array(p, get_segment, &cpu->map);
	case 2:
		return get_u32(p, MAX_CPUS, &cpu->same_as);
	default:
		return fail(p, "\"%.40s\" is not a member of a CPU", key);
	}
}

static int map_copy(struct vmsync_map *to, const struct vmsync_map *from)
{
	int err = 0;

	vmsync_map_init(to);
	to->extrapolation_ppb = from->extrapolation_ppb;
	for (size_t i = 0; !err && i < from->count; i++)
		err = vmsync_map_append(to, &from->segments[i]);
	return err;
}

static bool get_cpu(struct parser *p, void *ctx)
{
	struct vmsync_guest_map *gm = ctx;
	struct cpu_ctx cpu = { .map = { 0 } };
	struct vmsync_map *maps;
	unsigned int seen;

	if (gm->vcpus >= MAX_CPUS)
		return fail(p, "more than %d CPUs", MAX_CPUS);
	maps = realloc(gm->maps, (gm->vcpus + 1) * sizeof(*maps));
	if (!maps)
		return fail_memory(p);
	gm->maps = maps;
	if (!get_object(p, cpu_member, &cpu, &seen))
		goto err;
	if (seen == 4) {
		if (cpu.same_as >= gm->vcpus) {
			fail(p, "same_as names a CPU that is not before it");
			goto err;
		}
		if (map_copy(&cpu.map, &maps[cpu.same_as])) {
			fail_memory(p);
			goto err;
		}
	} else if (seen != 3) {
		fail(p, "a CPU has extrapolation_ppb and segments, or same_as");
		goto err;
	}
	maps[gm->vcpus++] = cpu.map;
	return true;
err:
	vmsync_map_free(&cpu.map);
	return false;
}

static bool guest_member(struct parser *p, const char *key, void *ctx,
			 unsigned int *seen)
{
	static const char *const keys[] = { "vm_uid", "hostname", "clock_uuid",
					    "host_clock_uuid", "cpus" };
	struct vmsync_guest_map *gm = ctx;
	int i = key_index(keys, COUNT(keys), key);

	if (i >= 0 && !first_time(p, seen, (unsigned int)i))
		return false;
	switch (i) {
	case 0:
		return get_number(p, UINT64_MAX, &gm->vm_uid);
	case 1:
		return get_copy(p, &gm->hostname);
	case 2:
		return get_copy(p, &gm->clock_uuid);
	case 3:
		return get_copy(p, &gm->host_clock_uuid);
	case 4:
		return get_array(p, get_cpu, gm);
	default:
		return fail(p, "\"%.40s\" is not a member of a guest", key);
	}
}

struct file_ctx {
	struct vmsync_guest_map *gms;
	size_t n;
};

static bool get_guest(struct parser *p, void *ctx)
{
	struct file_ctx *file = ctx;
	struct vmsync_guest_map *gms =
		realloc(file->gms, (file->n + 1) * sizeof(*gms));
	unsigned int seen;

	if (!gms)
		return fail_memory(p);
	file->gms = gms;
	vmsync_guest_map_init(&gms[file->n++]);
	if (!get_object(p, guest_member, &gms[file->n - 1], &seen))
		return false;
	return seen == 31 || fail(p, "a member of the guest is missing");
}

static bool file_member(struct parser *p, const char *key, void *ctx,
			unsigned int *seen)
{
	uint64_t version;

	if (!strcmp(key, "vmsync_map")) {
		return first_time(p, seen, 0) && get_number(p, 1, &version) &&
		       (version == 1 || fail(p, "version not known"));
	}
	if (!strcmp(key, "guests"))
		return first_time(p, seen, 1) && get_array(p, get_guest, ctx);
	return fail(p, "\"%.40s\" is not a member of a map file", key);
}

static void get_file(struct parser *p, struct file_ctx *file)
{
	unsigned int seen;

	next(p);
	if (!get_object(p, file_member, file, &seen))
		return;
	if (seen != 3) {
		fail(p, "\"vmsync_map\" or \"guests\" is missing");
		return;
	}
	skip_space(p);
	if (p->c != EOF)
		fail(p, "something follows the end");
}

int vmsync_map_load(FILE *f, struct vmsync_guest_map **gms, size_t *n,
		    char *error, size_t error_size)
{
	struct parser p = { .f = f, .line = 1, .error = error,
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
