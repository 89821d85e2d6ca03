/* SPDX-License-Identifier: MIT */
/*
 * Pages that the host holds and the guest does not need: those that are free in the
 * guest, by what its kernel says, and that QEMU's process has. Documentation/memory.rst
 * says what each number means.
 *
 *	pages.c		sets of pages; look.c reads one that a guest sends
 *	ask.c		asks the guest's agent, through vmsyncd
 *	monitor.c	asks QEMU; slots.c where memory lies, balloon.c its balloon
 *	held.c		which pages the host holds, scan.c by ranges
 *	memory.c	both together; hints.c what could be done
 *	working_set.c	what a guest touches, of parts.c, by a kdamond.c
 */
#ifndef VMSYNC_MEMORY_MEMORY_H
#define VMSYNC_MEMORY_MEMORY_H

#include <stdio.h>

#include "memory/balloon.h"
#include "memory/held.h"
#include "memory/pages.h"
#include "memory/slots.h"

#define MEMORY_ZONES 3
#define MEMORY_REPORTED_ORDER 9 /* what free page reporting tells of, at least */

/**
 * struct memory_source - where a guest's two sides are
 * @name, @uuid: as vmsyncd tells them, as JSON; "" where there is none
 * @pid:	QEMU's process, 0: the one that listens at @monitor
 * @monitor:	path of its socket, NULL: libvirt has it
 * @control:	of the vmsyncd that knows the guest by @serial; 0: it is not asked
 * @file:	instead of the agent, what it wrote; NULL: none; the second may be
 */
struct memory_source {
	char name[512];
	char uuid[64];
	int32_t pid;
	const char *monitor;
	const char *control;
	uint64_t serial;
	const char *file[2];
};

/** struct memory_zone - of the guest's kernel, by page frame; pages */
struct memory_zone {
	const char *name;
	uint64_t free;
	uint64_t held;
	uint64_t reclaimable;
};

/**
 * struct memory_result - what was found; pages where nothing else is said
 * @looks:	1 or 2
 * @reclaimable: free in all looks, and the host has it for this guest alone
 * @changed:	free in one of two looks only, and the host has it: by so much
 *		@reclaimable may be more
 * @swapped:	free in all looks, and in the host's swap
 * @merged:	free in all looks, and one that KSM made
 */
struct memory_result {
	const struct memory_source *source;
	int32_t pid;
	struct memory_slots slots;
	struct memory_held held;
	struct memory_look look[2];
	int looks;
	struct memory_balloon balloon;
	struct memory_pages reclaimable;
	uint64_t total;
	uint64_t n_present;
	uint64_t n_free;
	uint64_t n_reclaimable;
	uint64_t n_changed;
	uint64_t n_swapped;
	uint64_t n_merged;
	uint64_t orders[MEMORY_ORDERS];
	struct memory_zone zones[MEMORY_ZONES];
};

/**
 * memory_open() - find both sides: the monitor, the process behind it, where memory is in
 * it, the balloon
 * Return: 0 or a negative errno and @e; @m and @p to be closed in both cases.
 */
int memory_open(const struct memory_source *s, struct memory_result *r,
		struct memory_monitor *m, struct memory_process *p,
		struct ctf_error *e);

/** memory_monitor_of() - the monitor alone; to be closed in any case */
int memory_monitor_of(const struct memory_source *s, struct memory_monitor *m,
		      struct ctf_error *e);

/** memory_run() - 0 or a negative errno and @e; to be freed in both cases */
int memory_run(const struct memory_source *source, struct memory_result *r,
	       struct ctf_error *e);

/** memory_free() - what it owns */
void memory_free(struct memory_result *r);

/** memory_reported() - pages of blocks that free page reporting would tell of */
uint64_t memory_reported(const struct memory_result *r);

#define MEMORY_HINTS 2

/**
 * struct memory_hint - what could be done
 * @kind:	"free-page-reporting": the guest would give back such by itself, from its next
 *		start on; "take-back": a balloon, blown up and let out again, gets it now;
 *		"overcommit": the guest does without, as long as it works like this
 * @bytes:	that the host would have
 * @command:	for whoever does it
 */
struct memory_hint {
	const char *kind;
	uint64_t bytes;
	char command[256];
};

/** memory_hints() - how many there are */
size_t memory_hints(const struct memory_result *r,
		    struct memory_hint hints[MEMORY_HINTS]);

/** memory_text() - for people; @ranges: each of them */
void memory_text(FILE *f, const struct memory_result *r, bool ranges);

/** memory_json() - one object */
void memory_json(FILE *f, const struct memory_result *r, bool ranges);

#endif /* VMSYNC_MEMORY_MEMORY_H */
