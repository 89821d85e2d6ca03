// SPDX-License-Identifier: MIT
#include "jvm/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuse/fail.h"

/* "[123]" or "[123ns]", of 0 .. @max; @s is moved behind it. */
static bool number_take(const char **s, const char *end, const char *unit,
			int64_t max, int64_t *out)
{
	const char *at = *s;
	int64_t n = 0;

	if (at == end || *at++ != '[' || at == end || *at < '0' || *at > '9')
		return false;
	for (; at < end && *at >= '0' && *at <= '9'; at++) {
		if (n > (max - (*at - '0')) / 10)
			return false;
		n = n * 10 + (*at - '0');
	}
	if ((size_t)(end - at) <= strlen(unit) ||
	    memcmp(at, unit, strlen(unit)) || at[strlen(unit)] != ']')
		return false;
	*s = at + strlen(unit) + 1;
	*out = n;
	return true;
}

static bool line_parse(const struct jvm_log *log, const char *s,
		       const char *end, struct jvm_line *out)
{
	const char *close;
	int64_t pid, tid;
	size_t n;

	if (!number_take(&s, end, "ns", INT64_MAX, &out->ns) ||
	    !number_take(&s, end, "", INT32_MAX, &pid) ||
	    !number_take(&s, end, "", INT32_MAX, &tid) || s == end ||
	    *s != '[')
		return false;
	close = memchr(s, ']', (size_t)(end - s));
	if (!close || close - s > 256)
		return false;
	out->pid = (int32_t)pid;
	out->tid = (int32_t)tid;
	out->tags = (uint64_t)(s + 1 - log->file);
	for (n = (size_t)(close - s) - 1; n && s[n] == ' '; n--)
		; /* they are padded */
	out->tags_len = (uint32_t)n;
	s = close + 1;
	if (s < end && *s == ' ')
		s++;
	out->text = (uint64_t)(s - log->file);
	out->text_len = end - s > JVM_TEXT ? JVM_TEXT : (uint32_t)(end - s);
	return true;
}

static int file_read(const char *path, struct jvm_log *log, struct ctf_error *e)
{
	FILE *f = fopen(path, "re");
	size_t room = 1 << 16, n;
	int error = 0;
	char *more;

	if (!f)
		return vmsync_fail_file(e, -errno, path);
	do {
		room *= 2;
		more = realloc(log->file, room);
		if (!more) {
			fclose(f);
			return vmsync_fail_memory(e);
		}
		log->file = more;
		n = fread(log->file + log->size, 1, room - log->size, f);
		log->size += n;
	} while (log->size == room);
	if (ferror(f))
		error = errno ? -errno : -EIO;
	fclose(f);
	return error ? vmsync_fail_file(e, error, path) : 0;
}

static int by_time(const void *x, const void *y)
{
	const struct jvm_line *a = x, *b = y;

	if (a->ns != b->ns)
		return a->ns < b->ns ? -1 : 1;
	return (a->text > b->text) - (a->text < b->text);
}

int jvm_log_read(const char *path, struct jvm_log *log, struct ctf_error *e)
{
	int ret = file_read(path, log, e);
	const char *at = log->file, *end, *next;
	struct jvm_line line, *to;

	if (ret)
		return ret;
	end = at + log->size;
	/* A last line without an end is cut off, maybe in a number. */
	for (; at < end && (next = memchr(at, '\n', (size_t)(end - at)));
	     at = next + 1) {
		if (!line_parse(log, at, next, &line)) {
			log->others++;
			continue;
		}
		to = vmsync_array_add(&log->lines);
		if (!to)
			return vmsync_fail_memory(e);
		*to = line;
	}
	/* A thread stamps its line before it has the file for itself. */
	if (log->lines.count)
		qsort(log->lines.at, log->lines.count, sizeof(line), by_time);
	if (log->lines.count)
		return 0;
	return vmsync_fail(e, -EINVAL,
			   "log with -Xlog:...:file=FILE:timenanos,pid,tid,tags",
			   "%.400s: no line of a Java virtual machine's log, "
			   "decorated so", path);
}

void jvm_log_free(struct jvm_log *log)
{
	free(log->file);
	vmsync_array_free(&log->lines);
	*log = (struct jvm_log){0};
}
