/* SPDX-License-Identifier: MIT */
/*
 * Events that were read, of all kinds that occur, in the order of time once all are
 * there. Those of the kinds that QEMU's declarations tell have typed fields, any
 * other has its text.
 */
#ifndef VMSYNC_QEMU_EVENTS_H
#define VMSYNC_QEMU_EVENTS_H

#include <stdio.h>

#include "ctf/ctf.h"
#include "qemu/format.h"
#include "sync/base/array.h"

/* A number of a kind has 16 bits in the trace; QEMU 7.2 has 4246 kinds. */
#define QEMU_MAX_KINDS 60000

/**
 * struct qemu_kind - events of one name and one set of fields
 * @name:	owned
 * @format:	its fields; NULL: none, or "text", by @has_text
 */
struct qemu_kind {
	char *name;
	const struct qemu_format *format;
	bool has_text;
};

/**
 * struct qemu_event - one event
 * @real_ns:	CLOCK_REALTIME
 * @at, @size:	of its values, among all
 * @order:	of reading
 * @line:	of the file
 * @tid:	-1: not told
 * @kind:	number of it
 */
struct qemu_event {
	int64_t real_ns;
	size_t at;
	size_t order;
	uint64_t line;
	uint32_t size;
	int32_t tid;
	uint32_t kind;
};

/**
 * struct qemu_events - all of them; all 0 is the empty one
 * @names:	what is known of each name, a tree of search.h
 * @values:	[@values_size]
 */
struct qemu_events {
	void *names;
	VMSYNC_ARRAY(struct qemu_kind) kinds;
	VMSYNC_ARRAY(struct qemu_event) list;
	uint8_t *values;
	size_t values_size;
	size_t values_room;
};

/** qemu_events_builtin() - know the kinds that matter for migrations: 0 or -ENOMEM */
int qemu_events_builtin(struct qemu_events *ev);

/**
 * qemu_events_declare() - and those of a file, QEMU's trace-events-all
 * Return: 0 or a negative errno.
 */
int qemu_events_declare(struct qemu_events *ev, const char *path,
			struct ctf_error *e);

/**
 * qemu_events_add() - one more
 * @name:	[@name_size], as QEMU gives it, or "qmp:" before a name of QMP's
 * @args:	[@n], without a NUL
 * Return: 0, -ENOMEM, or -E2BIG: there are too many kinds.
 */
int qemu_events_add(struct qemu_events *ev, const struct qemu_event *event,
		    const char *name, size_t name_size, const char *args,
		    size_t n);

/**
 * qemu_events_back() - where time went back in a thread, furthest
 * @at:		the event before which it did
 * Return: by how many ns; 0: nowhere.
 */
int64_t qemu_events_back(struct qemu_events *ev, struct qemu_event *at);

/** qemu_events_sort() - by time, and as they were read where it is equal */
void qemu_events_sort(struct qemu_events *ev);

/** qemu_events_free() - free what it owns */
void qemu_events_free(struct qemu_events *ev);

#endif /* VMSYNC_QEMU_EVENTS_H */
