/* SPDX-License-Identifier: MIT */
/*
 * How much of its memory a guest touches within some time: its working set. The kernel's
 * DAMON watches one page, drawn at random, of each of some thousand parts of equal size of
 * a guest's memory, and nothing else of QEMU's process.
 */
#ifndef VMSYNC_MEMORY_WORKING_SET_H
#define VMSYNC_MEMORY_WORKING_SET_H

#include "memory/memory.h"
#include "memory/parts.h"

#define MEMORY_WORKING_SETS 64 /* guests at a time */

/**
 * struct memory_working_set - of a guest
 * @look:	its source, where its memory is, what of it is held, its balloon
 * @error:	why there is nothing else, code 0: there is
 * @watched_ns:	how long each page was watched, at least
 * @begin_ns, @end_ns: all of it, on the host's CLOCK_MONOTONIC
 * @cpu_ns:	CPU time that the kernel took, for all guests; -1: not known
 */
struct memory_working_set {
	struct memory_result look;
	struct memory_process process;
	struct memory_parts parts;
	struct ctf_error error;
	struct memory_estimate touched;
	int64_t watched_ns;
	int64_t begin_ns;
	int64_t end_ns;
	int64_t cpu_ns;
};

/**
 * memory_working_sets() - of [@n] guests, at the same time
 * @set:	with look.source filled in, all else 0; to be freed in any case
 * Return: 0, then each one's error says whether it could be done, or a negative errno
 * and @e: none could.
 */
int memory_working_sets(struct memory_working_set *set, size_t n, int64_t ns,
			struct ctf_error *e);

/** memory_working_set_free() - what it owns */
void memory_working_set_free(struct memory_working_set *set);

/** memory_working_set_hint() - is there one? Of what is held and was not touched */
bool memory_working_set_hint(const struct memory_working_set *set,
			     struct memory_hint *hint);

/** memory_working_set_text() - for people */
void memory_working_set_text(FILE *f, const struct memory_working_set *set);

/** memory_working_set_json() - one object */
void memory_working_set_json(FILE *f, const struct memory_working_set *set);

#endif /* VMSYNC_MEMORY_WORKING_SET_H */
