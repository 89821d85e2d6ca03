/* SPDX-License-Identifier: MIT */
/*
 * Every operation that services told of, with what QEMU and the kernels had of it: which
 * QEMUs are of its virtual machine, and what their virtual CPUs did in its time.
 */
#ifndef VMSYNC_JOIN_OPERATIONS_H
#define VMSYNC_JOIN_OPERATIONS_H

#include "analysis/analysis.h"
#include "analysis/layers/report.h"
#include "migration/migration.h"

/**
 * struct join_did - what a virtual CPU did in an operation's time
 * @machine:	that it ran on, number
 * @process:	its QEMU, number
 * @vcpu:	its number in the analysis that it is from
 * @first_ns, @last_ns: it ran its guest then the first time, and the last one;
 *		INT64_MAX and INT64_MIN: it did not
 */
struct join_did {
	char name[128];
	size_t machine;
	size_t process;
	uint32_t vcpu;
	int64_t first_ns;
	int64_t last_ns;
	int64_t ns[ANALYSIS_STATES];
};

/**
 * struct join_operation - what a service did with an object, or a state that it was in meanwhile
 * @latest_ns:	this one, or one before it in the list, ends then, and none later
 * @processes:	QEMUs of its virtual machine
 * @vcpus:	of these
 */
struct join_operation {
	const struct layers_object *object;
	const struct layers_span *span;
	int64_t latest_ns;
	VMSYNC_ARRAY(size_t) processes;
	VMSYNC_ARRAY(struct join_did) vcpus;
};

/**
 * struct join_operations - all 0 is none
 * @list:	in the order in which they began
 * @owned:	how often one of them has a QEMU
 */
struct join_operations {
	const struct migrations *migrations;
	VMSYNC_ARRAY(struct join_operation) list;
	size_t owned;
};

/**
 * join_operations_init() - find them, and whose they are
 * @r:		at its end, with all objects
 *
 * A virtual machine is known by its QEMU's uuid or name. Its objects are those that have one
 * of these as key or name, those that link to such a one, and those that such a one links to.
 * Return: 0 or -ENOMEM; join_operations_free() either way.
 */
int join_operations_init(struct join_operations *o, const struct migrations *m,
			 const struct layers_report *r);

/**
 * join_operations_stay() - a virtual CPU was in a state
 * @machine:	the host's number
 * @epoch_ns:	what is to be added to the analysis' times
 * Return: 0 or -ENOMEM.
 */
int join_operations_stay(struct join_operations *o, size_t machine,
			 int64_t epoch_ns, const struct analysis_stay *s);

/** join_operations_end() - all of that machine was told: keep what is of their QEMUs */
void join_operations_end(struct join_operations *o, size_t machine,
			 const struct analysis *a);

void join_operations_free(struct join_operations *o);

#endif /* VMSYNC_JOIN_OPERATIONS_H */
