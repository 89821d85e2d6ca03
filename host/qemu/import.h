/* SPDX-License-Identifier: MIT */
/*
 * What an unmodified QEMU tells, as a trace: the events of its log, and QMP's. One
 * process each.
 */
#ifndef VMSYNC_QEMU_IMPORT_H
#define VMSYNC_QEMU_IMPORT_H

#include "import/clock.h"
#include "qemu/log.h"

/**
 * struct qemu_import_options - what is read
 * @log:	QEMU's log, or NULL
 * @qmp:	what QMP said, or NULL
 * @declared:	QEMU's own list of its events, trace-events-all, or NULL
 * @clock:	traces of the machine, or NULL
 * @vm:		what the virtual machine is called, or NULL
 * @libvirt:	libvirt's log of the domain, or NULL
 */
struct qemu_import_options {
	const char *log;
	const char *qmp;
	const char *declared;
	const char *clock;
	const char *vm;
	const char *libvirt;
};

/**
 * struct qemu_import - what was found
 * @clock:	that the stamps are on
 * @log:	what else was in the log
 * @qmp_lines:	lines of the other file that nothing was made of
 * @events, @kinds, @typed: events, their kinds, and the events with typed fields
 * @begin_ns, @end_ns: their times, on the clock
 * @back_ns:	time went back by so much, 0: it did not; before line @back_line
 */
struct qemu_import {
	struct import_clock clock;
	struct qemu_log log;
	uint64_t qmp_lines;
	uint64_t events;
	uint64_t kinds;
	uint64_t typed;
	int64_t begin_ns;
	int64_t end_ns;
	int64_t back_ns;
	uint64_t back_line;
};

/**
 * qemu_import() - write a trace
 * @folder:	empty
 * @out:	filled in
 * Return: 0 or a negative errno.
 */
int qemu_import(const struct qemu_import_options *options, const char *folder,
		struct qemu_import *out, struct ctf_error *e);

#endif /* VMSYNC_QEMU_IMPORT_H */
