/* SPDX-License-Identifier: MIT */
/*
 * Who had the CPU while a VM waited for it, by name: the ten who had it longest, and
 * all others as one. A counter must not go back: who is told by name stays so, and
 * what was told of one before that stays with the others.
 */
#ifndef VMSYNC_ONLINE_NAMES_H
#define VMSYNC_ONLINE_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "sync/base/array.h"

#define ONLINE_TOP 10

/**
 * struct online_by - one name, of one VM
 * @vm:		name of the VM
 * @ns:		what it had in all
 * @before_ns:	of it, as was told with the others
 * @shown:	it is told by name
 */
struct online_by {
	char vm[80];
	char name[96];
	int64_t ns;
	int64_t before_ns;
	bool shown;
};

/** struct online_names - of all VMs; all 0 is empty */
struct online_names {
	VMSYNC_ARRAY(struct online_by) by;
};

/** online_names_begin() - sums are taken anew */
void online_names_begin(struct online_names *n);

/** online_names_add() - one more; 0 or -ENOMEM */
int online_names_add(struct online_names *n, const char *vm, const char *name,
		     int64_t ns);

/** online_names_end() - all are there: choose who is told by name */
void online_names_end(struct online_names *n);

/** online_names_other_ns() - of all others of a VM */
int64_t online_names_other_ns(const struct online_names *n, const char *vm);

#endif /* VMSYNC_ONLINE_NAMES_H */
