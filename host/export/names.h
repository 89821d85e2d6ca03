/* SPDX-License-Identifier: MIT */
/*
 * The tables that say what the numbers in all others are: of machines, virtual CPUs and
 * threads. They list everything, whatever was asked for: what was not may be to blame.
 */
#ifndef VMSYNC_EXPORT_NAMES_H
#define VMSYNC_EXPORT_NAMES_H

#include "export/rows.h"

/**
 * struct export_machine - the host or a guest
 * @bound_ns:	of the guest's map, at most; of the host 0
 */
struct export_machine {
	const char *name;
	int64_t bound_ns;
};

/**
 * struct export_names - who knows them
 * @model:	has the virtual CPUs and threads
 * @machines:	how many there are, with the host, which is the first
 * @machine:	number @i
 * @vm_name:	whose a virtual CPU is; puts it into @buf, or has it somewhere else
 * @from_ns, @until_ns: what the rows are about
 */
struct export_names {
	const struct analysis_model *model;
	uint32_t machines;
	struct export_machine (*machine)(const void *ctx, uint32_t i);
	const char *(*vm_name)(const void *ctx, uint32_t vcpu, char *buf,
			       size_t size);
	const void *ctx;
	int64_t from_ns;
	int64_t until_ns;
};

/** export_names_put() - their rows */
void export_names_put(struct export_job *j, const struct export_names *names);

#endif /* VMSYNC_EXPORT_NAMES_H */
