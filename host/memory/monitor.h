/* SPDX-License-Identifier: MIT */
/*
 * The monitor of a QEMU: asked, never told to change anything. Either its socket is
 * named, or libvirt has it and virsh asks.
 */
#ifndef VMSYNC_MEMORY_MONITOR_H
#define VMSYNC_MEMORY_MONITOR_H

#include <stdbool.h>
#include <stdint.h>

#include "ctf/ctf.h"

/**
 * struct memory_monitor - one
 * @path:	of its socket, NULL: libvirt has it
 * @domain:	as libvirt knows it, by its uuid
 * @pid:	of the process that listens there, as the kernel says; 0: not known
 */
struct memory_monitor {
	const char *path;
	const char *domain;
	int32_t pid;
	int fd;
};

/** memory_monitor_open() - by its socket; 0 or a negative errno and @e */
int memory_monitor_open(struct memory_monitor *m, const char *path,
			struct ctf_error *e);

/** memory_monitor_domain() - by libvirt; there is nothing to open */
void memory_monitor_domain(struct memory_monitor *m, const char *uuid);

/** memory_monitor_close() - as often as one likes */
void memory_monitor_close(struct memory_monitor *m);

/**
 * memory_monitor_ask() - one command of QMP
 * @command:	as JSON
 * @reply:	as JSON, to be freed
 * Return: 0 or a negative errno and @e; -EREMOTEIO where QEMU says that it cannot.
 */
int memory_monitor_ask(struct memory_monitor *m, const char *command,
		       char **reply, struct ctf_error *e);

/** memory_monitor_human() - a command for people, and its text, to be freed */
int memory_monitor_human(struct memory_monitor *m, const char *command,
			 char **text, struct ctf_error *e);

/** memory_reply_number() - the first whole number with this key in a reply */
bool memory_reply_number(const char *reply, const char *key, uint64_t *out);

/** memory_reply_text() - the first string with this key, to be freed; NULL: none */
char *memory_reply_text(const char *reply, const char *key);

#endif /* VMSYNC_MEMORY_MONITOR_H */
