// SPDX-License-Identifier: MIT
#include "qemu/events.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "fuse/fail.h"
#include "qemu/builtin.h"

#define NO_KIND	UINT32_MAX
#define MAX_LINE 65536 /* of a declaration */

/* A way to read a line, and the number of what it makes of it. */
struct way {
	struct qemu_format format;
	uint32_t kind;
	struct way *next;
};

/*
 * All that is known of a name: @ways in the order in which they are tried; else the
 * text is taken, or nothing where there is none.
 */
struct known {
	char *text;
	struct way *ways;
	uint32_t as_text;
	uint32_t as_none;
};

static int by_name(const void *a, const void *b)
{
	const struct known *x = a, *y = b;

	return strcmp(x->text, y->text);
}

static struct known *name_get(struct qemu_events *ev, const char *text)
{
	struct known key = { .text = (char *)text }, *n;
	void *found = tfind(&key, &ev->names, by_name);

	if (found)
		return *(struct known **)found;
	n = calloc(1, sizeof(*n));
	if (!n)
		return NULL;
	n->text = strdup(text);
	n->as_text = n->as_none = NO_KIND;
	if (n->text && tsearch(n, &ev->names, by_name))
		return n;
	free(n->text);
	free(n);
	return NULL;
}

/* Takes @way over. */
static int way_add(struct qemu_events *ev, struct way *way)
{
	struct known *n = name_get(ev, way->format.name);
	struct way **at;

	if (!n) {
		qemu_format_free(&way->format);
		free(way);
		return -ENOMEM;
	}
	for (at = &n->ways; *at; at = &(*at)->next)
		;
	*at = way;
	return 0;
}

/* 1, 0 if the line declares nothing, or -ENOMEM. */
static int declare(struct qemu_events *ev, const char *line)
{
	struct way *way = calloc(1, sizeof(*way));
	int ret = way ? qemu_format_parse(line, &way->format) : -ENOMEM;

	if (ret > 0) {
		way->kind = NO_KIND;
		ret = way_add(ev, way);
		return ret ? ret : 1;
	}
	if (way)
		qemu_format_free(&way->format);
	free(way);
	return ret;
}

int qemu_events_builtin(struct qemu_events *ev)
{
	const char *const *line;
	int ret = 0;

	for (line = qemu_builtin; ret >= 0 && *line; line++)
		ret = declare(ev, *line);
	return ret < 0 ? ret : 0;
}

int qemu_events_declare(struct qemu_events *ev, const char *path,
			struct ctf_error *e)
{
	FILE *f = fopen(path, "re");
	char *line = malloc(MAX_LINE);
	int ret = 0, declared;
	bool any = false;

	if (!f)
		ret = vmsync_fail_file(e, -errno, path);
	else if (!line)
		ret = vmsync_fail_memory(e);
	while (!ret && fgets(line, MAX_LINE, f)) {
		line[strcspn(line, "\n")] = '\0';
		declared = declare(ev, line);
		if (declared < 0)
			ret = vmsync_fail_memory(e);
		any |= declared > 0;
	}
	if (!ret && ferror(f))
		ret = vmsync_fail_file(e, -errno, path);
	if (!ret && !any)
		ret = vmsync_fail(e, -EINVAL, "name QEMU's trace-events-all",
				  "%.400s: declares no event", path);
	free(line);
	if (f)
		fclose(f);
	return ret;
}

static int kind_new(struct qemu_events *ev, const struct known *name,
		    const struct qemu_format *format, bool has_text,
		    uint32_t *number)
{
	struct qemu_kind *k;

	if (ev->kinds.count == QEMU_MAX_KINDS)
		return -E2BIG;
	k = vmsync_array_add(&ev->kinds);
	if (!k)
		return -ENOMEM;
	*k = (struct qemu_kind){ NULL, format, !format && has_text };
	k->name = strdup(name->text);
	*number = (uint32_t)(ev->kinds.count - 1);
	return k->name ? 0 : -ENOMEM;
}

