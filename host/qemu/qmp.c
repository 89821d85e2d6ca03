// SPDX-License-Identifier: MIT
#include "qemu/qmp.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_in.h"
#include "fuse/fail.h"
#include "qemu/log.h"

#define MAX_SECONDS 4000000000u

/* Numbers of query-migrate, in the order of qmp:query_migrate's fields. */
enum figure {
	TOTAL_TIME,
	SETUP_TIME,
	DOWNTIME,
	SYNCS,
	PAGE_SIZE,
	TOTAL,
	NORMAL,
	DUPLICATE,
	TRANSFERRED,
	FIGURES,
};

static const char *const figures[FIGURES] = {
	"total-time", "setup-time", "downtime",	 "dirty-sync-count", "page-size",
	"total",      "normal",	    "duplicate", "transferred",
};

/* A line, as far as it matters. */
struct said {
	char event[IN_MAX_STRING];
	char status[IN_MAX_STRING];
	uint64_t seconds;
	uint64_t microseconds;
	uint64_t pass;
	uint64_t figure[FIGURES];
	unsigned int has;
	bool stamped;
	bool passed;
};

static bool stamp_member(struct vmsync_in *p, const char *key, void *ctx,
			 unsigned int *seen)
{
	struct said *s = ctx;

	if (!strcmp(key, "seconds"))
		return in_once(p, seen, 0) &&
		       in_number(p, MAX_SECONDS, &s->seconds);
	if (!strcmp(key, "microseconds"))
		return in_once(p, seen, 1) &&
		       in_number(p, 999999, &s->microseconds);
	return in_skip(p);
}

static bool figure_member(struct vmsync_in *p, const char *key, void *ctx,
			  unsigned int *seen)
{
	struct said *s = ctx;
	int i = in_key(figures, FIGURES, key);

	if (i < 0)
		return in_skip(p);
	s->has |= 1u << i;
	return in_once(p, seen, (unsigned int)i) &&
	       in_number(p, UINT64_MAX, &s->figure[i]);
}

/* "ram" in it is not looked for in itself: a line may have any number within each other. */
static bool return_member(struct vmsync_in *p, const char *key, void *ctx,
			  unsigned int *seen)
{
	struct said *s = ctx;
	unsigned int inner;

	if (!strcmp(key, "ram"))
		return in_once(p, seen, FIGURES) &&
		       in_object(p, figure_member, s, &inner);
	if (!strcmp(key, "status"))
		return in_once(p, seen, FIGURES + 1) && in_string(p, s->status);
	return figure_member(p, key, ctx, seen);
}

static bool data_member(struct vmsync_in *p, const char *key, void *ctx,
			unsigned int *seen)
{
	struct said *s = ctx;

	if (!strcmp(key, "status"))
		return in_once(p, seen, 0) && in_string(p, s->status);
	if (!strcmp(key, "pass")) {
		s->passed = true;
		return in_once(p, seen, 1) &&
		       in_number(p, INT64_MAX, &s->pass);
	}
	return in_skip(p);
}

static bool line_member(struct vmsync_in *p, const char *key, void *ctx,
			unsigned int *seen)
{
	struct said *s = ctx;
	unsigned int inner = 0;

	if (!strcmp(key, "event"))
		return in_once(p, seen, 0) && in_string(p, s->event);
	if (!strcmp(key, "timestamp")) {
		bool ok = in_once(p, seen, 1) &&
			  in_object(p, stamp_member, s, &inner);

		s->stamped = inner == 3;
		return ok;
	}
	if (!strcmp(key, "data") && in_is_object(p))
		return in_object(p, data_member, s, &inner);
	if (!strcmp(key, "return") && in_is_object(p))
		return in_object(p, return_member, s, &inner);
	return in_skip(p);
}

static bool line_read(char *line, size_t n, struct said *s)
{
	struct vmsync_in p = { .line = 1 };
	unsigned int seen;
	bool ok;

	memset(s, 0, sizeof(*s));
	p.f = n ? fmemopen(line, n, "r") : NULL;
	if (!p.f)
		return false;
	ok = in_file(&p, line_member, s, &seen);
	fclose(p.f);
	return ok;
}

/* Of an event: what the names in builtin.c are followed by. */
static size_t event_args(const struct said *s, char *out, size_t size)
{
	int n = 0;

	*out = '\0';
	if (!strcmp(s->event, "MIGRATION"))
		n = snprintf(out, size, "%s", s->status);
	else if (!strcmp(s->event, "MIGRATION_PASS") && s->passed)
		n = snprintf(out, size, "%" PRIu64, s->pass);
	return (size_t)n;
}

/* Of an answer to query-migrate, which alone has this time. */
static size_t answer_args(const struct said *s, char *out, size_t size)
{
	size_t i;
	int n;

	if (!(s->has & 1u << TOTAL_TIME) ||
	    !qemu_is_name(s->status, strcspn(s->status, "-")))
		return 0;
	n = snprintf(out, size, "%s", s->status);
	for (i = 0; i < FIGURES; i++)
		n += snprintf(out + n, size - (size_t)n, " %" PRIu64,
			      s->figure[i]);
	return (size_t)n;
}

static int line_take(struct qemu_events *ev, struct qemu_event *event,
		     const struct said *s, bool *taken)
{
	char args[IN_MAX_STRING + FIGURES * 24], name[QEMU_NAME];
	size_t n, size;

	*taken = true;
	if (s->stamped && qemu_is_name(s->event, strlen(s->event))) {
		event->real_ns = (int64_t)(s->seconds * 1000000000 +
					   s->microseconds * 1000);
		size = (size_t)snprintf(name, sizeof(name), "qmp:%.100s",
					s->event);
		n = event_args(s, args, sizeof(args));
		return qemu_events_add(ev, event, name, size, args, n);
	}
	n = event->real_ns ? answer_args(s, args, sizeof(args)) : 0;
	*taken = n;
	return n ? qemu_events_add(ev, event, "qmp:query_migrate",
				   strlen("qmp:query_migrate"), args, n) : 0;
}

int qemu_qmp_read(const char *path, struct qemu_events *ev, uint64_t *lines,
		  struct ctf_error *e)
{
	char *line = malloc(QEMU_MAX_LINE);
	struct qemu_event event = { .tid = -1 };
	struct said *s = malloc(sizeof(*s));
	FILE *f = fopen(path, "re");
	bool taken;
	size_t n;
	int ret = 0;

	*lines = 0;
	if (!f)
		ret = vmsync_fail_file(e, -errno, path);
	else if (!line || !s)
		ret = vmsync_fail_memory(e);
	while (!ret && qemu_line_read(f, line, &n)) {
		event.line++;
		taken = line_read(line, n, s);
		ret = taken ? line_take(ev, &event, s, &taken) : 0;
		*lines += !taken;
		if (ret)
			ret = qemu_events_full(ret, path, e);
	}
	if (!ret && ferror(f))
		ret = vmsync_fail_file(e, -errno, path);
	free(line);
	free(s);
	if (f)
		fclose(f);
	return ret;
}
