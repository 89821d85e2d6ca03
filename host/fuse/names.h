/* SPDX-License-Identifier: MIT */
/*
 * What tracers call the same thing. Events are known here by the names that LTTng
 * gives them; perf (data convert --to-ctf) puts the kernel's system before them,
 * and what LTTng records as contexts among the fields.
 */
#ifndef VMSYNC_FUSE_NAMES_H
#define VMSYNC_FUSE_NAMES_H

#include "ctf/ctf.h"

/** vmsync_event_name() - "sched_switch", also where it is "sched:sched_switch" */
const char *vmsync_event_name(const struct ctf_class *cls);

/**
 * vmsync_context_find() - a context of a class: tid, pid, procname
 * Return: whether the events have it.
 */
bool vmsync_context_find(const struct ctf_class *cls, const char *name,
			 struct ctf_field *out);

/** vmsync_payload_find() - a field of a class by LTTng's name for it */
bool vmsync_payload_find(const struct ctf_class *cls, const char *name,
			 struct ctf_field *out);

/** vmsync_hostname() - of the machine that a trace says it is of, or NULL */
const char *vmsync_hostname(const struct ctf_trace *t);

/** vmsync_class_is_entry() - a KVM entry by any of the names LTTng gave it */
bool vmsync_class_is_entry(const struct ctf_class *cls);

/** vmsync_class_is_exit() - the same for exits */
bool vmsync_class_is_exit(const struct ctf_class *cls);

#endif /* VMSYNC_FUSE_NAMES_H */