/* As CTF has it: the values of a format, the text, or nothing. */
static int values_take(struct qemu_events *ev, struct known *name,
		       const char *args, size_t n, struct qemu_event *event)
{
	uint8_t *out = ev->values + ev->values_size;
	uint32_t *number = n ? &name->as_text : &name->as_none;
	const struct qemu_format *format = NULL;
	struct way *way;
	long size = -1;

	for (way = name->ways; size < 0 && way; way = way->next) {
		size = qemu_format_read(&way->format, args, n, out);
		if (size >= 0) {
			number = &way->kind;
			format = &way->format;
		}
	}
	if (size < 0) {
		memcpy(out, args, n);
		out[n] = '\0';
		size = n ? (long)n + 1 : 0;
	}
	event->at = ev->values_size;
	event->size = (uint32_t)size;
	ev->values_size += (size_t)size;
	if (*number == NO_KIND) {
		int ret = kind_new(ev, name, format, n, number);

		if (ret)
			return ret;
	}
	event->kind = *number;
	return 0;
}

static int room_make(struct qemu_events *ev, size_t more)
{
	size_t room = 2 * ev->values_room + more;
	uint8_t *p;

	if (ev->values_room - ev->values_size >= more)
		return 0;
	p = realloc(ev->values, room);
	if (!p)
		return -ENOMEM;
	ev->values = p;
	ev->values_room = room;
	return 0;
}

int qemu_events_add(struct qemu_events *ev, const struct qemu_event *event,
		    const char *name, size_t name_size, const char *args,
		    size_t n)
{
	char text[QEMU_NAME + sizeof("qmp:")];
	struct known *known;
	struct qemu_event *new;

	snprintf(text, sizeof(text), "%.*s", (int)name_size, name);
	known = name_get(ev, text);
	if (!known || room_make(ev, n + 1 + QEMU_FIELDS * sizeof(uint64_t)))
		return -ENOMEM;
	new = vmsync_array_add(&ev->list);
	if (!new)
		return -ENOMEM;
	*new = *event;
	new->order = ev->list.count;
	return values_take(ev, known, args, n, new);
}

static int by_thread(const void *a, const void *b)
{
	const struct qemu_event *x = a, *y = b;

	if (x->tid != y->tid)
		return x->tid < y->tid ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

static int by_time(const void *a, const void *b)
{
	const struct qemu_event *x = a, *y = b;

	if (x->real_ns != y->real_ns)
		return x->real_ns < y->real_ns ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

static void sort(struct qemu_events *ev,
		 int (*by)(const void *a, const void *b))
{
	if (ev->list.count)
		qsort(ev->list.at, ev->list.count, sizeof(ev->list.at[0]), by);
}

int64_t qemu_events_back(struct qemu_events *ev, struct qemu_event *at)
{
	int64_t most_ns = 0;
	size_t i;

	sort(ev, by_thread);
	for (i = 1; i < ev->list.count; i++) {
		const struct qemu_event *now = &ev->list.at[i];
		int64_t back_ns = now[-1].real_ns - now->real_ns;

		if (now->tid == now[-1].tid && back_ns > most_ns) {
			most_ns = back_ns;
			*at = *now;
		}
	}
	return most_ns;
}

void qemu_events_sort(struct qemu_events *ev)
{
	sort(ev, by_time);
}

static void name_free(void *node)
{
	struct known *n = node;
	struct way *way, *next;

	for (way = n->ways; way; way = next) {
		next = way->next;
		qemu_format_free(&way->format);
		free(way);
	}
	free(n->text);
	free(n);
}

void qemu_events_free(struct qemu_events *ev)
{
	size_t i;

	tdestroy(ev->names, name_free);
	for (i = 0; i < ev->kinds.count; i++)
		free(ev->kinds.at[i].name);
	vmsync_array_free(&ev->kinds);
	vmsync_array_free(&ev->list);
	free(ev->values);
	memset(ev, 0, sizeof(*ev));
}
