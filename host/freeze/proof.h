/* SPDX-License-Identifier: MIT */
/*
 * Whether every snapshot of a freeze holds what was wanted of it: all events from so
 * long before a time of the host's clock until that time. What was recorded says so, not
 * who recorded it.
 */
#ifndef VMSYNC_FREEZE_PROOF_H
#define VMSYNC_FREEZE_PROOF_H

#include <stdio.h>

#include "freeze/facts.h"
#include "freeze/window.h"

/**
 * struct freeze_proof_machine - the host, or a guest
 * @guest:	what is known of it; NULL: the host
 * @placed:	@window is known
 * @contradicted: by the witnesses is its map
 * @lacks_begin_ns, @lacks_end_ns: so much of what was wanted it does not hold, 0: it does
 * @why:	where it is not @placed
 */
struct freeze_proof_machine {
	const struct freeze_facts_guest *guest;
	bool placed;
	bool contradicted;
	struct freeze_window window;
	uint64_t lacks_begin_ns;
	uint64_t lacks_end_ns;
	char why[256];
};

/** struct freeze_proof - of all machines of @facts, the host first */
struct freeze_proof {
	struct freeze_facts facts;
	struct freeze_proof_machine *machine;
	size_t n;
};

/**
 * freeze_prove() - the freeze in @dir
 * @proof:	to be freed with freeze_proof_free(), after an error too
 * Return: 0 or a negative errno and @e.
 */
int freeze_prove(const char *dir, struct freeze_proof *proof,
		 struct ctf_error *e);

/** freeze_proof_machine_holds() - what was wanted of it */
bool freeze_proof_machine_holds(const struct freeze_proof_machine *m);

/** freeze_proof_holds() - all machines do */
bool freeze_proof_holds(const struct freeze_proof *proof);

/** freeze_proof_print() - as text, or as JSON, in one line */
void freeze_proof_print(FILE *f, const struct freeze_proof *proof, bool json);

/** freeze_proof_save() - as JSON, DIR/proof.json; 0 or a negative errno and @e */
int freeze_proof_save(const char *dir, const struct freeze_proof *proof,
		      struct ctf_error *e);

/** freeze_proof_free() - what it owns */
void freeze_proof_free(struct freeze_proof *proof);

#endif /* VMSYNC_FREEZE_PROOF_H */
