/* SPDX-License-Identifier: MIT */
/*
 * What a flight recorder knows of one freeze, kept beside its traces:
 *
 *	DIR/freeze.json		this; it is written last, so a folder that has it is whole
 *	DIR/host		the host's snapshot
 *	DIR/guests/NAME		a guest's
 */
#ifndef VMSYNC_FREEZE_FACTS_H
#define VMSYNC_FREEZE_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ctf/ctf.h"

/**
 * struct freeze_facts_guest - a guest; strings are owned, and none is NULL
 * @folder:	of its trace, below DIR
 * @taken:	that is there
 * @cut:	it lacks something
 * @snapshot:	the number that the host drew for it
 * @begun_ns:	when its snapshot was begun, as its agent says, on its own clock
 * @said:	why not, or what lacks
 */
struct freeze_facts_guest {
	char *name;
	char *uuid;
	char *folder;
	bool taken;
	bool cut;
	uint32_t snapshot;
	uint64_t begun_ns;
	char *said;
};

/**
 * struct freeze_facts - a freeze; times are of the host's CLOCK_MONOTONIC
 * @at_ns, @before_ns: what is wanted: from @before_ns before @at_ns on
 * @begun_ns:	the host's own snapshot
 * @taken:	it is there; @said: why not, or what is not recorded
 */
struct freeze_facts {
	uint64_t number;
	uint64_t at_ns;
	uint64_t before_ns;
	uint64_t begun_ns;
	char *who;
	char *reason;
	bool taken;
	char *said;
	struct freeze_facts_guest *guest;
	size_t n;
};

/** freeze_facts_save() - in @dir; 0 or a negative errno and @e */
int freeze_facts_save(const char *dir, const struct freeze_facts *facts,
		      struct ctf_error *e);

/**
 * freeze_facts_load() - of the freeze in @dir
 * @facts:	to be freed with freeze_facts_free(), after an error too
 * Return: 0 or a negative errno and @e.
 */
int freeze_facts_load(const char *dir, struct freeze_facts *facts,
		      struct ctf_error *e);

/** freeze_facts_free() - what it owns */
void freeze_facts_free(struct freeze_facts *facts);

#endif /* VMSYNC_FREEZE_FACTS_H */
