/* SPDX-License-Identifier: MIT */
/*
 * A live migration with all that belongs to it: the operation of a service that asked
 * for it, what the QEMUs of its source and destination told, and what their virtual
 * CPUs did, as the kernels of both hosts saw them. A service knows its instance by a
 * uuid, which libvirt gives to QEMU; the kernel knows QEMU by its process. All of it is
 * on the clock of the traces: what two machines recorded has to be put on one before,
 * by vmsync fuse.
 */
#ifndef VMSYNC_JOIN_JOIN_H
#define VMSYNC_JOIN_JOIN_H

#include <stdio.h>

#include "analysis/layers/report.h"
#include "analysis/windows.h"
#include "fuse/session.h"
#include "join/operations.h"
#include "migration/migration.h"

/* An operation is looked for so long before a migration begins, and after it. */
#define JOIN_AROUND_NS INT64_C(300000000000)

/* What a virtual CPU did is told in so many parts of the time, at most. */
#define JOIN_WINDOWS 400

/**
 * struct join_vcpu - of one of both QEMUs
 * @machine:	that it ran on, number
 * @is_source:	of the source's QEMU
 * @first_ns, @last_ns: it ran its guest then the first time, and the last one, in this time;
 *		INT64_MAX and INT64_MIN: it did not
 * @windows:	from struct join's @near_from_ns on, owned
 */
struct join_vcpu {
	char name[128];
	size_t machine;
	bool is_source;
	int64_t first_ns;
	int64_t last_ns;
	struct analysis_window windows[JOIN_WINDOWS];
};

/**
 * struct join - one migration
 * @from_ns, @until_ns: of the operation; of QEMU alone where no service told of one
 * @near_from_ns, @near_until_ns: of QEMU's part of it, with a little around it
 * @window_ns:	a virtual CPU's
 * @objects:	that belong to it, of layers; those that have the virtual machine's uuid
 *		or name first, @n_seeds of them
 * @vcpus:	of both QEMUs
 */
struct join {
	const struct migrations *migrations;
	const struct migration *migration;
	int64_t from_ns;
	int64_t until_ns;
	int64_t near_from_ns;
	int64_t near_until_ns;
	int64_t window_ns;
	VMSYNC_ARRAY(const struct layers_object *) objects;
	size_t n_seeds;
	VMSYNC_ARRAY(struct join_vcpu) vcpus;
};

/** join_has_destination() - is there one, and may its times be compared? */
bool join_has_destination(const struct migration *g);

/** join_keeps() - of struct layers_report: @ctx is struct migrations */
bool join_keeps(const void *ctx, const struct layers_object *obj);

/**
 * join_init() - find out what of layers belongs to a migration
 * @r:		at its end, with all objects that join_keeps() says; NULL: no layers
 * Return: 0 or -ENOMEM; join_free() either way.
 */
int join_init(struct join *j, const struct migrations *m,
	      const struct migration *g, const struct layers_report *r);

void join_free(struct join *j);

/**
 * join_operation() - the state of a service's object that held the whole of QEMU's part
 * @of:		filled in with the object
 * Return: NULL where no service told of one.
 */
const struct layers_span *join_operation(const struct join *j,
					 const struct layers_object **of);

/**
 * join_kernel() - what the virtual CPUs did on one host
 * @j:		[@n] of one struct migrations
 * @operations:	of that, too
 * @machine:	the host's number there
 * @s:		of its traces, its maps are made
 * Return: 0 or a negative errno.
 */
int join_kernel(struct join *j, size_t n, struct join_operations *operations,
		size_t machine, const struct vmsync_session *s,
		const struct vmsync_progress *progress, struct ctf_error *e);

/**
 * join_kernel_down() - how long the guest did not run, as the kernels of both hosts saw it
 * From when no virtual CPU of the source ran it any more until one of the destination did.
 * Return: false where that is not known.
 */
bool join_kernel_down(const struct join *j, int64_t *ns);

/* Of the JSON; goes up where a key is taken away or changes its meaning. */
#define JOIN_SCHEMA 1

/**
 * struct joins - all that is known
 * @joins:	[@n] migrations
 * @operations:	of services
 * @layers:	of the objects; NULL: there are none
 * @notes:	[@n_notes] what must not be overlooked
 */
struct joins {
	const struct migrations *migrations;
	const struct join *joins;
	size_t n;
	const struct join_operations *operations;
	const struct layers_engine *layers;
	const char (*notes)[400];
	size_t n_notes;
};

/** joins_json() - for programs */
void joins_json(FILE *f, const struct joins *all);

#endif /* VMSYNC_JOIN_JOIN_H */
