// SPDX-License-Identifier: MIT
#include "qemu/log.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuse/fail.h"

#define MAX_SECONDS 4000000000u /* in the year 2096 */

int qemu_line_read(FILE *f, char *buffer, size_t *n)
{
	int c = 0;

	for (*n = 0; (c = getc_unlocked(f)) != EOF && c != '\n';) {
		if (*n < QEMU_MAX_LINE)
			buffer[(*n)++] = (char)c;
	}
	if (c == '\n')
		return 1;
	return *n ? -1 : 0;
}

int qemu_events_full(int ret, const char *path, struct ctf_error *e)
{
	if (ret == -E2BIG)
		return vmsync_fail(e, -EINVAL, "is it QEMU's log?",
				   "%.400s: more than %u kinds of events", path,
				   QEMU_MAX_KINDS);
	return vmsync_fail_memory(e);
}

/* A number of 1 to @most digits at *@at, before @end. */
static bool digits(const char **at, const char *end, size_t most, uint64_t *out)
{
	const char *begin = *at;

	for (*out = 0; *at < end && isdigit((unsigned char)**at); (*at)++) {
		if ((size_t)(*at - begin) == most)
			return false;
		*out = 10 * *out + (uint64_t)(**at - '0');
	}
	return *at > begin;
}

static bool sign(const char **at, const char *end, char c)
{
	if (*at == end || **at != c)
		return false;
	(*at)++;
	return true;
}

/* "TID@SECONDS.MICROSECONDS:" */
static bool stamp(const char **at, const char *end, struct qemu_event *event)
{
	uint64_t tid, s, us;
	const char *point;

	if (!digits(at, end, 10, &tid) || tid > INT32_MAX ||
	    !sign(at, end, '@') || !digits(at, end, 10, &s) ||
	    s > MAX_SECONDS || !sign(at, end, '.'))
		return false;
	point = *at;
	if (!digits(at, end, 6, &us) || *at - point != 6 || !sign(at, end, ':'))
		return false;
	event->tid = (int32_t)tid;
	event->real_ns = (int64_t)(s * 1000000000 + us * 1000);
	return true;
}

static int line_take(struct qemu_events *ev, struct qemu_log *log,
		     struct qemu_event *event, const char *line, size_t n)
{
	const char *at = line, *end = line + n, *blank;
	bool stamped = stamp(&at, end, event);

	if (!stamped)
		at = line;
	blank = memchr(at, ' ', (size_t)(end - at));
	if (!blank)
		blank = end;
	if (memchr(line, '\0', n) || n == QEMU_MAX_LINE ||
	    !qemu_is_name(at, (size_t)(blank - at))) {
		log->lines++;
		return 0;
	}
	if (!stamped) {
		/* What QEMU prints itself has other words first. */
		log->lines++;
		log->plain += !strncmp(at, "migrat", 6) ||
			      !strncmp(at, "savevm_", 7) ||
			      !strncmp(at, "runstate_set", 12);
		return 0;
	}
	n = (size_t)(end - blank);
	return qemu_events_add(ev, event, at, (size_t)(blank - at),
			       n ? blank + 1 : blank, n ? n - 1 : 0);
}

int qemu_log_read(const char *path, struct qemu_events *ev,
		  struct qemu_log *log, struct ctf_error *e)
{
	char *line = malloc(QEMU_MAX_LINE);
	struct qemu_event event = { 0 };
	FILE *f = fopen(path, "re");
	size_t n;
	int more = 0, ret = 0;

	*log = (struct qemu_log){ 0 };
	if (!f)
		ret = vmsync_fail_file(e, -errno, path);
	else if (!line)
		ret = vmsync_fail_memory(e);
	while (!ret && (more = qemu_line_read(f, line, &n)) > 0) {
		event.line++;
		ret = line_take(ev, log, &event, line, n);
		if (ret)
			ret = qemu_events_full(ret, path, e);
	}
	if (!ret && ferror(f))
		ret = vmsync_fail_file(e, -errno, path);
	log->cut = more < 0;
	free(line);
	if (f)
		fclose(f);
	return ret;
}
