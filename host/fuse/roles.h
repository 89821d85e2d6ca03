/* SPDX-License-Identifier: MIT */
/*
 * What the events of a host tell of who runs where. KVM's entries and exits say
 * at best the number of the virtual CPU, and on kernels from 5.10 on LTTng's own
 * even that wrong; the thread does not lie. It is known from the contexts
 * recorded with the event (tid, pid, procname), or without them from the last
 * sched_switch on that CPU and from LTTng's state dump.
 */
#ifndef VMSYNC_FUSE_ROLES_H
#define VMSYNC_FUSE_ROLES_H

#include <stdbool.h>

#include "ctf/plain.h"

/** enum vmsync_role - what an event class means here */
enum vmsync_role {
	VMSYNC_ROLE_NONE,
	VMSYNC_ROLE_ENTRY,
	VMSYNC_ROLE_EXIT,
	VMSYNC_ROLE_SWITCH,	/* tid, name: next_tid, next_comm; left: prev_tid */
	VMSYNC_ROLE_DUMP,	/* tid, pid, name of a thread that exists */
};

enum vmsync_role_field {
	VMSYNC_ROLE_TID,
	VMSYNC_ROLE_PID,
	VMSYNC_ROLE_NAME,
	VMSYNC_ROLE_VCPU,
	VMSYNC_ROLE_REASON,
	VMSYNC_ROLE_LEFT,
	VMSYNC_ROLE_FIELDS,
};

/**
 * struct vmsync_role_class - what a class's fields are
 * @has:	it has @field
 * @plain:	which is a number at a place of its own, @at
 * @name_plain:	its name is a row of bytes at a place of its own, @name_at
 */
struct vmsync_role_class {
	enum vmsync_role role;
	bool has[VMSYNC_ROLE_FIELDS];
	bool plain[VMSYNC_ROLE_FIELDS];
	bool name_plain;
	uint32_t name_at;
	struct ctf_plain at[VMSYNC_ROLE_FIELDS];
	struct ctf_field field[VMSYNC_ROLE_FIELDS];
};

/**
 * struct vmsync_roles - of one trace
 * @tids_said:	all entries and exits say whose they are: nothing else matters
 * @n:		classes
 * @cls:	by ctf_class.index
 */
struct vmsync_roles {
	bool tids_said;
	size_t n;
	struct vmsync_role_class cls[];
};

/** vmsync_roles_new() - to be freed with free(); NULL if out of memory */
struct vmsync_roles *vmsync_roles_new(const struct ctf_trace *t);

/**
 * vmsync_roles_want() - which events tell whose entries and exits are
 * @all:	who runs on a CPU, and whether it leaves it, matters where they say
 *		whose they are themselves, too
 * @want:	[classes] set to 1 for these; others are left alone
 */
void vmsync_roles_want(const struct vmsync_roles *roles, bool all,
		       uint8_t *want);

/** vmsync_role_any_number() - vmsync_role_number() of a field that it has, anywhere */
int32_t vmsync_role_any_number(const struct vmsync_role_class *c,
			       enum vmsync_role_field f,
			       const struct ctf_event *ev, int32_t otherwise);

/** vmsync_role_number() - a field's value, or @otherwise where it has none */
static inline int32_t vmsync_role_number(const struct vmsync_role_class *c,
					 enum vmsync_role_field f,
					 const struct ctf_event *ev,
					 int32_t otherwise)
{
	if (!c->has[f])
		return otherwise;
	if (c->plain[f] &&
	    ctf_plain_there(ev, c->at[f].at + CTF_PLAIN_BYTES))
		return (int32_t)ctf_plain_get(ev, &c->at[f]);
	return vmsync_role_any_number(c, f, ev, otherwise);
}

/** vmsync_role_end() - enum vmsync_runs_end of an entry or exit */
unsigned int vmsync_role_end(const struct vmsync_role_class *c,
			     const struct ctf_event *ev);

/* What names of virtual CPUs' threads begin with. */
#define VMSYNC_ROLE_CPU	    "CPU "
#define VMSYNC_ROLE_CPU_LEN 4

#define VMSYNC_ROLE_NAME_LEN 16 /* TASK_COMM_LEN */

/**
 * vmsync_role_number_in() - vmsync_role_named() of a name that begins so
 * @name:	[VMSYNC_ROLE_NAME_LEN], need not end with a NUL
 */
int32_t vmsync_role_number_in(const char *name);

/** vmsync_role_any_named() - vmsync_role_named(), of any layout */
int32_t vmsync_role_any_named(const struct vmsync_role_class *c,
			      const struct ctf_event *ev);

/** vmsync_role_named() - 3 for a thread that is called "CPU 3/KVM", or -1 */
static inline int32_t vmsync_role_named(const struct vmsync_role_class *c,
					const struct ctf_event *ev)
{
	const char *name = (const char *)ev->data + ev->at / 8 + c->name_at;

	if (!c->name_plain ||
	    !ctf_plain_there(ev, c->name_at + VMSYNC_ROLE_NAME_LEN))
		return vmsync_role_any_named(c, ev);
	/* Of nearly all threads one look tells that they are none. */
	return memcmp(name, VMSYNC_ROLE_CPU, VMSYNC_ROLE_CPU_LEN) ?
		       -1 :
		       vmsync_role_number_in(name);
}

#endif /* VMSYNC_FUSE_ROLES_H */
