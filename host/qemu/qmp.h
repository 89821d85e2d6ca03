/* SPDX-License-Identifier: MIT */
/*
 * What QMP said, a line an object: events with their time, and the answers to
 * query-migrate, which have none: they are later than the event before them.
 */
#ifndef VMSYNC_QEMU_QMP_H
#define VMSYNC_QEMU_QMP_H

#include "qemu/events.h"

/**
 * qemu_qmp_read() - add a file's events
 * @lines:	filled in with the number of lines that nothing was made of
 * Return: 0 or a negative errno.
 */
int qemu_qmp_read(const char *path, struct qemu_events *ev, uint64_t *lines,
		  struct ctf_error *e);

#endif /* VMSYNC_QEMU_QMP_H */
